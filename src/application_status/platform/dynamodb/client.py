"""The DynamoDB client: sends an operation and its request in DynamoDB JSON, and returns the reply or raises an error.

A transport carries each call: `boto` supports all operations, `wire` is faster and used by the webhook.

DynamoDB                                    one call, with retries
pages, batch_get, batch_put, batch_delete   many items
side_by_side                                several calls at the same time
Cache                                       values read before, for a fixed time
"""

import json
import time
import zlib
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from itertools import batched
from typing import Any

from application_status.platform.deadlines import ATTEMPTS, Attempts, pause_before_retry
from application_status.platform.errors import ConditionFailed, ServiceError, Unavailable

type Item = Mapping[str, Any]
"""An item in DynamoDB JSON: {"Status": {"S": "APPLIED"}}."""

type Transport = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Sends one call once: returns the reply to an operation and its request, or raises DynamoDBError or NoReply."""

CONNECT_SECONDS, READ_SECONDS = 0.5, 1.5

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
_REQUIRED_MEMBERS = {
    "BatchGetItem": "Responses",
    "BatchWriteItem": "UnprocessedItems",
    "DescribeTable": "Table",
    "Query": "Items",
    "Scan": "Items",
}
"""The member that each operation's reply always has; GetItem returns {} for a missing item."""

_RETRYABLE_REASONS = {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_CONTENT_ERRORS = {"SerializationException", "ValidationException"}
_OK, _SERVER_ERROR = 200, 500


class NoReply(ServiceError):
    """The call got no connection, no reply in time or a damaged reply; the operation may have been executed."""


class DynamoDBError(ServiceError):
    """DynamoDB returned an error: its code and message, and the other members of the reply."""

    def __init__(self, code: str, message: str, status: int, members: Mapping[str, Any]) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.is_server_error = status >= _SERVER_ERROR
        self.item: Item | None = members.get("Item")
        self.reasons: list[dict[str, Any]] = members.get("CancellationReasons", [])

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may succeed a moment later."""
        if self.code == "TransactionCanceledException":
            return {reason["Code"] for reason in self.reasons} <= _RETRYABLE_REASONS
        return self.code in _RETRYABLE or self.is_server_error

    @property
    def is_content_error(self) -> bool:
        """Whether DynamoDB refused the content of this call; calls with other content may succeed."""
        return self.code in _CONTENT_ERRORS or any(reason["Code"] == "ValidationError" for reason in self.reasons)

    def as_service_error(self, *, in_doubt: bool) -> ServiceError:
        """Return ConditionFailed if a condition did not hold, else this error."""
        if self.code == "ConditionalCheckFailedException":
            return ConditionFailed(self.item, in_doubt=in_doubt)
        failed = [place for place, each in enumerate(self.reasons) if each["Code"] == "ConditionalCheckFailed"]
        if failed:
            return ConditionFailed(self.reasons[0].get("Item"), in_doubt=in_doubt, actions=tuple(failed))
        return self


class DynamoDB:
    """Call DynamoDB, with the retries of `Attempts`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        """Execute one operation, e.g. `dynamodb("GetItem", TableName=..., Key=...)`, and return its reply.

        Raises:
            ConditionFailed: a condition did not hold.
            Unavailable: all attempts failed, or the deadline is reached.
            DynamoDBError: dynamoDB refused the call for another reason, which is a bug in this service.
        """
        in_doubt, attempts = False, Attempts(operation, CONNECT_SECONDS + READ_SECONDS)
        for _ in attempts:
            try:
                return _require_members(operation, request, self._transport(operation, request))
            except DynamoDBError as error:
                if not error.is_retryable:
                    raise error.as_service_error(in_doubt=in_doubt) from error
                in_doubt = in_doubt or error.is_server_error
                attempts.error = error.code
            except NoReply as error:
                in_doubt = True
                attempts.error = type(error).__name__
        raise Unavailable(f"{operation} failed {ATTEMPTS} times, or reached the deadline")


def parse_reply(status: int, content: bytes, checksum: str | None) -> dict[str, Any]:
    """Return the members of a reply's JSON; `checksum` is its x-amz-crc32 header, if it has one.

    Raises:
        NoReply: the checksum is wrong, the content is not a JSON object, or an error reply has no error code.
    """
    if checksum is not None and checksum != str(zlib.crc32(content)):
        raise NoReply("the reply's checksum is wrong")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise NoReply("the reply is not JSON") from None
    if not isinstance(found, dict):
        raise NoReply("the reply is not a JSON object")
    if status != _OK and "__type" not in found:
        raise NoReply(f"the reply has status {status} and no error code")
    return found


def _require_members(operation: str, request: Mapping[str, Any], reply: dict[str, Any]) -> dict[str, Any]:
    """Return the reply if it has the member that its operation always returns.

    Updates set ReturnValues only if their condition requires an existing item, so the reply then has Attributes.

    Raises:
        NoReply: the member is missing.
    """
    needed = "Attributes" if "ReturnValues" in request else _REQUIRED_MEMBERS.get(operation)
    if needed is not None and needed not in reply:
        raise NoReply(f"the reply to {operation} has no {needed}")
    return reply


WRITES_PER_CALL = 25
"""The most writes of one BatchWriteItem."""

_READS_PER_CALL = 100


def pages(dynamodb: DynamoDB, operation: str, request: Mapping[str, Any]) -> Iterator[list[Item]]:
    """Yield the pages of a Query or Scan."""
    start: dict[str, Any] = {}
    while True:
        reply = dynamodb(operation, **request, **start)
        yield reply["Items"]
        if "LastEvaluatedKey" not in reply:
            return
        start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}


