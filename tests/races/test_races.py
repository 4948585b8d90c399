"""What must hold when requests and batches race: decided by the table, so nothing is lost and nothing is twice."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from application_status.applications.record import UnknownApplications
from application_status.applications.register import Registrations
from application_status.applications.rules.application import Application
from application_status.functions.analytics import make_handler as make_analytics
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import application_id, now
from application_status.quality.counters.merge import Merger
from application_status.quality.counting.stream import AnalyticsSettings
from application_status.quality.rules.contribution import Cell, contribution
from support.concurrency import CROWD, all_at_once, batch_all, register_all, report_all
from support.counters import counters, totals_and_markers
from support.failed_records import set_aside
from support.world import APPLICATION, ATS, BERLIN, OTHER_ATS, OTHER_TOKEN, TOKEN, Answer, World, http_event
from support.world import registration as registered

NEW = "51c3be16-0f93-41ed-9cc0-00000000beef"
MINUTES = [f"2022-07-29T11:{minute:02}:00.000Z" for minute in range(CROWD)]
STATUSES = ("CONTACT", "PRE_INTERVIEW", "INTERVIEW", "POST_INTERVIEW", "OFFER")


def report(status: str, *, headers: dict[str, str] | None = None, token: str = TOKEN, **fields: Any) -> dict[str, Any]:
    body = {"AtsiApplicationId": APPLICATION, "Status": status, **fields}
    return http_event("POST", "/api/application-status", body, headers, token)


def registration(**changes: str) -> dict[str, Any]:
    ids = {name: f"{name.lower()}-1" for name in ("ClientId", "JobId", "JobseekerId")}
    texts = {"AtsId": ATS, "JobTitle": "Python Developer", "Company": "Example GmbH"}
    body = {**ids, **texts, "AppliedAt": "2022-07-01T09:00:00Z", **changes}
    return http_event("PUT", f"/api/applications/{NEW}", body, token=None)


def outcomes(answers: Sequence[Answer]) -> Counter[str]:
    return Counter(str(each.body.get("Result", each.body.get("type"))) for each in answers)


@pytest.mark.parametrize(
    ("fields", "headers"),
    [({"BusinessDate": MINUTES[0]}, {}), ({}, {}), ({"RawStatus": "1st"}, {}), ({}, {"Idempotency-Key": "one"})],
    ids=["has_business_date", "untimed", "labelled", "with a key"],
)
def test_the_same_report_at_once_is_recorded_once(
    world: World, clients: list[DynamoDB], fields: dict[str, str], headers: dict[str, str]
) -> None:
    """One is recorded, all others are unchanged, none fails, and the history has one transition."""
    answers = report_all(clients, [report("INTERVIEW", headers=headers, **fields)] * CROWD)
    assert outcomes(answers) == {"recorded": 1, "unchanged": CROWD - 1}
    assert {each.body["Version"] for each in answers} == {2}
    stored = world.stored()
    assert (len(stored.transitions), stored.version, stored.status) == (1, 2, "INTERVIEW")


@pytest.mark.parametrize("fields", [{"BusinessDate": MINUTES[0]}, {}, {"IdempotencyKey": "one"}], ids=str)
def test_the_same_batch_at_once_is_recorded_once(world: World, clients: list[DynamoDB], fields: dict[str, str]) -> None:
    """Each of its reports is recorded by one of ten containers, and unchanged for the others."""
    ids = [application_id(f"{APPLICATION[:-4]}{number:04}") for number in range(12)]
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    for each in ids:
        registrations.register(each, registered())
    body = {"Reports": [{"AtsiApplicationId": each, "Status": "INTERVIEW", **fields} for each in ids]}
    event = http_event("POST", "/api/application-status/batch", body)
    answers = batch_all(clients[:10], [event] * 10)
    assert {each.status for each in answers} == {200}
    for place, each in enumerate(ids):
        replies = [reply.body["Results"][place]["Reply"] for reply in answers]
        assert Counter(reply["Result"] for reply in replies) == {"recorded": 1, "unchanged": 9}
        assert (len(world.stored(each).transitions), world.stored(each).version) == (1, 2)


def test_different_timed_reports_at_once_are_all_kept(world: World, clients: list[DynamoDB]) -> None:
    """Each takes the head or joins the history behind it, and the newest is the head in the end."""
    events = [
        report(STATUSES[number % len(STATUSES)], BusinessDate=minute, RawStatus=f"round {number}")
        for number, minute in enumerate(MINUTES)
    ]
    answers = report_all(clients, events)
    assert outcomes(answers).keys() <= {"recorded", "late"}
    assert sorted(each.body["Version"] for each in answers) == list(range(2, CROWD + 2))
    stored = world.stored()
    assert [each.raw_status for each in stored.in_order()] == [f"round {number}" for number in range(CROWD)]
    assert (stored.version, stored.status, stored.raw_status) == (CROWD + 1, "OFFER", f"round {CROWD - 1}")
    assert stored.head == max(stored.transitions)


def test_different_untimed_reports_at_once_are_all_recorded(world: World, clients: list[DynamoDB]) -> None:
    """Each takes the head in its turn; the head in the end is the one that was written last."""
    answers = report_all(clients, [report("INTERVIEW", RawStatus=f"round {number}") for number in range(CROWD)])
    assert outcomes(answers) == {"recorded": CROWD}
    versions = [each.body["Version"] for each in answers]
    assert sorted(versions) == list(range(2, CROWD + 2))
    stored = world.stored()
    in_turn = [f"round {versions.index(version)}" for version in range(2, CROWD + 2)]
    assert [each.raw_status for each in stored.in_order()] == in_turn
    assert (stored.version, stored.raw_status) == (CROWD + 1, in_turn[-1])


@pytest.mark.usefixtures("world")
def test_the_same_registration_at_once_is_created_once(clients: list[DynamoDB]) -> None:
    """One registration gets a 201, the others a 200 as the application is already registered so."""
    assert statuses(register_all(clients, [registration()] * CROWD)) == {201: 1, 200: CROWD - 1}


def test_different_registrations_at_once_conflict_but_for_one(world: World, clients: list[DynamoDB]) -> None:
    """The stored registration is the one that succeeded."""
    answers = register_all(clients, [registration(JobId=f"job-{number}") for number in range(CROWD)])
    assert statuses(answers) == {201: 1, 409: CROWD - 1}
    winner = [each.status for each in answers].index(201)
    stored = world.stored(NEW).registration
    assert stored is not None
    assert stored.job_id == f"job-{winner}"


def test_first_contact_at_once_has_one_owner(world: World, clients: list[DynamoDB]) -> None:
    """Of two ATSs that report an unknown application, one owns it with all its reports; to the other it is unknown."""
    tokens = [TOKEN, OTHER_TOKEN] * (CROWD // 2)
    events = [
        report(
            "INTERVIEW", token=token, AtsiApplicationId=NEW, RawStatus=f"round {number}", BusinessDate=MINUTES[number]
        )
        for number, token in enumerate(tokens)
    ]
    answers = report_all(clients, events, UnknownApplications.ACCEPT)
    by_ats = {ats: statuses(answers[start::2]) for start, ats in enumerate((ATS, OTHER_ATS))}
    stored = world.stored(NEW)
    (loser,) = {ATS, OTHER_ATS} - {stored.ats_id}
    assert by_ats == {stored.ats_id: {200: CROWD // 2}, loser: {404: CROWD // 2}}
    assert (len(stored.transitions), stored.version) == (CROWD // 2, CROWD // 2)


def test_batches_counted_at_once_count_each_change_once(world: World, clients: list[DynamoDB]) -> None:
    """Containers that get overlapping batches, in any order, and several processes that merge, end in the exact sum."""
    applications = [f"0a7e3f52-6b1d-4c1e-9d55-{number:012}" for number in range(8)]
    registry_events = [
        http_event("PUT", f"/api/applications/{each}", registration()["body"], token=None) for each in applications
    ]
    register_all(clients, registry_events)
    images: list[list[dict[str, Any]]] = [[world.item(each)] for each in applications]
    for status in ("INTERVIEW", "HIRED", "REJECTED"):
        report_all(clients, [report(status, AtsiApplicationId=each) for each in applications])
        for history, each in zip(images, applications, strict=True):
            history.append(world.item(each))
    records = [stream_record(image, number) for number, image in enumerate(image for h in images for image in h)]
    batches = [records, records[::-1], records[8:24], records[::2], records[1::2], records[16:]] * 2
    settings = AnalyticsSettings("QualityTable", BERLIN)
    mergers = [Merger(each, "QualityTable", 1) for each in clients[-4:]]

    def merge(merger: Merger) -> int:
        return sum(merger.merge(now().date()) for _ in range(20))

    *replies, _, _, _, _ = all_at_once(
        *[
            partial(make_analytics(dynamodb, settings, set_aside()), {"Records": batch}, None)
            for dynamodb, batch in zip(clients, batches, strict=False)
        ],
        *[partial(merge, merger) for merger in mergers],
    )
    assert replies == [{"batchItemFailures": []}] * len(batches)
    assert counters(world.client) == expected([world.stored(each) for each in applications])
    merge(mergers[0])
    for totals, markers in totals_and_markers(world.client.scan(TableName="QualityTable")["Items"]).values():
        assert totals == markers
    assert counters(world.client) == expected([world.stored(each) for each in applications])


def statuses(answers: Sequence[Answer]) -> Counter[int]:
    return Counter(each.status for each in answers)


def stream_record(image: dict[str, Any], number: int) -> dict[str, Any]:
    body = {"NewImage": image, "SequenceNumber": str(number), "ApproximateCreationDateTime": 1_659_093_971}
    return {"eventName": "MODIFY", "dynamodb": body}


def expected(applications: Sequence[Application]) -> Counter[Cell]:
    """Return the sum of the contributions."""
    total: Counter[Cell] = Counter()
    for each in applications:
        total.update(contribution(each, BERLIN))
    return total
