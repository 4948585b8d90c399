"""What must hold when counters are rebuilt while reports come in: every change counts once, whichever way it came."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event

import pytest

from application_status.applications import scan as all_applications
from application_status.applications.register import Registrations
from application_status.cli import analytics
from application_status.functions.analytics import make_handler as make_analytics
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import application_id, now
from application_status.quality.counters.generations import generations
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.read import QualityReader
from application_status.quality.counting import rebuild as rebuilding
from application_status.quality.counting.stream import AnalyticsSettings
from support.command_line import command
from support.concurrency import all_at_once, report_all
from support.counters import counted, expected_counters, kept_generations
from support.failed_records import set_aside
from support.streams import record
from support.world import BERLIN, World, http_event, registration

APPLICATIONS = [application_id(f"3b9d1c60-7f2e-4d5a-8e11-{number:012}") for number in range(40)]
SETTINGS = AnalyticsSettings("QualityTable", BERLIN)
ROUNDS = ("INTERVIEW", "OFFER", "HIRED", "REJECTED")


def deliver(world: World, clients: Sequence[DynamoDB], applications: Sequence[str]) -> None:
    """Hand the applications as they are to two analytics containers each, as redelivery would."""
    batches = [[record(world.item(each)) for each in applications[start::4]] for start in range(4)] * 2
    replies = all_at_once(
        *[partial(make_analytics(dynamodb, SETTINGS, set_aside()), {"Records": batch}, None)
          for dynamodb, batch in zip(clients, batches, strict=False)]
    )  # fmt: skip
    assert replies == [{"batchItemFailures": []}] * len(batches)


def test_rebuild_while_reports_come_counts_each_once(
    world: World, clients: list[DynamoDB], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four segments are scanned at once, beside webhooks, analytics and merges; all of it before the switch."""
    monkeypatch.setattr(all_applications, "_PAGE_SIZE", 3)
    monkeypatch.setattr(analytics, "_LONGEST_INVOCATION_SECONDS", 1)
    for each in APPLICATIONS:
        Registrations(clients[0], "ApplicationsTable", "AliasesTable").register(each, registration())
    deliver(world, clients[8:], [each["AtsiApplicationId"]["S"] for each in items(world)])
    run, reported = command(clients[-1], monkeypatch, capsys), Event()

    def compare(reader: Callable[[int], QualityReader], former: int, new: int) -> Counter[str]:
        assert reported.wait(60)
        return rebuilding.compare(reader, former, new)

    def report() -> int:
        for number, status in enumerate(ROUNDS):
            group = APPLICATIONS[number::4]
            bodies = [{"AtsiApplicationId": each, "Status": status} for each in group]
            events = [http_event("POST", "/api/application-status", body) for body in bodies]
            assert {each.status for each in report_all(clients[: len(group)], events)} == {200}
            deliver(world, clients[20:], group)
        reported.set()
        return 0

    def merge() -> int:
        while not reported.wait(0.05):
            for generation in generations(clients[-2], "QualityTable").counted:
                Merger(clients[-2], "QualityTable", generation).merge(now().date())
        return 0

    monkeypatch.setattr(analytics, "compare", compare)
    assert all_at_once(lambda: run("rebuild", "--segments", "4")[0], report, merge) == [0, 0, 0]
    assert counted(world) == expected_counters(world)
    assert kept_generations(world) == {"2"}
    assert run("verify")[0] == 0


def items(world: World) -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = world.client.scan(TableName="ApplicationsTable")["Items"]
    return found
