"""The roles in template.yaml allow exactly what the functions do, as recorded while the real handlers run.

What a role does not allow fails in every integration test, as `World` runs each function under its role. Here each
function takes all of its paths, so that a permission without use fails too.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.applications.aliases import Account, AliasTable, NativeAlias
from application_status.applications.parked import ParkedEvent, ParkedEvents
from application_status.applications.record import Applications, UnknownApplications
from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases, NativeIds
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Status
from application_status.events.due import due_events
from application_status.events.eventbridge import connect as connect_eventbridge
from application_status.events.stream import event_sink
from application_status.facts.firehose import Firehose
from application_status.facts.stream import fact_sink
from application_status.functions.delivery import make_handler as make_delivery
from application_status.functions.file_import import FileImportSettings
from application_status.functions.file_import import make_handler as make_file_import
from application_status.intake.connect.events import Change, Ended, Event, Linked, Merged, PositionEnded
from application_status.local.user_pool import CLIENT_ID
from application_status.platform.streams import FailedRecords, SetAside, Sink
from application_status.platform.values import ApplicationId, application_id, now, to_text
from support import dispositions, eventbridge, firehose, quality_pages, sandbox, webhooks
from support.expiry import add_many_aliases, expire_all
from support.log_lines import batch, line
from support.permissions import Permission, UnderRole, allowed, of_lambda
from support.signals import position_signal, sent, signal, state
from support.streams import deliver, positions_copied, stream
from support.world import (
    APPLICATION,
    ATS,
    BERLIN,
    POSITION,
    PROFILE,
    SIGNALLED_APPLICATION,
    TEMPLATE,
    TEST_TOKEN,
    TOKEN,
    World,
    answer,
    http_event,
    registration,
    sample_event,
    set_last_use,
)

PLAIN_CLIENT = boto3.client
"""Makes clients whose calls are not noted."""

BAD_RECORD = {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "1"}}
AS_JOBSEEKER = {"custom:jobseeker_id": "jobseeker-1"}


@pytest.fixture
def world() -> Iterator[World]:
    """Accepts unknown applications, which takes the most permissions; what fails goes to S3 as it does in Lambda."""
    with mock_aws():
        for bucket in ("FailedRecordsBucket", "FilesBucket"):
            boto3.client("s3").create_bucket(Bucket=bucket)
        boto3.client("sqs").create_queue(QueueName="FilesQueue")
        firehose.open_stream()
        eventbridge.open_bus()
        records = FailedRecords("FailedRecordsBucket")
        world = World(
            boto3.client("dynamodb"),
            UnknownApplications.ACCEPT,
            requests_per_second=50,
            kept=records,  # type: ignore[arg-type]
        )
        set_last_use(world.client, "2026-01-01")
        yield world


@pytest.fixture
def clients_calls(monkeypatch: pytest.MonkeyPatch) -> set[Permission]:
    """What the clients of S3, SQS, Firehose and EventBridge do that are made from now on."""
    calls: set[Permission] = set()
    make = boto3.client

    def note(params: Any, event_name: str, **_: Any) -> None:
        service, operation = event_name.split(".")[1:]
        if operation == "PutEvents":
            calls.update(Permission("events:PutEvents", entry["EventBusName"]) for entry in params["Entries"])
        elif operation == "CreateSchedule":
            calls.add(Permission("scheduler:CreateSchedule", f"{params['GroupName']}/*"))
            calls.add(Permission("iam:PassRole", params["Target"]["RoleArn"].removesuffix(".Arn")))
        elif operation == "ListObjectsV2":
            calls.add(Permission("s3:ListBucket", params["Bucket"]))
        elif service == "s3":
            folder = f"/{params['Key'].partition('/')[0]}" if params["Bucket"] == "FilesBucket" else ""
            calls.add(Permission(f"s3:{operation}", f"{params['Bucket']}{folder}/*"))
        else:
            calls.add(Permission(f"{service}:{operation}", params.get("DeliveryStreamName") or params["QueueUrl"]))

    def noted(service: str, **options: Any) -> Any:
        client = make(service, **options)
        for each in ("s3", "sqs", "firehose", "events", "scheduler"):
            client.meta.events.register(f"provide-client-params.{each}", note)
        return client

    monkeypatch.setattr(boto3, "client", noted)
    return calls


def webhook(world: World) -> None:
    world.report("INTERVIEW")
    world.report("INTERVIEW", AtsiApplicationId=APPLICATION.replace("7333", "beef"))
    sandbox.report(world, sandbox.created(world)["AtsiApplicationId"], "INTERVIEW")


def batches(world: World) -> None:
    unknown = APPLICATION.replace("7333", "beef")
    world.report_batch(*({"AtsiApplicationId": each, "Status": "INTERVIEW"} for each in (APPLICATION, unknown)))
    own = sandbox.created(world)["AtsiApplicationId"]
    world.report_batch({"AtsiApplicationId": own, "Status": "INTERVIEW"}, token=TEST_TOKEN)


def signals(world: World) -> None:
    sent(world, signal())
    by_profile = signal(candidateApplicationProfileId=PROFILE)
    del by_profile["token"]
    sent(world, by_profile)
    sent(world, position_signal(success=True))
    created = sandbox.created(world)
    made = created["Aliases"]
    sent(world, signal(token=made["Token"][0]), token=TEST_TOKEN)
    sent(world, position_signal(success=True, positionProfileIds=made["PositionProfileIds"]), token=TEST_TOKEN)
    in_sandbox = {"indeedApplyID": created["AtsiApplicationId"]}
    for status in ("INTERVIEW", "INCOMPLETE"):
        dispositions.send(world, dispositions.disposition(status))
        dispositions.send(world, dispositions.about(in_sandbox, dispositionStatus=status), token=TEST_TOKEN)


def connect(world: World) -> None:
    known, unknown, late = (NativeIds(Channel.GREENHOUSE, *ids) for ids in (("7", "5", "3"), ("8", "6", "3"), ("9",)))
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    registrations.register(APPLICATION, registration(aliases=Aliases(native=(known,))))
    events: list[Event] = [
        Change(name="stage", ids=known, identity="1", label="On-site interview"),
        Change(name="stage", ids=unknown, identity="1", label="On-site interview"),
        Change(name="stage", ids=late, identity="1", label="On-site interview"),
        Linked(name="linked", known=known, also=known._replace(application="10")),
        Merged(name="merged", gone=known, kept=known._replace(candidate="55")),
        PositionEnded(name="closed", ids=NativeIds(Channel.GREENHOUSE, job="3"), label="Closed", ended=True),
        Ended(name="deleted", ids=(NativeIds(Channel.GREENHOUSE, candidate="55"),)),
    ]
    webhook = webhooks.PROVIDERS[Channel.GREENHOUSE]
    world.providers = {Channel.GREENHOUSE: webhook._replace(read=lambda _: events)}
    world.restart()
    looked_up = AliasTable.native

    def native(self: AliasTable, account: Account, ids: NativeIds) -> NativeAlias | None:
        """Look up an application; one of them is registered directly afterwards."""
        found = looked_up(self, account, ids)
        if ids == late and not found:
            registrations.add_aliases(APPLICATION, lambda _: Aliases(native=(late,)))
        return found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AliasTable, "native", native)
        reply = webhooks.deliver(world, webhooks.made(world))
    assert reply.body["Results"] == ["recorded", "parked", "parked", "noted", "noted", "noted", "noted"]
    world.used["ConnectFunction"].add(Permission("kms:Decrypt", "SecretsKey"))


def files(world: World) -> None:
    """What is done at signed addresses takes the role's permissions, too."""
    path = "/api/application-status/files"
    assert world.files(http_event("POST", path, token=TEST_TOKEN), None)["statusCode"] == 201  # not an opaque token
    reply = answer(world.files(http_event("POST", path), None))
    file = reply.body["FileId"]
    world.client.update_item(
        TableName="FilesTable",
        Key={"FileId": {"S": file}, "Part": {"S": "file"}},
        UpdateExpression="SET #state = :completed, EndedAt = :now, RefusedRowsListed = :one",
        ExpressionAttributeNames={"#state": "State"},
        ExpressionAttributeValues={
            ":completed": {"S": "completed"},
            ":now": {"S": to_text(now())},
            ":one": {"N": "1"},
        },
    )
    found = answer(world.files(http_event("GET", reply.headers["Location"]), None))
    uploaded, downloaded = reply.body["UploadFields"]["key"], urlsplit(found.body["RefusedRows"]).path
    world.used["FilesFunction"] |= {
        Permission("s3:PutObject", f"FilesBucket/{uploaded.partition('/')[0]}/*"),
        Permission("s3:GetObject", f"{downloaded[1:].rpartition('/')[0]}/*"),
    }


