"""Quality reports over HTTP: who sees what, in which form, and what is refused."""

import csv
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Status
from application_status.health.counts import Health
from application_status.health.rules import HealthDay
from application_status.platform.values import ApplicationId, AtsId, application_id, from_text, now
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.write import Change, Counters
from application_status.quality.counting.stream import change
from application_status.quality.rules.contribution import Cell
from support.world import ATS, BERLIN, OTHER_ATS, OTHER_TOKEN, TOKEN, Answer, World, answer, http_event, registration

START = from_text("2026-09-01T09:00:00.000Z")
SMALL_ATS = AtsId("small-ats")


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    """Let it be three weeks after the first application."""
    with time_machine.travel("2026-09-22T10:00:00Z"):
        yield


@pytest.fixture(autouse=True)
def _counted(_today: None, world: World) -> None:
    """Count and merge 30 applications of the demo ATS, 8 of the other, 3 of a small one; of clients with a few jobs."""
    lives = [(ATS, "client-1", "job-0" if number % 4 else "job-1") for number in range(20)]
    lives += [(ATS, "client-2", "job-7")] * 10 + [(OTHER_ATS, "client-1", "job-0")] * 6
    lives += [(OTHER_ATS, "client-1", "job-small")] * 2 + [(SMALL_ATS, "client-3", "job-9")] * 3
    changes = []
    for number, (ats_id, client_id, job_id) in enumerate(lives):
        registered = registration(
            ats_id=ats_id,
            client_id=client_id,
            job_id=job_id,
            applied_at=START + timedelta(days=number % 10 if ats_id == ATS else 0),
        )
        each = Application(
            application_id=application_id(f"51c3be16-0f93-41ed-9cc0-{number:012x}"),
            ats_id=ats_id, status=Status.APPLIED, version=1, registration=registered,
        )  # fmt: skip
        changes.append(change(each, BERLIN))
    count(world, *changes)
    merge(world)
    world.dynamodb.operations.clear()


def count(world: World, *changes: Change) -> None:
    assert Counters(world.dynamodb, "QualityTable").apply(changes) == list(changes)


def merge(world: World) -> None:
    assert Merger(world.dynamodb, "QualityTable", 1).merge(now().date())


def get(
    world: World,
    path: str = "/api/quality",
    *,
    token: str | None = TOKEN,
    claims: Mapping[str, str] | None = None,
    accept: str | None = None,
    **query: Any,
) -> dict[str, Any]:
    """Return the views' raw reply; `from_` stands for from."""
    event = http_event("GET", path, None, {"Accept": accept} if accept else None, token)
    event["queryStringParameters"] = {name.rstrip("_"): value for name, value in query.items()} or None
    event["requestContext"]["authorizer"] = {"claims": claims} if claims is not None else None
    return world.views(event, None)


def applications(reply: Mapping[str, Any]) -> dict[tuple[str, ...], int]:
    """Return the populations of a report's rows by whom they are about."""
    assert reply["statusCode"] == 200, reply["body"]
    rows = json.loads(reply["body"])["Rows"]
    return {
        tuple(row[name] for name in ("Ats", "Client", "Job") if name in row): row["Numbers"][0]["Population"]
        for row in rows
    }


def numbers(row: Mapping[str, Any]) -> dict[tuple[str, str], tuple[float | None, int]]:
    """Return the values and populations of a row's numbers by measure and unit."""
    return {(each["Measure"], each["Unit"]): (each["Value"], each["Population"]) for each in row["Numbers"]}


def problem(reply: Mapping[str, Any]) -> tuple[int, str, list[str]]:
    found: Answer = answer(reply)
    return found.status, found.body["type"].rpartition("/")[2], [e["pointer"] for e in found.body.get("errors", [])]


def test_ats_sees_itself(world: World) -> None:
    """By its token, whether it names itself or not; the token is looked up, the counters are read, no more."""
    assert applications(get(world)) == {(ATS,): 30}
    assert applications(get(world, ats=ATS)) == {(ATS,): 30}
    assert applications(get(world, token=OTHER_TOKEN)) == {(OTHER_ATS,): 8}
    assert set(world.dynamodb.operations) <= {"GetItem", "Query", "BatchGetItem"}


