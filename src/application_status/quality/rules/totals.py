"""Rows of totals: sums of contributions, as they are stored and read.

A row has the amounts of one ATS, client or job, by measure and by slot. A slot is the time to which an amount belongs,
as fine as the row's kind needs it:

    MONTH   one month            slot: the day of the month, e.g. 05
    YEAR    one year             slot: the month, e.g. 11
    ATS     the whole life       slots: dated measures by day for 400 days; sizes by month; all others together
    CLIENT  the whole life       slots: dated measures by day for 90 days and by month for 400; sizes and others as ATS;
                                 without the measures of activity that are no sizes
    JOB     the whole life       slots: dated measures as CLIENT; all others together

A day may be older when the row is read than when it was written. That makes no difference: reports need exact days only
for the last 90 days, and all times of more than a year are in one bucket.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import Enum, auto
from typing import NamedTuple, Self

from application_status.quality.rules.contribution import Counts, is_dated, is_of_cohort, is_size

type Row = Mapping[str, Mapping[str, int]]
"""Amounts by measure and slot, without zeros."""

RECENT, BY_DAY = timedelta(days=400), timedelta(days=90)
"""How long dated measures are kept apart (longer than the last edge of the buckets of durations), and kept by day."""


class Recent(NamedTuple):
    """The first day of the last 400 days, and of the last 90 days (ISO 8601)."""

    first: str
    by_day: str

    @classmethod
    def of(cls, today: date) -> Self:
        """Return the days as of today."""
        return cls((today - RECENT).isoformat(), (today - BY_DAY).isoformat())


TOGETHER = ""
"""The slot of amounts whose time does not matter."""


class Kind(Enum):
    """The kinds of rows."""

    MONTH = auto()
    YEAR = auto()
    ATS = auto()
    CLIENT = auto()
    JOB = auto()

    def has(self, measure: str) -> bool:
        """Return whether rows of the kind have a measure."""
        return self is not Kind.CLIENT or is_of_cohort(measure) or is_size(measure) or measure == "last_activity"

    def slot(self, measure: str, day: str, recent: Recent) -> str:
        """Return the slot of an amount of a day, or of a slot of a dated measure that may be older now."""
        match self:
            case Kind.MONTH:
                return day[8:]
            case Kind.YEAR:
                return day[5:7]
        if is_dated(measure):
            if day < recent.first[: len(day)]:
                return TOGETHER
            return day[:7] if self is not Kind.ATS and day < recent.by_day else day
        return day[:7] if self is not Kind.JOB and is_size(measure) else TOGETHER


def added(row: Row, amounts: Counts, kind: Kind, recent: Recent) -> Row:
    """Return a row with amounts added; amounts of a day that the row still has apart are added to that day."""
    changed: dict[str, dict[str, int]] = {}
    for (day, measure), amount in amounts.items():
        if not kind.has(measure):
            continue
        if measure not in changed:
            changed[measure] = dict(row.get(measure, {}))
        slots = changed[measure]
        slot = day if day in slots else kind.slot(measure, day, recent)
        slots[slot] = slots.get(slot, 0) + amount
    kept = {measure: {slot: n for slot, n in slots.items() if n} for measure, slots in changed.items()}
    return {measure: slots for measure, slots in {**row, **kept}.items() if slots}


def aged(row: Row, kind: Kind, recent: Recent) -> Row:
    """Return a row over a whole life with the slots of dated measures as of today."""
    if kind in {Kind.MONTH, Kind.YEAR}:
        return row
    found: dict[str, dict[str, int]] = {}
    for measure in filter(is_dated, row):
        slots: Counter[str] = Counter()
        for slot, amount in row[measure].items():
            slots[kind.slot(measure, slot, recent)] += amount
        found[measure] = {slot: amount for slot, amount in slots.items() if amount}
    return {measure: slots for measure, slots in {**row, **found}.items() if slots}


def by_slot(row: Row) -> Mapping[str, Mapping[str, int]]:
    """Return the amounts of a row by slot and measure."""
    found: dict[str, dict[str, int]] = {}
    for measure, slots in row.items():
        for slot, amount in slots.items():
            found.setdefault(slot, {})[measure] = amount
    return found


def months_of(row: Row) -> Mapping[str, Mapping[str, int]]:
    """Return the sizes of each month from a row of the kind ATS or CLIENT."""
    return by_slot({measure: slots for measure, slots in row.items() if is_size(measure)})


def amount_of(row: Row, measure: str) -> int:
    """Return the amount of a measure over all slots."""
    return sum(row.get(measure, {}).values())


def counts_of_life(row: Row) -> Counts:
    """Return the amounts of a row over a whole life, with the days or months of dated measures."""
    found: dict[tuple[str, str], int] = {}
    for measure, slots in row.items():
        if is_dated(measure):
            found |= {(day, measure): amount for day, amount in slots.items()}
        else:
            found["", measure] = sum(slots.values())
    return found


def merged(parts: Iterable[Counts]) -> Counts:
    """Add up counts."""
    total: dict[tuple[str, str], int] = {}
    for part in parts:
        add_counts(total, part)
    return total


def add_counts(total: dict[tuple[str, str], int], counts: Counts) -> None:
    """Add counts to a total, cell by cell."""
    for cell, amount in counts.items():
        total[cell] = total.get(cell, 0) + amount


def by_measure(counts: Counts) -> Mapping[str, int]:
    """Return the amount of each measure over all days."""
    total: Counter[str] = Counter()
    for (_, measure), amount in counts.items():
        total[measure] += amount
    return total
