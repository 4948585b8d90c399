"""Credentials come from where Lambda puts them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, override

import pytest
import time_machine

from application_status.platform.dynamodb.client import NoReply
from application_status.platform.dynamodb.wire import Credentials, CredentialsProvider
from application_status.platform.errors import SettingsError


class Endpoint(HTTPServer):
    """Lambda's endpoint of credentials."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str | None]] = []
        self.answer: tuple[int, Any] = (200, {})
        self.environ = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{self.server_port}/credentials?of=me",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret",
        }


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Authorization"]))
        status, content = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(content if isinstance(content, bytes) else json.dumps(content).encode())

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Keep standard error for what matters."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def given_out(number: int, expires: str) -> dict[str, str]:
    return {"AccessKeyId": f"key-{number}", "SecretAccessKey": "s", "Token": "t", "Expiration": expires}


def test_environment_comes_first(endpoint: Endpoint) -> None:
    """Without SnapStart the credentials are variables, which are good as long as the function runs."""
    variables = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
    provider = CredentialsProvider(endpoint.environ | variables)
    assert provider.credentials() == Credentials("key", "s", "t", float("inf"))
    assert CredentialsProvider(variables).credentials().access_key == "key"
    assert endpoint.asked == []


def test_endpoint_is_asked_before_the_credentials_end(endpoint: Endpoint) -> None:
    """With SnapStart: first when they are needed, and anew 5 minutes before they expire."""
    provider = CredentialsProvider(endpoint.environ)
    assert endpoint.asked == []
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
        endpoint.answer = (200, given_out(1, "2026-11-22T11:00:00Z"))
        assert provider.credentials().access_key == "key-1"
        endpoint.answer = (200, given_out(2, "2026-11-22T12:00:00Z"))
        clock.move_to("2026-11-22T10:54:59Z")
        assert provider.credentials().access_key == "key-1"
        clock.move_to("2026-11-22T10:55:01Z")
        assert provider.credentials().access_key == "key-2"
    assert endpoint.asked == [("/credentials?of=me", "secret")] * 2


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}),
        (404, b""),
        (200, b""),
        (200, b"<html>"),
        (200, b"{"),
        (200, []),
        (200, {}),
        (200, {"Code": "Failed", "Message": "later"}),
        (200, {"AccessKeyId": "key", "SecretAccessKey": "s", "Token": "t"}),
        (200, {"AccessKeyId": "key", "SecretAccessKey": "s", "Token": "t", "Expiration": "soon"}),
        (200, {"AccessKeyId": "key", "SecretAccessKey": "s", "Token": "t", "Expiration": None}),
    ],
    ids=str,
)
def test_endpoint_that_fails_gives_no_reply(endpoint: Endpoint, answer: tuple[int, Any]) -> None:
    """So does one whose answer holds no credentials. The call may be tried again; the message holds no secret."""
    endpoint.answer = answer
    with pytest.raises(NoReply, match=r"^no credentials: "):
        CredentialsProvider(endpoint.environ).credentials()


def test_endpoint_that_is_not_there_gives_no_reply(endpoint: Endpoint) -> None:
    """The result is the same as for an endpoint that fails."""
    endpoint.shutdown()
    endpoint.server_close()
    with pytest.raises(NoReply, match="ConnectionRefusedError"):
        CredentialsProvider(endpoint.environ).credentials()


def test_missing_credentials_are_an_error() -> None:
    """The error names the variables that would hold them."""
    with pytest.raises(SettingsError, match="both missing"):
        CredentialsProvider({}).credentials()
