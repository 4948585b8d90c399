"""Clients of AWS's SDK, and their calls, with the retries of `Attempts` within the deadline of the invocation."""

from collections.abc import Callable, Container
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
from application_status.platform.errors import Unavailable

_CONNECT_SECONDS = 0.5
_SERVER_ERROR = 500


def client(service: str, read_seconds: float, config: Config | None = None, **options: Any) -> Any:
    """Return a client with short time-outs and without the SDK's own retries; it connects on its first call.

    `config` and `options` are those of `boto3.client`, beyond time-outs and retries.
    """
    short = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return boto3.client(service, config=config.merge(short) if config else short, **options)


def attempts(operation: str, read_seconds: float) -> Attempts:
    """Return the attempts of a call that waits so long for a reply."""
    return Attempts(operation, _CONNECT_SECONDS + read_seconds)


def called[Reply](
    operation: str, read_seconds: float, call: Callable[[], Reply], retryable: Container[str] = ()
) -> Reply:
    """Make a call until it succeeds; `retryable` are the codes after which the same call may succeed later.

    Raises:
        Unavailable: AWS did not answer in time, or is throttled; the call may or may not have been executed.
        ClientError: AWS refused the call for another reason.
    """
    tried = attempts(operation, read_seconds)
    for _ in tried:
        try:
            return call()
        except (BotoCoreError, ClientError) as error:
            if not is_retryable(error, retryable):
                raise
            tried.error = error_code(error)
    raise Unavailable(f"{operation} failed repeatedly, or reached the deadline")


def is_retryable(error: Exception, codes: Container[str]) -> bool:
    """Return whether the same call may succeed later: AWS failed, did not answer, or answered one of these codes."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= _SERVER_ERROR or error_code(error) in codes
    return isinstance(error, (ConnectionError, CredentialRetrievalError, HTTPClientError))


def error_code(error: Exception) -> str:
    """Return AWS's code of an error, or the name of the SDK's exception."""
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
