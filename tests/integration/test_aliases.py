"""Applications known by their aliases: all or nothing, and what a signal costs by then."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.applications.aliases import Account, AliasTable
from application_status.applications.record import UnknownApplications
from application_status.applications.rules.report import Channel
from application_status.events.stream import stream_record as events_of
from application_status.facts.stream import facts_of
from application_status.platform.values import AtsId, now
from application_status.quality.counting.stream import stream_record as counted
from support.signals import position_signal, send, sent, signal, stands, state
from support.streams import positions_copied
from support.world import (
    ATS,
    BERLIN,
    OTHER_ATS,
    OTHER_TOKEN,
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
TOKEN_ROW = {"Alias": {"S": "token#t-1"}, "Member": {"S": "-"}}
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


def ends(world: World, token: str) -> int:
    """Return when a token's row ends, in seconds since 1970."""
    row = {"Alias": {"S": f"token#{token}"}, "Member": {"S": "-"}}
    return int(world.client.get_item(TableName="AliasesTable", Key=row)["Item"]["ExpiresAt"]["N"])


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


def test_alias_names_the_application_to_its_own_ats_only(world: World) -> None:
    """To another ATS it is as unknown as one that nobody has."""
    assert register(world, aliases=ALIASES | {"ApplyId": ["a-1"]}).status == 201
    table = AliasTable(world.dynamodb, "AliasesTable")
    for find, alias in ((table.by_token, "t-1"), (table.by_profile, "p-1"), (table.by_apply_id, "a-1")):
        assert (find(alias, AtsId(ATS)), find(alias, AtsId(OTHER_ATS)), find("x", AtsId(ATS))) == (NEW, None, None)


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
    """The registration is refused and nothing is written; the alias keeps its owner."""
    before = world.contents()
    for _ in range(2):
        reply = register(world, aliases=aliases, AtsId=ats_id)
        assert (reply.status, reply.body["type"]) == (409, "/problems/alias-taken")
        assert [kind for kind in ALIASES if kind in reply.body["detail"]] == [
            kind for kind in ALIASES if {SIGNAL_TOKEN, PROFILE} & set(aliases.get(kind, []))
        ]
        assert not any(text in str(reply.body) for text in (SIGNAL_TOKEN, PROFILE, SIGNALLED_APPLICATION, OTHER_ATS))
    assert world.contents() == before
    assert register(world, aliases={"PositionProfileIds": [POSITION]}, AtsId=ats_id).status == 201


def test_repeated_registration_is_unchanged(world: World) -> None:
    """Repeating it with all, some, doubled or no aliases writes nothing and removes no alias."""
    assert register(world).status == 201
    before = world.contents()
    doubled = ALIASES | {"Token": ["t-1", "t-2", "t-1"]}
    for same in (ALIASES, doubled, ALIASES | {"Token": ["t-2"]}, {"Token": ["t-1"]}, {}, None):
        reply = register(world, aliases=same)
        assert (reply.status, reply.body["Result"]) == (200, "unchanged")
    assert world.contents() == before


def test_further_aliases_join_those_known(world: World) -> None:
    """200 `updated`; signals find the application by the old ones and by the new ones."""
    assert register(world, aliases={"Token": ["t-2"], "PositionProfileIds": ["j-1"]}).status == 201
    more: list[Any] = [
        {"Token": ["t-1"]},
        {"Token": ["t-1"], "CandidateApplicationProfileId": ["p-1"]},
        {"PositionProfileIds": ["j-1", "j-2"]},
    ]
    for version, aliases in enumerate(more, start=2):
        reply = register(world, aliases=aliases)
        assert (reply.status, reply.body["Result"]) == (200, "updated")
        assert world.stored(NEW).version == version
    assert rows(world, NEW) == expected()
    registered = world.stored(NEW).registration
    assert registered is not None
    assert {kind: list(values) for kind, values in registered.aliases.by_kind.items() if values} == ALIASES
    assert register(world).body["Result"] == "unchanged"
    for day, name in enumerate(({"token": "t-1"}, {"token": "t-2"}), start=1):
        sent(world, signal(state("Interview", day), **name))
    sent(world, signal(state("Offer", 3), token=None, candidateApplicationProfileId="p-1"))
    assert [each.status for each in world.stored(NEW).in_order()] == ["INTERVIEW", "INTERVIEW", "OFFER"]


