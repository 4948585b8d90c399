"""A jobseeker's own applications over HTTP: who sees which, in which order and words, and what is refused."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from io import StringIO
from pkgutil import resolve_name
from typing import Any

import boto3
import pytest
from moto import mock_aws
from pydantic.alias_generators import to_pascal

from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Registration
from application_status.platform.errors import Unavailable
from application_status.platform.values import ApplicationId, application_id, now, to_text
from support.signals import counted
from support.unreadable_items import FAILURES
from support.world import ATS, FOREIGN_APPLICATION, World, http_event, registration

LIST, PAGE = "/api/my/applications", "/my/applications"
ME = "me"
NOT_SHOWN = {"ats_id", "client_id", "job_id", "jobseeker_id", "aliases"}


def an_id(number: int) -> ApplicationId:
    return application_id(f"0a7e3f52-6b1d-4c1e-9d55-{number:012x}")


def register(world: World, number: int, *, days_ago: float = 10, **changes: Any) -> ApplicationId:
    """Register an application of the jobseeker, but for the changes."""
    applied_at = now() - timedelta(days=days_ago)
    content = registration(**{"jobseeker_id": ME, "applied_at": applied_at} | changes)
    Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable").register(an_id(number), content)
    return an_id(number)


def report(world: World, of: str, status: str, *, days_ago: float = 0, **fields: Any) -> None:
    """Send a report about it."""
    when = to_text(now() - timedelta(days=days_ago))
    assert world.report(status, AtsiApplicationId=of, BusinessDate=when, **fields).status == 200


def ask(
    world: World, path: str = LIST, *, claims: Mapping[str, str] | None = None, language: str = "en", **query: Any
) -> dict[str, Any]:
    """Return the raw reply to the signed-in jobseeker; a query's list is a parameter that is there several times."""
    claims = {"custom:jobseeker_id": ME} if claims is None else claims
    token = {"Authorization": f"Bearer {world.id_token(claims)}"} if path == PAGE else {}
    event = http_event("GET", path, None, {"Accept-Language": language, **token}, None)
    event["multiValueQueryStringParameters"] = {
        name: value if isinstance(value, list) else [value] for name, value in query.items()
    } or None
    if path != PAGE:
        event["requestContext"]["authorizer"] = {"claims": claims}
    return world.my_applications(event, None)


def get(world: World, path: str = LIST, **more: Any) -> dict[str, Any]:
    """Return the JSON of a reply that has to be 200."""
    reply = ask(world, path, **more)
    assert reply["statusCode"] == 200, reply["body"]
    body: dict[str, Any] = json.loads(reply["body"])
    return body


def ids(body: Mapping[str, Any]) -> list[str]:
    return [each["AtsiApplicationId"] for each in body["Applications"]]


def without_request_id(reply: Mapping[str, Any]) -> dict[str, Any]:
    body = json.loads(reply["body"])
    assert body.pop("requestId")
    return {**reply, "body": body}


def test_list_has_the_fields_for_a_jobseeker(world: World) -> None:
    """It has a text and a step instead of the status, no labels, and no data of the board, the ATS or the client."""
    of = register(world, 1)
    report(world, of, "INTERVIEW", days_ago=3, RawStatus="2nd round, weak")
    reply = ask(world)
    (listed,) = json.loads(reply["body"])["Applications"]
    assert re.fullmatch(r"20..-..-..T..:..:..\....Z", listed.pop("ChangedAt"))
    assert re.fullmatch(r"20..-..-..T..:..:..\....Z", listed.pop("AppliedAt"))
    assert listed == {
        "AtsiApplicationId": of, "JobTitle": "Python Developer", "Company": "Example GmbH",
        "JobseekerStatus": "interview", "Text": "Interview", "Finished": False, "Step": 3, "Steps": 5,
        "ChangedDay": None, "Link": None, "Location": None, "ReportedBy": "Example GmbH", "Archived": False,
        "WhatNext": "The employer wants to meet you, and will arrange a date and a place with you.",
    }  # fmt: skip
    assert reply["headers"] == {
        "Content-Type": "application/json", "Cache-Control": "no-store",
        "Content-Language": "en", "Vary": "Accept-Language",
    }  # fmt: skip


