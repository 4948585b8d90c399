"""`application-status limits`: sets how many requests a second a single ATS may send."""

import click

from application_status.access.limits import OwnLimits
from application_status.cli.output import json_option, print_line, print_table
from application_status.cli.target import AtsIdType, Target, pass_target
from application_status.platform.values import AtsId

_MOST = 10_000

_ats = click.option("--ats", required=True, type=AtsIdType(), help="The id of the ATS.")


@click.group("limits")
def commands() -> None:
    """Set limits of single ATSs; the stack's RequestsPerSecond limits all others."""


@commands.command("list")
@json_option
@pass_target
def _list(target: Target, *, as_json: bool) -> None:
    """List the ATSs that have a limit of their own."""
    print_table(("ats", "per_second"), sorted(_limits(target).all().items()), as_json=as_json)


@commands.command("set")
@_ats
@click.option("--per-second", required=True, type=click.IntRange(1, _MOST), help="Requests and signals a second.")
@pass_target
def _set(target: Target, ats: AtsId, per_second: int) -> None:
    """Give an ATS a limit of its own; takes effect within seconds."""
    _limits(target).set(ats, per_second)
    print_line(f"{ats} may send {per_second} requests a second.")


@commands.command("unset")
@_ats
@pass_target
def _unset(target: Target, ats: AtsId) -> None:
    """Give an ATS the limit of all others again; takes effect within seconds."""
    _limits(target).unset(ats)
    print_line(f"{ats} has the limit of the stack again (RequestsPerSecond).")


def _limits(target: Target) -> OwnLimits:
    return OwnLimits(target.dynamodb, target.table("TokensTable"))