def file_import(world: World) -> None:
    """A live file, which is compressed and has a row to refuse, and one of the sandbox; both have unmapped labels."""
    settings = FileImportSettings(
        "FilesTable", "FilesBucket", "FilesQueue", "TokensTable", "ApplicationsTable", "SandboxApplicationsTable",
        UnknownApplications.ACCEPT, BERLIN, 1000,
    )  # fmt: skip
    dynamodb = UnderRole(world.dynamodb, "FileImportFunction", world.used["FileImportFunction"])
    handler = make_file_import(dynamodb, boto3.client("s3"), boto3.client("sqs"), settings)
    s3, sqs = PLAIN_CLIENT("s3"), PLAIN_CLIENT("sqs")
    unknown = APPLICATION.replace("7333", "beef")
    live = f"atsiApplicationId,rawStatus\n{APPLICATION},Stage 3\n{unknown},Offer\n{APPLICATION},\n".encode()
    test = f"atsiApplicationId,rawStatus\n{sandbox.created(world)['AtsiApplicationId']},Stage 3\n".encode()
    for token, content in ((TOKEN, gzip.compress(live)), (TEST_TOKEN, test)):
        made = answer(world.files(http_event("POST", "/api/application-status/files", token=token), None)).body
        s3.put_object(Bucket="FilesBucket", Key=made["UploadFields"]["key"], Body=content)
        found = s3.head_object(Bucket="FilesBucket", Key=made["UploadFields"]["key"])
        uploaded = {"key": made["UploadFields"]["key"], "size": len(content), "eTag": found["ETag"].strip('"')}
        bodies = [json.dumps({"Records": [{"eventTime": to_text(now()), "s3": {"object": uploaded}}]})]
        while bodies:
            for body in bodies:
                handler({"Records": [{"body": body, "attributes": {"ApproximateReceiveCount": "1"}}]}, None)
            received = sqs.receive_message(QueueUrl="FilesQueue").get("Messages", [])
            bodies = [each["Body"] for each in received]
        path = f"/api/application-status/files/{made['FileId']}"
        assert answer(world.files(http_event("GET", path, token=token), None)).body["State"] == "completed"


