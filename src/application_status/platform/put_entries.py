"""Calls to AWS with several entries, some of which AWS may refuse: those of Firehose and EventBridge."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from application_status.platform import sdk
from application_status.platform.telemetry import logger

_READ_SECONDS = 5

# https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html
_RETRYABLE = {
    "LimitExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailableException",
    "ThrottlingException",
}


def client(service: str, **options: Any) -> Any:
    """Return a client of a service, see `sdk.client`."""
    return sdk.client(service, _READ_SECONDS, **options)


def put_entries[Entry](
    operation: str, call: Callable[[Sequence[Entry]], Sequence[Mapping[str, Any]]], entries: Sequence[Entry]
) -> int:
    """Put the entries of one call, and retry those that were refused, with the retries of `Attempts`.

    `call` returns a result for each entry, with an ErrorCode if the entry was refused. Return how many entries were
    accepted, counted from the first. Some later ones may be accepted too.
    """
    waiting = dict(enumerate(entries))
    attempts = sdk.attempts(operation, _READ_SECONDS)
    for _ in attempts:
        batch = [*waiting.values()]
        try:
            results = call(batch)
        except (BotoCoreError, ClientError) as error:
            attempts.error = sdk.error_code(error)
            if sdk.is_retryable(error, _RETRYABLE):
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
