"""Runs a function under Lambda's runtime, and measures wall time, CPU time, memory and instructions."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any

from benchmarks.contender import Contender
from prerequisites import EMULATOR, RUNTIME_PYTHON

_OK = 200


@dataclass(frozen=True, slots=True)
class Container:
    """A running function; the emulator starts the function's process with the first call."""

    port: int
    emulator: int

    def call(self, event: Any) -> float:
        """Send an event; return the wall time in seconds.

        Raises:
            RuntimeError: the reply is not a 200.
        """
        body = json.dumps(event)
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        began = time.perf_counter()
        connection.request("POST", "/2015-03-31/functions/function/invocations", body)
        reply = connection.getresponse().read()
        took = time.perf_counter() - began
        connection.close()
        if json.loads(reply).get("statusCode") != _OK:
            raise RuntimeError(reply.decode())
        return took

    def cpu_seconds(self) -> float:
        """Return the CPU time of the function's process so far, including ended threads.

        https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html
        """
        return time.clock_gettime(~self._function() << 3 | 2)

    def peak_bytes(self) -> int:
        """Return the peak memory of the function's process, in bytes."""
        status = Path(f"/proc/{self._function()}/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def _function(self) -> int:
        tasks = Path(f"/proc/{self.emulator}/task").iterdir()
        (child,) = (int(pid) for task in tasks for pid in (task / "children").read_text().split())
        return child


@contextmanager
def running(contender: Contender, tables: str, logs: int | IO[bytes] = subprocess.DEVNULL) -> Iterator[Container]:
    """Run a function until the end of the context; `logs` gets its lines, and those that Lambda adds."""
    port, runtime_port = _free_port(), _free_port()
    command: list[str | Path] = [
        EMULATOR, "--log-level", "error",
        "--runtime-interface-emulator-address", f"127.0.0.1:{port}",
        "--runtime-api-address", f"127.0.0.1:{runtime_port}",
        RUNTIME_PYTHON, "-m", "awslambdaric", contender.handler,
    ]  # fmt: skip
    environment = contender.environment(tables)
    process = subprocess.Popen(command, env=environment, cwd=contender.folder, stdout=logs, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield Container(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def instructions(contender: Contender, tables: str, calls: int) -> int:
    """Return the instructions, by valgrind, of a process that starts the function and calls it `calls` times."""
    command: list[str | Path] = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", RUNTIME_PYTHON]
    command += [Path(__file__).with_name("replay.py"), contender.handler, str(calls)]
    environment = contender.environment(tables) | {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, env=environment, cwd=contender.folder, capture_output=True, text=True, check=True)
    return int(done.stderr.partition("Collected :")[2].split()[0])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise RuntimeError("the emulator did not start")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
