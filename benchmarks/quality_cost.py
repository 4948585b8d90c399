"""Measures what counting a change costs in DynamoDB (`make bench-quality`, or `python -m benchmarks.quality_cost`).

The real code counts and merges the last changes of a board, after one year of history and after ten, over a table in
memory that charges as DynamoDB does (`ledger.py`, `large_board.py`). With `--short` it takes seconds.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import batched

from application_status.applications.rules.application import Application
from application_status.quality.counters.journal import entry_bytes
from application_status.quality.counters.merge import DUE_BYTES, Merger
from application_status.quality.counters.write import Change, Counters
from application_status.quality.counting.stream import change
from benchmarks.large_board import APPLICATIONS_A_DAY, BERLIN, CLIENTS, LargeBoard, Past
from benchmarks.ledger import Ledger

TODAY = date(2026, 11, 26)
DAYS = 60
"""How many days of applications are generated, of which the last changes are taken."""

FEW = 500
"""So many changes are taken from fewer applications, to save time."""

CASES = ((1, 8_600, 100), (10, 8_600, 100), (10, 4_000, 10), (10, 1_000, 1))
"""Years of history, changes a merge, and changes a batch: about as many changes as a journal has when it is merged."""

SHORT_CASES = ((10, 300, 100),)


def last_changes(amount: int) -> tuple[list[Change], list[Change]]:
    """Return the former versions of the applications that changed last, and the last changes, in order of storing."""
    chance = random.Random(1)  # noqa: S311  # a simulation, no secret
    days = DAYS if amount > FEW else DAYS // 10
    end = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC)
    board = LargeBoard([], CLIENTS, start=end - timedelta(days=days), days=days)
    window = timedelta(days=amount / APPLICATIONS_A_DAY / 1.5)  # an application changes about twice
    before: list[Application] = []
    changes: list[tuple[datetime, Application]] = []
    for number in range(days * APPLICATIONS_A_DAY):
        versions = [version for version in board.versions(number, chance) if version[0] < end]
        recent = [version for version in versions if version[0] >= end - window]
        if recent:
            before += [version[1] for version in versions[: -len(recent)][-1:]]
            changes += recent
    changes.sort(key=lambda version: version[0])
    return [change(each, BERLIN) for each in before], [change(each, BERLIN) for _, each in changes[-amount:]]


def counted(years: int, before: Sequence[Change], changes: Sequence[Change], batch: int) -> tuple[Ledger, int]:
    """Return the table after changes are counted in batches and merged, and the bytes of the journal before the merge.

    Only the changes are charged.
    """
    ledger = Ledger(Past(years, TODAY).partition)
    counters = Counters(ledger, "QualityTable")  # type: ignore[arg-type]  # a stand-in for DynamoDB
    for group in batched(before, 100, strict=False):
        counters.apply(group)
    ledger.partitions["journal#1"].clear()  # the past is in the totals already
    ledger.write_units.clear()
    ledger.read_units.clear()
    ledger.calls = 0
    for group in batched(changes, batch, strict=False):
        counters.apply(list({each.application_id: each for each in group}.values()))
    size = sum(map(entry_bytes, ledger.partitions["journal#1"].values()))
    merger = Merger(ledger, "QualityTable", 1)  # type: ignore[arg-type]  # a stand-in for DynamoDB
    while merger.merge(TODAY):
        continue
    return ledger, size


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality_cost")
    parser.add_argument("--short", action="store_true", help="few changes, to check that it runs; takes seconds")
    cases = SHORT_CASES if parser.parse_args().short else CASES
    before, changes = last_changes(max(amount for _, amount, _ in cases))
    print("write units a change, with 100 ATSs, 12,400 clients and 2,740 applications a day")
    print(f"a journal of {DUE_BYTES:,} bytes is merged: after so many changes (last column)\n")
    print("years  changes  batch  marker  journal  labels  ATSs  clients  jobs   sum  read units  calls   after")
    for years, amount, batch in cases:
        print(_line(years, amount, batch, *counted(years, before, changes[-amount:], batch)), flush=True)
    return 0


def _line(years: int, changes: int, batch: int, ledger: Ledger, journal_bytes: int) -> str:
    units = ledger.write_units
    columns = [
        units["marker"],
        units["journal"] + units["merge"],
        units["labels"] + units["index"],
        units["months"] + units["years"] + units["atss"],
        units["client"] + units["clients"],
        units["jobs"],
        units.total(),
    ]
    marker, journal, labels, atss, clients, jobs, total = (each / changes for each in columns)
    return (
        f"{years:>5}  {changes:>7,}  {batch:>5}  {marker:>6.2f}  {journal:>7.2f}  {labels:>6.2f}  {atss:>4.2f}"
        f"  {clients:>7.2f}  {jobs:>4.2f}  {total:>4.2f}  {ledger.units_read / changes:>10.2f}"
        f"  {ledger.calls / changes:>5.2f}"
        f"  {DUE_BYTES * changes / journal_bytes:>6,.0f}"
    )


if __name__ == "__main__":
    sys.exit(main())
