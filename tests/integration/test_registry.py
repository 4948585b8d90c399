"""Registering applications, through the real registry handler."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from application_status.applications.record import UnknownApplications
from application_status.applications.registry import RegistrationMessage
from support.counters import counters, expected_counters
from support.streams import stream
from support.world import APPLICATION, ATS, OTHER_TOKEN, Answer, World, answer, http_event

NEW = "51c3be16-0f93-41ed-9cc0-00000000beef"
CONTENT = {
    "AtsId": ATS, "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1",
    "JobTitle": "Pflegefachkraft (m/w/d)", "Company": "Muster Klinik AG", "AppliedAt": "2022-07-01T09:00:00.000Z",
}  # fmt: skip
ALIASES = {"Token": ["t-1"], "CandidateApplicationProfileId": ["c-1", "c-2"], "PositionProfileIds": ["p-1"]}


@pytest.fixture
def world() -> Iterator[World]:
    """First contact is allowed, so that applications may be known before they are registered."""
    with mock_aws():
        yield World(boto3.client("dynamodb"), UnknownApplications.ACCEPT)


def register(world: World, of: str = NEW, **changes: Any) -> Answer:
    """Register an application with the content above, but for the changes; a field that is `...` is left out."""
    body = {name: value for name, value in {**CONTENT, **changes}.items() if value is not ...}
    return answer(world.registry(http_event("PUT", f"/api/applications/{of}", body, token=None), None))


def pointers(reply: Answer) -> list[str]:
    assert (reply.status, reply.body["type"]) == (422, "/problems/invalid-fields")
    assert reply.headers["Content-Type"] == "application/problem+json"
    return [entry["pointer"] for entry in reply.body["errors"]]


def test_content_has_every_field() -> None:
    """Give a new field of the message a value in CONTENT above: the next test shows that it is stored."""
    assert {*CONTENT, "Link", "Location", "Aliases"} == {
        each.alias for each in RegistrationMessage.model_fields.values()
    }


def test_new_application_is_created(world: World) -> None:
    """201; it stands at APPLIED, without transitions, and keeps everything it was registered with."""
    reply = register(world, Aliases=ALIASES)
    assert reply.status == 201
    assert reply.body.pop("RequestId")
    assert reply.body == {"AtsiApplicationId": NEW, "Result": "registered"}
    item = world.item(NEW)
    assert item.pop("UpdatedAt")
    assert item == {
        "AtsiApplicationId": {"S": NEW},
        **{name: {"S": text} for name, text in CONTENT.items()},
        "Aliases": {"M": {kind: {"L": [{"S": alias} for alias in given]} for kind, given in ALIASES.items()}},
        "Positions": {"M": {}},
        "Status": {"S": "APPLIED"},
        "Transitions": {"M": {}},
        "Versions": {"M": {}},
        "Version": {"N": "1"},
    }


@pytest.mark.parametrize(
    ("of", "applied_at"),
    [
        (NEW, CONTENT["AppliedAt"]),
        (NEW.upper(), "2022-07-01T11:00:00+02:00"),
        (NEW.replace("-", ""), "2022-07-01T09:00:00.000999Z"),
        (f"urn:uuid:{NEW}", "2022-07-01 09:00:00Z"),
    ],
)
def test_same_content_again_is_unchanged(world: World, of: str, applied_at: str) -> None:
    """200 in any spelling of the id and of the moment; nothing is written."""
    register(world, Aliases=ALIASES)
    before = world.item(NEW)
    reply = register(world, of, AppliedAt=applied_at, Aliases=ALIASES)
    assert (reply.status, reply.body["Result"], reply.body["AtsiApplicationId"]) == (200, "unchanged", NEW)
    assert world.item(NEW) == before


OTHER_IDENTITY = {
    "AtsId": "other-ats", "ClientId": "client-2", "JobId": "job-2", "JobseekerId": "jobseeker-2",
    "AppliedAt": "2022-07-01T09:00:00.001Z",
}  # fmt: skip


@pytest.mark.parametrize("fields", [*([name] for name in OTHER_IDENTITY), ["JobId", "AppliedAt"], [*OTHER_IDENTITY]])
@pytest.mark.parametrize("aliases", [ALIASES, {"Token": ["t-2"]}], ids=["same aliases", "another alias"])
def test_another_identity_is_a_conflict(world: World, aliases: Any, fields: list[str]) -> None:
    """409 names the fields that differ, but no value, and the application stays as it was."""
    register(world, Aliases=ALIASES)
    before = world.item(NEW)
    changes = {name: OTHER_IDENTITY[name] for name in fields}
    reply = register(world, **{"Aliases": aliases, "JobTitle": "Koch", **changes})
    assert (reply.status, reply.body["type"]) == (409, "/problems/registration-conflict")
    detail = reply.body["detail"]
    assert [name for name in CONTENT if f"another {name}" in detail] == [name for name in CONTENT if name in fields]
    assert not any(value in detail for value in (*OTHER_IDENTITY.values(), *CONTENT.values()))
    assert world.item(NEW) == before
    assert world.client.scan(TableName="AliasesTable")["Count"] == 3 + 4


def test_title_and_company_may_change(world: World) -> None:
    """200 `updated`: the last counts, with a new version; all else stays, also what was reported meanwhile."""
    register(world, Aliases=ALIASES)
    world.report("INTERVIEW", AtsiApplicationId=NEW)
    before = world.item(NEW)
    for version, changes in enumerate([{"JobTitle": "Koch"}, {"Company": "Example GmbH"}, {"JobTitle": "Bäcker"}], 3):
        display = {"JobTitle": "Koch", "Company": "Example GmbH"} if version > 3 else {}
        reply = register(world, **{**display, **changes})
        assert (reply.status, reply.body["Result"]) == (200, "updated")
        assert world.stored(NEW).version == version
    changed = {"JobTitle": {"S": "Bäcker"}, "Company": {"S": "Example GmbH"}, "Version": {"N": "5"}}
    after = world.item(NEW)
    assert after == before | changed | {"UpdatedAt": after["UpdatedAt"]}
    assert register(world, JobTitle="Bäcker", Company="Example GmbH").body["Result"] == "unchanged"
    assert world.item(NEW) == after


def test_last_link_and_location_win(world: World) -> None:
    """200 `updated`: other values replace them, and a registration without them removes them."""
    for link, location in (("https://a.test/1", "Berlin"), ("https://a.test/2?x=1#y", "Köln"), (None, None)):
        given: dict[str, Any] = {"Link": link, "Location": location} if link else {}
        assert register(world, **given).body["Result"] in {"registered", "updated"}
        stored = world.stored(NEW).registration
        assert stored
        assert (stored.link, stored.location) == (link, location)
    assert register(world, Link=None).body["Result"] == "unchanged"


def test_new_title_reaches_the_jobseeker_and_no_counter(world: World) -> None:
    """The jobseeker's list shows it; what the application counts for stays the same."""
    register(world)
    analytics = {"Records": stream(world, "ApplicationsTable")}
    assert world.analytics(analytics, None) == {"batchItemFailures": []}
    before = counters(world.client)
    register(world, JobTitle="Koch")
    event = http_event("GET", "/api/my/applications", token=None)
    event["requestContext"]["authorizer"] = {"claims": {"custom:jobseeker_id": "jobseeker-1"}}
    mine = answer(world.my_applications(event, None)).body["Applications"]
    assert [each["JobTitle"] for each in mine if each["AtsiApplicationId"] == NEW] == ["Koch"]
    records = stream(world, "ApplicationsTable")
    assert len(records) > len(analytics["Records"])
    assert world.analytics({"Records": records}, None) == {"batchItemFailures": []}
    assert counters(world.client) == before == expected_counters(world)


