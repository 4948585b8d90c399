"""Faults while changes are counted: each change counts once all the same."""

from collections.abc import Iterator
from itertools import repeat

import pytest

from application_status.errors import Unavailable
from application_status.local.tables import TableServer
from application_status.model.identifiers import ApplicationId
from application_status.model.quality import Cell
from application_status.store import boto, dynamodb
from application_status.store.dynamodb import DynamoDB
from application_status.store.quality import Change, Quality
from faults import (
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
from support import TEMPLATE

THROTTLED_INSIDE = ErrorReply("TransactionCanceledException", reasons=("ThrottlingError", "None"))
TRANSACTION = ["BatchGetItem", "TransactWriteItems"]


@pytest.fixture
def faults(server: TableServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    client = fresh_client(server)
    for table in TEMPLATE.tables():
        client.create_table(**table)
    clock = Clock()
    monkeypatch.setattr(dynamodb, "time", clock)
    yield Faults(client, clock)
    client.close()


@pytest.fixture
def quality(faults: Faults) -> Quality:
    return Quality(DynamoDB(boto.transport(faults.client)), "QualityTable")


def change(number: int, version: int, **measures: int) -> Change:
    cells = {Cell("ats", "client", "2026-11-22", measure): amount for measure, amount in measures.items()}
    return Change(ApplicationId(f"application-{number}"), version, cells)


def counters(faults: Faults) -> dict[str, int]:
    item = faults.client.get_item(
        TableName="QualityTable", Key={"Scope": {"S": "counter#ats#client"}, "Part": {"S": "2026-11-22"}}
    ).get("Item", {})
    return {name: int(value["N"]) for name, value in item.items() if "N" in value}


FIRST = [change(1, 1, applications=1, interviews=1), change(2, 1, applications=1)]


@pytest.mark.parametrize(
    ("plan", "calls"),
    [
        ([PASS, CONFLICT], [*TRANSACTION, "TransactWriteItems"]),
        ([PASS, CONFLICT, CONFLICT, CONFLICT], [*TRANSACTION, *["TransactWriteItems"] * 3]),
        ([PASS, THROTTLED_INSIDE], [*TRANSACTION, "TransactWriteItems"]),
        ([PASS, ErrorReply("TransactionInProgressException")], [*TRANSACTION, "TransactWriteItems"]),
        ([PASS, THROTTLED], [*TRANSACTION, "TransactWriteItems"]),
        ([PASS, NO_CONNECTION], [*TRANSACTION, "TransactWriteItems"]),
        ([PASS, MIXED], TRANSACTION * 2),
        ([PASS, MIXED, PASS, MIXED, PASS, CONFLICT], [*TRANSACTION * 3, "TransactWriteItems"]),
        ([THROTTLED], ["BatchGetItem", *TRANSACTION]),
        ([LOST_REPLY], ["BatchGetItem", *TRANSACTION]),
    ],
)  # fmt: skip
def test_faults_before_the_commit_count_once(
    faults: Faults, quality: Quality, plan: list[Fault], calls: list[str]
) -> None:
    """A conflict is tried again as it is; where a condition failed beside it, the markers are read anew."""
    faults.plan(*plan)
    assert quality.count(FIRST) == FIRST
    assert faults.calls == calls
    assert counters(faults) == {"applications": 2, "interviews": 1}


@pytest.mark.parametrize(
    "plan", [[PASS, LOST_REPLY], [PASS, LOST_REPLY, LOST_REPLY], [PASS, LOST_REPLY, CONFLICT, MIXED]]
)
def test_lost_reply_of_a_transaction_counts_once(faults: Faults, quality: Quality, plan: list[Fault]) -> None:
    """The retry finds the markers changed, reads them, and has nothing left to count."""
    faults.plan(*plan)
    quality.count(FIRST)
    assert counters(faults) == {"applications": 2, "interviews": 1}
    faults.plan()
    assert quality.count(FIRST) == []
    assert faults.calls == ["BatchGetItem"]


@pytest.mark.parametrize(
    "fault", [CONFLICT, THROTTLED, NO_CONNECTION, ErrorReply("InternalServerError", 500)], ids=repr
)
def test_lasting_faults_are_unavailable(faults: Faults, quality: Quality, fault: Fault) -> None:
    """Bounded attempts, nothing counted; counting again is right."""
    faults.plan(PASS, then=repeat(fault))
    with pytest.raises(Unavailable):
        quality.count(FIRST)
    assert faults.calls == ["BatchGetItem", *["TransactWriteItems"] * 4]
    faults.plan()
    assert counters(faults) == {}
    assert quality.count(FIRST) == FIRST
    assert counters(faults) == {"applications": 2, "interviews": 1}


def test_lasting_lost_replies_are_counted_once(faults: Faults, quality: Quality) -> None:
    """The transaction went through although nobody heard of it; the redelivered records change nothing."""
    faults.plan(PASS, then=repeat(LOST_REPLY))
    with pytest.raises(Unavailable), dynamodb.deadline(5):
        quality.count(FIRST)
    faults.plan()
    assert quality.count(FIRST) == []
    assert counters(faults) == {"applications": 2, "interviews": 1}


@pytest.mark.parametrize("known", [[], [change(1, 1, applications=1)]], ids=["new", "known"])
def test_somebody_else_counts_between_reading_and_writing(
    faults: Faults, quality: Quality, monkeypatch: pytest.MonkeyPatch, known: list[Change]
) -> None:
    """A newer version wins, the older is overtaken, and what else was in the transaction counts all the same."""
    assert quality.count(known) == known
    newer, older = change(1, 3, applications=1, hires=1), change(1, 2, applications=1, interviews=1)
    markers, once = Quality._markers, iter([True])  # noqa: SLF001  # the moment between reading and writing

    def overtaken(self: Quality, ids: Iterator[ApplicationId]) -> object:
        found = markers(self, ids)
        if next(once, False):
            assert quality.count([newer]) == [newer]
        return found

    monkeypatch.setattr(Quality, "_markers", overtaken)
    other = change(2, 1, applications=1)
    assert quality.count([older, other]) == [other]
    assert counters(faults) == {"applications": 2, "hires": 1}
