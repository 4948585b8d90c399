"""Paged queries and scans, and batch reads and deletes that retry unprocessed items."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from typing import Any

from application_status.platform.deadlines import pause_before_retry
from application_status.platform.dynamodb.client import DynamoDB, Item

_DELETES_PER_CALL = 25


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
    """Return the items of at most 100 keys, consistently read, in any order; missing items are left out."""
    wanted: dict[str, Any] = {table: {"Keys": keys, "ConsistentRead": True}} if keys else {}
    found: list[Item] = []
    while wanted:
        reply = dynamodb("BatchGetItem", RequestItems=wanted)
        found += reply["Responses"].get(table, [])
        wanted = _pause_before_retry("BatchGetItem", reply.get("UnprocessedKeys", {}))
    return found


def batch_delete(dynamodb: DynamoDB, table: str, keys: Sequence[Item]) -> None:
    """Delete the items of any number of keys."""
    for group in batched(keys, _DELETES_PER_CALL, strict=False):
        wanted: dict[str, Any] = {table: [{"DeleteRequest": {"Key": key}} for key in group]}
        while wanted:
            reply = dynamodb("BatchWriteItem", RequestItems=wanted)
            wanted = _pause_before_retry("BatchWriteItem", reply.get("UnprocessedItems", {}))


def _pause_before_retry(operation: str, unprocessed: dict[str, Any]) -> dict[str, Any]:
    if unprocessed:
        pause_before_retry(operation, "Unprocessed")  # DynamoDB leaves items unprocessed when it throttles
    return unprocessed
