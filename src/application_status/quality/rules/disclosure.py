"""Statistical disclosure control: no number is about fewer than five applications, nor can one be derived.

This holds within the reports of one kind, e.g. by subtracting one report from another.

The applications of an ATS or a client are divided into blocks of consecutive days with at least five applications each.
The boundaries do not depend on the caller's query. Every number is a sum over whole blocks, so the difference of two
numbers is about whole blocks too. A number about several ATSs is the sum of their blocks.

Blocks are found from the sizes of months, without reading the days of other months:
- Months are grouped, from the first one on: each group is the shortest run of months with at least five applications.
  Newer months that are fewer together belong to the last group.
- The days of a group are divided in the same way.
So all applications are in blocks, if they are at least five.

The members of a list (the jobs of a client, the clients of an ATS) are hidden if they have fewer than five
applications. If the hidden ones together have fewer than five, the next larger ones are hidden too: see `Sizes`.
Sizes are up to date, as the totals beside the list are.

Reports over periods are protected against each other, and so are reports over whole lives, but a report over a period
of an ATS or a client is not protected against one over the whole life of one of its clients or jobs.
"""

from bisect import bisect_right
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from application_status.applications.rules.status import Status
from application_status.quality.rules.durations import MINIMUM

_ENTERED = tuple(f"entered:{status}" for status in Status)

type Size = Callable[[Mapping[str, int]], int]
"""Returns how many applications amounts of measures are about, at least."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive days, from `first` to `last` inclusive; `days` (ISO 8601) are those that have amounts."""

    first: date
    last: date
    days: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MonthGroup:
    """Consecutive months; `months` (YYYY-MM) are those that have amounts."""

    months: tuple[str, ...]

    @property
    def first(self) -> date:
        """The first day of the first month."""
        return date.fromisoformat(f"{self.months[0]}-01")

    @property
    def last(self) -> date:
        """The last day of the last month."""
        last = date.fromisoformat(f"{self.months[-1]}-01")
        return last.replace(day=monthrange(last.year, last.month)[1])


def applications_in_cohort(counts: Mapping[str, int]) -> int:
    """Return how many applications a cohort has."""
    return counts.get("applications", 0)


def applications_in_activity(counts: Mapping[str, int]) -> int:
    """Return the least number of applications that an activity can be about.

    It is the number of entries into the most entered status, without the re-entries.
    """
    return max(counts.get(measure, 0) for measure in _ENTERED) - counts.get("reentered", 0)


def month_groups(months: Mapping[str, Mapping[str, int]], size: Size) -> list[MonthGroup]:
    """Group months (YYYY-MM), oldest first; empty if they have fewer than five applications together."""
    return [MonthGroup(group) for group in _runs(months, size)]


def blocks(group: MonthGroup, days: Mapping[str, Mapping[str, int]], size: Size) -> list[Block]:
    """Divide the days of a group into blocks, oldest first."""
    found: list[Block] = []
    first = group.first
    runs = list(_runs(days, size))
    for number, run in enumerate(runs, start=1):
        last = group.last if number == len(runs) else date.fromisoformat(run[-1])
        found.append(Block(first, last, run))
        first = last + timedelta(days=1)
    return found


def _runs(parts: Mapping[str, Mapping[str, int]], size: Size) -> Iterator[tuple[str, ...]]:
    """Yield runs of parts, in order, the shortest with at least five applications; the rest belongs to the last one."""
    complete: tuple[str, ...] = ()
    pending: list[str] = []
    amounts: Counter[str] = Counter()
    for part in sorted(parts):
        pending.append(part)
        if len(pending) > 1:
            for measure, amount in parts[part].items():
                amounts[measure] += amount
        else:
            amounts = Counter(parts[part])
        if size(amounts) >= MINIMUM:
            if complete:
                yield complete
            complete, pending = tuple(pending), []
    if complete:
        yield (*complete, *pending)


_CLASSES = (1, MINIMUM, 20, 100, 1_000)
"""The least number of applications of each class of members of a list; the first class is always hidden."""

_MANY = 50
"""So many members of a class do not all leave it between two merges."""


def size_class(applications: int) -> int:
    """Return the class of a member of a list with so many applications; 0 if it has none."""
    return bisect_right(_CLASSES, applications)


@dataclass(frozen=True, slots=True)
class Sizes:
    """The members of a list by size: how many each class has, and how many applications those of class 1 have.

    So many members may have `changed` their class since then.
    """

    members: Mapping[int, int]
    smallest: int
    changed: int = 0

    @property
    def hidden_classes(self) -> Collection[int]:
        """The classes whose members are hidden.

        If members have changed, the hidden classes above the first have more members than that, so at least one of them
        is still there.
        """
        found, members = {1}, 0
        too_few = 0 < self.smallest < MINIMUM
        needed = self.changed + 1 if self.changed else int(too_few)
        for number in sorted(number for number in self.members if number > 1):
            if members < needed:
                found.add(number)
                members += self.members[number]
        return found

    @property
    def hidden(self) -> int:
        """The number of hidden members."""
        return sum(self.members.get(number, 0) for number in self.hidden_classes)

    def shows(self, applications: int) -> bool:
        """Return whether a member with so many applications is shown."""
        return applications >= MINIMUM and size_class(applications) not in self.hidden_classes

    def stays_enough(self, changed: int) -> bool:
        """Return whether those of class 1 have five applications after changes of so many members.

        It is certain if each of these members may leave the class. It is also assumed if the class has many members,
        as nearly all of them would have to leave it between two merges.
        """
        return self.smallest - changed * (MINIMUM - 1) >= MINIMUM or self.members.get(1, 0) >= _MANY


NO_MEMBERS = Sizes({}, 0)
