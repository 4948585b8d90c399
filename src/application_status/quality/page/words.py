"""Numbers, names and days of a report as text."""

from collections.abc import Iterable
from datetime import date
from typing import Literal

from application_status.quality.reports.report import Row, Subject
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import Number, Unit
from application_status.texts.texts import Texts

_HOURS = 24


class Numbers:
    """The numbers of rows, by measure and unit, and their texts in a language; a missing number is unknown."""

    def __init__(self, rows: Iterable[Row], t: Texts) -> None:
        self._numbers = {(each.measure, each.unit): each for row in rows for each in row.numbers}
        self.t = t

    def __contains__(self, measure: str) -> bool:
        return any(measure == name for name, _ in self._numbers)

    def number(self, measure: str, unit: Unit) -> Number:
        """Return a number, with the value None if it is missing."""
        return self._numbers.get((measure, unit), Number(measure, unit, None, 0))

    def text(self, measure: str, unit: Unit) -> str:
        """Return a number as text."""
        return format_number(self.number(measure, unit), self.t)

    def count(self, measure: str) -> str:
        """Return a number of applications as text."""
        return self.text(measure, "applications")

    def share(self, measure: str) -> float:
        """Return a share to draw; 0 if it is unknown."""
        return self.number(measure, "share").value or 0.0

    def population(self, measure: str, unit: Unit) -> str:
        """Return the population of a number as text."""
        return self.t.number(self.number(measure, unit).population)


def format_number(number: Number, t: Texts) -> str:
    """Return a number as text: a share in whole percent, days with at most one decimal.

    A number without a value is "too few" if its population is too small, and else "not known yet".
    """
    if number.value is None:
        return t("quality.too_few") if number.population < MINIMUM else t("quality.not_yet")
    if number.unit == "share":
        return t.percent(number.value)
    if number.unit == "days":
        return format_duration(number.value, t)
    return t.number(number.value)


def format_duration(days: float, t: Texts) -> str:
    """Return a duration as text, in days with at most one decimal."""
    rounded = round(days, 1)
    value = t.number(rounded, 0 if rounded == round(rounded) else 1)
    return t(f"quality.days.{'one' if rounded == 1 else 'other'}", value=value)


def format_age(days: float, t: Texts) -> str:
    """Return how long ago something was as text: in hours within the last two days, else in whole days."""
    hours = round(_HOURS * days)
    if hours == 0:
        return t("quality.ago.now")
    return t("quality.ago.hours", count=hours) if hours <= 2 * _HOURS else t("quality.ago.days", count=int(days))


def name_of(of: Subject, member: Literal["Ats", "Client", "Job"]) -> str:
    """Return the name of the ATS, client or job of a subject; empty if it has none."""
    return {"Ats": of.get("AtsName", ""), "Client": of.get("Company", ""), "Job": of.get("JobTitle", "")}[member]


def with_id(name: str, member_id: str) -> str:
    """Return a name and an id as text: Example GmbH (client-1)."""
    return f"{name} ({member_id})" if name else member_id


def format_days(first: date, last: date, t: Texts) -> str:
    """Return a range of days as text; the year is said once if both have the same."""
    if first == last:
        return t.short_day(first)
    from_day = short_day_of_year(first, t) if first.year == last.year else t.short_day(first)
    return t("quality.days_range", first=from_day, last=t.short_day(last))


def short_day_of_year(day: date, t: Texts) -> str:
    """Return a day as text without its year."""
    month = t("layout.months_short").split()[day.month - 1]
    return t("quality.day_and_month", day=str(day.day), month=month).replace(" ", "\N{NO-BREAK SPACE}")
