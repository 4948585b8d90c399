"""Measures the write units of counting a change (`make bench-quality`, or `python -m benchmarks.quality_cost`).

The real code counts the changes of the last days of a simulated year, over a table in memory that charges as DynamoDB
does. Earlier changes fill the rows first: up to 100,000 applications are counted one by one; for more, the amounts in
the rows are multiplied. With `--short` it takes seconds.
"""

import argparse
import copy
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import batched
from statistics import mean
from typing import Any
from zoneinfo import ZoneInfo

from application_status.quality.counters.write import Change, Counters
from application_status.quality.counting.stream import change
from benchmarks.generated_applications import Board
from benchmarks.ledger import Ledger

BERLIN = ZoneInfo("Europe/Berlin")
BOARD = Board(
    [f"ats-{number}" for number in range(10)], clients=2_000, start=datetime(2026, 1, 1, tzinfo=UTC), days=365
)
WINDOW = 3_000
SHARDS = 4
COUNTED = 100_000
SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
SHORT_COUNTED, SHORT_SIZES = 500, (500, 1_000)
BATCHES = (1, 10, 100)
PARTITION_UNITS_A_SECOND = 1_000


def population(applications: int, seed: int = 1) -> tuple[list[Change], list[Change]]:
    """Return the changes before the last ones, one for each application, and the last changes, in order of storing."""
    chance = random.Random(seed)  # noqa: S311  # a simulation, no secret
    versions = [version for number in range(applications) for version in BOARD.versions(number, chance)]
    versions.sort(key=lambda version: version[0])
    end = int(len(versions) * 0.98)  # the rest is after the year
    start = max(end - WINDOW, end // 2)
    newest = {each.application_id: each for _, each in versions[:start]}
    window = [each for _, each in versions[start:end]]
    return [change(each, BERLIN) for each in newest.values()], [change(each, BERLIN) for each in window]


def filled(before: Sequence[Change], factor: int) -> Ledger:
    """Return the table with all changes but the last ones, as if there were `factor` times as many applications."""
    ledger = Ledger()
    quality = Counters(ledger, "QualityTable", 1)  # type: ignore[arg-type]  # a stand-in for DynamoDB
    for batch in batched(before, 100, strict=False):
        quality.apply(batch)
    if factor > 1:
        _multiply(ledger, factor)
    return ledger


def counted(quality: Counters, batch: Sequence[Change]) -> None:
    """Count a batch as the analytics function does: the newest change of each application."""
    quality.apply(list({each.application_id: each for each in batch}.values()))


def _multiply(ledger: Ledger, factor: int) -> None:
    """Multiply all amounts, and give each row all measures that its ATS has in the same month."""
    rows = [item for (scope, _), item in ledger.items.items() if scope.startswith("counter#")]
    known: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        known.setdefault((row["Scope"]["S"], row["Part"]["S"][:7]), {}).update(row)
    for row in rows:
        dense = known[row["Scope"]["S"], row["Part"]["S"][:7]] | row
        row |= {name: {"N": str(int(value["N"]) * factor)} for name, value in dense.items() if "N" in value}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality_cost")
    parser.add_argument("--short", action="store_true", help="few applications, to check that it runs; takes seconds")
    short = parser.parse_args().short
    most_counted, sizes = (SHORT_COUNTED, SHORT_SIZES) if short else (COUNTED, SIZES)
    print(f"{len(BOARD.ats_ids)} ATSs, the largest with half of the applications")
    print(f"write units of the last changes, at most {WINDOW:,}\n")
    print("applications  batch  counters/change  marker/change  index/change  hottest/mean  changes/s before a limit")
    for applications in sizes:
        counted_one_by_one = min(applications, most_counted)
        before, window = population(counted_one_by_one)
        table = filled(before, applications // counted_one_by_one)
        for size in BATCHES:
            ledger = Ledger(copy.deepcopy(table.items))
            quality = Counters(ledger, "QualityTable", SHARDS)  # type: ignore[arg-type]  # a stand-in for DynamoDB
            for batch in batched(window, size, strict=False):
                counted(quality, batch)
            print(_line(applications, size, len(window), ledger), flush=True)
    return 0


def _line(applications: int, size: int, changes: int, ledger: Ledger) -> str:
    shards: dict[str, list[int]] = defaultdict(list)
    for scope, units in ledger.scope_units.items():
        shards[scope.rpartition("#")[0]].append(units)
    busiest = max(shards.values(), key=sum)
    limit = PARTITION_UNITS_A_SECOND * changes / max(ledger.scope_units.values())
    return (
        f"{applications:>12,}  {size:>5}  {ledger.units['counter'] / changes:>15.2f}"
        f"  {ledger.units['counted'] / changes:>13.2f}  {ledger.index_units / changes:>12.2f}"
        f"  {max(busiest) / mean(busiest):>12.2f}  {limit:>24,.0f}"
    )


if __name__ == "__main__":
    sys.exit(main())
