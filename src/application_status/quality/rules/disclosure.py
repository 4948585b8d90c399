"""Statistical disclosure control: no number is about fewer than five applications, nor can one be derived.

This holds within the reports of one kind, e.g. by subtracting one report from another.

The days of an ATS, a client or a job are grouped into blocks, from the first day on: each block is the shortest run of
consecutive days with at least five applications. The boundaries do not depend on the caller's query. Every number is a
sum over whole blocks, so the difference of two numbers is about whole blocks too. Days after the last block are not
shown until they have five applications. A number about several ATSs is the sum of their visible blocks.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from application_status.quality.rules.contribution import Counts
from application_status.quality.rules.durations import MINIMUM


@dataclass(frozen=True, slots=True)
class Block:
    """Counters of consecutive days, from `first` to `last` inclusive."""

    first: date
    last: date
    counts: Counts


def applications_in_cohort(counts: Mapping[str, int]) -> int:
    """Return how many applications a cohort has."""
    return counts.get("applications", 0)


def applications_in_activity(counts: Mapping[str, int]) -> int:
    """Return the least number of applications that an activity can be about.

    It is the number of entries into the most entered status, without the re-entries.
    """
    entered = (amount for measure, amount in counts.items() if measure.startswith("entered:"))
    return max(entered, default=0) - counts.get("reentered", 0)


def cohort_days(counts: Counts) -> Counts:
    """Return the counters of the days of applying, on which the measures of cohorts are counted."""
    days = {day for day, measure in counts if measure == "applications"}
    return {(day, measure): amount for (day, measure), amount in counts.items() if day in days}


def blocks(counts: Counts, size: Callable[[Mapping[str, int]], int]) -> list[Block]:
    """Group counters into blocks, oldest first; `size` returns how many applications amounts are about."""
    days: dict[str, dict[str, int]] = defaultdict(dict)
    for (day, measure), amount in counts.items():
        days[day][measure] = amount
    found: list[Block] = []
    pending: list[str] = []
    amounts: Counter[str] = Counter()
    for day in sorted(days):
        pending.append(day)
        for measure, amount in days[day].items():
            amounts[measure] += amount
        if size(amounts) >= MINIMUM:
            first, last = date.fromisoformat(pending[0]), date.fromisoformat(day)
            together = {(each, measure): amount for each in pending for measure, amount in days[each].items()}
            found.append(Block(first, last, together))
            pending, amounts = [], Counter()
    return found


def merged(parts: Iterable[Counts]) -> Counts:
    """Add up counters, cell by cell."""
    total: Counter[tuple[str, str]] = Counter()
    for part in parts:
        total.update(part)
    return total


def totals(counts: Counts) -> Mapping[str, int]:
    """Return the amount of each measure over all days."""
    total: Counter[str] = Counter()
    for (_, measure), amount in counts.items():
        total[measure] += amount
    return total


def shown(populations: Mapping[str, int]) -> set[str]:
    """Return which parts may be shown beside their total.

    Parts under five are hidden. If the hidden parts together have fewer than five, the next larger ones are hidden too.
    """
    hidden: set[str] = set()
    for name, population in sorted(populations.items(), key=lambda item: (item[1], item[0])):
        together = sum(populations[each] for each in hidden)
        if population < MINIMUM or 0 < together < MINIMUM:
            hidden.add(name)
    return populations.keys() - hidden
