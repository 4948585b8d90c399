"""The webhook's transport for DynamoDB: its JSON protocol over one kept connection, with the standard library only.

It needs half the instructions of botocore's signer with urllib3; docs/performance.md has the numbers. In reading order:

connect, Wire        one call: serialize the request, sign it, send it, parse the reply
connect_many, Wires  the same for calls at the same time, each over a connection of its own
signed               Signature Version 4
CredentialsProvider  the credentials that Lambda provides
Connection           HTTP/1.1

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
"""

import hashlib
import hmac
import json
import os
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import lru_cache
from importlib import import_module
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urlsplit

from application_status.platform.dynamodb.client import (
    CONNECT_SECONDS,
    READ_SECONDS,
    DynamoDB,
    DynamoDBError,
    NoReply,
    parse_reply,
)
from application_status.platform.errors import SettingsError
from application_status.platform.values import from_text

_TARGET = "DynamoDB_20120810"
_ALGORITHM = "AWS4-HMAC-SHA256"
_RENEW_SECONDS = 300
_LINE_LIMIT = 65536
_PORTS = {"http": 80, "https": 443}
_OK = 200


def connect(environ: Mapping[str, str] = os.environ) -> DynamoDB:
    """Return a DynamoDB client configured from Lambda's environment; it connects on the first call.

    It makes one call at a time.

    Raises:
        SettingsError: no region is set.
    """
    return DynamoDB(_wires(environ)())


def connect_many(environ: Mapping[str, str] = os.environ) -> DynamoDB:
    """Return a DynamoDB client for many threads: each call has a connection of its own, which is kept for later calls.

    Raises:
        SettingsError: no region is set.
    """
    return DynamoDB(Wires(_wires(environ)))


def _wires(environ: Mapping[str, str]) -> Callable[[], "Wire"]:
    """Return what makes transports with the same endpoint, credentials and TLS context."""
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise SettingsError("AWS_REGION is missing")
    own = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    endpoint, provider = own or f"https://dynamodb.{region}.{suffix}", CredentialsProvider(environ)
    tls = ssl.create_default_context() if endpoint.startswith("https:") else None
    return lambda: Wire(endpoint, region, provider, tls)


