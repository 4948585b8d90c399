"""Faults while log lines are counted: Lambda retries the batch, and each line still counts once."""

from collections.abc import Iterator
from itertools import repeat

import pytest

from application_status.functions.health import HealthSettings, make_handler
from application_status.health.stream import LogHandler
from application_status.local.tables import TableServer
from application_status.platform import deadlines
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import Unavailable
from application_status.platform.values import AtsId
from support.faults import CONFLICT, LOST_REPLY, NO_CONNECTION, PASS, THROTTLED, Clock, Fault, Faults, fresh_client
from support.log_lines import batch, line
from support.world import ATS, BERLIN, TEMPLATE

CROWD = [AtsId(f"ats-{number:03}") for number in range(100)]


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
def health(faults: Faults) -> LogHandler:
    return make_handler(DynamoDB(transport(faults.client)), HealthSettings("QualityTable", BERLIN))


def amounts(faults: Faults) -> dict[str, int]:
    """Return what was counted, by ATS."""
    faults.plan()
    rows = faults.client.scan(TableName="QualityTable")["Items"]
    prefix = "health#"
    return {
        row["Scope"]["S"].removeprefix(prefix): int(row["atsi:recorded"]["N"])
        for row in rows
        if row["Scope"]["S"].startswith(prefix) and "atsi:recorded" in row
    }


@pytest.mark.parametrize(
    "plan",
    [
        [PASS, CONFLICT, CONFLICT],
        [PASS, THROTTLED],
        [NO_CONNECTION],
        [PASS, LOST_REPLY],
        [LOST_REPLY, PASS, LOST_REPLY],
    ],
)
def test_passing_faults_count_once(faults: Faults, health: LogHandler, plan: list[Fault]) -> None:
    """A lost reply of the transaction too: its repetition finds the batch's own row."""
    faults.plan(*plan)
    health(batch([line(), line()]), None)
    assert amounts(faults) == {ATS: 2}


@pytest.mark.parametrize("before", [[], [PASS]], ids=["last-seen", "counts"])
@pytest.mark.parametrize("fault", [THROTTLED, NO_CONNECTION, LOST_REPLY], ids=repr)
def test_lasting_faults_raise(faults: Faults, health: LogHandler, before: list[Fault], fault: Fault) -> None:
    """Lambda invokes the function again with the same lines, which then count once."""
    lines = batch([line(), line()])
    faults.plan(*before, then=repeat(fault))
    with pytest.raises(Unavailable):
        health(lines, None)
    faults.plan()
    health(lines, None)
    assert amounts(faults) == {ATS: 2}


def test_batch_that_was_half_added_is_completed(faults: Faults, health: LogHandler) -> None:
    """The first of two transactions went through; with the second, nothing of the first counts again."""
    lines = batch([line(ats=ats_id) for ats_id in CROWD])
    faults.plan(*[PASS] * (2 * len(CROWD) + 1), then=repeat(THROTTLED))
    with pytest.raises(Unavailable):
        health(lines, None)
    assert amounts(faults) == dict.fromkeys(CROWD[:99], 1)
    health(lines, None)
    assert amounts(faults) == dict.fromkeys(CROWD, 1)


def test_time_for_a_batch_is_bounded(faults: Faults, health: LogHandler) -> None:
    """It ends before Lambda would cut it off after 60 s, however slowly the store answers."""
    faults.plan(*[LOST_REPLY, PASS] * len(CROWD))
    with pytest.raises(Unavailable):
        health(batch(line(ats=ats_id) for ats_id in CROWD), None)
    assert 40 < faults.clock.now < 60
