"""The built functions as Lambda runs them: only the build folder, the template's environment, events in, JSON out."""

import json
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from application_status.local.demo import SAMPLES, TOKEN
from prerequisites import BUILD, ROOT
from runtime import emulator
from runtime.emulator import HTTP_TIMEOUT_SECONDS, Function, closed_port, loaded
from support.world import EVENTS, TEMPLATE, Answer, answer, http_event

type Start = Callable[..., Function]

FUNCTIONS = sorted(TEMPLATE.handlers())
EVENT_FILES = sorted(path.relative_to(EVENTS).as_posix() for path in EVENTS.glob("*/*.json"))


def is_recorded(reply: Any) -> bool:
    return answer(reply).status == 200 and answer(reply).body["Result"] in {"recorded", "late", "unchanged"}


def are_recorded(reply: Any) -> bool:
    results = {each["Reply"]["Result"] for each in answer(reply).body["Results"]}
    return answer(reply).status == 200 and results <= {"recorded", "late", "unchanged"}


def is_registered_or_erased_or_listed(reply: Any) -> bool:
    if "Feedback" in answer(reply).body:
        return answer(reply).status == 200
    results = {201: "registered", 200: "unchanged", 204: None}
    return answer(reply).body.get("Result") == results.get(answer(reply).status, "refused")


def is_created(reply: Any) -> bool:
    return answer(reply).status == 201 and answer(reply).body["Status"] == "APPLIED"


def is_file(reply: Any) -> bool:
    found = answer(reply)
    return "UploadUrl" in found.body if found.status == 201 else found.body["type"].endswith("/unknown-file")


def is_counted(reply: Any) -> bool:
    return bool(reply == {"batchItemFailures": []})


def is_sent(reply: Any) -> bool:
    good = {"partnerDisposition": {"send": {"numberGoodDispositions": 1, "failedDispositions": []}}}
    return answer(reply).status == 200 and answer(reply).body["data"] in ({"sendSignal": True}, good)


def is_tested(reply: Any) -> bool:
    return answer(reply).status == 200 and answer(reply).body["Results"] == ["test"]


def is_access_token(reply: Any) -> bool:
    return answer(reply).status == 200 and answer(reply).body["token_type"] == "Bearer"


def is_answered(reply: Any) -> bool:
    return reply["statusCode"] == 200 or leads_to_sign_in(reply)


def is_shown(reply: Any) -> bool:
    return leads_to_sign_in(reply) or (reply["statusCode"] == 200 and "Python Developer" in reply["body"])


def leads_to_sign_in(reply: Any) -> bool:
    return bool(reply["statusCode"] == 303 and reply["headers"]["Location"].startswith("/sign-in?"))


def is_signing_in_or_out(reply: Any) -> bool:
    return reply["statusCode"] == 200 or "/oauth2/authorize?" in reply["headers"]["Location"]


def is_nobody(reply: Any) -> bool:
    return bool(reply["response"]["claimsOverrideDetails"]["claimsToAddOrOverride"] == {})


def is_done(reply: Any) -> bool:
    return reply is None


def is_verified(reply: Any) -> bool:
    return set(reply) == {"verified", "drift"}


def is_expired(reply: Any) -> bool:
    return set(reply) == {"expired"}


def is_merged(reply: Any) -> bool:
    return set(reply) == {"merged"}


KINDS = {
    "WebhookFunction": is_recorded,
    "BatchFunction": are_recorded,
    "SignalsFunction": is_sent,
    "RegistryFunction": is_registered_or_erased_or_listed,
    "SandboxFunction": is_created,
    "FilesFunction": is_file,
    "FileImportFunction": is_done,
    "ConnectFunction": is_tested,
    "OauthFunction": is_access_token,
    "AnalyticsFunction": is_counted,
    "MergeFunction": is_merged,
    "PositionsFunction": is_counted,
    "MyApplicationsFunction": is_shown,
    "SignInFunction": is_signing_in_or_out,
    "PreTokenFunction": is_nobody,
    "HealthFunction": is_done,
    "VerificationFunction": is_verified,
    "RetentionFunction": is_expired,
    "DeliveryFunction": is_counted,
    "ViewsFunction": is_answered,
}


def send(function: Function, status: str, token: str | None = TOKEN, **fields: Any) -> Answer:
    body = {"AtsiApplicationId": SAMPLES[2].application_id, "Status": status, **fields}
    return answer(function.invoke(http_event("POST", "/api/application-status", body, token=token)))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_has_a_sample_event(function: str) -> None:
    """sam local invoke has something to send to every function of the template."""
    assert [name for name in EVENT_FILES if name.startswith(f"{function}/")], f"events/{function}/ has no event"


