"""A network in front of the service that throttles, fails and loses replies, in a given order."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

type Fate = Literal["throttled", "unavailable", "lost reply", "answered"]

_STATUSES = {"throttled": 429, "unavailable": 503}


@dataclass
class Network:
    """What becomes of each request, in order; what was received of them, and when."""

    service_port: int
    fates: Sequence[Fate]
    bodies: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    port: int = 0

    def pauses(self) -> list[float]:
        """Return the seconds between the requests."""
        return [later - earlier for earlier, later in zip(self.times, self.times[1:], strict=False)]


@contextmanager
def unreliable(network: Network) -> Iterator[None]:
    """Run the network on a port of its own."""

    class Connection(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            network.times.append(time.monotonic())
            network.bodies.append(body)
            fate = network.fates[len(network.bodies) - 1]
            if fate in _STATUSES:
                self.reply(_STATUSES[fate], b"{}", {"Retry-After": "1"})
                return
            upstream = HTTPConnection("127.0.0.1", network.service_port, timeout=20)
            sent = ("Content-Type", "X-AtsiToken")
            upstream.request("POST", self.path, body, {name: self.headers[name] for name in sent})
            with upstream.getresponse() as answer:
                content = answer.read()
            upstream.close()
            if fate == "answered":
                self.reply(answer.status, content, {"Content-Type": answer.headers["Content-Type"]})

        def reply(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Connection) as server:
        network.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()
