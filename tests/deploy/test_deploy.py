"""sam deploys the built template, and a report's way through the deployed functions ends in a counter."""

import hashlib
import hmac
import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from application_status.applications.rules.report import Channel
from application_status.cli.main import main
from deploy.stack import Stack
from support.world import APPLICATION, ATS, TEST_TOKEN, TOKEN, answer, http_event, sample_event


def test_report_is_recorded_and_counted(stack: Stack) -> None:
    """The deployed webhook stores a report once, and the stream brings it to the analytics, which count it once."""
    day = "2022-07-29"
    body = {
        "AtsiApplicationId": "51c3be16-0f93-41ed-9cc0-9092222d7333",
        "Status": "INTERVIEW",
        "BusinessDate": f"{day}T11:26:11.106Z",
    }
    event = http_event("POST", "/api/application-status", body)
    replies = [answer(stack.invoke("WebhookFunction", event)) for _ in range(2)]
    assert [(reply.status, reply.body["Result"]) for reply in replies] == [(200, "recorded"), (200, "unchanged")]
    assert stack.counter(day, "entered:INTERVIEW", at_least=1, seconds=60) == 1
    assert stack.counter("2022-07-01", "reached:INTERVIEW", at_least=1, seconds=1) == 1


def test_what_became_of_a_report_reaches_its_ats_s_health(stack: Stack) -> None:
    """The deployed subscription hands the webhook's line over, and the health function counts it once."""
    stack.open_filters()
    event = http_event("POST", "/api/application-status", {"Status": "PROMOTED"})
    assert answer(stack.invoke("WebhookFunction", event)).status == 422
    assert stack.health("invalid-fields", seconds=60) == 1


def test_registration_reaches_the_deployed_table(stack: Stack) -> None:
    """The deployed registry registers an application once."""
    body = {
        "AtsId": ATS,
        "ClientId": "client-1",
        "JobId": "job-2",
        "JobseekerId": "jobseeker-1",
        "JobTitle": "Data Engineer",
        "Company": "Example GmbH",
        "AppliedAt": "2022-07-02T09:00:00Z",
    }
    event = http_event("PUT", "/api/applications/0a7e3f52-6b1d-4c1e-9d55-0c8a4f6f2b01", body, token=None)
    assert [answer(stack.invoke("RegistryFunction", event)).status for _ in range(2)] == [201, 200]
    assert stack.counter("2022-07-02", "applications", at_least=1, seconds=60) == 1


def test_jobseeker_sees_the_application(stack: Stack) -> None:
    """The deployed function finds it by the deployed index."""
    reply = stack.invoke("MyApplicationsFunction", sample_event("MyApplicationsFunction/list"))
    assert reply["statusCode"] == 200, reply["body"]
    assert "Python Developer" in reply["body"]


def test_positions_end_reaches_its_application_and_the_counters(stack: Stack) -> None:
    """Two streams in a row: the aliases' to the positions, the applications' to the analytics."""
    reply = answer(stack.invoke("SignalsFunction", sample_event("SignalsFunction/position-status-update")))
    assert reply.body == {"data": {"sendSignal": True}}
    assert stack.counter("2022-07-01", "outcome:position_closed", at_least=1, seconds=60) == 1


def test_api_answers_over_http(stack: Stack) -> None:
    """The gateway's own events are understood: paths, headers, bodies and methods."""
    url = stack.open_gateway()
    report = {"AtsiApplicationId": "51c3be16-0f93-41ed-9cc0-9092222d7333", "Status": "OFFER"}
    token = {"X-AtsiToken": TOKEN}
    assert call(url, "POST", "/api/application-status", report, token)[1]["Result"] == "recorded"
    assert call(url, "POST", f"/qs-api/public/atsi/v1/{ATS}", report, token)[1]["Result"] == "unchanged"
    assert call(url, "POST", "/qs-api/public/atsi/v1/other", report, token)[0] == 401
    assert call(url, "POST", "/api/application-status", report, {})[0] == 401
    assert call(url, "PUT", "/api/application-status", report, token)[0] == 405
    listed = call(url, "GET", "/api/application-status", None, token)
    assert listed[0] == 200, listed
    assert report["AtsiApplicationId"] in {each["AtsiApplicationId"] for each in listed[1]["Applications"]}
    unknown = call(url, "GET", "/api/application-stats", None, {})
    assert (unknown[0], unknown[1]["type"].rpartition("/")[2]) == (404, "unknown-path")
    query = {"query": "{ vocabularyVersion }"}
    assert call(url, "POST", "/graphql", query, {"Authorization": f"Bearer {TOKEN}"})[0] == 200


