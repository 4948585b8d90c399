"""Create an application in the sandbox: the reply, and who may do it."""

from typing import Any

import pytest
import time_machine

from application_status.access import rules as tokens
from support.sandbox import PATH, create, created, read_back, rows
from support.world import TEST_TOKEN, TOKEN, World, answer, http_event, sample_event


def test_application_is_made(world: World) -> None:
    """The reply is a 201 with its ids, aliases and expiry; it can be read under its Location at once."""
    with time_machine.travel("2026-11-22T09:00:00.123Z", tick=False):
        reply = create(world)
    of, request_id = reply.body["AtsiApplicationId"], reply.body.pop("RequestId")
    assert (reply.status, reply.headers["Location"]) == (201, f"/api/application-status/{of}")
    assert request_id
    assert reply.body == {
        "AtsiApplicationId": of,
        "Status": "APPLIED",
        "AppliedAt": "2026-11-22T09:00:00.123Z",
        "ExpiresAt": "2026-11-29T09:00:00.123Z",
        "Aliases": {
            "Token": [f"sandbox:token:{of}"],
            "CandidateApplicationProfileId": [f"sandbox:candidateProfile:{of}"],
            "PositionProfileIds": [f"sandbox:positionProfile:{of}"],
        },
    }
    found = read_back(world, of).body
    assert found.pop("RequestId") != request_id
    assert (found["Status"], found["AppliedAt"], found["Version"]) == ("APPLIED", reply.body["AppliedAt"], 1)


def test_each_request_makes_another(world: World) -> None:
    """So does a repeated one: an additional sandbox application does no harm."""
    made = [created(world) for _ in range(3)]
    assert len({each["AtsiApplicationId"] for each in made}) == 3
    assert len({alias for each in made for kind in each["Aliases"].values() for alias in kind}) == 9
    assert len(rows(world)) == 3 * 4


def test_sample_event_works(world: World) -> None:
    """The file of events/."""
    assert world.sandbox(sample_event("SandboxFunction/application"), None)["statusCode"] == 201


@pytest.mark.parametrize("body", [None, "", "{}", {}], ids=repr)
@pytest.mark.parametrize("base64", [False, True])
def test_body_may_be_left_out(world: World, body: Any, *, base64: bool) -> None:
    """Then its type may be, too; base64 of nothing is nothing."""
    event = http_event("POST", PATH, body, token=TEST_TOKEN)
    if not event["body"]:
        del event["headers"]["Content-Type"], event["multiValueHeaders"]["Content-Type"]
        event["isBase64Encoded"] = base64
    reply = answer(world.sandbox(event, None))
    assert reply.status == 201
    assert "IgnoredFields" not in reply.body


def test_fields_are_named_back(world: World) -> None:
    """None is read, so that all of them are."""
    assert create(world, {"Status": "HIRED", "x": [1]}).body["IgnoredFields"] == ["Status", "x"]


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ("[]", {}, (400, "malformed-body")),
        ("null", {}, (400, "malformed-body")),
        ("{", {}, (400, "malformed-body")),
        (" ", {}, (400, "malformed-body")),
        ('{"a": 1, "a": 2}', {}, (400, "malformed-body")),
        (" " * 8193, {}, (413, "body-too-large")),
        ("{}", {"Content-Type": "text/plain"}, (415, "unsupported-media-type")),
    ],
)
def test_body_is_checked_like_a_report(
    world: World, body: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    """Nothing is made."""
    reply = answer(world.sandbox(http_event("POST", PATH, body, headers, token=TEST_TOKEN), None))
    assert (reply.status, reply.body["type"]) == (expected[0], f"/problems/{expected[1]}")
    assert rows(world) == []


@pytest.mark.parametrize("body", [None, "["])
def test_live_token_is_refused_with_what_to_use(world: World, body: str | None) -> None:
    """The reply is a 403, before the body is checked."""
    reply = create(world, body, TOKEN)
    assert (reply.status, reply.body["type"]) == (403, "/problems/forbidden")
    assert "test token (atsi_test_...)" in reply.body["detail"]
    assert rows(world) == []


@pytest.mark.parametrize(
    "token",
    [None, "unknown", tokens.generate(test=True), TEST_TOKEN[:-1] + "f"],
    ids=["none", "unknown", "unissued test token", "mistyped"],
)
@pytest.mark.parametrize("body", [None, "["])
def test_without_a_good_token_nothing_is_made(world: World, token: str | None, body: str | None) -> None:
    """401, before the body is looked at."""
    reply = create(world, body, token)
    assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, 'X-AtsiToken realm="application-status"')
    assert rows(world) == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "post"])
def test_only_post(world: World, method: str) -> None:
    """405 with Allow."""
    reply = answer(world.sandbox(http_event(method, PATH, token=TEST_TOKEN), None))
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")
