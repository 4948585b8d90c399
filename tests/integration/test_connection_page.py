"""What the customer's staff and the board see of a connection, as JSON and as a page."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.access.connections import ConnectionState, Created
from application_status.applications.rules.report import NATIVE, Channel
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.values import AtsId, now, to_text
from application_status.texts.texts import ENGLISH, LANGUAGES, Texts
from support.quality_pages import count
from support.webhooks import CLIENT, PING, PROVIDERS, SECRET, deliver, made, signed, stage
from support.world import ATS, Answer, World, answer, http_event

STAFF: Mapping[str, str] = {"cognito:groups": "staff"}
OF_CLIENT: Mapping[str, str] = {"custom:client_id": CLIENT}
ODD = "<b>Ms & Mr</b>"


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"), providers=PROVIDERS)


@pytest.fixture
def created(world: World) -> Created:
    """A connection that has sent a test, events with and without a known label, and a wrong signature."""
    created = made(world)
    deliver(world, created)
    for label in ("On-site interview", ODD, "Rejected"):
        deliver(world, created, stage(label))
    deliver(world, created, PING, signed(PING, "wrong-secret"))
    return created


def asked(world: World, connection_id: str, claims: Mapping[str, str]) -> Answer:
    event = http_event("GET", f"/api/connections/{connection_id}", token=None)
    event["requestContext"] |= {"authorizer": {"claims": claims}, "requestId": "request-1"}
    return answer(world.views(event, None))


def page(world: World, connection_id: str, claims: Mapping[str, str] | None, language: str = "en") -> dict[str, Any]:
    headers = {
        "Accept": "text/html",
        "Accept-Language": language,
        **({"Authorization": f"Bearer {world.id_token(claims)}"} if claims else {}),
    }
    reply: dict[str, Any] = world.views(http_event("GET", f"/connections/{connection_id}", None, headers, None), None)
    return reply


@pytest.mark.parametrize("claims", [STAFF, OF_CLIENT])
def test_reply_has_what_was_received(world: World, created: Created, claims: Mapping[str, str]) -> None:
    """Event types, tests, refusals, labels with the unmapped first, and numbers of parked events."""
    reply = asked(world, created.connection.id, claims)
    assert reply.status == 200
    found = reply.body
    times = [found["CreatedAt"], found["LastTestAt"], found["LastRefusal"]["At"]]
    times += [each["LastAt"] for each in (*found["EventTypes"], *found["Labels"])]
    assert all(to_text(now() - timedelta(minutes=1)) <= each <= to_text(now()) for each in times)
    assert {name: found[name] for name in ("ConnectionId", "Provider", "AtsId", "ClientId", "State", "Secrets")} == {
        "ConnectionId": created.connection.id,
        "Provider": "greenhouse",
        "AtsId": ATS,
        "ClientId": CLIENT,
        "State": "active",
        "Secrets": 1,
    }
    assert [(each["Name"], each["Received"]) for each in found["EventTypes"]] == [("ping", 1), ("stage_change", 3)]
    assert 'begins with "sha256 "' in found["LastRefusal"]["Reason"]
    assert [each["Label"] for each in found["Labels"]] == ["Rejected", ODD, "On-site interview"]
    assert {each["Label"]: each["Status"] for each in found["Labels"]} == {
        ODD: None,
        "On-site interview": "INTERVIEW",
        "Rejected": None,  # this provider reports ends by other events
    }
    assert (found["Parked"]["Events"], found["Parked"]["Recorded"]) == (1, 0)
    assert [each["Ids"] for each in found["Parked"]["Newest"]] == ["application 700100"]
    assert "Candidate has changed stage (candidate_stage_change)" in found["Checklist"]


@pytest.mark.parametrize(
    "claims", [{"custom:client_id": "client-2"}, {"custom:ats_id": str(ATS)}, STAFF], ids=["other client", "ATS", "id"]
)
def test_connection_of_another_client_is_like_an_unknown_one(
    world: World, created: Created, claims: Mapping[str, str]
) -> None:
    """Nobody can find out which connections exist, nor which customer has one."""
    asked_for = "gr-22222222" if claims == STAFF else created.connection.id
    reply = asked(world, asked_for, claims)
    assert reply == asked(world, "gr-33333333", OF_CLIENT)
    assert (reply.status, reply.body["type"]) == (404, "/problems/unknown-connection")
    html = page(world, asked_for, claims)
    assert (html["statusCode"], html["body"]) == (404, page(world, "gr-33333333", claims)["body"])


@pytest.mark.parametrize("odd", ["x" * 3000, "é", "GR 1"])
def test_what_can_be_no_connection_is_unknown(world: World, odd: str) -> None:
    """Without a read that DynamoDB would refuse."""
    assert asked(world, odd, STAFF).status == 404


def test_jobseekers_and_users_without_an_assignment_see_nothing(world: World, created: Created) -> None:
    """As on the quality page."""
    for claims in ({}, {"custom:jobseeker_id": "jobseeker-1"}):
        assert asked(world, created.connection.id, claims).status == 403
    assert page(world, created.connection.id, {"custom:jobseeker_id": "jobseeker-1"})["statusCode"] == 403


def test_page_shows_the_same(world: World, created: Created) -> None:
    """Escaped; it allows neither scripts nor anything from elsewhere."""
    reply = page(world, created.connection.id, OF_CLIENT)
    html = reply["body"]
    assert reply["statusCode"] == 200
    assert "default-src 'none'" in reply["headers"]["Content-Security-Policy"]
    for text in ("&lt;b&gt;Ms &amp; Mr&lt;/b&gt;", "candidate_stage_change", "Unmapped", "Interview", "stage_change"):
        assert text in html
    for text in (ODD, SECRET, created.key, created.connection.key_sha256):
        assert text not in html


@pytest.mark.parametrize(
    ("language", "by_id", "by_name"),
    [("en", "Greenhouse at client-1", "Greenhouse at Example GmbH"), ("de", "Greenhouse bei", "bei Example GmbH")],
)
def test_page_has_the_clients_name(world: World, created: Created, language: str, by_id: str, by_name: str) -> None:
    """It is that of the client's applications; without one, the page shows the id."""
    assert by_id in page(world, created.connection.id, STAFF, language)["body"]
    count(world, ((1, AtsId(ATS), CLIENT, "job-1"),))
    assert by_name in page(world, created.connection.id, STAFF, language)["body"]


