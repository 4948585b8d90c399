"""The requests of an ATS about its files: create one, which awaits its upload, and ask what became of one.

files        the Lambda handler of both paths
CreatedFile  the reply to the first
FileStatus   the reply to the second
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, NotRequired, TypedDict, cast

from pydantic import Field

from application_status.access.tokens import TokenLookup, calling_ats
from application_status.applications.rules.report import Channel
from application_status.intake.files.file import File, FileId, State
from application_status.intake.files.imports import Imports
from application_status.intake.files.upload import MAX_BYTES
from application_status.platform.errors import (
    BodyTooLarge,
    MalformedBody,
    UnknownFile,
    UnknownPath,
    UnsupportedMediaType,
)
from application_status.platform.http.body import json_object
from application_status.platform.http.endpoint import LambdaHandler, Reply, Request, endpoint, reply
from application_status.platform.s3 import Bucket
from application_status.platform.telemetry import logger, set_caller
from application_status.platform.values import DateTimeText, application_id, now, to_text

FILES_PATH = "/api/application-status/files"
FILE_PATH = f"{FILES_PATH}/{{FileId}}"

UPLOAD_TIME = timedelta(hours=1)
"""How long a file can be uploaded after it was created."""

_NO_FILE_HERE = "Or send this request without a body, and then upload the file with the form in the reply."
_DOWNLOAD_TIME = timedelta(hours=1)
_BODY_LIMIT_BYTES = 8 * 1024

type _Count = Annotated[int, Field(ge=0)]


class CreatedFile(TypedDict):
    """A new file, and where to upload it; ask for its state at the URL in the header `Location`."""

    FileId: FileId
    UploadUrl: str
    """Send the file to this URL, by POST, as `multipart/form-data`."""
    UploadFields: Mapping[str, str]
    """The fields of the form, which come before the field `file`."""
    ExpiresAt: DateTimeText
    """Until when the upload can begin."""
    MaxBytes: int
    """The largest size of the upload, and of what a compressed upload contains."""
    RequestId: str
    IgnoredFields: NotRequired[Sequence[str]]
    """Unrecognised fields."""


class FileStatus(TypedDict):
    """How far a file is, and what became of its rows; what is not known yet, or does not apply, is missing."""

    FileId: FileId
    State: State
    """awaiting-upload: no upload was noticed yet; waiting: for another of your files; reading: rows are counted;
    importing: rows are recorded; completed; refused: it is not a CSV file that is accepted, see Reason; duplicate: you
    sent the same bytes before, see DuplicateOf; failed: the import ended early, see Reason.
    """
    CreatedAt: DateTimeText
    UploadedAt: NotRequired[DateTimeText]
    """When the upload was complete, which is the time of receipt of all rows."""
    Bytes: NotRequired[_Count]
    """The size of the upload."""
    Rows: NotRequired[_Count]
    """The number of rows after the header."""
    RowsRead: NotRequired[_Count]
    """How many rows were processed; the sum of the five counts that follow."""
    Recorded: NotRequired[_Count]
    Unchanged: NotRequired[_Count]
    """Rows that were known already."""
    Late: NotRequired[_Count]
    """Rows that are older than the application's status; they were added to its history."""
    Unmapped: NotRequired[_Count]
    """Rows without a status, whose label is unmapped; they were added to the history."""
    Refused: NotRequired[_Count]
    """Rows that were not recorded, see RefusedRows."""
    RowsPerSecond: NotRequired[_Count]
    EstimatedEnd: NotRequired[DateTimeText]
    IgnoredColumns: NotRequired[Sequence[str]]
    """Unrecognised columns."""
    Reason: NotRequired[str]
    """Why the file is refused or failed."""
    DuplicateOf: NotRequired[FileId]
    """The file with the same bytes, which was imported."""
    RefusedRows: NotRequired[str]
    """The URL of a CSV file with the refused rows, their line numbers and reasons. It works for an hour. The list is
    kept for 30 days.
    """
    RefusedRowsListed: NotRequired[_Count]
    """How many of the refused rows are in this file."""
    RequestId: str