@pytest.mark.parametrize("name", EVENT_FILES)
def test_sample_events_get_their_kind_of_answer(start: Start, name: str) -> None:
    """What lies in events/ works as it is: a report and a registration are stored, a batch is counted whole."""
    function = Path(name).parent.name
    event = json.loads((EVENTS / name).read_text(encoding="utf-8"))
    reply = start(function).invoke(event)
    assert KINDS[function](reply), reply


def test_webhook_answers_every_kind_of_report(start: Start) -> None:
    """One container takes a report, its resend and the wrong ones, each with its status."""
    webhook = start("WebhookFunction")
    first, again = send(webhook, "INTERVIEW"), send(webhook, "INTERVIEW")
    assert [(reply.status, reply.body["Result"]) for reply in (first, again)] == [
        (200, "recorded"),
        (200, "unchanged"),
    ]
    assert (first.body["PreviousStatus"], first.body["Version"], again.body["Version"]) == ("APPLIED", 2, 2)
    refused = [
        send(webhook, "OFFER", token=None),
        send(webhook, "OFFER", AtsiApplicationId=str(uuid.uuid4())),
        send(webhook, "PROMOTED"),
    ]
    assert [(reply.status, reply.body["type"]) for reply in refused] == [
        (401, "/problems/unauthenticated"),
        (404, "/problems/unknown-application"),
        (422, "/problems/invalid-fields"),
    ]
    assert {reply.headers["Content-Type"] for reply in refused} == {"application/problem+json"}


@pytest.fixture(params=["closed", "silent"])
def dead_store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yields where a store refuses connections, or takes them and never answers."""
    if request.param == "closed":
        yield f"http://127.0.0.1:{closed_port()}"
        return
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_store_that_is_down_answers_503_in_time(start: Start, dead_store: str) -> None:
    """The reply has a Retry-After and comes before Lambda's time-out."""
    webhook = start("WebhookFunction", AWS_ENDPOINT_URL_DYNAMODB=dead_store)
    began = time.monotonic()
    reply = send(webhook, "OFFER")
    assert time.monotonic() - began < HTTP_TIMEOUT_SECONDS
    assert (reply.status, reply.body["type"]) == (503, "/problems/unavailable")
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert int(reply.headers["Retry-After"]) > 0


@pytest.mark.parametrize("function", ["AnalyticsFunction", "PositionsFunction", "DeliveryFunction"])
def test_stream_record_that_fails_is_set_aside(start: Start, tables: str, function: str) -> None:
    """The package has what S3 takes; the object names the function that its payload is for."""
    record = {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "42", "NewImage": {}}}
    assert start(function).invoke({"Records": [record]}) == {"batchItemFailures": []}
    s3 = boto3.client("s3", endpoint_url=tables)
    prefix = f"set-aside/{function.removesuffix('Function').lower()}/42-"
    (listed,) = s3.list_objects_v2(Bucket="FailedRecordsBucket", Prefix=prefix)["Contents"]
    document = json.load(s3.get_object(Bucket="FailedRecordsBucket", Key=listed["Key"])["Body"])
    assert json.loads(document["payload"]) == {"Records": [record]}
    assert document["requestContext"]["functionArn"].startswith("arn:aws:lambda:")


