"""The bucket of failed records: what lies there, and what becomes of it when S3 fails."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from moto import mock_aws

from application_status.platform.streams import FailedRecords

BUCKET = "FailedRecordsBucket"
DOCUMENT = {"payload": '{"Records": ["Größe"]}'}


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


def test_document_lies_there_once(s3: Any) -> None:
    """The same key again replaces it."""
    records = FailedRecords(BUCKET)
    for _ in range(2):
        records.put("set-aside/analytics/1.json", DOCUMENT)
    (listed,) = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    found = s3.get_object(Bucket=BUCKET, Key=listed["Key"])
    assert (listed["Key"], found["ContentType"]) == ("set-aside/analytics/1.json", "application/json")
    assert json.loads(found["Body"].read()) == DOCUMENT


def test_bucket_that_is_not_there_is_an_error() -> None:
    """S3 refuses; the caller must not take the record for set aside."""
    with mock_aws(), pytest.raises(ClientError):
        FailedRecords(BUCKET).put("key", DOCUMENT)


def test_s3_that_does_not_answer_is_an_error() -> None:
    """After some attempts."""
    with pytest.raises(BotoCoreError):
        FailedRecords(BUCKET, endpoint_url="http://127.0.0.1:9").put("key", DOCUMENT)


@pytest.mark.usefixtures("s3")
def test_client_is_made_for_the_first_record_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly any invocation has one, and every start would pay for it."""
    made: list[str] = []
    client = boto3.client

    def noted(service: str, **options: Any) -> Any:
        made.append(service)
        return client(service, **options)

    monkeypatch.setattr(boto3, "client", noted)
    records = FailedRecords(BUCKET)
    assert made == []
    for number in range(3):
        records.put(str(number), DOCUMENT)
    assert made == ["s3"]
