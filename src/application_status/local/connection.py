"""HTTP connections to both ports of the local service, with time limits and checked request heads.

A browser on this machine also sends requests for web pages of other sites. So a request must have one Host header,
which both servers compare with the names of this machine: this prevents DNS rebinding.
"""

import io
import re
import socket
import time
from collections.abc import Buffer
from email.errors import MultipartInvariantViolationDefect, StartBoundaryNotFoundDefect
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, override
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""The names of this machine for clients on itself."""

_SECONDS = 30.0
_AT_ONCE = 0.001  # 0 would mean "don't wait"
_OF_MULTIPART_HEADS = (MultipartInvariantViolationDefect, StartBoundaryNotFoundDefect)
"""What the parser finds wrong with the head of every multipart request, because it lacks the body."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^][:@/?#]+)(:[0-9]*)?")


class ClientConnection(BaseHTTPRequestHandler):
    """A connection that is closed if sending a request, or receiving its reply, takes longer than 30 s."""

    default_request_version = "HTTP/1.0"  # of requests without a version, as HTTP/0.9 replies have no status
    disable_nagle_algorithm = True  # or a body waits until the client has acknowledged the head: 40 ms on Linux

    @override
    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._received = _Received(self.connection)
        self.rfile = io.BufferedReader(self._received)

    @override
    def handle_one_request(self) -> None:
        self._received.wait_until(time.monotonic() + _SECONDS)
        super().handle_one_request()

    @override
    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        wrong = _wrong(self.path, self.headers)
        if wrong:
            self.send_error(HTTPStatus.BAD_REQUEST, wrong)
        return not wrong

    @override
    def log_message(self, *_: Any, **__: Any) -> None:
        """Log nothing, as the functions log each request."""

    log_request = log_error = log_message

    def drain_request(self) -> None:
        """Discard what the client still sends, for a second; closing with unread bytes would lose the reply."""
        self._received.wait_until(time.monotonic() + 1)
        try:
            self.connection.shutdown(socket.SHUT_WR)
            while self.rfile.read1():
                pass
        except OSError:
            pass  # the client disconnected, or does not stop sending


class _Received(io.RawIOBase):
    """A stream of the bytes received on a connection; raises TimeoutError after a deadline."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._until = 0.0

    def wait_until(self, moment: float) -> None:
        """Set the deadline, in seconds of time.monotonic()."""
        self._until = moment

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        self._connection.settimeout(max(self._until - time.monotonic(), _AT_ONCE))
        try:
            return self._connection.recv_into(buffer)
        finally:
            self._connection.settimeout(_SECONDS)


def host_name(host: str) -> str:
    """Return the host of a Host header, without its port, in lower case; empty if the header is malformed."""
    match = _HOST.fullmatch(host.lower())
    return match[1] if match else ""


def _wrong(target: str, headers: Message) -> str | None:
    """Return what is malformed in a request's head, or None.

    https://www.rfc-editor.org/rfc/rfc9112#section-3.2
    """
    defects = [each for each in headers.defects if not isinstance(each, _OF_MULTIPART_HEADS)]
    if defects or any(re.search(r"[\r\n\0]", value) for value in headers.values()):
        return "A header is malformed."
    if len(headers.get_all("Host", [])) != 1:
        return "Send one Host header."
    try:
        urlsplit(target)
    except ValueError:
        return "The path is malformed."
    return None