def test_alias_and_title_change_in_one_write(world: World) -> None:
    """They come in one registration, so they are seen together."""
    register(world, aliases={})
    assert register(world, JobTitle="Koch").body["Result"] == "updated"
    stored = world.stored(NEW)
    assert stored.registration is not None
    assert (stored.version, stored.registration.job_title, rows(world, NEW)) == (2, "Koch", expected())


@pytest.mark.parametrize("registered", [{}, {"Token": ["t-1"]}], ids=["first alias", "further alias"])
def test_position_added_later_has_its_states_copied(world: World, registered: dict[str, list[str]]) -> None:
    """The states reported before and after the alias was added are both copied."""
    assert register(world, aliases=registered).status == 201
    sent(world, position_signal(success=True))
    positions_copied(world)
    assert world.stored(NEW).outcome == ("open", False)
    assert register(world, aliases={"PositionProfileIds": [POSITION]}).body["Result"] == "updated"
    positions_copied(world)
    assert world.stored(NEW).outcome == ("position_closed", True)
    sent(world, position_signal(None, 11))
    positions_copied(world)
    assert world.stored(NEW).outcome == ("open", False)


def test_further_alias_keeps_the_states_of_positions(world: World) -> None:
    """The end of one position stays known when another comes."""
    register(world, aliases={"PositionProfileIds": [POSITION]})
    sent(world, position_signal(success=True))
    positions_copied(world)
    states = world.stored(NEW).positions
    assert len(states) == 1
    assert register(world).body["Result"] == "updated"
    positions_copied(world)
    assert world.stored(NEW).positions == states
    assert world.stored(NEW).outcome == ("position_closed", True)


@pytest.mark.parametrize(
    "aliases",
    [
        {"Token": ["t-9", SIGNAL_TOKEN]},
        {"CandidateApplicationProfileId": [PROFILE], "PositionProfileIds": ["j-9"]},
    ],
)
def test_alias_of_another_application_refuses_the_update(world: World, aliases: dict[str, list[str]]) -> None:
    """Neither the title nor any other alias is written."""
    register(world)
    before = world.contents()
    reply = register(world, aliases=aliases, JobTitle="Koch")
    assert (reply.status, reply.body["type"]) == (409, "/problems/alias-taken")
    (kind,) = (kind for kind in ALIASES if kind in reply.body["detail"])
    assert {SIGNAL_TOKEN, PROFILE} & set(aliases[kind])
    assert world.contents() == before


@pytest.mark.parametrize("kind", ALIASES)
def test_application_has_at_most_forty_aliases_of_a_kind(world: World, kind: str) -> None:
    """The next is a 409 that says so and writes nothing; known ones may still be repeated."""
    for start in range(0, 40, 10):
        assert register(world, aliases={kind: [f"a-{number}" for number in range(start, start + 10)]}).status < 300
    before = world.contents()
    reply = register(world, aliases={kind: ["a-0", "a-40"]}, JobTitle="Koch")
    assert (reply.status, reply.body["type"]) == (409, "/problems/too-many-aliases")
    assert f"more than 40 Aliases of a kind: {kind}." in reply.body["detail"]
    assert world.contents() == before
    assert len(rows(world, NEW)) == 40
    assert register(world, aliases={kind: ["a-0", "a-39"]}).status == 200


def test_token_lives_180_days_from_its_first_registration(world: World) -> None:
    """Repetitions and further tokens don't change its expiry; a further token has its own."""
    register(world, aliases={"Token": ["t-1"]})
    start = now()
    first = ends(world, "t-1")
    assert start.timestamp() - 5 < first - timedelta(days=180).total_seconds() <= start.timestamp()
    with time_machine.travel(start + timedelta(days=100)):
        register(world, aliases={"Token": ["t-1"]})
        register(world, aliases={"Token": ["t-1", "t-2"]}, JobTitle="Koch")
        assert ends(world, "t-1") == first
        assert ends(world, "t-2") - first == pytest.approx(timedelta(days=100).total_seconds(), abs=5)
    with time_machine.travel(start + timedelta(days=179)):
        sent(world, signal(state("Interview", 1), token="t-1"))
        assert world.stored(NEW).status == "INTERVIEW"
    with time_machine.travel(start + timedelta(days=181)):
        sent(world, signal(state("Offer", 2), token="t-1"))
        assert world.stored(NEW).status == "INTERVIEW"
        sent(world, signal(state("Offer", 2), token="t-2"))
        assert world.stored(NEW).status == "OFFER"


