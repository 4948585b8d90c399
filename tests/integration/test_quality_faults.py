"""Faults while changes are counted: each change counts once all the same."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from typing import Any

import pytest

from application_status.local.tables import TableServer
from application_status.platform import deadlines
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB, batch_get
from application_status.platform.errors import Unavailable
from application_status.platform.values import ApplicationId, now
from application_status.quality.counters import write
from application_status.quality.counters.items import Marker
from application_status.quality.counters.read import QualityReader
from application_status.quality.counters.write import Change, Counters, read_markers
from application_status.quality.rules.contribution import Cell
from support.counters import counters
from support.faults import (
    CONFLICT,
    LOST_REPLY,
    MIXED,
    NO_CONNECTION,
    PASS,
    THROTTLED,
    Clock,
    ErrorReply,
    Fault,
    Faults,
    fresh_client,
)
from support.world import TEMPLATE

THROTTLED_INSIDE = ErrorReply("TransactionCanceledException", reasons=("ThrottlingError", "None"))
TRANSACTION = ["BatchGetItem", "TransactWriteItems"]
FIRST_CALLS = ["GetItem", *TRANSACTION]
"""The generations are read, then the markers."""


@pytest.fixture
def faults(server: TableServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    client = fresh_client(server)
    for table in TEMPLATE.tables():
        client.create_table(**table)
    clock = Clock()
    monkeypatch.setattr(deadlines, "time", clock)
    yield Faults(client, clock)
    client.close()


@pytest.fixture
def quality(faults: Faults) -> Counters:
    return Counters(DynamoDB(boto.transport(faults.client)), "QualityTable")


def change(number: int, version: int, **measures: int) -> Change:
    cells = {Cell("ats", "2026-11-22", measure): amount for measure, amount in measures.items()}
    return Change(ApplicationId(f"application-{number}"), version, cells)


def amounts(faults: Faults) -> dict[str, int]:
    return {cell.measure: amount for cell, amount in counters(faults.client).items()}


UNTIL_WRITING: list[Fault] = [PASS] * 2
FIRST = [change(1, 1, applications=1, feedback=1), change(2, 1, applications=1)]


@pytest.mark.parametrize(
    ("plan", "calls"),
    [
        ([*UNTIL_WRITING, CONFLICT], [*FIRST_CALLS, "TransactWriteItems"]),
        ([*UNTIL_WRITING, CONFLICT, CONFLICT, CONFLICT], [*FIRST_CALLS, *["TransactWriteItems"] * 3]),
        ([*UNTIL_WRITING, THROTTLED_INSIDE], [*FIRST_CALLS, "TransactWriteItems"]),
        ([*UNTIL_WRITING, ErrorReply("TransactionInProgressException")], [*FIRST_CALLS, "TransactWriteItems"]),
        ([*UNTIL_WRITING, THROTTLED], [*FIRST_CALLS, "TransactWriteItems"]),
        ([*UNTIL_WRITING, NO_CONNECTION], [*FIRST_CALLS, "TransactWriteItems"]),
        ([*UNTIL_WRITING, MIXED], [*FIRST_CALLS, *TRANSACTION]),
        ([*UNTIL_WRITING, MIXED, PASS, MIXED, PASS, CONFLICT],
         [*FIRST_CALLS, *TRANSACTION * 2, "TransactWriteItems"]),
        ([THROTTLED], ["GetItem", *FIRST_CALLS]),
        ([PASS, THROTTLED], ["GetItem", "BatchGetItem", *FIRST_CALLS[1:]]),
        ([PASS, LOST_REPLY], ["GetItem", "BatchGetItem", *FIRST_CALLS[1:]]),
    ],
)  # fmt: skip
def test_faults_before_the_commit_count_once(
    faults: Faults, quality: Counters, plan: list[Fault], calls: list[str]
) -> None:
    """A conflict is tried again as it is; where a condition failed beside it, the markers are read anew."""
    faults.plan(*plan)
    assert quality.apply(FIRST) == FIRST
    assert faults.calls == calls
    assert amounts(faults) == {"applications": 2, "feedback": 1}


@pytest.mark.parametrize("plan", [[LOST_REPLY], [LOST_REPLY, LOST_REPLY], [LOST_REPLY, CONFLICT, MIXED]])
def test_lost_reply_of_a_transaction_counts_once(faults: Faults, quality: Counters, plan: list[Fault]) -> None:
    """The retry finds the markers changed, reads them, and has nothing left to count."""
    faults.plan(*UNTIL_WRITING, *plan)
    quality.apply(FIRST)
    assert amounts(faults) == {"applications": 2, "feedback": 1}
    faults.plan()
    assert quality.apply(FIRST) == []
    assert faults.calls == ["GetItem", "BatchGetItem"]


@pytest.mark.parametrize(
    "fault", [CONFLICT, THROTTLED, NO_CONNECTION, ErrorReply("InternalServerError", 500)], ids=repr
)
def test_lasting_faults_are_unavailable(faults: Faults, quality: Counters, fault: Fault) -> None:
    """Bounded attempts, nothing counted; counting again is right."""
    faults.plan(*UNTIL_WRITING, then=repeat(fault))
    with pytest.raises(Unavailable):
        quality.apply(FIRST)
    assert faults.calls == [*FIRST_CALLS, *["TransactWriteItems"] * 3]
    faults.plan()
    assert amounts(faults) == {}
    assert quality.apply(FIRST) == FIRST
    assert amounts(faults) == {"applications": 2, "feedback": 1}


def test_lasting_lost_replies_are_counted_once(faults: Faults, quality: Counters) -> None:
    """The transaction succeeded although its reply was lost; the redelivered records change nothing."""
    faults.plan(*UNTIL_WRITING, then=repeat(LOST_REPLY))
    with pytest.raises(Unavailable), deadlines.deadline(5):
        quality.apply(FIRST)
    faults.plan()
    assert quality.apply(FIRST) == []
    assert amounts(faults) == {"applications": 2, "feedback": 1}


@pytest.mark.parametrize("known", [[], [change(1, 1, applications=1)]], ids=["new", "known"])
def test_another_function_counts_between_reading_and_writing(
    faults: Faults, quality: Counters, monkeypatch: pytest.MonkeyPatch, known: list[Change]
) -> None:
    """The newer version is counted, the older one skipped; the rest of the transaction is still counted."""
    assert quality.apply(known) == known
    newer, older = change(1, 3, applications=1, reports=1), change(1, 2, applications=1, feedback=1)
    once = iter([True])  # the moment between reading and writing

    def overtaken(*given: Any) -> dict[ApplicationId, Marker]:
        found = read_markers(*given)
        if next(once, False):
            assert quality.apply([newer]) == [newer]
        return found

    monkeypatch.setattr(write, "read_markers", overtaken)
    other = change(2, 1, applications=1)
    assert quality.apply([older, other]) == [other]
    assert amounts(faults) == {"applications": 2, "reports": 1}


@pytest.mark.parametrize(("more", "left"), [(0, []), (1, [("Stage 3", 1)]), (2, [("Stage 3", 2)])])
def test_label_that_is_lost_and_found_at_the_same_time_has_the_right_number(
    faults: Faults, quality: Counters, monkeypatch: pytest.MonkeyPatch, more: int, left: list[tuple[str, int]]
) -> None:
    """The last application with it loses it while others get it; a label without applications has no item."""
    labelled = [replace(change(number, 1, applications=1), unmapped_labels=("Stage 3",)) for number in range(3)]
    assert quality.apply(labelled[:1])
    once = iter([True])  # the moment between reading the label's number and writing

    def overtaken(*given: Any) -> list[Any]:
        found = batch_get(*given)
        if next(once, False):
            quality.apply(labelled[1 : 1 + more])
        return found

    monkeypatch.setattr(write, "batch_get", overtaken)
    assert quality.apply([change(0, 2, applications=1)])
    reader = QualityReader(DynamoDB(boto.transport(faults.client)), "QualityTable", 1, now().date())
    assert reader.unmapped_labels("ats", 10) == left
    assert amounts(faults) == {"applications": 1 + more}
