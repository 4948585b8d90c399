"""Requests that no good client sends, in raw bytes: both ports answer each, and go on serving."""

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPResponse
from http.server import ThreadingHTTPServer
from typing import Any

import pytest

from application_status.local import connection, demo
from application_status.local.connection import ClientConnection
from application_status.local.gateway import Gateway
from application_status.local.template import Template
from local.process import LocalService

APPLICATION = demo.SAMPLES[0].application_id
REPORT = json.dumps({"AtsiApplicationId": APPLICATION, "Status": "INTERVIEW"}).encode()
REPORTING = (
    "POST /api/application-status HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    f"X-AtsiToken: {demo.TOKEN}\r\n"
).encode()
CHUNKED = REPORTING + b"Transfer-Encoding: chunked\r\n\r\n"
TO_DYNAMODB = (
    b"POST / HTTP/1.1\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n"
    b"Authorization: AWS4-HMAC-SHA256 Credential=local/20261126/us-east-1/dynamodb/aws4_request, SignedHeaders=host, "
    b"Signature=x\r\n"
)
MEGABYTE = 1024 * 1024


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        yield client


def reply(client: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Return the status, the headers and the body, read from JSON, of the next reply."""
    received = HTTPResponse(client)
    received.begin()
    body = received.read()
    return received.status, {name.lower(): value for name, value in received.getheaders()}, json.loads(body)


def ask(port: int, raw: bytes, *, then: int | None = None) -> tuple[int, dict[str, str], Any]:
    """Send bytes and return the reply; `then` is a side of the connection to shut down after them."""
    with connected(port) as client:
        client.sendall(raw)
        if then is not None:
            client.shutdown(then)
        return reply(client)


def refused(port: int, raw: bytes, status: int, kind: str = "refused", *, then: int | None = None) -> None:
    """Check that bytes get a problem, and that the connection is closed behind it."""
    with connected(port) as client:
        client.sendall(raw)
        if then is not None:
            client.shutdown(then)
        found, headers, problem = reply(client)
        assert (found, problem["type"]) == (status, f"/problems/{kind}")
        assert headers["content-type"] == "application/problem+json"
        assert headers["connection"] == "close"
        assert problem["detail"]
        assert "$context" not in json.dumps(problem)
        assert client.recv(1) == b""


def get(target: str, host: str = "localhost", more: str = "", version: str = "HTTP/1.1") -> bytes:
    return f"GET {target} {version}\r\nHost: {host}\r\n{more}\r\n".encode("latin-1")


def chunk(content: bytes, more: bytes = b"") -> bytes:
    return b"%x%s\r\n%s\r\n" % (len(content), more, content)


def test_chunked_body_is_read(service: LocalService) -> None:
    """Whatever its chunks are, with extensions and trailers; the connection goes on."""
    whole = chunk(REPORT) + b"0\r\n\r\n"
    pieces = b"".join(chunk(REPORT[n : n + 1], b' ; name="value"') for n in range(len(REPORT)))
    trailers = b"000\r\nX-Checksum: 1\r\nX-More: 2\r\n\r\n"
    with connected(service.port) as client:
        for body in (whole, pieces + trailers, whole):
            client.sendall(CHUNKED + body)
            status, _, answered = reply(client)
            assert (status, answered["Status"]) == (200, "INTERVIEW")


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n", b"x\r\n", b"-1\r\n\r\n", b"0x5\r\n", b"5 5\r\n", b"fffffffffffffffff\r\n", b"5", b"5\n{}   \n0\n\n",
        b"2\r\n{}", b"2\r\n{}0\r\n\r\n", b"1\r\n{}\r\n0\r\n\r\n", b"2\r\n{}\r\n", b"2\r\n{}\r\n0\r\n", b"0\r\nX: 1",
        b"2;" + b"x" * 5000 + b"\r\n{}\r\n0\r\n\r\n", b"0\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
    ],
)  # fmt: skip
def test_malformed_chunks_are_refused(service: LocalService, body: bytes) -> None:
    """This includes a body that breaks off."""
    refused(service.port, CHUNKED + body, 400, then=socket.SHUT_WR)


def test_body_over_the_limit_is_refused(service: LocalService) -> None:
    """By its length before it comes, and in chunks when they are too many."""
    limit = 10 * MEGABYTE
    refused(service.port, REPORTING + b"Content-Length: %d\r\n\r\n" % (limit + 1), 413, "body-too-large")
    refused(service.port, REPORTING + b"Content-Length: 999999999999999999\r\n\r\n", 413, "body-too-large")
    refused(service.port, CHUNKED + b"%x\r\n" % (limit + 1), 413, "body-too-large")
    refused(service.port, CHUNKED + chunk(b" " * MEGABYTE) * 10 + b"1\r\n", 413, "body-too-large")


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: -1", "Content-Length: x", "Content-Length: ", "Content-Length: +2", "Content-Length: 2.0",
        "Content-Length: 0x2", "Content-Length: 2, 2", "Content-Length: \N{SUPERSCRIPT TWO}", "Content-Length: 1_0",
        f"Content-Length: {'9' * 5000}", "Content-Length: 2\r\nContent-Length: 2", "Content-Length : 2",
        "Content-Length: 2\r\nContent-Length: 3", "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding:",
        "Content-Length: 2\r\n 2", "no header", ": nameless", "X-Text: a\r\n b", "X-Text: a\0b",
    ],
)  # fmt: skip
def test_malformed_headers_are_refused(service: LocalService, headers: str) -> None:
    """The end of a request has to be unambiguous."""
    refused(service.port, REPORTING + headers.encode("latin-1") + b"\r\n\r\n{}", 400)


def test_body_that_breaks_off_is_refused(service: LocalService) -> None:
    """No part of it is read as a report."""
    refused(service.port, REPORTING + b"Content-Length: 500\r\n\r\n" + REPORT, 400, then=socket.SHUT_WR)


@pytest.mark.parametrize("target", ["http://[", "http://[::1"])
def test_malformed_target_is_refused(service: LocalService, target: str) -> None:
    """A path or an address can be read, and this is neither; on the tables' port, too."""
    refused(service.port, get(target), 400)
    assert ask_tables(service, get(target)) == 400


def ask_tables(service: LocalService, raw: bytes) -> int:
    """Send bytes to the tables' port; return the status of the reply."""
    with connected(service.tables_port) as client:
        client.sendall(raw)
        received = HTTPResponse(client)
        received.begin()
        received.read()
        return received.status


@pytest.mark.parametrize(
    "target", ["/%", "/%00", "/%ff", "/\xff", "/?%ff=%", "/..//..", "*", "x", "/api/application-status/%5B?&&=&a"]
)
def test_strange_target_is_a_path_like_any(service: LocalService, target: str) -> None:
    """It is answered by what is there, if anything."""
    with connected(service.port) as client:
        client.sendall(get(target))
        received = HTTPResponse(client)
        received.begin()
        assert received.status in {200, 401, 404, 422}


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "get", "QUERY", "M-SEARCH", "X" * 1000])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/application-status", "GET, POST"),
        ("/graphql", "GET, POST"),
        ("/docs", "GET"),
        ("/", "GET, HEAD, POST"),
        ("/sign-in/staff", "GET, HEAD"),
    ],
)
def test_unknown_method_is_not_allowed(service: LocalService, method: str, path: str, allowed: str) -> None:
    """With the methods that are; where there is nothing, that is what the answer says."""
    status, headers, _ = ask(service.port, f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert (status, headers["allow"]) == (405, allowed)
    status, _, problem = ask(service.port, f"{method} /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert (status, problem["type"]) == (404, "/problems/unknown-path")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (get("/" + "x" * 70_000), 414),
        (get("/", more=f"X-Long: {'x' * 70_000}\r\n"), 431),
        (get("/", more="X-Many: x\r\n" * 150), 431),
        (get("/", version="HTTP/x"), 400),
        (get("/", version="HTP/1.1"), 400),
        (get("/ /"), 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"nothing\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
    ],
    ids=lambda value: repr(value[:60]) if isinstance(value, bytes) else None,
)
def test_malformed_request_is_refused(service: LocalService, raw: bytes, status: int) -> None:
    """The reply is a problem instead of http.server's error page."""
    refused(service.port, raw, status)


OTHERS = ["example.org", "example.org:{port}", "127.0.0.1.example.org", "localhost.example.org", "10.0.0.1", "[::2]",
          "user@localhost", "localhost@example.org", "localhost:x", ""]  # fmt: skip


@pytest.mark.parametrize("host", OTHERS)
def test_other_host_is_refused(service: LocalService, host: str) -> None:
    """A site's page whose name leads to this machine reads nothing and sends nothing, from either port."""
    refused(service.port, get("/", host.format(port=service.port)), 403)
    if host:
        refused(service.port, get(f"http://{host.format(port=service.port)}/"), 403)
    with_host = TO_DYNAMODB + f"Host: {host.format(port=service.tables_port)}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    assert ask_tables(service, with_host) == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:{port}", "127.0.0.1", "127.0.0.1:{port}", "[::1]:{port}"])
