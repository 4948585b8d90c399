"""A store that throttles, fails, or commits and then loses the reply: what callers see and what is stored."""

import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from itertools import repeat
from typing import Any

import pytest

from application_status.applications.record import UnknownApplications
from application_status.local.tables import TableServer
from application_status.platform import deadlines
from application_status.platform.telemetry import logger
from support.faults import (
    LOST_REPLY,
    NO_CONNECTION,
    PASS,
    THROTTLED,
    Clock,
    ErrorReply,
    Fault,
    Faults,
    HtmlReply,
    fresh_client,
)
from support.signals import counted, position_signal, sent, signal
from support.world import ATS, World, answer, http_event

EARLY, LATE = "2022-07-29T00:00:00Z", "2022-07-30T00:00:00Z"
NEW = "51c3be16-0f93-41ed-9cc0-00000000beef"
REGISTRATION = {
    "AtsId": ATS, "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1", "JobTitle": "Koch",
    "Company": "Example GmbH", "AppliedAt": "2022-07-01T09:00:00Z",
}  # fmt: skip
BEFORE_THE_COMMIT: list[Fault] = [
    THROTTLED,
    ErrorReply("ProvisionedThroughputExceededException"),
    ErrorReply("RequestLimitExceeded"),
    ErrorReply("TransactionConflictException"),
    ErrorReply("InternalServerError", 500),
    ErrorReply("ServiceUnavailable", 503),
    HtmlReply("", 502),
    NO_CONNECTION,
]


@pytest.fixture(params=["boto3", "deployed transport"])
def endpoint(server: TableServer, request: pytest.FixtureRequest) -> str | None:
    """The server's address, which the webhook then calls over its own transport."""
    return None if request.param == "boto3" else server.url


@pytest.fixture(params=[UnknownApplications.REJECT], ids=[""])
def world(server: TableServer, endpoint: str | None, request: pytest.FixtureRequest) -> Iterator[World]:
    world = World(fresh_client(server), request.param, endpoint=endpoint)
    yield world
    world.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(deadlines, "time", clock)
    return clock


@pytest.fixture
def faults(world: World, clock: Clock) -> Faults:
    """No faults yet; the token is known already, so that a plan is about the table of applications."""
    assert world.report("nonsense").status == 422
    return Faults(world.client, clock, world.wire)


accepting = pytest.mark.parametrize("world", [UnknownApplications.ACCEPT], indirect=True)


@pytest.mark.parametrize("fault", BEFORE_THE_COMMIT, ids=repr)
def test_one_fault_is_not_seen(world: World, faults: Faults, fault: Fault) -> None:
    """The next attempt records the report."""
    world.report("CONTACT")
    faults.plan(fault)
    reply = world.report("INTERVIEW")
    assert (reply.status, reply.body["Result"], reply.body["Version"]) == (200, "recorded", 3)
    assert faults.calls == ["UpdateItem"] * 2


@pytest.mark.parametrize("fault", [*BEFORE_THE_COMMIT, LOST_REPLY], ids=repr)
def test_lasting_faults_are_a_503(world: World, faults: Faults, clock: Clock, fault: Fault) -> None:
    """Four attempts, or two where each takes 1.5 s of the request's 5 s; Retry-After; a resend records it once."""
    world.report("CONTACT")
    faults.plan(then=repeat(fault))
    began = clock.now
    reply = world.report("INTERVIEW", headers={"Idempotency-Key": "1"})
    assert (reply.status, reply.body["type"]) == (503, "/problems/unavailable")
    assert int(reply.headers["Retry-After"]) > 0
    assert faults.calls == ["UpdateItem"] * (2 if fault is LOST_REPLY else 4)
    assert clock.now - began <= 5
    faults.plan()
    again = world.report("INTERVIEW", headers={"Idempotency-Key": "1"})
    assert again.body["Result"] == ("unchanged" if fault is LOST_REPLY else "recorded")
    assert [transition.status for transition in world.stored().in_order()] == ["CONTACT", "INTERVIEW"]