def test_page_is_in_german_too(world: World, created: Created) -> None:
    """With the checklist, its numbers and times; what a refused delivery had wrong is in English, and says so."""
    reply = page(world, created.connection.id, OF_CLIENT, "de")
    html = reply["body"]
    assert (reply["headers"]["Content-Language"], reply["headers"]["Vary"]) == ("de", "Accept-Language")
    for text in ('<html lang="de">', "Verbindung", "Nicht zugeordnet", "Öffnen Sie in Greenhouse", " Uhr"):
        assert text in html
    assert re.search(r'<span lang="en">[^<]*begins with', html)
    unknown = page(world, "gr-22222222", OF_CLIENT, "de")
    assert (unknown["statusCode"], "Diese Verbindung gibt es nicht" in unknown["body"]) == (404, True)


@pytest.mark.parametrize("t", LANGUAGES.values(), ids=LANGUAGES)
def test_everything_that_may_be_shown_has_a_text(t: Texts) -> None:
    """In each language: states, statuses, outcomes, and a checklist for each provider, step by step as in English."""
    for group, members in (
        ("connection.state", ConnectionState),
        ("quality.status", Status),
        ("quality.outcome", Outcome),
    ):
        assert all(t(f"{group}.{each}") for each in members)
    for key in (f"connection.checklist.{each}" for each in NATIVE):
        assert len(t(key).splitlines()) == len(ENGLISH(key).splitlines()) > 5


def test_new_connection_says_that_nothing_came_yet(world: World) -> None:
    """And what the board still needs."""
    created = made(world, Channel.RECRUITEE, secret=None)
    html = page(world, created.connection.id, STAFF)["body"]
    assert "Waiting for the secret:" in html
    assert "No test was received yet." in html
    assert html.count("None yet.") == 3
    found = asked(world, created.connection.id, STAFF).body
    assert (found["State"], found["LastTestAt"], found["LastRefusal"]) == ("awaiting_secret", None, None)


def test_disabled_connection_is_still_shown(world: World, created: Created) -> None:
    """So that the customer sees why nothing arrives."""
    world.connections.disable(created.connection)
    assert asked(world, created.connection.id, OF_CLIENT).body["State"] == "disabled"
    assert "Disabled:" in page(world, created.connection.id, OF_CLIENT)["body"]


def test_browser_without_a_session_is_led_to_the_sign_in_and_back(world: World, created: Created) -> None:
    """To this connection."""
    reply = page(world, created.connection.id, None)
    address = reply["headers"]["Location"]
    assert reply["statusCode"] == 303
    assert address == f"/sign-in?return_to=%2Fconnections%2F{created.connection.id}"
    event = http_event("GET", "/sign-in", token=None)
    event["multiValueQueryStringParameters"] = {"return_to": [f"/connections/{created.connection.id}"]}
    login = world.sign_in(event, None)
    assert login["statusCode"] == 303


def test_failing_store_is_a_notice(world: World, created: Created) -> None:
    """In the page's form, with the time to wait."""
    world.client.delete_table(TableName="AliasesTable")
    reply = page(world, created.connection.id, STAFF)
    assert (reply["statusCode"], "not available right now" in reply["body"]) == (503, True)
    assert reply["headers"]["Retry-After"]


def test_labels_and_events_are_bounded(world: World) -> None:
    """The last 100 labels and 50 event types; the unmapped ones first, each kind with the last seen first."""
    created = made(world)
    with time_machine.travel(now() - timedelta(hours=1), tick=False) as clock:
        for number in range(103):
            clock.shift(1)
            deliver(world, created, stage(f"Bucket {number}" if number % 2 else f"Interview {number}"))
    labels = [each["Label"] for each in asked(world, created.connection.id, STAFF).body["Labels"]]
    assert len(labels) == 100
    assert (labels[0], labels[-1]) == ("Bucket 101", "Interview 4")
