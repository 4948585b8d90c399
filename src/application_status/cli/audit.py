"""`application-status audit`: lists what operators changed."""

from datetime import datetime, timedelta

import click

from application_status.access.audit import AuditLog
from application_status.cli.output import json_option, print_table
from application_status.cli.target import Target, pass_target
from application_status.platform.values import now

_DEFAULT_DAYS = 30


@click.group("audit")
def commands() -> None:
    """List what operators changed."""


@commands.command("list")
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="The first day (UTC).  [default: 30 days ago]"
)
@json_option
@pass_target
def _list(target: Target, since: datetime | None, *, as_json: bool) -> None:
    """List the changes that operators made with this command line, the oldest first."""
    day = since.date() if since else now().date() - timedelta(days=_DEFAULT_DAYS)
    entries = AuditLog(target.dynamodb, target.table("AuditTable")).since(day)
    print_table(
        ("at", "who", "act", "given"),
        [
            (at, who, act, given if as_json else "; ".join(f"{name}: {value}" for name, value in given.items()))
            for at, who, act, given in entries
        ],
        as_json=as_json,
    )
