"""Calls to AWS with several entries, some of which AWS may refuse: those of Firehose and EventBridge."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's name
    CredentialRetrievalError,
    HTTPClientError,
)

from application_status.platform.deadlines import Attempts
from application_status.platform.telemetry import logger

_CONNECT_SECONDS, _READ_SECONDS = 0.5, 5
_SERVER_ERROR = 500

# https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html
_RETRYABLE = {
    "LimitExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailableException",
    "ThrottlingException",
}


def client(service: str, **options: Any) -> Any:
    """Return a client without botocore's own retries; it connects on its first call."""
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return boto3.client(service, config=config, **options)


def put_entries[Entry](
    operation: str, call: Callable[[Sequence[Entry]], Sequence[Mapping[str, Any]]], entries: Sequence[Entry]
) -> int:
    """Put the entries of one call, and retry those that were refused, with the retries of `Attempts`.

    `call` returns a result for each entry, with an ErrorCode if the entry was refused. Return how many entries were
    accepted, counted from the first. Some later ones may be accepted too.
    """
    waiting = dict(enumerate(entries))
    attempts = Attempts(operation, _CONNECT_SECONDS + _READ_SECONDS)
    for _ in attempts:
        batch = [*waiting.values()]
        try:
            results = call(batch)
        except (BotoCoreError, ClientError) as error:
            attempts.error = error_code(error)
            if _is_retryable(error):
                continue
            break
        if len(results) != len(batch):  # botocore reads a 200 that is not JSON as {}
            attempts.error = "NoReply"
            continue
        refused = {n: each["ErrorCode"] for n, each in zip(waiting, results, strict=True) if "ErrorCode" in each}
        if not refused:
            return len(entries)
        waiting = {n: entries[n] for n in refused}
        attempts.error = refused[min(refused)]
    logger.warning("unavailable", error=attempts.error)
    return min(waiting)


def error_code(error: Exception) -> str:
    """Return AWS's code of an error, or the name of botocore's exception."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def _is_retryable(error: Exception) -> bool:
    """Return whether the same call may succeed later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= _SERVER_ERROR or error_code(error) in _RETRYABLE
    return isinstance(error, (ConnectionError, CredentialRetrievalError, HTTPClientError))