@pytest.mark.parametrize("deleted", [False, True], ids=["lies there", "deleted"])
def test_repeating_an_ended_token_does_not_bring_it_back(world: World, deleted: bool) -> None:  # pytest's
    """It stays ended, whether its row lies there still or DynamoDB has deleted it."""
    register(world, aliases={"Token": ["t-1"]})
    with time_machine.travel(now() + timedelta(days=181)):
        if deleted:
            world.client.delete_item(TableName="AliasesTable", Key=TOKEN_ROW)
        before = world.contents()
        assert register(world, aliases={"Token": ["t-1"]}).body["Result"] == "unchanged"
        assert world.contents() == before
        sent(world, signal(state("Interview", 1), token="t-1"))
        assert world.stored(NEW).status == "APPLIED"


@pytest.mark.parametrize("ats_id", [ATS, OTHER_ATS])
@pytest.mark.parametrize("known", [False, True], ids=["new", "updated"])
def test_ended_token_that_lies_there_does_not_block(world: World, ats_id: str, known: bool) -> None:  # pytest's
    """Another application gets it, for 180 days of its own, and keeps it whatever the former one does."""
    register(world, aliases={"Token": ["t-1"]})
    if known:
        register(world, ANOTHER, aliases={}, AtsId=ats_id)
    assert register(world, ANOTHER, aliases={"Token": ["t-1"]}, AtsId=ats_id).status == 409
    with time_machine.travel(now() + timedelta(days=181)):
        reply = register(world, ANOTHER, aliases={"Token": ["t-1"]}, AtsId=ats_id)
        assert reply.status == (200 if known else 201)
        assert ends(world, "t-1") - now().timestamp() == pytest.approx(timedelta(days=180).total_seconds(), abs=5)
        assert register(world, aliases={"Token": ["t-1"]}).body["Result"] == "unchanged"
        assert world.erase(NEW).status == 204
        assert rows(world, ANOTHER) == {("token#t-1", "-")}
        if ats_id == ATS:
            sent(world, signal(state("Interview", 1), token="t-1"))
            assert world.stored(ANOTHER).status == "INTERVIEW"


@pytest.mark.parametrize("kind", ["CandidateApplicationProfileId", "PositionProfileIds"])
def test_other_aliases_do_not_end(world: World, kind: str) -> None:
    """A row without an end blocks for good."""
    register(world, aliases={kind: ["a"]})
    with time_machine.travel(now() + timedelta(days=3650)):
        status = register(world, ANOTHER, aliases={kind: ["a"]}).status
    assert status == (201 if kind == "PositionProfileIds" else 409)
    assert {alias for alias, _ in rows(world, NEW)} == {f"position#{ATS}#a" if status == 201 else "profile#a"}


def test_applications_may_share_a_position_but_nothing_else(world: World) -> None:
    """A position has many applications."""
    assert register(world, aliases={"PositionProfileIds": [POSITION]}).status == 201
    assert register(world, ANOTHER, aliases={"PositionProfileIds": [POSITION, "j-1"]}).status == 201
    sent(world, position_signal(success=False))
    positions_copied(world)
    for each in (SIGNALLED_APPLICATION, NEW, ANOTHER):
        assert world.stored(each).outcome == ("position_closed", True)


def test_first_contact_gets_its_aliases_with_its_registration() -> None:
    """What was reported stays; the end of its position is copied to it as to any other application."""
    with mock_aws():
        world = World(boto3.client("dynamodb"), UnknownApplications.ACCEPT)
        for each in (NEW, ANOTHER):
            world.report("INTERVIEW", AtsiApplicationId=each, BusinessDate="2022-08-01T00:00:00Z")
        before = world.contents()
        assert register(world, aliases={"Token": ["t-1", SIGNAL_TOKEN]}).status == 409
        assert register(world, AtsId=OTHER_ATS).status == 409
        assert world.contents() == before
        assert register(world).status == 201
        assert (rows(world, NEW), world.stored(NEW).version) == (expected(), 2)
        assert register(world).status == 200
        reply = register(world, ANOTHER)
        assert (reply.status, reply.body["type"]) == (409, "/problems/alias-taken")
        assert (rows(world, ANOTHER), world.stored(ANOTHER).registration) == (set(), None)
        sent(world, signal(state("Offer", 2), token="t-2"), position_signal(success=False, positionProfileIds="j-2"))
        positions_copied(world)
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
        world.dynamodb.operations.clear()
        assert register(world, aliases=aliases).status == status
        assert world.dynamodb.operations == [calls]


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        ({"aliases": {}, "JobTitle": "Koch"}, ["PutItem", "UpdateItem"]),
        ({"JobTitle": "Koch"}, ["TransactWriteItems", "UpdateItem"]),
        ({"aliases": {"Token": ["t-9"]}}, ["TransactWriteItems", "TransactWriteItems"]),
    ],
)
def test_update_is_two_calls(world: World, changes: Any, calls: list[str]) -> None:
    """The first finds the application; the second has as many actions as there are new aliases, and one."""
    register(world)
    world.dynamodb.operations.clear()
    assert register(world, **changes).body["Result"] == "updated"
    assert world.dynamodb.operations == calls


