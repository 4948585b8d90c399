"""Erasing applications: what goes, what stays, and what later requests about them get."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from moto import mock_aws

from application_status.applications import items
from application_status.applications.record import UnknownApplications
from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases
from application_status.functions.registry import RegistrySettings, make_handler
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import ApplicationId
from application_status.quality.counters.items import packed
from support.counters import counters, expected_counters
from support.signals import complete, position_signal, sent, signal, state
from support.streams import positions_copied, stream
from support.world import (
    APPLICATION,
    ATS,
    FOREIGN_APPLICATION,
    POSITION,
    PROFILE,
    SIGNAL_TOKEN,
    SIGNALLED_APPLICATION,
    Answer,
    World,
    answer,
    http_event,
    registration,
)

NEW = "51c3be16-0f93-41ed-9cc0-00000000beef"
REJECT, ACCEPT = UnknownApplications
CONTENT = {
    "AtsId": ATS, "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1", "JobTitle": "Koch",
    "Company": "Example GmbH", "AppliedAt": "2022-07-01T09:00:00Z",
    "Aliases": {"Token": ["t-1"], "PositionProfileIds": ["p-1", "p-2"]},
}  # fmt: skip


@pytest.fixture(params=[REJECT], ids=[""])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"), request.param)


both_modes = pytest.mark.parametrize("world", [REJECT, ACCEPT], indirect=True)


class Meanwhile(DynamoDB):
    """The real client, which does something else before one of its operations."""

    def __init__(self, client: Any, before: int, happens: Callable[[], object]) -> None:
        super().__init__(boto.transport(client))
        self.before = before
        self.happens = happens

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        if self.before == 0:
            self.happens()
        self.before -= 1
        return super().__call__(operation, **request)


def register(world: World, of: str = NEW, **changes: Any) -> Answer:
    event = http_event("PUT", f"/api/applications/{of}", CONTENT | changes, token=None)
    return answer(world.registry(event, None))


def registry_with(dynamodb: DynamoDB) -> Any:
    return make_handler(dynamodb, RegistrySettings("ApplicationsTable", "AliasesTable", "FeedbackTable"))


def is_bare_tombstone(item: dict[str, Any], version: int) -> bool:
    return item.keys() == {"AtsiApplicationId", "ErasedAt", "Version"} and item["Version"] == {"N": str(version)}


def naming(world: World, text: str) -> list[Any]:
    """Return the items of all tables that have a text in them."""
    return [item for table in world.contents() for item in table if text in str(item)]


def test_all_that_is_left_is_a_tombstone(world: World) -> None:
    """204 without a body; the item has the id, the moment and the next version, and nothing else names it."""
    sent(world, signal(state("Interview", 1)), position_signal(success=True))
    positions_copied(world)
    assert world.stored(SIGNALLED_APPLICATION).version == 3
    reply = world.registry(http_event("DELETE", f"/api/applications/{SIGNALLED_APPLICATION}", token=None), None)
    assert reply == {"statusCode": 204, "headers": {"Cache-Control": "no-store"}, "body": ""}
    assert is_bare_tombstone(world.item(SIGNALLED_APPLICATION), 4)
    assert naming(world, SIGNALLED_APPLICATION) == [world.item(SIGNALLED_APPLICATION)]
    assert naming(world, "client-3") == naming(world, SIGNAL_TOKEN) == naming(world, PROFILE) == []


def test_application_known_by_its_reports_only_is_erased(world: World) -> None:
    """It has neither registration nor aliases."""
    world.unknown = ACCEPT
    world.restart()
    world.report("INTERVIEW", AtsiApplicationId=NEW, RawStatus="phone", headers={"Idempotency-Key": "1"})
    assert world.erase(NEW).status == 204
    assert is_bare_tombstone(world.item(NEW), 2)


def test_erasing_again_changes_nothing(world: World) -> None:
    """204; the tombstone keeps its moment and its version."""
    world.erase()
    before = world.contents()
    assert world.erase().status == 204
    assert world.erase(APPLICATION.upper()).status == 204
    assert world.contents() == before


@both_modes
def test_erasing_an_unknown_application_prevents_its_creation(world: World) -> None:
    """The reply is a 204; afterwards neither a report nor a registration creates it."""
    assert world.erase(NEW).status == 204
    assert is_bare_tombstone(world.item(NEW), 1)
    assert world.report("INTERVIEW", AtsiApplicationId=NEW).status == 404
    assert register(world).status == 410
    assert is_bare_tombstone(world.item(NEW), 1)


@both_modes
@pytest.mark.parametrize("path", ["/api/application-status", f"/qs-api/public/atsi/v1/{ATS}"])
@pytest.mark.parametrize(
    "more", [{}, {"BusinessDate": "2022-07-29T00:00:00Z"}, {"BusinessDate": "2021-07-29T00:00:00Z"}], ids=str
)
def test_late_report_is_answered_like_one_of_another_application(world: World, path: str, more: dict[str, str]) -> None:
    """The same 404 to the byte as for an unknown or foreign one, whether known by then or new, and nothing written."""
    world.report("INTERVIEW", BusinessDate="2022-07-29T00:00:00Z")
    assert world.erase().status == 204
    before = world.contents()
    replies = []
    for of in (APPLICATION, FOREIGN_APPLICATION):
        event = http_event("POST", path, {"AtsiApplicationId": of, "Status": "INTERVIEW", **more})
        replies.append(world.webhook(event | {"requestContext": {"requestId": "the-same"}}, None))
    assert replies[0] == replies[1]
    assert replies[0]["statusCode"] == 404
    assert world.contents() == before


@pytest.mark.parametrize(
    "late",
    [
        signal(state("Interview", 2)),
        signal(token=None, candidateApplicationProfileId=PROFILE),
        complete(),
        position_signal(success=True),
    ],
    ids=["token", "profile", "complete", "position"],
)
def test_late_signal_is_dropped(world: World, late: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """It is answered like every signal, counted as dropped, and writes nothing."""
    world.erase(SIGNALLED_APPLICATION)
    before = world.contents()
    capsys.readouterr()
    sent(world, late)
    assert world.contents() == before
    log = capsys.readouterr().out
    assert '"SignalDropped"' in log
    assert SIGNALLED_APPLICATION not in log


def test_signal_that_found_its_application_just_before_is_dropped(world: World) -> None:
    """Erased between the alias and the item, it is unknown by then."""
    rows = world.client.scan(TableName="AliasesTable")["Items"]
    world.erase(SIGNALLED_APPLICATION)
    for row in rows:
        world.client.put_item(TableName="AliasesTable", Item=row)
    before = world.contents()
    sent(world, signal(state("Interview", 2)), signal(state("Blue folder", 3)))
    assert world.contents() == before


def test_registration_does_not_bring_it_back(world: World) -> None:
    """410 for the same content and for other, and no alias comes to be."""
    register(world)
    world.erase(NEW)
    before = world.contents()
    others: list[dict[str, Any]] = [{"JobId": "job-2"}, {"Aliases": {}}, {"Aliases": {"Token": ["t-9"]}}]
    for changes in ({}, *others):
        reply = register(world, **changes)
        assert (reply.status, reply.body["type"]) == (410, "/problems/application-erased")
        assert reply.headers["Content-Type"] == "application/problem+json"
    assert world.contents() == before


@pytest.mark.parametrize("aliases", [{}, CONTENT["Aliases"]], ids=["alone", "with aliases"])
@pytest.mark.parametrize("world", [ACCEPT], indirect=True)
def test_erased_while_its_registration_completes_it(world: World, aliases: Any) -> None:
    """The second write of the registration fails with 410, and nothing of it is left."""
    world.report("INTERVIEW", AtsiApplicationId=NEW)
    registry = registry_with(Meanwhile(world.client, 1, lambda: world.erase(NEW)))
    event = http_event("PUT", f"/api/applications/{NEW}", CONTENT | {"Aliases": aliases}, token=None)
    assert answer(registry(event, None)).status == 410
    assert naming(world, NEW) == [world.item(NEW)]
    assert is_bare_tombstone(world.item(NEW), 2)


@pytest.mark.parametrize("before", range(2))
@pytest.mark.parametrize("world", [ACCEPT], indirect=True)
def test_what_is_written_meanwhile_is_erased_too(world: World, before: int) -> None:
    """A report, and the registration with its aliases that completes it, between any two steps of the erasure."""
    world.report("INTERVIEW", AtsiApplicationId=NEW)

    def happens() -> None:
        assert world.report("OFFER", AtsiApplicationId=NEW).status == 200
        assert register(world).status == 201

    registry = registry_with(Meanwhile(world.client, before, happens))
    assert registry(http_event("DELETE", f"/api/applications/{NEW}", token=None), None)["statusCode"] == 204
    assert is_bare_tombstone(world.item(NEW), 4)
    assert naming(world, NEW) == [world.item(NEW)]
    assert naming(world, "token#t-1") == []


FURTHER = {"Token": ["t-1", "t-2"], "CandidateApplicationProfileId": ["c-1"], "PositionProfileIds": ["p-3"]}


@pytest.mark.parametrize("before", range(5))
def test_aliases_that_come_meanwhile_are_erased_too(world: World, before: int) -> None:
    """A registration with further aliases between any two steps of the erasure."""
    register(world)
    registry = registry_with(Meanwhile(world.client, before, lambda: register(world, Aliases=FURTHER)))
    assert registry(http_event("DELETE", f"/api/applications/{NEW}", token=None), None)["statusCode"] == 204
    assert is_bare_tombstone(world.item(NEW), 3)
    assert naming(world, NEW) == [world.item(NEW)]


@pytest.mark.parametrize("changes", [{"JobTitle": "Bäcker"}, {"Aliases": FURTHER}], ids=["title", "aliases"])
def test_erased_while_its_registration_changes(world: World, changes: dict[str, Any]) -> None:
    """The registration is a 410 at its second write, and leaves nothing."""
    register(world)
    registry = registry_with(Meanwhile(world.client, 1, lambda: world.erase(NEW)))
    event = http_event("PUT", f"/api/applications/{NEW}", CONTENT | changes, token=None)
    assert answer(registry(event, None)).status == 410
    assert naming(world, NEW) == [world.item(NEW)]
    assert is_bare_tombstone(world.item(NEW), 2)


@pytest.mark.parametrize("changes", [{"JobTitle": "Bäcker"}, {"Aliases": FURTHER}], ids=["title", "aliases"])
def test_registration_among_other_changes_is_tried_again(world: World, changes: dict[str, Any]) -> None:
    """A report and another registration between its two writes: all three are kept."""
    register(world)

    def happens() -> None:
        assert world.report("OFFER", AtsiApplicationId=NEW).status == 200
        assert register(world, Aliases={"Token": ["t-9"]}).body["Result"] == "updated"

    registry = registry_with(Meanwhile(world.client, 1, happens))
    event = http_event("PUT", f"/api/applications/{NEW}", CONTENT | changes, token=None)
    assert answer(registry(event, None)).body["Result"] == "updated"
    stored = world.stored(NEW)
    assert (stored.version, stored.status) == (4, "OFFER")
    assert stored.registration is not None
    assert {"t-1", "t-9"} <= set(stored.registration.aliases.tokens)
    known = {text for values in stored.registration.aliases.by_kind.values() for text in values}
    assert {row["Alias"]["S"].split("#")[-1] for row in naming(world, NEW) if "Alias" in row} == known


@pytest.mark.parametrize("changes", [{"JobTitle": "Bäcker"}, {"Aliases": FURTHER}], ids=["title", "aliases"])
def test_application_removed_by_hand_meanwhile_is_registered_anew(world: World, changes: dict[str, Any]) -> None:
    """Without a tombstone it can be registered again, even if it still has its aliases."""
    register(world)
    key = items.key(ApplicationId(NEW))
    happens = partial(world.client.delete_item, TableName="ApplicationsTable", Key=key)
    registry = registry_with(Meanwhile(world.client, 1, happens))
    event = http_event("PUT", f"/api/applications/{NEW}", CONTENT | changes, token=None)
    assert answer(registry(event, None)).status == 201
    assert world.stored(NEW).version == 1


def test_other_applications_of_its_position_stay(world: World) -> None:
    """The end of the position is copied to them, but not to the erased one, even if a record still names it."""
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    registrations.register(ApplicationId(NEW), registration(aliases=Aliases(position_profile_ids=(POSITION,))))
    sent(world, position_signal(success=True))
    records = stream(world, "AliasesTable")
    world.erase(SIGNALLED_APPLICATION)
    tombstone = world.item(SIGNALLED_APPLICATION)
    assert world.positions({"Records": records}, None) == {"batchItemFailures": []}
    positions_copied(world)
    assert world.stored(NEW).outcome == ("position_closed", True)
    assert world.item(SIGNALLED_APPLICATION) == tombstone


def test_alias_that_is_another_applications_by_now_stays(world: World) -> None:
    """A token ends, its row goes, and it may be given out again."""
    row = {"Alias": {"S": f"token#{SIGNAL_TOKEN}"}, "Member": {"S": "-"}}
    world.client.delete_item(TableName="AliasesTable", Key=row)
    register(world, Aliases={"Token": [SIGNAL_TOKEN]})
    world.erase(SIGNALLED_APPLICATION)
    sent(world, signal(state("Interview", 2)))
    assert world.stored(NEW).status == "INTERVIEW"


@pytest.mark.parametrize("of", ["job-1", NEW[:-1], f"{NEW}0"])
def test_path_has_to_be_a_uuid(world: World, of: str) -> None:
    """422 as for a registration, and nothing is written."""
    before = world.contents()
    reply = world.erase(of)
    assert (reply.status, reply.body["type"]) == (422, "/problems/invalid-fields")
    assert reply.body["errors"] == [
        {"pointer": "", "detail": "the AtsiApplicationId in the path is not a UUID", "expected": "a UUID"}
    ]
    assert world.contents() == before


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "backwards"])
def test_counters_forget_it(world: World, order: int) -> None:
    """In any order of its changes, only an empty marker with its version is left."""
    sent(world, signal(state("Interview", 1)), signal(state("Hired", 2, success=True)))
    world.report("OFFER")
    world.erase(SIGNALLED_APPLICATION)
    for record in [*stream(world, "ApplicationsTable")[::order]] * 2:
        assert world.analytics({"Records": [record]}, None) == {"batchItemFailures": []}
    assert counters(world.client) == expected_counters(world)
    assert sum(n for cell, n in counters(world.client).items() if cell.measure == "applications") == 2
    (marker,) = naming(world, f"marker#1#{SIGNALLED_APPLICATION}")
    assert marker.pop("Revision")
    assert marker == {
        "Scope": {"S": f"marker#1#{SIGNALLED_APPLICATION}"},
        "Part": {"S": "marker"},
        "Version": {"N": "4"},
        "Contribution": packed({}),
    }


def test_tombstone_removed_by_hand_counts_for_nothing(world: World) -> None:
    """Its record comes by like any other, and stops nothing."""
    world.erase()
    world.client.delete_item(TableName="ApplicationsTable", Key=items.key(APPLICATION))
    records = [each for each in stream(world, "ApplicationsTable") if APPLICATION in str(each)]
    assert [each["eventName"] for each in records[-2:]] == ["MODIFY", "REMOVE"]
    assert world.analytics({"Records": records}, None) == {"batchItemFailures": []}
    (marker,) = naming(world, f"marker#1#{APPLICATION}")
    assert (marker["Version"], marker["Contribution"]) == ({"N": "3"}, packed({}))


def test_log_names_the_application_and_no_more(world: World, log: Any) -> None:
    """The id and the request's id."""
    world.erase(SIGNALLED_APPLICATION)
    line = next(line for line in log.getvalue().splitlines() if '"erased"' in line)
    assert SIGNALLED_APPLICATION in line
    assert not any(text in line for text in (SIGNAL_TOKEN, PROFILE, POSITION, "client-3", "jobseeker"))
