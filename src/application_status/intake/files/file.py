"""A file and how far its import is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, NewType

from application_status.platform.values import AtsId

_LIST_LIFE = timedelta(days=30)  # as long as the bucket keeps the lists of refused rows

FileId = NewType("FileId", str)
"""The id of a file: a UUID in lower case."""


class State(StrEnum):
    """How far a file is."""

    AWAITING_UPLOAD = "awaiting-upload"
    WAITING = "waiting"
    """It is uploaded, and another file of the ATS is being imported."""
    READING = "reading"
    IMPORTING = "importing"
    COMPLETED = "completed"
    REFUSED = "refused"
    """The upload is not a CSV file that is accepted; nothing was imported."""
    DUPLICATE = "duplicate"
    """Another file of the ATS has the same bytes; nothing was imported."""
    FAILED = "failed"
    """The import ended early; its rows up to there are recorded."""

    @property
    def is_final(self) -> bool:
        """Whether the file has ended."""
        return self in {State.COMPLETED, State.REFUSED, State.DUPLICATE, State.FAILED}


class Counts(NamedTuple):
    """How many rows became what."""

    recorded: int = 0
    unchanged: int = 0
    late: int = 0
    unmapped: int = 0
    refused: int = 0

    @property
    def rows(self) -> int:
        """The number of rows."""
        return sum(self)

    def plus(self, other: "Counts") -> "Counts":
        """Return the sum of both."""
        return Counts(*map(sum, zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """How far a lane is: it imports every n-th chunk, where n is the number of lanes, one after the other.

    Attributes:
        number: from 0.
        chunk, position, line: where its next block begins: the number of the chunk, the position in it in bytes, and
            the number of the line in the file, from 1.
        counts: what became of its rows.
        touched_at: when a worker last began or saved a block.
        is_finished: whether all its rows are done.
    """

    number: int
    chunk: int
    position: int = 0
    line: int
    counts: Counts
    touched_at: datetime
    is_finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file, from its creation to the end of its import. Attributes are None as long as they are unknown.

    Attributes:
        is_test: whether it was created with a test token; its rows are then recorded in the sandbox.
        changed_at: when its state last changed.
        uploaded_at: when its upload was complete, which is the time of receipt of all its rows.
        etag: S3's ETag of the upload.
        bytes: the size of the upload.
        sha256: the digest of the upload, in hexadecimal.
        rows: the number of rows after the header.
        encoding: the name of the character encoding, as Python spells it.
        is_original: whether the rows are read from the upload itself, and not from chunks that were stored from it.
        ignored_columns: the names of columns that are not known.
        importing_since: when the import of the rows began.
        ended_at: when it reached its final state.
        reason: why it is refused or failed.
        duplicate_of: the file with the same bytes.
        refused_rows_listed: how many of the refused rows are in the listing.
        lanes: how far the import is; empty before it begins.
    """

    id: FileId
    ats_id: AtsId
    is_test: bool
    state: State
    created_at: datetime
    changed_at: datetime
    uploaded_at: datetime | None = None
    etag: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    rows: int | None = None
    encoding: str | None = None
    is_original: bool | None = None
    ignored_columns: tuple[str, ...] | None = None
    importing_since: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    duplicate_of: FileId | None = None
    refused_rows_listed: int | None = None
    lanes: tuple[Lane, ...] = ()

    @property
    def kind(self) -> str:
        """Return `live` or `test`."""
        return "test" if self.is_test else "live"

    @property
    def upload_key(self) -> str:
        """The S3 key of the upload."""
        return f"uploads/{self.kind}/{self.ats_id}/{self.id}"

    @property
    def refused_rows_key(self) -> str:
        """The S3 key of the listing of refused rows."""
        return f"refused/{self.id}.csv"

    def has_list(self, at: datetime) -> bool:
        """Return whether the list of refused rows exists at a time; it is written at the end, and deleted later."""
        return bool(self.refused_rows_listed and self.ended_at and at - self.ended_at < _LIST_LIFE)

    @property
    def last_progress(self) -> datetime:
        """When a worker last did something."""
        return max([self.changed_at, *(lane.touched_at for lane in self.lanes)])

    @property
    def counts(self) -> Counts:
        """What became of the rows so far."""
        total = Counts()
        for lane in self.lanes:
            total = total.plus(lane.counts)
        return total

    def rows_per_second(self, at: datetime) -> float | None:
        """Return the number of rows a second since the import began, up to its end or to `at`; None before."""
        if self.importing_since is None:
            return None
        seconds = ((self.ended_at or at) - self.importing_since).total_seconds()
        return self.counts.rows / seconds if seconds > 0 else None

    def estimated_end(self, at: datetime) -> datetime | None:
        """Return when the import is expected to end at its speed so far; None if it is not importing or just began."""
        speed = self.rows_per_second(at)
        if self.state is not State.IMPORTING or self.rows is None or not speed:
            return None
        return at + timedelta(seconds=round((self.rows - self.counts.rows) / speed))
