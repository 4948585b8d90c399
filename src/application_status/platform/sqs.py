"""A client of one SQS queue, with the retries of `Attempts`, within the deadline of the invocation.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from application_status.platform import sdk

_READ_SECONDS = 2

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
_RETRYABLE = {"RequestThrottled", "Throttling", "ThrottlingException"}


def client(**options: Any) -> Any:
    """Return a client of SQS, see `sdk.client`."""
    return sdk.client("sqs", _READ_SECONDS, **options)


class Queue:
    """A queue, by its URL."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: Mapping[str, Any], delay_seconds: int = 0) -> None:
        """Send a message as JSON, which is received after `delay_seconds` (at most 900), at least once.

        Raises:
            Unavailable: SQS did not answer in time, or is throttled; the message may or may not have been sent.
        """
        wanted = {"QueueUrl": self._url, "MessageBody": json.dumps(message), "DelaySeconds": delay_seconds}
        sdk.called("SendMessage", _READ_SECONDS, partial(self._client.send_message, **wanted), _RETRYABLE)