def files(tokens: TokenLookup, imports: Imports, bucket: Bucket) -> LambdaHandler:
    """Return the handler of `POST /api/application-status/files` and `GET /api/application-status/files/{FileId}`."""

    @endpoint
    def answer(request: Request) -> Reply:
        if request.resource == FILES_PATH:
            return _create(request, tokens, imports, bucket)
        if request.resource == FILE_PATH:
            return _status(request, tokens, imports, bucket)
        raise UnknownPath

    return answer


def _create(request: Request, tokens: TokenLookup, imports: Imports, bucket: Bucket) -> Reply:
    """Create a file.

    Raises:
        DailyLimitReached: the ATS has created the maximum number today.
    """
    request.require_method("POST")
    ats = calling_ats(request, tokens)
    set_caller(ats.id, Channel.FILE)
    tokens.limit(ats)
    ignored = _fields(request)
    file = imports.create(ats.id, is_test=ats.in_sandbox)
    form = bucket.presigned_post(file.upload_key, MAX_BYTES, UPLOAD_TIME)
    logger.info("file created", file=file.id, ats=ats.id)
    body: CreatedFile = {
        "FileId": file.id,
        "UploadUrl": form.url,
        "UploadFields": form.fields,
        "ExpiresAt": to_text(file.created_at + UPLOAD_TIME),
        "MaxBytes": MAX_BYTES,
        "RequestId": request.request_id,
    }
    if ignored:
        body["IgnoredFields"] = ignored
    return reply(201, body, Location=f"{request.prefix}{FILES_PATH}/{file.id}")


def _fields(request: Request) -> tuple[str, ...]:
    """Return the names of the body's fields, none of which is known; there may be no body.

    Raises:
        BodyTooLarge, MalformedBody, UnsupportedMediaType: the body is no accepted JSON object, perhaps the file itself.
    """
    if not request.encoded_body:
        return ()
    try:
        return tuple(json_object(request, _BODY_LIMIT_BYTES))
    except (BodyTooLarge, MalformedBody, UnsupportedMediaType) as error:
        raise type(error)(f"{error} {_NO_FILE_HERE}") from None


def _status(request: Request, tokens: TokenLookup, imports: Imports, bucket: Bucket) -> Reply:
    """Answer how far a file is.

    Raises:
        UnknownFile: the file does not exist, belongs to another ATS, or was created with a token of the other kind.
    """
    request.require_method("GET")
    ats = calling_ats(request, tokens)
    tokens.limit(ats)
    file = imports.own(_file_id(request), ats.id, is_test=ats.in_sandbox)
    if file is None:
        raise UnknownFile
    return reply(200, _view(file, bucket, request.request_id, now()))


def _file_id(request: Request) -> FileId:
    """Return the FileId in the path, in its canonical form.

    Raises:
        UnknownFile: it is not a UUID.
    """
    try:
        return FileId(application_id(request.path_parameters.get("FileId", "")))
    except ValueError:
        raise UnknownFile from None


def _view(file: File, bucket: Bucket, request_id: str, at: datetime) -> FileStatus:
    """Return a file in the form that its ATS may see."""
    counts = file.counts if file.importing_since else None
    speed, end = file.rows_per_second(at), file.estimated_end(at)
    listed = file.refused_rows_listed if file.has_list(at) else None
    found = {
        "FileId": file.id,
        "State": file.state,
        "CreatedAt": to_text(file.created_at),
        "UploadedAt": to_text(file.uploaded_at) if file.uploaded_at else None,
        "Bytes": file.bytes,
        "Rows": file.rows,
        "RowsRead": counts.rows if counts else None,
        **({name.capitalize(): amount for name, amount in counts._asdict().items()} if counts else {}),
        "RowsPerSecond": None if speed is None else round(speed),
        "EstimatedEnd": to_text(end) if end else None,
        "IgnoredColumns": file.ignored_columns or None,
        "Reason": file.reason,
        "DuplicateOf": file.duplicate_of,
        "RefusedRows": _download(file, bucket) if listed else None,
        "RefusedRowsListed": listed,
        "RequestId": request_id,
    }
    return cast("FileStatus", {name: value for name, value in found.items() if value is not None})


def _download(file: File, bucket: Bucket) -> str:
    return bucket.presigned_get(file.refused_rows_key, f"refused-rows-{file.id}.csv", _DOWNLOAD_TIME)