def test_own_host_is_answered(service: LocalService, host: str) -> None:
    """However this machine calls itself, with whatever port leads here."""
    for port in (service.port, 8080):
        with connected(service.port) as client:
            client.sendall(get("/docs", host.format(port=port)))
            received = HTTPResponse(client)
            received.begin()
            assert received.status == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:{port}", "host.docker.internal:{port}"])
def test_tables_answer_clients_and_containers(service: LocalService, host: str) -> None:
    """sam local reaches them as host.docker.internal; a chunked request is read, too."""
    name = host.format(port=service.tables_port)
    status, _, found = ask(service.tables_port, TO_DYNAMODB + f"Host: {name}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
    assert (status, "TokensTable" in found["TableNames"]) == (200, True)
    chunks = f"Host: {name}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode()
    assert ask(service.tables_port, TO_DYNAMODB + chunks)[2] == found


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1:{port}", ""])
def test_tables_refuse_requests_of_web_pages(service: LocalService, origin: str) -> None:
    """The reply is a 403 without CORS headers, for a request and for its preflight."""
    said = origin.format(port=service.tables_port)
    headers = f"Host: localhost\r\nOrigin: {said}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    status, answered, error = ask(service.tables_port, TO_DYNAMODB + headers)
    assert (status, error["__type"].rpartition("#")[2]) == (403, "AccessDeniedException")
    assert not any(name.startswith("access-control") for name in answered)
    preflight = (
        f"OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: {said}\r\nAccess-Control-Request-Method: POST\r\n\r\n"
    )
    status, answered, _ = ask(service.tables_port, preflight.encode())
    assert status == 403
    assert not any(name.startswith("access-control") for name in answered)


def upload(origin: str, to: str = "/FilesBucket") -> bytes:
    form = '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nuploads/x\r\n'
    form += '--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\nx\r\n--b--\r\n'
    head = f"POST {to} HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\nContent-Length: {len(form)}\r\n"
    return f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n{form}".encode()


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "http://localhost"])
def test_upload_forms_of_this_machine_are_accepted(service: LocalService, origin: str) -> None:
    """A page that is served here can upload to a bucket, as one of the ATS can to S3, and can do nothing else."""
    assert ask_tables(service, upload(origin)) == 204
    assert ask_tables(service, upload(origin, "/FilesBucket/uploads/x")) == 403


