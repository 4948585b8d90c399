"""The webhook's own connection: kept, made anew when closed, verified, and never made before the first call."""

import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from application_status.platform.dynamodb import wire
from application_status.platform.dynamodb.client import NoReply
from application_status.platform.errors import SettingsError
from support.faulty_proxy import Fault, Proxy
from wire.conftest import ENVIRON, over_wire

GET = {"TableName": "TokensTable", "Key": {"KeyId": {"S": "1"}}}
REGION = {"AWS_REGION": "eu-central-1"}


def wait_for_hanging_up(call: wire.Wire) -> None:
    until = time.monotonic() + 5
    while not call.connection.is_closed():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_one_connection_serves_many_calls(way: Proxy) -> None:
    """A hand-shake costs more than a call."""
    call = over_wire(way.url)
    for _ in range(5):
        call("GetItem", GET)
    assert (len(way.operations), way.connections) == (5, 1)


def test_calls_at_the_same_time_have_connections_of_their_own(way: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection carries one call at a time, and is kept for the next call, whichever thread makes it."""
    for name in ("CONNECT_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(wire, name, 30)  # so many calls may wait for each other on a busy machine
    send = wire.Wires(lambda: over_wire(way.url))

    def call(number: int) -> Any:
        key = {"KeyId": {"S": str(number)}}
        send("PutItem", {"TableName": "TokensTable", "Item": key})
        return send("GetItem", {"TableName": "TokensTable", "Key": key})

    for _ in range(2):
        with ThreadPoolExecutor(8) as threads:
            replies = list(threads.map(call, range(100)))
        assert [each["Item"]["KeyId"]["S"] for each in replies] == [str(number) for number in range(100)]
    assert len(way.operations) == 400
    assert 1 <= way.connections <= 8


def test_connection_closed_meanwhile_costs_no_attempt(way: Proxy) -> None:
    """DynamoDB hangs up on an idle connection; the next call takes a new one and is sent once."""
    call = over_wire(way.url)
    way.plan = [Fault.LAST_AFTER]
    call("GetItem", GET)
    wait_for_hanging_up(call)
    call("GetItem", GET)
    assert (way.operations, way.connections) == (["GetItem"] * 2, 2)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
    ],
)
def test_anything_but_a_whole_reply_is_none(raw: bytes) -> None:
    """A reply that breaks off, has no valid length, or is not HTTP raises NoReply."""
    with answering(raw) as url, pytest.raises(NoReply):
        over_wire(url)("GetItem", GET)


def test_connection_is_not_used_again_where_the_reply_says_so() -> None:
    """It may still be open for a moment, which the next call must not fall into."""
    with answering(b"HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", linger=True) as url:
        call = over_wire(url)
        assert call("GetItem", GET) == {}
        assert call.connection.is_closed()


@contextmanager
def answering(raw: bytes, *, linger: bool = False) -> Iterator[str]:
    """Answer one request with these bytes; hang up then, or at the end."""
    ended = threading.Event()

    def answer(server: socket.socket) -> None:
        accepted, _ = server.accept()
        with accepted:
            accepted.recv(65536)
            accepted.sendall(raw)
            if linger:
                ended.wait(10)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        ended.set()
        thread.join()


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        (REGION, "dynamodb.eu-central-1.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "dynamodb.us-east-1.amazonaws.com"),
        ({"AWS_REGION": "cn-north-1"}, "dynamodb.cn-north-1.amazonaws.com.cn"),
        (REGION | {"AWS_ENDPOINT_URL_DYNAMODB": "", "AWS_ENDPOINT_URL": ""}, "dynamodb.eu-central-1.amazonaws.com"),
        (REGION | {"AWS_ENDPOINT_URL": "http://127.0.0.1:2"}, "127.0.0.1:2"),
        (REGION | {"AWS_ENDPOINT_URL_DYNAMODB": "http://a:1", "AWS_ENDPOINT_URL": "http://b:2"}, "a:1"),
    ],
)
def test_endpoint_is_the_environments(environ: dict[str, str], endpoint: str) -> None:
    """The region's own, or the one set; an empty variable counts as unset."""
    transport = wire.connect(environ)._transport  # noqa: SLF001
    assert isinstance(transport, wire.Wire)
    assert transport.connection.netloc == endpoint


def test_region_is_needed() -> None:
    """The function does not start without it."""
    with pytest.raises(SettingsError, match="AWS_REGION is missing"):
        wire.connect({})


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1, self-signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    encoding = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(encoding)
    )
    return file


@pytest.fixture
def tls_way(way: Proxy, certificate: Path) -> str:
    """Puts TLS before the proxy; returns its address."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    way.socket = context.wrap_socket(way.socket, server_side=True)
    return way.url.replace("http:", "https:")


def test_nothing_is_sent_to_an_untrusted_server(way: Proxy, tls_way: str) -> None:
    """A certificate that isn't trusted ends the call before its request."""
    with pytest.raises(NoReply, match="SSLCertVerificationError"):
        over_wire(tls_way)("GetItem", GET)
    assert way.operations == []


def test_calls_go_over_tls(way: Proxy, tls_way: str, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hand-shake for many calls, and an idle close is noticed there too."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    call = over_wire(tls_way)
    way.plan = [Fault.PASS, Fault.LAST_AFTER]
    for _ in range(2):
        assert call("GetItem", GET) == {}
    assert way.connections == 1
    wait_for_hanging_up(call)
    assert call("GetItem", GET) == {}
    assert (len(way.operations), way.connections) == (3, 2)


def test_requests_carry_a_signature_with_the_token(way: Proxy) -> None:
    """The signed headers are those of the content type, host, date and target."""
    over_wire(way.url)("GetItem", GET)
    (headers,) = way.headers
    signed = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    assert signed == "content-type;host;x-amz-date;x-amz-target"
    assert f"Credential={ENVIRON['AWS_ACCESS_KEY_ID']}/" in headers["authorization"]


_START = """
import sys
seen = []
sys.addaudithook(lambda event, _: seen.append(event) if event.startswith("socket.") else None)
import application_status.functions.webhook
sdk = [name for name in sys.modules if name.startswith(("boto3", "botocore.", "s3transfer", "urllib3"))]
print(sdk, sorted(set(seen)))
"""


def test_webhook_starts_without_the_sdk_and_without_a_connection() -> None:
    """A snapshot of a started webhook holds no connection, so that restored copies can't share one."""
    done = subprocess.run([sys.executable, "-c", _START], capture_output=True, text=True, check=True)
    assert done.stdout == "[] []\n"
