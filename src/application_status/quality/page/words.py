"""Numbers, names and days of a report as text."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from application_status.quality.reports.report import Row, Subject
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import Number, Unit

_TOO_FEW, _NOT_YET = "too few", "not known yet"
_HYPHENED = ("PRE_", "POST_")


class Numbers:
    """The numbers of rows, by measure and unit; a missing one is unknown."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._numbers = {(each.measure, each.unit): each for row in rows for each in row.numbers}

    def __contains__(self, measure: str) -> bool:
        return any(measure == name for name, _ in self._numbers)

    def number(self, measure: str, unit: Unit) -> Number:
        """Return a number, with the value None if it is missing."""
        return self._numbers.get((measure, unit), Number(measure, unit, None, 0))

    def text(self, measure: str, unit: Unit) -> str:
        """Return a number as text."""
        return format_number(self.number(measure, unit))

    def share(self, measure: str) -> float:
        """Return a share to draw; 0 if it is unknown."""
        return self.number(measure, "share").value or 0.0

    def population(self, measure: str, unit: Unit) -> str:
        """Return the population of a number as text."""
        return f"{self.number(measure, unit).population:,}"


def format_number(number: Number) -> str:
    """Return a number as text: a share in whole percent, days with at most one decimal.

    A number without a value is "too few" if its population is too small, and else "not known yet".
    """
    if number.value is None:
        return _TOO_FEW if number.population < MINIMUM else _NOT_YET
    if number.unit == "share":
        return _percent(number.value)
    if number.unit == "days":
        return _days(number.value)
    return f"{number.value:,.0f}"


def display_name(code: str) -> str:
    """Return the display name of a status, an outcome or a measure: PRE_INTERVIEW is Pre-interview."""
    for prefix in _HYPHENED:
        code = code.replace(prefix, f"{prefix[:-1]}-")
    return code.replace("_", " ").capitalize()


def name_of(of: Subject, member: Literal["Ats", "Client", "Job"]) -> str:
    """Return the name of the client or job of a subject; empty if it has none, as an ATS."""
    return {"Ats": "", "Client": of.get("Company", ""), "Job": of.get("JobTitle", "")}[member]


def with_id(name: str, member_id: str) -> str:
    """Return a name and an id as text: Example GmbH (client-1)."""
    return f"{name} ({member_id})" if name else member_id


def format_day(day: date) -> str:
    """Return a day as text, e.g. 9 Nov 2026."""
    return f"{day.day} {day:%b %Y}"


def format_period(row: Row) -> str:
    """Return the days that a row covers, as text; empty if it covers a whole life."""
    return format_days(row.first, row.last) if row.first and row.last else ""


def format_days(first: date, last: date) -> str:
    """Return a range of days as text."""
    return format_day(first) if first == last else f"{format_day(first)} – {format_day(last)}"  # noqa: RUF001  # a range has an en dash


def _percent(share: float) -> str:
    """Return whole percent; a small share is <1% rather than 0%, a large one >99% rather than 100%."""
    whole = round(100 * share)
    if whole == 0 and share > 0:
        return "<1%"
    return ">99%" if whole == 100 and share < 1 else f"{whole}%"  # noqa: PLR2004  # percent


def _days(days: float) -> str:
    rounded = round(days, 1)
    return f"{rounded:g} {'day' if rounded == 1 else 'days'}"