@pytest.mark.parametrize("field", [each.name for each in fields(Registration) if each.name not in NOT_SHOWN])
def test_list_has_every_registered_field(world: World, field: str) -> None:
    """Fields of the board, the ATS or the client are excepted; add a new one of these to NOT_SHOWN."""
    register(world, 1, link="https://jobs.test/1", location="Berlin")
    (listed,) = get(world)["Applications"]
    assert listed[to_pascal(field)]


def test_words_are_in_the_language_asked_for(world: World) -> None:
    """A rejection and a withdrawal read as what they are to the jobseeker."""
    report(world, register(world, 1), "REJECTED", days_ago=1)
    report(world, register(world, 2), "REJECTED", days_ago=2, RawStatus="Candidate withdrew")
    german, english = (get(world, language=each)["Applications"] for each in ("de-DE,de;q=0.9", "fr,en;q=0.5"))
    assert [each["Text"] for each in english] == ["No longer under consideration", "Withdrawn by you"]
    assert [each["Text"] for each in german] == ["Nicht mehr im Auswahlverfahren", "Von Ihnen zurückgezogen"]
    assert [each["JobseekerStatus"] for each in german] == ["no_longer_considered", "withdrawn"]


def test_one_application_comes_with_its_timeline(world: World) -> None:
    """Oldest first, from the application on; any spelling of the id will do."""
    of = register(world, 1)
    report(world, of, "CONTACT", days_ago=5, RawStatus="left message")
    report(world, of, "OFFER", days_ago=2)
    body = get(world, f"{LIST}/{of.upper()}")
    (listed,) = get(world)["Applications"]
    timeline = body.pop("Timeline")
    assert body.keys() - listed.keys() == {"RequestId", "Feedback"}
    assert listed.items() <= body.items()
    assert [(each["JobseekerStatus"], each["Text"]) for each in timeline] == [
        ("applied", "Applied"), ("in_contact", "The employer contacted you"), ("offer", "Offer received"),
    ]  # fmt: skip
    assert [each["At"] for each in timeline] == sorted(each["At"] for each in timeline)
    assert (timeline[0]["At"], timeline[-1]["At"]) == (body["AppliedAt"], body["ChangedAt"])


def test_others_and_erased_applications_are_not_listed(world: World) -> None:
    """Applications of other jobseekers and erased ones are left out."""
    mine = register(world, 1)
    register(world, 2, jobseeker_id="somebody else")
    world.erase(register(world, 3))
    assert ids(get(world)) == [mine]
    assert get(world, claims={"custom:jobseeker_id": "nobody"})["Applications"] == []


def test_application_that_is_erased_while_the_list_is_made_is_left_out(world: World) -> None:
    """The index may still name it; what counts is the table."""
    erased = register(world, 1)
    mine = register(world, 2)
    client = world.client  # DynamoDB's index lags behind, moto's doesn't
    stale = client.query(
        TableName="ApplicationsTable", IndexName="ByJobseeker",
        KeyConditionExpression="JobseekerId = :me", ExpressionAttributeValues={":me": {"S": ME}},
    )  # fmt: skip
    world.erase(erased)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "query", lambda **_: stale)
        assert ids(get(world)) == [mine]


def test_unknown_foreign_and_erased_applications_are_the_same_404(world: World) -> None:
    """The replies are identical, so ids can't be probed."""
    erased = register(world, 1)
    world.erase(erased)
    foreign = register(world, 2, jobseeker_id="somebody else")
    replies = [
        without_request_id(ask(world, f"{LIST}/{each}")) for each in (erased, foreign, an_id(3), FOREIGN_APPLICATION)
    ]
    assert all(reply == replies[0] for reply in replies)
    assert (replies[0]["statusCode"], replies[0]["body"]["type"]) == (404, "/problems/unknown-application")


