"""What must hold when applications expire while reports come in and a rebuild begins: each counts once."""

from collections import Counter
from datetime import timedelta
from functools import partial

from application_status.applications import items
from application_status.applications.register import Registrations
from application_status.functions.analytics import make_handler as make_analytics
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import application_id
from application_status.quality.counters.rebuilds import Rebuilds
from application_status.quality.counting.retention import Limits, Retention
from application_status.quality.counting.stream import AnalyticsSettings
from application_status.quality.rules.contribution import Cell, contribution
from support.concurrency import all_at_once, report_all
from support.counters import counters, expected_counters
from support.failed_records import set_aside
from support.streams import record
from support.world import BERLIN, World, http_event, registration

APPLICATIONS = [application_id(f"5d1c60b7-2e7f-4d5a-8e11-{number:012}") for number in range(24)]
LIMITS = Limits(timedelta(milliseconds=1), timedelta(milliseconds=1))


def count(world: World, dynamodb: DynamoDB) -> None:
    """Count all applications and tombstones as they are."""
    found = world.client.scan(TableName="ApplicationsTable", ConsistentRead=True)["Items"]
    handler = make_analytics(dynamodb, AnalyticsSettings("QualityTable", BERLIN), set_aside())
    assert handler({"Records": [record(item) for item in found]}, None) == {"batchItemFailures": []}


def test_each_application_is_counted_or_archived_once(world: World, clients: list[DynamoDB]) -> None:
    """Two functions expire the same applications of one job, beside reports about half of them and a rebuild."""
    for each in APPLICATIONS:
        Registrations(clients[0], "ApplicationsTable", "AliasesTable").register(each, registration())
    count(world, clients[0])
    seen = [world.item(each) for each in APPLICATIONS]

    def expire(dynamodb: DynamoDB) -> int:
        expiring = Retention(dynamodb, "ApplicationsTable", "AliasesTable", "QualityTable", LIMITS)
        return sum(expiring.expire(item) for item in seen)

    def report() -> int:
        bodies = [{"AtsiApplicationId": each, "Status": "INTERVIEW"} for each in APPLICATIONS[::2]]
        events = [http_event("POST", "/api/application-status", body) for body in bodies]
        assert {each.status for each in report_all(clients[10:30], events)} <= {200, 404}
        return 0

    def rebuild() -> int:
        while not [each for each in APPLICATIONS[:12] if items.is_tombstone(world.item(each))]:
            continue
        Rebuilds(clients[5], "QualityTable").start(BERLIN.key, 1)
        return 0

    expired = sum(all_at_once(partial(expire, clients[1]), partial(expire, clients[2]), report, rebuild))
    gone = [item for item in seen if items.is_tombstone(world.item(item["AtsiApplicationId"]["S"]))]
    assert 0 < expired == len(gone)
    count(world, clients[0])
    archived: Counter[Cell] = Counter()
    for item in gone:
        archived.update(contribution(items.application(item), BERLIN))
    assert counters(world.client) == expected_counters(world) + archived