@pytest.mark.parametrize("query", [{"ats": OTHER_ATS}, {"client": "client-1"}, {"ats": ATS, "client": "client-2"}])
def test_ats_sees_only_itself(world: World, query: dict[str, Any]) -> None:
    """Queries for another ATS or a client are refused, even for a client that it works for."""
    assert problem(get(world, **query)) == (403, "forbidden", [])


@pytest.mark.parametrize("token", [None, "unknown"])
def test_missing_or_unknown_token_is_refused(world: World, token: str | None) -> None:
    """The reply is a 401, before the query is checked."""
    assert problem(get(world, token=token, kind="nonsense"))[:2] == (401, "unauthenticated")


def test_client_sees_itself(world: World) -> None:
    """By the claim of its signed-in user, over all ATSs; by job, where a job of two hides the next larger one."""
    claims = {"custom:client_id": "client-1"}
    assert applications(get(world, "/api/my/quality", claims=claims)) == {("client-1",): 28}
    jobs = get(world, "/api/my/quality", claims=claims, by="job")
    assert applications(jobs) == {("client-1", "job-0"): 21}
    assert json.loads(jobs["body"])["Hidden"] == 2
    assert applications(get(world, "/api/my/quality", claims=claims, job="job-0")) == {("client-1", "job-0"): 21}
    for hidden in ("job-1", "job-small"):
        reply = get(world, "/api/my/quality", claims=claims, job=hidden)
        assert (applications(reply), json.loads(reply["body"])["Hidden"]) == ({}, 1)
    assert applications(get(world, "/api/my/quality", claims=claims, job="unheard-of")) == {}


@pytest.mark.parametrize("query", [{"ats": ATS}, {"client": "client-2"}, {"client": "client-2", "job": "job-7"}])
def test_client_sees_only_itself(world: World, query: dict[str, Any]) -> None:
    """Queries for another client or an ATS are refused."""
    reply = get(world, "/api/my/quality", claims={"custom:client_id": "client-1"}, **query)
    assert problem(reply) == (403, "forbidden", [])


@pytest.mark.parametrize("claims", [{}, {"sub": "x"}, {"custom:client_id": ""}, None])
def test_signed_in_for_no_client(world: World, claims: dict[str, str] | None) -> None:
    """A jobseeker has no quality report; an ATS's token doesn't help here."""
    assert problem(get(world, "/api/my/quality", claims=claims)) == (403, "forbidden", [])


def test_board_sees_all(world: World) -> None:
    """Everything together, by ATS, or one of them; those with fewer than five applications are in no sum."""
    path = "/api/board/quality"
    assert applications(get(world, path, token=None)) == {(): 38}
    by_ats = get(world, path, token=None, by="ats")
    assert applications(by_ats) == {(ATS,): 30, (OTHER_ATS,): 8}
    assert json.loads(by_ats["body"])["Hidden"] == 1
    assert applications(get(world, path, token=None, ats=OTHER_ATS)) == {(OTHER_ATS,): 8}
    assert applications(get(world, path, token=None, ats=SMALL_ATS)) == {}
    assert applications(get(world, path, token=None, client="client-2")) == {("client-2",): 10}
    assert applications(get(world, path, token=None, ats="nobody")) == {}


def test_periods(world: World) -> None:
    """Weeks from Monday; a row has the days that it covers, the last one up to today; `from` and `to` count in."""
    reply = answer(get(world, interval="week"))
    assert [(row["From"], row["To"], row["Numbers"][0]["Value"]) for row in reply.body["Rows"]] == [
        ("2026-09-01", "2026-09-06", 18),
        ("2026-09-07", "2026-09-22", 12),
    ]
    days: dict[str, Any] = {"from_": "2026-09-03", "to": "2026-09-06", "interval": "day"}
    rows = answer(get(world, **days)).body["Rows"]
    assert [(row["From"], row["To"]) for row in rows] == [("2026-09-03", "2026-09-04"), ("2026-09-05", "2026-09-06")]


