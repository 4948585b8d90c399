"""Batches of log lines: they may come twice, in any order, half unreadable or too big; days are those of Berlin."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from application_status.health.counts import Health
from application_status.health.rules import HealthDay
from application_status.local.subscription_filter import as_event
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import AtsId, from_text
from support.log_lines import batch, line
from support.signals import counted
from support.world import ATS, World

CROWD = [AtsId(f"ats-{number:03}") for number in range(120)]
CONTROL = {"id": "", "timestamp": 1, "message": "CWL CONTROL MESSAGE: Checking health of destination Lambda."}


def days(world: World, ats_id: AtsId = ATS) -> list[HealthDay]:
    return Health(world.dynamodb, "QualityTable").read(ats_id, date(1, 1, 1), date(9999, 1, 1))


def amounts(world: World, ats_id: AtsId = ATS) -> dict[str, int]:
    """Return an ATS's requests by day, whatever became of them."""
    return {day.day.isoformat(): sum(day.counts.values()) for day in days(world, ats_id)}


def test_batch_that_comes_again_counts_once(world: World) -> None:
    """Its lines' ids make the difference, not what they say."""
    first, second = batch([line()] * 3), batch([line()] * 3)
    for each in (first, second, first, second, first):
        world.health(each, None)
    assert amounts(world) == {"2026-11-22": 6}


def test_batch_is_remembered_for_a_hundred_days(world: World) -> None:
    """Longer than the bucket of failed records keeps it, so that it can be sent again; counts have no end."""
    before = datetime.now(UTC).timestamp()
    world.health(batch([line()]), None)
    ends = {
        row["Scope"]["S"].partition("#")[0]: int(row["ExpiresAt"]["N"]) if "ExpiresAt" in row else None
        for row in world.client.scan(TableName="QualityTable")["Items"]
    }
    assert ends.keys() == {"health", "health-batch"}
    assert ends["health"] is None
    assert 0 <= (ends["health-batch"] or 0) - before - 100 * 86_400 + 1 < 60


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2, 1)])
def test_last_seen_is_the_latest_moment(world: World, order: tuple[int, ...]) -> None:
    """Batches in any order give the same result, and each is counted."""
    moments = [f"2026-11-22T09:00:00.{number:03}+00:00" for number in (7, 8, 9)]
    batches = [batch([line()], at=moment) for moment in moments]
    for number in order:
        world.health(batches[number], None)
    (day,) = days(world)
    assert day.last_seen == from_text(moments[2])
    assert day.counts == {("atsi", "recorded"): 3}


def test_last_seen_is_the_newest_of_a_batch(world: World) -> None:
    """Lines need not be in order."""
    lines = [{"id": str(at), "timestamp": at, "message": line()} for at in (5000, 9000, 7000)]
    world.health(as_event(lines), None)
    assert [day.last_seen.timestamp() for day in days(world)] == [9]


def test_control_message_is_ignored(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch Logs sends it to check the connection; even a readable line in it is not counted."""
    world.health(as_event([CONTROL, {"id": "1", "timestamp": 1, "message": line()}], "CONTROL_MESSAGE"), None)
    assert world.dynamodb.operations == []
    assert counted(capsys) == {}


def test_what_cant_be_read_is_skipped_and_counted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines around it count; what it says goes nowhere, neither to the table nor to the log."""
    world.health(batch([line(), line("Geheimnis Eins"), "Geheimnis", line()]), None)
    output = capsys.readouterr().out
    assert "Geheimnis" not in output + json.dumps(world.contents())
    entries = [json.loads(each) for each in output.splitlines()]
    assert [each["Unreadable"] for each in entries if "_aws" in each] == [[2]]
    assert amounts(world) == {"2026-11-22": 2}


def test_event_that_cant_be_read_is_counted(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The function doesn't raise, as Lambda would only retry the same event."""
    world.health({"Records": []}, None)
    assert world.dynamodb.operations == []
    assert counted(capsys) == {"Unreadable": 1}


@pytest.mark.parametrize(
    ("at", "day"), [("2026-03-29T21:59:59.999+00:00", "2026-03-29"), ("2026-10-24T22:00:00.000+00:00", "2026-10-25")]
)
def test_days_are_those_of_the_reporting_time_zone(world: World, at: str, day: str) -> None:
    """On the days of both changes of the clock."""
    world.health(batch([line()], at=at), None)
    assert amounts(world) == {day: 1}
    assert days(world)[0].last_seen == from_text(at)


def test_more_than_a_transaction_has_room_for(world: World) -> None:
    """120 ATSs go into two transactions, divided alike each time the batch comes; each request counts once."""
    crowd = batch(line(ats=ats_id) for ats_id in CROWD)
    for _ in range(2):
        world.dynamodb.operations.clear()
        world.health(crowd, None)
        assert world.dynamodb.operations.count("TransactWriteItems") == 2
    rows = world.client.scan(TableName="QualityTable")["Items"]
    found = {row["Scope"]["S"]: row["atsi:recorded"]["N"] for row in rows if "atsi:recorded" in row}
    assert found == {f"health#{ats_id}": "1" for ats_id in CROWD}


def test_days_are_read_from_the_first_to_the_last(world: World) -> None:
    """Page by page, both ends included, and only those of the ATS."""

    class ShortPages(DynamoDB):
        def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
            return super().__call__(operation, **request, Limit=2)

    for number in range(1, 10):
        world.health(batch([line(), line("late", ats="demo-ats-2")], at=f"2026-11-0{number}T09:00:00+00:00"), None)
    health = Health(ShortPages(transport(world.client)), "QualityTable")
    found = health.read(ATS, date(2026, 11, 3), date(2026, 11, 8))
    assert [day.day.day for day in found] == [3, 4, 5, 6, 7, 8]
    assert {day.ats_id for day in found} == {ATS}
    assert all(day.counts == {("atsi", "recorded"): 1} for day in found)
    assert health.read(ATS, date(2026, 12, 1), date(2026, 12, 31)) == []
