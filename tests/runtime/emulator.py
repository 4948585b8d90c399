"""A built function under the real Lambda runtime: the interface emulator and client, and nothing of this project."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from prerequisites import BUILD, EMULATOR, RUNTIME_PYTHON
from support.world import TEMPLATE

_INVOKE = "/2015-03-31/functions/function/invocations"
HTTP_TIMEOUT_SECONDS = 10
"""The HTTP functions' time-out, as in the template."""


@dataclass
class Function:
    """A function that is up: `invoke` is what Lambda's service does, `log` what it would find in CloudWatch."""

    address: str
    log_file: Path

    def invoke(self, event: Any) -> Any:
        """Return the function's answer; AssertionError with its log where the runtime gave none."""
        connection = HTTPConnection(self.address, timeout=HTTP_TIMEOUT_SECONDS + 20)
        try:
            connection.request("POST", _INVOKE, json.dumps(event))
            reply = connection.getresponse()
            content = reply.read().decode()
        finally:
            connection.close()
        assert reply.status == 200, f"the runtime answered {reply.status} {content}\n{self.log()}"
        return json.loads(content)

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")


def environment(function: str, **changes: str | None) -> dict[str, str]:
    """Return all that the process sees: the template's variables, what Lambda sets, and the build folder."""
    variables: dict[str, str | None] = {
        **TEMPLATE.environment(function),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": function,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(HTTP_TIMEOUT_SECONDS),
        "PYTHONPATH": str(BUILD / function),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        **changes,
    }
    return {name: value for name, value in variables.items() if value is not None}


@dataclass
class Start:
    """What a function's start did: the modules it loaded, with the files they are in, and the files it compiled."""

    modules: dict[str, str | None]
    compiled: list[str]


_START = """
import importlib, json, sys
compiled = []
sys.addaudithook(lambda event, given: compiled.append(str(given[1])) if event == "compile" else None)
importlib.import_module(sys.argv[1])
files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items() if name != "__main__"}
print(json.dumps({"modules": files, "compiled": compiled}))
"""


@cache
def start(function: str) -> Start:
    """Import a function as Lambda does."""
    command = [str(RUNTIME_PYTHON), "-c", _START, TEMPLATE.handlers()[function].rpartition(".")[0]]
    done = subprocess.run(
        command, env=environment(function), cwd=BUILD / function, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return Start(**json.loads(done.stdout))


def loaded(function: str) -> dict[str, str | None]:
    """Return the modules that a function's start loads, with the files they are in."""
    return start(function).modules


@contextmanager
def running(function: str, log_file: Path, **changes: str | None) -> Iterator[Function]:
    """Start a function with some environment variables changed; None removes a variable."""
    invoke_port, runtime_port = _free_port(), _free_port()
    command = [
        str(EMULATOR), "--log-level", "info",
        "--runtime-interface-emulator-address", f"127.0.0.1:{invoke_port}",
        "--runtime-api-address", f"127.0.0.1:{runtime_port}",
        str(RUNTIME_PYTHON), "-m", "awslambdaric", TEMPLATE.handlers()[function],
    ]  # fmt: skip
    folder = BUILD / function
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, env=environment(function, **changes), cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(invoke_port, process, log_file)
        yield Function(f"127.0.0.1:{invoke_port}", log_file)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def closed_port() -> int:
    """Return a port without a listener."""
    return _free_port()


def _wait_for(port: int, process: subprocess.Popen[bytes], log_file: Path) -> None:
    until = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise AssertionError(f"the emulator did not start:\n{log_file.read_text(encoding='utf-8')}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