@pytest.mark.parametrize("origin", ["https://example.org", "null", "http://127.0.0.1.example.org"])
def test_upload_forms_of_other_pages_are_refused(service: LocalService, origin: str) -> None:
    """A page of another site could otherwise fill the buckets."""
    assert ask_tables(service, upload(origin)) == 403


def test_larger_object_than_fits_is_refused(service: LocalService) -> None:
    """Before it comes, with the limit."""
    with connected(service.tables_port) as client:
        client.sendall(f"PUT /FilesBucket/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: {1 << 28}\r\n\r\n".encode())
        with client.makefile("rb") as received:
            text = received.read().decode()
    assert text.startswith("HTTP/1.1 413 The local service accepts at most 128 MiB here.")


@pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/", "/moto-api/data.json", "//moto-api/reset", "/x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_tables_have_no_other_path(service: LocalService, method: str, path: str) -> None:
    """moto's own ones would empty all tables."""
    before = service.dynamodb.list_tables()["TableNames"]
    request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode()
    assert ask(service.tables_port, request)[0] == 403
    assert service.dynamodb.list_tables()["TableNames"] == before


@pytest.mark.parametrize("length", ["-1", "x", "2\r\nContent-Length: 2", str(17 * MEGABYTE)])
def test_tables_refuse_malformed_lengths(service: LocalService, length: str) -> None:
    """Nothing is read without an end."""
    expected = 413 if length.isdigit() else 400
    request = TO_DYNAMODB + f"Host: localhost\r\nContent-Length: {length}\r\n\r\n{{}}".encode()
    assert ask_tables(service, request) == expected


