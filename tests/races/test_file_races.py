"""What must hold when several workers import the same file at once."""

from functools import partial
from typing import Any

import pytest

from application_status.applications.register import Registrations
from application_status.intake.files.file import Counts, State
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import application_id
from support.concurrency import all_at_once
from support.files import Station, csv, small_chunks
from support.world import World, registration

APPLICATIONS = [application_id(f"{number:032}") for number in range(40)]
WORKERS_OF_A_MESSAGE = 3
WIDTH = 100


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four applications with four rows each are a chunk."""
    for name, size in small_chunks(16 * WIDTH):
        monkeypatch.setattr(name, size)


def prepared(world: World, clients: list[DynamoDB], **pace: Any) -> list[Station]:
    """Return workers, after the registration of most applications."""
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    for each in APPLICATIONS[::2]:
        registrations.register(each, registration())
    station = Station(world, **pace)
    return [station.another(client) for client in clients[: 4 * WORKERS_OF_A_MESSAGE]]


def test_each_message_delivered_to_several_workers_at_once(world: World, clients: list[DynamoDB]) -> None:
    """Each row is recorded and counted once; repeated rows of a block and refused ones, too."""
    workers = prepared(world, clients, block_rows=8, slice_seconds=0.001)
    station = workers[0]
    rows = [
        f"{each},{label},{status},{day},".ljust(WIDTH - 1, "x")
        for each in APPLICATIONS
        for label, status, day in (
            ("Offer", "OFFER", "2026-11-20"),
            ("Interview", "INTERVIEW", "2026-11-19"),
            ("Offer", "OFFER", "2026-11-20"),
            ("Who knows", "", "2026-11-21"),
        )
    ]
    file = station.create()
    station.upload(file, csv(*rows, header="atsiApplicationId,rawStatus,status,businessDate,filler"))
    while station.sqs.sent:
        bodies = sorted({body for body, _ in station.sqs.sent})
        station.sqs.sent.clear()
        assert len(bodies) <= 4
        pairs = [(worker, body) for body in bodies for worker in workers[:WORKERS_OF_A_MESSAGE]]
        all_at_once(
            *(
                partial(worker.another(client).deliver, body)
                for client, (worker, body) in zip(clients, pairs, strict=False)
            )
        )
    done = station.read(file.id)
    assert (done.state, done.rows) == (State.COMPLETED, 160)
    assert done.counts == Counts(recorded=40, unchanged=20, unmapped=20, refused=80)
    assert [line.partition(",")[0] for line in station.refused(done)] == [
        str(2 + 4 * place + n) for place in range(len(APPLICATIONS)) if place % 2 for n in range(4)
    ]
    for each in APPLICATIONS[::2]:
        stored = world.stored(each)
        assert (stored.version, stored.status, len(stored.transitions)) == (4, "OFFER", 3)


def test_files_of_one_ats_are_read_one_after_the_other(world: World, clients: list[DynamoDB]) -> None:
    """However many are uploaded at once; the same bytes are imported once."""
    workers = prepared(world, clients)
    station = workers[0]
    files = [worker.create() for worker in workers]
    contents = [csv(f"{APPLICATIONS[0]},Offer,OFFER,2026-11-{1 + number % 3:02}") for number in range(len(files))]
    for worker, file, content in zip(workers, files, contents, strict=True):
        worker.upload(file, content)
    queue = station.sqs.sent
    while queue:
        bodies = [queue.popleft()[0] for _ in range(min(len(queue), len(workers)))]
        all_at_once(*(partial(worker.deliver, body) for worker, body in zip(workers, bodies, strict=False)))
        assert [station.read(each.id).state for each in files].count(State.IMPORTING) <= 1
    states = sorted(station.read(each.id).state for each in files)
    assert states == [State.COMPLETED] * 3 + [State.DUPLICATE] * (len(files) - 3)
    assert len(world.stored(APPLICATIONS[0]).transitions) == 3
