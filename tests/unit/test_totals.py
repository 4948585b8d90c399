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
    TOGETHER,
    Kind,
    Recent,
    Row,
    added,
    aged,
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


LIVES = [Kind.ATS, Kind.CLIENT, Kind.JOB]


def today(number: int) -> date:
    return START + timedelta(days=number)


def row_of(parts: Sequence[tuple[Counts, int]], kind: Kind) -> Row:
    """Return a row after additions, each of which leaves the slots as of its day, as merges do."""
    row: Row = {}
    for part, number in parts:
        recent = Recent.of(today(number))
        row = aged(added(row, part, kind, recent), kind, recent)
    return row


def expected(parts: Sequence[tuple[Counts, int]], kind: Kind, recent: Recent) -> dict[tuple[str, str], int]:
    """Return the sums by measure and slot."""
    total: Counter[tuple[str, str]] = Counter()
    for part, _ in parts:
        for (day, measure), amount in part.items():
            if kind.has(measure):
                total[measure, kind.slot(measure, day, recent)] += amount
    return {key: amount for key, amount in total.items() if amount}


def with_the_oldest_together(found: Mapping[tuple[str, str], int], recent: Recent) -> dict[tuple[str, str], int]:
    """Return amounts without the difference between the month in which the last 400 days begin and those before it."""
    total: Counter[tuple[str, str]] = Counter()
    for (measure, slot), amount in found.items():
        is_old = is_dated(measure) and slot[:7] <= recent.first[:7]
        total[measure, TOGETHER if is_old else slot] += amount
    return {key: amount for key, amount in total.items() if amount}


def flat(row: Mapping[str, Mapping[str, int]]) -> dict[tuple[str, str], int]:
    return {(measure, slot): amount for measure, slots in row.items() for slot, amount in slots.items()}


@settings(deadline=None)
@given(additions, st.sampled_from([Kind.MONTH, Kind.YEAR]))
def test_days_and_months_have_the_sum_of_all_that_was_added(parts: list[tuple[Counts, int]], kind: Kind) -> None:
    """The day of an addition has no influence; what adds up to zero is not kept."""
    assert flat(row_of(parts, kind)) == expected(parts, kind, Recent.of(START))


@settings(deadline=None)
@given(additions, st.sampled_from(LIVES))
def test_whole_lives_have_the_sum_of_all_that_was_added(parts: list[tuple[Counts, int]], kind: Kind) -> None:
    """Days of dated measures go together as time passes, and nothing is lost; sizes stay by month where they matter."""
    parts = sorted(parts, key=lambda part: part[1])
    recent = Recent.of(today(parts[-1][1]) if parts else START)
    found = with_the_oldest_together(flat(row_of(parts, kind)), recent)
    assert found == with_the_oldest_together(expected(parts, kind, recent), recent)


@settings(deadline=None)
@given(additions, st.sampled_from(Kind), offsets)
def test_additions_of_a_report_are_those_of_a_merge(parts: list[tuple[Counts, int]], kind: Kind, now: int) -> None:
    """A reader adds entries to a row without moving its slots: the row is then the same once a merge has done so."""
    recent = Recent.of(today(now))
    row: Row = {}
    for part, _ in parts:
        row = added(row, part, kind, recent)
    assert row == aged(row, kind, recent) == row_of([(part, now) for part, _ in parts], kind)


@settings(deadline=None)
@given(additions, st.sampled_from(Kind), st.randoms(use_true_random=False))
def test_order_of_additions_changes_no_sum(parts: list[tuple[Counts, int]], kind: Kind, order: Random) -> None:
    """This holds for clocks that disagree too: a later addition may have an earlier day."""
    sums = Counter(dict.fromkeys(MEASURES, 0))
    for part, _ in parts:
        for (_, measure), amount in part.items():
            sums[measure] += amount if kind.has(measure) else 0
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


@pytest.mark.parametrize("kind", LIVES)
@pytest.mark.parametrize("days", [0, 89, 90, 91, 100, 300, 400])
def test_report_takes_amounts_from_where_the_last_merge_left_them(kind: Kind, days: int) -> None:
    """The row may be as of a day on which an amount had its day apart, and the entry that takes it away is newer."""
    cells = {("2025-10-22", "waiting"): 3, ("2025-10-22", "last_activity"): 2}
    merged = added({}, cells, kind, Recent.of(date(2025, 10, 22)))
    taken = {cell: -amount for cell, amount in cells.items()}
    assert added(merged, taken, kind, Recent.of(date(2025, 10, 22) + timedelta(days=days))) == {}


