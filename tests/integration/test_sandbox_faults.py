"""Faults while a sandbox application is created or updated: it is stored completely or not at all."""

from collections import Counter
from collections.abc import Iterator
from itertools import repeat

import pytest

from application_status.local.tables import TableServer
from application_status.platform import deadlines
from support.faults import (
    CONFLICT,
    LOST_REPLY,
    NO_CONNECTION,
    PASS,
    THROTTLED,
    Clock,
    ErrorReply,
    Fault,
    Faults,
    fresh_client,
)
from support.sandbox import create, created, read_back, rows
from support.signals import position_signal, sent
from support.world import TEST_TOKEN, World

FAULTS: list[Fault] = [THROTTLED, CONFLICT, NO_CONNECTION, ErrorReply("InternalServerError", 500), LOST_REPLY]
KEPT = ("UpdateItem", "PutItem")
"""The calls that keep a request with its test token."""


@pytest.fixture
def world(server: TableServer) -> Iterator[World]:
    client = fresh_client(server)
    yield World(client)
    client.close()


@pytest.fixture
def faults(world: World, monkeypatch: pytest.MonkeyPatch) -> Faults:
    """No faults yet; the token is known already, so that a plan is about the sandbox's tables."""
    clock = Clock()
    monkeypatch.setattr(deadlines, "time", clock)
    assert create(world, "[").status == 400
    return Faults(world.client, clock)


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
@pytest.mark.parametrize("call", [1, 2], ids=["count", "application"])
def test_one_fault_is_not_seen(world: World, faults: Faults, fault: Fault, call: int) -> None:
    """201 for one application with its three aliases; after a lost reply the retry meets its own write.

    Two more writes keep the request with its token.
    """
    faults.plan(*[PASS] * (call - 1), fault)
    made = created(world)
    expected = {"UpdateItem": 2 + (call == 1), "TransactWriteItems": 1 + (call == 2), "PutItem": 1}
    assert Counter(faults.calls) == expected
    faults.plan()
    assert read_back(world, made["AtsiApplicationId"]).status == 200
    assert {each["AtsiApplicationId"]["S"] for each in rows(world)} == {made["AtsiApplicationId"]}
    assert len(rows(world)) == 4


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_lasting_faults_are_a_503(world: World, faults: Faults, fault: Fault) -> None:
    """Nothing is there, or all; sending again makes another."""
    faults.plan(PASS, then=repeat(fault))
    reply = create(world)
    assert (reply.status, reply.body["type"]) == (503, "/problems/unavailable")
    faults.plan()
    left = rows(world)
    assert len(left) == (4 if fault is LOST_REPLY else 0)
    assert len({each["AtsiApplicationId"]["S"] for each in left}) <= 1
    assert all("ExpiresAt" in each for each in left)
    created(world)
    assert len(rows(world)) == len(left) + 4


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_what_can_not_be_counted_is_not_made(world: World, faults: Faults, fault: Fault) -> None:
    """503, as for any other call that fails."""
    faults.plan(then=repeat(fault))
    reply = create(world)
    assert (reply.status, reply.body["type"]) == (503, "/problems/unavailable")
    faults.plan()
    assert rows(world) == []


def test_lost_reply_of_a_position_s_end(world: World, faults: Faults) -> None:
    """The application gets the end once."""
    made = created(world)
    ended = position_signal(success=False, positionProfileIds=made["Aliases"]["PositionProfileIds"])
    sent(
        world, position_signal(success=False, positionProfileIds=["unknown"]), token=TEST_TOKEN
    )  # the token is known now
    faults.plan(None, LOST_REPLY)
    sent(world, ended, token=TEST_TOKEN)
    assert faults.calls == ["Query", "UpdateItem", "UpdateItem", *KEPT]
    faults.plan()
    assert read_back(world, made["AtsiApplicationId"]).body["Version"] == 2