@pytest.mark.parametrize("path", [LIST, f"{LIST}/{an_id(1)}"])
@pytest.mark.parametrize("claims", [{}, {"custom:client_id": "client-1"}, {"custom:jobseeker_id": ""}])
def test_only_jobseekers_have_applications(world: World, path: str, claims: dict[str, str]) -> None:
    """A client's user is signed in by the same pool."""
    register(world, 1)
    reply = without_request_id(ask(world, path, claims=claims))
    assert (reply["statusCode"], reply["body"]["type"]) == (403, "/problems/forbidden")
    assert world.dynamodb.operations.count("Query") == 0


def test_id_that_is_none_is_refused(world: World) -> None:
    """As for a registration."""
    reply = ask(world, f"{LIST}/42")
    assert (reply["statusCode"], json.loads(reply["body"])["type"]) == (422, "/problems/invalid-fields")


@pytest.mark.parametrize(("path", "method", "allowed"), [(LIST, "POST", "GET"), (PAGE, "PUT", "GET, POST")])
def test_other_methods_are_refused(world: World, path: str, method: str, allowed: str) -> None:
    """The reply is a 405 whose Allow header has the others."""
    claims = {"custom:jobseeker_id": ME}
    event = http_event(method, path, {}, {"Authorization": f"Bearer {world.id_token(claims)}"}, None)
    event["requestContext"]["authorizer"] = {"claims": claims}
    reply = world.my_applications(event, None)
    assert (reply["statusCode"], reply["headers"]["Allow"]) == (405, allowed)


def test_newest_change_shown_comes_first(world: World) -> None:
    """The order is by the change shown: a late report or an unmapped label moves nothing up."""
    for number, days in ((1, 5), (2, 3), (3, 4)):
        report(world, register(world, number), "INTERVIEW", days_ago=days)
    register(world, 4, days_ago=3.5)
    order = [an_id(number) for number in (2, 4, 3, 1)]
    assert ids(get(world)) == order
    report(world, an_id(1), "CONTACT", days_ago=8)
    assert ids(get(world)) == order
    report(world, an_id(1), "OFFER")
    assert ids(get(world)) == [an_id(1), *order[:3]]


def test_pages_of_fifty_make_the_whole_list(world: World) -> None:
    """Each application once, also where changes are of the same moment."""
    applied_at = now() - timedelta(days=9)
    for number in range(120):
        register(world, number, applied_at=applied_at + timedelta(days=number % 3))
    seen: list[str] = []
    query: dict[str, Any] = {}
    for size in (50, 50, 20):
        body = get(world, **query)
        assert len(body["Applications"]) == size
        assert body["Complete"]
        seen += ids(body)
        query = {"after": body["Next"]}
    assert body["Next"] is None
    assert seen == sorted(seen, key=lambda each: (int(each[-12:], 16) % 3, each), reverse=True)
    assert len(set(seen)) == 120


def test_full_last_page_has_no_next(world: World) -> None:
    """Fifty applications are one page."""
    for number in range(50):
        register(world, number)
    assert get(world)["Next"] is None


@pytest.fixture
def cursor(world: World) -> str:
    for number in range(51):
        register(world, number)
    found: str = get(world)["Next"]
    return found


def test_any_change_of_a_cursor_is_refused(world: World, cursor: str) -> None:
    """The reply is a 422 that names it, also for another jobseeker's cursor, a doubled one, and an empty one."""
    other = "B" if cursor[-1] != "B" else "C"
    position = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    moved = base64.urlsafe_b64encode(f"1{position[1:]}".encode()).decode().rstrip("=")
    tampered = [
        cursor[:-1] + other,
        other + cursor[1:],
        cursor[:-4],
        cursor + "AAAA",
        cursor + "=",
        moved,
        "",
        "%",
        "ä",
    ]
    replies = [ask(world, after=each) for each in (*tampered, [cursor, cursor[:-1]])]
    replies.append(ask(world, after=cursor, claims={"custom:jobseeker_id": "somebody else"}))
    for reply in replies:
        problem = json.loads(reply["body"])
        assert (reply["statusCode"], problem["type"]) == (422, "/problems/invalid-fields"), reply
        assert [error["pointer"] for error in problem["errors"]] == ["/after"]
    assert len(ids(get(world, after=cursor))) == 1