def test_calls_of_each_signal(world: World) -> None:
    """Where its token and overrides are known: the alias, and one conditional write; a second if it is late."""
    sent(world, signal(state("Interview", 2)))
    assert world.dynamodb.operations == ["GetItem"] * 3 + ["UpdateItem"]
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
        world.dynamodb.operations.clear()
        assert send(world, each).status == 200
        assert world.dynamodb.operations == operations
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
    before = world.contents()
    reply = register(world, aliases=aliases)
    assert reply.status == 422
    assert {each["pointer"].split("/")[1] for each in reply.body["errors"]} == {"Aliases"}
    assert world.contents() == before


def test_thirty_aliases_are_written_at_once(world: World) -> None:
    """The most that a registration can have, in one transaction."""
    many = {kind: [f"{kind}-{number}" for number in range(10)] for kind in ALIASES}
    assert register(world, aliases=many).status == 201
    assert len(rows(world, NEW)) == 30


GREENHOUSE = {"ApplicationId": "700100", "CandidateId": "500200", "JobId": "300400", "ExternalId": "e-1"}
ACCOUNT = f"greenhouse#{ATS}#clientid-1"


def add(world: World, of: str, aliases: Any, method: str = "PATCH") -> Answer:
    """Send aliases of an application."""
    body = {"Aliases": aliases}
    return answer(world.registry(http_event(method, f"/api/applications/{of}/aliases", body, token=None), None))


def test_ids_of_an_ats_are_aliases_of_each_kind(world: World) -> None:
    """Those of a candidate can have several applications; a job is also a position of the application."""
    assert register(world, aliases={"Greenhouse": GREENHOUSE, "ApplyId": ["a-1"]}).status == 201
    assert rows(world, NEW) == {
        (f"apply#{ATS}#a-1", "-"),
        (f"native#{ACCOUNT}#application#700100", "-"),
        (f"native#{ACCOUNT}#candidate-job#500200#300400", NEW),
        (f"native#{ACCOUNT}#external-job#e-1#300400", NEW),
        (f"native#{ACCOUNT}#candidate#500200", NEW),
        (f"native#{ACCOUNT}#external#e-1", NEW),
        (f"position#{ATS}#greenhouse#clientid-1#300400", NEW),
    }
    other_job = {"ApplicationId": "700101", "CandidateId": "500200", "JobId": "300401", "ExternalId": "e-1"}
    assert register(world, ANOTHER, aliases={"Greenhouse": other_job}).status == 201
    assert (f"native#{ACCOUNT}#candidate#500200", ANOTHER) in rows(world, ANOTHER)


def test_address_is_no_external_id(world: World) -> None:
    """Ids must be pseudonymous, and an event with an address finds no application."""
    refused = register(world, aliases={"Greenhouse": {"ExternalId": "ada@example.org"}})
    assert refused.status == 422
    assert refused.body["errors"][0]["pointer"] == "/Aliases/Greenhouse/ExternalId"


def test_same_alias_of_two_kinds_is_written_once(world: World) -> None:
    """A transaction has each row once, so the job of an ATS may also be registered as a position."""
    aliases = {"Greenhouse": GREENHOUSE, "PositionProfileIds": ["greenhouse#clientid-1#300400"]}
    assert register(world, aliases=aliases).status == 201


def test_position_of_a_client_is_not_another_clients() -> None:
    """Ids of clients and jobs may have colons."""
    short = Account(Channel.GREENHOUSE, AtsId("a"), "client").position("de:1")
    assert short != Account(Channel.GREENHOUSE, AtsId("a"), "client:de").position("1")