@pytest.mark.parametrize("kind", ["cohort", "activity", "health"])
@pytest.mark.parametrize(
    ("query", "period"),
    [
        ({}, ["2026-06-25", "2026-09-22"]), ({"from_": "2020-01-01"}, ["2020-01-01", "2026-09-22"]),
        ({"to": "2026-09-04"}, ["2026-06-07", "2026-09-04"]), ({"to": "0001-02-03"}, ["0001-01-01", "0001-02-03"]),
        ({"from_": "2026-09-02", "to": "2026-09-04"}, ["2026-09-02", "2026-09-04"]),
        ({"from_": "2027-01-01"}, ["2027-01-01", "2027-01-01"]),
    ],
    ids=str,
)  # fmt: skip
def test_period_is_said(world: World, kind: str, query: dict[str, Any], period: list[str]) -> None:
    """The one asked for; by default the last 90 days, so that a wrong old date stretches no report.

    Integration health is refused for more than 400 days.
    """
    count(
        world,
        *[
            Change(
                ApplicationId("old"), 1, {Cell(ATS, "2020-02-02", each): 5 for each in ("applications", "entered:LEAD")}
            )
        ],
    )
    counts = {(Channel.ATSI, "recorded"): 7}
    days = [HealthDay(ATS, day, counts, now()) for day in (date(2020, 2, 2), date(2026, 9, 3))]
    Health(world.dynamodb, "QualityTable").add("a-batch", days)
    if kind == "health" and query == {"from_": "2020-01-01"}:
        assert problem(get(world, kind=kind, **query)) == (422, "invalid-fields", ["/from"])
        return
    reply = answer(get(world, kind=kind, **query)).body
    assert [reply["From"], reply["To"]] == period
    covered = [row["From"] for row in reply["Rows"] if row["From"]]
    assert covered == [each for each in covered if period[0] <= each <= period[1]]
    assert any(each < "2021" for each in covered) == (period[0] < "2020-02" and period[1] > "2021")
    assert bool(covered) == (period[0] < "2026-09-10" and period[1] > "2026-09")


@pytest.mark.parametrize("query", [{"kind": "silence"}, {"kind": "unmapped"}, {"client": "client-1", "job": "job-0"},
                                   {"client": "client-1", "by": "job"}, {"ats": ATS, "by": "client"}],
                         ids=str)  # fmt: skip
def test_reports_without_a_period_say_so(world: World, query: dict[str, Any]) -> None:
    """They are as of today, or of jobs and clients over their whole lives, for any time of application."""
    with time_machine.travel("2036-01-01T10:00:00Z"):
        reply = answer(get(world, "/api/board/quality", token=None, **query)).body
    assert (reply["From"], reply["To"]) == (None, None)
    assert bool(reply["Rows"]) == (query.get("kind") != "unmapped")


@pytest.mark.parametrize("kind", ["cohort", "activity", "silence"])
def test_kinds_have_populations_and_definitions(world: World, kind: str) -> None:
    """Each number names its population and links to its definition."""
    reply = answer(get(world, kind=kind))
    assert (reply.body["Kind"], reply.body["TimeZone"], reply.body["MinimumApplications"]) == (kind, "Europe/Berlin", 5)
    (row,) = reply.body["Rows"]
    definitions = answer(get(world, "/api/quality/definitions", token=None)).body
    for number in row["Numbers"]:
        assert number.keys() == {"Measure", "Unit", "Value", "Population", "Definition"}
        path, _, name = number["Definition"].partition("#")
        assert path == "/api/quality/definitions"
        assert definitions[name].keys() == {"Definition", "Population", "Censoring"}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "application/json"), ("*/*", "application/json"), ("application/json", "application/json"),
        ("text/csv", "text/csv"), ("text/*", "text/csv"), ("text/csv;q=0.5, application/json", "application/json"),
        ("application/json;q=0.1, text/csv;q=0.9", "text/csv"), ("text/html, */*;q=0.8", "application/json"),
        ("TEXT/CSV", "text/csv"), ("application/json;q=0, */*", "text/csv"),
        ("text/csv;q=nonsense, */*", "application/json"), ("text/csv;q=\u00b2, */*", "application/json"),
    ],
)  # fmt: skip
def test_media_type_by_accept(world: World, accept: str | None, kind: str) -> None:
    """JSON unless CSV is preferred."""
    reply = get(world, accept=accept)
    assert (reply["statusCode"], reply["headers"]["Content-Type"].partition(";")[0]) == (200, kind)


