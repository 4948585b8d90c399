"""No number about fewer than five applications is shown, nor follows from those that are."""

from collections import Counter
from datetime import date, timedelta
from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.quality.rules.disclosure import (
    applications_in_activity,
    applications_in_cohort,
    blocks,
    cohort_days,
    shown,
    totals,
)
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.periods import DEFAULT_DAYS, Interval, periods, requested_days

START = date(2026, 1, 1)
days = st.integers(0, 40).map(lambda number: (START + timedelta(days=number)).isoformat())
amounts = st.dictionaries(days, st.integers(1, 9), max_size=20)


def cohort(by_day: dict[str, int]) -> dict[tuple[str, str], int]:
    return {(day, "applications"): amount for day, amount in by_day.items()}


@settings(deadline=None)
@given(amounts)
def test_blocks_are_the_smallest_that_are_large_enough(by_day: dict[str, int]) -> None:
    """Consecutive, without gaps or overlaps; without its last day each is too small; fewer than five wait."""
    counts = cohort(by_day)
    found = blocks(counts, applications_in_cohort)
    covered: Counter[tuple[str, str]] = Counter()
    for block in found:
        population = totals(block.counts)["applications"]
        assert population >= MINIMUM
        assert population - block.counts.get((block.last.isoformat(), "applications"), 0) < MINIMUM
        assert all(block.first.isoformat() <= day <= block.last.isoformat() for day, _ in block.counts)
        covered.update(block.counts)
    assert all(before.last < after.first for before, after in pairwise(found))
    rest = {key: amount for key, amount in counts.items() if key not in covered}
    assert sum(rest.values()) < MINIMUM
    assert all(not found or day > found[-1].last.isoformat() for day, _ in rest)
    assert {key: amount for key, amount in counts.items() if key in covered} == covered


@settings(deadline=None)
@given(amounts, st.integers(-2, 150), st.integers(1, 30))
def test_default_period_moves_by_whole_blocks(by_day: dict[str, int], today: int, later: int) -> None:
    """The default periods of two days differ by no application or by at least five."""
    counts = cohort(by_day)
    sums = []
    for day in (today, today + later):
        first, last = requested_days(None, None, START + timedelta(days=day))
        rows = periods([counts], applications_in_cohort, Interval.ALL, first, last)
        sums.append({key for row in rows for key in row.counts})
    for difference in (sums[0] - sums[1], sums[1] - sums[0]):
        assert not difference or sum(counts[key] for key in difference) >= MINIMUM


@settings(deadline=None, max_examples=60)
@given(amounts, st.data())
def test_differences_of_reports_are_large_enough(by_day: dict[str, int], data: st.DataObject) -> None:
    """Any two periods of any intervals differ by no application or by at least five."""
    counts, edge = cohort(by_day), st.integers(-2, 45).map(lambda number: START + timedelta(days=number))
    sums = []
    for _ in range(4):
        first, last, interval = data.draw(edge), data.draw(edge), data.draw(st.sampled_from(Interval))
        rows = periods([counts], applications_in_cohort, interval, first, last)
        sums += [set(row.counts) for row in rows] + [{key for row in rows for key in row.counts}]
    for one, other in combinations(sums, 2):
        if other < one:
            assert sum(counts[key] for key in one - other) >= MINIMUM


def test_an_application_that_comes_back_is_no_second_one() -> None:
    """Five entries of one application are one application's; of five they are enough."""
    day = "2026-01-01"
    alone = {(day, "entered:INTERVIEW"): 5, (day, "entered:APPLIED"): 1, (day, "reentered"): 4}
    assert applications_in_activity(totals(alone)) == 1
    assert blocks(alone, applications_in_activity) == []
    assert [block.last for block in blocks({(day, "entered:INTERVIEW"): 5}, applications_in_activity)] == [
        date(2026, 1, 1)
    ]
    assert blocks({(day, "entered:INTERVIEW"): 3, (day, "entered:OFFER"): 3}, applications_in_activity) == []


@given(st.dictionaries(st.text("abcdefgh", min_size=1, max_size=2), st.integers(1, 9), max_size=8))
def test_hidden_parts_can_not_be_computed_from_the_whole(populations: dict[str, int]) -> None:
    """Every part shown has five; what is left of the whole is nothing or has five, unless that is the whole."""
    visible = shown(populations)
    assert all(populations[name] >= MINIMUM for name in visible)
    hidden = sum(populations.values()) - sum(populations[name] for name in visible)
    assert hidden == 0 or hidden >= MINIMUM or not visible
    smaller = [name for name, amount in populations.items() if amount >= MINIMUM and name not in visible]
    assert len(smaller) <= 1