def test_retries_are_counted_and_logged(
    world: World, faults: Faults, log: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """Throttling shows before it becomes a 503; the log has each retry's operation and error."""
    counted(capsys)
    faults.plan(THROTTLED, LOST_REPLY)
    assert world.report("INTERVIEW").status == 200
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    retries = [(line["operation"], line["error"]) for line in lines if line["message"] == "retry"]
    assert retries == [("UpdateItem", "ThrottlingException"), ("UpdateItem", "NoReply")]
    assert counted(capsys)["StoreRetries"] == 2
    assert world.report("OFFER").status == 200
    assert "StoreRetries" not in counted(capsys)


def test_slow_faults_use_up_the_deadline_not_the_attempts(world: World, faults: Faults, clock: Clock) -> None:
    """No attempt begins that could end after 5 s, over all calls of a request."""
    world.report("OFFER", BusinessDate=LATE)
    faults.plan(LOST_REPLY, PASS, then=repeat(LOST_REPLY))
    began = clock.now
    assert world.report("INTERVIEW", BusinessDate=EARLY).status == 503
    assert faults.calls == ["UpdateItem"] * 3
    assert clock.now - began <= 5


@pytest.mark.parametrize("before", [[], ["CONTACT"], ["OFFER", "CONTACT"]], ids=len)
@pytest.mark.parametrize("more", [{}, {"BusinessDate": LATE}, {"RawStatus": "phone"}], ids=str)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "1"}], ids=["", "key"])
def test_lost_reply_of_a_recorded_report(
    world: World, faults: Faults, before: list[str], more: dict[str, str], headers: dict[str, str]
) -> None:
    """The retry meets its own write and answers what the lost reply said."""
    for day, status in enumerate(before, start=1):
        world.report(status, BusinessDate=f"2022-07-0{day}T00:00:00Z")
    faults.plan(LOST_REPLY)
    reply = world.report("INTERVIEW", headers=headers, **more)
    assert faults.calls == ["UpdateItem"] * 2
    previous, version = (before or ["APPLIED"])[-1], len(before) + 2
    assert (reply.status, reply.body["Result"], reply.body["Status"]) == (200, "recorded", "INTERVIEW")
    assert (reply.body["PreviousStatus"], reply.body["Version"]) == (previous, version)
    assert [transition.status for transition in world.stored().in_order()] == [*before, "INTERVIEW"]
    assert world.stored().version == version
    assert world.report("INTERVIEW", headers=headers, **more).body["Result"] == "unchanged"


@pytest.mark.parametrize("plan", [[LOST_REPLY], [PASS, LOST_REPLY], [PASS, THROTTLED]], ids=["1", "2", "throttled"])
def test_lost_reply_of_a_late_report(world: World, faults: Faults, plan: list[Fault]) -> None:
    """It is in the history once, and the reply says late, whichever reply got lost."""
    world.report("OFFER", BusinessDate=LATE)
    faults.plan(*plan)
    reply = world.report("INTERVIEW", BusinessDate=EARLY)
    assert (reply.body["Result"], reply.body["Status"], reply.body["Version"]) == ("late", "OFFER", 3)
    assert [transition.status for transition in world.stored().in_order()] == ["INTERVIEW", "OFFER"]


def test_lost_reply_of_an_unchanged_report(world: World, faults: Faults) -> None:
    """A resend is no write of its own, so it stays unchanged."""
    world.report("INTERVIEW", BusinessDate=EARLY)
    faults.plan(LOST_REPLY)
    assert world.report("INTERVIEW", BusinessDate=EARLY).body["Result"] == "unchanged"


@accepting
@pytest.mark.parametrize("plan", [[LOST_REPLY], [PASS, LOST_REPLY], [PASS, THROTTLED]], ids=["1", "2", "throttled"])
def test_lost_reply_of_first_contact(world: World, faults: Faults, plan: list[Fault]) -> None:
    """The application is created once, without a previous status."""
    world.report("CONTACT")
    faults.plan(*plan)
    body = world.report("INTERVIEW", AtsiApplicationId=NEW, headers={"Idempotency-Key": "1"}).body
    assert (body["Result"], body["PreviousStatus"], body["Version"]) == ("recorded", None, 1)
    assert len(world.stored(NEW).transitions) == 1


def test_lost_reply_of_a_position_s_state(world: World, faults: Faults, capsys: pytest.CaptureFixture[str]) -> None:
    """It counts as changed once, and so does a failure before the write."""
    sent(world, signal())  # the token and the overrides are known to the container now
    faulty: list[Fault] = [LOST_REPLY, THROTTLED]
    for day, fault in enumerate(faulty, start=10):
        counted(capsys)
        faults.plan(PASS, fault)
        sent(world, position_signal(success=True, day=day))
        assert faults.calls == ["Query", "UpdateItem", "UpdateItem"]
        assert counted(capsys) == {"StoreRetries": 1, "PositionStateRecorded": 1}


