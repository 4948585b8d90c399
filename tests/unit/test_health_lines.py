"""Log lines and days of health as values: the requests of a batch, whatever it looks like, and their days."""

import base64
import gzip
import json
from datetime import date, datetime
from typing import Any

import pytest

from application_status.applications.rules.application import ReportResult
from application_status.applications.rules.report import Channel
from application_status.health.rules import HealthDay, RequestResult, by_day
from application_status.health.stream import batch as read
from application_status.local.subscription_filter import as_event
from application_status.platform.telemetry import results_fields
from application_status.platform.values import AtsId, from_text
from support.log_lines import batch, line
from support.world import ATS, BERLIN

NOON = from_text("2026-11-22T12:00:00.000+00:00")


def request(ats_id: str = ATS, result: str = "recorded", at: datetime = NOON) -> RequestResult:
    return RequestResult(AtsId(ats_id), Channel.ATSI, result, at)


def test_line_has_the_ats_channel_result_and_moment_of_a_request() -> None:
    """The moment is the log event's; nothing else of the line is read."""
    lines = [line(), line("history-full", channel="signals", timestamp="yesterday", status=422) + "\n"]
    found = read(batch(lines, at=NOON.isoformat()))
    assert found.requests == (request(), RequestResult(ATS, Channel.SIGNALS, "history-full", NOON))
    assert found.unreadable == 0


def test_line_of_a_batch_has_an_amount_for_each_result() -> None:
    """It counts as that many requests."""
    content = {"results": {"recorded": 97, "unknown-application": 3}, "ats": ATS, "channel": "atsi"}
    (day,) = by_day(read(batch([json.dumps(content), line()], at=NOON.isoformat())).requests, BERLIN)
    assert day.counts == {(Channel.ATSI, "recorded"): 98, (Channel.ATSI, "unknown-application"): 3}


def test_results_are_shown_by_their_names() -> None:
    """Also in the lines of `make run`, which are no JSON."""
    assert str(results_fields({ReportResult.RECORDED: 97})["results"]) == "{'recorded': 97}"


def test_id_is_that_of_the_same_lines() -> None:
    """An unreadable line more makes no other batch; a readable one does."""
    good = {"id": "1", "timestamp": 1, "message": line()}
    bad, more = good | {"id": "2", "message": ""}, good | {"id": "3"}
    assert read(as_event([good])).id == read(as_event([good])).id == read(as_event([good, bad])).id
    assert len({read(as_event(lines)).id for lines in ([good], [more], [good, more], [])}) == 4


@pytest.mark.parametrize(
    "message",
    [
        "REPORT RequestId: 6234bffe Duration: 46.84 ms",
        "",
        None,
        "[]",
        '"recorded"',
        "{" * 100_000,
        "[" * 100_000,
        line(ats=5),
        line(ats=""),
        line(ats="a b"),
        line(ats="ats\ud800"),
        line(ats="x" * 65),
        line(channel="fax"),
        line(channel=None),
        line(channel=["atsi"]),
        line(result="Absage durch Bewerber"),
        line(result=""),
        line(result={"is": "recorded"}),
        line(result="x" * 65),
        '{"ats": "demo-ats", "channel": "atsi"}',
        '{"ats": "demo-ats", "channel": "atsi", "results": ["recorded"]}',
        '{"ats": "demo-ats", "channel": "atsi", "results": {"Absage durch Bewerber": 1}}',
        '{"ats": "demo-ats", "channel": "atsi", "results": {"recorded": 0}}',
        '{"ats": "demo-ats", "channel": "atsi", "results": {"recorded": "1"}}',
        '{"ats": "demo-ats", "channel": "atsi", "results": {"recorded": true}}',
        '{"ats": "demo-ats", "channel": "atsi", "results": {"recorded": 1000001}}',
        '{"ats": "demo-ats", "channel": "atsi", "results": {"recorded": 1.5}}',
        '{"ats": "demo-ats", "result": "recorded"}',
    ],
)
def test_line_that_cant_be_read_is_skipped(message: Any) -> None:
    """The lines around it are read."""
    found = read(batch([line(), message, line()]))
    assert ([each.result for each in found.requests], found.unreadable) == (["recorded"] * 2, 1)


