"""The archive: what expired applications were counted for, in rows without their ids.

An application leaves the sum over the markers when it expires, and what it was counted for joins the archive, in one
transaction (`counting/retention.py`). So the totals stay as they are: they are the sums over the markers and the
archive. All generations share the archive; a rebuild adds it to the new one (`Rebuilds.add_archive`).

A row has the amounts of the applications with the same ATS, client, job and month of applying, by day and measure, and
the names of the client and the job. Its attributes are those of an entry of the journal, and Revision, the lock of
optimistic writes.

Model: tests/promises/models/rebuild.pml
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.quality.counters.items import Marker
from application_status.quality.counters.journal import Additions, Name, Subject, additions, stored_additions

ARCHIVE = "archive"
"""The partition key of all rows."""

_ROWS_PER_PAGE = 25


def archiving(dynamodb: DynamoDB, table: str, marker: Marker, names: tuple[Name, Name] | None) -> Item:
    """Return the action that adds what a marker counts to the archive, in a transaction that also empties the marker.

    `names` are those of the client and the job; None if the application was not registered.
    """
    subject = Subject(marker.ats_id or "", marker.client_id, marker.job_id)
    total = Additions(changes=1)
    total.amounts[subject] = {(cell.day, cell.measure): amount for cell, amount in marker.contribution.items()}
    if names and marker.client_id and marker.job_id:
        total.name(marker.client_id, marker.job_id, *names)
    of = sha256(json.dumps(subject).encode()).hexdigest()[:32]
    key = {"Scope": {"S": ARCHIVE}, "Part": {"S": f"{of}#{min(cell.day for cell in marker.contribution)[:7]}"}}
    put: dict[str, Any] = {
        "TableName": table,
        "ConditionExpression": "attribute_not_exists(#revision)",
        "ExpressionAttributeNames": {"#revision": "Revision"},
    }
    revision = 0
    stored = dynamodb("GetItem", TableName=table, Key=key, ConsistentRead=True).get("Item")
    if stored:
        total.include(additions([stored]))
        revision = int(stored["Revision"]["N"])
        put["ConditionExpression"] = "#revision = :seen"
        put["ExpressionAttributeValues"] = {":seen": stored["Revision"]}
    return {"Put": {**put, "Item": {**key, **stored_additions(total), "Revision": {"N": str(revision + 1)}}}}


def archive_page(
    dynamodb: DynamoDB, table: str, after: Mapping[str, Any]
) -> tuple[Sequence[Item], dict[str, Any] | None]:
    """Return the next page of rows without their locks, and the key to continue from; None after the last page.

    `after` is the key of the last row that was read; empty at the beginning.
    """
    reply = dynamodb(
        "Query",
        TableName=table,
        KeyConditionExpression="#scope = :scope",
        ExpressionAttributeNames={"#scope": "Scope"},
        ExpressionAttributeValues={":scope": {"S": ARCHIVE}},
        ConsistentRead=True,
        Limit=_ROWS_PER_PAGE,
        **({"ExclusiveStartKey": after} if after else {}),
    )
    rows = [{name: value for name, value in row.items() if name != "Revision"} for row in reply["Items"]]
    return rows, reply.get("LastEvaluatedKey")
