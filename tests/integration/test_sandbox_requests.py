"""The newest requests with a test token: what was received, how it was understood; live tokens pay nothing for it."""

import base64
import json
from io import StringIO
from threading import Event
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine

from application_status.access.register import TokenRegister
from application_status.access.rules import generate
from application_status.access.trials import begin_trial, end_trial
from application_status.intake.recorded import note
from application_status.intake.side_by_side import record_each
from application_status.platform.errors import Unavailable
from support import dispositions
from support.oauth import access_token
from support.oauth import created as client_created
from support.sandbox import create, created, read_back, report
from support.signals import complete, position_signal, post, send, signal, state
from support.world import (
    APPLICATION,
    ATS,
    TEST_TOKEN,
    TOKEN,
    Answer,
    World,
    answer,
    http_event,
    sample_event,
)


def asked(world: World, token: str | None = TEST_TOKEN) -> Answer:
    return answer(world.views(http_event("GET", "/api/sandbox/requests", token=token), None))


def listed(world: World, token: str = TEST_TOKEN) -> list[dict[str, Any]]:
    reply = asked(world, token)
    assert reply.status == 200, reply.body
    requests: list[dict[str, Any]] = reply.body["Requests"]
    return requests


def understood(world: World) -> list[dict[str, Any]]:
    """Return how the newest request was understood."""
    notes: list[dict[str, Any]] = listed(world)[0]["Understood"]
    return notes


def batch(world: World, *reports: Any) -> Answer:
    return world.report_batch(*reports, token=TEST_TOKEN)


def rows(world: World) -> list[Any]:
    found: list[Any] = world.client.scan(TableName="SandboxRequestsTable")["Items"]
    return found


def test_report_is_listed_with_how_it_was_understood(world: World) -> None:
    """Its label by a rule of the vocabulary, its time by what was sent."""
    of = created(world)["AtsiApplicationId"]
    sent = {"RawStatus": "Absage durch Bewerber", "BusinessDate": "2022-07-29T13:26:11.106+02:00"}
    with time_machine.travel("2026-11-27T09:00:00.123Z", tick=False):
        event = http_event(
            "POST", "/api/application-status", {"AtsiApplicationId": of, "Status": "REJECTED", **sent}, token=TEST_TOKEN
        )
        reply = answer(world.webhook(event, None))
        (newest, first) = listed(world)
    (note,) = newest.pop("Understood")
    assert note.pop("Mapping").startswith("refused-by-candidate@")
    assert note == {
        "Result": "recorded",
        "AtsiApplicationId": of,
        "Status": "REJECTED",
        "RawStatus": "Absage durch Bewerber",
        "Outcome": "candidate_withdrew",
        "EffectiveAt": "2022-07-29T11:26:11.106Z",
        "TimeSource": "reported",
        "ApplicationStatus": "REJECTED",
    }
    assert newest == {
        "At": "2026-11-27T09:00:00.123Z",
        "Method": "POST",
        "Path": "/api/application-status",
        "Status": 200,
        "RequestId": reply.body["RequestId"],
        "ContentType": "application/json",
        "Received": event["body"],
        "ReceivedBytes": len(event["body"]),
        "UnderstoodLeftOut": 0,
        "Problems": [],
    }
    assert (first["Path"], first["Status"], first["ReceivedBytes"]) == ("/api/sandbox/applications", 201, 0)


def test_refused_report_is_listed_with_the_problem(world: World) -> None:
    """So is one of an application that is not in the sandbox."""
    report(world, APPLICATION, "HIRD")
    report(world, APPLICATION, "HIRED")
    unknown, wrong = listed(world)
    assert (unknown["Status"], wrong["Status"]) == (404, 422)
    assert unknown["Problems"][0].startswith("You have no application with this AtsiApplicationId.")
    (problem,) = wrong["Problems"]
    assert problem.startswith("/Status: Input is not a status; send HIRED")
    assert "; expected: one of LEAD, APPLIED" in problem
    assert unknown["Understood"] == wrong["Understood"] == []


def test_each_report_of_a_batch_is_listed(world: World) -> None:
    """In the order sent, with why it was refused."""
    of = created(world)["AtsiApplicationId"]
    rejected = {"AtsiApplicationId": of, "Status": "REJECTED", "RawStatus": "withdrawn by applicant"}
    reply = batch(world, {"Status": "x"}, rejected, rejected, 3, {"AtsiApplicationId": APPLICATION, "Status": "OFFER"})
    assert reply.status == 207
    notes = understood(world)
    assert [each["Result"] for each in notes] == [
        "invalid-fields", "recorded", "unchanged", "malformed-body", "unknown-application",
    ]  # fmt: skip
    assert notes[0]["Reason"].startswith("/AtsiApplicationId: Field required; /Status: Input is not a status")
    assert notes[1]["Outcome"] == notes[2]["Outcome"] == "candidate_withdrew"
    assert "sees only the applications that you create" in notes[4]["Reason"]
    assert listed(world)[0]["Problems"] == []


