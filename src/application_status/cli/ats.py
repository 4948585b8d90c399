"""`application-status ats`: sets the names of ATSs, which reports and pages show beside their ids."""

import click

from application_status.access.names import AtsNames
from application_status.cli.output import json_option, print_line, print_table
from application_status.cli.target import AtsIdType, Target, pass_target
from application_status.platform.values import AtsId


@click.group("ats")
def commands() -> None:
    """Name ATSs."""


@commands.command("list")
@json_option
@pass_target
def _list(target: Target, *, as_json: bool) -> None:
    """List the ATSs that have a name."""
    print_table(("ats", "name"), sorted(ats_names(target).all().items()), as_json=as_json)


@commands.command("name")
@click.argument("ats", metavar="ATS", type=AtsIdType())
@click.argument("name", metavar="NAME")
@pass_target
def _name(target: Target, ats: AtsId, name: str) -> None:
    """Set the name of an ATS, or change it; takes effect within 60 s."""
    ats_names(target).set(ats, name)
    print_line(f"{ats} has the name {name}.")


def ats_names(target: Target) -> AtsNames:
    """Return the names of a target's ATSs."""
    return AtsNames(target.dynamodb, target.table("TokensTable"))
