"""Measures CPU time and DynamoDB calls of the analytics function for each record (`make bench-quality`).

The real handler counts generated records over a table in memory, so no database is measured. The tables show CPU time
(the minimum of several runs) and calls as ratios to their first line. Absolute times vary by machine; compare ratios.
With `--short` it takes seconds.
"""

import argparse
import logging
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any
from zoneinfo import ZoneInfo

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Channel, Interpretation, Transition
from application_status.applications.rules.status import Status
from application_status.functions.analytics import make_handler
from application_status.platform.streams import FailedRecords, SetAside
from application_status.platform.telemetry import logger
from application_status.quality.counting.stream import AnalyticsSettings
from benchmarks.generated_applications import Board
from benchmarks.ledger import Ledger

SETTINGS = AnalyticsSettings("QualityTable", ZoneInfo("Europe/Berlin"))
START = datetime(2026, 1, 1, tzinfo=UTC)
NOWHERE = SetAside(FailedRecords("none"))  # no record of the benchmark fails
RECORDS, HISTORIES, ROUNDS = 2_000, 200, 3
SHORT_RECORDS, SHORT_HISTORIES = 40, 4

type Record = dict[str, Any]


def record(number: int, application: Application) -> Record:
    """Return the stream record of an application's current version."""
    image = items.application_item(application, updated_at="2026-11-22T09:00:00.000Z")
    body = {"SequenceNumber": str(number), "ApproximateCreationDateTime": time.time(), "NewImage": image}
    return {"eventName": "INSERT", "dynamodb": body}


def of_board(ats_count: int, records: int) -> list[Record]:
    """Return stream records of generated applications, in the order of storing."""
    chance = random.Random(1)  # noqa: S311  # a simulation, no secret
    board = Board([f"ats-{number}" for number in range(ats_count)], clients=2_000, start=START, days=90)
    versions = sorted(
        (version for number in range(records) for version in board.versions(number, chance)),
        key=lambda version: version[0],
    )
    return [record(number, each) for number, (_, each) in enumerate(versions[:records])]


def of_histories(length: int, applications: int) -> list[Record]:
    """Return a stream record for each of some applications with `length` transitions, an hour apart."""
    found = []
    for number, (_, application) in enumerate(_registered(applications)):
        statuses = [(Status.CONTACT, Status.INTERVIEW)[place % 2] for place in range(length)]
        transitions = [
            Transition(
                channel=Channel.ATSI,
                interpretation=Interpretation(status=status),
                effective_at=START + timedelta(hours=place),
                received_at=START + timedelta(hours=place + 1),
                tiebreaker=str(status.rank),
            )
            for place, status in enumerate(statuses)
        ]
        by_key = {each.key: each for each in transitions}
        full = replace(application, transitions=by_key, head=max(by_key), status=statuses[-1], version=length + 1)
        found.append(record(number, full))
    return found


def _registered(applications: int) -> Iterator[tuple[datetime, Application]]:
    chance = random.Random(1)  # noqa: S311  # a simulation, no secret
    board = Board([f"ats-{number}" for number in range(10)], clients=2_000, start=START, days=90)
    return (next(board.versions(number, chance)) for number in range(applications))


def measured(records: Sequence[Record], batch: int) -> tuple[float, float]:
    """Return the CPU time in microseconds and the DynamoDB calls for each record."""
    best, calls = float("inf"), 0
    for _ in range(ROUNDS):
        table = Ledger()
        handler = make_handler(table, SETTINGS, NOWHERE)  # type: ignore[arg-type]  # a stand-in for DynamoDB
        began = time.process_time()
        for group in batched(records, batch, strict=False):
            handler({"Records": list(group)}, None)
        best, calls = min(best, time.process_time() - began), table.calls
    return best / len(records) * 1e6, calls / len(records)


def show(title: str, lines: Sequence[tuple[int, Sequence[Record], int]]) -> None:
    """Print a table of time and calls for each record, as ratios to the first line."""
    print(f"\n{title:>30}  time/record  calls/record  calls")
    first: tuple[float, float] | None = None
    for number, records, batch in lines:
        found = measured(records, batch)
        first = first or found
        print(f"{number:>30,}  {found[0] / first[0]:>11.2f}  {found[1] / first[1]:>12.3f}  {found[1]:.3f}")
    if first:
        print(f"{'1.00 is':>30}  {first[0]:>8,.0f} us, {1e6 / first[0]:,.0f} records a second on one processor here")


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.analytics")
    parser.add_argument("--short", action="store_true", help="few records, to check that it runs; takes seconds")
    short = parser.parse_args().short
    records, histories = (SHORT_RECORDS, SHORT_HISTORIES) if short else (RECORDS, HISTORIES)
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    logger.setLevel(logging.WARNING)
    ten = of_board(10, records)
    show("records a batch", [(size, ten, size) for size in (1, 10, 100, 1_000)])
    show("transitions a history", [(n, of_histories(n, histories), 100) for n in (1, 4, 16, 64, 256)])
    show("ATSs", [(count, of_board(count, records), 100) for count in (1, 10, 100)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
