"""The one door to DynamoDB: an operation and its request in DynamoDB JSON in, its reply or a typed error out."""

import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004  # botocore's name

from application_status.errors import ConditionFailed, Unavailable

type Item = Mapping[str, Any]
"""An item in DynamoDB JSON: {"Status": {"S": "APPLIED"}}."""

_CONNECT_SECONDS, _READ_SECONDS = 0.5, 1.5
_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.1
_JITTER = random.SystemRandom()  # functions restored from one snapshot share a generator's seed

_METHODS = {
    "BatchGetItem": "batch_get_item",
    "DeleteItem": "delete_item",
    "BatchWriteItem": "batch_write_item",
    "DescribeTable": "describe_table",
    "GetItem": "get_item",
    "PutItem": "put_item",
    "Query": "query",
    "Scan": "scan",
    "TransactWriteItems": "transact_write_items",
    "UpdateItem": "update_item",
}

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_RETRYABLE = {
    "InternalServerError",
    "ItemCollectionSizeLimitExceededException",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_RETRYABLE_REASONS = {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_SERVER_ERROR = 500

_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound all calls made inside, together: a call that could end later is not begun but raises Unavailable."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


class DynamoDB:
    """Calls DynamoDB with bounded attempts, exponential pauses and full jitter.

    Raises ConditionFailed where a condition did not hold, Unavailable where the attempts or the deadline are used up;
    anything else is a mistake of ours and passes as botocore raised it.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        """Do one operation, e.g. `dynamodb("GetItem", TableName=..., Key=...)`."""
        method = getattr(self._client, _METHODS[operation])
        in_doubt = False
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(_JITTER.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt))
            if time.monotonic() + _CONNECT_SECONDS + _READ_SECONDS > _deadline.get():
                raise Unavailable("the time for this request is used up")
            try:
                reply: dict[str, Any] = method(**request)
            except ClientError as error:
                if not _retryable(error):
                    raise _typed(error, in_doubt=in_doubt) from error
                in_doubt = in_doubt or _is_server_error(error)
            except (ConnectionError, HTTPClientError):
                in_doubt = True
            else:
                return reply
        raise Unavailable(f"{operation} failed {_ATTEMPTS} times")


def connect(**client_options: Any) -> DynamoDB:
    """Open the door, with time-outs that leave room for a retry and without botocore's own retries."""
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return DynamoDB(boto3.client("dynamodb", config=config, **client_options))


def _retryable(error: ClientError) -> bool:
    if error.response["Error"]["Code"] == "TransactionCanceledException":
        return {reason["Code"] for reason in _reasons(error)} <= _RETRYABLE_REASONS
    return error.response["Error"]["Code"] in _RETRYABLE or _is_server_error(error)


def _is_server_error(error: ClientError) -> bool:
    return error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR


def _typed(error: ClientError, *, in_doubt: bool) -> Exception:
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        response: Mapping[str, Any] = error.response
        return ConditionFailed(response.get("Item"), in_doubt=in_doubt)
    reasons = _reasons(error)
    if any(reason["Code"] == "ConditionalCheckFailed" for reason in reasons):
        return ConditionFailed(reasons[0].get("Item"), in_doubt=in_doubt)
    return error


def _reasons(error: ClientError) -> list[dict[str, Any]]:
    return error.response.get("CancellationReasons", [])  # type: ignore[return-value]  # absent from the stubs
