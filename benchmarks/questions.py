"""Measures what reports cost (`make bench-quality`, or `python -m benchmarks.questions`).

The real views function replies to questions about a board with 10,000,000 applications, and about the same board after
its first year, over a table in memory that charges as DynamoDB does (`large_board.py`, `ledger.py`), through the real
SDK. The journal has as many changes as before a merge.

First, each question is asked with a latency for each call: this counts the calls made one after the other. Then it is
asked again with the replies of the first time, which takes the processor time of the function alone. With
`--instructions`, valgrind counts its instructions, too. With `--short` it takes seconds.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from application_status.access.assignments import Assignments
from application_status.functions import views
from application_status.functions.views import ViewsSettings, make_handler
from application_status.local.user_pool import CLIENT_ID, UserPool, id_token
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.telemetry import logger
from application_status.quality.counters.journal import entry_bytes, journal_scope
from application_status.quality.counters.merge import DUE_BYTES
from application_status.quality.counters.write import Counters
from benchmarks.large_board import Past
from benchmarks.ledger import Ledger, Partition
from benchmarks.quality_cost import last_changes

LATENCY_SECONDS = 0.5  # so long that all calls that can be made at the same time are made before the first reply
ROUNDS = 3
YEARS = (1, 10)
BERLIN = ZoneInfo("Europe/Berlin")
POOL = UserPool("http://pool", Assignments(boto.connect(), "UsersTable"), lambda event, _: event, {})
SETTINGS = ViewsSettings(
    "ApplicationsTable",
    "QualityTable",
    "TokensTable",
    0,
    BERLIN,
    "SandboxApplicationsTable",
    "AliasesTable",
    "ConnectionsTable",
    POOL.issuer,
    "SandboxRequestsTable",
)

type Reply = Mapping[str, Any]
type Table = Callable[[str, Mapping[str, Any]], Reply]


@dataclass(frozen=True, slots=True)
class Question:
    """A request to the views function; `over_years` means a period of all years of the board, by month."""

    name: str
    path: str
    query: Mapping[str, str]
    claims: Mapping[str, str]
    over_years: bool = False

    def event(self, today: date, years: int) -> dict[str, Any]:
        """Return API Gateway's event."""
        days = {"from": f"{today.year - years}-{today.month:02}-01", "interval": "month"} if self.over_years else {}
        return {
            "resource": self.path,
            "path": self.path,
            "httpMethod": "GET",
            "headers": {},
            "multiValueHeaders": {"Authorization": [f"Bearer {id_token(POOL.issuer, self.claims)}"]},
            "stageVariables": {"UserPoolClientId": CLIENT_ID},
            "multiValueQueryStringParameters": {name: [value] for name, value in {**self.query, **days}.items()},
            "requestContext": {"requestId": "question", "authorizer": {"claims": dict(self.claims)}},
            "body": None,
            "isBase64Encoded": False,
        }


_STAFF, _ATS, _CLIENT = {"cognito:groups": "staff"}, {"custom:ats_id": "ats-00"}, {"custom:client_id": "client-00000"}
QUESTIONS = (
    Question("the page of the board's staff", "/quality", {}, _STAFF),
    Question("the page of the largest ATS", "/quality", {}, _ATS),
    Question("the page of the largest client", "/quality", {}, _CLIENT),
    Question("cohort of all ATSs, by month over all years", "/api/my/quality", {}, _STAFF, over_years=True),
    Question("cohort of each ATS over all years", "/api/my/quality", {"by": "ats", "from": "2016-12-01"}, _STAFF),
    Question("cohort of the largest ATS, by month over all years", "/api/my/quality", {}, _ATS, over_years=True),
    Question("cohort of the largest client, by month over all years", "/api/my/quality", {}, _CLIENT, over_years=True),
    Question("clients of the largest ATS, a page", "/api/my/quality", {"by": "client"}, _ATS),
    Question("all clients, a page", "/api/my/quality", {"by": "client"}, _STAFF),
    Question("jobs of the largest client, searched", "/api/my/quality", {"by": "job", "search": "a job-1"}, _CLIENT),
    Question("benchmark of the default period", "/api/my/quality", {"kind": "benchmark"}, _CLIENT),
    Question("health of all ATSs", "/api/my/quality", {"kind": "health"}, _STAFF),
    Question("unmapped labels of all ATSs", "/api/my/quality", {"kind": "unmapped"}, _STAFF),
)


def stored(years: int, today: date, journal: Partition) -> Ledger:
    """Return the table of the board after some years, with a journal that is not merged yet."""
    ledger = Ledger(Past(years, today).partition, LATENCY_SECONDS)
    ledger.partitions[journal_scope(1)] = journal
    return ledger


def full_journal(share: float) -> Partition:
    """Return the journal just before a merge, or a share of it."""
    before, changes = last_changes(int(12_000 * share))
    ledger = Ledger()
    counters = Counters(ledger, "QualityTable")  # type: ignore[arg-type]  # a stand-in for DynamoDB
    for start in range(0, len(before), 100):
        counters.apply(before[start : start + 100])
    ledger.partitions[journal_scope(1)] = Partition()
    for start in range(0, len(changes), 100):
        counters.apply(list({each.application_id: each for each in changes[start : start + 100]}.values()))
        journal = ledger.partitions[journal_scope(1)]
        if sum(map(entry_bytes, journal.values())) > DUE_BYTES * share:
            break
    return journal


