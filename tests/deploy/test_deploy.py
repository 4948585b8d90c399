"""sam deploys the built template, and a report's way through the deployed functions ends in a counter.

The stand-in's API Gateway drops methods declared as ANY, so the functions are called by their aliases instead.
"""

from deploy.stack import Stack
from support import ATS, answer, http_event


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
    assert [(reply.status, reply.body["Outcome"]) for reply in replies] == [(200, "recorded"), (200, "unchanged")]
    scope = f"counter#{ATS}#client-1"
    assert stack.counter(scope, day, "entered:INTERVIEW", at_least=1, seconds=15) == 1
    assert stack.counter(scope, "2022-07-01", "stage:INTERVIEW", at_least=1, seconds=1) == 1


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
    assert stack.counter(f"counter#{ATS}#client-1", "2022-07-02", "applications", at_least=1, seconds=15) == 1


def test_stream_mapping_is_deployed_as_declared(stack: Stack) -> None:
    """The alias `live` of the analytics gets the stream, with the failure handling of the template."""
    (mapping,) = stack.mappings()
    assert mapping["FunctionArn"] == stack.resources["AnalyticsFunctionAliaslive"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["MaximumRetryAttempts"], mapping["BisectBatchOnFunctionError"]) == (10, True)
    bucket = stack.resources["FailedRecordsBucket"]
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == f"arn:aws:s3:::{bucket}"
