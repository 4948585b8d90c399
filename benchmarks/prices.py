"""What a million reports cost, sent singly, in batches or in a file: `python -m benchmarks.prices`.

It combines what the other benchmarks measured (bytes of log lines) and assumed (durations) with AWS's prices in
us-east-1, the first price step, without free tiers and taxes: docs/performance.md has both with their sources. The
functions with a snapshot, and their memory, are those of template.yaml.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor

from application_status.intake.files.imports import LANES
from application_status.intake.files.lanes import BLOCK_ROWS, SLICE_SECONDS
from application_status.local.template import read_template

MILLION = 1_000_000
SECONDS_A_MONTH = 365 * 86_400 / 12

GATEWAY_REQUEST = 3.50e-6
LAMBDA_REQUEST = 0.20e-6
LAMBDA_GB_SECOND = 0.0000133334
SNAPSHOT_GB_SECOND = 0.0000015046
RESTORED_GB = 0.0001397998
WRITE_UNIT = 0.625e-6
LOGGED_BYTE = 0.50e-9
S3_WRITE, S3_READ, S3_BYTE_MONTH = 5e-6, 0.4e-6, 0.023e-9
QUEUE_REQUEST = 0.4e-6

ONE_PROCESSOR_GB = 1769 / 1024
STARTS = 1 / 1000
"""The share of requests whose function starts first."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request with so many reports: the seconds and GB of its function, the writes for limits, the logged bytes."""

    reports: int
    seconds: float
    gigabytes: float
    limit_writes: int
    logged_bytes: int

    def prices(self) -> list[float]:
        """Return the price of a million reports, by row of the table."""
        requests = MILLION / self.reports
        return [
            requests * GATEWAY_REQUEST,
            requests * LAMBDA_REQUEST,
            requests * self.seconds * self.gigabytes * LAMBDA_GB_SECOND,
            requests * STARTS * self.gigabytes * RESTORED_GB,
            MILLION * WRITE_UNIT,
            requests * self.limit_writes * WRITE_UNIT,
            requests * self.logged_bytes * LOGGED_BYTE,
            0.0,
        ]


REQUESTS = (
    Request(1, 0.010, 0.5, 1, 869),
    Request(10, 0.015, ONE_PROCESSOR_GB, 2, 1_442),
    Request(25, 0.025, ONE_PROCESSOR_GB, 2, 2_357),
    Request(100, 0.050, ONE_PROCESSOR_GB, 2, 6_934),
)


@dataclass(frozen=True, slots=True)
class File:
    """A file of so many rows, which are imported at `rows_per_second`; `row_bytes` is the size of a row.

    In each block, some row is refused.
    """

    rows: int
    rows_per_second: int = 1000
    row_bytes: int = 71
    block_logged_bytes: int = 600

    @property
    def seconds(self) -> float:
        """How long the import takes."""
        return self.rows / self.rows_per_second

    def prices(self) -> list[float]:
        """Return the price of the file, by row of the table."""
        blocks, size = ceil(self.rows / BLOCK_ROWS), self.rows * self.row_bytes
        slices = LANES * ceil(self.seconds / SLICE_SECONDS)
        reads, stored_months = slices + size / (4 * 1024**2), 7 / 30
        return [
            GATEWAY_REQUEST,
            slices * LAMBDA_REQUEST,
            LANES * self.seconds * ONE_PROCESSOR_GB * LAMBDA_GB_SECOND,
            0.0,
            self.rows * WRITE_UNIT,
            (blocks + slices) * WRITE_UNIT,
            blocks * self.block_logged_bytes * LOGGED_BYTE,
            blocks * S3_WRITE + reads * S3_READ + size * stored_months * S3_BYTE_MONTH + 3 * slices * QUEUE_REQUEST,
        ]


_ROWS = (
    "gateway",
    "Lambda: requests",
    "Lambda: time, arm64",
    "Lambda: restored snapshots",
    "DynamoDB: writes of reports",
    "DynamoDB: writes for limits, or for the file's progress",
    "logs and metrics",
    "S3 and SQS",
)


