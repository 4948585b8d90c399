"""What must hold when signals, registrations and positions race: decided by the tables, nothing lost, nothing twice."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import boto3
import pytest

from application_status.applications.rules.registration import Aliases
from application_status.functions.positions import PositionsSettings
from application_status.functions.positions import make_handler as make_positions
from application_status.functions.registry import RegistrySettings
from application_status.functions.registry import make_handler as make_registry
from application_status.functions.signals import make_handler as make_signals
from application_status.functions.webhook import make_handler as make_webhook
from application_status.platform.dynamodb.client import DynamoDB
from support.concurrency import CROWD, all_at_once
from support.failed_records import set_aside
from support.signals import (
    MANY,
    ONE,
    TRUE_MANY,
    TRUE_ONE,
    event,
    position_signal,
    send,
    signal,
    state,
    statuses,
)
from support.world import (
    ATS,
    POSITION,
    SIGNALLED_APPLICATION,
    Answer,
    World,
    answer,
    http_event,
    signals_settings,
    webhook_settings,
)

NEW = [f"7d0c1b52-4a36-4be3-a7ac-{number:012}" for number in range(CROWD)]
REGISTRY = RegistrySettings("ApplicationsTable", "AliasesTable", "FeedbackTable")
POSITIONS = PositionsSettings("ApplicationsTable", "AliasesTable")

type Call = Callable[[], Answer]


def signalling(clients: Sequence[DynamoDB], *signals: Any) -> list[Call]:
    """Return calls that give each signal to a container of its own; a list of signals is a batch."""
    calls: list[Call] = []
    for dynamodb, each in zip(clients, signals, strict=False):
        document, variables = (MANY, {"signals": each}) if isinstance(each, list) else (ONE, each)
        body = event({"query": document, "variables": {"input": variables}})
        calls.append(partial(_answered, make_signals(dynamodb, signals_settings()), body))
    return calls


def registering(clients: Sequence[DynamoDB], applications: Sequence[str], aliases: Any) -> list[Call]:
    """Return calls that register each application in a container of its own."""
    ids = {name: f"{name.lower()}-1" for name in ("ClientId", "JobId", "JobseekerId")}
    texts = {"AtsId": ATS, "JobTitle": "Koch", "Company": "Example GmbH", "AppliedAt": "2022-07-01T09:00:00Z"}
    events = [
        http_event("PUT", f"/api/applications/{each}", {**ids, **texts, "Aliases": aliases}, token=None)
        for each in applications
    ]
    return [
        partial(_answered, make_registry(dynamodb, REGISTRY), each)
        for dynamodb, each in zip(clients, events, strict=False)
    ]


def _answered(handler: Callable[[Any, Any], Any], given: Any) -> Answer:
    return answer(handler(given, None))


@pytest.mark.parametrize(
    "same",
    [
        signal(state("Hired", 2, success=True), previous=state("Offer", 1)),
        signal(state("Blue folder", 2), previous=state("Offer", 1)),
        signal(state("Blue folder", 2)),
    ],
    ids=["known", "previous known", "unknown"],
)
def test_the_same_signal_at_once_is_recorded_once(world: World, clients: list[DynamoDB], same: dict[str, Any]) -> None:
    """All senders get a success; the table has the signal once."""
    answers = all_at_once(*signalling(clients, *[same] * CROWD))
    assert [(each.status, each.body) for each in answers] == [(200, TRUE_ONE)] * CROWD
    stored = world.stored(SIGNALLED_APPLICATION)
    transitions = 2 if "previous" in same else 1
    assert (len(stored.transitions), stored.version) == (transitions, 2)
    before = world.contents()
    assert send(world, same).body == TRUE_ONE
    assert world.contents() == before


def test_different_signals_at_once_are_all_kept(world: World, clients: list[DynamoDB]) -> None:
    """Effective times decide, in any order of arrival, also with overlapping batches."""
    changes = [signal(state(f"Interview {number}", number % 28 + 1)) for number in range(40)]
    batches = [changes[start : start + 10] for start in range(0, 40, 4)]
    answers = all_at_once(*signalling(clients, *changes, *batches))
    assert {str(each.body) for each in answers} == {str(TRUE_ONE), str(TRUE_MANY)}
    stored = world.stored(SIGNALLED_APPLICATION)
    assert (len(stored.transitions), stored.version) == (40, 41)
    assert stored.head == max(stored.transitions)
    assert statuses(world) == ["INTERVIEW"] * 40


def test_one_token_for_many_applications_at_once_has_one_owner(world: World, clients: list[DynamoDB]) -> None:
    """Exactly one registration wins, with all its aliases; of the others there is nothing."""
    aliases = {"Token": ["contested"], "CandidateApplicationProfileId": ["mine"], "PositionProfileIds": ["position"]}
    answers = all_at_once(*registering(clients, NEW, aliases))
    assert Counter(each.status for each in answers) == {201: 1, 409: CROWD - 1}
    (winner,) = [each for each, reply in zip(NEW, answers, strict=True) if reply.status == 201]
    kept = {item["AtsiApplicationId"]["S"] for item in world.client.scan(TableName="ApplicationsTable")["Items"]}
    assert kept & set(NEW) == {winner}
    rows = world.client.scan(TableName="AliasesTable")["Items"]
    named = {row["Alias"]["S"] for row in rows if row["AtsiApplicationId"]["S"] == winner}
    assert named == {"token#contested", "profile#mine", f"position#{ATS}#position"}
    assert {row["AtsiApplicationId"]["S"] for row in rows} == {winner, SIGNALLED_APPLICATION}


def test_the_same_registration_at_once_is_created_once(world: World, clients: list[DynamoDB]) -> None:
    """As without aliases, one registration gets a 201 and the others a 200."""
    answers = all_at_once(*registering(clients, NEW[:1] * CROWD, {"Token": ["one"], "PositionProfileIds": ["a"]}))
    assert Counter(each.status for each in answers) == {201: 1, 200: CROWD - 1}
    assert world.stored(NEW[0]).version == 1


@pytest.mark.parametrize("registered", [False, True], ids=["new", "known"])
def test_further_aliases_at_once_are_all_kept(world: World, clients: list[DynamoDB], *, registered: bool) -> None:
    """Among reports, each registration succeeds, and the application has the aliases of all of them."""
    if registered:
        (first,) = registering(clients[:1], NEW[:1], {})
        assert first().status == 201
    further = [{"Token": [f"t-{number}"], "PositionProfileIds": [f"j-{number}"]} for number in range(8)]
    calls = [registering([dynamodb], NEW[:1], each)[0] for dynamodb, each in zip(clients, further, strict=False)]
    reports = [
        {"AtsiApplicationId": NEW[0], "Status": "INTERVIEW", "RawStatus": f"round {number}"} for number in range(8)
    ]
    events = [http_event("POST", "/api/application-status", each) for each in reports]
    webhooks = [make_webhook(dynamodb, webhook_settings()) for dynamodb in clients[8:16]]
    calls += [partial(_answered, webhook, each) for webhook, each in zip(webhooks, events, strict=True)]
    answers = all_at_once(*calls)
    assert Counter(each.status for each in answers[:8]) == ({200: 8} if registered else {201: 1, 200: 7})
    recorded = sum(each.status == 200 for each in answers[8:])
    stored = world.stored(NEW[0])
    assert (stored.version, len(stored.transitions)) == (8 + registered + recorded, recorded)
    assert stored.registration is not None
    assert stored.registration.aliases == Aliases(
        tokens=tuple(f"t-{number}" for number in range(8)),
        position_profile_ids=tuple(f"j-{number}" for number in range(8)),
    )
    rows = world.client.scan(TableName="AliasesTable")["Items"]
    own = {each["Alias"]["S"] for each in rows if each["AtsiApplicationId"]["S"] == NEW[0]}
    assert own == {name for number in range(8) for name in (f"token#t-{number}", f"position#{ATS}#j-{number}")}


@pytest.mark.parametrize("then", [None, False])
def test_position_that_changes_while_its_applications_register_updates_all(
    world: World, endpoint: str, clients: list[DynamoDB], then: object
) -> None:
    """Closed, reopened and perhaps closed again meanwhile: after the stream is drained, all have the last state."""
    news = [position_signal(success, day) for day, success in enumerate((True, None, False, then), start=10)]
    registrations = registering(clients[: CROWD - len(news)], NEW, {"PositionProfileIds": [POSITION]})
    answers = all_at_once(*registrations, *signalling(clients[-len(news) :], *news))
    assert Counter(each.status for each in answers) == {201: CROWD - len(news), 200: len(news)}
    drain(world, endpoint, clients)
    expected = ("open", False) if then is None else ("position_closed", True)
    for each in (SIGNALLED_APPLICATION, *NEW[: CROWD - len(news)]):
        assert world.stored(each).outcome == expected


def drain(world: World, endpoint: str, clients: Sequence[DynamoDB]) -> None:
    """Hand the aliases' stream to positions containers, each batch to several at once, until nothing is new."""
    streams = boto3.client("dynamodbstreams", endpoint_url=endpoint)
    arn = world.client.describe_table(TableName="AliasesTable")["Table"]["LatestStreamArn"]
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    handlers = [make_positions(dynamodb, POSITIONS, set_aside()) for dynamodb in clients[:4]]
    while records := (reply := streams.get_records(ShardIterator=iterator, Limit=10))["Records"]:
        replies = all_at_once(*[partial(handler, {"Records": records}, None) for handler in handlers])
        assert replies == [{"batchItemFailures": []}] * len(handlers)
        iterator = reply["NextShardIterator"]