def registry(world: World) -> None:
    event = sample_event("RegistryFunction/registration")
    reported = event["pathParameters"]["AtsiApplicationId"]
    world.report("INTERVIEW", AtsiApplicationId=reported)
    assert world.registry(event, None)["statusCode"] == 201
    aliases = http_event(
        "PATCH", f"/api/applications/{reported}/aliases", {"Aliases": {"Lever": {"ApplicationId": "o"}}}
    )
    assert world.registry(aliases, None)["statusCode"] == 200
    sent_feedback(world)
    assert len(answer(world.registry(sample_event("RegistryFunction/feedback"), None)).body["Feedback"]) == 1
    assert world.registry(sample_event("RegistryFunction/closed-feedback"), None)["statusCode"] == 204
    for each in (reported, SIGNALLED_APPLICATION):
        assert world.erase(each).status == 204


def sent_feedback(world: World) -> None:
    event = as_jobseeker(world, "feedback")
    assert world.my_applications(event, None)["statusCode"] == 303


def as_jobseeker(world: World, name: str) -> dict[str, Any]:
    event = sample_event(f"MyApplicationsFunction/{name}")
    event["requestContext"]["authorizer"] = {"claims": AS_JOBSEEKER}
    event["multiValueHeaders"]["Authorization"] = [f"Bearer {world.id_token(AS_JOBSEEKER)}"]
    event["stageVariables"] = {"UserPoolClientId": CLIENT_ID}
    return event


