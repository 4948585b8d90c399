"""Which numbers may be shown: none about fewer than five applications, and none from which such a number follows.

That is so among the reports of one kind; different kinds tell different things of the same applications.

The counters of an ATS, a client or a job are cut into blocks: consecutive days, as few as are about five applications,
from the first day on. Where they are cut depends on nothing that a caller chooses. Every number shown is a sum over
whole blocks, so a difference of two is one too. The days after the last block wait for their fifth application. What
stands for several ATSs is the sum of theirs, so that all less the others doesn't tell the last one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from application_status.quality.rules.contribution import Counts
from application_status.quality.rules.durations import MINIMUM


@dataclass(frozen=True, slots=True)
class Block:
    """Counters of consecutive days, the last one included."""

    first: date
    last: date
    counts: Counts


def applied(counts: Mapping[str, int]) -> int:
    """Return how many applications the amounts of measures of a cohort are about."""
    return counts.get("applications", 0)


def moved(counts: Mapping[str, int]) -> int:
    """Return how many applications the amounts of measures of an activity are about, at least.

    As many as entered the status that was entered most; an application may have entered it again.
    """
    entered = (amount for measure, amount in counts.items() if measure.startswith("entered:"))
    return max(entered, default=0) - counts.get("again", 0)


def of_cohorts(counts: Counts) -> Counts:
    """Return the counters of days on which somebody applied, which is where the measures of cohorts are."""
    days = {day for day, measure in counts if measure == "applications"}
    return {(day, measure): amount for (day, measure), amount in counts.items() if day in days}


def blocks(counts: Counts, size: Callable[[Mapping[str, int]], int]) -> list[Block]:
    """Cut counters into blocks, oldest first; `size` tells how many applications amounts are about."""
    days: dict[str, dict[str, int]] = defaultdict(dict)
    for (day, measure), amount in counts.items():
        days[day][measure] = amount
    found: list[Block] = []
    waiting: list[str] = []
    amounts: Counter[str] = Counter()
    for day in sorted(days):
        waiting.append(day)
        for measure, amount in days[day].items():
            amounts[measure] += amount
        if size(amounts) >= MINIMUM:
            first, last = date.fromisoformat(waiting[0]), date.fromisoformat(day)
            together = {(each, measure): amount for each in waiting for measure, amount in days[each].items()}
            found.append(Block(first, last, together))
            waiting, amounts = [], Counter()
    return found


def merged(parts: Iterable[Counts]) -> Counts:
    """Return the sum of counters."""
    total: Counter[tuple[str, str]] = Counter()
    for part in parts:
        total.update(part)
    return total


def totals(counts: Counts) -> Mapping[str, int]:
    """Return the amounts of measures over all days."""
    total: Counter[str] = Counter()
    for (_, measure), amount in counts.items():
        total[measure] += amount
    return total


def shown(populations: Mapping[str, int]) -> set[str]:
    """Return which parts of a whole may be shown beside it.

    Parts under five are hidden; if all hidden ones together are fewer than five too, the next larger ones go with them.
    """
    hidden: set[str] = set()
    for name, population in sorted(populations.items(), key=lambda item: (item[1], item[0])):
        together = sum(populations[each] for each in hidden)
        if population < MINIMUM or 0 < together < MINIMUM:
            hidden.add(name)
    return populations.keys() - hidden
