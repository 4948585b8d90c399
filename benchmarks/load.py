"""A load test: send reports at a fixed rate, and print replies and latencies.

    python -m benchmarks.load --url https://... --token-file token.txt --rate 50 --seconds 60

With a test token the reports are about sandbox applications, which it creates and which no analytics counts. With a
live token they are about new applications, for a stack of its own with UnknownApplications=accept: the analytics counts
them all. Raise the ATS's limit first (`application-status limits set`).

The rate does not fall when the service becomes slow: each report has its planned time, from which its latency is
measured, so the wait for a free connection is part of it.
"""

import argparse
import http.client
import json
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

_STATUSES = ("CONTACT", "PRE_INTERVIEW", "INTERVIEW", "POST_INTERVIEW", "OFFER", "HIRED")
_MOST_SANDBOX_APPLICATIONS = 100
_TIME_OUT_SECONDS = 30
_TOKEN_HEADER = "X-AtsiToken"  # noqa: S105  # its name


class Reply(NamedTuple):
    """The result of a report: its HTTP status, or the name of a connection's error; the latency in seconds."""

    result: str
    seconds: float


class Sender:
    """Sends requests to the API, over one connection for each thread."""

    def __init__(self, url: str, token: str) -> None:
        self._url = urlsplit(url)
        self._token = token
        self._local = threading.local()

    def post(self, path: str, body: object) -> tuple[int, bytes]:
        """Send a JSON body; return the status and the reply's body.

        Raises:
            OSError, http.client.HTTPException: there was no reply; the next request opens a new connection.
        """
        connection = getattr(self._local, "connection", None) or self._connect()
        headers = {"Content-Type": "application/json", _TOKEN_HEADER: self._token}
        try:
            connection.request("POST", self._url.path.rstrip("/") + path, json.dumps(body), headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            self._local.connection = None
            raise

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.netloc, timeout=_TIME_OUT_SECONDS)
        self._local.connection = connection
        return connection


def sandbox_applications(sender: Sender, number: int) -> list[str]:
    """Create sandbox applications, and return their ids.

    Raises:
        SystemExit: the API refused to create one.
    """
    found = []
    for _ in range(number):
        status, body = sender.post("/api/sandbox/applications", {})
        if status != http.HTTPStatus.CREATED:
            raise SystemExit(f"could not create a sandbox application: {status} {body.decode(errors='replace')}")
        found.append(json.loads(body)["AtsiApplicationId"])
    return found


def reports(applications: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield reports that are all recorded: about new applications, or about the given ones in turn."""
    start = datetime.now(UTC)
    for number in count():
        application = applications[number % len(applications)] if applications else str(uuid.uuid4())
        at = start + timedelta(milliseconds=number)
        yield {
            "AtsiApplicationId": application,
            "Status": _STATUSES[(number // max(len(applications), 1)) % len(_STATUSES)],
            "BusinessDate": at.isoformat(timespec="milliseconds"),
        }


def run(sender: Sender, applications: Sequence[str], rate: float, seconds: float, connections: int) -> list[Reply]:
    """Send `rate` reports a second, and return the replies."""
    start = time.perf_counter()

    def send(planned: float, body: dict[str, str]) -> Reply:
        time.sleep(max(0.0, planned - time.perf_counter()))
        try:
            result = str(sender.post("/api/application-status", body)[0])
        except (OSError, http.client.HTTPException) as error:
            result = type(error).__name__
        return Reply(result, time.perf_counter() - planned)

    with ThreadPoolExecutor(connections) as pool:
        plan = zip(range(int(rate * seconds)), reports(applications), strict=False)
        return [each.result() for each in [pool.submit(send, start + n / rate, body) for n, body in plan]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the test; return 1 if a report got a 5xx or no reply."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="the stack's output ApiUrl")
    parser.add_argument("--token-file", required=True, type=Path, help="a file with the token")
    parser.add_argument("--rate", type=float, default=50, help="reports a second (default: 50)")
    parser.add_argument("--seconds", type=float, default=60, help="for how long (default: 60)")
    parser.add_argument("--connections", type=int, default=64, help="at the same time (default: 64)")
    given = parser.parse_args(arguments)

    token = given.token_file.read_text(encoding="ascii").strip()
    sender, applications = Sender(given.url, token), list[str]()
    if token.startswith("atsi_test_"):
        needed = min(_MOST_SANDBOX_APPLICATIONS, max(1, int(given.rate * given.seconds) // 50))
        applications = sandbox_applications(sender, needed)
    replies = run(sender, applications, given.rate, given.seconds, given.connections)

    took = sorted(each.seconds for each in replies)
    results = Counter(each.result for each in replies)
    print(f"{len(replies)} reports, {given.rate:g} a second; results: {dict(results.most_common())}")
    print(
        "latency in ms: "
        + ", ".join(
            f"p{share:g} {took[min(len(took) - 1, int(len(took) * share / 100))] * 1000:.0f}"
            for share in (50, 90, 99, 99.9)
        )
    )
    return int(any(not each.isdigit() or each.startswith("5") for each in results))


if __name__ == "__main__":
    sys.exit(main())
