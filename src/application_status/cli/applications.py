"""`application-status applications`: shows and erases applications, and erases them again after a restore.

`registrations.py` registers them from a file.
"""

from collections.abc import Sequence
from typing import Any

import click

from application_status.applications import items
from application_status.applications.erase import Erasure
from application_status.applications.rules.application import Application
from application_status.applications.scan import AllApplications
from application_status.cli import registrations
from application_status.cli.output import json_option, print_json, print_line, print_table, progress_bar
from application_status.cli.target import Target, pass_target
from application_status.platform.dynamodb.client import Item
from application_status.platform.values import ApplicationId, application_id, to_text
from application_status.quality.counters.generations import generations
from application_status.quality.counters.write import read_markers


class ApplicationIdType(click.ParamType[ApplicationId]):
    """The id of an application, as an argument."""

    name = "id"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> ApplicationId:
        """Return the id; refuse one that is not valid."""
        try:
            return application_id(value)
        except ValueError as error:
            self.fail(f"{value} is {error}", param, ctx)


@click.group("applications")
def commands() -> None:
    """Register applications from a file, show them, erase them, and erase them again after a restore."""


commands.add_command(registrations.command)


@commands.command("show")
@click.argument("shown", type=ApplicationIdType(), metavar="ID")
@json_option
@pass_target
def _show(target: Target, shown: ApplicationId, *, as_json: bool) -> None:
    """Show an application with all that was reported about it, the newest first."""
    found = AllApplications(target.dynamodb, target.table("ApplicationsTable")).of([shown])
    if not found:
        raise LookupError(f"there is no application {shown}; ids are those under which the board registered them")
    if first := items.first_id(found[0]):
        raise LookupError(f"{shown} is a second id of the application {first}; show that one")
    if items.is_tombstone(found[0]):
        raise LookupError(f"the application {shown} {_gone(found[0])}")
    application = items.application(found[0])
    about, columns, history = _about(application), *_history(application)
    if as_json:
        print_json(described(application))
        return
    for name, value in about.items():
        print_line(f"{name:<16} {'-' if value is None else value}")
    print_line("")
    print_table(columns, history, as_json=False)


def described(application: Application) -> dict[str, Any]:
    """Return what is stored about an application, and its history, the newest first."""
    columns, history = _history(application)
    return {**_about(application), "history": [dict(zip(columns, row, strict=True)) for row in history]}


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
        "link": registration and registration.link,
        "location": registration and registration.location,
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
@click.argument("ids", type=ApplicationIdType(), nargs=-1, required=True, metavar="ID...")
@pass_target
def _erase(target: Target, ids: Sequence[ApplicationId]) -> None:
    """Erase applications permanently; safe to repeat."""
    erasure = Erasure(target.dynamodb, target.table("ApplicationsTable"), target.table("AliasesTable"))
    for each in ids:
        erased = erasure.erase(each)
        if erased.was_stored:
            print_line(f"{each} is erased, with {erased.aliases} aliases.")
        elif erased.tombstone:
            print_line(f"{each} {_gone(erased.tombstone)}; nothing was left to erase.")
        else:
            print_line(f"{each} is unknown, so nothing was erased. From now on it can't be registered or reported.")


def _gone(tombstone: Item) -> str:
    verb = "expired" if "Expired" in tombstone else "was erased"
    return f"{verb} at {tombstone['ErasedAt']['S']}"


@commands.command("reapply-erasures")
@click.option(
    "--from", "former", required=True, metavar="TABLE", help="The Applications table from before the restore."
)
@pass_target
def _reapply(target: Target, former: str) -> None:
    """Erase again, after a restore, what was erased after the restored point in time.

    Reads the tombstones of the former table. An expired application stays expired if the archive of the counters has
    it; otherwise it expires again by itself. Safe to repeat.
    """
    erasure = Erasure(target.dynamodb, target.table("ApplicationsTable"), target.table("AliasesTable"))
    quality = target.table("QualityTable")
    live = generations(target.dynamodb, quality).live
    applications, start, amount = AllApplications(target.dynamodb, target.restored(former)), None, 0
    with progress_bar("applications", applications.approximate_count()) as progress:
        while True:
            page, start = applications.page(start)
            erased = [each for each in page if items.is_tombstone(each) and not items.first_id(each)]
            tombstones = {application_id(each["AtsiApplicationId"]["S"]): each for each in erased}
            expired = [each for each, tombstone in tombstones.items() if "Expired" in tombstone]
            markers = read_markers(target.dynamodb, quality, live, expired)
            for each, tombstone in tombstones.items():
                is_archived = each in markers and not markers[each].contribution
                if each not in expired or is_archived:
                    amount += erasure.erase(each, tombstone).was_stored
            progress.update(len(page))
            if start is None:
                break
    print_line(f"{amount} applications are erased again.")