def register(world: World, of: str = NEW, **changes: Any) -> tuple[int, str]:
    reply = answer(world.registry(http_event("PUT", f"/api/applications/{of}", REGISTRATION | changes), None))
    return reply.status, reply.body["Result"]


@accepting
@pytest.mark.parametrize("aliases", [{}, {"Token": ["t-1"]}], ids=["alone", "with an alias"])
@pytest.mark.parametrize("lost", [LOST_REPLY, ErrorReply("InternalServerError", 500)], ids=["written", "not written"])
def test_registration_in_doubt(world: World, faults: Faults, lost: Fault, aliases: dict[str, list[str]]) -> None:
    """200 where all of it is stored already, as another may have written it; 201 only for a write of its own."""
    outcome = (200, "unchanged") if lost is LOST_REPLY else (201, "registered")
    faults.plan(lost)
    assert register(world, Aliases=aliases) == outcome
    assert register(world, Aliases=aliases) == (200, "unchanged")
    assert world.stored(NEW).version == 1
    known = NEW.replace("beef", "cafe")
    world.report("INTERVIEW", AtsiApplicationId=known)
    faults.plan(PASS, lost)
    assert register(world, known) == outcome
    assert (world.stored(known).version, world.stored(known).status) == (2, "INTERVIEW")


@pytest.mark.parametrize("changes", [{"JobTitle": "Bäcker"}, {"Aliases": {"Token": ["t-1", "t-2"]}}], ids=str)
def test_lost_reply_of_an_update(world: World, faults: Faults, changes: dict[str, Any]) -> None:
    """It is written once; the reply says that all of it is registered."""
    register(world, Aliases={"Token": ["t-1"]})
    faults.plan(PASS, LOST_REPLY)
    assert register(world, **changes) == (200, "unchanged")
    assert world.stored(NEW).version == 2
    assert register(world, **changes) == (200, "unchanged")


def test_registration_by_another_while_the_own_is_in_doubt(
    world: World, faults: Faults, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt fails unwritten and another registers the same: one 201 in all."""
    answers: list[tuple[int, str]] = []
    monkeypatch.setattr(clock, "sleep", lambda _seconds: answers.append(register(world)))
    faults.plan(ErrorReply("InternalServerError", 500))
    answers.append(register(world))
    assert answers == [(201, "registered"), (200, "unchanged")]


@pytest.mark.parametrize(
    "fault", [THROTTLED, NO_CONNECTION, LOST_REPLY, ErrorReply("InternalServerError", 500)], ids=repr
)
def test_token_lookup_down_is_a_503(world: World, faults: Faults, fault: Fault) -> None:
    """401 would make an ATS throw away a good token; a container that remembers the token carries on."""
    world.restart()
    faults.plan(then=repeat(fault))
    reply = world.report("INTERVIEW")
    assert (reply.status, reply.body["type"]) == (503, "/problems/unavailable")
    assert set(faults.calls) == {"GetItem"}
    faults.plan()
    assert world.report("INTERVIEW").status == 200
    faults.plan()
    assert world.report("OFFER").status == 200
    assert faults.calls == ["UpdateItem"]


@pytest.mark.parametrize("place", ["__call__", "_add"])
def test_unexpected_failure_is_logged_with_its_place(
    world: World, faults: Faults, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reply is a 503 without details; the log names the class and the place, not the message."""
    if place == "__call__":
        faults.plan(ErrorReply("AccessDeniedException"))
    else:
        world.client.put_item(TableName="ApplicationsTable", Item=world.item() | {"Status": {"S": "Geheimnis"}})
        faults.plan()
    with redirect_stdout(StringIO()) as out:
        for handler in logger.handlers:
            monkeypatch.setattr(handler, "stream", out)
        reply = world.report("INTERVIEW")
    assert (reply.status, reply.body["type"], faults.calls) == (503, "/problems/unexpected", ["UpdateItem"])
    assert int(reply.headers["Retry-After"]) > 0
    entry = json.loads(out.getvalue().splitlines()[0])
    assert entry["message"] == "unexpected"
    assert entry["error"].endswith(("Error", "Exception"))
    assert f"{place}:" in entry["at"]
    assert "Geheimnis" not in out.getvalue() + str(reply)
