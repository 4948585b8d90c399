"""The handler of the messages about files: reads uploads, and imports their rows.

There are two kinds of messages, in one queue:

- S3's notification that a file was uploaded. The upload is read once, what it contains is stored, and a message is sent
  for each of its lanes.
- The message of a lane, whose rows are imported for about ten seconds (see lanes.py).

A message may be received twice, or again because its worker died, so each step can be repeated. During an outage, a
message is sent again with a delay, any number of times. If the worker of a message dies several times, the file fails.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from application_status.applications.rules.report import Channel
from application_status.intake.files.csv_format import scan
from application_status.intake.files.file import File, FileId, State
from application_status.intake.files.imports import LANES, Overtaken
from application_status.intake.files.lanes import Lanes, expanded_key
from application_status.intake.files.upload import MAX_BYTES, RefusedFile
from application_status.platform.deadlines import deadline
from application_status.platform.errors import Unavailable
from application_status.platform.s3 import ObjectChanged, ObjectMissing
from application_status.platform.telemetry import (
    begin,
    enter_sandbox,
    error_fields,
    flush,
    hiding_error_messages,
    logger,
    set_caller,
)
from application_status.platform.values import from_text, instant

_SECONDS = 280.0
_READING_SECONDS = 200.0
_MOST_RECEIVES = 4
_TURN_DELAY_SECONDS, _OUTAGE_DELAY_SECONDS = 30, 60
_UPLOAD_KEY = re.compile(r"uploads/.+/([0-9a-f-]{36})")
_SMALLEST_CHUNK_BYTES, _LARGEST_CHUNK_BYTES = 256 * 1024, 4 * 1024**2

_TOO_LARGE = f"The file has more than {MAX_BYTES} bytes. Divide it, or compress it with gzip."
_TOO_SLOW = "It took more than three minutes to read the file. Send it again as new files, in several parts."
_REPLACED = "The upload was replaced while it was imported. Create a new file for each upload; send this one again."
_DELETED = "The upload was deleted before all of it was imported. Send it again as a new file."
_DIED = (
    "The import ended several times because of a fault in this service. Its rows up to there are recorded. Send the "
    "file again; if it has rows without a date, export it anew."
)

type QueueHandler = Callable[[Any, Any], None]
"""A Lambda handler of queue messages, which raises an error if a message must be received again."""


def file_import(lanes: Lanes) -> QueueHandler:
    """Return the handler of the messages about files.

    It raises an error for what it does not expect. SQS then delivers the message again, a few times.
    """
    worker = _Worker(lanes)

    def lambda_handler(event: Any, context: Any) -> None:
        for record in event["Records"]:
            begin(getattr(context, "aws_request_id", None))
            try:
                with hiding_error_messages():
                    receives = int(record["attributes"]["ApproximateReceiveCount"])
                    worker.receive(json.loads(record["body"]), receives)
            finally:
                flush()

    return lambda_handler


class StoredObject(NamedTuple):
    """An object, as S3's notification describes it: its key, size in bytes, ETag, and when it was complete."""

    key: str
    size: int
    etag: str
    at: datetime