class Wire:
    """A transport that sends one call at a time."""

    def __init__(
        self, endpoint: str, region: str, provider: "CredentialsProvider", tls: ssl.SSLContext | None = None
    ) -> None:
        self.connection = Connection(endpoint, tls)
        self._region = region
        self._provider = provider

    def __call__(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send one call and return its reply.

        Raises:
            DynamoDBError: dynamoDB returned an error.
            NoReply: there was no reply, or a damaged one.
        """
        body = json.dumps(request, separators=(",", ":")).encode()
        headers = signed(
            {
                "content-type": "application/x-amz-json-1.0",
                "host": self.connection.netloc,
                "x-amz-target": f"{_TARGET}.{operation}",
            },
            body,
            credentials=self._provider.credentials(),
            region=self._region,
            moment=time.time(),
        )
        reply = self.connection.post(headers, body)
        found = parse_reply(reply.status, reply.content, reply.headers.get("x-amz-crc32"))
        if reply.status != _OK:
            code, message = str(found["__type"]).rpartition("#")[2], found.get("message", found.get("Message", ""))
            raise DynamoDBError(code, str(message), reply.status, found)
        return found


class Wires:
    """A transport that sends each call over a connection that no other call uses."""

    def __init__(self, make: Callable[[], Wire]) -> None:
        self._make = make
        self._free: deque[Wire] = deque()

    def __call__(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send one call, as `Wire` does."""
        try:
            wire = self._free.pop()
        except IndexError:
            wire = self._make()
        try:
            return wire(operation, request)
        finally:
            self._free.append(wire)


class Credentials(NamedTuple):
    """An access key pair, its session token, and the time at which it expires (seconds since 1970)."""

    access_key: str
    secret_key: str
    token: str | None
    expires_at: float


def signed(
    headers: Mapping[str, str], body: bytes, *, credentials: Credentials, region: str, moment: float
) -> dict[str, str]:
    """Return the headers of a POST to the path "/", with the signature headers added.

    Header names are in lower case; `moment` is in seconds since 1970.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(moment))
    token = {"x-amz-security-token": credentials.token} if credentials.token else {}
    all_headers = dict(sorted({**headers, **token, "x-amz-date": stamp}.items()))
    names = ";".join(all_headers)
    lines = "".join(f"{name}:{value}\n" for name, value in all_headers.items())
    canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{stamp[:8]}/{region}/dynamodb/aws4_request"
    to_sign = f"{_ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = _hmac(_key(credentials.secret_key, scope), to_sign).hex()
    all_headers["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return all_headers


@lru_cache(maxsize=1)
def _key(secret_key: str, scope: str) -> bytes:
    """Derive the signing key of one day."""
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


class CredentialsProvider:
    """Provide credentials from the environment or, with SnapStart, from Lambda's credentials endpoint.

    The endpoint is called on the first use, and again 5 minutes before its credentials expire.
    https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html#snapstart-credentials
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._found: Credentials | None = None
        if not environ.get("AWS_ACCESS_KEY_ID"):
            import_module("http.client")  # before the snapshot; starts that need no endpoint avoid its cost (3 %)

    def credentials(self) -> Credentials:
        """Return valid credentials.

        Raises:
            NoReply: the endpoint returned no credentials.
            SettingsError: the environment has neither credentials nor an endpoint.
        """
        if self._found is None or self._found.expires_at < time.time() + _RENEW_SECONDS:
            self._found = self._find()
        return self._found

    def _find(self) -> Credentials:
        environ = self._environ
        if key := environ.get("AWS_ACCESS_KEY_ID"):
            token = environ.get("AWS_SESSION_TOKEN")
            return Credentials(key, environ["AWS_SECRET_ACCESS_KEY"], token, expires_at=float("inf"))
        url = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if url is None:
            raise SettingsError("AWS_ACCESS_KEY_ID and AWS_CONTAINER_CREDENTIALS_FULL_URI are both missing")
        return _fetch(url, environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN"))


def _fetch(url: str, authorization: str | None) -> Credentials:
    """Get credentials from the endpoint, which is on the same machine.

    Raises:
        NoReply: the endpoint returned no credentials.
    """
    from http.client import HTTPConnection, HTTPException  # noqa: PLC0415  # see CredentialsProvider

    where = urlsplit(url)
    headers = {"Authorization": authorization} if authorization else {}
    try:
        with closing(HTTPConnection(where.netloc, timeout=CONNECT_SECONDS)) as connection:
            connection.request("GET", f"{where.path or '/'}?{where.query}", headers=headers)
            reply = connection.getresponse()
            content = reply.read()
        if reply.status != _OK:
            raise NoReply(f"no credentials: the endpoint returned status {reply.status}")
        answer: dict[str, Any] = json.loads(content)
        expires_at = from_text(answer["Expiration"]).timestamp()
        return Credentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer.get("Token"), expires_at)
    except (OSError, HTTPException, LookupError, TypeError, ValueError) as error:
        raise NoReply(f"no credentials: {type(error).__name__}") from error


class HttpReply(NamedTuple):
    """An HTTP reply; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class Connection:
    """One HTTP/1.1 connection; the first request opens it, and a later one reopens it if it was closed or failed.

    It reads only replies with a Content-Length, which DynamoDB always sends. Parsing headers with http.client would
    take a tenth of the webhook's work.
    """

    def __init__(self, endpoint: str, tls: ssl.SSLContext | None = None) -> None:
        """Set the endpoint, and the TLS context for https; without one, it makes its own."""
        url = urlsplit(endpoint)
        self.netloc = url.netloc
        self._address = (url.hostname or "", url.port or _PORTS[url.scheme])
        self._tls = (tls or ssl.create_default_context()) if url.scheme == "https" else None
        self._socket: socket.socket | None = None
        self._stream: BinaryIO | None = None

    def post(self, headers: Mapping[str, str], body: bytes) -> HttpReply:
        """Send a request to "/" and return its reply.

        Raises:
            NoReply: there was no reply, or an incomplete one.
        """
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
        """Return whether either side has closed the connection.

        Data to read before a request was sent means that the server has closed it.
        """
        return self._socket is None or bool(select.select([self._socket], [], [], 0)[0])

    def close(self) -> None:
        """Close the connection."""
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


def _read(stream: BinaryIO) -> HttpReply:
    """Read a reply.

    Raises:
        ValueError: the reply is not HTTP, or incomplete.
        LookupError: the status line or the Content-Length is missing.
    """
    status = int(stream.readline(_LINE_LIMIT).split()[1])
    headers = {}
    while line := stream.readline(_LINE_LIMIT).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    length = int(headers["content-length"])
    content = stream.read(length)
    if len(content) != length:
        raise ValueError("the reply is shorter than its Content-Length")
    return HttpReply(status, headers, content)