def ways() -> str:
    """Return the table of a million reports in each way, in Markdown."""
    columns = [each.prices() for each in (*REQUESTS, File(MILLION))]
    names = ["singly", *(f"in batches of {each.reports}" for each in REQUESTS[1:]), "in a file"]
    rows = [[name, *map(_dollars, prices)] for name, prices in zip(_ROWS, zip(*columns, strict=True), strict=True)]
    total = ["**sum**", *(f"**{_dollars(sum(map(_cents, prices)))}**" for prices in columns)]
    return _table(["for a million reports", *names], [*rows, total])


def growth() -> str:
    """Return the table of files of several sizes, in Markdown."""
    files = [File(10_000), File(MILLION), File(15 * MILLION)]
    rows = [
        [
            f"{file.rows:,}",
            f"{file.rows * file.row_bytes / 1e6:,.1f} MB",
            _duration(file.seconds),
            f"{ceil(file.rows / BLOCK_ROWS):,}",
            _dollars(sum(file.prices())),
            _dollars(file.rows * WRITE_UNIT),
        ]
        for file in files
    ]
    return _table(["rows", "size", "time", "blocks", "price", "of which writes of reports"], rows)


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Functions with the same memory, in MB, and whether they have a snapshot."""

    functions: tuple[str, ...]
    megabytes: int
    has_one: bool

    @property
    def month(self) -> float:
        """The price of keeping the snapshot of one of them for a month."""
        return self.megabytes / 1024 * SNAPSHOT_GB_SECOND * SECONDS_A_MONTH

    @property
    def sum(self) -> float:
        """The price of keeping the snapshots of all of them for a month."""
        return len(self.functions) * self.month


def groups() -> list[Snapshots]:
    """Return the template's functions, those with a snapshot first."""
    content = read_template()
    general = content["Globals"]["Function"]["MemorySize"]
    found: dict[tuple[bool, int], list[str]] = {}
    for name, resource in content["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            key = ("SnapStart" in properties, properties.get("MemorySize", general))
            found.setdefault(key, []).append(name.removesuffix("Function"))
    ordered = sorted(found.items(), key=lambda each: (not each[0][0], each[0][1]))
    return [Snapshots(tuple(sorted(names)), megabytes, has_one) for (has_one, megabytes), names in ordered]


def kept() -> float:
    """Return the price of keeping all snapshots for a month."""
    return sum(each.sum for each in groups() if each.has_one)


def snapshots() -> str:
    """Return the table of snapshots, in Markdown."""
    rows = []
    for each in groups():
        restored = _dollars(1000 * each.megabytes / 1024 * RESTORED_GB)
        prices = (
            [_dollars(each.month), restored] if each.has_one else [f"none, which saves {_dollars(each.sum)}", "none"]
        )
        rows.append([f"{', '.join(each.functions)}: each", f"{each.megabytes:,} MB", *prices])
    number = sum(len(each.functions) for each in groups() if each.has_one)
    total = [f"**sum of the {number} snapshots**", "", f"**{_dollars(kept())}**", ""]
    return _table(["function", "memory", "kept for a month", "1,000 starts"], [*rows, total])


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _dollars(amount: float) -> str:
    """Return an amount in dollars and cents; a dash for what is less than half a cent."""
    return f"${_cents(amount):,.2f}" if _cents(amount) else "-"


def _cents(amount: float) -> float:
    """Round to cents, and half a cent up."""
    return floor(amount * 100 + 0.5) / 100


def _duration(seconds: float) -> str:
    for unit, of in (("hours", 3600), ("minutes", 60)):
        if seconds >= of:
            return f"{seconds / of:.1f} {unit}"
    return f"{seconds:.0f} s"


if __name__ == "__main__":
    print(f"{ways()}\n\n{growth()}\n\n{snapshots()}")
