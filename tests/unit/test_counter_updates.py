"""Changes, divided into transactions that DynamoDB takes, and what they add to the totals."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.platform.dynamodb.client import Item
from application_status.platform.values import ApplicationId
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.items import NO_CLIENT, NOT_COUNTED, Marker, RowKey
from application_status.quality.counters.journal import (
    Additions,
    Name,
    Subject,
    additions,
    entry_item,
    rows_of,
    written_at,
)
from application_status.quality.counters.write import Change, CounterUpdate, additions_of, counter_update, transactions
from application_status.quality.rules.contribution import Cell, Contribution
from unit.test_quality_items import MEASURES

ITEM_BYTES = 400_000
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

START = date(2026, 1, 1)
LABELS = ("Stage 1", "Stage 2", "Stage 3", "Stage 4")
SUBJECTS = ((None, None), ("client-1", "job-1"), ("client-1", "job-2"), ("client-2", "job-1"))

type Where = tuple[str | None, str | None]
"""A client and a job, or neither."""

type State = tuple[Contribution, Where, tuple[str, ...]]
"""What an application counts for, its client and job, and its unmapped labels."""


def block(ats: int, days: range, measures: range) -> Contribution:
    """Return a contribution of some of the measures on each of some days."""
    return {
        Cell(f"ats-{ats}", (START + timedelta(days=day)).isoformat(), MEASURES[each % len(MEASURES)]): 1
        for day in days
        for each in measures
    }


def spans(longest: int, last: int) -> st.SearchStrategy[range]:
    return st.builds(lambda start, length: range(start, start + length), st.integers(0, last), st.integers(0, longest))


blocks = st.builds(block, st.integers(0, 1), spans(4, 40), spans(20, 200))
long_blocks = st.builds(block, st.just(0), spans(260, 20), spans(20, 5))
labels = st.lists(st.sampled_from(LABELS), unique=True, max_size=4).map(tuple)
states: st.SearchStrategy[State] = st.tuples(blocks | long_blocks, st.sampled_from(SUBJECTS), labels)


def change(number: int, content: Contribution, version: int = 2, where: Where = (None, None)) -> Change:
    client_id, job_id = where
    return Change(ApplicationId(f"application-{number:03}"), version, content, client_id, job_id)


def update(number: int, new: State, known: Marker) -> CounterUpdate:
    content, where, unmapped = new
    return counter_update(replace(change(number, content, where=where), unmapped_labels=unmapped), known)


def marker(known: State) -> Marker:
    content, (client_id, job_id), unmapped = known
    return Marker(1, 1, content, client_id, job_id, unmapped)


def actions(group: Iterable[CounterUpdate]) -> int:
    """Return how many actions a transaction has at most: the entry, the markers, and the rows of labels."""
    return 1 + sum(1 + len(each.labels) for each in group)


@settings(deadline=None)
@given(st.lists(st.tuples(states, states), max_size=60))
def test_each_update_is_in_one_transaction_that_fits(steps: list[tuple[State, State]]) -> None:
    """A transaction has at most 100 actions, with the rows of unmapped labels and the entry of the journal."""
    updates = [update(number, new, marker(known)) for number, (new, known) in enumerate(steps)]
    groups = list(transactions(updates))
    assert [each for group in groups for each in group] == updates
    assert all(group for group in groups)
    assert all(actions(group) <= 100 for group in groups)
    assert all(sum(each.size for each in group) <= 20_000 or len(group) == 1 for group in groups)


@pytest.mark.parametrize(("unmapped", "groups"), [(0, [99, 1]), (1, [49, 49, 2]), (4, [19, 19, 19, 19, 19, 5])])
def test_full_batch_is_few_transactions(unmapped: int, groups: list[int]) -> None:
    """A hundred changes are 99 markers and the entry, and the rest; rows of labels take the place of markers."""
    new = (block(0, range(1), range(9)), ("client-1", "job-1"), LABELS[:unmapped])
    updates = [update(number, new, NOT_COUNTED) for number in range(100)]
    assert [len(group) for group in transactions(updates)] == groups


def test_long_histories_are_kept_apart() -> None:
    """Two changes with 20,000 amounts together share a transaction; with one more they do not."""
    content = block(0, range(100), range(100))
    updates = [counter_update(change(number, content), NOT_COUNTED) for number in range(2)]
    assert [len(group) for group in transactions(updates)] == [2]
    one_more = replace(updates[1], counted=Marker(1, 1, block(0, range(1), range(1))))
    assert [len(group) for group in transactions([updates[0], one_more])] == [1, 1]


def test_entry_of_a_full_transaction_is_an_item() -> None:
    """It stays far below the largest item of DynamoDB, even if no two amounts are alike."""
    steps = [
        update(
            number,
            (
                {cell: 1 + (number * 7 + place) % 300 for place, cell in enumerate(block(0, range(20), range(10)))},
                (f"client-{number}", f"job-{number}"),
                (),
            ),
            NOT_COUNTED,
        )
        for number in range(99)
    ]
    (group,) = transactions(steps)
    assert sum(each.size for each in group) > 19_000
    assert size(entry_item(1, additions_of(group))) < ITEM_BYTES / 4


def size(item: Item) -> int:
    return len(item["Amounts"]["B"])


def summed(found: Additions) -> Mapping[tuple[Subject, str, str], int]:
    return {
        (subject, day, name): amount
        for subject, amounts in found.amounts.items()
        for (day, name), amount in amounts.items()
        if amount
    }


def of_marker(found: Marker) -> Counter[tuple[Subject, str, str]]:
    return Counter(
        {
            (Subject(cell.ats_id, found.client_id, found.job_id), cell.day, cell.measure): amount
            for cell, amount in found.contribution.items()
        }
    )


@settings(deadline=None)
@given(st.lists(st.tuples(states, states), max_size=5))
def test_additions_are_the_difference_of_the_markers(steps: list[tuple[State, State]]) -> None:
    """They lead from the markers that were read to those that are written, by ATS, client and job."""
    updates = [update(number, new, marker(known)) for number, (new, known) in enumerate(steps)]
    expected: Counter[tuple[Subject, str, str]] = Counter()
    for each in updates:
        expected.update(of_marker(each.target))
        expected.subtract(of_marker(each.counted))
    found = additions_of(updates)
    assert summed(found) == {key: amount for key, amount in expected.items() if amount}
    assert found.changes == len(updates)


def test_application_that_is_registered_later_moves_to_its_client() -> None:
    """All that it counts for is taken from the ATS without a client, and added to the client and the job."""
    content = {Cell("ats", "2026-11-22", "applications"): 1, Cell("ats", "2026-11-22", "reports"): 2}
    registered = counter_update(change(1, content, where=("client-1", "job-1")), Marker(1, 1, content))
    found = additions_of([registered])
    assert summed(found) == {
        (Subject("ats"), "2026-11-22", "applications"): -1,
        (Subject("ats"), "2026-11-22", "reports"): -2,
        (Subject("ats", "client-1", "job-1"), "2026-11-22", "applications"): 1,
        (Subject("ats", "client-1", "job-1"), "2026-11-22", "reports"): 2,
    }
    by_row = found.by_row(generation=1)
    assert {key.scope for key, amounts in by_row.items() if amounts} == {
        "client#1#!",
        "client#1#client-1",
        "jobs#1#client-1",
    }
    assert {key.scope for key, amounts in by_row.items() if not amounts} == {
        "months#1#2026-11",
        "years#1#2026",
        "atss#1",
    }, "the ATS's rows are written without a change"


def test_removed_application_is_taken_away() -> None:
    """It counts for nothing, and its marker keeps neither its client nor its job."""
    content = block(0, range(2), range(3))
    removed = counter_update(change(1, {}, version=3), Marker(2, 4, content, "client-1", "job-1", LABELS[:1], "names"))
    assert removed.target == Marker(3, 5, {})
    assert removed.labels == {("ats-0", LABELS[0]): -1}
    found = additions_of([removed])
    assert summed(found) == {(Subject("ats-0", "client-1", "job-1"), cell.day, cell.measure): -1 for cell in content}
    assert (found.clients, found.jobs) == ({}, {})


def test_labels_are_the_difference_of_the_markers() -> None:
    """A label that stays is not written; the ATS is that of the marker which has the label."""
    content = block(0, range(1), range(1))
    step = update(1, (content, (None, None), LABELS[1:3]), Marker(1, 1, content, unmapped_labels=LABELS[:2]))
    assert step.labels == {("ats-0", LABELS[0]): -1, ("ats-0", LABELS[2]): 1}


NAMED = Change(
    ApplicationId("application-1"),
    2,
    {Cell("ats", "2026-11-22", "applications"): 1},
    "client-1",
    "job-1",
    company="Example GmbH",
    job_title="Koch",
    applied_on="2026-11-22",
)


def named(to: Change, known: str | None) -> tuple[Mapping[str, Name], Mapping[tuple[str, str], Name]]:
    found = additions_of([counter_update(to, Marker(1, 1, {}, names=known))])
    return found.clients, found.jobs


def test_names_are_added_when_they_are_new() -> None:
    """They are valid from the time of applying, so that the newest application names its client and job."""
    clients, jobs = named(NAMED, known=None)
    assert clients == {"client-1": Name("2026-11-22", "Example GmbH")}
    assert jobs == {("client-1", "job-1"): Name("2026-11-22", "Koch")}


def test_names_that_are_stored_are_not_added_again() -> None:
    """The marker has a digest of them."""
    assert named(NAMED, NAMED.names) == ({}, {})


@pytest.mark.parametrize("to", [replace(NAMED, company="Muster AG"), replace(NAMED, job_title="Koch (m/w/d)")])
def test_changed_names_are_the_newest(to: Change) -> None:
    """A registration that is sent again with another name is newer than all applications."""
    clients, jobs = named(to, NAMED.names)
    assert clients["client-1"].text == to.company
    assert jobs["client-1", "job-1"].text == to.job_title
    assert clients["client-1"].at > "2026-11-22"


def test_unregistered_application_has_no_names() -> None:
    """Neither has an erased one."""
    assert change(1, {}).names is None
    assert named(change(1, {}), known=None) == named(change(1, {}), known="names") == ({}, {})


def test_newest_name_stays() -> None:
    """Whatever the order of the changes, and whether they are in one entry or in two."""
    older, newer = Name("2026-01-01T00:00:00.000Z", "Z"), Name("2026-02-01T00:00:00.000Z", "A")
    for first, second in ((older, newer), (newer, older)):
        one, other = Additions(), Additions()
        one.name("client-1", "job-1", first, first)
        other.name("client-1", "job-1", second, second)
        one.include(other)
        both = Additions()
        both.name("client-1", "job-1", first, first)
        both.name("client-1", "job-1", second, second)
        for found in (one, both):
            assert (found.clients, found.jobs) == ({"client-1": newer}, {("client-1", "job-1"): newer})


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(states, states), max_size=3), max_size=3))
def test_entries_come_back_as_they_were(batches: list[Sequence[tuple[State, State]]]) -> None:
    """The sum of entries is what their changes add: amounts, names, and the number of changes."""
    total, entries = Additions(), []
    for batch in batches:
        found = additions_of(update(number, new, marker(known)) for number, (new, known) in enumerate(batch))
        entries.append(entry_item(3, found))
        total.include(found)
    read = additions(entries)
    assert summed(read) == summed(total)
    assert (read.clients, read.jobs, read.changes) == (total.clients, total.jobs, total.changes)
    assert {item["Scope"]["S"] for item in entries} <= {"journal#3"}
    assert len({item["Part"]["S"] for item in entries}) == len(entries)
    assert all(written_at(item).startswith("20") for item in entries)


def test_amount_belongs_to_six_rows() -> None:
    """A month, a year and the life of its ATS; a month of its client, the client's life at the ATS, and the job's."""
    keys = [(key.scope, key.part) for key in rows_of(2, Subject("ats", "client", "job"), "2026-11")]
    assert keys == [
        ("months#2#2026-11", "ats"),
        ("years#2#2026", "ats"),
        ("atss#2", "ats"),
        ("client#2#client", "at#ats"),
        ("client#2#client", "2026-11"),
        ("jobs#2#client", "job"),
    ]


def test_amount_without_a_client_belongs_to_four_rows() -> None:
    """Applications without a client are together as one of the ATS's clients, which lists count as hidden."""
    keys = [(key.scope, key.part) for key in rows_of(2, Subject("ats"), "2026-11")]
    assert keys == [
        ("months#2#2026-11", "ats"),
        ("years#2#2026", "ats"),
        ("atss#2", "ats"),
        (f"client#2#{NO_CLIENT}", "at#ats"),
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(states, states), max_size=5))
def test_rows_get_the_amounts_of_their_subjects(steps: list[tuple[State, State]]) -> None:
    """Each row gets the sum of what belongs to it, without zeros; a row whose amounts cancel out gets none."""
    found = additions_of(update(number, new, marker(known)) for number, (new, known) in enumerate(steps))
    expected: Counter[tuple[RowKey, str, str]] = Counter()
    for (subject, day, name), amount in summed(found).items():
        expected.update({(key, day, name): amount for key in rows_of(1, subject, day[:7])})
    by_row = found.by_row(1)
    assert {(key, *cell): amount for key, amounts in by_row.items() for cell, amount in amounts.items()} == {
        key: amount for key, amount in expected.items() if amount
    }
    about = {
        key for subject, cells in found.amounts.items() for day, _ in cells for key in rows_of(1, subject, day[:7])
    }
    assert by_row.keys() == about
    assert quality_items.life_of_ats(1, "ats-9") not in by_row
