"""Applications known by their aliases: all or nothing, and what a signal costs by then."""

from typing import Any

import boto3
import pytest
from moto import mock_aws

from application_status.settings import UnknownApplications
from signalling import contents, position_signal, positions_told, send, sent, signal, stands, state
from support import (
    ATS,
    OTHER_ATS,
    POSITION,
    PROFILE,
    SIGNAL_TOKEN,
    SIGNALLED_APPLICATION,
    Answer,
    World,
    answer,
    http_event,
)

NEW, ANOTHER = (f"51c3be16-0f93-41ed-9cc0-00000000be{last}" for last in ("ef", "ff"))
ALIASES = {"Token": ["t-1", "t-2"], "CandidateApplicationProfileId": ["p-1"], "PositionProfileIds": ["j-1", "j-2"]}


def register(world: World, of: str = NEW, aliases: Any = ALIASES, **changes: Any) -> Answer:
    ids = {name: f"{name.lower()}-1" for name in ("ClientId", "JobId", "JobseekerId")}
    texts = {"AtsId": ATS, "JobTitle": "Python Developer", "Company": "Example GmbH"}
    body = {**ids, **texts, "AppliedAt": "2022-07-01T09:00:00Z", "Aliases": aliases, **changes}
    body = {name: value for name, value in body.items() if value is not None}
    return answer(world.registry(http_event("PUT", f"/api/applications/{of}", body, token=None), None))


def rows(world: World, of: str) -> set[tuple[str, str]]:
    """Return the keys of an application's aliases."""
    found = world.client.scan(TableName="AliasesTable")["Items"]
    return {(row["Alias"]["S"], row["Member"]["S"]) for row in found if row.get("AtsiApplicationId", {}).get("S") == of}


def expected(of: str = NEW) -> set[tuple[str, str]]:
    bare = {("token#t-1", "-"), ("token#t-2", "-"), ("profile#p-1", "-")}
    return bare | {(f"position#{ATS}#j-1", of), (f"position#{ATS}#j-2", of)}


def test_registration_brings_all_its_aliases(world: World) -> None:
    """Each of them names the application from then on; only tokens end."""
    assert register(world).status == 201
    assert rows(world, NEW) == expected()
    ending = [row for row in world.client.scan(TableName="AliasesTable")["Items"] if "ExpiresAt" in row]
    assert {row["Alias"]["S"] for row in ending} == {"token#t-1", "token#t-2", f"token#{SIGNAL_TOKEN}"}
    for day, name in enumerate(({"token": "t-1"}, {"token": "t-2"}), start=1):
        sent(world, signal(state("Interview", day), **name))
    sent(world, signal(state("Offer", 3), token=None, candidateApplicationProfileId="p-1"))
    assert (len(world.stored(NEW).transitions), world.stored(NEW).status) == (3, "OFFER")


@pytest.mark.parametrize(
    "aliases",
    [
        {"Token": ["t-1", SIGNAL_TOKEN]},
        {"Token": [SIGNAL_TOKEN], "PositionProfileIds": [POSITION]},
        {"Token": ["t-1"], "CandidateApplicationProfileId": ["p-1", PROFILE], "PositionProfileIds": ["j-1"]},
    ],
)
@pytest.mark.parametrize("ats_id", [ATS, OTHER_ATS])
def test_alias_of_another_application_refuses_all(world: World, aliases: dict[str, list[str]], ats_id: str) -> None:
    """Neither the application nor any other of its aliases is written; the alias keeps its owner."""
    before = contents(world)
    for _ in range(2):
        reply = register(world, aliases=aliases, AtsId=ats_id)
        assert (reply.status, reply.body["type"]) == (409, "/problems/alias-taken")
    assert contents(world) == before
    assert register(world, aliases={"PositionProfileIds": [POSITION]}, AtsId=ats_id).status == 201


def test_repeated_registration_is_unchanged(world: World) -> None:
    """With aliases and without; other aliases are other content."""
    assert register(world).status == 201
    before = contents(world)
    reply = register(world)
    assert (reply.status, reply.body["Outcome"]) == (200, "unchanged")
    doubled = ALIASES | {"Token": ["t-1", "t-2", "t-1"]}
    assert register(world, aliases=doubled).status == 200
    for other in (None, {}, ALIASES | {"Token": ["t-1"]}, ALIASES | {"Token": ["t-1", "t-2", "t-3"]}):
        assert register(world, aliases=other).status == 409
    assert contents(world) == before


