"""An HTTP proxy between a transport and the tables, with faults before or after the commit."""

import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from enum import Enum, auto
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER without time: closing sends RST
_NOT_REPLIES = {
    "EMPTY_AFTER": b"",
    "HTML_AFTER": b"<html>Welcome</html>",
    "NULL_AFTER": b"null",
    "LIST_AFTER": b"[]",
    "TEXT_AFTER": b'"OK"',
    "DEEP_AFTER": b"[" * 200_000,
    "NOT_UTF8_AFTER": b'{"Item": {"KeyId": {"S": "\xff"}}}',
    "NO_MEMBERS_AFTER": b"{}",
}
_LONGER_THAN_A_CONNECTION, _LONGER_THAN_ANY_TIMEOUT = 0.2, 0.5


class Fault(Enum):
    """A fault of a request; those with AFTER happen after the commit."""

    PASS = auto()
    THROTTLE = auto()
    ERROR = auto()
    HTML = auto()
    HTML_REFUSAL = auto()
    """A 403 in HTML of a proxy on the way."""
    JSON_REFUSAL = auto()
    """A 403 in JSON without an error code of DynamoDB."""
    SILENCE = auto()
    RESET = auto()
    HANG_UP = auto()
    ERROR_AFTER = auto()
    SILENCE_AFTER = auto()
    LATE = auto()
    """No reply, and the request arrives only after the time-out."""
    RESET_AFTER = auto()
    TRUNCATED_AFTER = auto()
    WRONG_CHECKSUM_AFTER = auto()
    CUT_OFF_AFTER = auto()
    """A 200 whose JSON lacks its last byte, though length and checksum are right; those below are 200, too."""
    EMPTY_AFTER = auto()
    HTML_AFTER = auto()
    NULL_AFTER = auto()
    LIST_AFTER = auto()
    TEXT_AFTER = auto()
    DEEP_AFTER = auto()
    """JSON nested so deep that it can't be read."""
    NOT_UTF8_AFTER = auto()
    NO_MEMBERS_AFTER = auto()
    """An empty object, which lacks members that some operations always return."""
    SLOW_AFTER = auto()
    """The right reply, but after the time-out."""
    LAST_AFTER = auto()
    """The right reply, but the connection is closed afterwards, without a header about it."""


class Proxy(ThreadingHTTPServer):
    """A server that records each request's operation and headers, and each connection.

    Requests have the faults of `plan`, in order, and then those of `weather`. `late` requests have not arrived yet.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, tables: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.tables = tables.removeprefix("http://")
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.plan: list[Fault] = []
        self.weather: Callable[[], Fault] = lambda: Fault.PASS
        self.late = 0
        self.counting = threading.Lock()
        self.operations: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.connections = 0

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors, as a transport may close the connection after a fault."""


@contextmanager
def proxy(tables: str) -> Iterator[Proxy]:
    """Run a proxy before the tables at an address."""
    with Proxy(tables) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # send a reply in one piece
    server: Proxy

    @override
    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.operations.append(self.headers["X-Amz-Target"].rpartition(".")[2])
        self.server.headers.append(dict(self.headers.items()))
        fault = self.server.plan.pop(0) if self.server.plan else self.server.weather()
        match fault:
            case Fault.THROTTLE:
                self._reply(400, json.dumps({"__type": "x#ThrottlingException", "message": "slow"}).encode())
            case Fault.ERROR:
                self._reply(500, json.dumps({"__type": "x#InternalServerError", "message": "oops"}).encode())
            case Fault.HTML:
                self._reply(502, b"<html>Bad Gateway</html>")
            case Fault.HTML_REFUSAL:
                self._reply(403, b"<html>Forbidden</html>")
            case Fault.JSON_REFUSAL:
                self._reply(403, b'{"message": "Forbidden"}')
            case Fault.SILENCE | Fault.RESET | Fault.HANG_UP:
                self._end(fault)
            case Fault.LATE:
                self._arrive_late(body)
            case _:
                self._after(fault, *self._forward(body))

    def _arrive_late(self, body: bytes) -> None:
        with self.server.counting:
            self.server.late += 1
        try:
            time.sleep(_LONGER_THAN_ANY_TIMEOUT)
            self._forward(body)
        finally:
            with self.server.counting:
                self.server.late -= 1
        self.close_connection = True

    def _after(self, fault: Fault, status: int, content: bytes) -> None:
        match fault:
            case Fault.ERROR_AFTER:
                self._reply(500, json.dumps({"__type": "x#InternalServerError", "message": "oops"}).encode())
            case Fault.SILENCE_AFTER | Fault.RESET_AFTER:
                self._end(fault)
            case Fault.TRUNCATED_AFTER:
                self._reply(status, content[:-1], length=len(content), checksum=zlib.crc32(content))
                self._end(fault)
            case Fault.WRONG_CHECKSUM_AFTER:
                self._reply(status, content, checksum=zlib.crc32(content) ^ 1)
            case Fault.CUT_OFF_AFTER:
                self._reply(status, content[:-1])
            case _ if fault.name in _NOT_REPLIES:
                self._reply(200, _NOT_REPLIES[fault.name])
            case Fault.SLOW_AFTER:
                time.sleep(_LONGER_THAN_A_CONNECTION)
                self._reply(status, content)
            case Fault.LAST_AFTER:
                self._reply(status, content)
                self.close_connection = True
            case _:
                self._reply(status, content)

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        with closing(HTTPConnection(self.server.tables, timeout=10)) as tables:
            tables.request("POST", "/", body, dict(self.headers.items()))
            reply = tables.getresponse()
            return reply.status, reply.read()

    def _reply(self, status: int, content: bytes, length: int | None = None, checksum: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.send_header("x-amz-crc32", str(zlib.crc32(content) if checksum is None else checksum))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def _end(self, fault: Fault) -> None:
        if fault in {Fault.SILENCE, Fault.SILENCE_AFTER}:
            time.sleep(_LONGER_THAN_ANY_TIMEOUT)
        if fault in {Fault.RESET, Fault.RESET_AFTER}:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
        self.close_connection = True

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""