def test_csv_has_the_same_numbers(world: World) -> None:
    """A line a number, an empty value where it isn't known."""
    lines = list(csv.DictReader(get(world, accept="text/csv", interval="week")["body"].splitlines()))
    rows = answer(get(world, interval="week")).body["Rows"]
    expected = [
        dict.fromkeys(("ats_name", "client", "company", "job", "job_title"), "")
        | {"ats": row["Ats"], "from": row["From"], "to": row["To"]}
        | {name.lower(): "" if value is None else str(value) for name, value in number.items()}
        for row in rows
        for number in row["Numbers"]
    ]
    assert lines == expected
    assert any(line["value"] == "" for line in lines)


@pytest.mark.parametrize("accept", ["text/html", "application/xml, image/*", "text/csv;q=0, application/json;q=0"])
def test_no_acceptable_media_type(world: World, accept: str) -> None:
    """The problem says what there is."""
    reply = get(world, accept=accept)
    assert problem(reply) == (406, "not-acceptable", [])
    assert "text/csv" in json.loads(reply["body"])["detail"]


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ({"kind": "funnel"}, ["/kind"]), ({"interval": "year"}, ["/interval"]), ({"from_": "yesterday"}, ["/from"]),
        ({"to": "2026-13-01"}, ["/to"]), ({"from_": "0", "to": "86400"}, ["/from", "/to"]),
        ({"to": "2026-09-01T00:00:00"}, ["/to"]), ({"from_": "2026-02-01", "to": "2026-01-31"}, ["/to"]),
        ({"job": "x"}, ["/client"]),
        ({"by": "job"}, ["/client"]), ({"clinet": "x"}, ["/clinet"]),
        ({"ats": "a", "by": "client", "interval": "week"}, ["/by"]),
        ({"ats": "a", "by": "client", "from_": "2026-01-01"}, ["/by"]),
        ({"client": "c", "by": "job", "job": "j"}, ["/by"]), ({"after": "a"}, ["/after"]),
        ({"kind": "health", "ats": "a", "by": "client"}, ["/kind"]),
        ({"kind": "activity", "ats": "a", "by": "client"}, ["/kind"]),
        ({"client": "c", "by": "ats"}, ["/client"]), ({"client": "c", "ats": "a"}, ["/client"]),
        ({"client": "c", "job": "j", "interval": "week"}, ["/job"]),
        ({"client": "c", "by": "job", "to": "2026-01-01"}, ["/job"]),
        ({"ats": "a#b"}, ["/ats"]), ({"client": ""}, ["/client"]), ({"from_": "0"}, ["/from"]),
        ({"kind": "silence", "interval": "week"}, ["/kind"]), ({"kind": "silence", "to": "2026-01-01"}, ["/kind"]),
        ({"kind": "x", "by": "y", "from_": "z"}, ["/kind", "/from", "/by"]),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_questions_are_refused(world: World, query: dict[str, Any], pointers: list[str]) -> None:
    """Each wrong parameter is named with what would be right; unknown ones too, as it may be a misspelt filter."""
    reply = get(world, "/api/board/quality", token=None, **query)
    assert problem(reply) == (422, "invalid-fields", pointers)
    assert all(entry["expected"] for entry in json.loads(reply["body"])["errors"])


def test_parameter_twice(world: World) -> None:
    """Two different values are refused; the same value twice is accepted."""
    event = http_event("GET", "/api/quality")
    event["multiValueQueryStringParameters"] = {"kind": ["cohort", "activity"]}
    assert problem(world.views(event, None)) == (422, "invalid-fields", ["/kind"])
    event["multiValueQueryStringParameters"] = {"kind": ["activity", "activity"]}
    assert answer(world.views(event, None)).body["Kind"] == "activity"