def test_application_is_not_its_own_second_id(world: World) -> None:
    """It has this id already."""
    assert register(world, aliases={"AtsiApplicationId": [NEW.upper()]}).status == 201
    assert add(world, NEW, {"AtsiApplicationId": [NEW]}).status == 200
    assert world.stored(NEW).status == "APPLIED"


def test_aliases_of_all_kinds_fit_into_one_request(world: World) -> None:
    """Each kind up to its limit, and the ids of all providers."""
    lists = ("Token", "CandidateApplicationProfileId", "PositionProfileIds", "ApplyId")
    aliases: dict[str, Any] = {kind: [f"{kind}-{number}" for number in range(10)] for kind in lists}
    aliases |= {"AtsiApplicationId": [f"51c3be16-0f93-41ed-9cc0-0000000000{number}" for number in range(10, 20)]}
    aliases |= dict.fromkeys(("Greenhouse", "Ashby", "Recruitee", "Lever"), GREENHOUSE)
    assert register(world, aliases={}).status == 201
    assert add(world, NEW, aliases).status == 200


def test_change_of_too_many_aliases_is_refused(world: World) -> None:
    """Its first ApplicationId changes all aliases of an application, which may be more than a transaction takes."""
    register(world, aliases={})
    for number in range(40):
        ids = {"CandidateId": f"c-{number}", "JobId": "j"}
        assert add(world, NEW, {"Greenhouse": ids}).status == 200
    assert add(world, NEW, {"Greenhouse": {"ApplicationId": "1"}}).status == 409


def test_aliases_can_be_added_later(world: World) -> None:
    """A renewed token, or an id that the ATS gave later; the registration is otherwise as it was."""
    register(world, aliases={"Token": ["t-1"]})
    before = world.stored(NEW)
    reply = add(world, NEW, {"Token": ["t-2"], "Ashby": {"ApplicationId": "6f2a1f0e"}})
    assert (reply.status, reply.body["Result"]) == (200, "updated")
    assert add(world, NEW, {"Token": ["t-2"]}).body["Result"] == "unchanged"
    after = world.stored(NEW)
    assert after.registration is not None
    assert before.registration is not None
    assert after.registration.aliases.tokens == ("t-1", "t-2")
    assert replace(after.registration, aliases=before.registration.aliases) == before.registration
    assert (f"native#ashby#{ATS}#clientid-1#application#6f2a1f0e", "-") in rows(world, NEW)


def test_aliases_of_several_providers_are_read_as_they_were_written(world: World) -> None:
    """So that a repetition changes nothing."""
    aliases = {"Lever": {"ApplicationId": "o-1"}, "Greenhouse": GREENHOUSE, "Ashby": {"CandidateId": "c", "JobId": "j"}}
    assert register(world, aliases=aliases).body["Result"] == "registered"
    assert register(world, aliases=aliases).body["Result"] == "unchanged"
    assert add(world, NEW, aliases).body["Result"] == "unchanged"


def test_added_alias_of_another_application_is_refused(world: World) -> None:
    """An ATS's application has one application here."""
    register(world, aliases={"Greenhouse": GREENHOUSE})
    register(world, ANOTHER, aliases={})
    reply = add(world, ANOTHER, {"Greenhouse": {"ApplicationId": "700100"}})
    assert (reply.status, reply.body["type"]) == (409, "/problems/alias-taken")
    assert "Greenhouse" in reply.body["detail"]
    assert rows(world, ANOTHER) == set()


def test_same_id_of_another_client_is_another_alias(world: World) -> None:
    """The ids of a client's account say nothing about those of another."""
    register(world, aliases={"Greenhouse": GREENHOUSE})
    assert register(world, ANOTHER, aliases={"Greenhouse": GREENHOUSE}, ClientId="client-2").status == 201


@pytest.mark.parametrize(
    ("aliases", "pointer"),
    [
        ({"Greenhouse": {"ApplicationId": "a#b"}}, "/Aliases/Greenhouse/ApplicationId"),
        ({"Greenhouse": {"ApplicationId": 700100}}, "/Aliases/Greenhouse/ApplicationId"),
        ({"Greenhouse": {"JobId": "1"}}, "/Aliases/Greenhouse"),
        ({"Greenhuose": GREENHOUSE}, "/Aliases/Greenhuose"),
        ({"ApplyId": "a-1"}, "/Aliases/ApplyId"),
    ],
)
def test_invalid_aliases_are_refused(world: World, aliases: Any, pointer: str) -> None:
    """The reply names the field."""
    register(world, aliases={})
    reply = add(world, NEW, aliases)
    assert (reply.status, [each["pointer"] for each in reply.body["errors"]]) == (422, [pointer])


