"""Storage of files and of how far their imports are, in the Files table.

FileId                      Part    attributes
<FileId>                    file    those of File
<FileId>                    lane#k  those of Lane: how far the k-th lane is, and what became of its rows
<FileId>                    chunks  Chunks S: start, end and first line of each chunk, in JSON
turn#<live|test>#<ats>      -       Holder S: the file of the ATS that is being read or imported
digest#<live|test>#<ats>#<SHA-256>  -  Holder S: the file with these bytes that was imported
day#<ats>#<day>             -       those of intake/daily_limit.py

All rows expire 90 days after the file was created.

A turn or a digest is never given back. It is taken over from a file that has ended without an import, has expired, or
has made no progress for hours, so no failure of a worker keeps an ATS from importing its next file.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, NewType

from application_status.applications.items import expiry
from application_status.intake.daily_limit import DailyLimit
from application_status.platform.dynamodb.client import DynamoDB, Item, pages
from application_status.platform.values import AtsId, from_text, now, to_text

LARGEST_BYTES = 1024**3
"""The largest upload, and the largest file that a compressed upload may expand to."""

FILES_A_DAY = 100
"""How many files an ATS may create per day (UTC)."""

LIFE = timedelta(days=90)
"""How long the state of a file is kept."""

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
        chunk: the number of the chunk that its next row is in.
        row: how many rows of this chunk are done.
        counts: what became of its rows.
        touched_at: when a worker last took or saved it.
        is_finished: whether all its rows are done.
    """

    number: int
    chunk: int
    row: int = 0
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


class Imports:
    """The store of files."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._limit = DailyLimit(dynamodb, table, FILES_A_DAY, "files")

    def create(self, ats_id: AtsId, *, is_test: bool) -> File:
        """Create a file that awaits its upload.

        Raises:
            DailyLimitReached: the ATS has created the maximum number today.
            Unavailable: the store failed.
        """
        self._limit.add(lambda day: _key(f"day#{ats_id}#{day}", "-"))
        moment = now()
        file = File(
            id=FileId(str(uuid.uuid4())),
            ats_id=ats_id,
            is_test=is_test,
            state=State.AWAITING_UPLOAD,
            created_at=moment,
            changed_at=moment,
        )
        self._dynamodb(
            "PutItem",
            TableName=self._table,
            Item={
                **_key(file.id, _FILE),
                "AtsId": {"S": ats_id},
                "Test": {"BOOL": is_test},
                "State": {"S": file.state},
                "CreatedAt": {"S": to_text(moment)},
                "ChangedAt": {"S": to_text(moment)},
                **expiry(moment + LIFE),
            },
        )
        return file

    def read(self, file_id: FileId) -> File | None:
        """Return a file with its lanes, consistently read; None if there is none.

        Raises:
            Unavailable: the store failed.
        """
        request = {
            "TableName": self._table,
            "ConsistentRead": True,
            "KeyConditionExpression": "FileId = :file AND Part BETWEEN :first AND :last",
            "ExpressionAttributeValues": {":file": {"S": file_id}, ":first": {"S": _FILE}, ":last": {"S": _LAST_LANE}},
        }
        found = [item for page in pages(self._dynamodb, "Query", request) for item in page]
        return _file(found[0], found[1:]) if found and found[0]["Part"]["S"] == _FILE else None


_FILE, _LANE, _LAST_LANE = "file", "lane#", "lane#9"


def _key(file_id: str, part: str) -> Item:
    return {"FileId": {"S": file_id}, "Part": {"S": part}}


def _file(item: Item, lanes: Sequence[Item]) -> File:
    def text(name: str) -> str | None:
        return item[name]["S"] if name in item else None

    def number(name: str) -> int | None:
        return int(item[name]["N"]) if name in item else None

    def time(name: str) -> datetime | None:
        return from_text(item[name]["S"]) if name in item else None

    duplicate_of = text("DuplicateOf")
    return File(
        id=FileId(item["FileId"]["S"]),
        ats_id=AtsId(item["AtsId"]["S"]),
        is_test=item["Test"]["BOOL"],
        state=State(item["State"]["S"]),
        created_at=from_text(item["CreatedAt"]["S"]),
        changed_at=from_text(item["ChangedAt"]["S"]),
        uploaded_at=time("UploadedAt"),
        etag=text("ETag"),
        bytes=number("Bytes"),
        sha256=text("Sha256"),
        rows=number("RowsOfFile"),
        encoding=text("Encoding"),
        is_original=item["IsOriginal"]["BOOL"] if "IsOriginal" in item else None,
        ignored_columns=tuple(each["S"] for each in item["IgnoredColumns"]["L"]) if "IgnoredColumns" in item else None,
        importing_since=time("ImportingSince"),
        ended_at=time("EndedAt"),
        reason=text("Reason"),
        duplicate_of=FileId(duplicate_of) if duplicate_of else None,
        refused_rows_listed=number("RefusedRowsListed"),
        lanes=tuple(map(_lane, lanes)),
    )


def _lane(item: Item) -> Lane:
    return Lane(
        number=int(item["Part"]["S"].removeprefix(_LANE)),
        chunk=int(item["Chunk"]["N"]),
        row=int(item["RowOfChunk"]["N"]),
        counts=Counts(*(int(item[name]["N"]) for name in _COUNTED)),
        touched_at=from_text(item["TouchedAt"]["S"]),
        is_finished="FinishedAt" in item,
    )


_COUNTED = tuple(name.capitalize() for name in Counts._fields)
