"""The clients of an S3 bucket and an SQS queue, over moto, with faults of both."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError, ResponseStreamingError
from moto import mock_aws

from application_status.platform import s3, sqs
from application_status.platform.errors import Unavailable
from application_status.platform.s3 import BLOCK_BYTES, Bucket, ObjectChanged, ObjectMissing
from application_status.platform.sqs import Queue

CONTENT = bytes(range(256)) * 4096  # 1 MiB
CSV = "text/csv"


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("application_status.platform.deadlines._FIRST_PAUSE_SECONDS", 0.0)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="bucket")
        yield


@pytest.fixture
def client() -> Any:
    return s3.client()


@pytest.fixture
def bucket(client: Any) -> Bucket:
    return Bucket(client, "bucket")


def tag(bucket_client: Any, key: str) -> str:
    found: str = bucket_client.head_object(Bucket="bucket", Key=key)["ETag"]
    return found.strip('"')  # as in a notification


def test_object_is_read_in_blocks(client: Any, bucket: Bucket) -> None:
    """The whole object, or a part of it."""
    bucket.put("a/b", CONTENT, CSV)
    blocks = [*bucket.read("a/b", etag=tag(client, "a/b"))]
    assert b"".join(blocks) == CONTENT
    assert {len(block) for block in blocks} == {BLOCK_BYTES}
    for start, end in ((0, 1), (1000, 2000), (len(CONTENT) - 10, len(CONTENT) + 10)):
        assert b"".join(bucket.read("a/b", start, end)) == CONTENT[start:end]
    assert b"".join(bucket.read("a/b", 1000)) == CONTENT[1000:]


def test_missing_and_replaced_objects_have_their_own_errors(client: Any, bucket: Bucket) -> None:
    with pytest.raises(ObjectMissing):
        next(bucket.read("a"))
    bucket.put("a", b"old", CSV)
    old = tag(client, "a")
    bucket.put("a", b"new", CSV)
    with pytest.raises(ObjectChanged):
        next(bucket.read("a", 0, 2, etag=old))
    assert b"".join(bucket.read("a", 0, 2, etag=tag(client, "a"))) == b"ne"


def test_file_is_put_from_its_first_byte(bucket: Bucket) -> None:
    """Wherever an earlier attempt has left it."""
    file = BytesIO(CONTENT)
    file.seek(100)
    bucket.put("a", file, CSV)
    assert b"".join(bucket.read("a")) == CONTENT


def test_keys_are_in_order(client: Any, bucket: Bucket) -> None:
    """Those with the prefix alone, and all of them, over any number of pages."""
    for key in ("b/2", "b/1", "a", "b/10", "c"):
        bucket.put(key, b"", CSV)
    pages = client.list_objects_v2
    client.list_objects_v2 = lambda **request: pages(MaxKeys=2, **request)
    assert [*bucket.keys("b/")] == ["b/1", "b/10", "b/2"]
    assert [*bucket.keys("d/")] == []


def failing(client: Any, service: str, *faults: Exception | int) -> list[str]:
    """Let the next calls fail, with an exception or a status of the server; return the operations called."""
    plan, calls = list(faults), list[str]()

    def before(request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        calls.append(event_name.rpartition(".")[2])
        fault = plan.pop(0) if plan else None
        if isinstance(fault, Exception):
            raise fault
        return AWSResponse(request.url, fault, {}, _Raw()) if fault else None  # type: ignore[arg-type]

    client.meta.events.register_first(f"before-send.{service}", before)
    return calls


class _Raw(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b""


NO_CONNECTION = ConnectTimeoutError(endpoint_url="https://aws.test")
NO_REPLY = ReadTimeoutError(endpoint_url="https://aws.test")

WAYS: dict[str, Callable[[Bucket], object]] = {
    "GetObject": lambda bucket: next(bucket.read("a")),
    "PutObject": lambda bucket: bucket.put("a", BytesIO(b"content"), CSV),
    "ListObjectsV2": lambda bucket: [*bucket.keys("")],
}


@pytest.mark.parametrize("way", WAYS)
def test_bucket_is_called_again_after_a_fault(client: Any, bucket: Bucket, way: str) -> None:
    """Four times at most, then it is unavailable."""
    bucket.put("a", b"content", CSV)
    calls = failing(client, "s3", NO_CONNECTION, NO_REPLY, 503)
    assert WAYS[way](bucket) is not NotImplemented
    assert calls == [way] * 4
    assert b"".join(bucket.read("a")) == b"content"
    calls = failing(client, "s3", *[500] * 4)
    with pytest.raises(Unavailable):
        WAYS[way](bucket)
    assert calls == [way] * 4


def test_refusal_of_a_bucket_is_no_outage(client: Any, bucket: Bucket) -> None:
    """A lack of permission is a fault of the deployment."""
    calls = failing(client, "s3", 403)
    with pytest.raises(ClientError):
        next(bucket.read("a"))
    assert calls == ["GetObject"]


class Broken:
    """A body whose connection breaks after one block."""

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        yield bytes(size)
        raise ResponseStreamingError(error="reset")

    def close(self) -> None:
        """Close it."""


def test_connection_that_breaks_in_the_middle_is_an_outage(client: Any, bucket: Bucket) -> None:
    """The block before was read; nobody takes the object for complete."""
    client.get_object = lambda **_: {"Body": Broken()}
    blocks = bucket.read("a")
    assert next(blocks) == bytes(BLOCK_BYTES)
    with pytest.raises(Unavailable):
        next(blocks)


def test_messages_are_sent_with_their_delay() -> None:
    """As JSON, and again after a fault."""
    url = boto3.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    client = sqs.client()
    calls = failing(client, "sqs", NO_REPLY, 500, NO_CONNECTION)
    Queue(client, url).send({"FileId": "ä", "Lane": 1})
    assert calls == ["SendMessage"] * 4
    Queue(client, url).send({"FileId": "later"}, 900)
    received = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert {each["Body"] for each in received} == {json.dumps({"FileId": "ä", "Lane": 1})}  # moto executes the 500, too
    count = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    assert count["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"
    failing(client, "sqs", *[503] * 4)
    with pytest.raises(Unavailable):
        Queue(client, url).send({})


def test_missing_queue_is_no_outage() -> None:
    with pytest.raises(ClientError):
        Queue(sqs.client(), "https://sqs.us-east-1.amazonaws.com/123456789012/none").send({})