def test_a_small_part_takes_the_next_larger_one_along() -> None:
    """Otherwise its number could be computed from the total and the other parts."""
    assert shown({"a": 100, "b": 20, "c": 2}) == {"a"}
    assert shown({"a": 100, "b": 20, "c": 2, "d": 3}) == {"a", "b"}
    assert shown({"a": 100, "b": 20}) == {"a", "b"}
    assert shown({"a": 3}) == set()


def test_periods_count_a_block_by_its_first_day() -> None:
    """Weeks begin on Monday; the row says which days it covers in truth."""
    counts = cohort({"2026-01-29": 5, "2026-01-31": 4, "2026-02-03": 2, "2026-02-08": 6, "2026-02-09": 5})
    months = periods([counts], applications_in_cohort, Interval.MONTH, date.min, date.max)
    assert [(row.first, row.last, totals(row.counts)["applications"]) for row in months] == [
        (date(2026, 1, 29), date(2026, 2, 3), 11),
        (date(2026, 2, 8), date(2026, 2, 9), 11),
    ]
    weeks = periods([counts], applications_in_cohort, Interval.WEEK, date.min, date.max)
    assert [row.first for row in weeks] == [date(2026, 1, 29), date(2026, 2, 8), date(2026, 2, 9)]
    assert len(periods([counts], applications_in_cohort, Interval.DAY, date.min, date.max)) == 4
    assert len(periods([counts], applications_in_cohort, Interval.ALL, date.min, date.max)) == 1
    assert [
        row.first for row in periods([counts], applications_in_cohort, Interval.ALL, date(2026, 2, 1), date(2026, 2, 8))
    ] == [date(2026, 2, 8)]


def test_cohort_has_only_the_days_with_applications() -> None:
    """A day on which only older applications changed begins no block."""
    counts = cohort({"2026-01-10": 5, "2026-03-20": 5}) | {("2026-02-02", "entered:INTERVIEW"): 5}
    rows = periods([cohort_days(counts)], applications_in_cohort, Interval.MONTH, date(2026, 2, 1), date.max)
    assert [(row.first, row.last) for row in rows] == [(date(2026, 3, 20), date(2026, 3, 20))]
    activity = periods([counts], applications_in_activity, Interval.MONTH, date.min, date.max)
    assert [(row.first, row.last) for row in activity] == [(date(2026, 1, 10), date(2026, 2, 2))]


def test_several_ats_are_the_sum_of_theirs() -> None:
    """Applications that the report of one ATS hides are in no sum."""
    large, small = cohort({"2026-01-01": 7, "2026-01-02": 3}), cohort({"2026-01-01": 4})
    (row,) = periods([large, small], applications_in_cohort, Interval.ALL, date.min, date.max)
    assert totals(row.counts)["applications"] == 7


def test_days_that_are_asked_for() -> None:
    """The last 90 up to today; until today, or 90 up to the last; nothing lies before the first day that there is."""
    today = date(2026, 11, 26)
    ninety = (date(2026, 8, 29), today)
    assert requested_days(None, None, today) == ninety
    assert (ninety[1] - ninety[0]).days + 1 == DEFAULT_DAYS == 90
    assert requested_days(date(2010, 1, 1), None, today) == (date(2010, 1, 1), today)
    assert requested_days(None, date(2010, 12, 31), today) == (date(2010, 10, 3), date(2010, 12, 31))
    assert requested_days(START, START, today) == (START, START)
    assert requested_days(date(2030, 1, 1), None, today) == (date(2030, 1, 1), date(2030, 1, 1))
    assert requested_days(None, date(1, 1, 5), today) == (date.min, date(1, 1, 5))


def test_wrong_old_date_stays_out_of_the_default_period() -> None:
    """Its block begins then, so the periods of the last 90 days neither have it nor reach back to it."""
    counts = cohort({"2000-01-02": 1, "2001-03-04": 4, "2026-10-01": 5, "2026-11-25": 6})
    first, last = requested_days(None, None, date(2026, 11, 26))
    rows = periods([counts], applications_in_cohort, Interval.MONTH, first, last)
    assert [(row.first, row.last) for row in rows] == [
        (date(2026, 10, 1), date(2026, 10, 1)),
        (date(2026, 11, 25), date(2026, 11, 25)),
    ]