def test_too_long_reports_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before Lambda would refuse the reply; a longer interval helps."""
    monkeypatch.setattr("application_status.quality.reports.report.ROWS_LIMIT", 4)
    for kind in ("cohort", "activity"):
        assert problem(get(world, kind=kind, interval="day")) == (422, "invalid-fields", ["/interval"])
    assert "the report would have 5 rows" in get(world, interval="day")["body"]
    assert applications(get(world, interval="week"))


def test_ats_and_board_list_clients(world: World) -> None:
    """The clients of an ATS, with their applications at this ATS alone, over their whole lives."""
    expected = {(ATS, "client-1"): 20, (ATS, "client-2"): 10}
    assert applications(get(world, by="client")) == expected
    board = get(world, "/api/board/quality", token=None, ats=ATS, by="client")
    assert (applications(board), json.loads(board["body"])["Hidden"]) == (expected, 0)
    small = get(world, "/api/board/quality", token=None, ats=SMALL_ATS, by="client")
    assert (applications(small), json.loads(small["body"])["Hidden"]) == ({}, 1)


@pytest.mark.parametrize("kind", ["cohort", "activity", "silence"])
def test_lists_have_pages(world: World, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Next` is the value of `after` for the next page; all pages together have each member once, in order."""
    for limit in ("PAGE_ROWS", "CLIENTS_PAGE_ROWS"):
        monkeypatch.setattr(f"application_status.quality.reports.report.{limit}", 1)
    path = "/api/board/quality"
    lists: list[tuple[dict[str, Any], list[str]]] = [
        ({"by": "ats"}, [ATS, OTHER_ATS]),
        ({"by": "job", "client": "client-1"}, ["job-0"]),
        *([({"by": "client", "ats": ATS}, ["client-1", "client-2"])] if kind != "activity" else []),
    ]
    for query, members in lists:
        found, after, pages = list[str](), dict[str, Any](), 0
        while True:
            reply = answer(get(world, path, token=None, kind=kind, **query, **after)).body
            found += [row[query["by"].capitalize()] for row in reply["Rows"]]
            pages += 1
            if reply["Next"] is None:
                break
            after = {"after": reply["Next"]}
        assert found == members
        assert pages >= len(members)
    assert answer(get(world, path, token=None, kind=kind)).body["Next"] is None


def test_members_of_lists_have_names(world: World) -> None:
    """The newest names of the client and the job, in JSON and in CSV."""
    claims = {"custom:client_id": "client-1"}
    names = {"Client": "client-1", "Company": "Example GmbH"}
    (row,) = answer(get(world, "/api/my/quality", claims=claims)).body["Rows"]
    assert {name: row[name] for name in names} == names
    queries: list[dict[str, Any]] = [{"by": "job"}, {"job": "job-0"}]
    for query in queries:
        (row,) = answer(get(world, "/api/my/quality", claims=claims, **query)).body["Rows"]
        of_job = names | {"Job": "job-0", "JobTitle": "Python Developer"}
        assert {name: row[name] for name in of_job} == of_job
    lines = csv.DictReader(
        get(world, "/api/my/quality", claims=claims, accept="text/csv", by="job")["body"].splitlines()
    )
    assert {(line["company"], line["job_title"], line["from"]) for line in lines} == {
        ("Example GmbH", "Python Developer", "")
    }
    rows = answer(get(world, by="client")).body["Rows"]
    assert [(each["Ats"], each["Company"]) for each in rows] == [(ATS, "Example GmbH")] * 2


def test_silence_is_as_of_today(world: World) -> None:
    """Its rows are about one day, whatever they are about."""
    path = "/api/board/quality"
    for query in ({}, {"by": "ats"}, {"ats": ATS}, {"client": "client-1"}, {"client": "client-1", "by": "job"}):
        rows = answer(get(world, path, token=None, kind="silence", **query)).body["Rows"]
        assert rows
        assert {(row["From"], row["To"]) for row in rows} == {("2026-09-22", "2026-09-22")}


