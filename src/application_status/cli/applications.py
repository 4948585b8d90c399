"""`application-status applications`: shows and erases applications."""

from collections.abc import Sequence
from typing import Any

import click

from application_status.applications import items
from application_status.applications.erase import Erasure
from application_status.applications.rules.application import Application
from application_status.applications.scan import AllApplications
from application_status.cli.output import json_option, print_json, print_line, print_table
from application_status.cli.target import Target, pass_target
from application_status.platform.values import ApplicationId, application_id, to_text


class _Id(click.ParamType[ApplicationId]):
    name = "id"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> ApplicationId:
        try:
            return application_id(value)
        except ValueError as error:
            self.fail(f"{value} is {error}", param, ctx)


@click.group("applications")
def commands() -> None:
    """Show and erase applications."""


@commands.command("show")
@click.argument("shown", type=_Id(), metavar="ID")
@json_option
@pass_target
def _show(target: Target, shown: ApplicationId, *, as_json: bool) -> None:
    """Show an application with all that was reported about it, the newest first."""
    found = AllApplications(target.dynamodb, target.table("ApplicationsTable")).of([shown])
    if not found:
        raise LookupError(f"there is no application {shown}; ids are those under which the board registered them")
    if items.is_tombstone(found[0]):
        raise LookupError(f"the application {shown} was erased at {found[0]['ErasedAt']['S']}")
    application = items.application(found[0])
    about, columns, history = _about(application), *_history(application)
    if as_json:
        print_json({**about, "history": [dict(zip(columns, row, strict=True)) for row in history]})
        return
    for name, value in about.items():
        print_line(f"{name:<16} {'-' if value is None else value}")
    print_line("")
    print_table(columns, history, as_json=False)


def _about(application: Application) -> dict[str, Any]:
    outcome, _ = application.outcome
    registration = application.registration
    return {
        "application": application.application_id,
        "ats": application.ats_id,
        "status": application.status,
        "label": application.raw_status,
        "outcome": outcome,
        "version": application.version,
        "client": registration and registration.client_id,
        "job": registration and registration.job_id,
        "jobseeker": registration and registration.jobseeker_id,
        "title": registration and registration.job_title,
        "company": registration and registration.company,
        "applied_at": registration and to_text(registration.applied_at),
    }


def _history(application: Application) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    newest_first = sorted(application.transitions.items(), reverse=True)
    return ("effective", "received", "channel", "status", "label"), [
        (
            (each.sent_day and each.sent_day.isoformat()) or to_text(each.effective_at),
            to_text(each.received_at),
            each.channel,
            each.status or "unmapped",
            each.raw_status,
        )
        for _, each in newest_first
    ]


@commands.command("erase")
@click.argument("ids", type=_Id(), nargs=-1, required=True, metavar="ID...")
@pass_target
def _erase(target: Target, ids: Sequence[ApplicationId]) -> None:
    """Erase applications permanently; safe to repeat."""
    erasure = Erasure(target.dynamodb, target.table("ApplicationsTable"), target.table("AliasesTable"))
    for each in ids:
        erasure.erase(each)
        print_line(f"{each} is erased.")