def test_report_after_registration_is_recorded(world: World) -> None:
    """By the ATS that was registered; to any other it is unknown."""
    register(world)
    assert world.report("INTERVIEW", AtsiApplicationId=NEW, headers={"X-AtsiToken": OTHER_TOKEN}).status == 404
    reply = world.report("INTERVIEW", AtsiApplicationId=NEW)
    assert (reply.body["Result"], reply.body["PreviousStatus"], reply.body["Version"]) == ("recorded", "APPLIED", 2)


def test_registering_again_does_not_reset_what_was_reported(world: World) -> None:
    """The Apply system may repeat itself at any time."""
    register(world)
    world.report("HIRED", AtsiApplicationId=NEW, RawStatus="eingestellt")
    before = world.item(NEW)
    assert register(world).status == 200
    assert world.item(NEW) == before
    assert register(world, ClientId="client-2").status == 409
    assert world.item(NEW) == before


def test_registration_completes_what_came_by_first_contact(world: World) -> None:
    """201: what was reported stays, the registration joins it, once."""
    world.report("INTERVIEW", AtsiApplicationId=NEW, RawStatus="phone", headers={"Idempotency-Key": "1"})
    reported = world.stored(NEW)
    assert reported.registration is None
    assert register(world, Aliases=ALIASES).status == 201
    stored = world.stored(NEW)
    assert (stored.status, stored.raw_status, stored.version) == ("INTERVIEW", "phone", 2)
    assert (stored.transitions, stored.head) == (reported.transitions, reported.head)
    assert stored.registration is not None
    assert (stored.registration.client_id, stored.registration.aliases.tokens) == ("client-1", ("t-1",))
    for aliases in (ALIASES, {}):
        assert register(world, Aliases=aliases).body["Result"] == "unchanged"
    assert register(world, JobId="job-2").status == 409
    assert world.stored(NEW) == stored


