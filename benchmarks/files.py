"""Measures the import of files: memory and speed of a worker (`make bench-bulk`).

The worker is the import function in a process of its own, with its real clients of DynamoDB and no limit of its speed.
A stand-in for the store answers each call with a recorded report; the file, the queue and the Files table are in
stand-ins without HTTP. The worker receives the notification of an upload, and then all messages that it sends itself.

The plain way is a loop over the rows with Python's csv module, and a call of the webhook's handler for each row, in a
process of its own too. Both record the same rows. Rows a second include everything from the notification on, which for
the worker is also the first reading of the file.
"""

import argparse
import csv
import json
import os
import re
import statistics
import sys
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks import stub
from benchmarks.contender import EVENT, OURS

SIZES = (10_000, 100_000, 1_000_000)
STORE_SECONDS = (0.005, 0.0)

_HEADER = "atsiApplicationId,rawStatus,status,businessDate"
_STAGES = (
    ("CONTACT", "Phone screen"),
    ("PRE_INTERVIEW", "Assessment"),
    ("INTERVIEW", "Onsite interview"),
    ("REJECTED", "Not a fit"),
    ("OFFER", '"Offer, sent"'),
)
_FILE_ID, _ATS_ID = str(uuid.UUID(int=1)), "demo-ats"
_KEY = f"uploads/live/{_ATS_ID}/{_FILE_ID}"
_CREATED = {
    "FileId": {"S": _FILE_ID},
    "Part": {"S": "file"},
    "AtsId": {"S": _ATS_ID},
    "Test": {"BOOL": False},
    "State": {"S": "awaiting-upload"},
    "CreatedAt": {"S": "2026-11-27T00:00:00.000Z"},
    "ChangedAt": {"S": "2026-11-27T00:00:00.000Z"},
}
_ASSIGNMENT = re.compile(r"#(\w+) = (:\w+)")


class Imported(NamedTuple):
    """The rows that were recorded, the seconds of wall and CPU time, and the peak memory of the process in bytes."""

    rows: int
    wall: float
    cpu: float
    peak_bytes: int


