"""One kept HTTP/1.1 connection, for requests and replies as DynamoDB has them: all of a known length.

http.client does more, and its general reading of headers would be a tenth of the webhook's work.
"""

import select
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

from application_status.store.dynamodb import CONNECT_SECONDS, READ_SECONDS, NoReply

_LINE_LIMIT = 65536
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Connection:
    """Made by the first request, and anew by the one after it was closed or failed."""

    def __init__(self, endpoint: str) -> None:
        url = urlsplit(endpoint)
        self.netloc = url.netloc
        self._address = (url.hostname or "", url.port or _PORTS[url.scheme])
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._socket: socket.socket | None = None
        self._stream: BinaryIO | None = None

    def post(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send a request to "/", all in one piece, and return its reply; NoReply where there is none that is whole."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST / HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n"
        try:
            connected, stream = self._connected()
            connected.sendall(head.encode() + body)
            reply = _read(stream)
        except (OSError, ValueError, LookupError) as error:
            self.close()
            raise NoReply(type(error).__name__) from error
        if reply.headers.get("connection", "").lower() == "close":
            self.close()
        return reply

    def is_closed(self) -> bool:
        """Tell whether either side hung up: if it was the other one, there is something to read before a request."""
        return self._socket is None or bool(select.select([self._socket], [], [], 0)[0])

    def close(self) -> None:
        """Hang up."""
        if self._socket and self._stream:
            self._stream.close()
            self._socket.close()
        self._socket = self._stream = None

    def _connected(self) -> tuple[socket.socket, BinaryIO]:
        if self._socket is None or self._stream is None or self.is_closed():
            self.close()
            made = socket.create_connection(self._address, CONNECT_SECONDS)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                made = self._tls.wrap_socket(made, server_hostname=self._address[0])
            made.settimeout(READ_SECONDS)
            self._socket, self._stream = made, made.makefile("rb")
        return self._socket, self._stream


def _read(stream: BinaryIO) -> Reply:
    """Read a reply; ValueError or LookupError where it is none, or does not tell its length, or breaks off."""
    status = int(stream.readline(_LINE_LIMIT).split()[1])
    headers = {}
    while line := stream.readline(_LINE_LIMIT).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers["content-length"])
    content = stream.read(length)
    if len(content) != length:
        raise ValueError("the reply breaks off")
    return Reply(status, headers, content)
