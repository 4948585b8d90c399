"""A report's numbers, names and days as people read them."""

from collections.abc import Iterable
from datetime import date

from application_status.quality.reports.report import Row
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import Number, Unit

_TOO_FEW, _NOT_YET = "too few", "not known yet"
_HYPHENED = ("PRE_", "POST_")


class Numbers:
    """The numbers of some rows by measure and unit; one that isn't there is not known."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._numbers = {(each.measure, each.unit): each for row in rows for each in row.numbers}

    def __contains__(self, measure: str) -> bool:
        return any(measure == name for name, _ in self._numbers)

    def number(self, measure: str, unit: Unit) -> Number:
        """Return a number."""
        return self._numbers.get((measure, unit), Number(measure, unit, None, 0))

    def said(self, measure: str, unit: Unit) -> str:
        """Return a number in words."""
        return said(self.number(measure, unit))

    def share(self, measure: str) -> float:
        """Return a share to draw; nothing where it isn't known."""
        return self.number(measure, "share").value or 0.0

    def population(self, measure: str, unit: Unit) -> str:
        """Return how many a number is about, in words."""
        return f"{self.number(measure, unit).population:,}"


def said(number: Number) -> str:
    """Return a number in words: a share in percent, whole; days with at most one decimal.

    One about enough applications isn't known as long as too few of them have waited long enough.
    """
    if number.value is None:
        return _TOO_FEW if number.population < MINIMUM else _NOT_YET
    if number.unit == "share":
        return _percent(number.value)
    if number.unit == "days":
        return _days(number.value)
    return f"{number.value:,.0f}"


def named(code: str) -> str:
    """Return a status, an outcome or a measure as people say it: PRE_INTERVIEW is Pre-interview."""
    for prefix in _HYPHENED:
        code = code.replace(prefix, f"{prefix[:-1]}-")
    return code.replace("_", " ").capitalize()


def dated(day: date) -> str:
    """Return a day as people write it."""
    return f"{day.day} {day:%b %Y}"


def period(row: Row) -> str:
    """Return the days that a row covers."""
    return days_between(row.first, row.last)


def days_between(first: date, last: date) -> str:
    """Return the days from the first to the last as people write them."""
    return dated(first) if first == last else f"{dated(first)} – {dated(last)}"  # noqa: RUF001  # a range has an en dash


def _percent(share: float) -> str:
    """Neither nothing nor all, where it is not quite."""
    whole = round(100 * share)
    if whole == 0 and share > 0:
        return "<1%"
    return ">99%" if whole == 100 and share < 1 else f"{whole}%"  # noqa: PLR2004  # percent


def _days(days: float) -> str:
    rounded = round(days, 1)
    return f"{rounded:g} {'day' if rounded == 1 else 'days'}"
