"""`make run` as a process."""

import base64
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import boto3

from application_status.local.user_pool import PATH

ROOT = Path(__file__).parents[2]
_START_SECONDS = 180  # with 24 starts at once on two processors each takes almost a minute


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class LocalService:
    """The process, its ports, the lines it has written so far, and more options of `make run`."""

    port: int = field(default_factory=free_port)
    tables_port: int = field(default_factory=free_port)
    lines: list[str] = field(default_factory=list)
    options: Sequence[str] = ()

    def __post_init__(self) -> None:
        command = [sys.executable, "-X", "faulthandler", "-m", "application_status.local"]
        ports = ["--port", str(self.port), "--tables-port", str(self.tables_port)]
        proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy"), f"http://127.0.0.1:{free_port()}")  # without a listener
        self.process = subprocess.Popen(
            [*command, *ports, *self.options],
            cwd=ROOT,
            env={**os.environ, **proxies},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.lines.extend(output)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def dynamodb(self) -> Any:
        return boto3.client("dynamodb", endpoint_url=f"http://127.0.0.1:{self.tables_port}")

    def id_token(self, user: str) -> str:
        """Return an id token of the local user pool, e.g. for `client/example`."""
        pool, verifier = f"{self.url}{PATH}", "verifier"
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {"user": user, "state": "", "nonce": "", "code_challenge": challenge, "redirect_uri": pool}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET", f"{PATH}/oauth2/authorize?{urlencode(asked)}")
            location = connection.getresponse().headers["Location"]
        (code,) = parse_qs(urlsplit(location).query)["code"]
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": pool}
        with urlopen(f"{pool}/oauth2/token", urlencode(form).encode(), timeout=60) as reply:  # noqa: S310  # loopback
            token: str = json.load(reply)["id_token"]
            return token

    def line(self, pattern: str) -> str:
        """Return the first line that matches, once it is there."""
        return wait_for(lambda: next((line for line in list(self.lines) if re.search(pattern, line)), ""))

    def wait_until_running(self) -> None:
        """Wait for the end of the welcome.

        Raises:
            AssertionError: the service ended, or did not start in time; has its output, with the stacks of its threads.
        """

        def is_running() -> bool:
            return any("Ctrl-C stops" in line for line in list(self.lines))

        with suppress(AssertionError):
            wait_for(lambda: is_running() or self.process.poll() is not None, _START_SECONDS)
        if not is_running():
            self.end(signal.SIGABRT)  # the fault handler writes the stacks of all threads
            raise AssertionError("the service has not started:\n" + "".join(self.lines))

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self._reader.join()
        return code


def wait_for[T](found: Callable[[], T], seconds: float = 60) -> T:
    """Return the first value that isn't empty; an AssertionError after a minute, which a busy machine may take."""
    for _ in range(int(seconds / 0.05)):
        value = found()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError("waited in vain")
