"""Changes, divided into transactions that DynamoDB takes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.platform.values import ApplicationId
from application_status.quality.counters.items import NOT_COUNTED, Marker
from application_status.quality.counters.write import Change, CounterUpdate, counter_update, transactions
from application_status.quality.rules.contribution import Cell, Contribution, contribution
from support.histories import application, move
from support.world import BERLIN
from unit.test_quality_items import MEASURES


def block(ats: int, days: range, measures: range) -> Contribution:
    """Return a contribution of some of the measures on each of some days."""
    return {Cell(f"ats-{ats}", f"day-{day:03}", MEASURES[each % len(MEASURES)]): 1 for day in days for each in measures}


def spans(longest: int, last: int) -> st.SearchStrategy[range]:
    return st.builds(lambda start, length: range(start, start + length), st.integers(0, last), st.integers(0, longest))


blocks = st.builds(block, st.integers(0, 1), spans(30, 40), spans(40, 200))
long_blocks = st.builds(block, st.just(0), spans(260, 20), spans(3, 5))


def change(number: int, content: Contribution, version: int = 2) -> Change:
    return Change(ApplicationId(f"application-{number:03}"), version, content)


def assert_transactions_fit(groups: Sequence[Sequence[CounterUpdate]]) -> None:
    for group in groups:
        measures: dict[tuple[str, str], set[str]] = {}
        for cell in (cell for step in group for cell in step.added):
            measures.setdefault((cell.ats_id, cell.day), set()).add(cell.measure)
        assert len(group) + len(measures) <= 100
        assert all(len(names) <= 150 for names in measures.values())


@settings(deadline=None)
@given(st.lists(st.tuples(blocks | long_blocks, blocks), max_size=12))
def test_every_step_is_in_one_transaction_that_fits(contents: list[tuple[Contribution, Contribution]]) -> None:
    """A transaction has at most 100 actions with at most 150 measures each."""
    steps = [
        counter_update(change(number, new), Marker(1, 1, counted)) for number, (new, counted) in enumerate(contents)
    ]
    groups = list(transactions(steps))
    assert_transactions_fit(groups)
    assert sorted(step.change.application_id for group in groups for step in group) == [
        step.change.application_id for step in steps
    ]


def test_a_full_batch_of_one_day_is_few_transactions() -> None:
    """A hundred changes of one row are two: 99 markers and the row, and the rest."""
    steps = [counter_update(change(number, block(0, range(1), range(9))), NOT_COUNTED) for number in range(100)]
    assert [len(group) for group in transactions(steps)] == [99, 1]


@pytest.mark.parametrize(("measures", "groups"), [(75, 1), (76, 2)])
def test_no_action_has_more_measures_than_an_expression_takes(measures: int, groups: int) -> None:
    """Two changes of one row with 150 measures together are one transaction; with more they are two."""
    contents = [block(0, range(1), range(start, start + measures)) for start in (0, measures)]
    steps = [counter_update(change(number, content), NOT_COUNTED) for number, content in enumerate(contents)]
    assert len(list(transactions(steps))) == groups


def test_those_of_the_same_rows_stand_together() -> None:
    """In any order of records, each row is written once if all its measures fit."""
    mixed = [change(number, block(0, range(number % 60, number % 60 + 1), range(3))) for number in range(120)]
    groups = list(transactions(counter_update(each, NOT_COUNTED) for each in mixed))
    rows = Counter(row for group in groups for row in {row for step in group for row in step.rows})
    assert len(groups) == 2
    assert rows.total() <= 61


def walk(to: Change, counted: Marker) -> list[CounterUpdate]:
    """Take steps until the change is counted."""
    steps = [counter_update(to, counted)]
    while steps[-1].target.version < to.version:
        assert len(steps) < 10
        steps.append(counter_update(to, steps[-1].target))
    return steps


@settings(deadline=None)
@given(blocks | long_blocks, blocks | long_blocks)
def test_steps_lead_from_what_was_counted_to_the_change(new: Contribution, counted: Contribution) -> None:
    """Each fits by itself and adds what its marker then says; only the last has the new version."""
    start = Marker(1, 4, counted, "client-1", "job-1", ("Stage 1",))
    steps = walk(replace(change(1, new), client_id="client-2", job_id="job-2", unmapped_labels=("Stage 2",)), start)
    assert steps[-1].target == Marker(2, 4 + len(steps), new, "client-2", "job-2", ("Stage 2",))
    assert [step.target.version for step in steps[:-1]] == [1] * (len(steps) - 1)
    total = Counter(counted)
    for step in steps:
        assert_transactions_fit([[step]])
        total.update(step.added)
        assert {cell: amount for cell, amount in total.items() if amount} == step.target.contribution
    assert all(step.rows for step in steps) or new == counted


@pytest.mark.parametrize(("days", "steps"), [(98, 1), (99, 2), (256, 3)])
def test_long_history_takes_several_steps(days: int, steps: int) -> None:
    """A row a day, and the day of applying: 99 rows and the marker fill a transaction."""
    moves = [move("INTERVIEW" if day % 2 else "CONTACT", day) for day in range(1, days + 1)]
    content = contribution(application(*moves), BERLIN)
    taken = walk(change(1, content), NOT_COUNTED)
    assert len(taken) == steps
    assert taken[-1].target.contribution == content
    assert [len(step.rows) for step in islice(taken, steps - 1)] == [99] * (steps - 1)
