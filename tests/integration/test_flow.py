"""The whole way: HTTP event -> table -> stream -> counters, each by the real handlers."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from support import APPLICATION, ATS, World, answer, http_event, sample_event


@pytest.fixture(autouse=True)
def _streams_without_account_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto's streams don't answer at an account's own endpoint."""
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")


@pytest.fixture
def world(_streams_without_account_endpoints: None) -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"))


def stream_event(world: World) -> dict[str, Any]:
    """Return all that the applications' stream holds, as Lambda would hand it over."""
    streams = boto3.client("dynamodbstreams")
    arn = world.client.describe_table(TableName="ApplicationsTable")["Table"]["LatestStreamArn"]
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    records: list[Any] = []
    for shard in shards:
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        records += streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    for record in records:
        record["dynamodb"]["ApproximateCreationDateTime"] = record["dynamodb"][
            "ApproximateCreationDateTime"
        ].timestamp()
    return {"Records": records}


def counters(world: World, client_id: str = "client-1") -> dict[str, dict[str, int]]:
    """Return the demo ATS's counters: day -> measure -> amount."""
    rows = world.client.query(
        TableName="QualityTable",
        KeyConditionExpression="#scope = :scope",
        ExpressionAttributeNames={"#scope": "Scope"},
        ExpressionAttributeValues={":scope": {"S": f"counter#{ATS}#{client_id}"}},
    )["Items"]
    return {
        row["Part"]["S"]: {name: int(value["N"]) for name, value in row.items() if "N" in value and value["N"] != "0"}
        for row in rows
    }


def test_report_becomes_a_counter(world: World) -> None:
    """A report moves an application on, and the counters of both days with it."""
    world.report("INTERVIEW", BusinessDate="2022-07-29T23:30:00Z")
    assert world.analytics(stream_event(world), None) == {"batchItemFailures": []}
    assert counters(world) == {
        "2022-07-01": {"applications": 1, "stage:INTERVIEW": 1, "outcome:open": 1},
        "2022-07-30": {"entered:INTERVIEW": 1},  # 01:30 in Berlin
    }


def test_the_same_stream_twice_counts_once(world: World) -> None:
    """A redelivery finds everything counted."""
    world.report("HIRED")
    event = stream_event(world)
    world.analytics(event, None)
    once = counters(world)
    world.analytics(event, None)
    assert counters(world) == once


def test_correction_subtracts(world: World) -> None:
    """An "unhired" takes the hire back, in the outcome and in the stage reached."""
    world.report("HIRED", BusinessDate="2022-08-01T12:00:00Z")
    world.analytics(stream_event(world), None)
    assert counters(world)["2022-07-01"] == {"applications": 1, "stage:HIRED": 1, "outcome:hired": 1}
    world.report("OFFER", BusinessDate="2022-08-02T12:00:00Z")
    world.analytics(stream_event(world), None)
    assert counters(world)["2022-07-01"] == {"applications": 1, "stage:OFFER": 1, "outcome:open": 1}


def test_unchanged_report_leaves_no_stream_record(world: World) -> None:
    """Nothing written, nothing streamed."""
    world.report("INTERVIEW")
    before = len(stream_event(world)["Records"])
    world.report("INTERVIEW")
    assert len(stream_event(world)["Records"]) == before


def test_removed_application_is_taken_out_of_the_counters(world: World) -> None:
    """A removal in the table, by whomever, is a change like any other."""
    world.report("INTERVIEW")
    world.analytics(stream_event(world), None)
    world.client.delete_item(TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": APPLICATION}})
    world.analytics(stream_event(world), None)
    assert all(not measures for measures in counters(world).values())


def test_application_with_more_days_than_a_transaction_has_actions_is_counted(world: World) -> None:
    """256 transitions on 256 days need three transactions; the sum is the same."""
    for day in range(256):
        status = "INTERVIEW" if day % 2 else "CONTACT"
        world.report(status, BusinessDate=f"20{day // 28:02}-01-{day % 28 + 1:02}T12:00:00Z")
    assert world.analytics({"Records": stream_event(world)["Records"][-1:]}, None) == {"batchItemFailures": []}
    counted = counters(world)
    assert sum(measures.get("entered:INTERVIEW", 0) for measures in counted.values()) == 128
    assert sum(measures.get("entered:CONTACT", 0) for measures in counted.values()) == 128
    assert counted["2022-07-01"] == {"applications": 1, "stage:INTERVIEW": 1, "outcome:open": 1}


def test_sample_events_take_the_same_way(world: World) -> None:
    """The files of events/ work against a fresh service."""
    assert answer(world.registry(sample_event("RegistryFunction/registration"), None)).status == 201
    assert answer(world.webhook(sample_event("WebhookFunction/report"), None)).body["Outcome"] == "recorded"
    assert answer(world.webhook(sample_event("WebhookFunction/report-by-ats"), None)).body["Outcome"] == "late"
    assert world.analytics(sample_event("AnalyticsFunction/changes"), None) == {"batchItemFailures": []}
    assert counters(world)["2022-07-01"] == {"applications": 1, "stage:INTERVIEW": 1, "outcome:open": 1}
    assert world.analytics(sample_event("AnalyticsFunction/removal"), None) == {"batchItemFailures": []}
    assert counters(world) == {"2022-07-01": {}, "2022-07-29": {}}


def test_registered_over_http_then_reported_and_counted(world: World) -> None:
    """From the Apply system's PUT to the counter of another client."""
    new = "51c3be16-0f93-41ed-9cc0-00000000beef"
    body = {
        "AtsId": ATS,
        "ClientId": "client-2",
        "JobId": "job-9",
        "JobseekerId": "jobseeker-9",
        "JobTitle": "Data Engineer",
        "Company": "Muster AG",
        "AppliedAt": "2022-07-01T09:00:00Z",
    }
    assert answer(world.registry(http_event("PUT", f"/api/applications/{new}", body, token=None), None)).status == 201
    assert world.report("REJECTED", AtsiApplicationId=new).status == 200
    world.analytics(stream_event(world), None)
    assert counters(world, "client-2")["2022-07-01"] == {
        "applications": 1,
        "stage:APPLIED": 1,
        "outcome:ended_unknown": 1,
    }
