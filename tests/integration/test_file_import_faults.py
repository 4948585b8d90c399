"""Faults at every step of an import: the end is the same as without them."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest
import time_machine

from application_status.applications.record import UnknownApplications
from application_status.applications.register import Registrations
from application_status.intake.files.file import Counts, File, State
from application_status.platform.values import application_id
from support.dynamodb_in_memory import Memory
from support.files import LOST_REPLY, NO_CONNECTION, Killed, Station, Steps, csv, small_chunks
from support.world import ATS, OTHER_ATS, RecordingDynamoDB, World, registration

START = "2026-11-22T09:00:00Z"
GROUPS = 3
BLOCK_ROWS = 3
WIDTH = 200


def group(number: int) -> list[str]:
    """Return rows of applications that no other group has, with each result; all groups have the same length."""
    known, told, foreign, unknown, new = (application_id(f"{number:08}-0000-4000-8000-{n:012}") for n in range(5))
    rows = [
        f"{known},Interview,INTERVIEW,2026-11-20T10:00:00Z",
        f"{known},Interview,INTERVIEW,2026-11-20T10:00:00Z",
        f"{known},Called,CONTACT,2026-11-19T10:00:00Z",
        f"{foreign},Offer,OFFER,",
        f"{told},Screen,PRE_INTERVIEW,2026-11-10",
        f"{told},Hired,HIRED,",
        f"{told},hired,HIRED,",
        f"{unknown},Offer,OFFER,yesterday",
        f"{told},Frobnicated,,",
        f"{new},Offer,OFFER,2026-11-18",
    ]
    return [f"{row},{'x' * (WIDTH - len(row) - 2)}" for row in rows]


CONTENT = csv(
    *(row for number in range(GROUPS) for row in group(number)),
    header="atsiApplicationId,rawStatus,status,businessDate,filler",
)


class End(NamedTuple):
    """What is left of an import."""

    file: Any
    listing: Any
    applications: Any


def prepared(steps: Steps, unknown: UnknownApplications) -> tuple[Station, File]:
    """Return an import whose file is uploaded, with a report of each told application after the rows' dates."""
    world = World(steps.of(Memory()), unknown)
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    for number in range(GROUPS):
        for place, ats in enumerate((ATS, ATS, OTHER_ATS)):
            of = application_id(f"{number:08}-0000-4000-8000-{place:012}")
            registrations.register(of, registration(ats_id=ats))
        world.report("OFFER", AtsiApplicationId=f"{number:08}-0000-4000-8000-{1:012}", BusinessDate=START)
    station = Station(world, steps, rows_per_second=20, slice_seconds=1.5, block_rows=BLOCK_ROWS)
    file = station.create()
    station.upload(file, CONTENT)
    return station, file


def imported(steps: Steps, unknown: UnknownApplications) -> tuple[End, Station]:
    """Import the file."""
    with time_machine.travel(START, tick=False):
        station, file = prepared(steps, unknown)
        steps.runs = True
        station.deliver_all()
        steps.runs = False
        return end_of(station, station.read(file.id)), station