def test_slots_of_each_kind() -> None:
    """A month has days, a year months; a life has dated measures apart while they are recent, and sizes by month."""
    day, months_ago, old = "2026-11-05", "2026-03-05", "2024-02-03"
    counts = {(at, name): 1 for at in (day, months_ago, old) for name in ("applications", "delay:7", "waiting")}
    of_kind = {kind: added({}, counts, kind, Recent.of(date(2026, 11, 26))) for kind in Kind}
    assert of_kind[Kind.MONTH]["delay:7"] == {"05": 2, "03": 1}
    assert of_kind[Kind.YEAR]["delay:7"] == {"11": 1, "03": 1, "02": 1}
    months = {"2026-11": 1, "2026-03": 1, "2024-02": 1}
    waiting = {day: 1, "2026-03": 1, TOGETHER: 1}
    assert of_kind[Kind.ATS] == {
        "applications": months,
        "delay:7": {TOGETHER: 3},
        "waiting": {day: 1, months_ago: 1, TOGETHER: 1},
    }
    assert of_kind[Kind.CLIENT] == {"applications": months, "waiting": waiting}
    assert of_kind[Kind.JOB] == {"applications": {TOGETHER: 3}, "delay:7": {TOGETHER: 3}, "waiting": waiting}


def test_client_has_what_its_reports_need() -> None:
    """Its activity is read from its months, so its life has no measures of activity but sizes."""
    kept = ("applications", "waiting", "outcome:open", "entered:OFFER", "reentered", "reports", "last_activity")
    assert all(Kind.CLIENT.has(measure) for measure in kept)
    assert not any(Kind.CLIENT.has(measure) for measure in ("delay:7", "in:OFFER", "time_in:OFFER:7", "unmapped"))
    assert all(kind.has(measure) for kind in Kind if kind is not Kind.CLIENT for measure in MEASURES)


@pytest.mark.parametrize("kind", LIVES)
@pytest.mark.parametrize("is_new", [True, False])
def test_dated_measures_are_kept_apart_for_400_days(kind: Kind, *, is_new: bool) -> None:
    """ATSs have them by day; clients and jobs by day for 90 days, and then by month until the month is over."""
    day = date(2025, 10, 22)
    recent = {(day.isoformat(), "waiting"): 3, ("2024-01-01", "waiting"): 2}

    def slots(days: int) -> Mapping[str, int]:
        row: Row = {}
        for later in [days] if is_new else [0, 100, days]:
            as_of = Recent.of(day + timedelta(days=later))
            row = aged(added(row, {} if row else recent, kind, as_of), kind, as_of)
        return row["waiting"]

    if is_new or kind is Kind.ATS:
        assert slots(90) == {"2025-10-22": 3, TOGETHER: 2}
        assert slots(91) == {"2025-10-22" if kind is Kind.ATS else "2025-10": 3, TOGETHER: 2}
    assert slots(400) == {"2025-10-22" if kind is Kind.ATS else "2025-10": 3, TOGETHER: 2}
    assert slots(401) == ({TOGETHER: 5} if kind is Kind.ATS or is_new else {"2025-10": 3, TOGETHER: 2})
    assert slots(420) == {TOGETHER: 5}


def test_row_is_not_changed_by_an_addition() -> None:
    """The reader keeps rows that it has read."""
    row = {"applications": {"2026-11": 1}, "waiting": {"2020-01-01": 1}}
    recent = Recent.of(date(2026, 11, 26))
    new = aged(added(row, {("2026-11-05", "applications"): 1}, Kind.ATS, recent), Kind.ATS, recent)
    assert row == {"applications": {"2026-11": 1}, "waiting": {"2020-01-01": 1}}
    assert new == {"applications": {"2026-11": 2}, "waiting": {TOGETHER: 1}}


@settings(deadline=None)
@given(additions, st.sampled_from(LIVES))
def test_counts_of_a_life_have_days_where_time_goes_on(parts: list[tuple[Counts, int]], kind: Kind) -> None:
    """Only dated measures have days or months; the sums are those of the row."""
    row = row_of(parts, kind)
    counts = counts_of_life(row)
    assert {day for day, measure in counts if not is_dated(measure)} <= {""}
    assert {(day, name): n for (day, name), n in counts.items() if is_dated(name)} == {
        (slot, name): n for (name, slot), n in flat(row).items() if is_dated(name)
    }
    for measure in MEASURES:
        assert sum(n for (_, name), n in counts.items() if name == measure) == amount_of(row, measure)


@settings(deadline=None)
@given(additions, st.sampled_from([Kind.ATS, Kind.CLIENT]))
def test_months_of_a_life_have_the_sizes_alone(parts: list[tuple[Counts, int]], kind: Kind) -> None:
    """Each month has the amounts of its days."""
    months = months_of(row_of(parts, kind))
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
