"""No number about fewer than five applications is shown, and none can be calculated from those that are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.quality.rules.contribution import is_of_cohort
from application_status.quality.rules.disclosure import (
    Block,
    MonthGroup,
    Sizes,
    applications_in_activity,
    applications_in_cohort,
    blocks,
    month_groups,
    size_class,
)
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import activity, cohort
from application_status.quality.rules.periods import (
    DEFAULT_DAYS,
    Interval,
    Period,
    Question,
    requested_days,
    sums_of_month,
    sums_of_months,
)
from application_status.quality.rules.totals import Kind, Recent, Row, added, by_measure, by_slot, months_of

START = date(2024, 1, 1)
TODAY = date(2026, 11, 26)
RECENT_DAYS = Recent.of(TODAY)
ALL_DAYS = (TODAY - START).days
SIZES = {"cohort": applications_in_cohort, "activity": applications_in_activity}
NUMBERS = {"cohort": cohort, "activity": activity}

type Cells = Mapping[tuple[str, str], int]
type Event = tuple[str, str]
"""An application and a day on which it counts."""


@dataclass
class Stored:
    """The rows of an ATS: by month, by year, and over its whole life."""

    months: dict[str, Row] = field(default_factory=dict)
    years: dict[str, Row] = field(default_factory=dict)
    life: Row = field(default_factory=dict)

    def add(self, cells: Cells) -> None:
        for (day, measure), amount in cells.items():
            cell, month, year = {(day, measure): amount}, day[:7], day[:4]
            self.months[month] = added(self.months.get(month, {}), cell, Kind.MONTH, RECENT_DAYS)
            self.years[year] = added(self.years.get(year, {}), cell, Kind.YEAR, RECENT_DAYS)
            self.life = added(self.life, cell, Kind.ATS, RECENT_DAYS)

    @property
    def sizes(self) -> Mapping[str, Mapping[str, int]]:
        return months_of(self.life)


def stored(applications: Iterable[Cells]) -> Stored:
    found = Stored()
    for cells in applications:
        found.add(cells)
    return found


def counted(number: int, applied: int, moves: Sequence[tuple[int, str]]) -> Cells:
    """Return what an application counts for.

    The name of one measure of each day and kind has the application's number, so that a report's applications and
    days can be read from its counts.
    """
    day = _day(applied)
    cells = {(day, "applications"): 1, (day, f"reached:{number}@{day}"): 1}
    entries = [(applied, "APPLIED"), *((min(applied + later, ALL_DAYS), status) for later, status in moves)]
    if len(entries) == 1:
        cells[day, "waiting"] = 1
    entered: set[str] = set()
    for place, status in sorted(entries):
        day = _day(place)
        measures = [f"entered:{status}", "reports", *(["reentered"] if status in entered else [])]
        cells |= {(day, measure): cells.get((day, measure), 0) + 1 for measure in measures}
        cells[day, f"time_in:{number}@{day}"] = 1
        entered.add(status)
    cells[day, f"in:{status}"] = 1
    return cells


def _day(number: int) -> str:
    return (START + timedelta(days=number)).isoformat()


def events(periods: Iterable[Period]) -> set[Event]:
    """Return the applications and the days that periods are about."""
    marked = [measure for period in periods for _, measure in period.counts if "@" in measure]
    return {(number, day) for number, _, day in (measure.rpartition(":")[2].partition("@") for measure in marked)}


def applications_of(found: Iterable[Event]) -> int:
    return len({application for application, _ in found})


@st.composite
def lives(draw: st.DrawFn) -> list[Cells]:
    """Applications of a few weeks or of three years, of which some enter a status again."""
    days = draw(st.sampled_from([st.integers(0, 45), st.integers(0, ALL_DAYS), st.integers(700, ALL_DAYS)]))
    moves = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["INTERVIEW", "OFFER", "APPLIED"])), max_size=3)
    found = draw(
        st.lists(st.tuples(days, moves), max_size=8) | st.lists(st.tuples(days, moves), min_size=12, max_size=40)
    )
    return [counted(number, *each) for number, each in enumerate(found)]


kinds = st.sampled_from(["cohort", "activity"])
edges = st.integers(-40, ALL_DAYS + 40).map(lambda number: START + timedelta(days=number)) | st.sampled_from(
    [date.min, date.max, date(2024, 2, 1), date(2024, 2, 29), date(2025, 1, 1), date(2025, 12, 31), TODAY]
)


def question(
    kind: str, interval: Interval = Interval.ALL, first: date = date.min, last: date = date.max, today: date = TODAY
) -> Question:
    of_cohort = kind == "cohort"
    return Question(SIZES[kind], lambda name: is_of_cohort(name) is of_cohort, interval, first, last, today)


@st.composite
def questions(draw: st.DrawFn, kind: str) -> Question:
    first, last = sorted([draw(st.just(date.min) | edges), draw(edges | st.just(date.max))])
    return question(kind, draw(st.sampled_from(Interval)), first, last)


def by_days(asked: Question, rows: Stored) -> dict[date, Period]:
    """Answer a question from days alone."""
    cut, periods = asked.cut(asked.groups(rows.life)), dict[date, Period]()
    for group in sorted([*cut.whole, *cut.in_days], key=lambda each: each.months):
        asked.add_days(periods, group, {month: rows.months[month] for month in group.months})
    return periods


def by_months(asked: Question, rows: Stored) -> dict[date, Period]:
    """Answer a question from sums of months where its periods divide no group."""
    return _with_sums(
        asked, rows, {month: sums_of_month(month, row, asked.of_kind) for month, row in rows.months.items()}
    )


def by_years(asked: Question, rows: Stored) -> dict[date, Period]:
    """Answer a question from the rows of years where its periods divide no group."""
    return _with_sums(
        asked,
        rows,
        {
            month: sums
            for year, row in rows.years.items()
            for month, sums in sums_of_months(year, row, rows.life, asked.of_kind)
        },
    )


def _with_sums(asked: Question, rows: Stored, sums: Mapping[str, Cells]) -> dict[date, Period]:
    cut, periods = asked.cut(asked.groups(rows.life)), dict[date, Period]()
    for group in cut.whole:
        asked.add_months(periods, group, [sums[month] for month in group.months])
    for group in cut.in_days:
        asked.add_days(periods, group, {month: rows.months[month] for month in group.months})
    return periods


def blocks_of(kind: str, rows: Stored) -> list[tuple[Block, set[Event]]]:
    """Return all blocks, oldest first, with their applications and days."""
    asked, found = question(kind), []
    for group in asked.cut(asked.groups(rows.life)).whole:
        days = days_of(kind, group, rows)
        for block in blocks(group, days, SIZES[kind]):
            amounts = {("", measure): amount for day in block.days for measure, amount in days[day].items()}
            found.append((block, events([Period(block.first, block.last, amounts)])))
    return found


def days_of(kind: str, group: MonthGroup, rows: Stored) -> Mapping[str, Mapping[str, int]]:
    of_kind = question(kind).of_kind
    return {
        f"{month}-{slot}": amounts
        for month in group.months
        for slot, amounts in by_slot({name: n for name, n in rows.months[month].items() if of_kind(name)}).items()
    }


@settings(deadline=None)
@given(lives(), kinds)
def test_blocks_have_all_applications_once_they_are_five(applications: list[Cells], kind: str) -> None:
    """Each block has at least five applications, and each day of each application is in one block.

    Fewer than five applications are in none. An activity needs five more entries into one status than re-entries.
    """
    rows = stored(applications)
    months = sorted(rows.sizes)
    are_enough = any(SIZES[kind](_sum(rows.sizes, months[:end])) >= MINIMUM for end in range(len(months) + 1))
    found = blocks_of(kind, rows)
    everything = {each for block, of_block in found for each in of_block}
    family = "reached:" if kind == "cohort" else "time_in:"
    expected = {
        (measure.removeprefix(family).partition("@")[0], day)
        for cells in applications
        for day, measure in cells
        if measure.startswith(family)
    }
    assert everything == (expected if are_enough else set())
    assert sum(len(of_block) for _, of_block in found) == len(everything)
    assert all(applications_of(of_block) >= MINIMUM for _, of_block in found)
    assert are_enough or kind == "activity" or len(applications) < MINIMUM


@settings(deadline=None)
@given(lives(), kinds)
def test_groups_of_months_are_the_smallest_that_are_large_enough(applications: list[Cells], kind: str) -> None:
    """Without its last month a group is too small; the last group also has newer months that are too few."""
    rows = stored(applications)
    sizes = {month: found for month, found in rows.sizes.items() if kind == "cohort" or "entered:APPLIED" in found}
    groups = month_groups(sizes, SIZES[kind])
    assert [month for group in groups for month in group.months] == (sorted(sizes) if groups else [])
    for group in groups[:-1]:
        assert SIZES[kind](_sum(sizes, group.months)) >= MINIMUM
        assert SIZES[kind](_sum(sizes, group.months[:-1])) < MINIMUM
    for group in groups[-1:]:
        assert any(SIZES[kind](_sum(sizes, group.months[:end])) >= MINIMUM for end in range(len(group.months) + 1))


def _sum(sizes: Mapping[str, Mapping[str, int]], months: Iterable[str]) -> Mapping[str, int]:
    return by_measure({(month, name): amount for month in months for name, amount in sizes[month].items()})


@settings(deadline=None)
@given(lives(), kinds)
def test_blocks_tile_their_months(applications: list[Cells], kind: str) -> None:
    """The blocks of a group begin with its first month and end with its last one, without gaps or overlaps."""
    rows = stored(applications)
    for group in question(kind).groups(rows.life):
        found = blocks(group, days_of(kind, group, rows), SIZES[kind])
        assert (found[0].first, found[-1].last) == (group.first, group.last)
        assert all(before.last + timedelta(days=1) == after.first for before, after in pairwise(found))
        assert all(block.first.isoformat() <= day <= block.last.isoformat() for block in found for day in block.days)


@settings(deadline=None)
@given(lives(), kinds, st.data())
def test_questions_are_about_whole_blocks(applications: list[Cells], kind: str, data: st.DataObject) -> None:
    """A period has all of each block that begins in it on one of the days asked for, and nothing else."""
    rows, asked = stored(applications), data.draw(questions(kind))
    expected: dict[date, set[Event]] = {}
    for block, of_block in blocks_of(kind, rows):
        if asked.first <= block.first <= asked.last:
            expected.setdefault(asked.interval.start(block.first), set()).update(of_block)
    assert {start: events([period]) for start, period in by_days(asked, rows).items()} == expected


@settings(deadline=None, max_examples=200)
@given(lives(), kinds, st.data())
def test_two_questions_differ_by_five_applications_or_none(
    applications: list[Cells], kind: str, data: st.DataObject
) -> None:
    """This holds for rows and for sums of rows, with any days and any intervals."""
    rows, sums = stored(applications), [set[Event]()]
    for _ in range(4):
        periods = by_years(data.draw(questions(kind)), rows).values()
        sums += [events([period]) for period in periods] + [events(periods)]
    for one, other in combinations(sums, 2):
        for difference in (one - other, other - one):
            assert not difference or applications_of(difference) >= MINIMUM


@settings(deadline=None)
@given(lives(), kinds, st.integers(0, ALL_DAYS), st.integers(1, 400))
def test_default_periods_of_two_days_differ_by_whole_blocks(
    applications: list[Cells], kind: str, today: int, later: int
) -> None:
    """They differ by no application or by at least five."""
    rows, sums = stored(applications), []
    for number in (today, today + later):
        first, last = requested_days(None, None, START + timedelta(days=number))
        sums.append(events(by_months(question(kind, Interval.ALL, first, last), rows).values()))
    for difference in (sums[0] - sums[1], sums[1] - sums[0]):
        assert not difference or applications_of(difference) >= MINIMUM


@settings(deadline=None, max_examples=200)
@given(lives(), kinds, st.data())
def test_sums_of_months_and_years_give_what_the_days_give(
    applications: list[Cells], kind: str, data: st.DataObject
) -> None:
    """The periods, the amounts and the numbers are equal, whichever rows a question is answered from."""
    rows, asked = stored(applications), data.draw(questions(kind))
    expected = by_days(asked, rows)
    for answer in (by_months(asked, rows), by_years(asked, rows)):
        assert _edges(answer) == _edges(expected)
        for start, period in answer.items():
            assert _comparable(period) == _comparable(expected[start])
            numbers = [list(NUMBERS[kind](each.counts, TODAY)) for each in (period, expected[start])]
            assert numbers[0] == numbers[1]


def _edges(periods: Mapping[date, Period]) -> Mapping[date, tuple[date, date]]:
    return {start: (period.first, period.last) for start, period in periods.items()}


def _comparable(period: Period) -> Mapping[tuple[str, str], int]:
    """Return the amounts, with those of days that are older than the rows of whole lives keep together."""
    oldest, found = RECENT_DAYS.first, dict[tuple[str, str], int]()
    for (day, measure), amount in period.counts.items():
        cell = (day if day >= oldest else "", measure)
        found[cell] = found.get(cell, 0) + amount
    return {cell: amount for cell, amount in found.items() if amount}


def cohorts(by_day: Mapping[str, int]) -> Stored:
    return stored([{(day, "applications"): amount} for day, amount in by_day.items()])


def rows_of(
    rows: Stored, kind: str, interval: Interval, first: date = date.min, last: date = date.max
) -> list[tuple[date, date, int]]:
    """Return the first and the last day of each period, and its applications or entries."""
    periods = by_months(question(kind, interval, first, last), rows)
    measures = {"cohort": "applications", "activity": "entered:INTERVIEW"}
    return [
        (periods[start].first, periods[start].last, by_measure(periods[start].counts)[measures[kind]])
        for start in sorted(periods)
    ]


def test_periods_count_a_block_by_its_first_day() -> None:
    """Weeks begin on Monday. A row has the calendar days of its blocks, so rows follow each other without gaps."""
    rows = cohorts({"2026-01-29": 5, "2026-01-31": 4, "2026-02-03": 2, "2026-02-08": 6, "2026-02-09": 5})
    assert rows_of(rows, "cohort", Interval.MONTH) == [
        (date(2026, 1, 1), date(2026, 1, 31), 9),
        (date(2026, 2, 1), date(2026, 2, 28), 13),
    ]
    assert rows_of(rows, "cohort", Interval.WEEK) == [
        (date(2026, 1, 1), date(2026, 1, 31), 9),
        (date(2026, 2, 1), date(2026, 2, 8), 8),
        (date(2026, 2, 9), date(2026, 2, 28), 5),
    ]
    assert len(rows_of(rows, "cohort", Interval.DAY)) == 3
    assert rows_of(rows, "cohort", Interval.ALL) == [(date(2026, 1, 1), date(2026, 2, 28), 22)]
    assert rows_of(rows, "cohort", Interval.ALL, date(2026, 2, 1), date(2026, 2, 8)) == [
        (date(2026, 2, 1), date(2026, 2, 8), 8)
    ]
    assert rows_of(rows, "cohort", Interval.ALL, date(2026, 2, 2), date(2026, 2, 8)) == []


def test_month_of_fewer_than_five_is_part_of_a_longer_period() -> None:
    """It belongs to the period that its block begins in, and the newest months belong to the last one that has five."""
    rows = cohorts(
        {"2026-01-29": 5, "2026-02-10": 3, "2026-03-02": 2, "2026-03-20": 5, "2026-04-09": 5, "2026-05-01": 4}
    )
    assert rows_of(rows, "cohort", Interval.MONTH) == [
        (date(2026, 1, 1), date(2026, 1, 31), 5),
        (date(2026, 2, 1), date(2026, 3, 2), 5),
        (date(2026, 3, 3), date(2026, 3, 31), 5),
        (date(2026, 4, 1), date(2026, 5, 31), 9),
    ]


def test_row_ends_today_at_the_latest() -> None:
    """The days to come of the last month are not part of it."""
    rows = cohorts({TODAY.isoformat(): 5})
    assert rows_of(rows, "cohort", Interval.ALL) == [(date(2026, 11, 1), TODAY, 5)]
    assert rows_of(rows, "cohort", Interval.MONTH, date(2026, 11, 1), TODAY) == [(date(2026, 11, 1), TODAY, 5)]


def test_month_without_applications_begins_no_cohort() -> None:
    """A month in which only older applications changed is part of no period of a cohort; it is of an activity."""
    rows = cohorts({"2026-01-10": 5, "2026-03-20": 5})
    rows.add({("2026-02-02", "entered:INTERVIEW"): 5})
    assert rows_of(rows, "cohort", Interval.MONTH) == [
        (date(2026, 1, 1), date(2026, 1, 31), 5),
        (date(2026, 3, 1), date(2026, 3, 31), 5),
    ]
    assert rows_of(rows, "cohort", Interval.MONTH, date(2026, 3, 1))[0][2] == 5
    assert rows_of(rows, "activity", Interval.MONTH) == [(date(2026, 2, 1), date(2026, 2, 28), 5)]


def test_application_that_comes_back_is_no_second_one() -> None:
    """Five entries of one application are about one application, and those of five about five."""
    day = "2026-01-01"
    alone = {"entered:INTERVIEW": 5, "entered:APPLIED": 1, "reentered": 4}
    assert applications_in_activity(alone) == 1
    assert month_groups({"2026-01": alone}, applications_in_activity) == []
    assert month_groups({"2026-01": {"entered:INTERVIEW": 3, "entered:OFFER": 3}}, applications_in_activity) == []
    five = {"entered:INTERVIEW": 5}
    assert applications_in_activity(five) == 5
    (group,) = month_groups({"2026-01": five}, applications_in_activity)
    assert blocks(group, {day: five}, applications_in_activity) == [Block(group.first, group.last, (day,))]


def test_wrong_old_date_stays_out_of_the_default_period() -> None:
    """Its block begins then, so the periods of the last 90 days neither have it nor reach back to it."""
    rows = cohorts({"2000-01-02": 1, "2001-03-04": 4, "2026-10-01": 5, "2026-11-25": 6})
    assert rows_of(rows, "cohort", Interval.MONTH, *requested_days(None, None, TODAY)) == [
        (date(2026, 10, 1), date(2026, 10, 31), 5),
        (date(2026, 11, 1), TODAY, 6),
    ]
    assert rows_of(rows, "cohort", Interval.MONTH)[0] == (date(2000, 1, 1), date(2001, 3, 31), 5)


def test_days_that_are_asked_for() -> None:
    """The last 90 up to today; until today, or 90 up to the last; nothing lies before the first day that there is."""
    ninety = (date(2026, 8, 29), TODAY)
    assert requested_days(None, None, TODAY) == ninety
    assert (ninety[1] - ninety[0]).days + 1 == DEFAULT_DAYS == 90
    assert requested_days(date(2010, 1, 1), None, TODAY) == (date(2010, 1, 1), TODAY)
    assert requested_days(None, date(2010, 12, 31), TODAY) == (date(2010, 10, 3), date(2010, 12, 31))
    assert requested_days(START, START, TODAY) == (START, START)
    assert requested_days(date(2030, 1, 1), None, TODAY) == (date(2030, 1, 1), date(2030, 1, 1))
    assert requested_days(None, date(1, 1, 5), TODAY) == (date.min, date(1, 1, 5))


def sizes(amounts: Iterable[int]) -> Sizes:
    """Return the sizes of a list whose members have these amounts."""
    classes = [size_class(amount) for amount in amounts]
    members = {number: classes.count(number) for number in sorted({*classes}) if number}
    return Sizes(members, sum(amount for amount in amounts if amount < MINIMUM))


members = st.lists(st.integers(0, 9) | st.integers(0, 30) | st.integers(0, 3_000), max_size=12)


@settings(max_examples=500)
@given(members)
def test_hidden_members_together_are_none_or_five(amounts: list[int]) -> None:
    """A list shows no member of fewer than five, and the total without all that it shows is zero or at least five.

    Only if all members are hidden, they may be fewer; their total is then hidden like any other.
    """
    found = sizes(amounts)
    visible = [amount for amount in amounts if found.shows(amount)]
    hidden = sum(amounts) - sum(visible)
    assert all(amount >= MINIMUM for amount in visible)
    assert hidden == 0 or hidden >= MINIMUM or not visible
    assert found.hidden == len([amount for amount in amounts if amount]) - len(visible)
    also = {size_class(amount) for amount in amounts if amount >= MINIMUM} - {size_class(amount) for amount in visible}
    assert len(also) <= 1, "no more members are hidden than those of one class"


@settings(max_examples=500)
@given(members, st.data())
def test_any_page_or_job_shows_what_the_whole_list_shows(amounts: list[int], data: st.DataObject) -> None:
    """What may be shown depends on the whole list, so no choice of members reveals others."""
    found = sizes(amounts)
    chosen = data.draw(st.lists(st.sampled_from(amounts or [0]), max_size=3))
    least = min((amount for amount in amounts if found.shows(amount)), default=None)
    assert all(found.shows(amount) == (least is not None and amount >= least) for amount in chosen)


@pytest.mark.parametrize(
    ("amounts", "visible"),
    [
        ([100, 20, 2], [100]),
        ([100, 20, 2, 3], [100, 20]),
        ([100, 20], [100, 20]),
        ([100, 30, 25, 20, 2], [100]),
        ([100, 50, 0, 0, 1], [100]),
        ([3], []),
        ([4, 6], []),
        ([], []),
    ],
)
def test_few_members_hide_the_next_larger_ones(amounts: list[int], visible: list[int]) -> None:
    """Otherwise their number could be calculated from the total and the other members."""
    found = sizes(amounts)
    assert [amount for amount in amounts if found.shows(amount)] == visible


def test_classes_of_members_grow() -> None:
    """A member without applications has none; the first class has one to four."""
    classes = [size_class(amount) for amount in range(2_000)]
    assert classes == sorted(classes)
    assert [amount for amount in range(2_000) if classes[amount] == 0] == [0]
    assert [amount for amount in range(2_000) if classes[amount] == 1] == [1, 2, 3, 4]
    assert classes[-1] == classes[1_000] == 5
