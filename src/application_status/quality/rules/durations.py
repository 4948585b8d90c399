"""Durations, counted in fixed buckets, and what can be said of them while some have not ended yet.

Buckets can be added and subtracted, so that counters of them stay exact under corrections; a bucket's ends are whole
days where people ask ("within 7 days"). From 4 days on no bucket ends later than at 1.3 times its start, so that they
make a quantile wrong by at most 30 %; below, by at most a day.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

_DAYS = (1, 2, 3, 4, 5, 6, 7, 9, 11, 14, 18, 22, 26, 30, 38, 48, 60, 75, 90, 105, 120, 150, 180, 225, 285, 365)
EDGES = tuple(timedelta(hours=hours) for hours in (1, 4, 12)) + tuple(timedelta(days=days) for days in _DAYS)
"""Where one bucket ends and the next begins; the last bucket, from a year on, has no end."""

MINIMUM = 5
"""The fewest applications that anything is concluded from."""

_DAY = timedelta(days=1)
_UNDER_A_DAY = _DAY - timedelta(milliseconds=1)
_ROUNDING = 1e-9  # a product of shares may miss the share that it is by some bits


def bucket(duration: timedelta, *, to_the_day: bool = False) -> int:
    """Return the number of the bucket of a duration, from 0; a negative one counts as none.

    `to_the_day`: of its start or its end only the day is known, so one of less than a day counts as just under a day.
    """
    return bisect_right(EDGES, max(duration, _UNDER_A_DAY) if to_the_day else duration)


@dataclass(frozen=True, slots=True)
class LifeTable:
    """How long something took, of a population in which some still wait: a life table.

    `ended` and `lost` are amounts by bucket: those it happened to, and those it can no longer happen to, or that have
    waited just so long until now. A lost one counts half in the bucket in which it was lost (the actuarial estimate).
    Nothing is said from where on a single one would move the share by more than a fifth.
    https://en.wikipedia.org/wiki/Life_table
    """

    ended: Mapping[int, int]
    lost: Mapping[int, int]

    @property
    def population(self) -> int:
        """How many there are, ended or not."""
        return sum(self.ended.values()) + sum(self.lost.values())

    def within(self, duration: timedelta) -> float | None:
        """Return the share that ends within a duration, one of the EDGES; None where too few were watched so long."""
        return self._shares().get(duration)

    def quantile(self, share: float) -> timedelta | None:
        """Return the duration within which this share ends; None beyond a year, or where too few have ended to tell."""
        for (start, before), (end, after) in pairwise([(timedelta(), 0.0), *self._shares().items()]):
            if after >= share - _ROUNDING:
                return start + (end - start) * ((share - before) / (after - before))
        return None

    def _shares(self) -> dict[timedelta, float]:
        """Return the share that has ended by each edge, as far as enough were watched."""
        shares, waiting, at_risk = {}, 1.0, float(self.population)
        for number, edge in enumerate(EDGES):
            ended, lost = self.ended.get(number, 0), self.lost.get(number, 0)
            if at_risk - lost < MINIMUM * waiting - _ROUNDING:
                break
            waiting *= 1 - ended / (at_risk - lost / 2) if ended else 1
            at_risk -= ended + lost
            shares[edge] = 1 - waiting
        return shares


def age(days: int) -> int:
    """Return the bucket of what has lasted for so many days."""
    return bucket(days * _DAY)
