"""Runs ministack, whose conditional writes are correct under concurrent requests."""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException

from prerequisites import MINISTACK

_START_SECONDS = 120


@contextmanager
def running() -> Iterator[str]:
    """Run an empty ministack on a free port; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryFile() as log:
        settings["TMPDIR"] = scratch
        process = subprocess.Popen(
            [str(MINISTACK)], env={**os.environ, **settings}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError, HTTPException), closing(HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
            connection.request("GET", "/_ministack/health")
            with connection.getresponse() as reply:
                if reply.status == 200:
                    return
        time.sleep(0.05)
    raise AssertionError(f"ministack did not answer on port {port} within {_START_SECONDS} s")
