"""The list of an ATS's own applications: what it has, its pages, and what it has nothing of."""

from collections.abc import Sequence
from io import StringIO
from typing import Any

import pytest

from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases
from application_status.platform.values import ApplicationId, application_id
from support.sandbox import created, report
from support.signals import position_signal, sent, signal, state
from support.streams import positions_copied
from support.world import (
    APPLICATION,
    FOREIGN_APPLICATION,
    OTHER_TOKEN,
    POSITION,
    SIGNALLED_APPLICATION,
    TEST_TOKEN,
    TOKEN,
    Answer,
    World,
    answer,
    http_event,
    registration,
    sample_event,
)

PATH = "/api/application-status"
ALL = [SIGNALLED_APPLICATION, APPLICATION]
"""The demo ATS's applications, by id."""


def listed(world: World, after: Sequence[str] = (), token: str | None = TOKEN) -> Answer:
    """Ask for the page after an id."""
    event = http_event("GET", PATH, token=token)
    event["multiValueQueryStringParameters"] = {"after": list(after)} if after else None
    return answer(world.views(event, None))


def ids(reply: Answer) -> list[str]:
    assert reply.status == 200, reply.body
    return [each["AtsiApplicationId"] for each in reply.body["Applications"]]


def registered(world: World, amount: int, **changes: Any) -> list[ApplicationId]:
    """Register further applications of the demo ATS."""
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    made = [application_id(f"0a7e3f52-6b1d-4c1e-9d55-{number:012x}") for number in range(amount)]
    for each in made:
        registrations.register(each, registration(**changes))
    return made


def test_application_is_listed_as_it_stands(world: World) -> None:
    """With the outcome that its label means, and when the status took effect, however long the history is."""
    for day, status in ((2, "INTERVIEW"), (4, "REJECTED"), (3, "OFFER")):
        label = "Absage durch Bewerber" if status == "REJECTED" else None
        assert world.report(status, BusinessDate=f"2022-08-{day:02}T09:00:00Z", RawStatus=label).status == 200
    reply = listed(world)
    assert reply.body.pop("RequestId")
    assert reply.body == {
        "Applications": [
            {
                "AtsiApplicationId": SIGNALLED_APPLICATION,
                "Status": "APPLIED",
                "RawStatus": None,
                "Outcome": "open",
                "OutcomeInferred": False,
                "ChangedAt": "2022-07-01T09:00:00.000Z",
                "AppliedAt": "2022-07-01T09:00:00.000Z",
                "JobTitle": "Python Developer",
                "Version": 1,
            },
            {
                "AtsiApplicationId": APPLICATION,
                "Status": "REJECTED",
                "RawStatus": "Absage durch Bewerber",
                "Outcome": "candidate_withdrew",
                "OutcomeInferred": False,
                "ChangedAt": "2022-08-04T09:00:00.000Z",
                "AppliedAt": "2022-07-01T09:00:00.000Z",
                "JobTitle": "Python Developer",
                "Version": 4,
            },
        ],
        "Next": None,
    }


def test_list_agrees_with_reading_back(world: World) -> None:
    """Also where the end of the position decides the outcome."""
    sent(world, signal(state("Interview")))
    sent(world, position_signal(success=True))
    positions_copied(world)
    world.report("OFFER")
    found = listed(world).body["Applications"]
    assert [each["OutcomeInferred"] for each in found] == [True, False]
    for each in found:
        own = answer(world.views(http_event("GET", f"{PATH}/{each['AtsiApplicationId']}"), None)).body
        assert {name: own[name] for name in each.keys() & own.keys()} == {
            name: each[name] for name in each.keys() & own.keys()
        }


