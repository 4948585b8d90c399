"""DynamoDB's JSON protocol over one kept connection, with the standard library alone: the webhook's way to the tables.

It does what this service needs of an SDK and starts and runs at a fraction of one's cost; docs/performance.md has the
numbers. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
"""

import json
import os
import select
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from application_status.errors import SettingsError
from application_status.store.credentials import Source
from application_status.store.dynamodb import CONNECT_SECONDS, READ_SECONDS, DynamoDB, DynamoDBError, NoReply, intact
from application_status.store.signature import signed

_TARGET = "DynamoDB_20120810"
_OK = 200


def connect(environ: Mapping[str, str] = os.environ) -> DynamoDB:
    """Open the door, as Lambda's environment says; nothing is sent before the first call."""
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise SettingsError("AWS_REGION is missing")
    own = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return DynamoDB(Wire(own or f"https://dynamodb.{region}.{suffix}", region, Source(environ)))


class Wire:
    """Carries one call at a time. Its connection is made by the first call and made anew when it was closed."""

    def __init__(self, endpoint: str, region: str, source: Source) -> None:
        url = urlsplit(endpoint)
        self._host = url.netloc
        self._region = region
        self._source = source
        kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
        self._connection = kind(url.netloc, timeout=CONNECT_SECONDS)

    def __call__(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do one operation; a Transport."""
        body = json.dumps(request, separators=(",", ":")).encode()
        headers = signed(
            {
                "content-type": "application/x-amz-json-1.0",
                "host": self._host,
                "x-amz-target": f"{_TARGET}.{operation}",
            },
            body,
            credentials=self._source.credentials(),
            region=self._region,
            moment=time.time(),
        )
        status, content = self._exchange(body, headers)
        reply = _members(content)
        if status == _OK and reply is not None:
            return reply
        if status == _OK:
            raise NoReply("the reply is no JSON object")
        raise _error(status, reply or {})

    def _exchange(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        connection = self._connection
        try:
            if _is_closed(connection):
                connection.close()
                connection.connect()
                connection.sock.settimeout(READ_SECONDS)
            connection.sock.sendall(_http_request(headers, body))
            reply = HTTPResponse(connection.sock, method="POST")
            reply.begin()
            content = reply.read()
        except (OSError, HTTPException) as error:
            connection.close()
            raise NoReply(type(error).__name__) from error
        if reply.will_close:
            connection.close()
        if not intact(content, reply.headers["x-amz-crc32"]):
            raise NoReply("the reply's checksum is wrong")
        return reply.status, content


def _http_request(headers: Mapping[str, str], body: bytes) -> bytes:
    """Write the request in one piece, which is one packet; http.client would send the headers alone first."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST / HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


def _is_closed(connection: HTTPConnection) -> bool:
    """Tell whether either side hung up: if it was the other one, there is something to read before a request."""
    return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])


def _members(content: bytes) -> dict[str, Any] | None:
    try:
        reply = json.loads(content)
    except ValueError:
        return None
    return reply if isinstance(reply, dict) else None


def _error(status: int, members: Mapping[str, Any]) -> DynamoDBError:
    code = str(members.get("__type", status)).rpartition("#")[2]
    message = str(members.get("message", members.get("Message", "")))
    return DynamoDBError(code, message, status, members)
