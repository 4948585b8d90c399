"""The numbers of a quality report, derived from the counters; `reports/definitions.py` explains each one."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from application_status.applications.rules.status import Outcome, Status
from application_status.quality.rules.contribution import TIMED_STATUSES, Counts, is_dated
from application_status.quality.rules.durations import MINIMUM, OLDEST, LifeTable, age
from application_status.quality.rules.totals import by_measure

STEPS = tuple(status for status in Status if status.is_stage and status is not Status.LEAD)
"""The stages of the funnel, in order."""

DAY_THRESHOLDS = (7, 14, 30, 60, 90)
"""Days without a response, or without activity, that reports have a number for."""

_DAY = timedelta(days=1)
_MONTH = len("2026-11")

type Unit = Literal["applications", "entries", "reports", "requests", "share", "days", "flag"]


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a report; its value is None if the population is too small or was not observed long enough."""

    measure: str
    unit: Unit
    value: float | None
    population: int


def family(measure: str) -> str:
    """Return the family of a measure, which has a definition, e.g. `reached` of `reached:OFFER`."""
    return measure.partition(":")[0]


class _Totals:
    """Amounts of measures, summed over days; of dated measures, also by day."""

    def __init__(self, counts: Counts) -> None:
        self._totals = by_measure(counts)
        self._by_day: dict[str, dict[str, int]] = defaultdict(dict)
        self._by_bucket: dict[str, dict[int, int]] = defaultdict(dict)
        for (day, measure), amount in counts.items():
            if is_dated(measure):
                self._by_day[measure][day] = amount
        for measure, amount in self._totals.items():
            family, _, last = measure.rpartition(":")
            if last.isdecimal():
                self._by_bucket[family][int(last)] = amount

    def __getitem__(self, measure: str) -> int:
        return self._totals.get(measure, 0)

    def by_day(self, measure: str) -> Mapping[str, int]:
        """Return the amounts of a dated measure by day; those of an empty day are older than a year."""
        return self._by_day[measure]

    def buckets(self, family: str) -> Mapping[int, int]:
        """Return the amounts of a family of measures by bucket number."""
        return self._by_bucket[family]

    def life_table(self, ended: str, censored: str, pending: str, today: date) -> LifeTable:
        """Return the life table of cases that ended, can no longer end, or are pending since a day."""
        all_censored = Counter(self.buckets(censored))
        for day, amount in self.by_day(pending).items():
            all_censored[_age(day, today)] += amount
        return LifeTable(self.buckets(ended), all_censored)


def cohort(counts: Counts, today: date) -> Iterator[Number]:
    """Yield the results of the applications applied for on the days of the counters."""
    sums = _Totals(counts)
    total = sums["applications"]
    reached = {step: sum(sums[f"reached:{each}"] for each in STEPS[number:]) for number, step in enumerate(STEPS)}
    yield Number("applications", "applications", total, total)
    yield from _count_and_share("open", sums["outcome:open"], total)
    for step in STEPS:
        yield from _count_and_share(f"reached:{step}", reached[step], total)
    for before, step in pairwise(STEPS):
        decided = reached[before] - sums[f"open:{before}"]
        yield _share(f"passed:{before}", reached[step], decided)
    for outcome in Outcome:
        yield from _count_and_share(f"outcome:{outcome}", sums[f"outcome:{outcome}"], total)
    yield from _count_and_share("inferred", sums["inferred"], total)
    yield from _count_and_share("feedback", sums["feedback"], total)
    yield from _count_and_share("final_feedback", total - sums["outcome:open"] - sums["inferred"], total)
    response = sums.life_table("first_response", "no_response", "waiting", today)
    yield from _times("first_response", response)
    of_all = response.population + sums["responded"]
    for days in DAY_THRESHOLDS:
        answered = response.within(days * _DAY) if response.population >= MINIMUM else None
        value = None if answered is None else round((1 - answered) * response.population / of_all, 4)
        yield Number(f"no_response_within:{days}", "share", value, of_all)


def activity(counts: Counts, today: date) -> Iterator[Number]:
    """Yield what happened on the days of the counters, whenever the applications were applied for."""
    sums = _Totals(counts)
    for status in Status:
        yield Number(f"entered:{status}", "entries", sums[f"entered:{status}"], sums[f"entered:{status}"])
    for status in TIMED_STATUSES:
        times = sums.life_table(f"time_in:{status}", f"position_closed:{status}", f"in:{status}", today)
        yield from _times(f"time_in:{status}", times)
    reports = sums["reports"]
    yield Number("reports", "reports", reports, reports)
    yield _share("mapped", reports - sums["unmapped"], reports)
    yield _share("time_reported", sum(sums.buckets("delay").values()) + sums["history"], reports)
    yield _share("time_proxy", sums["proxy"], reports)
    yield from _times("delay", LifeTable(sums.buckets("delay"), {}))


def silence(counts: Counts, today: date) -> Iterator[Number]:
    """Yield how many open applications have had no activity for how long, whenever they were applied for."""
    last_active = _Totals(counts).by_day("last_activity")
    total = sum(last_active.values())
    yield Number("open_applications", "applications", total, total)
    for days in DAY_THRESHOLDS:
        latest = (today - days * _DAY).isoformat()
        silent = sum(amount for day, amount in last_active.items() if day <= latest)
        yield from _count_and_share(f"last_activity:{days}", silent, total)


def _age(day: str, today: date) -> int:
    """Return the bucket of the time since a day, or since the middle of a month; an empty day is older than a year."""
    if not day:
        return OLDEST
    return age((today - date.fromisoformat(day if len(day) > _MONTH else f"{day}-15")).days)


def _count_and_share(measure: str, amount: int, population: int) -> Iterator[Number]:
    """Yield a part of a population as a number and as a share."""
    yield Number(measure, "applications", amount, population)
    yield _share(measure, amount, population)


def _share(measure: str, amount: int, population: int) -> Number:
    value = round(amount / population, 4) if population >= MINIMUM else None
    return Number(measure, "share", value, population)


def _times(measure: str, times: LifeTable) -> Iterator[Number]:
    for name, share in (("median", 0.5), ("p90", 0.9)):
        duration = times.quantile(share) if times.population >= MINIMUM else None
        value = None if duration is None else round(duration / _DAY, 2)
        yield Number(f"{measure}:{name}", "days", value, times.population)
