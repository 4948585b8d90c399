"""No reply is larger than 1 MB, whatever senders have written: the real handlers over the largest that they allow."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import batched, product
from typing import Any

import boto3
import pytest
from moto import mock_aws

from application_status.api_docs.problem_types import PROBLEM_TYPES
from application_status.applications.rules.application import ReportResult
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Outcome, Status
from application_status.health import counts as health
from application_status.health.rules import HealthDay
from application_status.platform.dynamodb.client import Item
from application_status.platform.values import ApplicationId, AtsId, now
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.read import QualityReader
from application_status.quality.reports.formats import REPLY_LIMIT_BYTES
from application_status.quality.reports.report import ALL_LABELS_LIMIT, LABELS_LIMIT
from application_status.quality.rules.contribution import STAYS, Cell
from application_status.quality.rules.numbers import STEPS
from support.quality_pages import STAFF, ask, section
from support.world import World

ATSS = [AtsId(f"{number:W>64}") for number in range(120)]
CLIENT = "C" * 64
JOBS = [f"{number:J>64}" for number in range(1_100)]
DAYS, LABELS = 500, LABELS_LIMIT + 5
FILLERS = {"four bytes": "\N{SLIGHTLY SMILING FACE}", "escaped in JSON": "\x01", "escaped in HTML and CSV": '"'}
ME = "me"


@pytest.fixture(scope="module")
def board() -> Iterator[World]:
    """120 ATSs with 100 unmapped labels each, 1,100 jobs of a client, 500 days, and every number that there is."""
    with mock_aws():
        world = World(boto3.client("dynamodb"))
        load(world, "QualityTable", counters())
        load(world, "QualityTable", markers())
        load(world, "QualityTable", health.first_items(requests()))
        yield world


def give_labels(patch: pytest.MonkeyPatch, filler: str) -> None:
    """Give each ATS so many labels of 200 characters; moto would take minutes to read so many."""
    labels = Counter({f"{number:03}{filler * 197}": 5 for number in range(LABELS)})
    patch.setattr(QualityReader, "unmapped_labels", lambda *_: labels)


def load(world: World, table: str, written: Iterable[Item]) -> None:
    """Put items into a table."""
    for some in batched(written, 25, strict=False):
        puts = [{"PutRequest": {"Item": item}} for item in some]
        assert not world.client.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]


def counters() -> Iterator[Item]:
    """Yield the counters: of the first ATS for each of the last days, of the others for today."""
    large = {"N": "1234567"}
    measures = [
        "applications",
        "reports",
        "unmapped",
        "feedback",
        "inferred",
        "last_activity",
        "delay:20",
        "answered:20",
    ]
    measures += [f"reached:{each}" for each in STEPS] + [f"open:{each}" for each in STEPS]
    measures += [f"outcome:{each}" for each in Outcome] + [f"entered:{each}" for each in Status]
    measures += [f"time_in:{each}:20" for each in STAYS]
    amounts = {quality_items.attribute(measure): large for measure in measures}
    for ats_id in ATSS:
        yield {"Scope": {"S": "ats#1"}, "Part": {"S": ats_id}, "Shards": {"N": "1"}}
        for days_ago in range(DAYS if ats_id == ATSS[0] else 1):
            day = now().date() - timedelta(days=days_ago)
            yield {**quality_items.counter_key(1, ats_id, 0, day.isoformat()), **amounts}


def markers() -> Iterator[Item]:
    """Yield what was counted of each job, as if of one application."""
    today = now().date().isoformat()
    for job in JOBS:
        counted = {Cell(ATSS[0], today, each): 12_345 for each in ("applications", "entered:APPLIED", "last_activity")}
        marker = quality_items.Marker(1, 1, counted, client_id=CLIENT, job_id=job)
        yield quality_items.marker_item(1, ApplicationId(f"of-{job}"), marker)


def requests() -> list[HealthDay]:
    """Return a day of each ATS, and 90 of the first, with much that requests are answered with."""
    results = [*ReportResult, *(each.type for each in PROBLEM_TYPES[:8])]
    counts = dict.fromkeys(product(Channel, results), 1_234_567)
    days = [(ats_id, days_ago) for ats_id in ATSS for days_ago in range(DAYS if ats_id == ATSS[0] else 1)]
    return [HealthDay(ats_id, now().date() - timedelta(days=days_ago), counts, now()) for ats_id, days_ago in days]


def size(reply: Mapping[str, Any]) -> int:
    """Return how many bytes the body of a reply has, which is no larger than replies may be."""
    found = len(reply["body"].encode())
    assert found <= REPLY_LIMIT_BYTES == 1_000_000
    return found


WHOLE: dict[str, dict[str, Any]] = {
    "health": {"kind": "health"}, "by ATS": {"by": "ats"}, "by day": {"interval": "day"},
}  # fmt: skip
LONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "a year by day": ({"interval": "day", "from_": str(now().date() - timedelta(days=399))}, "/interval", "numbers"),
    "more by day": ({"interval": "day", "from_": "2020-01-01"}, "/interval", "500 rows"),
    "more health by day": ({"kind": "health", "interval": "day", "from_": "2020-01-01"}, "/interval", "619 rows"),
    "by job": ({"client": CLIENT, "by": "job"}, "/by", "55,000 numbers"),
}  # fmt: skip


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
@pytest.mark.parametrize("name", WHOLE)
def test_report_fits(board: World, name: str, accept: str) -> None:
    """What a board with 120 ATSs asks for is answered."""
    reply = ask(board, STAFF, "/api/my/quality", accept=accept, **WHOLE[name])
    assert reply["statusCode"] == 200, reply["body"]
    assert size(reply) > 1_000


@pytest.mark.parametrize("name", LONG)
def test_longer_report_is_refused(board: World, name: str) -> None:
    """The problem names the parameter to change, and what it should be."""
    query, pointer, detail = LONG[name]
    reply = ask(board, STAFF, "/api/my/quality", **query)
    assert (reply["statusCode"], size(reply) < 1_000) == (422, True)
    (error,) = json.loads(reply["body"])["errors"]
    assert (error["pointer"], detail in error["detail"], bool(error["expected"])) == (pointer, True, True)


@pytest.mark.parametrize("filler", FILLERS.values(), ids=[*FILLERS])
def test_cut_labels_are_counted(board: World, filler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of several ATSs are the most frequent of all; how many more there are is said."""
    give_labels(monkeypatch, filler)
    reply = ask(board, STAFF, "/api/my/quality", kind="unmapped")
    assert size(reply) > 150_000
    assert size(ask(board, STAFF, "/api/my/quality", kind="unmapped", accept="text/csv")) > 150_000
    found = json.loads(reply["body"])
    listed = sum(len(row["Numbers"]) for row in found["Rows"])
    assert (listed, found["Hidden"]) == (ALL_LABELS_LIMIT, 0)
    assert listed + found["Cut"] == len(ATSS) * LABELS
    of_one = json.loads(ask(board, STAFF, "/api/my/quality", kind="unmapped", ats=ATSS[7])["body"])
    assert ([len(row["Numbers"]) for row in of_one["Rows"]], of_one["Cut"]) == ([LABELS_LIMIT], 5)


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ({}, {"comparison": 100, "unmapped": 100, "health": 100}),
        ({"interval": "day", "from_": str(now().date() - timedelta(days=399))}, {"over-time": 400, "unmapped": 100}),
        ({"ats": ATSS[0], "interval": "day"}, {"over-time": 90, "unmapped": 100}),
        ({"client": CLIENT}, {"comparison": 100}),
    ],
    ids=["all", "a year by day", "an ATS", "a client"],
)
def test_quality_page_fits(
    board: World, query: dict[str, Any], listed: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With as many rows as its tables may have; what can't be downloaded is said."""
    give_labels(monkeypatch, FILLERS["escaped in HTML and CSV"])
    reply = ask(board, STAFF, **query)
    assert reply["statusCode"] == 200
    assert size(reply) > 50_000
    found = {name: section(reply["body"], name).count('<th scope="row">') for name in listed}
    assert found == listed
    if "client" in query:
        assert "The CSV of by-job would be too large. Choose one job." in reply["body"]
    if "from_" in query:
        assert "The CSV of over-time would be too large. Choose a longer interval" in reply["body"]
    if not query:
        assert f"The 100 most frequent of {len(ATSS) * LABELS:,}." in reply["body"]
