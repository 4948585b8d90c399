"""From what the functions log to what became of an ATS's requests: each request and each signal counts once."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO, StringIO
from operator import itemgetter
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws
from urllib3 import HTTPResponse

from application_status.applications.rules.report import Channel
from application_status.health.counts import Health, first_items
from application_status.health.rules import HealthDay, RequestResult, by_day
from application_status.platform.values import AtsId, from_text
from support.log_lines import batch, picked
from support.signals import MANY, complete, position_signal, post, send, signal, state
from support.world import (
    APPLICATION,
    ATS,
    BERLIN,
    FOREIGN_APPLICATION,
    OTHER_ATS,
    OTHER_TOKEN,
    POSITION,
    SIGNALLED_APPLICATION,
    TEST_TOKEN,
    TOKEN,
    World,
    http_event,
    sample_event,
)

EARLIER = "2022-07-29T10:00:00Z"
LATER = "2022-07-30T10:00:00Z"
UNKNOWN = "51c3be16-0f93-41ed-9cc0-00000000dead"


def days(world: World, ats_id: AtsId = ATS) -> list[HealthDay]:
    return Health(world.dynamodb, "QualityTable").read(ats_id, date(2000, 1, 1), date(2100, 1, 1))


def counted(world: World, log: StringIO, ats_id: AtsId = ATS) -> dict[str, int]:
    """Hand over what was logged, and return the counts over all days."""
    world.health(batch(picked(log)), None)
    total: Counter[str] = Counter()
    for day in days(world, ats_id):
        total.update({f"{channel}:{result}": amount for (channel, result), amount in day.counts.items()})
    return dict(total)


def raw(world: World, body: str, **headers: str) -> None:
    world.webhook(http_event("POST", "/api/application-status", body, headers), None)


@pytest.mark.parametrize(
    ("send_report", "result"),
    [
        (lambda world: world.report("OFFER"), "recorded"),
        (lambda world: world.report("APPLIED"), "unchanged"),
        (lambda world: world.report("CONTACT", BusinessDate=EARLIER), "late"),
        (lambda world: world.report("OFFER", AtsiApplicationId=UNKNOWN), "unknown-application"),
        (lambda world: world.report("PROMOTED"), "invalid-fields"),
        (lambda world: world.report("OFFER", headers={"Idempotency-Key": "a b"}), "malformed-header"),
        (lambda world: raw(world, "{"), "malformed-body"),
        (lambda world: raw(world, "x" * 8193), "body-too-large"),
        (lambda world: raw(world, "{}", **{"Content-Type": "text/plain"}), "unsupported-media-type"),
    ],
)
def test_report_counts_by_what_became_of_it(
    world: World, log: StringIO, send_report: Callable[[World], Any], result: str
) -> None:
    """The webhook's own line, through the template's filter; refusals by the type of their problem."""
    if result == "late":
        world.report("INTERVIEW", BusinessDate=LATER)
        picked(log)
    send_report(world)
    assert counted(world, log) == {f"atsi:{result}": 1}


@pytest.mark.parametrize(
    ("sent", "results"),
    [
        ([signal(state("Interview"))], {"recorded": 1}),
        ([signal(state("Interview")), signal(state("Interview"))], {"recorded": 1, "unchanged": 1}),
        ([signal(state("Offer", 2)), signal(state("Interview", 1))], {"recorded": 2}),
        ([signal(state("Blue folder"))], {"unmapped": 1}),
        ([signal(state("Blue folder", 2), previous=state("Interview", 1))], {"unmapped": 1}),
        ([signal(state("Offer", 2), previous=state("Interview", 1))], {"recorded": 1}),
        ([complete()], {"unchanged": 1}),
        ([signal(token="unknown"), complete(token="unknown")], {"unknown-alias": 2}),
        ([position_signal(None, positionProfileIds=["a", POSITION, "b"])], {"recorded": 1}),
        ([position_signal(None), position_signal(None)], {"recorded": 1, "unchanged": 1}),
        ([position_signal(None, positionProfileIds=["a", "b"])], {"unknown-position": 1}),
        ([position_signal(None, current=state("Blue folder", 10))], {"unmapped": 1}),
        ([signal(state("Offer", timestamp="yesterday")), signal(state("Offer"))], {"invalid-fields": 1, "recorded": 1}),
        ([signal()] * 101, {"invalid-fields": 1}),
        ([{"typeCode": 5}], {"invalid-fields": 1}),
    ],
)
def test_each_signal_counts_once(
    world: World, log: StringIO, sent: list[dict[str, Any]], results: dict[str, int]
) -> None:
    """Also in a batch, with several positions, or as two transitions; a request that is not executed counts as one."""
    send(world, *sent)
    assert counted(world, log) == {f"signals:{result}": amount for result, amount in results.items()}


MIXED: list[Any] = [
    {"AtsiApplicationId": APPLICATION, "Status": "INTERVIEW", "BusinessDate": LATER},
    {"AtsiApplicationId": APPLICATION, "Status": "INTERVIEW", "BusinessDate": LATER},
    {"AtsiApplicationId": SIGNALLED_APPLICATION, "Status": "OFFER"},
    {"AtsiApplicationId": UNKNOWN, "Status": "OFFER"},
    {"AtsiApplicationId": FOREIGN_APPLICATION, "Status": "OFFER"},
    {"AtsiApplicationId": APPLICATION, "Status": "PROMOTED"},
    {"AtsiApplicationId": APPLICATION, "Status": "CONTACT", "BusinessDate": EARLIER},
    "no object",
]


@pytest.mark.parametrize("token", [TOKEN, TEST_TOKEN])
def test_batch_counts_as_its_reports_sent_alone(log: StringIO, token: str) -> None:
    """The reports are late in both: the later one was sent before. The sandbox is not counted."""

    def found(send_all: Callable[[World], object]) -> dict[str, int]:
        with mock_aws():
            world = World(boto3.client("dynamodb"))
            world.report_batch(MIXED[0], token=token)
            picked(log)
            send_all(world)
            return counted(world, log)

    def alone(world: World) -> None:
        for each in MIXED:
            world.webhook(http_event("POST", "/api/application-status", each or "", token=token), None)

    in_a_batch = found(lambda world: world.report_batch(*MIXED, token=token))
    assert in_a_batch == found(alone)
    assert bool(in_a_batch) is (token == TOKEN)
    if in_a_batch:
        assert in_a_batch == {
            "atsi:recorded": 1, "atsi:unchanged": 2, "atsi:late": 1, "atsi:unknown-application": 2,
            "atsi:invalid-fields": 1, "atsi:malformed-body": 1,
        }  # fmt: skip


def break_store(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, 500, HTTPHeaders(), HTTPResponse(BytesIO(b"{}"), preload_content=False))

    monkeypatch.setattr("time.sleep", lambda _: None)
    world.client.meta.events.register_first("before-send.dynamodb.UpdateItem", fail, unique_id="broken")


def test_failures_of_ours_count_too(world: World, log: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ATS has to send again, on either channel; a batch is one such request."""
    break_store(world, monkeypatch)
    assert world.report("OFFER").status == 503
    assert post(world, {"query": MANY, "variables": {"input": {"signals": [signal(), signal()]}}}).body["errors"]
    world.client.meta.events.unregister("before-send.dynamodb.UpdateItem", unique_id="broken")
    assert counted(world, log) == {"atsi:unavailable": 1, "signals:unavailable": 1}


