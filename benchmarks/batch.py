"""Measures batches of reports beside single reports, under Lambda's runtime (`make bench-bulk`).

The webhook and the batch function of `make build-host` run at the same time, over one store that answers each call
after 5 ms. Each round measures batches of all sizes, and 100 single reports. All reports are of different
applications. CPU time is the minimum over the rounds, with the middle half of the rounds' own ratios in brackets; wall
time is the median, in round trips of the store as measured in the same run.
"""

import argparse
import json
import os
import select
import socket
import statistics
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlsplit

from benchmarks import stub
from benchmarks.container import Container, running
from benchmarks.contender import EVENT, OURS, ROOT, Contender

STORE_SECONDS = 0.005
SIZES = (1, 10, 25, 100)
ROUNDS, SHORT_ROUNDS = 15, 2
SINGLES, BATCHES = 100, 4

BATCH = Contender("batches", ROOT / ".aws-sam/host/BatchFunction", "application_status.functions.batch.lambda_handler")

_PATH = "/api/application-status/batch"
_CALL = b"POST / HTTP/1.1\r\nx-amz-target: DynamoDB_20120810.GetItem\r\ncontent-length: 2\r\n\r\n{}"


@dataclass(slots=True)
class Samples:
    """CPU time of each round for one report, and wall time of each call, in seconds."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def add(self, container: Container, events: Sequence[Any], reports: int) -> None:
        """Send events one after the other, which have so many reports together."""
        before = container.cpu_seconds()
        self.wall += [container.call(event) for event in events]
        self.cpu.append((container.cpu_seconds() - before) / reports)


def batch_event(size: int) -> dict[str, Any]:
    """Return an event with reports of so many applications."""
    reports = [{"AtsiApplicationId": str(uuid.uuid4()), "Status": "INTERVIEW"} for _ in range(size)]
    of_path = {"resource": _PATH, "path": _PATH, "body": json.dumps({"Reports": reports})}
    return {**EVENT, **of_path, "requestContext": {**EVENT["requestContext"], "path": f"/v1{_PATH}"}}


def store_seconds(tables: str, calls: int) -> float:
    """Return the median time in which the store alone answers so many calls at the same time."""
    url = urlsplit(tables)
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection((str(url.hostname), url.port or 0))) for _ in range(calls)
        ]
        return statistics.median(_answered(connections) for _ in range(20))


def _answered(connections: Sequence[socket.socket]) -> float:
    began = time.perf_counter()
    for each in connections:
        each.sendall(_CALL)
    waiting = set(connections)
    while waiting:
        for each in select.select(list(waiting), [], [])[0]:
            each.recv(65536)
            waiting.remove(each)
    return time.perf_counter() - began


def logged_bytes(tables: str, size: int) -> int:
    """Return how many bytes a batch adds to the logs, including Lambda's own lines; on Lambda these differ slightly."""
    with TemporaryFile() as logs, running(BATCH, tables, logs) as many:
        sizes = []
        for _ in range(2):  # the first start adds lines of its own
            many.call(batch_event(size))
            sizes.append(os.fstat(logs.fileno()).st_size)
    return sizes[1] - sizes[0]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.batch")
    parser.add_argument("--short", action="store_true", help="two rounds, to check that it runs; takes seconds")
    rounds = SHORT_ROUNDS if parser.parse_args().short else ROUNDS
    single, batches = Samples(), {size: Samples() for size in SIZES}
    events = {size: [batch_event(size)] * BATCHES for size in SIZES}
    with stub.running(STORE_SECONDS) as tables, running(OURS, tables) as webhook, running(BATCH, tables) as many:
        webhook.call(EVENT)
        many.call(batch_event(max(SIZES)))
        for _ in range(rounds):
            single.add(webhook, [EVENT] * SINGLES, SINGLES)
            for size, samples in batches.items():
                samples.add(many, events[size], BATCHES * size)
        round_trip, at_once = (store_seconds(tables, calls) for calls in (1, max(SIZES)))
        logged = {size: logged_bytes(tables, size) for size in SIZES}
    print("| reports a request | CPU of a report | wall time of the request, in round trips | in ms | logged bytes |")
    print("|---|---|---|---|---|")
    print(f"| 1, single | {_cells(single, single, round_trip)} | |")
    for size, samples in batches.items():
        print(f"| {size} | {_cells(samples, single, round_trip)} | {logged[size]:,} |")
    print(
        f"1.00 is {min(single.cpu) * 1e6:.0f} us; a round trip is {round_trip * 1e3:.1f} ms; the store alone answers "
        f"{max(SIZES)} calls at the same time in {at_once * 1e3:.1f} ms"
    )
    return 0


def _cells(samples: Samples, single: Samples, round_trip: float) -> str:
    """Return the ratio of the minima, with the quartiles of the rounds' own ratios, and the wall time."""
    shares = [mine / theirs for mine, theirs in zip(samples.cpu, single.cpu, strict=True)]
    low, _, high = statistics.quantiles(shares, n=4)
    wall = statistics.median(samples.wall)
    share = f"{min(samples.cpu) / min(single.cpu):.2f} ({low:.2f}-{high:.2f})"
    return f"{share} | {wall / round_trip:.1f} | {wall * 1e3:.1f}"


if __name__ == "__main__":
    sys.exit(main())