def test_sandbox_works_over_http(stack: Stack) -> None:
    """Its function and tables work, and the webhook records reports in the sandbox."""
    url, test = stack.open_gateway(), {"X-AtsiToken": TEST_TOKEN}
    status, made = call(url, "POST", "/api/sandbox/applications", None, test)
    assert (status, made["Status"]) == (201, "APPLIED")
    report = {"AtsiApplicationId": made["AtsiApplicationId"], "Status": "OFFER"}
    assert call(url, "POST", "/api/application-status", report, {"X-AtsiToken": TOKEN})[0] == 404
    assert call(url, "POST", "/api/application-status", report, test)[1]["Result"] == "recorded"
    path = f"/api/application-status/{made['AtsiApplicationId']}"
    assert call(url, "GET", path, None, test)[1]["Status"] == "OFFER"


def test_file_is_imported(stack: Stack) -> None:
    """The deployed API signs a form, S3 notifies the queue of the upload, and the queue's function imports it."""
    assert stack.invoke("FileImportFunction", sample_event("FileImportFunction/test-of-notifications")) is None
    created = answer(stack.invoke("FilesFunction", http_event("POST", "/api/application-status/files")))
    assert created.status == 201
    rows = f"{APPLICATION},Angebot,,2022-07-30\n{APPLICATION},Angebot,,\nx,Angebot,,\n"
    stack.upload(created.body, f"atsiApplicationId,rawStatus,status,businessDate\n{rows}".encode())
    asked = http_event("GET", f"/api/application-status/files/{created.body['FileId']}")
    found = stack.until(
        lambda: answer(stack.invoke("FilesFunction", asked)).body, lambda each: each["State"] == "completed", 60
    )
    assert (found["State"], found["RowsRead"], found["Refused"]) == ("completed", 3, 1), found
    read_back = http_event("GET", f"/api/application-status/{APPLICATION}")
    statuses = answer(stack.invoke("ViewsFunction", read_back)).body["Transitions"]
    assert {each["Status"] for each in statuses if each.get("RawStatus") == "Angebot"} == {"OFFER"}
    assert "x,Angebot" in stack.download(found["RefusedRows"])


def test_webhook_of_a_connection_is_verified(stack: Stack) -> None:
    """The deployed function decrypts the secret with the deployed key."""
    secret, body = "gh-demo-secret", '{"action":"ping","payload":{"web_hook_id":1}}'
    connection, key = stack.connection(Channel.GREENHOUSE, secret)
    path, mac = f"/connect/greenhouse/{connection.id}/{key}", hmac.new(secret.encode(), body.encode(), hashlib.sha256)
    signed, wrong = ({"Signature": f"sha256 {each}"} for each in (mac.hexdigest(), mac.hexdigest()[::-1]))

    def status(to: str, headers: dict[str, str]) -> int:
        return answer(stack.invoke("ConnectFunction", http_event("POST", to, body, headers, token=None))).status

    assert [status(path, signed), status(path, wrong), status(path[:-1], signed)] == [200, 401, 404]


def call(url: str, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
    address = urlsplit(url)
    connection = HTTPConnection(str(address.hostname), address.port, timeout=20)
    content = None if body is None else json.dumps(body)
    connection.request(method, address.path + path, content, {"Content-Type": "application/json", **headers})
    with connection.getresponse() as reply:
        answered = json.loads(reply.read())
    connection.close()
    return reply.status, answered


@pytest.mark.parametrize("function", ["AnalyticsFunction", "PositionsFunction", "DeliveryFunction"])
def test_stream_mappings_are_deployed_as_declared(stack: Stack, function: str) -> None:
    """The function's alias `live` gets its stream, with the failure handling of the template."""
    alias = stack.resources[f"{function}Aliaslive"]
    of_function = [each for each in stack.mappings() if each["FunctionArn"] == alias]
    (mapping,) = (each for each in of_function if ":dynamodb:" in each["EventSourceArn"])
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["MaximumRetryAttempts"], mapping["BisectBatchOnFunctionError"]) == (100, True)
    bucket = stack.resources["FailedRecordsBucket"]
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == f"arn:aws:s3:::{bucket}"


def test_counters_of_the_stack_are_rebuilt_and_verified(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line finds tables and time zone by the stack's name; the deployed function agrees with it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.endpoint)
    monkeypatch.setattr("application_status.cli.analytics._LONGEST_INVOCATION_SECONDS", 0)
    assert main(["--stack", stack.name, "analytics", "rebuild"]) == 0
    assert main(["--stack", stack.name, "analytics", "verify"]) == 0
    assert stack.invoke("MergeFunction", sample_event("MergeFunction/scheduled")) == {"merged": 0}
    reply = stack.invoke("VerificationFunction", sample_event("VerificationFunction/scheduled"))
    assert reply["drift"] == 0
