"""A store that fails, or loses its reply, in the middle of an erasure: erasing again completes it."""

from collections.abc import Iterator
from itertools import repeat

import pytest

from application_status.applications import items
from application_status.local.tables import TableServer
from application_status.platform import deadlines
from support.faults import LOST_REPLY, NO_CONNECTION, PASS, THROTTLED, Clock, ErrorReply, Fault, Faults, fresh_client
from support.world import SIGNALLED_APPLICATION, World

STEPS = ["PutItem", "DeleteItem", "DeleteItem", "DeleteItem", "PutItem"]
FAULTS = [THROTTLED, ErrorReply("InternalServerError", 500), NO_CONNECTION, LOST_REPLY]


@pytest.fixture
def world(server: TableServer) -> Iterator[World]:
    client = fresh_client(server)
    yield World(client)
    client.close()


@pytest.fixture
def faults(world: World, monkeypatch: pytest.MonkeyPatch) -> Faults:
    clock = Clock()
    monkeypatch.setattr(deadlines, "time", clock)
    return Faults(world.client, clock)


def remains(world: World) -> int:
    """Return how many items of the tables still name the application, its tombstone aside."""
    named = [item for table in world.contents() for item in table if SIGNALLED_APPLICATION in str(item)]
    return sum(not items.is_tombstone(item) for item in named)


def test_erasure_takes_its_steps(world: World, faults: Faults) -> None:
    """One look by writing, one delete an alias, and the tombstone last, as until then the item names the aliases."""
    assert remains(world) == 4
    faults.plan()
    assert world.erase(SIGNALLED_APPLICATION).status == 204
    assert faults.calls == STEPS
    assert remains(world) == 0


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
@pytest.mark.parametrize("step", range(len(STEPS)))
def test_one_fault_is_not_seen(world: World, faults: Faults, fault: Fault, step: int) -> None:
    """The next attempt goes on, also where the failed one was written."""
    faults.plan(*[PASS] * step, fault)
    assert world.erase(SIGNALLED_APPLICATION).status == 204
    assert len(faults.calls) == len(STEPS) + 1
    assert remains(world) == 0
    assert world.item(SIGNALLED_APPLICATION)["Version"] == {"N": "2"}


@pytest.mark.parametrize("fault", [THROTTLED, LOST_REPLY], ids=["before", "after"])
@pytest.mark.parametrize("step", range(len(STEPS)))
def test_erasing_again_completes_what_was_cut_off(world: World, faults: Faults, fault: Fault, step: int) -> None:
    """503 at any step, before or after its write; the item is kept as long as an alias is left."""
    faults.plan(*[PASS] * step, then=repeat(fault))
    reply = world.erase(SIGNALLED_APPLICATION)
    faults.plan()
    assert (reply.status, reply.body["type"]) == (503, "/problems/unavailable")
    done = step if fault is LOST_REPLY else step - 1
    assert remains(world) == (0 if done == 4 else 4 - max(done, 0))
    assert items.is_tombstone(world.item(SIGNALLED_APPLICATION)) == (done == 4)
    assert world.erase(SIGNALLED_APPLICATION).status == 204
    assert remains(world) == 0
    assert world.item(SIGNALLED_APPLICATION)["Version"] == {"N": "2"}
