"""Imports the rows of a file, in lanes that run at the same time, each in slices of about ten seconds.

A lane reads blocks of rows. It records a block's reports side by side, writes the refused rows to S3, and saves how far
it is, with the counts, in one conditional write. So a worker that dies at any moment repeats one block:

- Reports are recorded once, by the conditional write of `Applications.record`.
- A block that an earlier worker began is in doubt. Its rows count as what that worker's reports became, because the
  results can be told from the table. Only a row that repeats one of another block may then count as recorded, and not
  as unchanged.
- The refused rows of a block are one object, which the repetition replaces.

Of two workers with the same lane, only the one that began the block last can save it; the other one stops.

One file can't delay another ATS: it has at most LANES messages in the queue, each lane returns to the end of the queue
after its slice, and an ATS has only one file at a time. Nor can it delay live reports: its speed is limited, and it
pauses if the store is throttled.

Model: tests/promises/models/files.pml
"""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched, islice
from tempfile import SpooledTemporaryFile
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.access.tokens import Environments
from application_status.applications.record import Applications, Recorded
from application_status.applications.rules.application import ReportResult
from application_status.applications.rules.report import Report
from application_status.intake.files.csv_format import Chunk, Layout, Row, rows
from application_status.intake.files.file import Counts, File, FileId, Lane, State
from application_status.intake.files.imports import Imports
from application_status.intake.files.refused import HEADER, Refused, refused_rows
from application_status.intake.files.rows import RefusedRow, RowReader
from application_status.intake.side_by_side import record_each
from application_status.labels.overrides import OverrideLookup
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.dynamodb.client import side_by_side
from application_status.platform.errors import UnknownApplication
from application_status.platform.outages import is_outage
from application_status.platform.s3 import Bucket
from application_status.platform.sqs import Queue
from application_status.platform.telemetry import add_metric, log_unexpected, logger, results_fields
from application_status.platform.values import now

BLOCK_ROWS = 500
SLICE_SECONDS = 10.0
LISTED_ROWS = 100_000
"""How many refused rows are listed at least, if there are so many and they are read in time."""

_LISTING_SECONDS = 150.0  # a slice and the listing must end before the worker's deadline

_UNEXPECTED = "This row could not be recorded for a reason that is not in the row. Send it again later."
_READ_BYTES = 1024**2
_MEMORY_BYTES = 8 * 1024**2
_PARTS_AT_ONCE = 16
_CSV = "text/csv; charset=utf-8"


class Pace(NamedTuple):
    """How fast a file is imported.

    Attributes:
        rows_per_second: the limit for all lanes of a file together.
        slice_seconds: after this time, a lane makes way for other files.
        block_rows: the maximum number of rows that are recorded and saved together.
        clock: returns seconds and never goes backwards.
        sleep: waits for a number of seconds.
    """

    rows_per_second: int
    slice_seconds: float = SLICE_SECONDS
    block_rows: int = BLOCK_ROWS
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def seconds(self, rows: int, lanes: int) -> float:
        """Return how long a lane takes for rows at least, if the file has so many lanes."""
        return rows / self.rows_per_second * lanes

    def rows(self, lanes: int) -> int:
        """Return the number of rows of a block: at a low speed, those of a slice."""
        return max(1, min(self.block_rows, int(self.slice_seconds / self.seconds(1, lanes))))


class Block(NamedTuple):
    """Rows that are recorded together, and where the lane is before and after them, without their counts."""

    rows: Sequence[Row]
    before: Lane
    after: Lane


class Results(NamedTuple):
    """What became of the rows of a block: how many had each result, and the refused ones in their order.

    `folded` is how many reports were removed from full histories.
    """

    counts: Mapping[str, int]
    refused: Sequence[Refused]
    folded: int


