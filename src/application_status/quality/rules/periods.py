"""The periods of a report: days, weeks from Monday on, months, or all days together."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from application_status.quality.rules.contribution import Counts, is_dated
from application_status.quality.rules.disclosure import MonthGroup, Size, blocks, month_groups
from application_status.quality.rules.totals import Row, add_counts, by_slot, months_of

DEFAULT_DAYS = 90
"""How many days a report covers if the query has no first day."""


class Interval(StrEnum):
    """The length of a report's periods."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"

    def start(self, day: date) -> date:
        """Return the first day of the period that a day is in."""
        match self:
            case Interval.DAY:
                return day
            case Interval.WEEK:
                return day - timedelta(days=day.weekday())
            case Interval.MONTH:
                return day.replace(day=1)
            case Interval.ALL:
                return date.min


@dataclass(slots=True)
class Period:
    """Amounts of the days from `first` to `last`, both included."""

    first: date
    last: date
    counts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))


def requested_days(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Return the first and the last day of a query, with defaults: until today, and the 90 days up to the last day."""
    end = last or max(today, first or today)
    return first or date.fromordinal(max(1, end.toordinal() - DEFAULT_DAYS + 1)), end


def presets(today: date) -> Mapping[str, tuple[date, date]]:
    """Return the first and last day of the periods that are asked for most, by name; both days are included."""
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    last_quarter = quarter - timedelta(days=1)
    return {
        "30-days": (today - timedelta(days=29), today),
        "90-days": requested_days(None, None, today),
        "quarter": (quarter, today),
        "last-quarter": (last_quarter.replace(month=last_quarter.month - 2, day=1), last_quarter),
        "year": (today.replace(month=1, day=1), today),
    }


def days_before(first: date, last: date) -> tuple[date, date] | None:
    """Return the days of the period before, which is as long; None if it would begin before the year 1."""
    length = last.toordinal() - first.toordinal() + 1
    begin = first.toordinal() - length
    return (date.fromordinal(begin), date.fromordinal(begin + length - 1)) if begin > 0 else None


@dataclass(frozen=True, slots=True)
class Cut:
    """The groups of months of an ATS or a client that a question is about.

    `whole` are groups that lie in one period. `in_days` are divided among periods, so their days are needed.
    """

    whole: Sequence[MonthGroup]
    in_days: Sequence[MonthGroup]


@dataclass(frozen=True, slots=True)
class Question:
    """The part of a query that selects and groups amounts by time; `of_kind` selects the measures of the report.

    `size` is that of the blocks. `today` is the last day that has data.
    """

    size: Size
    of_kind: Callable[[str], bool]
    interval: Interval
    first: date
    last: date
    today: date

    def groups(self, life: Row) -> Sequence[MonthGroup]:
        """Return all groups of months of a row over a whole life; a month without amounts of the kind is in none."""
        return month_groups(months_of({name: slots for name, slots in life.items() if self.of_kind(name)}), self.size)

    def cut(self, groups: Iterable[MonthGroup]) -> Cut:
        """Return the groups that have blocks in the question's days."""
        whole, in_days = [], []
        for group in groups:
            if group.last < self.first or group.first > self.last:
                continue
            if self._has_all_of(group) and self._same_period(group):
                whole.append(group)
            else:
                in_days.append(group)
        return Cut(whole, in_days)

    def add_months(self, periods: dict[date, Period], group: MonthGroup, sums: Sequence[Counts]) -> None:
        """Add the sums of the months of a whole group to its period."""
        period = self._period(periods, group.first, group.last)
        for counts in sums:
            add_counts(period.counts, counts)

    def add_days(self, periods: dict[date, Period], group: MonthGroup, rows: Mapping[str, Row]) -> None:
        """Add the blocks of a group to their periods; `rows` are the rows of its months, by month.

        A block counts in the period of its first day, if that day is one of the question's.
        """
        days = {
            f"{month}-{slot}": amounts
            for month, row in rows.items()
            for slot, amounts in by_slot({name: slots for name, slots in row.items() if self.of_kind(name)}).items()
        }
        for block in blocks(group, days, self.size):
            if self.first <= block.first <= self.last:
                period = self._period(periods, block.first, block.last)
                for day in block.days:
                    for measure, amount in days[day].items():
                        period.counts[day if is_dated(measure) else "", measure] += amount

    def _period(self, periods: dict[date, Period], first: date, last: date) -> Period:
        """Return the period of a block, extended to its days."""
        last = max(first, min(last, self.today))
        period = periods.setdefault(self.interval.start(first), Period(first, last))
        period.first, period.last = min(period.first, first), max(period.last, last)
        return period

    def _has_all_of(self, group: MonthGroup) -> bool:
        return self.first <= group.first and min(group.last, self.today) <= self.last

    def _same_period(self, group: MonthGroup) -> bool:
        return self.interval is Interval.ALL or (self.interval is Interval.MONTH and len(group.months) == 1)


def sums_of_month(month: str, row: Row, of_kind: Callable[[str], bool]) -> Counts:
    """Return the sums of a month from its row by day."""
    found: dict[tuple[str, str], int] = {}
    for measure in filter(of_kind, row):
        if is_dated(measure):
            for day, amount in row[measure].items():
                found[f"{month}-{day}", measure] = amount
        else:
            found["", measure] = sum(row[measure].values())
    return found


def sums_of_months(
    year: str, row: Row, life: Row, of_kind: Callable[[str], bool]
) -> Iterator[tuple[str, Mapping[tuple[str, str], int]]]:
    """Yield the sums of each month of a year from its row by month, with the recent days of dated measures from `life`.

    The rest of a dated measure is older than a year, and has no day.
    """
    found: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for measure in filter(of_kind, row):
        for slot, amount in row[measure].items():
            found[slot]["", measure] = amount
        if is_dated(measure):
            for day, amount in life.get(measure, {}).items():
                if day.startswith(year):
                    of_month = found[day[5:7]]
                    of_month[day, measure] = amount
                    of_month["", measure] = of_month.get(("", measure), 0) - amount
    for slot, sums in found.items():
        yield f"{year}-{slot}", sums
