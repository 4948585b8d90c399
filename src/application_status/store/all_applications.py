"""All applications, for the operators: read page by page, and written back where their labels were read anew."""

from collections.abc import Iterator, Sequence
from typing import Any

from application_status.errors import ConditionFailed
from application_status.model.application import Application
from application_status.model.instant import now, to_text
from application_status.store import items
from application_status.store.dynamodb import DynamoDB

_PAGE_SIZE = 200

type Key = dict[str, Any]
"""Where a scan goes on, in DynamoDB JSON."""


class AllApplications:
    """The whole Applications table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def approximate_count(self) -> int:
        """Return how many applications there are, up to six hours old."""
        count: int = self._dynamodb("DescribeTable", TableName=self._table)["Table"]["ItemCount"]
        return count

    def pages(self, start: Key | None = None) -> Iterator[tuple[Sequence[Application], Key | None]]:
        """Yield pages of applications, those erased left out, each with where to go on from; None with the last."""
        while True:
            page = {"ExclusiveStartKey": start} if start else {}
            reply = self._dynamodb("Scan", TableName=self._table, Limit=_PAGE_SIZE, **page)
            start = reply.get("LastEvaluatedKey")
            yield [items.application(item) for item in reply["Items"] if not items.is_tombstone(item)], start
            if start is None:
                return

    def replace_readings(self, before: Application, after: Application) -> bool:
        """Write what its labels mean now, unless the application has changed meanwhile; then False."""
        head = {":head": {"S": after.head}} if after.head else {}
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._table,
                Key=items.key(before.application_id),
                ConditionExpression="Version = :seen",
                UpdateExpression=(
                    "SET Transitions = :transitions, #status = :status, RawStatus = :raw, UpdatedAt = :now"
                    f"{', Head = :head' if head else ''} ADD Version :one {'' if head else 'REMOVE Head'}"
                ),
                ExpressionAttributeNames={"#status": "Status"},
                ExpressionAttributeValues={
                    ":seen": {"N": str(before.version)},
                    ":transitions": {"M": {k: items.transition_value(t) for k, t in after.transitions.items()}},
                    ":status": {"S": after.status},
                    ":raw": {"S": after.raw_status or ""},
                    ":now": {"S": to_text(now())},
                    ":one": {"N": "1"},
                    **head,
                },
            )
        except ConditionFailed:
            return False
        return True
