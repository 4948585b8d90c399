"""Storage of files and of how far their imports are, in the Files table.

FileId                              Part    attributes
<FileId>                            file    those of File
<FileId>                            lane#k  those of Lane, and Attempt S: the worker that is recording its next block
<FileId>                            chunks  Layout and Chunks S: what `scan` found, in JSON
turn#<live|test>#<ats>              -       Holder S: the file of the ATS that is being read or imported
digest#<live|test>#<ats>#<SHA-256>  -       Holder S: the file with these bytes that was imported
day#<live|test>#<ats>#<day>         -       those of intake/daily_limit.py

All rows of a file expire after 90 days.

Each step of a file is one conditional write, so a step that two workers take at the same time happens once. A turn or
a digest is never given back. Another file takes it over from a file that has ended (without an import, if it is a
digest), has expired, or has made no progress for hours. So a worker that dies can't keep an ATS from its next import.
"""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from application_status.applications.items import expiry
from application_status.intake.daily_limit import DailyLimit
from application_status.intake.files.csv_format import Chunk, Layout, Scanned
from application_status.intake.files.file import Counts, File, FileId, Lane, State
from application_status.platform.dynamodb.client import DynamoDB, Item, pages
from application_status.platform.errors import ConditionFailed, ServiceError
from application_status.platform.telemetry import add_metric, logger
from application_status.platform.values import AtsId, from_text, now, to_text

FILES_A_DAY = 100
"""How many files an ATS may create per day (UTC)."""

LIFE = timedelta(days=90)
"""How long the state of a file is kept."""

LANES = 4
"""The maximum number of parts of a file that are imported at the same time."""

_STALLED_AFTER = timedelta(hours=12)
"""After this time without progress, other files of the ATS no longer wait.

Five attempts of a worker take half an hour, and a message may wait in the queue for hours behind those of other ATSs.
"""

_STALLED = (
    "The import made no progress for hours. Its rows up to there are recorded. Send the file again; if it has rows "
    "without a date, export it anew."
)