def write_file(path: Path, rows: int) -> None:
    """Write a file with reports of different applications."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{_HEADER}\r\n")
        for number in range(rows):
            status, label = _STAGES[number % len(_STAGES)]
            of, minute = uuid.UUID(int=number), number % 60
            file.write(f"{of},{label},{status},2026-11-{1 + number % 25:02}T09:{minute:02}:00Z\r\n")


class FilesTable:
    """The Files table, for one worker: each write is done, since its condition always holds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.items: dict[tuple[str, str], dict[str, Any]] = {(_FILE_ID, "file"): dict(_CREATED)}

    def __call__(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a call after the store's time."""
        time.sleep(self._seconds)
        match operation:
            case "Query":
                parts = sorted(part for _, part in self.items if part == "file" or part.startswith("lane#"))
                return {"Items": [self.items[_FILE_ID, part] for part in parts]}
            case "GetItem":
                return {"Item": self.items[_place(request["Key"])]}
            case "UpdateItem":
                return {"Attributes": self._update(request)}
            case "TransactWriteItems":
                for action in request["TransactItems"]:
                    if "Put" in action:
                        self.items[_place(action["Put"]["Item"])] = action["Put"]["Item"]
                    else:
                        self._update(action["Update"])
                return {}
        raise NotImplementedError(operation)

    def _update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        old = self.items[_place(request["Key"])]
        sets, _, removes = request["UpdateExpression"].partition(" REMOVE ")
        names, values = request["ExpressionAttributeNames"], request["ExpressionAttributeValues"]
        written = {names[f"#{name}"]: values[value] for name, value in _ASSIGNMENT.findall(sets)}
        kept = {name: value for name, value in old.items() if name not in removes.split(", ")}
        self.items[_place(request["Key"])] = {**kept, **written}
        return old


def _place(key: Mapping[str, Any]) -> tuple[str, str]:
    return key["FileId"]["S"], key["Part"]["S"]


class Objects:
    """A client of S3 whose only upload is a file on this machine; it forgets what is written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get_object(self, *, Range: str = "bytes=0-", **_: Any) -> dict[str, Any]:  # noqa: N803  # botocore's name
        """Return a range of the file."""
        start, end = Range.removeprefix("bytes=").split("-")
        return {"Body": _Body(self._path, int(start), int(end or self._path.stat().st_size - 1) + 1)}

    def put_object(self, **_: Any) -> dict[str, Any]:
        """Write nothing."""
        return {}

    def list_objects_v2(self, **_: Any) -> dict[str, Any]:
        """Return that there are no objects."""
        return {}


class _Body(NamedTuple):
    path: Path
    start: int
    end: int

    def iter_chunks(self, size: int) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(self.start)
            while file.tell() < self.end:
                yield file.read(min(size, self.end - file.tell()))

    def close(self) -> None:
        pass


class Messages:
    """A client of SQS that keeps the messages for this process."""

    def __init__(self) -> None:
        self.waiting = deque[str]()

    def send_message(self, *, MessageBody: str, **_: Any) -> None:  # noqa: N803  # botocore's name
        """Keep a message."""
        self.waiting.append(MessageBody)


def import_file(path: Path, tables: str, seconds: float) -> Imported:
    """Import a file with the import function, in this process."""
    os.environ |= {
        **OURS.environment(tables),
        "FILES_TABLE": "FilesTable",
        "FILES_BUCKET": "FilesBucket",
        "FILES_QUEUE": "https://queue",
        "FILE_ROWS_PER_SECOND": "1000",
        "REPORTING_TIME_ZONE": "Europe/Berlin",
    }
    from application_status.functions import file_import  # noqa: PLC0415  # it reads the environment
    from application_status.intake.files.lanes import Pace  # noqa: PLC0415
    from application_status.platform.dynamodb.wire import connect_many  # noqa: PLC0415
    from application_status.platform.settings import read  # noqa: PLC0415

    files, store = FilesTable(seconds), connect_many()

    def dynamodb(operation: str, **request: Any) -> dict[str, Any]:
        is_of_files = "TransactItems" in request or request["TableName"] == "FilesTable"
        return files(operation, request) if is_of_files else store(operation, **request)

    settings = read(file_import.FileImportSettings, os.environ)
    queue = Messages()
    unlimited = Pace(rows_per_second=10**9)
    handler = file_import.make_handler(dynamodb, Objects(path), queue, settings, unlimited)  # type: ignore[arg-type]
    queue.waiting.append(json.dumps({"Records": [_notification(path)]}))
    with _silent(), _measuring() as measured:
        while queue.waiting:
            received = {"body": queue.waiting.popleft(), "attributes": {"ApproximateReceiveCount": "1"}}
            handler({"Records": [received]}, None)
    file = files.items[_FILE_ID, "file"]
    if file["State"]["S"] != "completed":
        raise RuntimeError(f"the file was not imported: {file}")
    lanes = [item for (_, part), item in files.items.items() if part.startswith("lane#")]
    return measured(sum(int(lane["Recorded"]["N"]) for lane in lanes))


def _notification(path: Path) -> dict[str, Any]:
    uploaded = {"key": _KEY, "size": path.stat().st_size, "eTag": "0" * 32}
    return {"eventTime": "2026-11-27T00:01:00.000Z", "s3": {"object": uploaded}}


def send_rows(path: Path, tables: str, rows: int) -> Imported:
    """Call the webhook's handler for each of the first rows of a file, in this process."""
    os.environ |= OURS.environment(tables)
    from application_status.functions import webhook  # noqa: PLC0415  # it reads the environment

    done = 0
    with _silent(), _measuring() as measured, path.open(encoding="utf-8", newline="") as file:
        for row in islice(csv.DictReader(file), rows):
            body = {
                "AtsiApplicationId": row["atsiApplicationId"],
                "Status": row["status"],
                "RawStatus": row["rawStatus"],
                "BusinessDate": row["businessDate"],
            }
            reply = webhook.lambda_handler({**EVENT, "body": json.dumps(body)}, None)
            done += json.loads(reply["body"])["Result"] == "recorded"
    return measured(done)


@contextmanager
def _measuring() -> Iterator[Callable[[int], Imported]]:
    """Measure the block; call what it yields with the number of rows afterwards."""
    wall, cpu = time.perf_counter(), time.process_time()

    def measured(rows: int) -> Imported:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        peak = int(status.partition("VmHWM:")[2].split()[0]) * 1024
        return Imported(rows, took[0], took[1], peak)

    took: list[float] = []
    yield measured
    took += [time.perf_counter() - wall, time.process_time() - cpu]


@contextmanager
def _silent() -> Iterator[None]:
    """Discard the log lines and metrics, which Lambda would take from the standard output."""
    out = os.dup(1)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(out, 1)
            os.close(out)


def alone(job: Callable[[], Imported]) -> Imported:
    """Do a job in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(job).result()


def show_memory(folder: Path, sizes: Sequence[int]) -> None:
    """Print the peak memory of a worker for files of several sizes."""
    print("| rows of the file | peak memory | rows a second | CPU of a row |")
    print("|---|---|---|---|")
    with stub.running() as tables:
        for rows in sizes:
            path = folder / f"{rows}.csv"
            write_file(path, rows)
            found = alone(partial(import_file, path, tables, 0.0))
            if found.rows != rows:
                raise RuntimeError(f"{found.rows} of {rows} rows were recorded")
            speed, cpu = found.rows / found.wall, found.cpu / found.rows * 1e6
            print(f"| {rows:,} | {found.peak_bytes / 1e6:.0f} MB | {speed:,.0f} | {cpu:.0f} us |", flush=True)
            path.unlink()


def show_speed(folder: Path, rows: int, plain_rows: int, rounds: int) -> None:
    """Print rows a second of the worker and of the plain way, which gets the first rows only."""
    path = folder / "speed.csv"
    write_file(path, rows)
    print("\n| store's time | worker: rows a second | plain | ratio | worker: CPU of a row | plain | ratio |")
    print("|---|---|---|---|---|---|---|")
    for seconds in STORE_SECONDS:
        workers, plain = list[Imported](), list[Imported]()
        with stub.running(seconds) as tables:
            for _ in range(rounds):
                workers.append(alone(partial(import_file, path, tables, seconds)))
                plain.append(alone(partial(send_rows, path, tables, plain_rows)))
        if (workers[0].rows, plain[0].rows) != (rows, plain_rows):
            raise RuntimeError("not all rows were recorded")
        speeds, plain_speeds = ([each.rows / each.wall for each in side] for side in (workers, plain))
        ratios = sorted(mine / theirs for mine, theirs in zip(speeds, plain_speeds, strict=True))
        cpu, plain_cpu = (min(each.cpu / each.rows for each in side) * 1e6 for side in (workers, plain))
        cells = [f"{seconds * 1e3:.0f} ms", *(f"{statistics.median(each):,.0f}" for each in (speeds, plain_speeds))]
        cells += [f"{statistics.median(ratios):.1f} ({ratios[0]:.1f}-{ratios[-1]:.1f})"]
        cells += [f"{cpu:.0f} us", f"{plain_cpu:.0f} us", f"{cpu / plain_cpu:.2f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.files")
    parser.add_argument("--short", action="store_true", help="10,000 rows, to check that it runs; takes seconds")
    short = parser.parse_args().short
    with TemporaryDirectory() as folder:
        show_memory(Path(folder), SIZES[:1] if short else SIZES)
        if short:
            show_speed(Path(folder), rows=2_000, plain_rows=200, rounds=1)
        else:
            show_speed(Path(folder), rows=30_000, plain_rows=3_000, rounds=3)
    return 0


if __name__ == "__main__":
    sys.exit(main())