def test_client_that_stops_halfway_delays_no_other(service: LocalService) -> None:
    """The tables take one request at a time: when all of it is there."""
    with connected(service.tables_port) as tables, connected(service.port) as api:
        tables.sendall(TO_DYNAMODB + b"Host: localhost\r\nContent-Length: 100\r\n\r\n{")
        api.sendall(REPORTING + b"Content-Length: 100\r\n\r\n{")
        assert service.dynamodb.list_tables()["TableNames"]
        assert ask(service.port, REPORTING + b"Content-Length: %d\r\n\r\n%s" % (len(REPORT), REPORT))[0] == 200


def test_client_that_hangs_up_leaves_no_trace(service: LocalService) -> None:
    """A connection closed at any point logs no error, and the service keeps answering."""
    pieces = [b"", b"GET", get("/")[:-2], get("/docs/openapi.json"), CHUNKED + b"5\r\n{", CHUNKED]
    for port in (service.port, service.tables_port):
        for piece in pieces:
            with connected(port) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closing resets
                client.sendall(piece)
    assert service.dynamodb.list_tables()["TableNames"]
    assert ask(service.port, get("/nothing"))[0] == 404
    assert not [line for line in service.lines if "Traceback" in line or "unexpected" in line]


@pytest.mark.parametrize("payload", [b"[" * 40_000, b'{"a":' * 9_000, b"[]", b'"staff"', b"\xff"])
def test_unreadable_token_does_not_sign_in(service: LocalService, payload: bytes) -> None:
    """However deep it is."""
    token = base64.urlsafe_b64encode(payload).decode()
    status, _, problem = ask(service.port, get("/my/applications", more=f"Authorization: Bearer a.{token}.b\r\n"))
    assert (status, problem["type"]) == (401, "/problems/unauthenticated")


@pytest.mark.parametrize("path", ["/my/applications", "/api/my/applications"])
def test_unsigned_token_does_not_sign_in(service: LocalService, path: str) -> None:
    """Neither at the page nor at the API."""
    token = base64.urlsafe_b64encode(b'{"custom:jobseeker_id": "jobseeker-1"}').decode()
    status, _, problem = ask(service.port, get(path, more=f"Authorization: Bearer a.{token}.b\r\n"))
    assert (status, problem["type"]) == (401, "/problems/unauthenticated")


class Slow(ClientConnection):
    """Answers a request with its body's length."""

    def do_POST(self) -> None:  # noqa: N802  # http.server's name
        length = str(len(self.rfile.read(int(self.headers["Content-Length"])))).encode()
        self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + length)


def test_replies_are_sent_without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The body of a reply does not wait until the client has acknowledged the head."""
    sent_at_once = []

    class Open(Slow):
        def setup(self) -> None:
            super().setup()
            sent_at_once.append(bool(self.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))

    monkeypatch.setattr(Slow, "log_message", lambda *_: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), Open) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with connected(server.server_port) as client:
            client.sendall(b"POST / HTTP/1.0\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
            assert reply(client) == (HTTPStatus.OK, {}, 2)
        server.shutdown()
    assert sent_at_once == [True]


def test_slow_client_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request has a bounded time in all, also where each of its bytes comes soon after the last."""
    monkeypatch.setattr(connection, "_SECONDS", 0.5)
    monkeypatch.setattr(Slow, "log_message", lambda *_: None)
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        for start in (b"", b"POST / HT", b"POST / HTTP/1.0\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"):
            with connected(server.server_port) as client:
                client.sendall(start)
                began, ended = time.monotonic(), False
                while not ended and time.monotonic() < began + 10:
                    ended = not alive(client)
                assert ended
        server.shutdown()


def alive(client: socket.socket) -> bool:
    """Send a byte; return whether the connection is still open a moment later."""
    try:
        client.sendall(b"x")
        client.settimeout(0.1)
        return bool(client.recv(1))
    except TimeoutError:
        return True
    except OSError:
        return False


def test_function_that_raises_is_a_5xx() -> None:
    """As behind API Gateway; the local pages' own errors are such, too."""

    def broken(_event: Any, _context: Any) -> Any:
        raise LookupError

    gateway = Gateway(Template({"DomainName": "localhost"}), {"WebhookFunction": broken}, 0)
    threading.Thread(target=gateway.serve_forever, args=(0.02,), daemon=True).start()
    try:
        status, headers, problem = ask(gateway.server_port, REPORTING + b"Content-Length: 0\r\n\r\n")
    finally:
        gateway.shutdown()
        gateway.server_close()
    assert (status, problem["type"], headers["retry-after"]) == (
        HTTPStatus.SERVICE_UNAVAILABLE,
        "/problems/unavailable",
        "2",
    )