def batch_get(dynamodb: DynamoDB, table: str, keys: Sequence[Item]) -> list[Item]:
    """Return the items of any number of keys, consistently read, in any order; missing items are left out."""
    groups = batched(keys, _READS_PER_CALL, strict=False)
    calls = [partial(_batch_get, dynamodb, table, group) for group in groups]
    return [item for found in side_by_side(calls) for item in found]


def _batch_get(dynamodb: DynamoDB, table: str, keys: Sequence[Item]) -> list[Item]:
    wanted: dict[str, Any] = {table: {"Keys": keys, "ConsistentRead": True}}
    found: list[Item] = []
    while wanted:
        reply = dynamodb("BatchGetItem", RequestItems=wanted)
        found += reply["Responses"].get(table, [])
        wanted = _pause_before_retry("BatchGetItem", reply.get("UnprocessedKeys", {}))
    return found


def batch_put(dynamodb: DynamoDB, table: str, items: Sequence[Item]) -> None:
    """Put any number of items, without conditions."""
    _batch_write(dynamodb, table, [{"PutRequest": {"Item": item}} for item in items])


def batch_delete(dynamodb: DynamoDB, table: str, keys: Sequence[Item]) -> None:
    """Delete the items of any number of keys."""
    _batch_write(dynamodb, table, [{"DeleteRequest": {"Key": key}} for key in keys])


def _batch_write(dynamodb: DynamoDB, table: str, requests: Sequence[Item]) -> None:
    for group in batched(requests, WRITES_PER_CALL, strict=False):
        wanted: dict[str, Any] = {table: list(group)}
        while wanted:
            reply = dynamodb("BatchWriteItem", RequestItems=wanted)
            wanted = _pause_before_retry("BatchWriteItem", reply.get("UnprocessedItems", {}))


MOST_CALLS_AT_ONCE = 64


def side_by_side[Result](calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Make calls at the same time, and return their results in order; raises the first error.

    The calls share the deadline of the caller.
    """
    if len(calls) < 2:  # noqa: PLR2004  # nothing to do at the same time
        return [call() for call in calls]
    with ThreadPoolExecutor(min(len(calls), MOST_CALLS_AT_ONCE)) as pool:
        return [future.result() for future in [pool.submit(copy_context().run, call) for call in calls]]


def _pause_before_retry(operation: str, unprocessed: dict[str, Any]) -> dict[str, Any]:
    if unprocessed:
        pause_before_retry(operation, "Unprocessed")  # DynamoDB leaves items unprocessed when it throttles
    return unprocessed


class Cache[Key: Hashable, Value]:
    """Cache values by key for a fixed number of seconds from the time before they were read.

    The cache has no size limit, so only cache keys that exist in a table. `clock` returns seconds and never goes
    backwards.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self.clock = clock
        self._kept: dict[Key, tuple[Value, float]] = {}

    def get(self, key: Key) -> Value | None:
        """Return the cached value of a key, or None if there is none or it has expired."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        value, until = kept
        if self.clock() < until:
            return value
        self._kept.pop(key, None)  # another thread may have removed it
        return None

    def keep(self, key: Key, value: Value, *, read_at: float) -> None:
        """Store a value that was read after the time `read_at`, because its reply may have taken seconds."""
        self._kept[key] = (value, read_at + self._seconds)