class Recorded:
    """A table that keeps its replies, to give them again for the same calls."""

    def __init__(self, table: Table | None = None, replies: dict[str, bytes] | None = None) -> None:
        self.replies = replies or {}
        self._table = table

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        """Reply to a call of the SDK; an event handler of botocore."""
        operation = request.headers["X-Amz-Target"].decode().partition(".")[2]
        key = f"{operation} {request.body.decode()}"
        if key not in self.replies:
            if self._table is None:
                raise LookupError(f"no reply is recorded to {key}")
            reply = self._table(operation, _decoded(json.loads(request.body)))
            self.replies[key] = json.dumps(_encoded(reply)).encode()
        return _Response(request.url, self.replies[key])


class _Response(AWSResponse):
    def __init__(self, url: str, content: bytes) -> None:
        super().__init__(url, HTTPStatus.OK, HTTPHeaders(), None)
        self._content = content


def _encoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, Mapping):
        return {name: _encoded(each) for name, each in value.items()}
    return [_encoded(each) for each in value] if isinstance(value, list) else value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return {n: b64decode(each) if n == "B" else _decoded(each) for n, each in value.items()}
    return [_decoded(each) for each in value] if isinstance(value, list) else value


def ask(recorded: Recorded, event: Mapping[str, Any], times: int) -> float:
    """Ask a question, and return the least processor time of a reply, in seconds."""
    client = boto.client()
    client.meta.events.register("before-send.dynamodb", recorded)
    handler = make_handler(DynamoDB(boto.transport(client)), SETTINGS, POOL.id_tokens)
    best = float("inf")
    for _ in range(times):
        began = time.process_time()
        reply = handler(dict(event), None)
        best = min(best, time.process_time() - began)
        if reply["statusCode"] != HTTPStatus.OK:
            raise RuntimeError(reply["body"])
    return best


def main() -> int:
    """Print the table, or ask a recorded question as often as the arguments say."""
    parser = argparse.ArgumentParser(prog="benchmarks.questions")
    parser.add_argument("--short", action="store_true", help="a small journal, to check that it runs; takes seconds")
    parser.add_argument("--instructions", action="store_true", help="count instructions, too; takes half an hour")
    parser.add_argument("--replay", nargs=2, metavar=("FILE", "TIMES"), help="used by --instructions")
    given = parser.parse_args()
    logger.setLevel("WARNING")
    os.environ["POWERTOOLS_METRICS_DISABLED"] = "true"
    if given.replay:
        vars(views)["_SECONDS"] = 3_600.0  # valgrind is 50 times slower
        event, replies = pickle.loads(Path(given.replay[0]).read_bytes())  # noqa: S301  # a file of this program
        ask(Recorded(replies=replies), event, int(given.replay[1]))
        return 0
    today = date.today()  # noqa: DTZ011  # the function's own day
    journal = full_journal(0.02 if given.short else 1)
    print("after years  processor s  read units  calls  one after the other  instructions  question")
    for question in QUESTIONS[1:2] if given.short else QUESTIONS:
        for years in YEARS:
            ledger = stored(years, today, journal)
            print(_line(question, years, ledger, today, instructions=given.instructions), flush=True)
    return 0


def _line(question: Question, years: int, ledger: Ledger, today: date, *, instructions: bool) -> str:
    def table(operation: str, request: Mapping[str, Any]) -> Reply:
        of_quality = request.get("TableName") != SETTINGS.tokens_table  # the ATSs have no names
        return ledger(operation, **request) if of_quality else {}

    recorded, event = Recorded(table), question.event(today, years)
    ask(recorded, event, 1)  # the first time makes the rows
    ledger.calls = ledger.longest_chain = 0
    ledger.read_units.clear()
    recorded.replies.clear()
    ask(recorded, event, 1)
    units, calls, chain = ledger.units_read, ledger.calls, ledger.longest_chain
    seconds = ask(Recorded(replies=recorded.replies), event, ROUNDS)
    counted = f"{_instructions(event, recorded.replies):>10.0f} M" if instructions else ""
    return f"{years:>11}  {seconds:>11.2f}  {units:>10,.0f}  {calls:>5}  {chain:>19}  {counted:>12}  {question.name}"


def _instructions(event: Mapping[str, Any], replies: Mapping[str, bytes]) -> float:
    """Return the instructions of a reply in millions: those of two replies less those of one."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(pickle.dumps((event, dict(replies))))
        one, two = (_counted(file.name, times) for times in (1, 2))
    return (two - one) / 1e6


def _counted(file: str, times: int) -> int:
    command: Sequence[str] = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable]
    command = [*command, "-m", "benchmarks.questions", "--replay", file, str(times)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return int(done.stderr.partition("Collected :")[2].split()[0])


if __name__ == "__main__":
    sys.exit(main())
