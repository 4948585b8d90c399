"""No reply is larger than 1 MB, whatever senders have written: the real handlers over the largest that they allow."""

import json
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
from application_status.platform.values import AtsId, now
from application_status.quality.counters.journal import Additions, Name, Subject
from application_status.quality.counters.merge import first_rows
from application_status.quality.counters.read import QualityReader
from application_status.quality.reports.formats import REPLY_LIMIT_BYTES
from application_status.quality.reports.report import ALL_LABELS_LIMIT, LABELS_LIMIT
from application_status.quality.rules.contribution import TIMED_STATUSES
from application_status.quality.rules.numbers import STEPS
from support.quality_pages import STAFF, ask, section
from support.world import BERLIN, World

ATSS = [AtsId(f"{number:W>64}") for number in range(120)]
CLIENT, COMPANY, TITLE = "C" * 64, "Example GmbH", "Python Developer (m/w/d)"
TODAY = now().astimezone(BERLIN).date()
JOBS = [f"{number:J>64}" for number in range(1_100)]
DAYS, LABELS = 500, LABELS_LIMIT + 5
FILLERS = {"four bytes": "\N{SLIGHTLY SMILING FACE}", "escaped in JSON": "\x01", "escaped in HTML and CSV": '"'}
ME = "me"


@pytest.fixture(scope="module")
def board() -> Iterator[World]:
    """120 ATSs, 1,100 jobs of a client, 500 days, and every number that there is."""
    with mock_aws():
        world = World(boto3.client("dynamodb"))
        load(world, "QualityTable", first_rows(1, counted(), TODAY))
        load(world, "QualityTable", health.first_items(requests()))
        yield world


def give_labels(patch: pytest.MonkeyPatch, filler: str) -> None:
    """Give each ATS so many labels of 200 characters; moto would take minutes to read so many."""
    labels = [(f"{number:03}{filler * 197}", 5) for number in range(LABELS)]
    patch.setattr(QualityReader, "unmapped_labels", lambda *_: labels)


def load(world: World, table: str, written: Iterable[Item]) -> None:
    """Put items into a table."""
    for some in batched(written, 25, strict=False):
        puts = [{"PutRequest": {"Item": item}} for item in some]
        assert not world.client.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]


def counted() -> Additions:
    """Return the totals: of the first ATS for each of the last days, of the others for today, and of each job."""
    measures = [
        *("applications", "reports", "unmapped", "feedback", "inferred", "waiting", "last_activity", "delay:20"),
        *(f"{family}:{each}" for family in ("reached", "open") for each in STEPS),
        *(f"outcome:{each}" for each in Outcome),
        *(f"entered:{each}" for each in Status),
        *(f"{family}:20" for family in ("first_response", *(f"time_in:{each}" for each in TIMED_STATUSES))),
    ]
    total = Additions()
    for ats_id in ATSS:
        for days_ago in range(DAYS if ats_id == ATSS[0] else 1):
            day = (TODAY - timedelta(days=days_ago)).isoformat()
            total.amounts[Subject(ats_id)] |= dict.fromkeys([(day, each) for each in measures], 1_234_567)
    for job_id in JOBS:
        amounts = dict.fromkeys([(TODAY.isoformat(), each) for each in measures], 12_345)
        total.amounts[Subject(ATSS[0], CLIENT, job_id)] = amounts
        total.name(CLIENT, job_id, Name("2026-01-01", COMPANY), Name("2026-01-01", TITLE))
    return total


def requests() -> list[HealthDay]:
    """Return a day of each ATS, and 90 of the first, with much that requests of two channels are answered with."""
    results = [*ReportResult, *(each.type for each in PROBLEM_TYPES[:8])]
    counts = dict.fromkeys(product((Channel.ATSI, Channel.SIGNALS), results), 1_234_567)
    days = [(ats_id, days_ago) for ats_id in ATSS for days_ago in range(DAYS if ats_id == ATSS[0] else 1)]
    return [HealthDay(ats_id, TODAY - timedelta(days=days_ago), counts, now()) for ats_id, days_ago in days]


def size(reply: Mapping[str, Any]) -> int:
    """Return how many bytes the body of a reply has, which is no larger than replies may be."""
    found = len(reply["body"].encode())
    assert found <= REPLY_LIMIT_BYTES == 1_000_000
    return found


WHOLE: dict[str, dict[str, Any]] = {
    "health": {"kind": "health"}, "by ATS": {"by": "ats"}, "by day": {"interval": "day"},
}  # fmt: skip
LONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "a year by day": ({"interval": "day", "from_": str(TODAY - timedelta(days=399))}, "/interval", "numbers"),
    "more by day": ({"interval": "day", "from_": "2020-01-01"}, "/interval", "at most 400 days"),
    "more by day of an ATS": ({"ats": ATSS[0], "interval": "day", "from_": "2020-01-01"}, "/interval", "500 rows"),
    "more health": ({"kind": "health", "from_": "2020-01-01"}, "/from", "at most 100 days"),
    "more health of an ATS": ({"kind": "health", "ats": ATSS[0], "from_": "2020-01-01"}, "/from", "at most 400 days"),
}  # fmt: skip


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
@pytest.mark.parametrize("name", WHOLE)
def test_report_fits(board: World, name: str, accept: str) -> None:
    """What a board with 120 ATSs asks for is answered."""
    reply = ask(board, STAFF, "/api/my/quality", accept=accept, **WHOLE[name])
    assert reply["statusCode"] == 200, reply["body"]
    assert size(reply) > 1_000


def test_page_of_a_list_fits(board: World) -> None:
    """A client with 1,100 jobs gets them in pages of 100."""
    reply = ask(board, STAFF, "/api/my/quality", client=CLIENT, by="job")
    assert size(reply) > 500_000
    found = json.loads(reply["body"])
    assert [row["Job"] for row in found["Rows"]] == sorted(JOBS)[:100]
    assert found["Next"] == sorted(JOBS)[99]


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
        ({}, {"comparison": 100, "unmapped": 100, "health": 200}),
        ({"interval": "day", "from_": str(TODAY - timedelta(days=399))}, {"over-time": 400, "unmapped": 100}),
        ({"ats": ATSS[0], "interval": "day"}, {"over-time": 90, "unmapped": 100}),
        ({"client": CLIENT}, {"comparison": 81}),
    ],
    ids=["all", "a year by day", "an ATS", "a client"],
)
def test_quality_page_fits(
    board: World, query: dict[str, Any], listed: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With as many rows as its tables may have, or as the CSV beside them fits; what can't be downloaded is said."""
    give_labels(monkeypatch, FILLERS["escaped in HTML and CSV"])
    reply = ask(board, STAFF, **query)
    assert reply["statusCode"] == 200
    assert size(reply) > 50_000
    found = {name: section(reply["body"], name).count('<th scope="row">') for name in listed}
    assert found == listed
    if "from_" in query:
        assert "This table is too large for one CSV file." in section(reply["body"], "over-time")
    if not query:
        assert f"The 100 most frequent of {len(ATSS) * LABELS:,}." in reply["body"]
