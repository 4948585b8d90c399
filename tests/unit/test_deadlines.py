"""How often and how long a call is tried, and what is counted of it."""

import random
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from application_status.platform import deadlines
from application_status.platform.deadlines import Attempts, deadline, pause_before_retry
from application_status.platform.dynamodb.client import DynamoDB, NoReply, batch_get, batch_put, parse_reply
from application_status.platform.telemetry import logger
from support.faults import Clock


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(deadlines, "time", clock)
    return clock


@pytest.fixture(autouse=True)
def counts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    counts: list[str] = []
    monkeypatch.setattr(deadlines, "add_metric", counts.append)
    return counts


class _Longest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return max(a, b)


def beginnings(clock: Clock, attempts: Attempts) -> Iterator[float]:
    for _ in attempts:
        yield clock.now


def test_pauses_double(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses are at most 0.2, 0.4 and 0.8 seconds, between four attempts."""
    monkeypatch.setattr(deadlines, "RANDOM", _Longest())
    assert list(beginnings(clock, Attempts("GetItem", 2))) == pytest.approx([0, 0.2, 0.6, 1.4])


def test_pauses_are_random(clock: Clock) -> None:
    """Callers that failed together therefore don't retry together."""
    pauses = set()
    for _ in range(10):
        first, second, *_ = beginnings(clock, Attempts("GetItem", 2))
        assert 0 <= second - first <= 0.2
        pauses.add(second - first)
    assert len(pauses) > 1


@pytest.mark.parametrize(("seconds", "attempts"), [(1.9, 0), (2, 1), (2.1, 1), (2.2, 2), (3.3, 3), (3.5, 4)])
def test_no_attempt_begins_that_could_end_too_late(
    clock: Clock, counts: list[str], monkeypatch: pytest.MonkeyPatch, seconds: float, attempts: int
) -> None:
    """No pause begins before such an attempt; a retry is counted only when it is made."""
    monkeypatch.setattr(deadlines, "RANDOM", _Longest())
    with deadline(seconds):
        began = list(beginnings(clock, Attempts("GetItem", 2)))
    assert len(began) == attempts
    assert clock.now == (began[-1] if began else 0)
    assert counts == ["StoreRetries"] * max(0, attempts - 1)


@pytest.mark.parametrize(("outer", "inner"), [(3, 1), (1, 3)])
def test_earlier_of_two_deadlines_holds(clock: Clock, outer: float, inner: float) -> None:
    """An inner one can't prolong the outer one, which holds again after it."""
    with deadline(outer):
        with deadline(inner):
            assert list(beginnings(clock, Attempts("GetItem", 2))) == []
        assert bool(list(beginnings(clock, Attempts("GetItem", 2)))) is (outer > 2)


def test_failed_call_brings_the_end_near(clock: Clock) -> None:
    """All calls end so soon after it began, those around an inner deadline too; until then, there is more time."""
    with deadline(20, 5):
        clock.now = 10
        with deadline(9):
            attempts = iter(Attempts("PutItem", 2))
            next(attempts)
            clock.now += 1
            next(attempts)
            assert 11 <= clock.now <= 11.2
        clock.now = 12.9
        assert list(beginnings(clock, Attempts("GetItem", 2)))
        clock.now = 13.1
        assert list(beginnings(clock, Attempts("GetItem", 2))) == []


def test_throttled_part_of_a_batch_brings_the_end_near(clock: Clock) -> None:
    """It is a failure like any other."""
    with deadline(20, 5):
        pause_before_retry("BatchGetItem", "Unprocessed")
        clock.now = 3.1
        assert list(beginnings(clock, Attempts("BatchGetItem", 2))) == []


def test_retries_of_a_command_are_not_counted(clock: Clock, counts: list[str]) -> None:
    """It has no deadline, and its standard output is its result."""
    assert len(list(beginnings(clock, Attempts("Scan", 2)))) == 4
    pause_before_retry("BatchGetItem", "Unprocessed")
    assert counts == []


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
def test_what_is_left_unprocessed_is_logged_with_its_operation(monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    """So that an operator knows which call is throttled."""
    item = {"KeyId": {"S": "1"}}
    left = [{"TokensTable": {"Keys": [item]}}, {"TokensTable": [{"PutRequest": {"Item": item}}]}]
    replies: list[dict[str, Any]] = [
        {"Responses": {}, "UnprocessedKeys": left[0], "UnprocessedItems": left[1]},
        {"Responses": {}, "UnprocessedItems": {}},
    ]
    dynamodb, logged = DynamoDB(lambda *_: replies.pop(0)), list[Any]()
    monkeypatch.setattr(logger, "warning", lambda text, **fields: logged.append((text, fields)))
    with deadline(5):
        if operation == "BatchGetItem":
            batch_get(dynamodb, "TokensTable", [item])
        else:
            batch_put(dynamodb, "TokensTable", [item])
    assert logged == [("retry", {"operation": operation, "error": "Unprocessed"})]


def test_what_is_left_unprocessed_is_counted(clock: Clock, counts: list[str]) -> None:
    """It was throttled, and comes again after a pause."""
    with deadline(5):
        pause_before_retry("BatchGetItem", "Unprocessed")
    assert counts == ["StoreRetries"]
    assert 0 < clock.now <= 0.2


def test_what_is_left_unprocessed_is_read_and_written_again() -> None:
    """DynamoDB may process any part of a batch."""
    items = [{"KeyId": {"S": str(number)}} for number in range(3)]
    written: list[Any] = []

    def process_one(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        of_table = request["RequestItems"]["TokensTable"]
        first, *rest = of_table["Keys"] if operation == "BatchGetItem" else of_table
        if operation == "BatchGetItem":
            left = {"TokensTable": {"Keys": rest, "ConsistentRead": True}} if rest else {}
            return {"Responses": {"TokensTable": [first]}, "UnprocessedKeys": left}
        written.append(first["PutRequest"]["Item"])
        return {"UnprocessedItems": {"TokensTable": rest} if rest else {}}

    dynamodb = DynamoDB(process_one)
    assert batch_get(dynamodb, "TokensTable", items) == items
    batch_put(dynamodb, "TokensTable", items)
    assert written == items


def test_reply_with_another_checksum_is_none() -> None:
    """A byte of it was lost or changed on the way."""
    content = b'{"Item": {}}'
    assert parse_reply(200, content, str(zlib.crc32(content))) == parse_reply(200, content, None) == {"Item": {}}
    with pytest.raises(NoReply):
        parse_reply(200, content, str(zlib.crc32(content) + 1))
