"""The quality page's replies: what is refused and how, and that nothing becomes markup or runs."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import pytest
import time_machine

from application_status.applications.rules.report import Channel
from application_status.health.counts import Health
from application_status.health.rules import HealthDay
from application_status.platform.errors import Unavailable
from application_status.platform.values import ApplicationId, AtsId, now
from application_status.quality.counters.write import Change, Counters
from application_status.quality.rules.contribution import Cell
from support.quality_pages import OF_ATS, OF_CLIENT, STAFF, ask, rows, section, shown
from support.world import ATS, World

MARKUP = "\"'></td></svg><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    """Let it be a month after the applications of `count`."""
    with time_machine.travel("2026-02-10T10:00:00Z"):
        yield


def count(world: World, ats: str, client: str, *jobs: str, days: int = 1) -> None:
    """Count five applications a day of each job."""
    changes = []
    for job in jobs:
        for day in range(days):
            cells = dict.fromkeys(
                [Cell(ats, f"2026-01-{day + 1:02}", f"{each}") for each in ("applications", "entered:APPLIED")], 5
            )
            changes.append(Change(ApplicationId(f"{job}-{day}"), 1, cells, client, job))
    assert len(Counters(world.dynamodb, "QualityTable", 1).apply(changes)) == len(changes)


@pytest.mark.parametrize(
    ("claims", "query", "wrong"),
    [
        (STAFF, {"from_": "yesterday"}, ["from"]), (STAFF, {"from_": "2026-02-01", "to": "2026-01-31"}, ["to"]),
        (STAFF, {"ats": "a", "client": "b"}, ["client"]), (STAFF, {"job": "j"}, ["client"]),
        (STAFF, {"ats": "a#b"}, ["ats"]), (OF_ATS, {"job": "j"}, ["client"]),
        (STAFF, {"interval": "year"}, ["interval"]), (STAFF, {"interval": "all"}, ["interval"]),
        (STAFF, {"kind": "cohort"}, ["kind"]), (STAFF, {"by": "ats"}, ["by"]), (STAFF, {"clinet": "c"}, ["clinet"]),
        (STAFF, {"csv": "everything"}, ["csv"]), (OF_CLIENT, {"csv": "health"}, ["csv"]),
        (OF_CLIENT, {"csv": "by-ats"}, ["csv"]), (STAFF, {"ats": "a", "csv": "by-job"}, ["csv"]),
        (STAFF, {"ats": ["a", "b"]}, ["ats"]), (STAFF, {"from_": "x", "to": "y"}, ["from", "to"]),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_questions_come_back_as_a_form(
    world: World, claims: Mapping[str, str], query: dict[str, Any], wrong: list[str]
) -> None:
    """A page that names what is wrong and what is right, with the form as it was filled in."""
    reply = ask(world, claims, **query)
    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (422, "text/html; charset=utf-8")
    html = reply["body"]
    assert re.findall(r"<li><strong>(\w+)</strong>: .+\. Expected: .+\.</li>", html) == wrong
    inputs = dict(re.findall(r'<input id="(\w+)" [^>]* value="([^"]*)"', html))
    assert set(inputs) == {"from", "to"} | ({"ats", "client", "job"} if claims == STAFF else set()) | (
        {"job"} if claims == OF_CLIENT else set()
    )
    given = {name.rstrip("_"): value[-1] if isinstance(value, list) else value for name, value in query.items()}
    assert inputs == {name: given.get(name, "") for name in inputs}
    invalid = re.findall(r'<input id="(\w+)"[^>]* aria-invalid="true" aria-describedby="wrong"', html)
    assert invalid == [each for each in wrong if each in inputs]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"interval": "all"}, "day, week or month"),
        ({"from_": "yesterday"}, "a date, 2026-09-01; by default 89 days before to"),
        ({"utm_source": "x"}, "one of from, to, ats, client, job, interval, csv"),
        ({"first": "2026-01-01"}, "one of from, to, ats, client, job, interval, csv"),
    ],
    ids=str,
)  # fmt: skip
def test_refusal_names_the_allowed_values(world: World, query: dict[str, str], wanted: str) -> None:
    """The page lists all allowed values of the parameter."""
    assert re.findall(r"Expected: (.+)\.</li>", ask(world, STAFF, **query)["body"]) == [wanted]


def test_of_many_jobs_the_largest_are_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a client has more jobs than fit into one reply, the page says so and has no link to the CSV."""
    count(world, "ats", "client-1", *(f"job-{number:03}" for number in range(100)))
    size = len(ask(world, OF_CLIENT, csv="by-job")["body"])
    monkeypatch.setattr("application_status.quality.reports.formats.REPLY_LIMIT_BYTES", size)
    jobs = section(shown(world, OF_CLIENT), "comparison")
    assert "largest of" not in jobs
    assert '<a href="?csv=by-job">' in jobs
    count(world, "ats", "client-1", "job-100")
    html = shown(world, OF_CLIENT)
    assert len(rows(html, "comparison")) == 100
    jobs = section(html, "comparison")
    assert "The 100 largest of 101." in jobs
    assert "csv=by-job" not in jobs
    assert "The CSV by-job would be too large. Choose one job." in jobs
    refused = ask(world, OF_CLIENT, csv="by-job")["body"]
    assert f"numbers, which take more than {size:,} bytes. Expected: one job." in refused
    refused = json.loads(ask(world, OF_CLIENT, "/api/my/quality", by="job")["body"])
    assert [each["pointer"] for each in refused["errors"]] == ["/by"]