class Overtaken(ServiceError):
    """Another worker has taken this step, or the file has ended; there is nothing left to do."""


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
        moment = now()
        file = File(
            id=FileId(str(uuid.uuid4())),
            ats_id=ats_id,
            is_test=is_test,
            state=State.AWAITING_UPLOAD,
            created_at=moment,
            changed_at=moment,
        )
        self._limit.add(lambda day: _key(f"day#{file.kind}#{ats_id}#{day}", "-"))
        attributes = _values(AtsId=ats_id, Test=is_test, State=file.state, CreatedAt=moment, ChangedAt=moment)
        self._dynamodb("PutItem", TableName=self._table, Item={**_key(file.id, _FILE), **attributes, **_expiry()})
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
        return _file(found[0], found[1:]) if found else None

    def chunks(self, file_id: FileId) -> tuple[Layout, list[Chunk]]:
        """Return the layout and the chunks of a file that is being imported.

        Raises:
            Unavailable: the store failed.
        """
        reply = self._dynamodb("GetItem", TableName=self._table, Key=_key(file_id, _CHUNKS), ConsistentRead=True)
        layout, chunks = (json.loads(reply["Item"][name]["S"]) for name in ("Layout", "Chunks"))
        return Layout(**layout), [Chunk(number, *each) for number, each in enumerate(chunks)]

    def wait(self, file: File) -> None:
        """Store that an uploaded file waits for another one.

        Raises:
            Unavailable: the store failed.
        """
        attributes = _values(State=State.WAITING, ChangedAt=now())
        try:
            self._update(_key(file.id, _FILE), attributes, _state_is(State.AWAITING_UPLOAD))
        except ConditionFailed:
            return  # it waits already

    def start_reading(self, file: File, *, etag: str, size: int, uploaded_at: datetime) -> File | None:
        """Store that an upload is being read, and return the file; None if another file of the ATS has its turn.

        `size` is in bytes.

        Raises:
            Overtaken: the file is being imported, or has ended.
            Unavailable: the store failed.
        """
        moment = now()
        attributes = _values(State=State.READING, ChangedAt=moment, ETag=etag, Bytes=size, UploadedAt=uploaded_at)
        may_start = _state_is(State.AWAITING_UPLOAD, State.WAITING, State.READING)
        update = {"Update": self._updating(_key(file.id, _FILE), attributes, may_start)}
        if self._take(f"turn#{file.kind}#{file.ats_id}", file, [update], keeps=self._has_its_turn):
            return None
        return replace(file, state=State.READING, changed_at=moment, etag=etag, bytes=size, uploaded_at=uploaded_at)

    def start_importing(self, file: File, scanned: Scanned) -> FileId | None:
        """Store what an upload contains, and that its rows are being imported.

        Return the id of another file with the same bytes that was or is being imported, if there is one; then nothing
        is stored.

        Raises:
            Overtaken: the file is being imported, or has ended.
            Unavailable: the store failed.
        """
        moment = now()
        attributes = _values(
            State=State.IMPORTING,
            ChangedAt=moment,
            ImportingSince=moment,
            Sha256=scanned.sha256,
            RowsOfFile=scanned.rows,
            Encoding=scanned.encoding,
            IsOriginal=scanned.is_original,
            IgnoredColumns=scanned.layout.ignored,
        )
        chunks = _values(
            Layout=json.dumps(scanned.layout._asdict()),
            Chunks=json.dumps([[each.start, each.end, each.line] for each in scanned.chunks]),
        )
        lanes = [
            Lane(number=chunk.number, chunk=chunk.number, line=chunk.line, counts=Counts(), touched_at=moment)
            for chunk in scanned.chunks[:LANES]
        ]
        items = [
            {**_key(file.id, _CHUNKS), **chunks},
            *({**_lane_key(file, lane.number), **_lane_attributes(lane)} for lane in lanes),
        ]
        return self._take(
            f"digest#{file.kind}#{file.ats_id}#{scanned.sha256}",
            file,
            [
                {"Update": self._updating(_key(file.id, _FILE), attributes, _state_is(State.READING))},
                *({"Put": {"TableName": self._table, "Item": {**each, **_expiry()}}} for each in items),
            ],
            keeps=lambda other: other.state in {State.IMPORTING, State.COMPLETED},
        )

    def begin_block(self, file: File, lane: Lane, attempt: str) -> tuple[Lane, bool]:
        """Take over a lane; return how far it is, and whether its next block is in doubt.

        It is in doubt if another attempt has begun it, whether or not that worker is still running. From now on, that
        worker can't save it. `attempt` is unique for each call of a worker. If the reply to this call is lost, its
        repetition finds its own attempt, and not whether there was another one before: it is then in doubt, too.

        Raises:
            Overtaken: the lane has expired.
            Unavailable: the store failed.
        """
        update = self._updating(
            _lane_key(file, lane.number),
            _values(Attempt=attempt, TouchedAt=now()),
            _Condition("attribute_exists(FileId)", {}),
        )
        try:
            old = self._dynamodb("UpdateItem", **update, ReturnValues="ALL_OLD")["Attributes"]
        except ConditionFailed:
            raise Overtaken from None
        return _lane(old), "Attempt" in old

    def save_block(self, file: File, before: Lane, after: Lane, attempt: str, *, goes_on: bool) -> None:
        """Save how far a lane is after a block; if it `goes_on`, the same attempt begins the next block.

        Raises:
            Overtaken: another attempt has begun the same block.
            Unavailable: the store failed.
        """
        attributes = _lane_attributes(after)
        is_as_begun = _Condition(
            "Attempt = :by AND Chunk = :of AND #Position = :at",
            {":by": _value(attempt), ":of": _value(before.chunk), ":at": _value(before.position)},
        )
        removes = () if goes_on else ("Attempt",)
        try:
            self._update(_lane_key(file, after.number), attributes, is_as_begun, removes)
        except ConditionFailed as failed:
            is_saved = failed.item and all(failed.item.get(name) == value for name, value in attributes.items())
            if not (failed.in_doubt and is_saved):
                raise Overtaken from None

    def end(self, file: File) -> None:
        """Store the final state of a file, and what comes with it, unless it has ended before; count and log it.

        Raises:
            Unavailable: the store failed.
        """
        moment = now()
        optional = {
            "Reason": file.reason,
            "DuplicateOf": file.duplicate_of,
            "RefusedRowsListed": file.refused_rows_listed,
        }
        known = {name: value for name, value in optional.items() if value is not None}
        attributes = _values(State=file.state, ChangedAt=moment, EndedAt=moment, **known)
        try:
            self._update(_key(file.id, _FILE), attributes, _state_is(*(each for each in State if not each.is_final)))
        except ConditionFailed:
            return
        if metric := _METRICS.get(file.state):
            add_metric(metric)
        seconds = (moment - (file.importing_since or file.uploaded_at or file.created_at)).total_seconds()
        counts = file.counts._asdict()
        logger.info("file ended", file=file.id, ats=file.ats_id, state=file.state, seconds=seconds, **counts)

    def _has_its_turn(self, other: File) -> bool:
        """Return whether a file is being read or imported; end it if it has made no progress for hours."""
        if other.state not in {State.READING, State.IMPORTING}:
            return False
        if now() - other.last_progress < _STALLED_AFTER:
            return True
        self.end(replace(other, state=State.FAILED, reason=_STALLED))
        return False

    def _take(self, what: str, file: File, actions: Sequence[Item], keeps: Callable[[File], bool]) -> FileId | None:
        """Make a file the holder of a turn or a digest, in one transaction with other actions.

        Return the other file that holds it, and `keeps` it; then nothing is written.

        Raises:
            Overtaken: the condition of another action did not hold.
        """
        holder = file.id
        while True:
            put = {
                "TableName": self._table,
                "Item": {**_key(what, "-"), "Holder": {"S": file.id}, **_expiry()},
                "ConditionExpression": "attribute_not_exists(FileId) OR Holder = :holder",
                "ExpressionAttributeValues": {":holder": {"S": holder}},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
            try:
                self._dynamodb("TransactWriteItems", TransactItems=[{"Put": put}, *actions])
            except ConditionFailed as failed:
                if failed.item is None:
                    raise Overtaken from None
                holder = FileId(failed.item["Holder"]["S"])
                other = self.read(holder)
                if other and keeps(other):
                    return holder
            else:
                return None

    def _update(self, key: Item, attributes: Item, condition: "_Condition", removes: Sequence[str] = ()) -> None:
        self._dynamodb(
            "UpdateItem",
            **self._updating(key, attributes, condition, removes),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    def _updating(
        self, key: Item, attributes: Item, condition: "_Condition", removes: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return the parameters of an UpdateItem request."""
        sets = ", ".join(f"#{name} = :{name}" for name in attributes)
        return {
            "TableName": self._table,
            "Key": key,
            "ConditionExpression": condition.text,
            "UpdateExpression": f"SET {sets} REMOVE {', '.join(removes)}" if removes else f"SET {sets}",
            "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
            "ExpressionAttributeValues": {
                **{f":{name}": value for name, value in attributes.items()},
                **condition.values,
            },
        }


_CHUNKS, _FILE, _LANE, _LAST_LANE = "chunks", "file", "lane#", "lane#9"
_METRICS = {State.COMPLETED: "FilesImported", State.REFUSED: "FilesRefused", State.FAILED: "FilesFailed"}
_COUNTED = tuple(name.capitalize() for name in Counts._fields)


class _Condition(NamedTuple):
    text: str
    values: Item


def _state_is(*states: State) -> _Condition:
    """Return the condition of an update that sets State."""
    values = {f":is{place}": _value(state) for place, state in enumerate(states)}
    return _Condition(f"#State IN ({', '.join(values)})", values)


def _key(file_id: str, part: str) -> Item:
    return {"FileId": {"S": file_id}, "Part": {"S": part}}


def _lane_key(file: File, number: int) -> Item:
    return _key(file.id, f"{_LANE}{number}")


def _values(**values: Any) -> dict[str, Item]:
    return {name: _value(value) for name, value in values.items()}


def _value(value: str | int | datetime | Sequence[str]) -> Item:
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": str(value)}
        case datetime():
            return {"S": to_text(value)}
        case _:
            return {"L": [{"S": each} for each in value]}


def _expiry() -> Item:
    return expiry(now() + LIFE)


def _lane_attributes(lane: Lane) -> dict[str, Item]:
    counts = dict(zip(_COUNTED, lane.counts, strict=True))
    return _values(
        Chunk=lane.chunk,
        Position=lane.position,
        Line=lane.line,
        TouchedAt=lane.touched_at,
        IsFinished=lane.is_finished,
        **counts,
    )


def _lane(item: Item) -> Lane:
    return Lane(
        number=int(item["Part"]["S"].removeprefix(_LANE)),
        chunk=int(item["Chunk"]["N"]),
        position=int(item["Position"]["N"]),
        line=int(item["Line"]["N"]),
        counts=Counts(*(int(item[name]["N"]) for name in _COUNTED)),
        touched_at=from_text(item["TouchedAt"]["S"]),
        is_finished=item["IsFinished"]["BOOL"],
    )


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
