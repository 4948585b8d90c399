"""Counters as reports read them: of an ATS over all its shards, of a client by its jobs."""

from collections import Counter
from typing import Any

import pytest

from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import ApplicationId
from application_status.quality.counters.read import QualityReader
from application_status.quality.counters.write import Change, Counters
from application_status.quality.rules.contribution import Cell
from support.counters import counters
from support.world import World

DAY = "2026-11-22"
TABLE = "QualityTable"


class OneByOne(DynamoDB):
    """The real door, with an item a page."""

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        return super().__call__(operation, **request | ({"Limit": 1} if operation == "Query" else {}))


@pytest.fixture
def reader(world: World) -> QualityReader:
    return QualityReader(OneByOne(transport(world.client)), TABLE, generation=1)


def change(number: int, version: int = 1, ats: str = "ats", client: str | None = "client", job: str = "job") -> Change:
    """Return a change of an application that counts on its first day, and on another for each version."""
    cells = {Cell(ats, DAY, "applications"): 1} | {Cell(ats, f"2026-12-{version:02}", "reports"): version}
    return Change(ApplicationId(f"application-{number}"), version, cells, client, job if client else None)


def count(world: World, *changes: Change, shards: int = 4) -> None:
    """Count one at a time, as a container of its own would."""
    for each in changes:
        assert Counters(world.dynamodb, TABLE, shards).apply([each]) == [each]


def test_sums_stay_right_when_shards_are_raised_and_lowered(world: World, reader: QualityReader) -> None:
    """What was spread over many is still read when new changes go to few, also by those that subtract."""
    for version, shards in enumerate((1, 8, 2), start=1):
        count(world, *(change(number, version) for number in range(12)), shards=shards)
        assert reader.of_ats("ats") == {(DAY, "applications"): 12, (f"2026-12-{version:02}", "reports"): 12 * version}
    rows = world.client.scan(TableName=TABLE)["Items"]
    spread = {row["Scope"]["S"] for row in rows if row["Scope"]["S"].startswith("counter#")}
    assert 2 < len(spread) <= 8


def test_atss_are_kept_apart(world: World, reader: QualityReader) -> None:
    """Also those whose names begin alike; one of which nothing was counted has nothing."""
    count(world, change(1, ats="ats"), change(2, ats="ats-2"), change(3, ats="ats-2"))
    assert reader.ats_ids() == ["ats", "ats-2"]
    assert [reader.of_ats(each).get((DAY, "applications")) for each in ("ats", "ats-2", "at")] == [1, 2, None]


def test_client_is_read_by_its_jobs(world: World, reader: QualityReader) -> None:
    """It sums up the client's applications of any ATS; unregistered applications belong to no client."""
    count(
        world,
        *(change(1, job="a"), change(2, job="a", ats="other"), change(3, job="b", version=3)),
        *(change(4, client="client-2"), change(5, client=None)),
    )
    assert reader.of_client("client") == {
        "a": {(DAY, "applications"): 2, ("2026-12-01", "reports"): 2},
        "b": {(DAY, "applications"): 1, ("2026-12-03", "reports"): 3},
    }
    assert reader.of_client("client-2").keys() == {"job"}
    assert reader.of_client("nobody") == {}


def test_client_and_job_follow_the_registration(world: World, reader: QualityReader) -> None:
    """An application has no client before it is registered, nor after it is removed."""
    count(world, change(1, client=None))
    assert reader.of_client("client") == {}
    count(world, change(1, version=2))
    assert reader.of_client("client").keys() == {"job"}
    count(world, Change(ApplicationId("application-1"), 3, {}))
    assert (reader.of_client("client"), reader.of_ats("ats")) == ({}, {})


def test_change_counts_in_both_generations_while_one_is_built(world: World, reader: QualityReader) -> None:
    """Each has its own counters, markers, ATSs and clients; readers see the live one only."""
    count(world, change(1))
    generations = {"Live": {"N": "1"}, "Building": {"N": "2"}}
    world.client.put_item(TableName=TABLE, Item={"Scope": {"S": "generation"}, "Part": {"S": "current"}, **generations})
    count(world, change(2, ats="other"))
    assert counters(world.client) == Counter(change(1).contribution) + Counter(change(2, ats="other").contribution)
    assert counters(world.client, generation=2) == change(2, ats="other").contribution
    building = QualityReader(world.dynamodb, TABLE, generation=2)
    assert (reader.ats_ids(), building.ats_ids()) == (["ats", "other"], ["other"])
    assert reader.of_client("client")["job"][DAY, "applications"] == 2
    assert building.of_client("client")["job"][DAY, "applications"] == 1
