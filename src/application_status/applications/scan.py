"""Scan all applications, and write back those whose labels were interpreted again."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from application_status.applications import items
from application_status.applications.record import Update
from application_status.applications.rules.application import Application
from application_status.platform.dynamodb.client import DynamoDB, Item, batch_get
from application_status.platform.errors import ConditionFailed
from application_status.platform.outages import one_by_one
from application_status.platform.randomness import RANDOM
from application_status.platform.values import ApplicationId, now

ITEMS_PER_CALL = 100
"""The maximum number of items per call of `AllApplications.of`, BatchGetItem's limit."""

_PAGE_SIZE = 200
_MOST_SEGMENTS = 1_000_000

type Key = dict[str, Any]
"""A key from which a scan continues, in DynamoDB JSON."""


class Segment(NamedTuple):
    """One of `total` segments into which a scan divides the table, numbered from 0."""

    number: int
    total: int


_WHOLE = Segment(0, 1)


class Unreadable(dict[str, str]):
    """Applications that could not be parsed or converted: id -> type of the error."""

    def note(self, item: Item, error: Exception) -> None:
        """Add an item, which has at least the table's key."""
        self[item["AtsiApplicationId"]["S"]] = type(error).__name__


class AllApplications:
    """Read and scan the whole Applications table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def approximate_count(self) -> int:
        """Return the approximate number of applications, which is up to six hours old."""
        count: int = self._dynamodb("DescribeTable", TableName=self._table)["Table"]["ItemCount"]
        return count

    def identity(self) -> str:
        """Return a text that identifies this table, and differs for a later table with the same name."""
        table = self._dynamodb("DescribeTable", TableName=self._table)["Table"]
        return f"{table['TableArn']} {table['CreationDateTime']}"

    def pages(
        self, unreadable: Unreadable, start: Key | None = None
    ) -> Iterator[tuple[Sequence[Application], Key | None]]:
        """Yield pages of applications, each with the key to continue from; None with the last page.

        Erased applications are left out. Unreadable ones are added to `unreadable`.
        """
        while True:
            page, start = self.page(start)
            there = [item for item in page if not items.is_tombstone(item)]
            yield [application for _, application in one_by_one(there, items.application, unreadable.note)], start
            if start is None:
                return

    def page(self, start: Key | None, segment: Segment = _WHOLE) -> tuple[Sequence[Item], Key | None]:
        """Return the next page of a segment, consistently read, and the key to continue from."""
        reply = self._dynamodb(
            "Scan",
            TableName=self._table,
            Limit=_PAGE_SIZE,
            ConsistentRead=True,
            Segment=segment.number,
            TotalSegments=segment.total,
            **({"ExclusiveStartKey": start} if start else {}),
        )
        return reply["Items"], reply.get("LastEvaluatedKey")

    def sample(self, share: float) -> Iterator[Sequence[Item]]:
        """Yield the pages of a random segment with about this share of the table, greater than 0 and at most 1."""
        total = min(_MOST_SEGMENTS, max(1, round(1 / share)))
        segment, start = Segment(RANDOM.randrange(total), total), None
        while True:
            page, start = self.page(start, segment)
            yield page
            if start is None:
                return

    def of(self, ids: Iterable[ApplicationId]) -> Sequence[Item]:
        """Return the items of at most ITEMS_PER_CALL applications; missing ones are left out."""
        keys = [items.key(application_id) for application_id in ids]
        return batch_get(self._dynamodb, self._table, keys)

    def replace_interpretations(self, before: Application, after: Application) -> bool:
        """Write the new interpretations of labels; return False if the application has changed since it was read."""
        update = Update()
        update.replace_history(before, after)
        update.increment_version(now())
        try:
            self._dynamodb(
                "UpdateItem", TableName=self._table, Key=items.key(before.application_id), **update.expressions()
            )
        except ConditionFailed:
            return False
        return True
