"""The local stand-in for the event source mapping of a queue, and for what S3 sends to the queue."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import time_machine

from application_status.local.queue_poller import QueuePoller
from application_status.local.tables import TableServer, create_buckets
from application_status.local.template import Template
from support.faults import fresh_client

TEMPLATE = Template()
(MAPPING,) = TEMPLATE.queue_mappings()
VISIBLE_AGAIN_SECONDS, RECEIPTS = 360, 5
NOW = 1_795_000_000

type Event = dict[str, Any]


@pytest.fixture
def sqs(server: TableServer) -> Iterator[Any]:
    """A client of the template's queues, which stand still in time; S3's first message is removed."""
    fresh_client(server).close()
    with time_machine.travel(NOW, tick=False):
        create_buckets(TEMPLATE, server.url)
        client = boto3.client("sqs", endpoint_url=server.url)
        client.purge_queue(QueueUrl=MAPPING.queue)
        yield client
        client.close()


def at(seconds: int) -> Any:
    return time_machine.travel(NOW + seconds, tick=False)


def bodies(events: list[Event]) -> list[str]:
    return [record["body"] for event in events for record in event["Records"]]


def test_messages_are_processed_once(sqs: Any, server: TableServer) -> None:
    """One after the other, each with the attributes that Lambda passes on."""
    for text in ("first", "second"):
        sqs.send_message(QueueUrl=MAPPING.queue, MessageBody=text)
    events: list[Event] = []
    QueuePoller(MAPPING, events.append, server.url).drain()
    with at(VISIBLE_AGAIN_SECONDS + 1):
        QueuePoller(MAPPING, events.append, server.url).drain()
    assert bodies(events) == ["first", "second"]
    (record,) = events[0]["Records"]
    assert (record["eventSource"], record["eventSourceARN"].rpartition(":")[2]) == ("aws:sqs", "FilesQueue")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageId"] != events[1]["Records"][0]["messageId"]


def test_failed_message_comes_again_until_it_is_a_dead_letter(sqs: Any, server: TableServer) -> None:
    """It is invisible for the queue's time-out after each receipt, whose number the function sees."""
    counts = []

    def fail(event: Event) -> None:
        counts.append(event["Records"][0]["attributes"]["ApproximateReceiveCount"])
        raise ValueError

    sqs.send_message(QueueUrl=MAPPING.queue, MessageBody="bad")
    poller = QueuePoller(MAPPING, fail, server.url)
    for receipt in range(RECEIPTS + 1):
        with at(receipt * (VISIBLE_AGAIN_SECONDS + 1)):
            poller.drain()
            poller.drain()
            dead = sqs.receive_message(QueueUrl="FilesDeadLetters").get("Messages", [])
            assert [each["Body"] for each in dead] == (["bad"] if receipt == RECEIPTS else [])
    assert counts == ["1", "2", "3", "4", "5"]


def test_delayed_message_is_not_early(sqs: Any, server: TableServer) -> None:
    """A function that waits for a store sends its message with a delay."""
    sqs.send_message(QueueUrl=MAPPING.queue, MessageBody="later", DelaySeconds=60)
    events: list[Event] = []
    poller = QueuePoller(MAPPING, events.append, server.url)
    for seconds, expected in ((0, []), (59, []), (61, ["later"])):
        with at(seconds):
            poller.drain()
        assert bodies(events) == expected


def test_it_stops_between_two_messages(sqs: Any, server: TableServer) -> None:
    """The messages after the current one stay in the queue."""
    for text in ("first", "second"):
        sqs.send_message(QueueUrl=MAPPING.queue, MessageBody=text)
    events: list[Event] = []

    def stop_after(event: Event) -> None:
        events.append(event)
        poller._stopped.set()  # noqa: SLF001  # as `stop`, which also waits for the poller's own thread

    poller = QueuePoller(MAPPING, stop_after, server.url)
    poller.drain()
    assert bodies(events) == ["first"]


@pytest.mark.parametrize(("key", "is_upload"), [("uploads/live/demo-ats/x y", True), ("refused/x.csv", False)])
def test_upload_reaches_the_function(sqs: Any, server: TableServer, key: str, is_upload: bool) -> None:
    """S3 sends an event for objects below uploads/, with the key as in a URL, and no event for others."""
    assert sqs
    boto3.client("s3", endpoint_url=server.url).put_object(Bucket="FilesBucket", Key=key, Body=b"x")
    events: list[Event] = []
    QueuePoller(MAPPING, events.append, server.url).drain()
    keys = [record["s3"]["object"]["key"] for body in bodies(events) for record in json.loads(body)["Records"]]
    assert keys == (["uploads%2Flive%2Fdemo-ats%2Fx+y"] if is_upload else [])
