"""`application-status facts`: exports the facts of all applications as Parquet, and queries Parquet files."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tqdm import tqdm

from application_status.applications.scan import AllApplications, Unreadable
from application_status.cli import parquet
from application_status.cli.output import print_line, print_row
from application_status.cli.target import Target
from application_status.cli.unreadable import print_unreadable
from application_status.facts.stream import facts_of
from application_status.platform.dynamodb.client import Item
from application_status.platform.outages import one_by_one

_FILE = "facts.parquet"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the parser."""
    export = commands.add_parser("export", help=f"write the facts of all applications to {_FILE} in a folder")
    export.add_argument("--to", required=True, type=Path, metavar="FOLDER")
    export.add_argument(
        "--time-zone", type=_zone, help="time zone of the days (default: the stack's ReportingTimeZone)"
    )
    export.set_defaults(command=_export)

    query = commands.add_parser("query", help="run a query on the Parquet files of a folder; prints CSV")
    query.add_argument("query", choices=parquet.QUERIES)
    query.add_argument("--from", required=True, type=Path, metavar="FOLDER", dest="folder")
    query.set_defaults(command=_query)


def export(applications: AllApplications, zone: ZoneInfo, folder: Path) -> Unreadable:
    """Write the facts of all applications to a file in a folder; return the applications that can't be read."""
    unreadable = Unreadable()
    parquet.write(_all_facts(applications, zone, unreadable), folder / _FILE)
    return unreadable


def _all_facts(applications: AllApplications, zone: ZoneInfo, unreadable: Unreadable) -> Iterator[str]:
    def documents(item: Item) -> str:
        return "".join(fact.to_json() for fact in facts_of(item, zone))

    with tqdm(total=applications.approximate_count(), unit=" applications", leave=False) as progress:
        start = None
        while True:
            page, start = applications.page(start)
            yield from (text for _, text in one_by_one(page, documents, unreadable.note))
            progress.update(len(page))
            if start is None:
                return


def _export(target: Target, given: argparse.Namespace) -> int:
    zone = given.time_zone or target.analytics().reporting_time_zone
    unreadable = export(AllApplications(target.dynamodb, target.table("ApplicationsTable")), zone, given.to)
    print_line(given.to / _FILE)
    return print_unreadable(unreadable)


def _query(_target: Target, given: argparse.Namespace) -> None:
    columns, rows = parquet.ask(given.query, given.folder)
    for row in (columns, *rows):
        print_row(row)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise argparse.ArgumentTypeError("an IANA time zone, e.g. Europe/Berlin") from error
