"""The periods of a report: days, weeks from Monday on, months, or all days together."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from application_status.quality.rules.contribution import Counts
from application_status.quality.rules.disclosure import Block, blocks, merged

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


@dataclass(frozen=True, slots=True)
class Period:
    """Counters of the days from `first` to `last`, both included."""

    first: date
    last: date
    counts: Counts


def requested_days(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Return the first and the last day of a query, with defaults: until today, and the 90 days up to the last day."""
    end = last or max(today, first or today)
    return first or date.fromordinal(max(1, end.toordinal() - DEFAULT_DAYS + 1)), end


def periods(
    parts: Iterable[Counts], size: Callable[[Mapping[str, int]], int], interval: Interval, first: date, last: date
) -> list[Period]:
    """Group the counters of ATSs, of a client or of a job into periods, oldest first; `size` is that of `blocks`.

    A block counts in the period of its first day, if that day is from `first` to `last`.
    """
    found: Mapping[date, list[Block]] = defaultdict(list)
    for counts in parts:
        for block in blocks(counts, size):
            if first <= block.first <= last:
                found[interval.start(block.first)].append(block)
    return [
        Period(
            first=min(block.first for block in together),
            last=max(block.last for block in together),
            counts=merged(block.counts for block in together),
        )
        for _, together in sorted(found.items())
    ]