@pytest.mark.parametrize(
    ("function", "variable"),
    [
        ("WebhookFunction", "TOKENS_TABLE"),
        ("RegistryFunction", "APPLICATIONS_TABLE"),
        ("SandboxFunction", "SANDBOX_ALIASES_TABLE"),
        ("ConnectFunction", "CONNECTIONS_TABLE"),
        ("FilesFunction", "FILES_BUCKET"),
        ("FileImportFunction", "FILES_QUEUE"),
        ("FileImportFunction", "FILE_ROWS_PER_SECOND"),
        ("OauthFunction", "TOKENS_TABLE"),
        ("BatchFunction", "UNKNOWN_APPLICATIONS"),
        ("SignalsFunction", "ALIASES_TABLE"),
        ("AnalyticsFunction", "REPORTING_TIME_ZONE"),
        ("AnalyticsFunction", "FAILED_RECORDS_BUCKET"),
        ("MergeFunction", "REPORTING_TIME_ZONE"),
        ("MergeFunction", "JOURNAL_HOURS"),
        ("PositionsFunction", "ALIASES_TABLE"),
        ("PositionsFunction", "FAILED_RECORDS_BUCKET"),
        ("MyApplicationsFunction", "BAD_NEWS_DELAY_HOURS"),
        ("HealthFunction", "QUALITY_TABLE"),
        ("VerificationFunction", "QUALITY_TABLE"),
        ("RetentionFunction", "OPEN_RETENTION_DAYS"),
        ("DeliveryFunction", "SCHEDULE_GROUP"),
        ("ViewsFunction", "APPLICATIONS_TABLE"),
        ("ViewsFunction", "USER_POOL_ISSUER"),
        ("SignInFunction", "LOGIN_URL"),
        ("PreTokenFunction", "OIDC_USERS"),
    ],
)
def test_missing_setting_stops_the_start(start: Start, function: str, variable: str) -> None:
    """The initialization fails, rather than the first request, and the log names what is missing."""
    stopped = start(function, **{variable: None})
    with pytest.raises(AssertionError, match="the runtime answered 502"):
        stopped.invoke({})
    assert "SettingsError" in stopped.log()
    assert f"{variable} is missing" in stopped.log()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_needs_only_its_build_folder(function: str) -> None:
    """All that it imports is the standard library's or lies in the build folder, and neither local nor cli is there."""
    modules = loaded(function)
    standard = (str(Path(sys.base_prefix).resolve()), str(ROOT / ".tools/runtime"))
    files = [Path(file) for name, file in modules.items() if file]
    elsewhere = [
        f for f in files if not f.is_relative_to(BUILD / function) and not str(f.resolve()).startswith(standard)
    ]
    assert not elsewhere
    ours = {name.split(".")[1] for name in modules if name.startswith("application_status.")}
    assert ours.isdisjoint({"local", "cli"})


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_makes_no_boto3_resource(function: str) -> None:
    """boto3 loads its resource layer for DynamoDB with the first resource made, which costs start-up time."""
    assert [name for name in loaded(function) if name.startswith("boto3.dynamodb")] == []


@pytest.mark.parametrize(
    "function",
    [
        "AnalyticsFunction",
        "MergeFunction",
        "PositionsFunction",
        "HealthFunction",
        "VerificationFunction",
        "RetentionFunction",
        "DeliveryFunction",
    ],
)
def test_functions_without_callers_load_neither_messages_nor_http(function: str) -> None:
    """They start without what only the HTTP functions need."""
    top = {name.split(".")[0] for name in loaded(function)}
    assert top.isdisjoint({"pydantic", "pydantic_core", "jiter", "graphql"})
    assert [name for name in loaded(function) if name.startswith("application_status.platform.http")] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_starts_from_bytecode(function: str) -> None:
    """No Python of the package is compiled at a start, whatever times a zip gave its files (PEP 552)."""
    folder = BUILD / function
    compiled = [Path(name) for name in emulator.start(function).compiled]
    assert [path for path in compiled if path.is_relative_to(folder) and path.suffix == ".py"] == []
    unchecked = (0b01).to_bytes(4, "little")
    assert {file.read_bytes()[4:8] for file in folder.rglob("*.pyc")} == {unchecked}


def test_package_is_small() -> None:
    """Lambda fetches it for each new container; 55 MB unzipped, bytecode included, 15 of them for verifying tokens."""
    files = (BUILD / "WebhookFunction").rglob("*")
    assert sum(file.stat().st_size for file in files if file.is_file()) <= 55_000_000


@pytest.mark.parametrize("function", ["WebhookFunction", "BatchFunction"])
def test_reports_need_no_sdk(function: str) -> None:
    """Their calls take the store's own way, which starts in a fraction of boto3's time."""
    sdk = ("boto3", "botocore.", "s3transfer", "urllib3")  # Powertools looks whether there is a botocore
    assert [name for name in loaded(function) if name.startswith(sdk)] == []


def test_only_the_signals_load_graphql() -> None:
    """A report without GraphQL does not pay for it."""
    having = [name for name in FUNCTIONS if any(each.split(".")[0] == "graphql" for each in loaded(name))]
    assert having == ["SignalsFunction"]


def test_only_pages_load_templates() -> None:
    """They and the token endpoint alone load what tokens are signed with. MyApplicationsFunction reads no bodies."""
    tops = {name: {each.split(".")[0] for each in loaded(name)} for name in FUNCTIONS}
    pages = ["MyApplicationsFunction", "SignInFunction", "ViewsFunction"]
    assert [name for name, top in tops.items() if "jinja2" in top] == pages
    assert [name for name, top in tops.items() if "jwt" in top] == sorted([*pages, "OauthFunction"])
    assert tops["MyApplicationsFunction"].isdisjoint({"pydantic", "jiter"})
    assert tops["SignInFunction"].isdisjoint({"pydantic", "jiter", "boto3"})