def test_list_ends_at_a_thousand_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those applied for last are listed; any other can still be asked for by its id."""
    monkeypatch.setattr("application_status.applications.read.LIST_LIMIT", 3)
    for number in range(3):
        register(world, number, days_ago=9 - number)
    assert get(world)["Complete"] is True
    oldest = register(world, 7, days_ago=20)
    body = get(world)
    assert (ids(body), body["Complete"]) == ([an_id(2), an_id(1), an_id(0)], False)
    assert get(world, f"{LIST}/{oldest}")["AtsiApplicationId"] == oldest


def test_more_than_a_batch_is_listed(world: World) -> None:
    """DynamoDB reads a hundred items at once."""
    for number in range(101):
        register(world, number)
    world.dynamodb.operations.clear()
    body = get(world)
    assert world.dynamodb.operations == ["Query", "BatchGetItem", "BatchGetItem"]
    assert len(ids(get(world, after=get(world, after=body["Next"])["Next"]))) == 1


def test_a_report_writes_nothing_to_the_index(world: World) -> None:
    """Its keys never change and it has nothing else, so that a report costs the same as without it."""
    of = register(world, 1)

    def indexed() -> list[Any]:
        items: list[Any] = world.client.scan(TableName="ApplicationsTable", IndexName="ByJobseeker")["Items"]
        return [each for each in items if each["AtsiApplicationId"]["S"] == of]

    before = indexed()
    report(world, of, "INTERVIEW")
    assert indexed() == before
    assert before[0].keys() == {"AtsiApplicationId", "JobseekerId", "AppliedAt"}


@pytest.mark.parametrize(("hours", "text"), [(0, "No longer under consideration"), (48, "Interview")])
def test_rejection_is_hidden_for_the_configured_delay(hours: int, text: str) -> None:
    """Until then the reply doesn't reveal it, neither by the order nor by the time of the last change."""
    with mock_aws():
        world = World(boto3.client("dynamodb"), bad_news_delay_hours=hours)
        for number in (1, 2):
            report(world, register(world, number), "INTERVIEW", days_ago=6 - number)
        before = get(world)
        report(world, an_id(1), "REJECTED", days_ago=1)
        after = get(world)
        changed = {each["AtsiApplicationId"]: each for each in after["Applications"]}[an_id(1)]
        assert changed["Text"] == text
        assert (after["Applications"] == before["Applications"]) == (hours > 0)
        timeline = get(world, f"{LIST}/{an_id(1)}")["Timeline"]
        assert len(timeline) == (2 if hours else 3)
        assert (text in ask(world, PAGE)["body"]) is True
        assert ("No longer" in ask(world, PAGE)["body"]) == (hours == 0)