def test_aliases_of_unregistered_application_are_refused(world: World) -> None:
    """There is nothing that they could name."""
    assert add(world, NEW, {"Token": ["t-9"]}).status == 404
    assert add(world, NEW, {"Token": ["t-9"]}, method="PUT").status == 405
    assert rows(world, NEW) == set()


def test_erasure_removes_the_ids_of_an_ats(world: World) -> None:
    """All rows of the application go, and those of another application of the candidate stay."""
    register(world, aliases={"Greenhouse": GREENHOUSE, "ApplyId": ["a-1"]})
    register(world, ANOTHER, aliases={"Greenhouse": {"ApplicationId": "700101", "CandidateId": "500200"}})
    assert world.registry(http_event("DELETE", f"/api/applications/{NEW}", token=None), None)["statusCode"] == 204
    assert rows(world, NEW) == set()
    assert (f"native#{ACCOUNT}#candidate#500200", ANOTHER) in rows(world, ANOTHER)


SECOND = "51c3be16-0f93-41ed-9cc0-0000000052ec"


@pytest.mark.parametrize("unknown", UnknownApplications)
def test_second_id_reports_and_reads_the_application(unknown: UnknownApplications) -> None:
    """An ATS that keeps an id of its own for a second posting need not know the first one."""
    with mock_aws():
        world = World(boto3.client("dynamodb"), unknown)
        register(world, aliases={})
        assert add(world, NEW, {"AtsiApplicationId": [SECOND.upper()]}).body["Result"] == "updated"
        assert add(world, NEW, {"AtsiApplicationId": [SECOND]}).body["Result"] == "unchanged"
        assert world.report("INTERVIEW", AtsiApplicationId=SECOND).body["Result"] == "recorded"
        assert world.report("INTERVIEW", AtsiApplicationId=NEW).body["Result"] == "unchanged"
        assert world.stored(NEW).status == "INTERVIEW"
        read = answer(world.views(http_event("GET", f"/api/application-status/{SECOND}"), None))
        assert (read.status, read.body["AtsiApplicationId"], read.body["Status"]) == (200, NEW, "INTERVIEW")


def test_second_id_is_nobody_elses(world: World) -> None:
    """Another ATS gets the reply to an unknown application, and no other application can get the id."""
    register(world, aliases={"AtsiApplicationId": [SECOND]})
    register(world, ANOTHER, aliases={})
    body = {"AtsiApplicationId": SECOND, "Status": "INTERVIEW"}
    foreign = answer(world.webhook(http_event("POST", "/api/application-status", body, token=OTHER_TOKEN), None))
    assert (foreign.status, foreign.body["type"]) == (404, "/problems/unknown-application")
    assert add(world, ANOTHER, {"AtsiApplicationId": [SECOND]}).body["type"] == "/problems/alias-taken"
    assert add(world, ANOTHER, {"AtsiApplicationId": [NEW]}).body["type"] == "/problems/alias-taken"
    assert register(world, SECOND, aliases={}).body["type"] == "/problems/registration-conflict"


def test_erasure_by_a_second_id_erases_the_application(world: World) -> None:
    """Neither id can be reported or registered afterwards."""
    register(world, aliases={"AtsiApplicationId": [SECOND]})
    assert world.registry(http_event("DELETE", f"/api/applications/{SECOND}", token=None), None)["statusCode"] == 204
    for each in (NEW, SECOND):
        assert world.report("INTERVIEW", AtsiApplicationId=each).status == 404
        assert register(world, each, aliases={}).status in {409, 410}


def test_second_id_has_no_facts_events_or_counters(world: World) -> None:
    """It is no application of its own."""
    register(world, aliases={"AtsiApplicationId": [SECOND]})
    pointer = world.client.get_item(TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": SECOND}})["Item"]
    record = {"eventName": "INSERT", "dynamodb": {"NewImage": pointer, "ApproximateCreationDateTime": 0}}
    assert facts_of(pointer, BERLIN) == []
    assert events_of(record, timedelta()) is None
    assert counted(record, BERLIN).change.contribution == {}