def stored_object(notification: Mapping[str, Any]) -> StoredObject:
    """Read a record of a notification.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    found, at = notification["s3"]["object"], instant(from_text(notification["eventTime"]))
    return StoredObject(unquote_plus(found["key"]), int(found["size"]), found["eTag"], at)


class _Worker:
    def __init__(self, lanes: Lanes) -> None:
        self._imports = lanes.imports
        self._bucket = lanes.bucket
        self._queue = lanes.queue
        self._lanes = lanes

    def receive(self, message: Mapping[str, Any], receives: int) -> None:
        """Process a message that was received so many times."""
        try:
            with deadline(_SECONDS):
                if "Lane" in message:
                    self._import_lane(message, receives)
                for notification in message.get("Records", ()):  # the test that S3 sends first has none
                    self._read_upload(notification, receives)
        except Overtaken:
            logger.info("overtaken")
        except Unavailable as error:
            logger.warning("unavailable", extra=error_fields(error))
            self._queue.send(message, _OUTAGE_DELAY_SECONDS)

    def _import_lane(self, message: Mapping[str, Any], receives: int) -> None:
        file = self._imports.read(FileId(message["FileId"]))
        if file is None or file.state is not State.IMPORTING:
            logger.info("file has ended", file=message["FileId"])
            return
        self._process(file, receives, lambda: self._lanes.run(file, file.lanes[message["Lane"]]))

    def _read_upload(self, notification: Mapping[str, Any], receives: int) -> None:
        found = stored_object(notification)
        match = _UPLOAD_KEY.fullmatch(found.key)
        file = self._imports.read(FileId(match[1])) if match else None
        if file is None or file.upload_key != found.key:
            logger.warning("unknown upload")
        elif file.state.is_final or (file.uploaded_at and found.at < file.uploaded_at):
            logger.info("upload ignored", file=file.id, state=file.state)
        else:
            self._process(file, receives, lambda: self._read(file, found, notification))

    def _process(self, file: File, receives: int, step: Callable[[], None]) -> None:
        """Do a step of a file; the file fails if the step can never succeed."""
        set_caller(file.ats_id, Channel.FILE)
        if file.is_test:
            enter_sandbox()
        if receives > _MOST_RECEIVES:
            self._imports.end(replace(file, state=State.FAILED, reason=_DIED))
            return
        try:
            step()
        except ObjectMissing:
            self._imports.end(replace(file, state=State.FAILED, reason=_DELETED))
        except ObjectChanged:
            self._imports.end(replace(file, state=State.FAILED, reason=_REPLACED))

    def _read(self, file: File, found: StoredObject, notification: Mapping[str, Any]) -> None:
        """Read an upload, and send the messages of its lanes.

        Raises:
            ObjectChanged: another upload has replaced it.
            ObjectMissing: it was deleted.
            Overtaken: the file has ended.
            Unavailable: the store, S3 or SQS failed.
        """
        if file.etag not in (None, found.etag):
            raise ObjectChanged
        if file.state is State.IMPORTING:
            if found.at == file.uploaded_at:  # its worker may have died before it sent the messages
                self._lanes.start(file)
            return
        if found.size > MAX_BYTES:
            self._imports.end(replace(file, state=State.REFUSED, reason=_TOO_LARGE))
            return
        reading = self._imports.start_reading(file, etag=found.etag, size=found.size, uploaded_at=found.at)
        if reading is None:
            self._imports.wait(file)
            self._queue.send({"Records": [notification]}, _TURN_DELAY_SECONDS)
            return
        try:
            scanned = scan(
                self._in_time(self._bucket.read(found.key, etag=found.etag)),
                _chunk_bytes(found.size),
                lambda number, content: self._bucket.put(expanded_key(file, number), content, "text/csv"),
            )
        except RefusedFile as error:
            self._imports.end(replace(reading, state=State.REFUSED, reason=str(error)))
            return
        try:
            duplicate_of = self._imports.start_importing(reading, scanned)
        except Overtaken:
            duplicate_of = None  # it is being imported: by another worker, or by this one, whose reply was lost
        if duplicate_of:
            self._imports.end(replace(reading, state=State.DUPLICATE, duplicate_of=duplicate_of))
        elif (started := self._imports.read(file.id)) and started.state is State.IMPORTING:
            self._lanes.start(started)

    def _in_time(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass an upload on.

        Raises:
            RefusedFile: it takes so long that a worker could never read all of it.
        """
        clock = self._lanes.pace.clock
        until = clock() + _READING_SECONDS
        for block in blocks:
            if clock() > until:
                raise RefusedFile(_TOO_SLOW)
            yield block


def _chunk_bytes(size: int) -> int:
    """Return the size of chunks: small enough for each lane to have some, and large enough that there are not many."""
    return min(max(-(-size // LANES), _SMALLEST_CHUNK_BYTES), _LARGEST_CHUNK_BYTES)