def test_change_is_in_each_report_at_once(world: World) -> None:
    """Reports need no merge: what is counted is in the next one, of the ATS, its client and the job."""
    cells = {Cell(ATS, "2026-09-20", "applications"): 1}
    count(world, Change(ApplicationId("new"), 1, cells, "client-1", "job-0"))
    assert applications(get(world)) == {(ATS,): 31}
    claims = {"custom:client_id": "client-1"}
    assert applications(get(world, "/api/my/quality", claims=claims)) == {("client-1",): 29}
    assert applications(get(world, "/api/my/quality", claims=claims, job="job-0")) == {("client-1", "job-0"): 22}
    before = applications(get(world, by="client"))
    merge(world)
    assert applications(get(world, by="client")) == before == {(ATS, "client-1"): 21, (ATS, "client-2"): 10}


@pytest.mark.parametrize("interval", ["day", "week"])
def test_long_reports_about_several_atss_are_by_month(world: World, interval: str) -> None:
    """By day or week, more than 400 days are refused, unless the report is about one ATS."""
    path = "/api/board/quality"
    long: dict[str, Any] = {"from_": "2020-01-01"}
    refused = get(world, path, token=None, interval=interval, **long)
    assert problem(refused) == (422, "invalid-fields", ["/interval"])
    assert "at most 400 days" in refused["body"]
    assert applications(get(world, path, token=None, interval="month", **long)) == {(): 38}
    assert applications(get(world, path, token=None, interval=interval, ats=ATS, **long))
    assert applications(get(world, path, token=None, interval=interval, from_="2025-08-20"))


@pytest.mark.parametrize("kind", ["cohort", "activity"])
@pytest.mark.parametrize("interval", ["month", "all"])
def test_ten_years_have_the_numbers_of_their_days(world: World, kind: str, interval: str) -> None:
    """A long period is answered from rows by year, with the same numbers as one that is answered from rows by month."""
    for by in ({}, {"by": "ats"}, {"ats": ATS}):
        long, short = (
            answer(get(world, "/api/board/quality", token=None, kind=kind, interval=interval, from_=first, **by)).body
            for first in ("2016-01-01", "2026-01-01")
        )
        assert long["Rows"] == short["Rows"] != []


@pytest.mark.parametrize("method", ["POST", "DELETE", "HEAD"])
def test_other_methods(world: World, method: str) -> None:
    """Reports are read."""
    assert problem(world.views(http_event(method, "/api/quality"), None)) == (405, "method-not-allowed", [])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_uptime_check_says_nothing_else_and_reads_nothing(world: World, method: str) -> None:
    """It needs no token, and the reply names no version."""
    reply = answer(world.views(http_event(method, "/health", token=None), None))
    assert (reply.status, reply.body, world.dynamodb.operations) == (200, {"status": "ok"}, [])
    assert reply.headers == {"Content-Type": "application/json", "Cache-Control": "no-store"}
    assert problem(world.views(http_event("POST", "/health", token=None), None)) == (405, "method-not-allowed", [])


def test_health_has_requests_by_channel_and_result(world: World) -> None:
    """The report counts the ATS's requests by period; others don't see it."""
    seen = now() - timedelta(hours=6)
    counts = {(Channel.ATSI, "recorded"): 7, (Channel.ATSI, "invalid-fields"): 2, (Channel.SIGNALS, "late"): 1}
    days = [HealthDay(ATS, date(2026, 9, day), counts, seen) for day in (7, 8, 14)]
    Health(world.dynamodb, "QualityTable").add("a-batch", days)
    rows = answer(get(world, kind="health", interval="week")).body["Rows"]
    assert [(row["Ats"], row["From"], row["To"]) for row in rows] == [
        (ATS, "2026-09-07", "2026-09-08"),
        (ATS, "2026-09-14", "2026-09-14"),
    ]
    assert numbers(rows[0]) == {
        ("requests", "requests"): (20, 20),
        ("refused", "requests"): (4, 20),
        ("refused", "share"): (0.2, 20),
        ("answered_with:atsi:recorded", "requests"): (14, 20),
        ("answered_with:atsi:invalid-fields", "requests"): (4, 20),
        ("answered_with:signals:late", "requests"): (2, 20),
        ("last_seen", "days"): (0.25, 30),
        ("silent", "flag"): (0, 30),
    }
    definitions = answer(get(world, "/api/quality/definitions", token=None)).body
    assert {"requests", "refused", "answered_with", "last_seen", "silent"} <= definitions.keys()
    assert answer(get(world, kind="health", token=OTHER_TOKEN)).body["Rows"] == []
    assert [row["Ats"] for row in answer(get(world, "/api/board/quality", kind="health")).body["Rows"]] == [ATS]
    claims = {"custom:client_id": "client-1"}
    refused = get(world, "/api/my/quality", claims=claims, kind="health")
    assert problem(refused) == (422, "invalid-fields", ["/kind"])


