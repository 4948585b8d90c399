"""What must hold when an application is erased while others speak of it: a receipt or a 404, and nothing comes back."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from application_status.applications import items
from application_status.applications.record import UnknownApplications
from application_status.functions.registry import RegistrySettings
from application_status.functions.registry import make_handler as make_registry
from application_status.functions.signals import make_handler as make_signals
from application_status.functions.webhook import make_handler as make_webhook
from application_status.platform.dynamodb.client import DynamoDB
from support.concurrency import all_at_once
from support.signals import ONE, TRUE_ONE, event, signal, state
from support.world import (
    APPLICATION,
    ATS,
    SIGNALLED_APPLICATION,
    Answer,
    World,
    answer,
    http_event,
    signals_settings,
    webhook_settings,
)

NEW = "51c3be16-0f93-41ed-9cc0-00000000beef"
OTHERS = 24
REGISTRY = RegistrySettings("ApplicationsTable", "AliasesTable", "FeedbackTable")

type Call = Callable[[], Answer]


def erasing(dynamodb: DynamoDB, of: str) -> Call:
    return partial(_answered, make_registry(dynamodb, REGISTRY), http_event("DELETE", f"/api/applications/{of}"))


def reporting(clients: Sequence[DynamoDB], of: str, unknown: UnknownApplications) -> list[Call]:
    """Return calls that each report a round of interviews, from a container of its own."""
    settings = webhook_settings(unknown)
    bodies = [
        {"AtsiApplicationId": of, "Status": "INTERVIEW", "RawStatus": f"round {number}"}
        for number in range(len(clients))
    ]
    events = [http_event("POST", "/api/application-status", body) for body in bodies]
    return [
        partial(_answered, make_webhook(dynamodb, settings), each)
        for dynamodb, each in zip(clients, events, strict=True)
    ]


def _answered(handler: Callable[[Any, Any], Any], given: Any) -> Answer:
    return answer(handler(given, None))


def naming(world: World, text: str) -> list[Any]:
    return [item for table in world.contents() for item in table if text in str(item)]


@pytest.mark.parametrize("unknown", UnknownApplications)
@pytest.mark.parametrize("erasures", [1, 5])
@pytest.mark.parametrize("of", [APPLICATION, NEW], ids=["registered", "unknown"])
def test_erased_among_reports(
    world: World, clients: list[DynamoDB], of: str, erasures: int, unknown: UnknownApplications
) -> None:
    """Each report is recorded before the tombstone, whose version is the next, or gets a 404."""
    reports = reporting(clients[erasures : erasures + OTHERS], of, unknown)
    answers = all_at_once(*[erasing(dynamodb, of) for dynamodb in clients[:erasures]], *reports)
    assert [each.status for each in answers[:erasures]] == [204] * erasures
    versions = sorted(each.body["Version"] for each in answers[erasures:] if each.status == 200)
    assert [each.status for each in answers[erasures:] if each.status != 200] == [404] * (len(reports) - len(versions))
    first = 2 if of == APPLICATION else 1
    assert versions == list(range(first, first + len(versions)))
    tombstone = world.item(of)
    assert tombstone.keys() == {"AtsiApplicationId", "ErasedAt", "Version"}
    assert tombstone["Version"] == {"N": str(first + len(versions))}
    assert naming(world, of) == [tombstone]


def test_erased_among_signals(world: World, clients: list[DynamoDB]) -> None:
    """All signals are accepted, and neither the application nor an alias is left."""
    bodies = [
        event({"query": ONE, "variables": {"input": signal(state(f"Interview {day}", day))}})
        for day in range(1, OTHERS + 1)
    ]
    containers = [make_signals(dynamodb, signals_settings()) for dynamodb in clients[1 : 1 + len(bodies)]]
    calls = [partial(_answered, container, body) for container, body in zip(containers, bodies, strict=True)]
    reply, *answers = all_at_once(erasing(clients[0], SIGNALLED_APPLICATION), *calls)
    assert reply.status == 204
    assert [(each.status, each.body) for each in answers] == [(200, TRUE_ONE)] * len(calls)
    assert naming(world, SIGNALLED_APPLICATION) == [world.item(SIGNALLED_APPLICATION)]
    assert items.is_tombstone(world.item(SIGNALLED_APPLICATION))


def registering(clients: Sequence[DynamoDB], aliases: Sequence[Any]) -> list[Call]:
    """Return calls that each register NEW with other aliases, from a container of its own."""
    ids = {name: f"{name.lower()}-1" for name in ("ClientId", "JobId", "JobseekerId")}
    texts = {"AtsId": ATS, "JobTitle": "Koch", "Company": "Example GmbH", "AppliedAt": "2022-07-01T09:00:00Z"}
    path = f"/api/applications/{NEW}"
    puts = [http_event("PUT", path, {**ids, **texts, "Aliases": each}, token=None) for each in aliases]
    return [
        partial(_answered, make_registry(dynamodb, REGISTRY), put) for dynamodb, put in zip(clients, puts, strict=True)
    ]


@pytest.mark.parametrize("reported", [False, True], ids=["new", "completed"])
def test_erased_among_its_registrations(world: World, clients: list[DynamoDB], *, reported: bool) -> None:
    """Each registration succeeds before the erasure or gets a 410 after it; neither application nor alias is left."""
    if reported:
        (report,) = reporting(clients[:1], NEW, UnknownApplications.ACCEPT)
        assert report().status == 200
    aliases = {"Token": ["t-1", "t-2"], "PositionProfileIds": ["p-1"]}
    calls = registering(clients[1 : 1 + OTHERS], [aliases] * OTHERS)
    reply, *answers = all_at_once(erasing(clients[0], NEW), *calls)
    assert reply.status == 204
    assert {each.status for each in answers} <= {200, 201, 410}
    assert sum(each.status == 201 for each in answers) <= 1
    assert naming(world, NEW) == [world.item(NEW)]
    assert items.is_tombstone(world.item(NEW))


@pytest.mark.parametrize("erasures", [1, 3])
def test_erased_among_registrations_with_further_aliases(world: World, clients: list[DynamoDB], erasures: int) -> None:
    """Each registration is from before the tombstone, or a 410; no alias of any of them is left."""
    (first,) = registering(clients[:1], [{"Token": ["t"]}])
    assert first().status == 201
    further = [{"Token": [f"t-{number}"], "PositionProfileIds": [f"p-{number}"]} for number in range(8)]
    erase = [erasing(dynamodb, NEW) for dynamodb in clients[8 : 8 + erasures]]
    answers = all_at_once(*registering(clients[:8], further), *erase)
    assert [each.status for each in answers[8:]] == [204] * erasures
    assert {each.status for each in answers[:8]} <= {200, 410}
    assert naming(world, NEW) == [world.item(NEW)]
    assert items.is_tombstone(world.item(NEW))
    updated = sum(each.status == 200 for each in answers[:8])
    assert world.item(NEW)["Version"] == {"N": str(2 + updated)}
