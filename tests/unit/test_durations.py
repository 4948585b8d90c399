"""Durations in buckets: what is said of them, against the durations themselves."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from application_status.quality.rules.durations import EDGES, LifeTable, age, bucket

DAY = timedelta(days=1)
LAST = len(EDGES)
durations = st.timedeltas(-DAY, 500 * DAY) | st.sampled_from(EDGES) | st.integers(0, 400).map(lambda n: n * DAY)
buckets = st.dictionaries(st.integers(0, LAST), st.integers(1, 9), max_size=8)
tables = st.builds(LifeTable, buckets, buckets)


def of_all(ended: Sequence[timedelta], lost: Sequence[timedelta] = ()) -> LifeTable:
    return LifeTable(Counter(map(bucket, ended)), Counter(map(bucket, lost)))


@pytest.mark.parametrize(("number", "edge"), list(enumerate(EDGES)), ids=str)
def test_an_edge_begins_the_next_bucket(number: int, edge: timedelta) -> None:
    """A shorter duration is in the bucket before."""
    assert (bucket(edge - timedelta.resolution), bucket(edge)) == (number, number + 1)


def test_ends_of_the_buckets() -> None:
    """Negative durations count as zero; all durations from a year on share one bucket."""
    assert bucket(timedelta()) == bucket(timedelta(minutes=-5)) == bucket(-1000 * DAY) == 0
    assert bucket(365 * DAY) == bucket(10_000 * DAY) == LAST
    assert [age(days) for days in (0, 1, 7, 8, 364, 365)] == [0, 4, 10, 10, LAST - 1, LAST]


def test_buckets_are_as_narrow_as_documented() -> None:
    """A day at most below 4 days, and no more than 1.3 times their start above."""
    assert list(EDGES) == sorted(set(EDGES))
    for start, end in pairwise([timedelta(), *EDGES]):
        assert end - start <= DAY if start < 4 * DAY else end <= 1.3 * start


@given(st.lists(durations, min_size=5, max_size=40), st.data())
def test_quantile_is_wrong_by_no_more_than_the_buckets_are_wide(ended: list[timedelta], data: st.DataObject) -> None:
    """Against the empirical quantile: 30 % from 4 days on, a day below; beyond a year there is none."""
    rank = data.draw(st.integers(1, len(ended)))
    truth = max(sorted(ended)[rank - 1], timedelta())
    quantile = of_all(ended).quantile(rank / len(ended))
    if truth >= EDGES[-1]:
        assert quantile is None
    else:
        assert quantile is not None
        assert abs(quantile - truth) <= (DAY if truth < 4 * DAY else 0.3 * truth)


@example(LifeTable({0: 1}, {LAST: 2}), Fraction(1, 3))
@example(LifeTable(dict.fromkeys(range(9), 1), {LAST: 1}), Fraction(9, 10))
@given(tables, st.fractions(Fraction(1, 20), 1, max_denominator=20))
def test_it_is_the_life_table(table: LifeTable, share: Fraction) -> None:
    """Against one of exact numbers, person by person; a share that is just reached is reached."""
    exact = life_table(table)
    assert [table.within(edge) for edge in EDGES] == [
        None if number >= len(exact) else pytest.approx(float(exact[number])) for number in range(LAST)
    ]
    reached = next((number for number, ended in enumerate(exact) if ended >= share), None)
    quantile = table.quantile(float(share))
    assert (quantile is None) == (reached is None)
    if quantile is not None and reached is not None:
        start = EDGES[reached - 1] if reached else timedelta()
        assert start <= quantile <= EDGES[reached] + timedelta(seconds=1)


def life_table(table: LifeTable) -> list[Fraction]:
    """Return the share that has ended by each edge, as far as none alone counted for more than a fifth."""
    ended = [number for number, amount in table.ended.items() for _ in range(amount)]
    lost = [number for number, amount in table.censored.items() for _ in range(amount)]
    waiting, shares = Fraction(1), []
    for number in range(LAST):
        there = Fraction(sum(each >= number for each in [*ended, *lost]))
        if there - lost.count(number) < 5 * waiting:
            break
        if ended.count(number):
            waiting *= 1 - ended.count(number) / (there - Fraction(lost.count(number), 2))
        shares.append(1 - waiting)
    return shares


@given(st.lists(durations, min_size=5, max_size=40))
def test_within_is_exact_without_lost_ones(ended: list[timedelta]) -> None:
    """The share of those that took less."""
    found = of_all(ended)
    for edge in EDGES:
        assert found.within(edge) == pytest.approx(
            bisect_right(sorted(ended), edge - timedelta.resolution) / len(ended)
        )


@given(tables)
def test_more_time_means_more_that_ended(table: LifeTable) -> None:
    """Shares grow with the duration and durations with the share, both without gaps."""
    shares = [table.within(edge) for edge in EDGES]
    known = [share for share in shares if share is not None]
    assert shares[: len(known)] == known == sorted(known)
    assert all(-1e-9 <= share <= 1 + 1e-9 for share in known)
    quantiles = [table.quantile(share / 20) for share in range(1, 21)]
    reached = [each for each in quantiles if each is not None]
    assert quantiles[: len(reached)] == reached == sorted(reached)


def test_one_alone_decides_nothing() -> None:
    """One old answer among a thousand recent applications gives no median; one that still waits doesn't hide it."""
    alone = of_all([DAY * 50], lost=[DAY] * 998)
    assert (alone.quantile(0.5), alone.within(60 * DAY), alone.within(DAY)) == (None, None, 0)
    nearly_all = of_all([timedelta(hours=30)] * 2999, lost=[timedelta(hours=30)])
    assert nearly_all.quantile(0.5) == pytest.approx(timedelta(hours=36), abs=timedelta(minutes=1))


def test_those_that_wait_still_are_not_left_out() -> None:
    """Leaving them out would make what is slow look quick: of 2 that answered and 8 that may yet, 20 % have."""
    found = of_all([DAY * 2] * 2, lost=[DAY * 20] * 8)
    share = pytest.approx(0.2)
    assert found.population == 10
    assert found.within(7 * DAY) == found.within(18 * DAY) == share
    assert found.within(22 * DAY) is None
    assert found.quantile(0.5) is None
    assert found.quantile(0.1) == DAY * 2.5


@pytest.mark.parametrize(
    ("table", "within_a_week", "median"),
    [
        (LifeTable({}, {}), None, None),
        (LifeTable({}, {0: 9}), None, None),
        (LifeTable({}, {LAST: 9}), 0, None),
        (LifeTable({LAST: 9}, {}), 0, None),
        (LifeTable({3: 9}, {}), 1, timedelta(hours=18)),
        (LifeTable({3: 4}, {0: 9}), None, None),
        (LifeTable({9: 2}, {9: 4}), None, None),
        (LifeTable({9: 4}, {9: 4, LAST: 2}), 0.5, 7 * DAY),
    ],
    ids=[
        "none",
        "all lost at once",
        "all wait for a year",
        "all after a year",
        "all",
        "four watched",
        "none left",
        "half lost",
    ],
)
def test_ends_of_the_table(table: LifeTable, within_a_week: float | None, median: timedelta | None) -> None:
    """Without observed durations there is no number; a lost one counts half in its bucket."""
    assert (table.within(7 * DAY), table.quantile(0.5)) == (within_a_week, median)