def test_each_way_to_report_is_listed(world: World) -> None:
    """Signals, positions and dispositions, recorded, without effect, and dropped."""
    made = created(world)
    token, profile, position = (made["Aliases"][each][0] for each in made["Aliases"])
    send(world, signal(state("Interview"), token=token), signal(state("gibberish 3", 2), token=token), token=TEST_TOKEN)
    assert sorted((each["Result"], each["Status"]) for each in understood(world)) == [
        ("recorded", "INTERVIEW"), ("unmapped", None),
    ]  # fmt: skip
    send(world, complete(token=token), token=TEST_TOKEN)
    assert understood(world) == [
        {"Result": "unchanged", "Reason": "The application has the status APPLIED since it was made.", "About": token}
    ]
    send(world, signal(token=None, candidateApplicationProfileId=f"{profile}x"), token=TEST_TOKEN)
    assert understood(world) == [
        {
            "Result": "dropped",
            "Reason": "No application of your ATS has this token or profile id.",
            "About": f"{profile}x",
        }
    ]
    ended = position_signal(success=True, positionProfileIds=[position, "other"])
    send(world, ended, token=TEST_TOKEN)
    assert understood(world) == [
        {"Result": "dropped", "Reason": "No application of your ATS has this position.", "About": "other"},
        {"Result": "recorded", "Reason": "The position ended.", "About": f"{position}, other"},
    ]
    of = {"indeedApplyID": made["AtsiApplicationId"]}
    dispositions.send(
        world,
        dispositions.about(of, dispositionStatus="INCOMPLETE"),
        dispositions.about({"indeedApplyID": "unknown"}),
        token=TEST_TOKEN,
    )
    assert sorted(each["Result"] for each in understood(world)) == ["unchanged", "unknown-application"]


def test_errors_of_graphql_are_listed(world: World) -> None:
    """Of a document that is refused, and of a signal."""
    post(world, {"query": "{ nothing }"}, token=TEST_TOKEN)
    assert listed(world)[0]["Problems"] == ["Cannot query field 'nothing' on type 'Query'."]
    send(world, signal(token=""), token=TEST_TOKEN)
    assert listed(world)[0]["Problems"][0].startswith("input.token: Input is empty")


def test_dropped_signal_says_so_to_a_test_token(world: World) -> None:
    """In `extensions`; the data stays as the contract wants, and live tokens get nothing more."""
    known = created(world)["Aliases"]["Token"][0]
    sent = [signal(token="never-registered"), signal(token=known), position_signal(success=True)]
    live, test = send(world, *sent), send(world, *sent, token=TEST_TOKEN)
    assert live.body == {"data": {"sendSignals": True}}
    assert test.body["data"] == live.body["data"]
    dropped = test.body["extensions"]["dropped"]
    assert {each["about"]: each["reason"] for each in dropped}["never-registered"] == (
        "No application of your ATS has this token or profile id."
    )
    assert len(dropped) == 2
    made = created(world)
    erased = {"AtsiApplicationId": {"S": made["AtsiApplicationId"]}}
    world.client.delete_item(TableName="SandboxApplicationsTable", Key=erased)  # its aliases are not erased yet
    gone = send(world, signal(token=made["Aliases"]["Token"][0]), token=TEST_TOKEN)
    (told,) = gone.body["extensions"]["dropped"]
    assert told["reason"] == "The application of this token or profile id was erased."
    wrong = send(world, position_signal(success=True, positionProfileIds=["x" * 300]), token=TEST_TOKEN)
    assert wrong.body["errors"][0]["message"].startswith(
        "input.positionProfileIds: Input has too many ids, or one of a wrong length"
    )
    assert send(world, signal(state("Offer", 3), token=known), token=TEST_TOKEN).body == {"data": {"sendSignal": True}}