def end_of(station: Station, file: File) -> End:
    found = station.world.client.scan(TableName="ApplicationsTable")["Items"]
    return End(
        (file.state, file.counts, file.rows, file.refused_rows_listed, file.reason),
        station.s3.objects.get(file.refused_rows_key),
        sorted(found, key=lambda item: str(item["AtsiApplicationId"])),
    )


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each group of rows is a chunk; retries do not wait."""
    for name, size in small_chunks(10 * WIDTH):
        monkeypatch.setattr(name, size)
    monkeypatch.setattr("application_status.intake.files.imports.LANES", 2)
    monkeypatch.setattr("application_status.platform.deadlines._FIRST_PAUSE_SECONDS", 0.0)


UNDISTURBED = {
    UnknownApplications.REJECT: Counts(recorded=9, unchanged=6, late=3, unmapped=3, refused=9),
    UnknownApplications.ACCEPT: Counts(recorded=12, unchanged=6, late=3, unmapped=3, refused=6),
}


@pytest.mark.parametrize("unknown", UnknownApplications)
def test_undisturbed_import(unknown: UnknownApplications) -> None:
    """What the faults below must not change."""
    end, station = imported(Steps(), unknown)
    assert end.file == (State.COMPLETED, UNDISTURBED[unknown], 30, UNDISTURBED[unknown].refused, None)
    assert not station.dead_letters


FAULTS: dict[str, tuple[Callable[[], Steps], UnknownApplications]] = {
    "killed before": (lambda: Steps(fault=Killed()), UnknownApplications.REJECT),
    "killed after": (lambda: Steps(fault=Killed(), is_after=True), UnknownApplications.ACCEPT),
    "reply lost": (lambda: Steps(fault=LOST_REPLY, is_after=True), UnknownApplications.ACCEPT),
    "outage": (lambda: Steps(fault=NO_CONNECTION, lasts=True), UnknownApplications.REJECT),
    "outage with a lost reply": (
        lambda: Steps(fault=LOST_REPLY, is_after=True, lasts=True), UnknownApplications.REJECT,
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_at_every_step_changes_nothing(fault: str) -> None:
    """A call to DynamoDB, S3 or SQS fails before or after its effect, and the message is delivered again.

    The applications, the counts and the listing of refused rows are as without the fault, whichever call it was.
    """
    make, unknown = FAULTS[fault]
    of_undisturbed = Steps()
    expected, _ = imported(of_undisturbed, unknown)
    assert of_undisturbed.calls > 80
    for step in range(1, of_undisturbed.calls + 1):
        steps = make()
        steps.at = step
        end, station = imported(steps, unknown)
        assert not station.dead_letters, step
        assert end == expected, step


@pytest.mark.parametrize("calls", range(24, 48))
def test_worker_that_is_killed_again_and_again_comes_to_the_same_end(calls: int) -> None:
    """Each call that is a multiple of a number is its last; the number is larger than the calls for a block."""
    expected, _ = imported(Steps(), UnknownApplications.REJECT)
    end, station = imported(Steps(every=calls, fault=Killed(), is_after=calls % 2 == 0), UnknownApplications.REJECT)
    assert not station.dead_letters
    assert end == expected


@pytest.mark.parametrize("message", [0, 1, 2], ids=["upload", "first lane", "second lane"])
def test_two_deliveries_of_a_message_at_once_change_nothing(message: int) -> None:
    """Another worker gets the same message, before any call of the first worker."""
    expected, _ = imported(Steps(), UnknownApplications.REJECT)
    of_message, step = Steps(), 0
    while step <= of_message.calls:  # those of the first round, in which the other worker does nothing
        with time_machine.travel(START, tick=False):
            steps = Steps(at=step)
            station, file = prepared(steps, UnknownApplications.REJECT)
            for _ in range(message):
                station.deliver_next()
            body, _ = station.sqs.sent.popleft()
            store = Steps(lock=steps.lock).of(station.world.client.client)
            steps.action = partial(station.another(RecordingDynamoDB(store)).deliver, body)
            steps.runs = True
            station.deliver(body)
            steps.runs = False
            station.deliver_all()
            assert end_of(station, station.read(file.id)) == expected, step
        of_message, step = of_message if step else steps, step + 1
    assert of_message.calls >= 7


@pytest.mark.parametrize("call", [36, 41, 50, 56])
def test_a_lost_reply_after_an_outage_changes_no_count(call: int) -> None:
    """A worker stops within a block, and the next one loses the reply with which it takes over the lane."""
    lost: list[str] = []

    def taking_over(dynamodb: RecordingDynamoDB, operation: str, **request: Any) -> dict[str, Any]:
        is_taking_over = ":Attempt" in request.get("ExpressionAttributeValues", {})
        if steps.calls > call and is_taking_over and not lost:
            lost.append(operation)
            original(dynamodb, operation, **request)
        return original(dynamodb, operation, **request)

    steps, original = Steps(at=call, fault=Killed()), RecordingDynamoDB.__call__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RecordingDynamoDB, "__call__", taking_over)
        end, _ = imported(steps, UnknownApplications.REJECT)
    assert end.file == (State.COMPLETED, UNDISTURBED[UnknownApplications.REJECT], 30, 9, None)
