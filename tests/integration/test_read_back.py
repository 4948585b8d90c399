"""An ATS reads back its own application: the fields it gets, and the callers that are refused."""

import json

import pytest

from application_status.platform.values import to_text
from support.signals import sent, signal, state
from support.world import (
    APPLICATION,
    FOREIGN_APPLICATION,
    OTHER_TOKEN,
    SIGNALLED_APPLICATION,
    TOKEN,
    Answer,
    World,
    answer,
    http_event,
)

UNKNOWN = "51c3be16-0f93-41ed-9cc0-00000000dead"


def read_back(world: World, of: str = APPLICATION, token: str | None = TOKEN) -> Answer:
    return answer(world.views(http_event("GET", f"/api/application-status/{of}", token=token), None))


def test_application_without_reports(world: World) -> None:
    """It stands where its registration put it, and has no transition."""
    reply = read_back(world)
    request_id = reply.body.pop("RequestId")
    assert request_id
    assert (reply.status, reply.headers["Content-Type"], reply.headers["Cache-Control"]) == (
        200, "application/json", "no-store",
    )  # fmt: skip
    assert reply.body == {
        "AtsiApplicationId": APPLICATION,
        "Status": "APPLIED",
        "RawStatus": None,
        "Outcome": "open",
        "OutcomeInferred": False,
        "Version": 1,
        "AppliedAt": "2022-07-01T09:00:00.000Z",
        "Transitions": [],
    }


def test_transitions_come_in_order_with_what_was_sent(world: World) -> None:
    """By effective time: labels as sent, how they were understood, and which came late or without a time."""
    world.report("OFFER", BusinessDate="2022-08-02T12:00:00+02:00")
    world.report("INTERVIEW", BusinessDate="2022-07-29T11:26:11.106Z", RawStatus="1st phone interview")
    last = world.report("REJECTED", RawStatus="Absage durch Bewerber")
    reply = read_back(world)
    assert (reply.body["Status"], reply.body["RawStatus"], reply.body["Outcome"], reply.body["Version"]) == (
        "REJECTED", "Absage durch Bewerber", "candidate_withdrew", last.body["Version"],
    )  # fmt: skip
    interview, offer, rejected = reply.body["Transitions"]
    stored = world.stored().in_order()
    assert interview == {
        "Status": "INTERVIEW",
        "RawStatus": "1st phone interview",
        "RawPhase": None,
        "Success": None,
        "Outcome": "open",
        "Mapping": None,
        "EffectiveAt": "2022-07-29T11:26:11.106Z",
        "EffectiveDay": None,
        "HasBusinessDate": True,
        "TimeSource": "reported",
        "ReceivedAt": to_text(stored[0].received_at),
        "Late": True,
        "FromPrevious": False,
        "Folded": 0,
    }
    assert (offer["EffectiveAt"], offer["Late"], offer["RawStatus"]) == ("2022-08-02T10:00:00.000Z", False, None)
    assert rejected["TimeSource"] == "received"
    assert (rejected["HasBusinessDate"], rejected["Late"], rejected["Outcome"]) == (False, False, "candidate_withdrew")
    assert rejected["EffectiveAt"] == rejected["ReceivedAt"]
    assert rejected["Mapping"] == stored[2].interpretation.mapping
    assert "@" in rejected["Mapping"]


def test_signals_show_their_phase_and_success(world: World) -> None:
    """An unmapped label has neither status nor outcome; a state from a later signal's previous state is marked so."""
    phase = {"label": "Ende", "index": 2, "total": 2}
    sent(world, signal(state("Hired", 2, success=True, phase=phase), previous=state("Xyzzy", 1, success=None)))
    before, hired = read_back(world, SIGNALLED_APPLICATION).body["Transitions"]
    assert (before["RawStatus"], before["Status"], before["Outcome"]) == ("Xyzzy", None, None)
    assert (before["Success"], before["RawPhase"], before["FromPrevious"]) == ("null", None, True)
    assert (hired["RawStatus"], hired["Status"], hired["Outcome"]) == ("Hired", "HIRED", "hired")
    assert (hired["Success"], hired["RawPhase"], hired["FromPrevious"]) == ("true", "Ende", False)
    assert not before["Late"]


