"""Rows of totals: sums of contributions, as they are stored and read.

A row has the amounts of one ATS, client or job, by measure and by slot. A slot is the time to which an amount belongs,
as fine as the row's kind needs it:

    MONTH  one month             slot: the day of the month, e.g. 05
    YEAR   one year              slot: the month, e.g. 11
    LIFE   the whole life        slot: dated measures of the last 400 days by day, sizes by month, all others together
    BRIEF  the whole life        slot: dated measures of the last 400 days by day, all others together

A day that was in the last 400 days when the row was written may be older when it is read: its time until today is then
over a year, which is all that reports need to know.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import Enum, auto

from application_status.quality.rules.contribution import Counts, is_dated, is_size

type Row = Mapping[str, Mapping[str, int]]
"""Amounts by measure and slot, without zeros."""

RECENT = timedelta(days=400)
"""How long dated measures are kept by day; longer than the last edge of the buckets of durations."""

TOGETHER = ""
"""The slot of amounts whose time does not matter."""


class Kind(Enum):
    """The kinds of rows."""

    MONTH = auto()
    YEAR = auto()
    LIFE = auto()
    BRIEF = auto()

    def slot(self, measure: str, day: str, oldest: str) -> str:
        """Return the slot of an amount; `oldest` is the first day of the last 400."""
        match self:
            case Kind.MONTH:
                return day[8:]
            case Kind.YEAR:
                return day[5:7]
        if is_dated(measure):
            return day if day >= oldest else TOGETHER
        return day[:7] if self is Kind.LIFE and is_size(measure) else TOGETHER


def added(row: Row, amounts: Counts, kind: Kind, today: date) -> Row:
    """Return a row with amounts added."""
    oldest = (today - RECENT).isoformat()
    found = {measure: dict(slots) for measure, slots in row.items()}
    if kind in {Kind.LIFE, Kind.BRIEF}:
        for measure in filter(is_dated, found):
            found[measure] = dict(_sum((slot if slot >= oldest else TOGETHER, n) for slot, n in row[measure].items()))
    for (day, measure), amount in amounts.items():
        slots = found.setdefault(measure, {})
        slot = kind.slot(measure, day, oldest)
        slots[slot] = slots.get(slot, 0) + amount
    kept = {measure: {slot: n for slot, n in slots.items() if n} for measure, slots in found.items()}
    return {measure: slots for measure, slots in kept.items() if slots}


def _sum(amounts: Iterable[tuple[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for slot, amount in amounts:
        total[slot] += amount
    return total


def by_slot(row: Row) -> Mapping[str, Mapping[str, int]]:
    """Return the amounts of a row by slot and measure."""
    found: dict[str, dict[str, int]] = {}
    for measure, slots in row.items():
        for slot, amount in slots.items():
            found.setdefault(slot, {})[measure] = amount
    return found


def months_of(row: Row) -> Mapping[str, Mapping[str, int]]:
    """Return the sizes of each month from a row of the kind LIFE."""
    return by_slot({measure: slots for measure, slots in row.items() if is_size(measure)})


def amount_of(row: Row, measure: str) -> int:
    """Return the amount of a measure over all slots."""
    return sum(row.get(measure, {}).values())


def counts_of_life(row: Row) -> Counts:
    """Return the amounts of a row of the kind LIFE or BRIEF, with the days of dated measures."""
    found: dict[tuple[str, str], int] = {}
    for measure, slots in row.items():
        if is_dated(measure):
            found |= {(day, measure): amount for day, amount in slots.items()}
        else:
            found["", measure] = sum(slots.values())
    return found