@pytest.mark.parametrize("more", [97, 98, 99, 198])
def test_pages_have_every_application_once(world: World, more: int) -> None:
    """A page has 100, the last one says so, and none is empty."""
    expected = sorted([*registered(world, more), *ALL])
    reply, found, pages = listed(world), [], 1
    while True:
        found += ids(reply)
        if reply.body["Next"] is None:
            break
        assert len(ids(reply)) == 100
        reply, pages = listed(world, [reply.body["Next"]]), pages + 1
    assert found == expected
    assert pages == -(-len(expected) // 100)


def test_page_costs_two_reads(world: World) -> None:
    """A query of the index, and the applications of this page, however many there are."""
    registered(world, 150)
    listed(world)  # reads the token
    world.dynamodb.operations.clear()
    listed(world)
    assert world.dynamodb.operations == ["Query", "BatchGetItem"]


def test_nobody_elses_applications_are_listed(world: World) -> None:
    """Nor does a page begin among them."""
    assert ids(listed(world, token=OTHER_TOKEN)) == [FOREIGN_APPLICATION]
    assert ids(listed(world, [ALL[0]], OTHER_TOKEN)) == []
    assert ids(listed(world, [FOREIGN_APPLICATION])) == ALL


def test_each_kind_of_token_lists_its_own(world: World) -> None:
    """A test token lists the sandbox's applications, a live token the live ones."""
    assert ids(listed(world, token=TEST_TOKEN)) == []
    made = sorted(created(world)["AtsiApplicationId"] for _ in range(3))
    report(world, made[0], "INTERVIEW")
    found = listed(world, token=TEST_TOKEN)
    assert ids(found) == made
    assert [each["Status"] for each in found.body["Applications"]] == ["INTERVIEW", "APPLIED", "APPLIED"]
    assert ids(listed(world)) == ALL


def test_erased_application_is_not_listed(world: World) -> None:
    """Its tombstone has no ATS; nor has a second id, which would list the application twice."""
    second = application_id("51c3be16-0f93-41ed-9cc0-00000000beef")
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    registrations.register(SIGNALLED_APPLICATION, registration(
        client_id="client-3", aliases=Aliases(position_profile_ids=(POSITION,), second_ids=(second,))
    ))  # fmt: skip
    assert ids(listed(world)) == ALL
    assert world.erase(APPLICATION).status == 204
    assert ids(listed(world)) == [SIGNALLED_APPLICATION]


def test_application_erased_a_moment_ago_is_not_listed(
    world: World, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index still has it for about a second; it does not count as unreadable."""
    query = world.dynamodb.__class__.__call__

    def erase_after_query(self: Any, operation: str, **request: Any) -> dict[str, Any]:
        reply = query(self, operation, **request)
        if request.get("IndexName") == "ByAts":
            assert world.erase(APPLICATION).status == 204
        return reply

    monkeypatch.setattr(world.dynamodb.__class__, "__call__", erase_after_query)
    assert ids(listed(world)) == [SIGNALLED_APPLICATION]
    assert "unreadable" not in log.getvalue()


def test_application_that_cannot_be_read_is_left_out(world: World, log: StringIO) -> None:
    """The others are listed, and operators see its id."""
    world.client.update_item(
        TableName="ApplicationsTable",
        Key={"AtsiApplicationId": {"S": APPLICATION}},
        UpdateExpression="SET #status = :odd",
        ExpressionAttributeNames={"#status": "Status"},
        ExpressionAttributeValues={":odd": {"S": "NO_SUCH_STATUS"}},
    )
    assert ids(listed(world)) == [SIGNALLED_APPLICATION]
    assert "unreadable" in log.getvalue()
    assert APPLICATION in log.getvalue()


@pytest.mark.parametrize("after", [["x"], [""], [APPLICATION, SIGNALLED_APPLICATION], ["\ud800"]], ids=ascii)
def test_after_is_an_id(world: World, after: list[str]) -> None:
    """422 names it; any spelling of a UUID is fine, also of an application that does not exist."""
    reply = listed(world, after)
    assert (reply.status, reply.body["errors"][0]["pointer"]) == (422, "/after")
    assert ids(listed(world, [SIGNALLED_APPLICATION.upper()])) == [APPLICATION]
    assert ids(listed(world, ["00000000-0000-0000-0000-000000000000"])) == ALL


@pytest.mark.parametrize("token", [None, "unknown"])
def test_without_a_valid_token_nothing_is_listed(world: World, token: str | None) -> None:
    """401, before the cursor is checked."""
    assert listed(world, ["x"], token).status == 401


def test_other_methods_than_get_and_post_are_refused(world: World) -> None:
    """They are the webhook's, which names both methods; its other path takes reports only."""
    for path, allowed in ((PATH, "GET, POST"), ("/qs-api/public/atsi/v1/demo-ats", "POST")):
        reply = answer(world.webhook(http_event("PUT", path), None))
        assert (reply.status, reply.headers["Allow"]) == (405, allowed)


def test_sample_event_works(world: World) -> None:
    """The file of events/."""
    assert ids(answer(world.views(sample_event("ViewsFunction/applications"), None))) == ALL