@dataclass(frozen=True, slots=True)
class Lanes:
    """Imports the rows of files.

    Attributes:
        zone: the time zone of days without a time.
        pace: how fast files are imported.
    """

    imports: Imports
    bucket: Bucket
    queue: Queue
    applications: Environments[Applications]
    overrides: OverrideLookup
    zone: ZoneInfo
    pace: Pace

    def start(self, file: File) -> None:
        """Send the message of each lane that is not finished; complete the file if all are.

        Raises:
            Unavailable: the store, S3 or SQS failed.
        """
        unfinished = [lane for lane in file.lanes if not lane.is_finished]
        for lane in unfinished:
            self._send(file, lane)
        if not unfinished:
            self._complete(file.id)

    def run(self, file: File, lane: Lane) -> None:
        """Import a lane of a file for a slice, and send the message for the next one, or complete the file.

        Raises:
            Overtaken: another worker has this lane.
            ObjectMissing: the upload was deleted.
            ObjectChanged: the upload was replaced.
            Unavailable: the store, S3 or SQS failed.
        """
        if lane.is_finished or self._slice(file, lane):
            self._complete(file.id)
        else:
            self._send(file, lane)

    def _send(self, file: File, lane: Lane) -> None:
        self.queue.send({"FileId": file.id, "Lane": lane.number})

    def _slice(self, file: File, lane: Lane) -> bool:
        """Import a lane for some time; return whether it is finished."""
        attempt = str(uuid.uuid4())
        lane, in_doubt = self.imports.begin_block(file, lane, attempt)
        layout, chunks = self.imports.chunks(file.id)
        reader = self._reader(file, layout)
        clock, began, done = self.pace.clock, self.pace.clock(), 0
        for block in self._blocks(file, layout, chunks, lane):
            results = self._record(file, reader, block.rows, in_doubt=in_doubt)
            if (results.refused or in_doubt) and lane.counts.refused < LISTED_ROWS:
                part = refused_rows(results.refused, layout)  # it replaces that of an earlier attempt
                self.bucket.put(_part_key(file, block.before), part, _CSV)
            done += len(block.rows)
            self._wait(self.pace.seconds(done, len(file.lanes)) - (clock() - began))
            after = replace(block.after, counts=lane.counts.plus(_counts(results)), touched_at=now())
            goes_on = not after.is_finished and clock() - began < self.pace.slice_seconds
            self.imports.save_block(file, lane, after, attempt, goes_on=goes_on)
            _log_block(file, block, results)
            lane, in_doubt = after, False
            if not goes_on:
                break
        return lane.is_finished

    def _reader(self, file: File, layout: Layout) -> RowReader:
        received_at = file.uploaded_at or file.created_at
        overrides = self.overrides.of(file.ats_id)
        return RowReader(layout, file.ats_id, received_at, self.zone, Vocabulary.load(), overrides)

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self.pace.sleep(seconds)

    def _blocks(self, file: File, layout: Layout, chunks: Sequence[Chunk], lane: Lane) -> Iterator[Block]:
        """Yield the blocks of a lane from where it is; the last one of a chunk may be empty."""
        most = self.pace.rows(len(file.lanes))
        while not lane.is_finished:
            content = self._content(file, chunks[lane.chunk], lane.position)
            found = rows(content, lane.line, layout, file.encoding or "")
            start = lane.position
            is_last_of_chunk = False
            while not is_last_of_chunk:
                block = list(islice(found, most))
                is_last_of_chunk = len(block) < most
                if is_last_of_chunk:
                    after = _next_chunk(lane, chunks, len(file.lanes))
                else:
                    after = replace(lane, position=start + block[-1].end, line=block[-1].next_line)
                yield Block(block, lane, after)
                lane = after

    def _content(self, file: File, chunk: Chunk, position: int) -> Iterator[bytes]:
        """Yield the rest of a chunk, in parts that are read at once, because S3 closes connections that wait."""
        key, etag = (file.upload_key, file.etag) if file.is_original else (expanded_key(file, chunk.number), None)
        for start in range(chunk.start + position, chunk.end, _READ_BYTES):
            end = min(start + _READ_BYTES, chunk.end)
            yield b"".join(self.bucket.read(key, start, end, etag=etag))

    def _record(self, file: File, reader: RowReader, block: Sequence[Row], *, in_doubt: bool) -> Results:
        """Record the reports of a block.

        Raises:
            Unavailable: the store failed; some of the reports may be recorded.
        """
        refused: dict[int, Refused] = {}
        counts = Counter[str]()
        given: list[_Given] = []
        seen = set[tuple[str, str]]()
        folded = 0
        for place, row in enumerate(block):
            try:
                report = reader.report(row)
            except RefusedRow as error:
                refused[place] = Refused(row, str(error))
                counts["invalid-fields"] += 1
            else:
                given.append(_Given(place, report, in_doubt and _is_first(report, seen)))
        for one, result in zip(given, self._recorded(file, given), strict=True):
            if isinstance(result, Recorded):
                counts[result.result] += 1
                folded += result.folded
            elif isinstance(result, UnknownApplication):
                refused[one.place] = Refused(block[one.place], f"Unknown application: {result}")
                counts["unknown-application"] += 1
            elif is_outage(result):
                raise result
            else:
                log_unexpected(result)
                refused[one.place] = Refused(block[one.place], _UNEXPECTED)
                counts["unexpected"] += 1
        return Results(counts, [refused[place] for place in sorted(refused)], folded)

    def _recorded(self, file: File, given: Sequence["_Given"]) -> list[Recorded | Exception]:
        """Record reports side by side; none is begun after an outage."""
        applications = self.applications.sandbox if file.is_test else self.applications.live
        outages: list[Exception] = []

        def record(one: _Given) -> Recorded | Exception:
            if outages:
                return outages[0]
            try:
                return applications.record(one.report, in_doubt=one.in_doubt)
            except Exception as error:  # noqa: BLE001  # no error of one application may stop the others
                if is_outage(error):
                    outages.append(error)
                return error

        return record_each(given, lambda one: one.report.application_id, lambda one: one.report.effective_at, record)

    def _complete(self, file_id: FileId) -> None:
        """Complete a file if all its lanes are finished: write the listing of refused rows, and the final state."""
        file = self.imports.read(file_id)
        if file is None or file.state is not State.IMPORTING or not all(lane.is_finished for lane in file.lanes):
            return
        listed = self._list_refused(file) if file.counts.refused else None
        self.imports.end(replace(file, state=State.COMPLETED, refused_rows_listed=listed))

    def _list_refused(self, file: File) -> int:
        """Join the refused rows of the blocks in one object, as many as there is time for; return their number."""
        listed, until = 0, self.pace.clock() + _LISTING_SECONDS
        with SpooledTemporaryFile(_MEMORY_BYTES) as listing:
            listing.write(HEADER)
            for keys in batched(self.bucket.keys(_parts_prefix(file)), _PARTS_AT_ONCE, strict=False):
                for part in side_by_side([partial(self._part, key) for key in keys]):
                    listing.write(part)
                    listed += part.count(b"\n")  # a row is one line
                if listed >= LISTED_ROWS or self.pace.clock() > until:
                    break
            self.bucket.put(file.refused_rows_key, listing, _CSV)
        return listed

    def _part(self, key: str) -> bytes:
        return b"".join(self.bucket.read(key))


