"""What a client sends, in the lines of `make run`: escaped, whatever the terminal's encoding is."""

import socket
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest

from local.process import LocalService


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalService]:
    """A service of its own whose terminal has ASCII alone."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii:strict")
    service = LocalService()
    service.wait_until_running()
    yield service
    service.end()


def test_request_puts_no_control_characters_into_the_log(service: LocalService) -> None:
    """They are escaped in paths, methods and versions, at both ports."""
    with closing(HTTPConnection("127.0.0.1", service.port, timeout=20)) as connection:
        connection.request("GET", "/%1b%5b2J%0aForged%0d%e2%80%ae%c2%9b%c3%b6")
        assert connection.getresponse().status == 404
    for port in (service.port, service.tables_port):
        for line in (b"GET /\x1b[2J\x9b HTTP/1.1", b"\x1b[2J\x9b / HTTP/1.1", b"GET / \x1b[2J\x9b", b"\x1b[2J\x9b"):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connected:
                connected.sendall(line + b"\r\nHost: \x1b[2J\r\n\r\n")
                connected.shutdown(socket.SHUT_WR)
                while connected.recv(4096):
                    pass
    assert r"path=/\x1b[2J\nForged\r\u202e\x9b\xf6 status=404" in service.line("Forged")
    service.end()
    output = "".join(service.lines)
    assert {c for c in output if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}} == {"\n"}
    assert "Logging error" not in output