def test_unexpected_errors_count_too(world: World, log: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are ours, and no fault of the store."""
    monkeypatch.setattr("application_status.applications.record.Applications.record", None)
    world.report("OFFER")
    send(world, signal())
    assert counted(world, log) == {"atsi:unexpected": 1, "signals:unexpected": 1}


def test_unknown_callers_are_not_counted(world: World, log: StringIO) -> None:
    """Also not right after a request with a valid token in the same container; version queries don't count either."""
    world.report("OFFER")
    send(world, signal())
    assert len(picked(log)) == 2
    body = {"AtsiApplicationId": UNKNOWN, "Status": "OFFER"}
    world.webhook(http_event("POST", "/api/application-status", body, token="nobody"), None)
    world.webhook(http_event("POST", "/qs-api/public/atsi/v1/other-ats", body, token=TOKEN), None)
    world.webhook(http_event("GET", "/api/application-status"), None)
    send(world, signal(), token="nobody")
    post(world, {"query": "{ vocabularyVersion }"})
    assert picked(log) == []


def test_each_ats_has_its_own(world: World, log: StringIO) -> None:
    """A foreign application is unknown, and counts for the one who asks."""
    send(world, signal(), token=OTHER_TOKEN)
    world.webhook(http_event("POST", "/api/application-status", "{", token=OTHER_TOKEN), None)
    world.report("OFFER")
    assert counted(world, log, OTHER_ATS) == {"signals:unknown-alias": 1, "atsi:malformed-body": 1}
    assert counted(world, log) == {"atsi:recorded": 1}


def test_sample_events_work(world: World) -> None:
    """The files of events/: lines of both channels, and a control message."""
    world.health(sample_event("HealthFunction/control-message"), None)
    assert world.dynamodb.operations == []
    world.health(sample_event("HealthFunction/lines"), None)
    (day,) = days(world)
    assert day.day == date(2026, 11, 22)
    assert day.counts == {("atsi", "recorded"): 1, ("atsi", "unknown-application"): 1, ("signals", "unmapped"): 1}


def test_first_items_are_what_adding_leaves(world: World) -> None:
    """Announced, counted and last seen alike, so that a table may begin with them."""
    moment = from_text("2022-07-29T10:00:00.000Z")
    requests = [
        RequestResult(ats_id, channel, result, moment + timedelta(hours=hours))
        for ats_id in (ATS, OTHER_ATS)
        for channel, result, hours in (
            (Channel.ATSI, "late", 0),
            (Channel.SIGNALS, "late", 2),
            (Channel.ATSI, "late", 30),
        )
    ]
    first = by_day(requests, BERLIN)
    Health(world.dynamodb, "QualityTable").add("a-batch", first)
    stored = world.client.scan(TableName="QualityTable")["Items"]
    added = [each for each in stored if not each["Scope"]["S"].startswith("health-batch#")]
    key = itemgetter("Scope", "Part")
    assert sorted(added, key=lambda each: str(key(each))) == sorted(first_items(first), key=lambda each: str(key(each)))
