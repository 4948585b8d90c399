"""Polls a queue and sends its messages to the function that template.yaml maps to it.

A stand-in for Lambda's event source mapping of an SQS queue, with one batch at a time. Messages are deleted if the
function succeeds. Otherwise they become visible again after the queue's time-out.
https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from contextlib import suppress
from typing import Any

import boto3

from application_status.local.event_source_mapping import Invoke
from application_status.local.repeated_calls import RepeatedCalls
from application_status.local.template import QueueMapping

_POLL_SECONDS = 0.25


class QueuePoller(RepeatedCalls):
    """A poller of one queue for one function, in a thread of its own."""

    def __init__(self, mapping: QueueMapping, invoke: Invoke, endpoint: str) -> None:
        super().__init__(self.drain, _POLL_SECONDS)
        self._mapping = mapping
        self._invoke = invoke
        self._sqs = boto3.client("sqs", endpoint_url=endpoint)

    def drain(self) -> None:
        """Process the messages that are visible now, one batch after the other."""
        while not self.is_stopped and (messages := self._received()):
            self._process(messages)

    def _received(self) -> list[Any]:
        messages: list[Any] = self._sqs.receive_message(
            QueueUrl=self._mapping.queue,
            MaxNumberOfMessages=self._mapping.batch_size,
            MessageSystemAttributeNames=["All"],
            WaitTimeSeconds=0,  # moto waits within a request, and so all others would wait
        ).get("Messages", [])
        return messages

    def _process(self, messages: list[Any]) -> None:
        with suppress(Exception):  # the function logs what failed
            self._invoke({"Records": [_as_event_record(self._mapping.queue, each) for each in messages]})
            for each in messages:
                self._sqs.delete_message(QueueUrl=self._mapping.queue, ReceiptHandle=each["ReceiptHandle"])


def _as_event_record(queue: str, message: Any) -> dict[str, Any]:
    """Convert a message of the SQS API to a record of a Lambda event."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{queue}",
        "awsRegion": "us-east-1",
    }