def sandboxed(world: World) -> None:
    sandbox.created(world)
    assert sandbox.create(world, token=TOKEN).status == 403  # not a test token, and one that may be a guess


def oauth(world: World) -> None:
    assert world.oauth(sample_event("OauthFunction/token"), None)["statusCode"] == 200


def analytics(world: World) -> None:
    sent(world, signal(state("Stage 3", 5)))
    deliver(world, SIGNALLED_APPLICATION)
    assert world.erase(SIGNALLED_APPLICATION).status == 204  # takes its application from an unmapped label
    deliver(world, SIGNALLED_APPLICATION)
    world.analytics({"Records": [BAD_RECORD]}, None)


def merge(world: World) -> None:
    deliver(world)
    with time_machine.travel(now() + timedelta(days=1)):
        assert world.merge(sample_event("MergeFunction/scheduled"), None) == {"merged": 1}


def positions(world: World) -> None:
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    for number in range(25):  # more than one page of a position
        application = application_id(f"{APPLICATION[:-4]}{number:04}")
        registrations.register(application, registration(aliases=Aliases(position_profile_ids=(POSITION,))))
    sent(world, position_signal(success=True))
    received = ParkedEvent(ids=NativeIds(Channel.LEVER, "a-1"), received_at=now(), also=NativeIds(Channel.LEVER, "o-1"))
    moved = ParkedEvent(
        ids=NativeIds(Channel.LEVER, "o-1"),
        received_at=now(),
        report=Report(
            application_id=ApplicationId(""),
            ats_id=ATS,
            channel=Channel.LEVER,
            interpretation=Interpretation(status=Status.INTERVIEW),
            received_at=now(),
            tiebreaker="500",
            idempotency_key="1",
            is_decision=True,
        ),
    )
    parked = ParkedEvents(
        world.dynamodb, "AliasesTable", Applications(world.dynamodb, "ApplicationsTable"), registrations
    )
    for each in (received, moved):
        assert parked.park(Account(Channel.LEVER, ATS, registration().client_id), each)
    registrations.add_aliases(application, lambda _: Aliases(native=(NativeIds(Channel.LEVER, "a-1"),)))
    positions_copied(world)
    assert world.stored(application).status == "INTERVIEW"
    world.positions({"Records": [BAD_RECORD]}, None)


def views(world: World) -> None:
    quality_pages.count(world)
    for claims in (quality_pages.STAFF, quality_pages.OF_ATS, quality_pages.OF_CLIENT):
        quality_pages.shown(world, claims)
    connection = http_event("GET", f"/api/connections/{webhooks.made(world).connection.id}", token=None)
    connection["requestContext"]["authorizer"] = {"claims": quality_pages.STAFF}
    world.providers = webhooks.PROVIDERS
    world.restart()
    assert world.views(connection, None)["statusCode"] == 200
    own = sandbox.created(world)["AtsiApplicationId"]
    sandbox.read_back(world, own)
    world.views(http_event("GET", f"/api/application-status/{APPLICATION}"), None)
    for token in (TOKEN, TEST_TOKEN):
        assert world.views(http_event("GET", "/api/application-status", token=token), None)["statusCode"] == 200
    assert world.views(sample_event("ViewsFunction/sandbox-requests"), None)["statusCode"] == 200