def test_health_says_which_atss_have_stopped(world: World) -> None:
    """They come first, also if they sent nothing in the period; the times are as of now, whatever the period."""
    health = Health(world.dynamodb, "QualityTable")
    for ats_id, last in (("a-daily", 22), ("b-stopped", 12), ("c-new", 1)):
        moments = [
            datetime(2026, 9, last, 9, tzinfo=UTC) - timedelta(days=each) for each in range(10 if last > 1 else 1)
        ]
        counts = {(Channel.ATSI, "recorded"): 1}
        health.add(ats_id, [HealthDay(AtsId(ats_id), at.date(), counts, at) for at in moments])
    queries: list[dict[str, Any]] = [{}, {"from_": "2026-09-20"}, {"to": "2026-09-02"}]
    for query in queries:
        rows = answer(get(world, "/api/board/quality", kind="health", **query)).body["Rows"]
        found = [(row["Ats"], numbers(row)["silent", "flag"][0], numbers(row)["last_seen", "days"][0]) for row in rows]
        assert found == [("b-stopped", 1, 10.04), ("a-daily", 0, 0.04), ("c-new", 0, 21.04)]
    rows = answer(get(world, "/api/board/quality", kind="health", from_="2026-09-20")).body["Rows"]
    assert [(row["From"], numbers(row)["requests", "requests"][0]) for row in rows] == [
        (None, 0), ("2026-09-20", 3), (None, 0),
    ]  # fmt: skip
    assert numbers(rows[0])["refused", "share"] == (None, 0)


def test_ats_that_never_gets_through_has_health(world: World) -> None:
    """No application was counted, but its refused requests were."""
    health = Health(world.dynamodb, "QualityTable")
    health.add("a-batch", [HealthDay(AtsId("lonely"), date(2026, 9, 7), {(Channel.ATSI, "invalid-fields"): 3}, now())])
    assert applications(get(world, "/api/board/quality", kind="health")) == {("lonely",): 3}


def test_client_less_its_jobs_is_no_small_number(world: World) -> None:
    """What is left of a client without the jobs of its list has five applications or none."""
    claims = {"custom:client_id": "client-1"}
    whole = applications(get(world, "/api/my/quality", claims=claims))[("client-1",)]
    jobs = applications(get(world, "/api/my/quality", claims=claims, by="job"))
    rest = whole - sum(jobs.values())
    assert rest == 0 or rest >= 5


def test_silence_needs_five_open_applications(world: World) -> None:
    """Only open applications count, however many applications there are."""
    cells = {Cell("quiet-ats", "2026-09-01", "applications"): 9, Cell("quiet-ats", "2026-09-02", "last_activity"): 4}
    count(world, Change(ApplicationId("one"), 1, cells))
    assert applications(get(world, "/api/board/quality", ats="quiet-ats", kind="silence")) == {}
    count(world, Change(ApplicationId("two"), 1, {Cell("quiet-ats", "2026-09-02", "last_activity"): 1}))
    assert applications(get(world, "/api/board/quality", ats="quiet-ats", kind="silence")) == {("quiet-ats",): 5}


def test_nothing_counted_yet(world: World) -> None:
    """An ATS without applications has no rows."""
    for item in world.client.scan(TableName="QualityTable")["Items"]:
        world.client.delete_item(TableName="QualityTable", Key={"Scope": item["Scope"], "Part": item["Part"]})
    for kind in ("cohort", "activity", "silence"):
        assert answer(get(world, kind=kind)).body["Rows"] == []
        assert answer(get(world, "/api/board/quality", kind=kind)).body["Rows"] == []
