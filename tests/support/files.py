"""Files over the real handler, with S3 and SQS in memory, and messages delivered as Lambda does."""

import json
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field
from io import BytesIO
from threading import Lock
from typing import Any
from urllib.parse import quote_plus

from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from botocore.response import StreamingBody

from application_status.functions.file_import import FileImportSettings, make_handler
from application_status.intake.files.file import File, FileId
from application_status.intake.files.imports import Imports
from application_status.intake.files.lanes import Pace
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import AtsId, now, to_text
from support.faults import Clock
from support.world import ATS, BERLIN, World

BUCKET, QUEUE = "FilesBucket", "https://sqs.test/FilesQueue"
_MOST_RECEIVES = 5


class S3InMemory:
    """A client of S3 with one bucket; an object's ETag is a digest of its content."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put_object(self, **request: Any) -> dict[str, Any]:
        body = request["Body"]
        self.objects[request["Key"]] = body if isinstance(body, bytes) else body.read()
        return {}

    def get_object(self, **request: Any) -> dict[str, Any]:
        content = self.objects.get(request["Key"])
        if content is None:
            raise _error("NoSuchKey", 404)
        if request.get("IfMatch", etag(content)).strip('"') != etag(content):
            raise _error("PreconditionFailed", 412)
        if "Range" in request:
            start, _, last = request["Range"].removeprefix("bytes=").partition("-")
            content = content[int(start) : int(last) + 1 if last else None]
        return {"Body": StreamingBody(BytesIO(content), len(content))}

    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        keys = sorted(key for key in self.objects if key.startswith(request["Prefix"]))
        page = [key for key in keys if key > request.get("ContinuationToken", "")][:2]
        more = {"NextContinuationToken": page[-1]} if page and page[-1] != keys[-1] else {}
        return {"Contents": [{"Key": key} for key in page], **more}


class SqsInMemory:
    """A client of SQS with one queue; `sent` has the messages and their delays in seconds, in order."""

    def __init__(self) -> None:
        self.sent: deque[tuple[str, int]] = deque()

    def send_message(self, **request: Any) -> dict[str, Any]:
        self.sent.append((request["MessageBody"], request["DelaySeconds"]))
        return {}


def _error(code: str, status: int) -> ClientError:
    reply: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(reply, "")


def etag(content: bytes) -> str:
    """Return the ETag of an object, as S3 writes it in a notification."""
    return f"{zlib.crc32(content):x}"


def notification(key: str, content: bytes, tag: str | None = None) -> dict[str, Any]:
    """Return the message that S3 sends for an upload.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    entity = {"key": quote_plus(key, safe="/"), "size": len(content), "eTag": tag or etag(content)}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Post", "eventTime": to_text(now())}
    return {"Records": [record | {"s3": {"object": entity}}]}


class Killed(BaseException):
    """A worker that is gone in the middle of a call."""


@dataclass
class Steps:
    """The calls of a worker to all services while it `runs`, counted from 1; some of them have a fault.

    Attributes:
        at: the call with the fault, 0 for none.
        every: the number of calls between further ones with the fault, 0 for none.
        fault: what happens at this call, before or after its effect. A worker that was killed makes no more calls.
        lasts: whether all later calls until `revive` have the fault, too.
        action: what another worker does before this call; its calls are no steps of this one.
        lock: of the services, which make one call at a time.
    """

    at: int = 0
    every: int = 0
    fault: BaseException | None = None
    is_after: bool = False
    lasts: bool = False
    action: Callable[[], object] = lambda: None
    runs: bool = False
    calls: int = 0
    lock: Lock = field(default_factory=Lock)
    _is_dead: bool = False

    def of(self, client: Any) -> Any:
        """Return a client whose calls are steps."""
        return _Stepped(client, self)

    def call(self, method: Callable[..., Any], request: Any) -> Any:
        with self.lock:
            self.calls += self.runs
            is_hit = self.runs and (self.calls == self.at or bool(self.every and self.calls % self.every == 0))
            is_failing = self.fault is not None and (is_hit or self._is_dead)
            self._is_dead = is_failing and (self._is_dead or self.lasts or isinstance(self.fault, Killed))
        if is_hit:
            self.action()
        with self.lock:
            result = None if is_failing and not (is_hit and self.is_after) else method(**request)
        if is_failing and self.fault:
            raise self.fault
        return result

    def revive(self) -> None:
        """Let calls pass again."""
        self._is_dead = False


