"""All applications: read page by page, and written back where their labels were read anew."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from application_status.applications import items
from application_status.applications.record import Update
from application_status.applications.rules.application import Application
from application_status.platform.dynamodb.batches import batch_get
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.errors import ConditionFailed
from application_status.platform.outages import one_by_one
from application_status.platform.randomness import RANDOM
from application_status.platform.values import ApplicationId, now

ITEMS_PER_CALL = 100
"""The most items that `AllApplications.of` takes: BatchGetItem's limit."""

_PAGE_SIZE = 200
_MOST_SEGMENTS = 1_000_000

type Key = dict[str, Any]
"""Where a scan goes on, in DynamoDB JSON."""


class Segment(NamedTuple):
    """One of so many segments in which a table is scanned, numbered from 0."""

    number: int
    total: int


_WHOLE = Segment(0, 1)


class Unreadable(dict[str, str]):
    """Applications that could not be read or converted: id -> the error's type."""

    def note(self, item: Item, error: Exception) -> None:
        """Note an item, which has the table's key at least."""
        self[item["AtsiApplicationId"]["S"]] = type(error).__name__


class AllApplications:
    """The whole Applications table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def approximate_count(self) -> int:
        """Return how many applications there are, up to six hours old."""
        count: int = self._dynamodb("DescribeTable", TableName=self._table)["Table"]["ItemCount"]
        return count

    def identity(self) -> str:
        """Return what tells this table from every other one, also from a later one of the same name."""
        table = self._dynamodb("DescribeTable", TableName=self._table)["Table"]
        return f"{table['TableArn']} {table['CreationDateTime']}"

    def pages(
        self, unreadable: Unreadable, start: Key | None = None
    ) -> Iterator[tuple[Sequence[Application], Key | None]]:
        """Yield pages of applications, each with where to go on from; None with the last.

        Those erased are left out; so are those that can't be read, which are noted.
        """
        while True:
            page, start = self.page(start)
            there = [item for item in page if not items.is_tombstone(item)]
            yield [application for _, application in one_by_one(there, items.application, unreadable.note)], start
            if start is None:
                return

    def page(self, start: Key | None, segment: Segment = _WHOLE) -> tuple[Sequence[Item], Key | None]:
        """Return the next page of a segment, with all that was written before the call, and where to go on from."""
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
        """Yield the pages of a random part of the table, of about that share of it, over 0 up to 1."""
        total = min(_MOST_SEGMENTS, max(1, round(1 / share)))
        segment, start = Segment(RANDOM.randrange(total), total), None
        while True:
            page, start = self.page(start, segment)
            yield page
            if start is None:
                return

    def of(self, ids: Iterable[ApplicationId]) -> Sequence[Item]:
        """Return at most ITEMS_PER_CALL applications' items, where there are any."""
        keys = [items.key(application_id) for application_id in ids]
        return batch_get(self._dynamodb, self._table, keys)

    def replace_interpretations(self, before: Application, after: Application) -> bool:
        """Write what its labels mean now, unless the application has changed meanwhile; then False."""
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
