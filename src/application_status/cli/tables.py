"""`application-status tables`: copies a table that was restored from a backup into the table that the stack uses."""

from collections.abc import Iterable
from functools import partial
from itertools import batched

import click

from application_status.cli.output import print_line, progress_bar
from application_status.cli.target import Target, pass_target
from application_status.platform.dynamodb.client import DynamoDB, Item, pages, side_by_side
from application_status.platform.errors import ConditionFailed

_TABLES = (
    "ApplicationsTable",
    "AliasesTable",
    "QualityTable",
    "TokensTable",
    "ConnectionsTable",
    "UsersTable",
    "FeedbackTable",
    "AuditTable",
)
_CALLS_AT_ONCE = 25
_IS_NO_TOMBSTONE = "attribute_not_exists(ErasedAt)"


@click.group("tables")
def commands() -> None:
    """Restore tables."""


@commands.command("restore")
@click.argument("table", type=click.Choice(_TABLES), metavar="TABLE")
@click.option("--from", "source", required=True, metavar="NAME", help="The table that AWS made from the backup.")
@click.option("--replace", is_flag=True, help="Also replace items that the stack's table has.")
@pass_target
def _restore(target: Target, table: str, source: str, *, replace: bool) -> None:
    """Copy a restored table into the stack's TABLE; safe to repeat.

    TABLE is ApplicationsTable, AliasesTable, QualityTable, TokensTable, ConnectionsTable, UsersTable,
    FeedbackTable or AuditTable.

    Items that the stack's table has stay as they are, unless --replace is given. Erased applications stay erased.
    """
    restored, kept = 0, 0
    name = target.table(table)
    condition = _IS_NO_TOMBSTONE if replace else f"attribute_not_exists({_partition_key(target.dynamodb, name)})"
    with progress_bar("items") as counted:
        for page in pages(target.dynamodb, "Scan", {"TableName": target.restored(source)}):
            for group in batched(page, _CALLS_AT_ONCE, strict=False):
                done = _put(target.dynamodb, name, group, condition)
                restored, kept = restored + sum(done), kept + len(done) - sum(done)
                counted.update(len(done))
    print_line(f"items copied: {restored}; left as they were: {kept}")


def _partition_key(dynamodb: DynamoDB, table: str) -> str:
    schema = dynamodb("DescribeTable", TableName=table)["Table"]["KeySchema"]
    name: str = next(each["AttributeName"] for each in schema if each["KeyType"] == "HASH")
    return name


def _put(dynamodb: DynamoDB, table: str, items: Iterable[Item], condition: str) -> list[bool]:
    """Put items whose condition holds, and return for each whether it did."""
    return side_by_side([partial(_put_one, dynamodb, table, item, condition) for item in items])


def _put_one(dynamodb: DynamoDB, table: str, item: Item, condition: str) -> bool:
    try:
        dynamodb("PutItem", TableName=table, Item=item, ConditionExpression=condition)
    except ConditionFailed as failed:
        return failed.in_doubt
    return True
