"""A client of one SQS queue, with the retries of `Attempts`, within the deadline of the invocation.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
"""

import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's name
    CredentialRetrievalError,
    HTTPClientError,
)

from application_status.platform.deadlines import Attempts
from application_status.platform.errors import Unavailable

_CONNECT_SECONDS, _READ_SECONDS = 0.5, 2
_SERVER_ERROR = 500

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
_RETRYABLE = {"RequestThrottled", "Throttling", "ThrottlingException"}


def client(**options: Any) -> Any:
    """Return a client of SQS with short time-outs and without botocore's own retries; it connects on its first call."""
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return boto3.client("sqs", config=config, **options)


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
        attempts = Attempts("SendMessage", _CONNECT_SECONDS + _READ_SECONDS)
        for _ in attempts:
            try:
                self._client.send_message(
                    QueueUrl=self._url, MessageBody=json.dumps(message), DelaySeconds=delay_seconds
                )
            except ClientError as error:
                attempts.error = error.response["Error"]["Code"]
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status < _SERVER_ERROR and attempts.error not in _RETRYABLE:
                    raise
            except (ConnectionError, CredentialRetrievalError, HTTPClientError) as error:
                attempts.error = type(error).__name__
            else:
                return
        raise Unavailable("SendMessage failed repeatedly, or reached the deadline")