def test_csv_of_too_many_atss_is_not_linked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page asks to choose one ATS instead."""
    for number in range(3):
        count(world, f"ats-{number}", "client-1", f"job-{number}")
    monkeypatch.setattr(
        "application_status.quality.reports.formats.REPLY_LIMIT_BYTES", len(ask(world, STAFF, csv="by-ats")["body"]) - 1
    )
    html = shown(world, STAFF)
    assert "The CSV by-ats would be too large. Choose one ATS." in html
    assert "csv=by-ats" not in html
    assert '<a href="?csv=cohort">' in html


def test_too_many_rows_over_time_leave_the_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their section says what helps; only their file is refused."""
    monkeypatch.setattr("application_status.quality.reports.report.ROWS_LIMIT", 4)
    count(world, "ats", "client-1", "job-1", days=5)
    html = shown(world, OF_CLIENT, interval="day")
    assert rows(html, "funnel")
    assert "Too many rows to show. Choose a longer interval or a shorter period." in section(html, "over-time")
    assert "CSV" not in section(html, "over-time")
    assert rows(shown(world, OF_CLIENT, interval="day", to="2026-01-04"), "over-time")
    assert "csv=over-time" in shown(world, OF_CLIENT)
    refused = ask(world, OF_CLIENT, interval="day", csv="over-time")
    assert (refused["statusCode"], "<strong>csv</strong>: the report would have 5 rows" in refused["body"]) == (
        422,
        True,
    )


@pytest.mark.parametrize("claims", [STAFF, {"custom:client_id": "client-1"}])
def test_what_others_wrote_stays_text(world: World, claims: Mapping[str, str]) -> None:
    """Ids are checked where they come in; the page doesn't rely on it."""
    count(world, MARKUP, "client-1", MARKUP)
    Health(world.dynamodb, "QualityTable").add(
        "a-batch", [HealthDay(AtsId(MARKUP), now().date(), {(Channel.ATSI, MARKUP): 3}, now())]
    )
    html = shown(world, claims)
    assert_harmless(html)
    assert escape(MARKUP).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in html
    assert 'href="?' in section(html, "comparison")


@pytest.mark.parametrize("name", ["from_", "ats", "client", "job", "interval", "csv", MARKUP])
def test_parameters_are_escaped(world: World, name: str) -> None:
    """This includes values that are repeated in a form."""
    reply = ask(world, STAFF, **{name: MARKUP})
    assert reply["statusCode"] == 422
    assert_harmless(reply["body"])


def assert_harmless(html: str) -> None:
    """Check that there is no element or attribute that runs, loads or styles, but the page's own style."""
    assert re.findall(r"<(?:script|img|style|iframe|link|object|base)\b", html) == ["<style"]
    tags = re.findall(r"<[a-z][^>]*>", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))
    unquoted = [re.sub(r'"[^"]*"', '""', tag) for tag in tags]
    assert not [tag for tag in unquoted if re.search(r"\s(on\w+|style|src|srcset|xlink:href)=|'", tag)]
    assert {re.sub(r"^([?#]).*", r"\1", href) for href in re.findall(r'href="([^"]*)"', html)} <= {"?", "#"}


@pytest.mark.parametrize(("claims", "status"), [(STAFF, 200), ({}, 403)])
def test_policy_allows_the_pages_own_style_alone(world: World, claims: Mapping[str, str], status: int) -> None:
    """The style is allowed by its hash; forms lead to the site itself; storing and foreign frames are forbidden."""
    count(world, ATS, "client-1", "job-1")
    reply = ask(world, claims)
    headers, html = reply["headers"], reply["body"]
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )
    assert (reply["statusCode"], headers["Cache-Control"], headers["Content-Language"]) == (status, "no-store", "en")
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert html.startswith('<!doctype html>\n<html lang="en">')
    assert_harmless(html)


@pytest.mark.parametrize(
    ("of", "name"),
    [
        ({"csv": "cohort", "ats": "a:b.c"}, "cohort-a-b.c-2026-01-01-2026-01-31"),
        ({"csv": "silence", "ats": "a"}, "silence-a"), ({"csv": "unmapped"}, "unmapped"),
        ({"csv": "by-job", "client": "c"}, "by-job-c"), ({"csv": "by-ats"}, "by-ats-2026-01-01-2026-01-31"),
        ({"csv": "cohort", "client": "c", "job": "j"}, "cohort-c-j"),
    ],
    ids=str,
)  # fmt: skip
def test_csv_is_a_file_under_a_name_of_its_own(world: World, of: dict[str, str], name: str) -> None:
    """The name has its subject and period; characters that file systems may refuse are left out."""
    headers = ask(world, STAFF, **of, from_="2026-01-01", to="2026-01-31")["headers"]
    assert headers["Content-Disposition"] == f'attachment; filename="applicant-quality-{name}.csv"'
    assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")


def test_other_methods_are_refused(world: World) -> None:
    """The reply is a 405 whose Allow header is GET."""
    reply = ask(world, STAFF, method="POST")
    assert (reply["statusCode"], reply["headers"]["Allow"]) == (405, "GET")
    assert reply["headers"]["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(("path", "kind"), [("/quality", "text/html"), ("/api/my/quality", "application/problem+json")])
def test_unavailable_store_is_a_503(world: World, path: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page shows it as a text, the API as a problem."""

    def down(*_: Any) -> None:
        raise Unavailable("down")

    monkeypatch.setattr("application_status.quality.reports.endpoint.generations", down)
    reply = ask(world, STAFF, path)
    assert (reply["statusCode"], reply["headers"]["Retry-After"]) == (503, "2")
    assert reply["headers"]["Content-Type"].startswith(kind)