def test_requests_to_read_and_with_files_are_listed(world: World) -> None:
    """Without the form of the upload, which can be used by whoever reads it."""
    of = created(world)["AtsiApplicationId"]
    read_back(world, of)
    answer(world.views(http_event("GET", "/api/application-status", token=TEST_TOKEN), None))
    answer(world.views(http_event("GET", "/api/quality", token=TEST_TOKEN), None))
    file = answer(world.files(http_event("POST", "/api/application-status/files", token=TEST_TOKEN), None)).body
    found = listed(world)
    assert [(each["Path"], each["Status"]) for each in found] == [
        ("/api/application-status/files", 201),
        ("/api/quality", 403),
        ("/api/application-status", 200),
        (f"/api/application-status/{of}", 200),
        ("/api/sandbox/applications", 201),
    ]
    assert file["UploadFields"]["policy"] not in json.dumps(found)


def test_list_and_its_page_are_not_listed(world: World) -> None:
    """Else they would push out what was sent."""
    created(world)
    for _ in range(3):
        page(world, TEST_TOKEN)
        assert len(listed(world)) == 1


def test_newest_100_are_kept(world: World) -> None:
    """The oldest ones give way, and the table does not grow."""
    sent = [f"51c3be16-0f93-41ed-9cc0-{number:012}" for number in range(103)]
    for each in sent:
        report(world, each, "OFFER")
    found = [json.loads(each["Received"])["AtsiApplicationId"] for each in listed(world)]
    assert found == sent[:2:-1]
    assert len(rows(world)) == 101


def test_requests_are_kept_for_a_week(world: World) -> None:
    """Also if DynamoDB has not deleted them yet."""
    with time_machine.travel("2026-11-20T09:00:00Z", tick=False):
        created(world)
    with time_machine.travel("2026-11-27T08:59:59Z", tick=False):
        assert len(listed(world)) == 1
    with time_machine.travel("2026-11-27T09:00:00Z", tick=False):
        assert listed(world) == []
        created(world)
        assert len(listed(world)) == 1
    assert all("ExpiresAt" in each for each in rows(world))


def test_each_token_has_its_own(world: World) -> None:
    """Also two of one ATS."""
    issued = generate(test=True)
    TokenRegister(world.dynamodb, "TokensTable").add(issued, ATS)
    created(world)
    created(world, issued)
    created(world, issued)
    assert (len(listed(world)), len(listed(world, issued))) == (1, 2)


def test_revoked_token_cannot_read_them(world: World) -> None:
    """They are deleted within the week."""
    created(world)
    TokenRegister(world.dynamodb, "TokensTable").revoke("demo0001")
    world.restart()
    assert asked(world).status == 401


@pytest.mark.parametrize(("token", "status"), [(TOKEN, 403), (None, 401), ("unknown", 401)])
def test_only_test_tokens_have_a_list(world: World, token: str | None, status: int) -> None:
    """The 403 says which token to send."""
    reply = asked(world, token)
    assert reply.status == status
    assert status == 401 or "atsi_test_" in reply.body["detail"]


def test_live_tokens_cost_nothing(world: World) -> None:
    """Nothing is stored for them, and no call is made; nor for requests without a valid token."""
    world.report("INTERVIEW")
    world.report_batch({"AtsiApplicationId": APPLICATION, "Status": "OFFER"})
    send(world, signal(token="never-registered"))
    create(world, token="atsi_test_unknown")
    assert rows(world) == []
    assert "PutItem" not in world.dynamodb.operations


def test_requests_over_the_limit_are_not_listed(world: World) -> None:
    """Else they would cost more than those that the limit admits."""
    world.requests_per_second = 1
    world.restart()
    with time_machine.travel("2026-11-27T09:00:00Z", tick=False):
        statuses = [report(world, APPLICATION, "OFFER").status for _ in range(110)]
    assert statuses.count(429) > 5
    world.requests_per_second = 0
    world.restart()
    assert {each["Status"] for each in listed(world)} == {404}


@pytest.mark.parametrize(
    "body",
    ["x" * 20_000, "\x01" * 8_000, '"' * 8_000, "\U0001f600" * 2_000, "\ud800" * 100, "é" * 4_000],
    ids=["long", "control characters", "quotes", "emojis", "lone surrogates", "accents"],
)
@pytest.mark.parametrize("base64_encoded", [False, True])
def test_rows_are_bounded(world: World, body: str, *, base64_encoded: bool) -> None:
    """Whatever was received, and however much."""
    event = http_event("POST", "/api/application-status", body, token=TEST_TOKEN)
    if base64_encoded:
        event |= {"body": base64.b64encode(body.encode(errors="replace")).decode(), "isBase64Encoded": True}
    assert world.webhook(event, None)["statusCode"] in {400, 413}
    (found,) = listed(world)
    assert found["ReceivedBytes"] == len(body.encode(errors="replace"))
    (entry,) = (each["Entry"]["S"] for each in rows(world) if "Entry" in each)
    assert len(entry.encode()) <= 8192
    assert found["Received"]


