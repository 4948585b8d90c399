"""Reads the body of an HTTP/1.1 request, by Content-Length or in chunks.

https://www.rfc-editor.org/rfc/rfc9112#section-6
"""

import re
from email.message import Message
from http import HTTPStatus
from io import BufferedIOBase

_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?")
_LINE_BYTES = 4096
_TRAILERS = 100


class UnreadableBody(Exception):
    """A body can't be read; has the status to reply with, and a message on what to send instead."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def read_body(headers: Message, stream: BufferedIOBase, limit: int) -> bytes:
    """Return the body of a request.

    Raises:
        UnreadableBody: the body is malformed, or exceeds the limit in bytes.
    """
    codings, lengths = headers.get_all("Transfer-Encoding", []), headers.get_all("Content-Length", [])
    if codings:
        if lengths or [each.strip().lower() for each in codings] != ["chunked"]:
            raise _malformed("Send either Content-Length or Transfer-Encoding: chunked.")
        return _chunked(stream, limit)
    if not lengths:
        return b""
    length = lengths[0].strip(" \t")
    if len(lengths) > 1 or not _LENGTH.fullmatch(length):
        raise _malformed("Send one Content-Length, the number of bytes in the body.")
    return _exactly(stream, int(length), limit)


def _chunked(stream: BufferedIOBase, limit: int) -> bytes:
    content = bytearray()
    while size := _chunk_size(stream):
        content += _exactly(stream, size, limit - len(content))
        if _line(stream):
            raise _malformed("A chunk is longer than its size says.")
    for _ in range(_TRAILERS):
        if not _line(stream):
            return bytes(content)
    raise _malformed("There are too many trailers.")


def _chunk_size(stream: BufferedIOBase) -> int:
    match = _CHUNK.fullmatch(_line(stream))
    if match is None:
        raise _malformed("A chunk begins with its size in hexadecimal digits.")
    return int(match[1], 16)


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(_LINE_BYTES)
    if not line.endswith(b"\r\n"):
        raise _malformed("A line of the chunked body is too long or does not end.")
    return line[:-2]


def _exactly(stream: BufferedIOBase, size: int, limit: int) -> bytes:
    if size > limit:
        raise UnreadableBody(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large.")
    content = stream.read(size)
    if len(content) < size:
        raise _malformed("The body is shorter than its length says.")
    return content


def _malformed(detail: str) -> UnreadableBody:
    return UnreadableBody(HTTPStatus.BAD_REQUEST, detail)