def test_end_of_the_position_is_an_inferred_outcome(world: World) -> None:
    """The status stays as reported."""
    item = world.item()
    ended = {"Ended": {"BOOL": True}, "Since": {"S": "2022-08-10T12:00:00.000Z"}, "Version": {"N": "1"}}
    ended["ReceivedAt"] = ended["Since"]
    world.client.put_item(TableName="ApplicationsTable", Item={**item, "Positions": {"M": {"digest": {"M": ended}}}})
    body = read_back(world).body
    assert (body["Status"], body["Outcome"], body["OutcomeInferred"]) == ("APPLIED", "position_closed", True)


def test_application_that_was_never_registered(world: World) -> None:
    """An application that its first report created has no AppliedAt."""
    item = world.item()
    for name in ("AppliedAt", "ClientId"):
        del item[name]
    world.client.put_item(TableName="ApplicationsTable", Item=item)
    assert read_back(world).body["AppliedAt"] is None


@pytest.mark.parametrize("spelling", [APPLICATION.upper(), APPLICATION.replace("-", ""), f"urn:uuid:{APPLICATION}"])
def test_any_spelling_of_the_id(world: World, spelling: str) -> None:
    """As in a report."""
    assert read_back(world, spelling).body["AtsiApplicationId"] == APPLICATION


def test_others_applications_can_not_be_probed(world: World) -> None:
    """Unknown, foreign and erased get the bytes of a report's 404, its request id aside."""
    world.erase(SIGNALLED_APPLICATION)
    replies = []
    for of in (UNKNOWN, FOREIGN_APPLICATION, SIGNALLED_APPLICATION):
        report = http_event("POST", "/api/application-status", {"AtsiApplicationId": of, "Status": "OFFER"})
        read = http_event("GET", f"/api/application-status/{of}")
        for handler, event in ((world.webhook, report), (world.views, read)):
            event["requestContext"]["requestId"] = "the-same"
            replies.append(handler(event, None))
    assert replies[0]["statusCode"] == 404
    assert json.loads(replies[0]["body"])["type"] == "/problems/unknown-application"
    assert all(reply == replies[0] for reply in replies)
    assert read_back(world, FOREIGN_APPLICATION, OTHER_TOKEN).status == 200


@pytest.mark.parametrize("token", [None, "unknown"])
@pytest.mark.parametrize("of", [APPLICATION, UNKNOWN, "nonsense"])
def test_without_a_good_token_nothing_is_shown(world: World, token: str | None, of: str) -> None:
    """The reply is a 401, and the table of applications isn't read."""
    reply = read_back(world, of, token)
    assert (reply.status, reply.body["type"]) == (401, "/problems/unauthenticated")
    assert len(world.dynamodb.operations) <= 1


def test_wrong_id(world: World) -> None:
    """The problem names it, like at a registration."""
    reply = read_back(world, "51c3be16")
    assert (reply.status, reply.body["type"]) == (422, "/problems/invalid-fields")
    assert reply.body["errors"] == [
        {"pointer": "", "detail": "the AtsiApplicationId in the path is not a UUID", "expected": "a UUID"}
    ]


def test_only_get(world: World) -> None:
    """Reports are posted elsewhere."""
    reply = answer(world.views(http_event("POST", f"/api/application-status/{APPLICATION}", {}), None))
    assert (reply.status, reply.headers["Allow"]) == (405, "GET")


def test_costs_a_read_and_writes_nothing(world: World) -> None:
    """The token, then the item; the moment of reading leaves no trace."""
    before = world.item()
    world.restart()
    read_back(world)
    assert world.dynamodb.operations == ["GetItem", "GetItem"]
    assert world.item() == before
