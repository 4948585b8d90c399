"""`application-status facts`: exports the facts of all applications as Parquet, and queries Parquet files."""

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from application_status.applications.scan import AllApplications, Unreadable
from application_status.cli import parquet
from application_status.cli.output import json_option, print_json, print_line, print_row, print_unreadable, progress_bar
from application_status.cli.target import Target, pass_target
from application_status.facts.stream import facts_of
from application_status.platform.dynamodb.client import Item
from application_status.platform.outages import one_by_one

_FILE = "facts.parquet"


class _Zone(click.ParamType[ZoneInfo]):
    name = "zone"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> ZoneInfo:
        try:
            return ZoneInfo(value)
        except (ValueError, ZoneInfoNotFoundError):
            self.fail(f"'{value}' is not an IANA time zone, e.g. Europe/Berlin", param, ctx)


@click.group("facts")
def commands() -> None:
    """Export and query facts."""


def export(applications: AllApplications, zone: ZoneInfo, folder: Path) -> Unreadable:
    """Write the facts of all applications to a file in a folder; return the applications that can't be read."""
    unreadable = Unreadable()
    parquet.write(_all_facts(applications, zone, unreadable), folder / _FILE)
    return unreadable


def _all_facts(applications: AllApplications, zone: ZoneInfo, unreadable: Unreadable) -> Iterator[str]:
    def documents(item: Item) -> str:
        return "".join(fact.to_json() for fact in facts_of(item, zone))

    with progress_bar("applications", applications.approximate_count()) as progress:
        start = None
        while True:
            page, start = applications.page(start)
            yield from (text for _, text in one_by_one(page, documents, unreadable.note))
            progress.update(len(page))
            if start is None:
                return


@commands.command("export")
@click.option("--to", "folder", required=True, type=click.Path(path_type=Path), metavar="FOLDER")
@click.option("--time-zone", type=_Zone(), help="Time zone of the days.  [default: the stack's ReportingTimeZone]")
@pass_target
def _export(target: Target, folder: Path, time_zone: ZoneInfo | None) -> int:
    """Write the facts of all applications to facts.parquet in a folder."""
    zone = time_zone or target.analytics().reporting_time_zone
    unreadable = export(AllApplications(target.dynamodb, target.table("ApplicationsTable")), zone, folder)
    print_line(folder / _FILE)
    return print_unreadable(unreadable)


@commands.command("query")
@click.argument("query", type=click.Choice(parquet.QUERIES))
@click.option("--from", "folder", required=True, type=click.Path(path_type=Path), metavar="FOLDER")
@json_option
def _query(query: str, folder: Path, *, as_json: bool) -> None:
    """Run a query on the Parquet files of a folder; prints CSV."""
    columns, rows = parquet.ask(query, folder)
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    for row in (columns, *rows):
        print_row(row)
