"""What each case costs: the DynamoDB calls it makes."""

from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.applications.record import UnknownApplications
from support.signals import sent, signal, state
from support.world import SIGNALLED_APPLICATION, World, http_event

WRITE_UNIT_BYTES = 1024
EARLY, LATE = {"BusinessDate": "2022-07-29T00:00:00Z"}, {"BusinessDate": "2022-07-30T00:00:00Z"}


@pytest.mark.parametrize(
    ("before", "status", "fields", "result", "operations"),
    [
        ([], "INTERVIEW", {}, "recorded", ["UpdateItem"]),
        ([], "INTERVIEW", LATE, "recorded", ["UpdateItem"]),
        ([], "APPLIED", {}, "unchanged", ["UpdateItem"]),
        ([("OFFER", LATE)], "OFFER", LATE, "unchanged", ["UpdateItem"]),
        ([("OFFER", LATE)], "INTERVIEW", EARLY, "late", ["UpdateItem", "UpdateItem"]),
        ([], "OFFER", {"AtsiApplicationId": "51c3be16-0f93-41ed-9cc0-00000000dead"}, None, ["UpdateItem"]),
    ],
)
def test_calls_of_each_case(
    world: World,
    before: list[tuple[str, dict[str, Any]]],
    status: str,
    fields: dict[str, Any],
    result: str | None,
    operations: list[str],
) -> None:
    """Recorded 1, unchanged 1, late 2, unknown 1."""
    world.report("CONTACT", BusinessDate="2022-07-02T00:00:00Z")
    if status == "APPLIED":
        world.report("APPLIED")
    for earlier, earlier_fields in before:
        world.report(earlier, **earlier_fields)
    world.dynamodb.operations.clear()
    assert world.report(status, **fields).body.get("Result") == result
    assert world.dynamodb.operations == operations


def test_first_contact_takes_a_second_call() -> None:
    """The update finds nothing, the put creates it."""
    with mock_aws():
        world = World(boto3.client("dynamodb"), UnknownApplications.ACCEPT)
        world.report("INTERVIEW")
        world.dynamodb.operations.clear()
        world.report("INTERVIEW", AtsiApplicationId="51c3be16-0f93-41ed-9cc0-00000000beef")
        assert world.dynamodb.operations == ["UpdateItem", "PutItem"]


def test_token_is_looked_up_once_in_sixty_seconds(world: World) -> None:
    """A container remembers a live token for 60 s."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        for _ in range(3):
            world.report("INTERVIEW")
    assert world.dynamodb.operations.count("GetItem") == 1


def test_refused_before_the_store_is_asked(world: World) -> None:
    """A malformed token, or a wrong body with a known token, leads to no call."""
    world.webhook(http_event("POST", "/api/application-status", {}, token="x" * 257), None)
    assert world.dynamodb.operations == []
    world.report("INTERVIEW")
    world.dynamodb.operations.clear()
    world.report("nonsense")
    assert world.dynamodb.operations == []


def test_registration_is_one_call(world: World) -> None:
    """New or repeated."""
    body = {
        "AtsId": "demo-ats", "ClientId": "c", "JobId": "j", "JobseekerId": "s",
        "JobTitle": "t", "Company": "c", "AppliedAt": "2022-07-01T09:00:00Z",
    }  # fmt: skip
    for _ in range(2):
        world.dynamodb.operations.clear()
        world.registry(http_event("PUT", "/api/applications/51c3be16-0f93-41ed-9cc0-00000000beef", body), None)
        assert world.dynamodb.operations == ["PutItem"]


@pytest.mark.parametrize(("label", "amount"), [(None, 7), ("2nd interview, Berlin", 5)], ids=["alone", "labelled"])
def test_as_many_reports_are_one_write_unit(world: World, label: str | None, amount: int) -> None:
    """DynamoDB rounds an item's size up to units of 1 KB; docs/performance.md names these numbers."""
    for day in range(1, 10):
        world.report("INTERVIEW" if day % 2 else "OFFER", BusinessDate=f"2022-08-{day:02}T09:30:00Z", RawStatus=label)
        assert (_size(world.item()) <= WRITE_UNIT_BYTES) == (day <= amount)


def test_as_many_signals_are_one_write_unit(world: World) -> None:
    """Likewise, with labels of 21 characters, and with an alias of each kind in the item."""
    for day in range(1, 10):
        sent(world, signal(state(f"Interview, {day}. of nine", day)))
        assert (_size(world.item(SIGNALLED_APPLICATION)) <= WRITE_UNIT_BYTES) == (day <= 2)


def _size(item: dict[str, object]) -> int:
    """Bytes by DynamoDB's rules.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: object) -> int:
    assert isinstance(value, dict)
    ((kind, content),) = value.items()
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(inner) for name, inner in content.items())
    if kind == "L":
        return 3 + sum(1 + _value_size(inner) for inner in content)
    if kind == "N":
        return len(content) // 2 + 2
    return 1 if kind == "BOOL" else len(content.encode())