def test_registration_for_another_ats_than_reported_is_a_conflict(world: World) -> None:
    """The ATS that first reported the application keeps it until an operator decides."""
    world.report("INTERVIEW", AtsiApplicationId=NEW)
    before = world.item(NEW)
    reply = register(world, AtsId="other-ats")
    assert (reply.status, reply.body["type"]) == (409, "/problems/registration-conflict")
    assert "another AtsId." in reply.body["detail"]
    assert world.item(NEW) == before


WRONG = [
    ({"AtsId": ...}, ["/AtsId"]),
    ({"AtsId": ""}, ["/AtsId"]),
    ({"ClientId": "a#b"}, ["/ClientId"]),
    ({"ClientId": "x" * 65}, ["/ClientId"]),
    ({"JobId": 7}, ["/JobId"]),
    ({"JobId": "job-1\n"}, ["/JobId"]),
    ({"JobseekerId": "erika@example.com"}, ["/JobseekerId"]),
    ({"JobseekerId": None}, ["/JobseekerId"]),
    ({"JobTitle": ""}, ["/JobTitle"]),
    ({"Company": "x" * 201}, ["/Company"]),
    ({"Location": ""}, ["/Location"]),
    ({"Location": "x" * 201}, ["/Location"]),
    ({"Link": ""}, ["/Link"]),
    ({"Link": "http://jobs.test/1"}, ["/Link"]),
    ({"Link": "javascript:alert(1)"}, ["/Link"]),
    ({"Link": "https://"}, ["/Link"]),
    ({"Link": 'https://jobs.test/"><b>'}, ["/Link"]),
    ({"Link": "https://jobs.test/ä"}, ["/Link"]),
    ({"Link": "https://jobs.test/1\n"}, ["/Link"]),
    ({"Link": "https://jobs.test@other.test/"}, ["/Link"]),
    ({"Link": "https://jobs[.test/1"}, ["/Link"]),
    ({"Link": "https://jobs.test:x/1"}, ["/Link"]),
    ({"Link": f"https://jobs.test/{'x' * 1000}"}, ["/Link"]),
    ({"AppliedAt": "2022-07-01"}, ["/AppliedAt"]),
    ({"AppliedAt": "2022-07-01T09:00:00"}, ["/AppliedAt"]),
    ({"AppliedAt": "2022-02-30T09:00:00Z"}, ["/AppliedAt"]),
    ({"AppliedAt": "0001-01-01T00:00:00Z"}, ["/AppliedAt"]),
    ({"AppliedAt": 1656666000}, ["/AppliedAt"]),
    ({"AppliedAt": "1656666000"}, ["/AppliedAt"]),
    ({"AppliedAt": "0001-01-01T00:00:00+14:00"}, ["/AppliedAt"]),
    ({"AppliedAt": "9999-12-31T23:59:59-14:00"}, ["/AppliedAt"]),
    ({"Aliases": []}, ["/Aliases"]),
    ({"Aliases": None}, ["/Aliases"]),
    ({"Aliases": {"Token": "t-1"}}, ["/Aliases/Token"]),
    ({"Aliases": {"Token": ["t-1", "", 5]}}, ["/Aliases/Token/1", "/Aliases/Token/2"]),
    ({"Aliases": {"PositionProfileIds": ["ä"]}, "JobId": "", "AtsId": ...},
     ["/AtsId", "/JobId", "/Aliases/PositionProfileIds/0"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "expected"), WRONG, ids=str)
def test_wrong_fields_are_named_by_pointers(world: World, changes: dict[str, Any], expected: list[str]) -> None:
    """422 with an entry for each wrong field, and nothing is created."""
    assert pointers(register(world, **changes)) == expected
    assert world.client.scan(TableName="ApplicationsTable")["Count"] == 3


@pytest.mark.parametrize("of", ["job-1", NEW[:-1], f"{NEW}0", "%7B" + NEW, "null"])
def test_path_has_to_be_a_uuid(world: World, of: str) -> None:
    """422; the pointer is empty, as the body is right."""
    assert pointers(register(world, of)) == [""]


@pytest.mark.parametrize("of", ["{AtsiApplicationId}", "<id>", "string"])
def test_placeholder_in_the_path_is_named(world: World, of: str) -> None:
    """The path as documentation shows it, copied as it is."""
    event = http_event("PUT", f"/api/applications/{NEW}", CONTENT, token=None)
    event["pathParameters"] = {"AtsiApplicationId": of}
    reply = answer(world.registry(event, None))
    assert pointers(reply) == [""]
    expected = f'the AtsiApplicationId in the path is not a UUID: "{of}" looks like a placeholder from documentation'
    assert reply.body["errors"][0]["detail"] == expected


def test_unknown_fields_are_named_back(world: World) -> None:
    """At 201, 200 and 422."""
    assert register(world, Jobtitle="x").body["IgnoredFields"] == ["Jobtitle"]
    assert register(world, Jobtitle="x", x=1).body["IgnoredFields"] == ["Jobtitle", "x"]
    assert register(world, JobTitle=..., Jobtitle="x").body["ignoredFields"] == ["Jobtitle"]
    assert "IgnoredFields" not in register(world).body


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "put"])
def test_only_put_and_delete_are_allowed(world: World, method: str) -> None:
    """405 with Allow."""
    reply = answer(world.registry(http_event(method, f"/api/applications/{APPLICATION}", CONTENT), None))
    assert (reply.status, reply.headers["Allow"]) == (405, "PUT, DELETE")


def test_body_is_checked_like_a_report(world: World) -> None:
    """The same gateway code: type, size, form."""
    path = f"/api/applications/{NEW}"
    events = [
        http_event("PUT", path, CONTENT, {"Content-Type": "text/plain"}),
        http_event("PUT", path, " " * 8193),
        http_event("PUT", path, "[]"),
    ]
    assert [world.registry(event, None)["statusCode"] for event in events] == [415, 413, 400]
