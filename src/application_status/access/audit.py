"""The log of what operators changed with the command line.

An entry is written before the act (see `cli/target.py`), so the act can still fail. The Audit table:

Month     S   the month of the act, e.g. 2026-11
At        S   the time of the act, `#`, and a random suffix
Who       S   the operator: an ARN for a stack, the user of the operating system locally
Act       S   the command, e.g. tokens revoke
Given     M   the command's arguments and options: name -> value; only how many there are of those in WITHHELD, and a
              digest of those in DIGESTED
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from application_status.platform.dynamodb.client import DynamoDB, Item, pages
from application_status.platform.values import DateTimeText, now, to_text

WITHHELD = frozenset({"meanings", "unset"})
"""Arguments and options whose values are left out, because they may be personal data: texts of labels."""

DIGESTED = frozenset({"jobseeker_id"})
"""Arguments that identify a person: the log can only confirm an id that somebody has."""


class Entry(NamedTuple):
    """What an operator did."""

    at: DateTimeText
    who: str
    act: str
    given: Mapping[str, str]


class AuditLog:
    """Add and read entries."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(self, who: str, act: str, given: Mapping[str, Any]) -> None:
        """Add an entry for an act that begins now."""
        at = to_text(now())
        self._dynamodb(
            "PutItem",
            TableName=self._table,
            Item={
                "Month": {"S": at[:7]},
                "At": {"S": f"{at}#{uuid4().hex[:8]}"},
                "Who": {"S": who},
                "Act": {"S": act},
                "Given": {"M": {name: {"S": text} for name, text in _shown(given)}},
            },
        )

    def since(self, day: date) -> Iterator[Entry]:
        """Yield the entries since the beginning of a day (UTC), oldest first."""
        month, last = day.replace(day=1), now().date()
        while month <= last:
            request = {
                "TableName": self._table,
                "ConsistentRead": True,
                "KeyConditionExpression": "#month = :month AND #at >= :day",
                "ExpressionAttributeNames": {"#month": "Month", "#at": "At"},
                "ExpressionAttributeValues": {":month": {"S": f"{month:%Y-%m}"}, ":day": {"S": day.isoformat()}},
            }
            for page in pages(self._dynamodb, "Query", request):
                yield from map(_entry, page)
            month = (month + timedelta(days=31)).replace(day=1)


def _shown(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in sorted(given.items()):
        if value is None or value is False or value == ():
            continue
        values = value if isinstance(value, tuple) else (value,)
        if name in WITHHELD:
            yield name, f"{len(values)} not recorded"
        elif name in DIGESTED:
            yield name, f"SHA-256 {hashlib.sha256(value.encode()).hexdigest()[:16]}"
        else:
            yield name, " ".join(map(str, values))


def _entry(item: Item) -> Entry:
    given = {name: value["S"] for name, value in sorted(item["Given"]["M"].items())}
    return Entry(item["At"]["S"].partition("#")[0], item["Who"]["S"], item["Act"]["S"], given)