def test_notes_are_bounded(world: World) -> None:
    """Those that have no room are counted."""
    batch(world, *({"AtsiApplicationId": APPLICATION, "Status": "OFFER"} for _ in range(100)))
    (found,) = listed(world)
    assert len(found["Understood"]) + found["UnderstoodLeftOut"] == 100
    assert len(found["Understood"]) > 10
    (entry,) = (each["Entry"]["S"] for each in rows(world) if "Entry" in each)
    assert len(entry.encode()) <= 8192


def test_tokens_are_not_stored(world: World) -> None:
    """Neither that of the header nor one in the body."""
    world.webhook(
        http_event("POST", "/api/application-status", {"Token": TEST_TOKEN, "x": TOKEN}, token=TEST_TOKEN), None
    )
    (found,) = listed(world)
    assert '"Token": "atsi_test_..."' in found["Received"]
    assert TEST_TOKEN[-20:] not in json.dumps(rows(world))


def test_tokens_in_other_places_are_not_stored(world: World) -> None:
    """Such as the path, the Content-Type, a label, what a problem quotes, and the id of a dropped signal."""
    of = created(world)["AtsiApplicationId"]
    report(world, of, "REJECTED", RawStatus=TEST_TOKEN)
    report(world, of, TEST_TOKEN)
    read_back(world, TEST_TOKEN)
    event = http_event("POST", "/api/application-status", {"Status": "x"}, token=TEST_TOKEN)
    event["multiValueHeaders"]["Content-Type"] = [f"text/{TEST_TOKEN}"]
    world.webhook(event, None)
    send(world, complete(token=TEST_TOKEN), token=TEST_TOKEN)
    assert len(listed(world)) == 6
    assert TEST_TOKEN[-20:] not in json.dumps(rows(world))


def test_access_tokens_share_the_list_of_their_client(world: World) -> None:
    """It belongs to the client, as access tokens change every half hour."""
    client = client_created(TokenRegister(world.dynamodb, "TokensTable"), test=True)
    for _ in range(2):
        created(world, access_token(world, client))
    assert len(listed(world, access_token(world, client))) == 2
    assert listed(world) == []