def test_page_shows_the_list_without_scripts(world: World) -> None:
    """The page is HTML in the reader's language; its headers forbid storing, framing and scripts."""
    report(world, register(world, 1), "INTERVIEW", days_ago=3)
    reply = ask(world, PAGE, language="de")
    headers, html = reply["headers"], reply["body"]
    assert (reply["statusCode"], headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert (headers["Cache-Control"], headers["Content-Language"], headers["Vary"]) == (
        "no-store", "de", "Accept-Language",
    )  # fmt: skip
    policy = headers["Content-Security-Policy"].split("; ")
    assert policy[0] == "default-src 'none'"
    assert re.fullmatch(r"style-src 'sha256-[\w+/]{43}='", policy[1])
    assert policy[2:] == ["base-uri 'none'", "form-action 'self'", "frame-ancestors 'self'"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert html.startswith('<!doctype html>\n<html lang="de">')
    assert "Vorstellungsgespräch" in html
    assert "vor 3 Tagen" in html
    assert not re.search(r"<script|\son\w+=|style=|https?:", html)


@pytest.mark.parametrize(("status", "text"), [(403, "not as a jobseeker"), (422, "open your applications again")])
def test_page_is_refused_as_a_page(world: World, status: int, text: str) -> None:
    """With words for its reader, and the same headers."""
    reply = ask(world, PAGE, claims={}) if status == 403 else ask(world, PAGE, after="x")
    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert text in reply["body"]
    assert "'none'" in reply["headers"]["Content-Security-Policy"]


PLACES = [
    "application_status.applications.items.application",  # reading the item
    "application_status.jobseeker.endpoint.jobseeker_view",  # making it what the jobseeker sees
    "application_status.jobseeker.endpoint._application",  # writing it in JSON
    "application_status.jobseeker.page._card",  # and as a part of the page
]


def failing(name: str, of: str, failure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is done at a place fail for one application."""
    place = resolve_name(name)

    def fails(given: Any, *more: Any) -> Any:
        if of in str(given):
            FAILURES[failure]()
        return place(given, *more)

    monkeypatch.setattr(name, fails)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("name", PLACES)
def test_application_that_cant_be_shown_is_left_out(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    log: StringIO,
    capsys: pytest.CaptureFixture[str],
    name: str,
    failure: str,
) -> None:
    """The others are shown; the log names it, without its contents, and a metric counts it."""
    register(world, 1)
    bad = register(world, 2, job_title="Koch")
    failing(name, bad, failure, monkeypatch)
    counted(capsys)
    if not name.endswith("_card"):
        assert ids(get(world)) == [an_id(1)]
        assert left_out(log) == [(bad, failure)]
        assert counted(capsys) == {"Unreadable": 1}
    if not name.endswith("_application"):
        reply = ask(world, PAGE)
        assert (reply["statusCode"], reply["body"].count("<h3"), "Koch" in reply["body"]) == (200, 1, False)
        assert left_out(log) == [(bad, failure)]
        assert counted(capsys) == {"Unreadable": 1}


def left_out(log: StringIO) -> list[tuple[str, str]]:
    """Return what the log says was left out, with the error's type, and forget it."""
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    log.seek(0)
    log.truncate()
    assert "Geheimnis" not in str(lines)
    return [(line["application"], line["error"]) for line in lines if line["message"] == "unreadable"]


def test_unreadable_item_is_left_out(world: World) -> None:
    """The list leaves it out; a request for it alone is a 503, as it can be repaired."""
    mine, bad = register(world, 1), register(world, 2)
    world.client.update_item(
        TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": bad}}, UpdateExpression="REMOVE Transitions"
    )
    assert ids(get(world)) == [mine]
    assert ask(world, PAGE)["statusCode"] == 200
    assert ask(world, f"{LIST}/{bad}")["statusCode"] == 503


@pytest.mark.parametrize("path", [LIST, PAGE])
def test_unavailable_store_is_a_503(world: World, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reply is a 503 with Retry-After: a problem from the API, a text on the page."""

    def down(*_: Any, **__: Any) -> None:
        raise Unavailable("down")

    monkeypatch.setattr("application_status.applications.read.batch_get", down)
    register(world, 1)
    reply = ask(world, path, language="de")
    assert (reply["statusCode"], reply["headers"]["Retry-After"]) == (503, "2")
    assert ("sind gerade nicht verfügbar" in reply["body"]) == (path == PAGE)
    assert ("/problems/unavailable" in reply["body"]) == (path == LIST)


def test_day_that_was_sent_alone_is_shown_as_it_was_sent(world: World) -> None:
    """Midnight in Tokyo is the day before in the page's zone."""
    of = register(world, 1, days_ago=40)
    assert (
        world.report("INTERVIEW", AtsiApplicationId=of, BusinessDate=f"{now():%Y-%m}-01T00:00:00+09:00").status == 200
    )
    body = get(world, f"{LIST}/{of}")
    assert body["ChangedDay"] == body["Timeline"][-1]["Day"] == f"{now():%Y-%m}-01"
    assert f'<time datetime="{now():%Y-%m}-01">1 {now():%B %Y}</time>' in ask(world, PAGE)["body"]


def test_quiet_application_says_for_how_long(world: World) -> None:
    """The text appears after two weeks, and only while the application is open."""
    register(world, 1, days_ago=24)
    register(world, 2, days_ago=13)
    report(world, register(world, 3, days_ago=40), "REJECTED", days_ago=30)
    html = ask(world, PAGE)["body"]
    assert re.findall(r"No update for \d+ days", html) == ["No update for 24 days"]
    assert "13 days ago" in html
    assert ATS not in html