@pytest.mark.parametrize(
    "changes",
    [{"id": None}, {"id": 5}, {"id": ""}, {"timestamp": None}, {"timestamp": "now"}, {"timestamp": 10**18},
     {"timestamp": float("nan")}, {"timestamp": float("inf")}, {"timestamp": -62_135_596_800_000},
     {"timestamp": 253_402_300_799_000}],
)  # fmt: skip
def test_log_event_without_id_or_time_is_unreadable(changes: dict[str, Any]) -> None:
    """Without them it could be counted twice, or on the wrong day."""
    good = {"id": "1", "timestamp": 1, "message": line()}
    lines: list[Any] = [good | {"id": "2"} | changes, good, "a text", {}]
    found = read(as_event(lines))
    assert (len(found.requests), found.unreadable) == (1, 3)


def packed(content: bytes) -> dict[str, Any]:
    return {"awslogs": {"data": base64.b64encode(content).decode()}}


@pytest.mark.parametrize(
    "event",
    [
        None, {}, [], {"awslogs": None}, {"awslogs": {"data": None}}, {"awslogs": {"data": "no base64!"}},
        packed(b""), packed(b"no gzip"), packed(gzip.compress(b"{}")[:-9]), packed(gzip.compress(b"no JSON")),
        packed(gzip.compress(b"\xff")), packed(gzip.compress(b"{}")), packed(gzip.compress(b"[]")),
        packed(gzip.compress(b'{"messageType": "DATA_MESSAGE", "logEvents": 5}')),
        packed(gzip.compress(b"{}")[:10] + b"\xff" * 20), {"Records": []},
    ],
)  # fmt: skip
def test_event_that_cant_be_read_is_one_unreadable_line(event: Any) -> None:
    """Reading never raises, as Lambda would only retry the same event."""
    found = read(event)
    assert (found.requests, found.unreadable) == ((), 1)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-03-28T22:59:59.999+00:00", "2026-03-28"),
        ("2026-03-28T23:00:00.000+00:00", "2026-03-29"),
        ("2026-03-29T21:59:59.999+00:00", "2026-03-29"),
        ("2026-03-29T22:00:00.000+00:00", "2026-03-30"),
        ("2026-10-24T21:59:59.999+00:00", "2026-10-24"),
        ("2026-10-24T22:00:00.000+00:00", "2026-10-25"),
        ("2026-10-25T22:59:59.999+00:00", "2026-10-25"),
        ("2026-10-25T23:00:00.000+00:00", "2026-10-26"),
    ],
)
def test_days_are_cut_in_the_time_zone(at: str, day: str) -> None:
    """Around both changes of the clock, where a day has 23 or 25 hours."""
    moment = from_text(at)
    (found,) = by_day([request(at=moment)], BERLIN)
    assert (found.day, found.last_seen) == (date.fromisoformat(day), moment)


def test_requests_are_counted_by_ats_and_day() -> None:
    """The result is sorted by ATS and day, in any order of the requests."""
    later = from_text("2026-11-23T12:00:00.000+00:00")
    requests = [request("b"), request("a", at=later), request("a", "late"), request("a"), request("a", "late")]
    assert by_day(requests, BERLIN) == [
        HealthDay(AtsId("a"), date(2026, 11, 22), {(Channel.ATSI, "late"): 2, (Channel.ATSI, "recorded"): 1}, NOON),
        HealthDay(AtsId("a"), date(2026, 11, 23), {(Channel.ATSI, "recorded"): 1}, later),
        HealthDay(AtsId("b"), date(2026, 11, 22), {(Channel.ATSI, "recorded"): 1}, NOON),
    ]