class _Stepped:
    def __init__(self, client: Any, steps: Steps) -> None:
        self.client = client
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.client, name)
        return lambda **request: self._steps.call(method, request)


LOST_REPLY = ReadTimeoutError(endpoint_url="https://aws.test")
NO_CONNECTION = ConnectTimeoutError(endpoint_url="https://aws.test")


class Station:
    """The import of files over a World; it delivers the messages of the queue, the oldest first, whatever their delay.

    `dead_letters` are the messages that failed five times.
    """

    def __init__(self, world: World, steps: Steps | None = None, **pace: Any) -> None:
        """Make a worker over a World; `pace` are changes of the Pace, which has a clock that does not wait."""
        self.world = world
        self.s3, self.sqs = S3InMemory(), SqsInMemory()
        self.steps = steps or Steps()
        self.clock = Clock()
        self.pace = Pace(1_000_000, clock=self.clock.monotonic, sleep=self.clock.sleep)._replace(**pace)
        self.imports = Imports(world.dynamodb, "FilesTable")
        self.dead_letters: list[str] = []
        self.start(world.under_role("FileImportFunction"))

    def start(self, dynamodb: DynamoDB) -> None:
        """Start the worker, as a new container would."""
        s3, sqs = self.steps.of(self.s3), self.steps.of(self.sqs)
        self.handler = make_handler(dynamodb, s3, sqs, settings(self.world), self.pace)

    def another(self, dynamodb: DynamoDB) -> "Station":
        """Return another worker over the same bucket and queue, whose calls are no steps of this one."""
        other = copy(self)
        other.steps = Steps()
        other.start(dynamodb)
        return other

    def create(self, ats_id: AtsId = ATS, *, is_test: bool = False) -> File:
        """Create a file that awaits its upload."""
        return self.imports.create(ats_id, is_test=is_test)

    def upload(self, file: File, content: bytes) -> None:
        """Upload a file, and send S3's message."""
        self.s3.objects[file.upload_key] = content
        self.sqs.send_message(MessageBody=json.dumps(notification(file.upload_key, content)), DelaySeconds=0)

    def deliver(self, body: str, receives: int = 1) -> None:
        """Deliver a message once."""
        record = {"messageId": "m", "body": body, "attributes": {"ApproximateReceiveCount": str(receives)}}
        self.handler({"Records": [record]}, None)

    def deliver_next(self) -> None:
        """Deliver the oldest message until it succeeds, or until it is given up."""
        body, _ = self.sqs.sent.popleft()
        for receives in range(1, _MOST_RECEIVES + 1):
            try:
                self.deliver(body, receives)
            except (RuntimeError, Killed):
                self.steps.revive()
            else:
                self.steps.revive()
                return
        self.dead_letters.append(body)

    def deliver_all(self, most: int = 1000) -> None:
        """Deliver messages until none is left."""
        while self.sqs.sent:
            self.deliver_next()
            most -= 1
            assert most, "messages without an end"

    def imported(self, content: bytes, ats_id: AtsId = ATS, *, is_test: bool = False) -> File:
        """Create a file, upload it, deliver all messages, and return it as it is then."""
        file = self.create(ats_id, is_test=is_test)
        self.upload(file, content)
        self.deliver_all()
        return self.read(file.id)

    def read(self, file_id: FileId) -> File:
        """Return a file."""
        found = self.imports.read(file_id)
        assert found
        return found

    def refused(self, file: File) -> list[str]:
        """Return the lines of the listing of refused rows, without the header."""
        return self.s3.objects[file.refused_rows_key].decode("utf-8-sig").splitlines()[1:]


def settings(world: World) -> FileImportSettings:
    """Return the settings of the import."""
    return FileImportSettings(
        "FilesTable",
        BUCKET,
        QUEUE,
        "TokensTable",
        "ApplicationsTable",
        "SandboxApplicationsTable",
        world.unknown,
        BERLIN,
        1_000_000,
    )


def csv(*rows: str, header: str = "atsiApplicationId,rawStatus,status,businessDate") -> bytes:
    """Return a file with these rows."""
    return "".join(f"{row}\n" for row in (header, *rows)).encode()


def small_chunks(size: int) -> Iterator[tuple[str, int]]:
    """Yield the constants of the worker that make chunks of a file at least this small, in bytes."""
    yield "application_status.intake.files.worker._SMALLEST_CHUNK_BYTES", size
    yield "application_status.intake.files.worker._LARGEST_CHUNK_BYTES", size
