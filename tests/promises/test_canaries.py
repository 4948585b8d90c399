"""Unmistakable personal data goes in by every way, the jobseeker is erased, and all that is stored is searched."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
import time_machine
from moto import mock_aws

from application_status.access.assignments import Assignment, Role
from application_status.applications.record import UnknownApplications
from application_status.applications.rules.notes import Feedback, FeedbackReason
from application_status.applications.rules.report import Channel
from application_status.cli import main as command_line
from application_status.cli import parquet
from application_status.cli.target import Target
from application_status.events.eventbridge import connect as connect_eventbridge
from application_status.events.stream import event_sink
from application_status.facts.firehose import Firehose
from application_status.facts.rules import pseudonym
from application_status.facts.stream import fact_sink
from application_status.functions.delivery import make_handler as make_delivery
from application_status.jobseeker.feedback import JobseekersNotes
from application_status.platform.streams import FailedRecords, SetAside
from application_status.platform.values import ApplicationId, now
from application_status.quality.counters.items import unpacked
from support import dispositions, eventbridge, firehose, oauth, sandbox, webhooks
from support.counters import COMPRESSED
from support.files import Station, csv
from support.log_lines import batch, picked
from support.proof import Figure
from support.quality_pages import STAFF, shown
from support.signals import complete, position_signal, sent, signal, state
from support.streams import positions_copied, stream
from support.world import (
    ATS,
    ATS_CLIENT_SECRET,
    BERLIN,
    TEMPLATE,
    TEST_TOKEN,
    TOKEN,
    World,
    answer,
    http_event,
    sample_event,
)

CLEAN = ApplicationId("ca0a5100-0000-4000-8000-000000000001")
FAILED = ApplicationId("ca0a5100-0000-4000-8000-000000000002")
CANARIES = {
    "jobseeker": "canary-jobseeker",
    "application": CLEAN,
    "pseudonym of the application": pseudonym(CLEAN),
    "application with a failed record": FAILED,
    "tracking token": "canary-tracking-token",
    "candidate profile": "canary-profile",
    "label of a report": "Absage an Carla Canary",
    "label of a signal": "Blauer Ordner Carla Canary",
    "label of an earlier state": "Anruf bei Carla Canary",
    "label of a disposition": "Gespräch mit Carla Canary",
    "apply id": "canary-apply-id",
    "details of a disposition": "canary-details",
    "e-mail address": "canary@person.test",
    "idempotency key": "canary-idempotency-key",
    "user": "canary-user",
    "token of the ATS": TOKEN,
    "label in the sandbox": "Test mit Karl Canary",
    "link to the job ad": "https://jobs.test/canary",
    "place of work": "Canary Wharf",
    "words of the jobseeker": "Ich, Carla Canary, war nie dort",
    "label in a file": "Mappe von Carla Canary",
    "row of a file that is refused": "canary-row",
    "label of a webhook": "Büro mit Carla Canary",
    "secret of a webhook": "canary-webhook-secret",
    "test token": TEST_TOKEN,
    "secret of an OAuth client": ATS_CLIENT_SECRET,
}
POSITION = "canary-position"
BUCKETS = ("FailedRecordsBucket", "FactsBucket")

REMAINS = {
    ("application", "ApplicationsTable"),  # the tombstone
    ("application", "QualityTable"),  # the empty marker
    ("application", "FeedbackTable"),
    ("application", "logs"),
    ("application", "schedules"),
    ("pseudonym of the application", "facts of erasures"),
    ("application with a failed record", "ApplicationsTable"),
    ("application with a failed record", "QualityTable"),
    ("application with a failed record", "logs"),
    ("application", "uploads"),  # for 7 days
    ("label in a file", "uploads"),
    ("row of a file that is refused", "uploads"),
    ("row of a file that is refused", "lists of refused rows"),  # for 30 days
    ("label of a webhook", "ConnectionsTable"),  # what a connection sent in the last 90 days
    ("label in the sandbox", "SandboxApplicationsTable"),  # of no jobseeker; it expires
    ("label in the sandbox", "SandboxRequestsTable"),  # in the request and how it was understood; both expire
}
"""What may remain after an erasure, and where; docs/operations.md says until when."""
NEVER_STORED = {
    *("token of the ATS", "idempotency key", "details of a disposition", "e-mail address"),
    *("test token", "secret of an OAuth client", "secret of a webhook"),
}
"""At most their digests are stored; the secret of a webhook is encrypted."""


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="FailedRecordsBucket")
        firehose.open_stream()
        eventbridge.open_bus()
        kept: Any = FailedRecords("FailedRecordsBucket")
        yield World(boto3.client("dynamodb"), UnknownApplications.ACCEPT, kept=kept, providers=webhooks.PROVIDERS)


def register(world: World, of: str, *, with_aliases: bool) -> None:
    aliases = {
        "Token": ["canary-tracking-token"], "CandidateApplicationProfileId": ["canary-profile"],
        "ApplyId": ["canary-apply-id"], "Greenhouse": {"ApplicationId": "700100"},
    }  # fmt: skip
    body = {
        "AtsId": ATS, "ClientId": "client-9", "JobId": "job-9", "JobseekerId": "canary-jobseeker", "JobTitle": "Koch",
        "Company": "Example GmbH", "AppliedAt": "2022-07-01T09:00:00Z",
        "Link": "https://jobs.test/canary", "Location": "Canary Wharf",
        "Aliases": {**aliases, "PositionProfileIds": [POSITION]} if with_aliases else {},
    }  # fmt: skip
    assert answer(world.registry(http_event("PUT", f"/api/applications/{of}", body, token=None), None)).status == 201


def plant(world: World, station: Station) -> None:
    """Send canaries by every way in."""
    world.assignments.assign("canary-user", Assignment(Role.JOBSEEKER, "canary-jobseeker"))
    for each in (CLEAN, FAILED):
        world.report("INTERVIEW", AtsiApplicationId=each, RawStatus="Absage an Carla Canary")
        register(world, each, with_aliases=each == CLEAN)
    world.report(
        "REJECTED", AtsiApplicationId=CLEAN, RawStatus="Absage an Carla Canary",
        headers={"Idempotency-Key": "canary-idempotency-key"},
    )  # fmt: skip
    world.report("canary-jobseeker", AtsiApplicationId=CLEAN)  # refused, with an error that must not be logged
    token = {"token": "canary-tracking-token"}
    earlier = {"previous": state("Anruf bei Carla Canary", 1)}
    sent(world, signal(state("Blauer Ordner Carla Canary", 2), **token, **earlier), complete(**token))
    by_profile = signal(state("Blauer Ordner Carla Canary", 3), candidateApplicationProfileId="canary-profile")
    del by_profile["token"]
    sent(world, by_profile, position_signal(success=True, positionProfileIds=[POSITION]))
    positions_copied(world)
    person = {"jobIdentifier": {}, "jobSeekerIdentifier": {"emailAddress": "canary@person.test"}}
    for identified in ({"ittk": "canary-apply-id"}, {"alternateIdentifier": person}):
        by_apply_id = dispositions.about(identified, rawDispositionStatus="Gespräch mit Carla Canary")
        dispositions.send(world, by_apply_id | {"rawDispositionDetails": "canary-details"})
    feedback = Feedback(FeedbackReason.OTHER, "Ich, Carla Canary, war nie dort", now())
    JobseekersNotes(world.dynamodb, "ApplicationsTable", "FeedbackTable").send(
        world.stored(CLEAN), "withdrawn", feedback
    )
    rows = f"{CLEAN},Mappe von Carla Canary,INTERVIEW,2022-07-20", "canary-row,canary-row,,"
    counts = station.imported(csv(*rows)).counts
    assert (counts.late, counts.refused) == (1, 1)
    oauth.access_token(world)
    connection = world.connections.create(
        Channel.GREENHOUSE, ATS, "client-9", secret="canary-webhook-secret", created_by="operator"
    )
    event = webhooks.stage("Büro mit Carla Canary")
    assert webhooks.deliver(world, connection, event, webhooks.signed(event, "canary-webhook-secret")).status == 200
    assert webhooks.deliver(world, connection, event, webhooks.signed(event, "wrong")).status == 401
    made = sandbox.created(world)
    sandbox.report(world, made["AtsiApplicationId"], "INTERVIEW", RawStatus="Test mit Karl Canary")
    sent(world, signal(state("Test mit Karl Canary", 4), token=made["Aliases"]["Token"][0]), token=TEST_TOKEN)


def count(world: World) -> None:
    assert world.analytics({"Records": [*stream(world, "ApplicationsTable")]}, None) == {"batchItemFailures": []}


def fail(world: World) -> None:
    """Let records fail that no function can read."""
    image = {**world.item(FAILED), "Status": {"S": "Absage an Carla Canary"}}
    record = {
        "eventName": "MODIFY",
        "dynamodb": {"SequenceNumber": "7", "ApproximateCreationDateTime": 1.0, "NewImage": image},
    }
    world.analytics({"Records": [record]}, None)
    alias = {"Alias": {"S": "position#x"}, "AtsiApplicationId": {"S": FAILED}, "JobseekerId": {"S": "canary-jobseeker"}}
    world.positions({"Records": [{"dynamodb": {"SequenceNumber": "8", "NewImage": alias}}]}, None)


def deliver(world: World, folder: Path, skip: int = 0) -> int:
    """Deliver facts and events of the changes after the first few; facts as Parquet, which moto does not make.

    Return how many changes there are.
    """
    aside = SetAside(FailedRecords("FailedRecordsBucket"))
    settings = eventbridge.settings(delay_hours=48)
    facts = fact_sink(Firehose(boto3.client("firehose")), "FactsStream", BERLIN)
    handler = make_delivery([facts, event_sink(*connect_eventbridge(settings), settings.delay)], None, aside)
    s3 = boto3.client("s3")
    known = {each["Key"] for each in s3.list_objects_v2(Bucket="FactsBucket").get("Contents", ())}
    records = stream(world, "ApplicationsTable")
    assert handler({"Records": records[skip:]}, None) == {"batchItemFailures": []}
    for each in s3.list_objects_v2(Bucket="FactsBucket")["Contents"]:
        if each["Key"] not in known:
            content = s3.get_object(Bucket="FactsBucket", Key=each["Key"])["Body"].read().decode()
            parquet.write([content], folder / "facts.parquet")
            s3.upload_file(str(folder / "facts.parquet"), "FactsBucket", each["Key"])
    return len(records)


def use(world: World, log: StringIO) -> None:
    """Let all other functions do what they do with the canaries; return to the log what the health function read."""
    lines = log.getvalue()
    world.health(batch(picked(log)), None)
    log.write(lines)
    with time_machine.travel(now() + timedelta(days=1)):
        world.merge(sample_event("MergeFunction/scheduled"), None)
        world.verification(sample_event("VerificationFunction/scheduled"), None)
    shown(world, STAFF)
    mine = http_event("GET", "/api/my/applications", token=None)
    mine["requestContext"]["authorizer"] = {"claims": {"custom:jobseeker_id": "canary-jobseeker"}}
    assert world.my_applications(mine, None)["statusCode"] == 200
    world.registry(http_event("GET", "/api/feedback", token=None), None)
    world.views(http_event("GET", f"/api/application-status/{CLEAN}"), None)
    world.views(http_event("GET", f"/api/application-status/{CLEAN}", token="canary-tracking-token"), None)


def text_of(item: Any) -> str:
    """Return an item of a table as text, with what is compressed in it."""
    compressed = [item[name] for name in COMPRESSED if name in item]
    return f"{item} {[unpacked(value) for value in compressed]}"


def stored(world: World, station: Station, log: StringIO, folder: Path) -> dict[str, str]:
    """Return all that is stored, as text, by place."""
    found = {"logs": log.getvalue(), "schedules": json.dumps(eventbridge.schedules(), default=str)}
    found |= {"uploads": "", "lists of refused rows": ""}
    for key, content in station.s3.objects.items():
        found["uploads" if key.startswith("uploads/") else "lists of refused rows"] += f"{key} {content.decode()}"
    for table in TEMPLATE.tables():
        items = world.client.scan(TableName=table["TableName"])["Items"]
        found[table["TableName"]] = " ".join(map(text_of, items))
    s3 = boto3.client("s3")
    for bucket in BUCKETS:
        contents = erasures = ""
        for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
            file = folder / "object"
            s3.download_file(bucket, each["Key"], str(file))
            if bucket == "FactsBucket":
                with duckdb.connect() as connection:
                    facts = connection.read_parquet(str(file))
                    contents += str(facts.filter("kind <> 'erased'").fetchall())
                    erasures += str(facts.filter("kind = 'erased'").fetchall())
            else:
                contents += each["Key"] + file.read_text(encoding="utf-8")
        found |= {bucket: contents, "facts of erasures": erasures}
    return found


def canaries_in(places: dict[str, str]) -> set[tuple[str, str]]:
    return {(name, place) for place, text in places.items() for name, canary in CANARIES.items() if canary in text}


def test_no_secret_or_personal_datum_remains(
    world: World,
    log: StringIO,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
) -> None:
    """No token or secret is stored or logged, and nothing personal remains after an erasure but what is documented.

    Unmistakable texts go in by every way. What may be stored is found before; afterwards, exactly REMAINS.
    """
    station = Station(world)
    plant(world, station)
    count(world)
    fail(world)
    delivered = deliver(world, tmp_path)
    use(world, log)
    before = canaries_in(stored(world, station, log, tmp_path))
    assert {name for name, _ in before} == CANARIES.keys() - NEVER_STORED
    assert {place for _, place in before} >= {
        "ApplicationsTable",
        "AliasesTable",
        "QualityTable",
        *BUCKETS,
        "logs",
        "schedules",
    }

    monkeypatch.setattr("time.sleep", lambda _: count(world))
    target = Target(None, "nowhere")
    target.dynamodb, target.s3 = world.dynamodb, boto3.client("s3")
    monkeypatch.setattr(command_line, "Target", lambda *_: target)
    assert command_line.main(["jobseeker", "erase", "canary-jobseeker", "--yes"]) == 0
    positions_copied(world)
    deliver(world, tmp_path, delivered)
    with time_machine.travel(now() + timedelta(days=2)):
        world.merge(sample_event("MergeFunction/scheduled"), None)
    log.write(capsys.readouterr().out)  # the metrics
    after = stored(world, station, log, tmp_path)
    assert canaries_in(after) == REMAINS
    figure(f"0 hits of {len(CANARIES)} secrets and personal texts in {len(after)} places")
