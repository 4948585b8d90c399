"""The analytics handler's answer to Lambda, and the metrics it writes."""

import json
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

from support import APPLICATION, World, counters, sample_event


def records(*changes: dict[str, Any]) -> dict[str, Any]:
    """Return copies of the sample's INSERT, one an application, with the changes given."""
    insert = sample_event("AnalyticsFunction/changes")["Records"][0]
    batch = []
    for number, change in enumerate(changes):
        image = insert["dynamodb"]["NewImage"] | {"AtsiApplicationId": {"S": f"{APPLICATION[:-4]}{number:04x}"}}
        body = insert["dynamodb"] | {"SequenceNumber": str(number), "NewImage": image}
        batch.append(insert | {"dynamodb": body} | change)
    return {"Records": batch}


def applications_counted(world: World) -> int:
    return sum(amount for cell, amount in counters(world.client).items() if cell.measure == "applications")


def test_unreadable_record_is_named_and_those_before_it_are_counted(world: World) -> None:
    """Lambda goes on from the number it is told; what lies before is done, what lies behind isn't touched."""
    bad = {"dynamodb": {"SequenceNumber": "2", "NewImage": {"AtsiApplicationId": {"S": "x"}}}}
    assert world.analytics(records({}, {}, bad, {}), None) == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert applications_counted(world) == 2


@pytest.mark.parametrize("broken", [{"dynamodb": None}, {"dynamodb": {}}])
def test_record_without_sequence_number_fails_the_batch(world: World, broken: dict[str, Any]) -> None:
    """An empty identifier makes Lambda try the whole batch again, and bisect it; nothing is lost."""
    assert world.analytics(records({}, broken), None) == {"batchItemFailures": [{"itemIdentifier": ""}]}


def test_sequence_number_zero_like_texts_are_reported_too(world: World) -> None:
    """The first record can be the failing one."""
    bad = {"dynamodb": {"SequenceNumber": "0", "NewImage": {}}}
    assert world.analytics(records(bad, {}), None) == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert applications_counted(world) == 0


def test_unavailable_store_is_reported_from_the_first_uncounted_record(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """250 applications are counted a hundred at a time; the store fails in the second hundred."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    reads = count()

    def fail_from_the_second_read_on(request: Any, **_: Any) -> AWSResponse | None:
        is_read = request.headers["X-Amz-Target"].endswith(b"BatchGetItem")
        if not is_read or not next(reads):
            return None
        return AWSResponse(request.url, 500, HTTPHeaders(), HTTPResponse(BytesIO(b"{}"), preload_content=False))

    world.client.meta.events.register_first("before-send.dynamodb.*", fail_from_the_second_read_on)
    answer = world.analytics(records(*[{}] * 250), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "100"}]}
    assert applications_counted(world) == 100


def test_more_applications_than_a_call_takes_are_all_counted(world: World) -> None:
    """250 changes of 250 applications."""
    assert world.analytics(records(*[{}] * 250), None) == {"batchItemFailures": []}
    assert applications_counted(world) == 250


def test_metrics_tell_changes_by_status_and_the_oldest_records_age(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """CloudWatch's embedded metric format, one line a batch."""
    world.analytics(sample_event("AnalyticsFunction/changes"), None)
    (metrics,) = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in line]
    assert metrics["Changes.INTERVIEW"] == [1.0]
    assert metrics["OldestRecordAge"][0] > 86_400
    world.analytics(sample_event("AnalyticsFunction/changes"), None)
    (metrics,) = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in line]
    assert metrics["Skipped"] == [1.0]
    assert "Changes.INTERVIEW" not in metrics