def test_applications_may_share_a_position_but_nothing_else(world: World) -> None:
    """A position has many applications."""
    assert register(world, aliases={"PositionProfileIds": [POSITION]}).status == 201
    assert register(world, ANOTHER, aliases={"PositionProfileIds": [POSITION, "j-1"]}).status == 201
    sent(world, position_signal(success=False))
    positions_told(world)
    for each in (SIGNALLED_APPLICATION, NEW, ANOTHER):
        assert world.stored(each).outcome == ("position_closed", True)


def test_first_contact_gets_its_aliases_with_its_registration() -> None:
    """What was reported stays; and it hears of its position like any other."""
    with mock_aws():
        world = World(boto3.client("dynamodb"), UnknownApplications.ACCEPT)
        for each in (NEW, ANOTHER):
            world.report("INTERVIEW", AtsiApplicationId=each, BusinessDate="2022-08-01T00:00:00Z")
        before = contents(world)
        assert register(world, aliases={"Token": ["t-1", SIGNAL_TOKEN]}).status == 409
        assert register(world, AtsId=OTHER_ATS).status == 409
        assert contents(world) == before
        assert register(world).status == 201
        assert (rows(world, NEW), world.stored(NEW).version) == (expected(), 2)
        assert register(world).status == 200
        assert register(world, ANOTHER).status == 409
        sent(world, signal(state("Offer", 2), token="t-2"), position_signal(success=False, positionProfileIds="j-2"))
        positions_told(world)
        assert world.stored(NEW).outcome == ("position_closed", True)
        assert [each.status for each in world.stored(NEW).in_order()] == ["INTERVIEW", "OFFER"]
        assert register(world, ANOTHER, aliases={}).status == 201


@pytest.mark.parametrize(
    ("aliases", "calls"),
    [(None, "PutItem"), ({}, "PutItem"), ({"Token": []}, "PutItem"), (ALIASES, "TransactWriteItems")],
)
def test_registration_is_one_call(world: World, aliases: Any, calls: str) -> None:
    """New or repeated; a transaction, which costs more, only where there are aliases."""
    for status in (201, 200):
        world.noting.operations.clear()
        assert register(world, aliases=aliases).status == status
        assert world.noting.operations == [calls]


def test_calls_of_each_signal(world: World) -> None:
    """Where its token and overrides are known: the alias, and one conditional write; a second if it is late."""
    sent(world, signal(state("Interview", 2)))
    assert world.noting.operations == ["GetItem"] * 3 + ["UpdateItem"]
    both = ["GetItem", "UpdateItem"]
    for each, operations in [
        (signal(state("Offer", 3)), both),
        (signal(state("Offer", 3)), both),
        (signal(state("Hired", 5, success=True), previous=state("Offer accepted", 4)), both),
        (signal(state("Blue folder", 6)), both),
        (signal(state("Screening", 1)), [*both, "UpdateItem"]),
        (signal(token="unknown"), ["GetItem"]),
        (signal(state("Red folder", 8), previous=state("Interview", 7)), both),
        (position_signal(success=True), ["Query", "UpdateItem"]),
        (position_signal(None, 9), ["Query", "UpdateItem"]),
        (position_signal(None, positionProfileIds=["a", "b"]), ["Query", "Query"]),
        (signal(state(" ", 1)), []),
    ]:
        world.noting.operations.clear()
        assert send(world, each).status == 200
        assert world.noting.operations == operations
    assert stands(world) == ("INTERVIEW", "open")


@pytest.mark.parametrize(
    "aliases",
    [
        {"Token": "t-1"}, {"Token": [""]}, {"Token": ["with space"]}, {"Token": ["ä"]}, {"Token": ["x" * 201]},
        {"Token": [f"t-{n}" for n in range(11)]}, {"Token": [7]}, {"PositionProfileIds": [None]}, [], "t-1", 7,
    ],
)  # fmt: skip
def test_wrong_aliases_are_refused(world: World, aliases: Any) -> None:
    """422 names the place, and nothing is written."""
    before = contents(world)
    reply = register(world, aliases=aliases)
    assert reply.status == 422
    assert all(each["pointer"].startswith("/Aliases") for each in reply.body["errors"])
    assert contents(world) == before


def test_thirty_aliases_are_written_at_once(world: World) -> None:
    """The most that a registration can have, in one transaction."""
    many = {kind: [f"{kind}-{number}" for number in range(10)] for kind in ALIASES}
    assert register(world, aliases=many).status == 201
    assert len(rows(world, NEW)) == 30