@pytest.mark.parametrize("operation", ["UpdateItem", "PutItem"])
def test_request_that_cannot_be_stored_is_answered(
    world: World, log: StringIO, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    """The failure is logged; the next request is stored again."""
    of = created(world)["AtsiApplicationId"]
    call = world.dynamodb.__class__.__call__

    def fail(self: Any, name: str, **request: Any) -> dict[str, Any]:
        if request.get("TableName") == "SandboxRequestsTable" and name == operation:
            raise Unavailable("the store is down")
        return call(self, name, **request)

    with monkeypatch.context() as patched:
        patched.setattr(world.dynamodb.__class__, "__call__", fail)
        assert report(world, of, "OFFER").status == 200
    assert "Unavailable" in log.getvalue()
    assert "the store is down" not in log.getvalue()
    report(world, of, "HIRED")
    assert [each["Understood"][0]["Status"] for each in listed(world)[:-1]] == ["HIRED"]


def test_live_request_after_a_test_request_has_no_notes(world: World) -> None:
    """The notes end with their request, in the same execution environment."""
    of = created(world)["AtsiApplicationId"]
    report(world, of, "OFFER")
    world.report("INTERVIEW")
    assert send(world, signal(token="never-registered")).body == {"data": {"sendSignal": True}}
    assert len(listed(world)) == 2


def page(
    world: World, token: str | None = None, language: str = "en", method: str = "POST", **fields: str
) -> dict[str, Any]:
    """Send the page's form; without a token, get the page."""
    method = method if token is not None else "GET"
    form = urlencode({"token": token, **fields}) if token is not None else None
    headers = {"Accept-Language": language, "Content-Type": "application/x-www-form-urlencoded"}
    reply: dict[str, Any] = world.views(http_event(method, "/sandbox/requests", form, headers, None), None)
    return reply


@pytest.mark.parametrize(("language", "title"), [("en", "Requests with your test token"), ("de", "Anfragen mit")])
def test_page_shows_requests(world: World, language: str, title: str) -> None:
    """In both languages; what was sent is escaped, and the token is in the form's field alone."""
    of = created(world)["AtsiApplicationId"]
    report(world, of, "REJECTED", RawStatus="<b>odd & label</b>")
    report(world, of, "HIRD")
    batch(world, 3)
    send(
        world,
        signal(token="never-registered"),
        signal(state("gibberish 3"), token=f"sandbox:token:{of}"),
        token=TEST_TOKEN,
    )
    empty, shown = page(world, language=language), page(world, TEST_TOKEN, language)
    assert (empty["statusCode"], shown["statusCode"]) == (200, 200)
    assert title in empty["body"]
    assert 'href="/docs"' in empty["body"]
    assert "<b>odd" not in shown["body"]
    assert "&lt;b&gt;odd &amp; label&lt;/b&gt;" in shown["body"]
    assert "POST /api/application-status" in shown["body"]
    assert shown["headers"]["Cache-Control"] == "no-store"
    assert "form-action 'self'" in shown["headers"]["Content-Security-Policy"]
    assert shown["body"].count(TEST_TOKEN) == 1
    assert "Set-Cookie" not in shown["headers"]


def test_page_has_older_requests(world: World) -> None:
    """Ten at a time, by buttons of the form."""
    for number in range(25):
        report(world, f"51c3be16-0f93-41ed-9cc0-{number:012}", "OFFER")
    bodies = [page(world, TEST_TOKEN, **({"from": str(first)} if first else {}))["body"] for first in (0, 10, 20)]
    assert [body.count('class="card request"') for body in bodies] == [10, 10, 5]
    assert ['value="10">Older' in bodies[0], 'value="20">Older' in bodies[1], "Older" in bodies[2]] == [1, 1, 0]
    assert ["Newer" in bodies[0], 'value="0">Newer' in bodies[1], 'value="10">Newer' in bodies[2]] == [0, 1, 1]
    for odd in ("x", "-1", "²", "9" * 400):
        assert page(world, TEST_TOKEN, **{"from": odd})["statusCode"] == 200


@pytest.mark.parametrize(
    ("token", "status", "text"),
    [("", 401, "not valid"), ("unknown", 401, "not valid"), (TOKEN, 403, "live token"), ("x" * 5000, 413, "too large")],
    ids=["none", "unknown", "live", "too long"],
)
def test_page_says_what_is_wrong_with_the_token(world: World, token: str, status: int, text: str) -> None:
    """Beside the form, to try again."""
    reply = page(world, token)
    assert (reply["statusCode"], text in reply["body"]) == (status, True)
    assert "<form" in reply["body"]


def test_page_limits_guesses(world: World) -> None:
    """As all paths do."""
    world.requests_per_second = 50
    world.restart()
    statuses = [page(world, "guess")["statusCode"] for _ in range(25)]
    assert (statuses[0], statuses[-1]) == (401, 429)


def test_largest_page_is_small(world: World) -> None:
    """At most 60 KB, whatever was sent."""
    odd = {"AtsiApplicationId": created(world)["AtsiApplicationId"], "Status": "REJECTED", "RawStatus": '"&<' * 66}
    for _ in range(10):
        batch(world, *([odd] * 20), *(["x"] * 20))
    assert len(page(world, TEST_TOKEN)["body"].encode()) <= 60_000


def test_page_takes_get_and_post_alone(world: World) -> None:
    """405 with Allow."""
    reply = page(world, TEST_TOKEN, method="PUT")
    assert (reply["statusCode"], reply["headers"]["Allow"]) == (405, "GET, POST")


def test_page_fails_as_a_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 503 with Retry-After, and the form to try again."""

    def fail(*_: Any, **__: Any) -> dict[str, Any]:
        raise Unavailable("the store is down")

    monkeypatch.setattr(world.dynamodb.__class__, "__call__", fail)
    reply = page(world, TEST_TOKEN)
    assert (reply["statusCode"], "<form" in reply["body"]) == (503, True)
    assert reply["headers"]["Retry-After"]


@pytest.mark.parametrize("name", ["sandbox-requests", "sandbox-requests-page"])
def test_sample_events_work(world: World, name: str) -> None:
    """The files of events/."""
    assert world.views(sample_event(f"ViewsFunction/{name}"), None)["statusCode"] == 200


def test_notes_come_in_the_order_sent() -> None:
    """Though reports of several applications are recorded at the same time, and the first takes longest."""
    is_last = Event()

    def record(number: int) -> int:
        if number == 1:
            assert is_last.wait(20)
        note("recorded", str(number))
        is_last.set()
        return number

    begin_trial("token")
    assert record_each([1, 2], application=lambda number: number, effective_at=lambda _: None, record=record) == [1, 2]
    trial = end_trial()
    assert trial
    assert [each["Reason"] for each in trial.notes] == ["1", "2"]
