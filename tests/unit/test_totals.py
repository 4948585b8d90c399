"""Rows of totals: sums stay exact, whatever is added, in whatever order, and however much time passes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.quality.rules.contribution import Counts, is_dated, is_size
from application_status.quality.rules.totals import (
    RECENT,
    TOGETHER,
    Kind,
    Row,
    added,
    amount_of,
    by_slot,
    counts_of_life,
    months_of,
)

START = date(2023, 12, 1)
MEASURES = ("applications", "entered:OFFER", "reports", "delay:7", "waiting", "in:OFFER", "last_activity")

offsets = st.integers(0, 1_200)
cells = st.tuples(offsets.map(lambda number: (START + timedelta(days=number)).isoformat()), st.sampled_from(MEASURES))
amounts = st.dictionaries(cells, st.integers(-3, 9), max_size=10)
additions = st.lists(st.tuples(amounts, offsets), max_size=8)
"""Amounts, and the day on which each of them is added."""


def today(number: int) -> date:
    return START + timedelta(days=number)


def row_of(parts: Sequence[tuple[Counts, int]], kind: Kind) -> Row:
    row: Row = {}
    for part, number in parts:
        row = added(row, part, kind, today(number))
    return row


def expected(parts: Sequence[tuple[Counts, int]], kind: Kind, oldest: str) -> dict[tuple[str, str], int]:
    """Return the sums by measure and slot."""
    total: Counter[tuple[str, str]] = Counter()
    for part, _ in parts:
        for (day, measure), amount in part.items():
            total[measure, kind.slot(measure, day, oldest)] += amount
    return {key: amount for key, amount in total.items() if amount}


def flat(row: Mapping[str, Mapping[str, int]]) -> dict[tuple[str, str], int]:
    return {(measure, slot): amount for measure, slots in row.items() for slot, amount in slots.items()}


@settings(deadline=None)
@given(additions, st.sampled_from([Kind.MONTH, Kind.YEAR]))
def test_days_and_months_have_the_sum_of_all_that_was_added(parts: list[tuple[Counts, int]], kind: Kind) -> None:
    """The day of an addition has no influence; what adds up to zero is not kept."""
    assert flat(row_of(parts, kind)) == expected(parts, kind, oldest="")


@settings(deadline=None)
@given(additions, st.sampled_from([Kind.LIFE, Kind.BRIEF]))
def test_whole_lives_have_the_sum_of_all_that_was_added(parts: list[tuple[Counts, int]], kind: Kind) -> None:
    """Days of dated measures go together as time passes, and nothing is lost; sizes stay by month in a long row."""
    parts = sorted(parts, key=lambda part: part[1])
    last = parts[-1][1] if parts else 0
    row = row_of(parts, kind)
    assert flat(row) == expected(parts, kind, (today(last) - RECENT).isoformat())


@settings(deadline=None)
@given(additions, st.sampled_from(Kind), st.randoms(use_true_random=False))
def test_order_of_additions_changes_no_sum(parts: list[tuple[Counts, int]], kind: Kind, order: Random) -> None:
    """This holds for clocks that disagree too: a later addition may have an earlier day."""
    sums = Counter(dict.fromkeys(MEASURES, 0))
    for part, _ in parts:
        for (_, measure), amount in part.items():
            sums[measure] += amount
    shuffled = list(parts)
    order.shuffle(shuffled)
    for each in (parts, shuffled):
        row = row_of(each, kind)
        assert {measure: amount_of(row, measure) for measure in MEASURES} == sums
        assert all(amount for _, amount in flat(row).items())
        assert all(row.values())


@settings(deadline=None)
@given(additions, additions)
def test_what_is_taken_away_leaves_nothing(some: list[tuple[Counts, int]], others: list[tuple[Counts, int]]) -> None:
    """Amounts and their negatives, added years later, leave the row as if neither had been added."""
    for kind in Kind:
        taken = [({cell: -amount for cell, amount in part.items()}, 3_000) for part, _ in some]
        assert row_of([*some, *others, *taken, ({}, 3_000)], kind) == row_of([*others, ({}, 3_000)], kind)


def test_slots_of_each_kind() -> None:
    """A month has days, a year months; a life has recent days of dated measures, and the long one months of sizes."""
    day, old = "2026-11-05", "2024-02-03"
    counts = {(at, name): 1 for at in (day, old) for name in ("applications", "delay:7", "waiting")}
    of_kind = {kind: added({}, counts, kind, date(2026, 11, 26)) for kind in Kind}
    assert of_kind[Kind.MONTH]["delay:7"] == {"05": 1, "03": 1}
    assert of_kind[Kind.YEAR]["delay:7"] == {"11": 1, "02": 1}
    life = {"delay:7": {TOGETHER: 2}, "waiting": {day: 1, TOGETHER: 1}}
    assert of_kind[Kind.LIFE] == {**life, "applications": {"2026-11": 1, "2024-02": 1}}
    assert of_kind[Kind.BRIEF] == {**life, "applications": {TOGETHER: 2}}


@pytest.mark.parametrize(("days", "slot"), [(400, "2025-10-22"), (401, TOGETHER)])
def test_dated_measures_are_kept_by_day_for_400_days(days: int, slot: str) -> None:
    """The day that is 400 days ago is still kept; a day later it is together with all older ones.

    It makes no difference whether the amount is new, or was added when it was recent.
    """
    later = date(2025, 10, 22) + timedelta(days=days)
    recent = {("2025-10-22", "waiting"): 3, ("2024-01-01", "waiting"): 2}
    for row in (
        added({}, recent, Kind.BRIEF, later),
        added(added({}, recent, Kind.BRIEF, date(2025, 10, 23)), {}, Kind.BRIEF, later),
    ):
        assert row["waiting"][slot] == (3 if slot else 5)
        assert amount_of(row, "waiting") == 5


def test_row_is_not_changed_by_an_addition() -> None:
    """The reader keeps rows that it has read."""
    row = {"applications": {"2026-11": 1}, "waiting": {"2020-01-01": 1}}
    added(row, {("2026-11-05", "applications"): 1}, Kind.LIFE, date(2026, 11, 26))
    assert row == {"applications": {"2026-11": 1}, "waiting": {"2020-01-01": 1}}


@settings(deadline=None)
@given(additions, st.sampled_from([Kind.LIFE, Kind.BRIEF]))
def test_counts_of_a_life_have_days_where_time_goes_on(parts: list[tuple[Counts, int]], kind: Kind) -> None:
    """Only dated measures have days; the sums are those of the row."""
    row = row_of(parts, kind)
    counts = counts_of_life(row)
    assert {day for day, measure in counts if not is_dated(measure)} <= {""}
    assert {(day, name): n for (day, name), n in counts.items() if is_dated(name)} == {
        (slot, name): n for (name, slot), n in flat(row).items() if is_dated(name)
    }
    for measure in MEASURES:
        assert sum(n for (_, name), n in counts.items() if name == measure) == amount_of(row, measure)


@settings(deadline=None)
@given(additions)
def test_months_of_a_life_have_the_sizes_alone(parts: list[tuple[Counts, int]]) -> None:
    """Each month has the amounts of its days."""
    months = months_of(row_of(parts, Kind.LIFE))
    total: Counter[tuple[str, str]] = Counter()
    for part, _ in parts:
        for (day, measure), amount in part.items():
            if is_size(measure):
                total[day[:7], measure] += amount
    assert {(month, name): n for month, sizes in months.items() for name, n in sizes.items()} == {
        key: amount for key, amount in total.items() if amount
    }


def test_amounts_by_slot() -> None:
    """The same amounts, by slot first."""
    row = {"reports": {"05": 2, "06": 1}, "delay:7": {"05": 1}}
    assert by_slot(row) == {"05": {"reports": 2, "delay:7": 1}, "06": {"reports": 1}}
    assert by_slot({}) == {}
