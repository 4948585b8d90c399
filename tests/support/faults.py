"""Faults between the service and DynamoDB, before and after the commit, on a clock that does not wait."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain, repeat
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto.moto_api._internal.models import moto_api_backend

from application_status.local.tables import TableServer
from application_status.local.template import Template
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB, NoReply
from application_status.platform.dynamodb.wire import HttpReply, Wire

MOTO_SERVERS: set[str] = set()
"""The addresses of moto's servers in this process."""


class _NoTables(Template):
    def tables(self) -> Iterator[dict[str, Any]]:
        yield from ()

    def kms_keys(self) -> list[str]:
        return []


@contextmanager
def table_server() -> Iterator[TableServer]:
    """Run a moto server without tables; moto's patch of botocore would commit even after a fault."""
    server = TableServer(_NoTables(), "127.0.0.1", 0)
    MOTO_SERVERS.add(server.url)
    try:
        boto3.client("dynamodb", endpoint_url=server.url).list_tables()  # moto takes long over its first request
        yield server
    finally:
        MOTO_SERVERS.remove(server.url)
        server.stop()


def fresh_client(server: TableServer) -> Any:
    """Empty the server; return a client with the service's time-outs and without botocore's retries."""
    moto_api_backend.reset()
    return boto.client(endpoint_url=server.url)


@dataclass
class Clock:
    """A replacement for the module `time` in `deadlines`."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class ErrorReply:
    """DynamoDB refuses a request before it has any effect; `reasons` are those of a cancelled transaction."""

    code: str
    status: int = 400
    reasons: tuple[str, ...] = ()

    def response(self, url: str) -> AWSResponse:
        body = {"__type": f"com.amazonaws.dynamodb.v20120810#{self.code}", "message": "Geheimnis"}
        reasons = {"CancellationReasons": [{"Code": code} for code in self.reasons]} if self.reasons else {}
        return self.raw(url, json.dumps(body | reasons).encode())

    def raw(self, url: str, body: bytes) -> AWSResponse:
        headers: Any = {"Content-Type": "application/x-amz-json-1.0"}
        return AWSResponse(url, self.status, headers, _Raw(body))


@dataclass(frozen=True)
class HtmlReply(ErrorReply):
    """A proxy on the way replies, and not in JSON."""

    def response(self, url: str) -> AWSResponse:
        return self.raw(url, b"<html>Bad Gateway</html>")


class _Raw(BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


THROTTLED = ErrorReply("ThrottlingException")
CONFLICT = ErrorReply("TransactionCanceledException", reasons=("None", "TransactionConflict"))
MIXED = ErrorReply("TransactionCanceledException", reasons=("ConditionalCheckFailed", "TransactionConflict"))
NO_CONNECTION = ConnectTimeoutError(endpoint_url="http://dynamodb")
LOST_REPLY = ReadTimeoutError(endpoint_url="http://dynamodb")
PASS = None
WRITES = frozenset({"BatchWriteItem", "PutItem", "TransactWriteItems", "UpdateItem"})

type Fault = ErrorReply | Exception | None


@dataclass
class Faults:
    """A plan of faults for the next HTTP requests of a World's clients; later requests have none."""

    client: Any
    clock: Clock
    wire: Wire | None = None
    calls: list[str] = field(default_factory=list)
    _plan: Iterator[Fault] = field(default_factory=lambda: iter(()))
    _lost: bool = False

    def __post_init__(self) -> None:
        self.client.meta.events.register("before-send.dynamodb", self._before)
        session = self.client._endpoint.http_session  # noqa: SLF001  # the only place between the commit and the reply
        self._send, session.send = session.send, self._after
        if self.wire:
            self._post = self.wire.connection.post
            self.wire.connection.post = self._posted  # type: ignore[method-assign]

    def plan(self, *faults: Fault, then: Iterable[Fault] = repeat(PASS)) -> None:
        """Plan a fault for each request from now on, and forget the requests so far."""
        self._plan = chain(faults, then)
        self.calls.clear()

    def _before(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        self.calls.append(event_name.rpartition(".")[2])
        fault = next(self._plan, PASS)
        self._lost = fault is LOST_REPLY
        if isinstance(fault, ErrorReply):
            self.clock.now += 0.01
            return fault.response(request.url if request else "")
        if fault is not None and not self._lost:
            self.clock.now += 0.5
            raise fault
        return None

    def _posted(self, headers: Mapping[str, str], body: bytes) -> HttpReply:
        """Send a request of the deployed transport, or meet the fault."""
        operation = headers["x-amz-target"].rpartition(".")[2]
        try:
            reply = self._before(None, operation)
        except ConnectTimeoutError as error:
            raise NoReply from error
        if reply:
            return HttpReply(reply.status_code, {}, reply.content)
        found = self._post(headers, body)
        if self._lost:
            self.clock.now += 1.5
            raise NoReply from LOST_REPLY
        return found

    def _after(self, request: Any) -> Any:
        response = self._send(request)
        if self._lost:
            self.clock.now += 1.5
            raise LOST_REPLY
        return response


class SteppedDynamoDB(DynamoDB):
    """The real client, with an action before one of its calls."""

    def __init__(self, client: Any) -> None:
        super().__init__(transport(client))
        self.plan(0, lambda: None)

    def plan(self, call: int, step: Callable[[], object], *, writes_alone: bool = False) -> None:
        """Plan an action before the nth call, or write, from now on, counted from 1; 0 means never."""
        self.calls, self.at, self.step, self.writes_alone = 0, call, step, writes_alone

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        self.calls += operation in WRITES or not self.writes_alone
        if self.calls == self.at:
            self.at = 0
            self.step()
        return super().__call__(operation, **request)