def my_applications(world: World) -> None:
    for name in ("list", "one", "page"):
        assert world.my_applications(as_jobseeker(world, name), None)["statusCode"] == 200
    sent_feedback(world)


def sign_in(world: World) -> None:
    assert world.sign_in(sample_event("SignInFunction/sign-in"), None)["statusCode"] == 303


def pre_token(world: World) -> None:
    event = sample_event("PreTokenFunction/sign-in")
    assert world.pre_token(event, None)["response"]["claimsOverrideDetails"]


def health(world: World) -> None:
    world.health(batch([line()]), None)
    world.health(sample_event("HealthFunction/scheduled"), None)


def verification(world: World) -> None:
    deliver(world)
    with time_machine.travel(now() + timedelta(minutes=16)):
        assert world.verification(sample_event("VerificationFunction/scheduled"), None)["drift"] > 0


def retention(world: World) -> None:
    other = application_id(f"{APPLICATION[:-4]}0000")
    Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable").register(
        other, registration(aliases=Aliases(tokens=("t-2",)))
    )
    sent(world, signal(state("Stage 3", 5)), signal(state("Stage 3", 5), token="t-2"))
    sent(world, signal(state("Hired", 6)), signal(state("Hired", 6), token="t-2"))
    add_many_aliases(world)
    for each in (other, SIGNALLED_APPLICATION, APPLICATION):
        deliver(world, each)
    expire_all(world)


def delivery(world: World) -> None:
    settings = eventbridge.settings(delay_hours=48)
    bus, schedules = connect_eventbridge(settings)
    dynamodb = UnderRole(world.dynamodb, "DeliveryFunction", world.used["DeliveryFunction"])
    sinks: list[Sink[Any]] = [
        fact_sink(Firehose(boto3.client("firehose")), "FactsStream", BERLIN),
        event_sink(bus, schedules, settings.delay),
    ]
    due = due_events(dynamodb, "ApplicationsTable", bus, schedules, settings.delay)
    handler = make_delivery(sinks, due, SetAside(FailedRecords("FailedRecordsBucket")))
    world.report("REJECTED")
    handler({"Records": [*stream(world, "ApplicationsTable"), BAD_RECORD]}, None)
    with time_machine.travel(now() + timedelta(days=3)):
        assert handler(eventbridge.due_messages(), None) == {"batchItemFailures": []}


WAYS: dict[str, Callable[[World], None]] = {
    "WebhookFunction": webhook,
    "BatchFunction": batches,
    "SignalsFunction": signals,
    "ConnectFunction": connect,
    "FilesFunction": files,
    "FileImportFunction": file_import,
    "RegistryFunction": registry,
    "SandboxFunction": sandboxed,
    "OauthFunction": oauth,
    "AnalyticsFunction": analytics,
    "MergeFunction": merge,
    "PositionsFunction": positions,
    "ViewsFunction": views,
    "MyApplicationsFunction": my_applications,
    "SignInFunction": sign_in,
    "PreTokenFunction": pre_token,
    "HealthFunction": health,
    "VerificationFunction": verification,
    "RetentionFunction": retention,
    "DeliveryFunction": delivery,
}


@pytest.mark.parametrize("function", TEMPLATE.handlers())
def test_role_allows_exactly_what_the_function_does(
    world: World, clients_calls: set[Permission], function: str
) -> None:
    """Each action on each resource, beside what Lambda itself does under the role."""
    WAYS[function](world)
    assert world.used[function] | clients_calls | of_lambda(function) == allowed(function)


def test_call_that_a_role_does_not_allow_fails(world: World) -> None:
    """As it would on AWS, but by a failure that names the function and the call."""
    scan = UnderRole(world.dynamodb, "SignalsFunction", set())
    with pytest.raises(pytest.fail.Exception, match=r"SignalsFunction .*'dynamodb:Scan', .*'ApplicationsTable'"):
        scan("Scan", TableName="ApplicationsTable")
