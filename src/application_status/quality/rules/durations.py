"""Durations in fixed buckets, and estimates from them while some have not ended yet.

Amounts in buckets can be added and subtracted, so counters stay exact when an application is corrected. Bucket edges
are whole days where reports use them ("within 7 days"). From 4 days on, a bucket ends at most at 1.3 times its start,
so a quantile is off by at most 30 %; below 4 days, by at most a day.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

_DAYS = (1, 2, 3, 4, 5, 6, 7, 9, 11, 14, 18, 22, 26, 30, 38, 48, 60, 75, 90, 105, 120, 150, 180, 225, 285, 365)
EDGES = tuple(timedelta(hours=hours) for hours in (1, 4, 12)) + tuple(timedelta(days=days) for days in _DAYS)
"""The boundaries between buckets; the last bucket begins at a year and has no end."""

OLDEST = len(EDGES)
"""The number of the last bucket."""

MINIMUM = 5
"""The minimum number of applications for any number that is shown."""

_DAY = timedelta(days=1)
_UNDER_A_DAY = _DAY - timedelta(milliseconds=1)
_ROUNDING = 1e-9  # floating-point error of a product of shares


def bucket(duration: timedelta, *, to_the_day: bool = False) -> int:
    """Return the number of a duration's bucket, from 0; a negative duration counts as zero.

    With `to_the_day`, only the day of the start or end is known, and less than a day counts as just under a day.
    """
    return bisect_right(EDGES, max(duration, _UNDER_A_DAY) if to_the_day else duration)


@dataclass(frozen=True, slots=True)
class LifeTable:
    """A life table: durations of a population in which some are still pending (actuarial estimate).

    `ended` and `censored` are amounts by bucket. A case is censored when it can no longer end, or at today while it is
    pending; it then counts half in the bucket in which it is censored. There is no estimate from the bucket on in which
    a single case would move the share by more than a fifth.
    https://en.wikipedia.org/wiki/Life_table
    """

    ended: Mapping[int, int]
    censored: Mapping[int, int]

    @property
    def population(self) -> int:
        """The number of cases, ended or censored."""
        return sum(self.ended.values()) + sum(self.censored.values())

    def within(self, duration: timedelta) -> float | None:
        """Return the share that ends within a duration from EDGES, or None if too few cases were observed that long."""
        return self._shares().get(duration)

    def quantile(self, share: float) -> timedelta | None:
        """Return the duration within which a share ends, or None beyond a year or if too few cases have ended."""
        for (start, before), (end, after) in pairwise([(timedelta(), 0.0), *self._shares().items()]):
            if after >= share - _ROUNDING:
                return start + (end - start) * ((share - before) / (after - before))
        return None

    def _shares(self) -> dict[timedelta, float]:
        """Return the share that has ended by each edge, as far as enough cases were observed."""
        shares, pending, at_risk = {}, 1.0, float(self.population)
        for number, edge in enumerate(EDGES):
            ended, censored = self.ended.get(number, 0), self.censored.get(number, 0)
            if at_risk - censored < MINIMUM * pending - _ROUNDING:
                break
            pending *= 1 - ended / (at_risk - censored / 2) if ended else 1
            at_risk -= ended + censored
            shares[edge] = 1 - pending
        return shares


def age(days: int) -> int:
    """Return the bucket of a duration in whole days."""
    return bucket(days * _DAY)