class _Given(NamedTuple):
    place: int
    report: Report
    in_doubt: bool


def _is_first(report: Report, seen: set[tuple[str, str]]) -> bool:
    """Return whether a block has no earlier row with the same transition."""
    identity = (report.application_id, report.transition().key)
    is_first = identity not in seen
    seen.add(identity)
    return is_first


def _next_chunk(lane: Lane, chunks: Sequence[Chunk], lanes: int) -> Lane:
    number = lane.chunk + lanes
    if number < len(chunks):
        return replace(lane, chunk=number, position=0, line=chunks[number].line)
    return replace(lane, is_finished=True)


def _counts(results: Results) -> Counts:
    return Counts(
        **{result.value: results.counts.get(result, 0) for result in ReportResult}, refused=len(results.refused)
    )


def _log_block(file: File, block: Block, results: Results) -> None:
    """Log and count what became of the rows of a block, in one line."""
    if not block.rows:
        return
    for result in ReportResult:
        if results.counts.get(result):
            add_metric(result.capitalize(), results.counts[result])
    if results.refused:
        add_metric("RowsRefused", len(results.refused))
    if results.folded:
        add_metric("Folded", results.folded)
    where = {"file": file.id, "line": block.before.line, "rows": len(block.rows)}
    logger.info("rows imported", extra={**results_fields(results.counts), **where})


def expanded_key(file: File, chunk: int) -> str:
    """Return the S3 key of a chunk that was stored because the upload is compressed or in UTF-16."""
    return f"expanded/{file.id}/{chunk}"


def _parts_prefix(file: File) -> str:
    return f"refused/{file.id}/"


def _part_key(file: File, begin: Lane) -> str:
    """Return the S3 key of a block's refused rows; keys are in the order of the file."""
    return f"{_parts_prefix(file)}{begin.chunk:06}-{begin.position:012}.csv"
