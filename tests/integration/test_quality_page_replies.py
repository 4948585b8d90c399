"""The quality page's replies: what is refused and how, and that nothing becomes markup or runs."""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping
from csv import DictReader
from html import escape, unescape
from itertools import batched
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
from support.quality_pages import OF_ATS, OF_CLIENT, STAFF, about, api, ask, merge, rows, section, shown
from support.world import ATS, World

MARKUP = "\"'></td></svg><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    """Let it be a month after the applications of `count`."""
    with time_machine.travel("2026-02-10T10:00:00Z"):
        yield


def count(world: World, ats: str, client: str, *jobs: str, days: int = 1, name: str = "") -> None:
    """Count five applications a day of each job, and merge them into lists; client and jobs have the same name."""
    changes = []
    for job in jobs:
        for day in range(days):
            cells = dict.fromkeys(
                [Cell(ats, f"2026-01-{day + 1:02}", f"{each}") for each in ("applications", "entered:APPLIED")], 5
            )
            changes.append(Change(ApplicationId(f"{job}-{day}"), 1, cells, client, job, (), name, name, "2026"))
    for group in batched(changes, 100, strict=False):
        assert len(Counters(world.dynamodb, "QualityTable").apply(group)) == len(group)
    merge(world)


@pytest.mark.parametrize(
    ("claims", "query", "wrong"),
    [
        (STAFF, {"from_": "yesterday"}, ["from"]), (STAFF, {"from_": "2026-02-01", "to": "2026-01-31"}, ["to"]),
        (STAFF, {"job": "j"}, ["client"]), (STAFF, {"ats": "a#b"}, ["ats"]), (OF_ATS, {"job": "j"}, ["client"]),
        (STAFF, {"interval": "year"}, ["interval"]), (STAFF, {"interval": "all"}, ["interval"]),
        (STAFF, {"kind": "cohort"}, ["kind"]), (STAFF, {"by": "job"}, ["by"]), (STAFF, {"sort": "size"}, ["sort"]),
        (STAFF, {"clinet": "c"}, ["clinet"]),
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
    texts = {"kind": "“kind” is not a choice", "clinet": "“clinet” is not a choice", "csv": "This table does not exist"}
    said = re.findall(r"<li>(.+?)(?: of this page\.|[:,.].*)</li>", html)
    names = {"from": "From", "to": "To", "ats": "ATS", "client": "Client", "interval": "Chart by", "by": "List"}
    assert said == [texts.get(each, names.get(each, "Order")) for each in wrong]
    inputs = dict(re.findall(r'<input id="(\w+)" [^>]* value="([^"]*)"', html))
    assert set(inputs) == {"from", "to"} | ({"ats", "client", "job"} if claims == STAFF else set()) | (
        {"job"} if claims == OF_CLIENT else set()
    )
    given = {name.rstrip("_"): value[-1] if isinstance(value, list) else value for name, value in query.items()}
    assert inputs == {name: given.get(name, "") for name in inputs}
    invalid = re.findall(r'<input id="(\w+)"[^>]* aria-invalid="true" aria-describedby="wrong"', html)
    assert invalid == [each for each in wrong if each in inputs]


def test_mistakes_are_explained_in_the_readers_language(world: World) -> None:
    """With what to enter instead."""
    html = ask(world, STAFF, language="de", from_="gestern", utm_source="x")["body"]
    assert "<li>Von: Geben Sie ein Datum ein, etwa 2026-09-01.</li>" not in html  # the unknown name comes first
    assert "<li>„utm_source“ lässt sich auf dieser Seite nicht wählen.</li>" in html
    html = ask(world, STAFF, language="de", from_="gestern")["body"]
    assert "<li>Von: Geben Sie ein Datum ein, etwa 2026-09-01.</li>" in html


def test_jobs_are_in_pages_whose_links_lead_to_all(world: World) -> None:
    """Three pages have each of 250 jobs once: on the page, in the API's JSON and CSV, and in the page's CSV."""
    jobs = [f"job-{number:03}" for number in range(250)]
    count(world, "ats", "client-1", *jobs)
    found, csvs, address = [], [], "?interval=month&sort=name"
    while address:
        query = {name: unescape(value) for name, value in re.findall(r"(\w+)=([^&#]+)", address)}
        html = shown(world, OF_CLIENT, **query)
        found.append(list(rows(html, "comparison")))
        (name,) = re.findall(r'<a href="([^"]*csv=by-job)"', html)
        csvs.append(listed_in_csv(ask(world, OF_CLIENT, **dict(re.findall(r"(\w+)=([^&;]+)", unescape(name))))["body"]))
        following = re.findall(r'<a href="([^"]+)">Next page</a>', html)
        first = '<a href="?interval=month&amp;sort=name#comparison">First page</a>'
        assert (first in html) == (len(found) > 1)
        address = unescape(following[0]) if following else ""
    assert [sorted(page) for page in found] == csvs == [jobs[:100], jobs[100:200], jobs[200:]]
    assert pages_of_api(world, by="job", kind="activity") == csvs
    assert pages_of_api(world, by="job", kind="silence") == [[], [], []]


def test_list_that_is_too_long_to_sort_is_in_the_order_of_ids(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so, and its columns have no links."""
    monkeypatch.setattr("application_status.quality.reports.report.SORTED_MEMBERS", {"job": 2, "client": 2})
    count(world, "ats", "client-1", "job-1", "job-2", "job-3")
    found = section(shown(world, OF_CLIENT), "comparison")
    assert "This list is too long to sort: 100 on a page, in the order of their ids." in found
    assert "?sort=" not in found


def pages_of_api(world: World, **query: str) -> list[list[str]]:
    """Return the jobs of each page of a list, for which JSON and CSV must have the same, with the same next page."""
    found: list[list[str]] = []
    after: dict[str, str] = {}
    while True:
        page = api(world, OF_CLIENT, **query, **after)
        found.append([row["Job"] for row in page["Rows"]])
        csv = ask(world, OF_CLIENT, "/api/my/quality", accept="text/csv", **query, **after)
        assert listed_in_csv(csv["body"]) == found[-1]
        if not page["Next"]:
            assert "Link" not in csv["headers"]
            return found
        same = "&".join(f"{name}={value}" for name, value in query.items())
        assert csv["headers"]["Link"] == f'<?{same}&after={page["Next"]}>; rel="next"'
        after = {"after": page["Next"]}


def listed_in_csv(text: str) -> list[str]:
    """Return the jobs of a CSV."""
    return sorted({line["job"] for line in DictReader(text.removeprefix("\ufeff").splitlines())})


def test_full_page_that_is_the_last_has_no_next(world: World) -> None:
    """A hundred jobs are one page."""
    count(world, "ats", "client-1", *(f"job-{number:03}" for number in range(100)))
    found = api(world, OF_CLIENT, by="job")
    assert (len(found["Rows"]), found["Next"]) == (100, None)
    assert "Next page" not in shown(world, OF_CLIENT)


def test_page_of_a_list_ends_with_the_last_member_that_fits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long names make CSV large, as each line repeats them; no job is left out, and the page lists those of its CSV."""
    monkeypatch.setattr("application_status.quality.reports.formats.REPLY_LIMIT_BYTES", 100_000)
    jobs = [f"job-{number:03}" for number in range(20)]
    count(world, "ats", "client-1", *jobs, name="ä" * 200)
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        reply = ask(world, OF_CLIENT, "/api/my/quality", accept="text/csv", by="job", **after)
        assert len(reply["body"].encode()) <= 100_000
        on_page = rows(shown(world, OF_CLIENT, **after), "comparison")
        assert [name.partition(" ")[2] for name in on_page] == listed_in_csv(reply["body"])
        found += listed_in_csv(reply["body"])
        if "Link" not in reply["headers"]:
            break
        after = {"after": found[-1]}
        assert f"after={found[-1]}" in reply["headers"]["Link"]
    assert found == jobs
    assert 3 < len(api(world, OF_CLIENT, by="job")["Rows"]) < 20


def test_too_large_csv_is_not_linked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says what to choose instead; the other files stay."""
    count(world, "ats", "client-1", "job-1", days=5)
    size = len(ask(world, STAFF, csv="over-time", interval="day")["body"].removeprefix("\ufeff"))
    monkeypatch.setattr("application_status.quality.reports.formats.REPLY_LIMIT_BYTES", size - 1)
    html = shown(world, STAFF, interval="day")
    assert "This table is too large for one CSV file." in section(html, "over-time")
    assert "csv=over-time" not in html
    assert '<a href="?interval=day&amp;csv=cohort">' in html
    refused = ask(world, STAFF, csv="over-time", interval="day")
    assert refused["statusCode"] == 422
    assert "This table does not exist, or is too large for one CSV file." in refused["body"]


def test_long_periods_of_many_atss_are_explained(world: World) -> None:
    """The sections about all ATSs by week and about their health say what to choose; the others have numbers."""
    count(world, "ats", "client-1", "job-1")
    html = shown(world, STAFF, from_="2020-01-01")
    sent = "Not shown: for all ATSs together, this covers at most"
    assert f"{sent} 400 days. Choose a shorter period, one ATS or" in section(html, "over-time")
    health = section(html, "health")
    assert f"{sent} 100 days." in health
    assert "CSV" not in section(html, "over-time") + health
    assert rows(html, "funnel")
    assert rows(shown(world, STAFF, from_="2020-01-01", interval="month"), "over-time")
    assert rows(shown(world, STAFF, from_="2020-01-01", ats="ats"), "over-time")


@pytest.mark.parametrize("claims", [OF_CLIENT, {"custom:ats_id": "ats"}])
def test_list_without_members_says_when_it_has_some(world: World, claims: Mapping[str, str]) -> None:
    """Applications that are counted and not yet merged are in all other sections."""
    count(world, "ats", "client-1", "job-1")
    cells = {Cell("ats", "2026-01-02", "applications"): 50}
    Counters(world.dynamodb, "QualityTable").apply([Change(ApplicationId("x"), 1, cells, "client-2", "job-2")])
    html = shown(world, {name: value.replace("1", "2") for name, value in claims.items()}, after="client-1")
    assert rows(html, "funnel")
    assert " to show: a " in section(html, "comparison")
    assert "is listed once it has five applications, at most a day later." in section(html, "comparison")


def test_renamed_job_shows_its_newest_name(world: World) -> None:
    """In the API, in CSV and on the page, with the merge after the change; so does its client."""
    cells = {Cell("ats", "2026-01-02", "applications"): 5}

    def name(version: int, company: str, job_title: str) -> None:
        named = Change(ApplicationId("x"), version, cells, "client-1", "job-1", (), company, job_title, "2026")
        assert Counters(world.dynamodb, "QualityTable").apply([named])
        merge(world)

    name(1, "Old GmbH", "Baker")
    assert [row["JobTitle"] for row in api(world, OF_CLIENT, by="job")["Rows"]] == ["Baker"]
    name(2, "New GmbH", "Pastry chef")
    for query in ({"by": "job"}, {"job": "job-1"}):
        (row,) = api(world, OF_CLIENT, **query)["Rows"]
        assert (row["Company"], row["JobTitle"]) == ("New GmbH", "Pastry chef")
    line, *_ = DictReader(ask(world, OF_CLIENT, csv="by-job")["body"].splitlines())
    assert (line["company"], line["job_title"]) == ("New GmbH", "Pastry chef")
    html = shown(world, OF_CLIENT)
    assert "Old GmbH" not in html
    assert (about(html), list(rows(html, "comparison"))) == ("New GmbH", ["Pastry chef job-1"])
    of_ats = {"custom:ats_id": "ats"}
    count(world, "another-ats", "client-1", "job-2", name="At another ATS, and older")
    assert about(shown(world, OF_CLIENT)) == "New GmbH"
    assert [row["Company"] for row in api(world, of_ats, by="client")["Rows"]] == ["New GmbH"]
    assert list(rows(shown(world, of_ats), "comparison")) == ["New GmbH client-1"]


def test_list_is_of_one_client_alone(world: World) -> None:
    """Clients whose ids begin alike, at the same ATS, with jobs of the same id."""
    for client, jobs in (("client-1", 2), ("client-10", 3), ("client", 1)):
        for number in range(jobs):
            cells = {Cell("ats", "2026-01-02", "applications"): 5 + jobs}
            of = ApplicationId(f"{client}-{number}")
            Counters(world.dynamodb, "QualityTable").apply([Change(of, 1, cells, client, f"job-{number}")])
    merge(world)
    for client, jobs in (("client-1", 2), ("client-10", 3), ("client", 1)):
        found = api(world, {"custom:client_id": client}, by="job")["Rows"]
        assert [(row["Job"], row["Numbers"][0]["Value"]) for row in found] == [
            (f"job-{number}", 5 + jobs) for number in range(jobs)
        ]


def test_names_with_formulas_are_cells_of_text(world: World) -> None:
    """In CSV an apostrophe comes first, as a spreadsheet would calculate them."""
    count(world, "ats", "client-1", "job-1", name='=HYPERLINK("https://example.org")')
    line, *_ = DictReader(ask(world, OF_CLIENT, csv="by-job")["body"].splitlines())
    assert (line["company"], line["job_title"]) == (('\'=HYPERLINK("https://example.org")',) * 2)


def test_too_many_rows_over_time_leave_the_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their section says what helps; only their file is refused."""
    monkeypatch.setattr("application_status.quality.reports.report.ROWS_LIMIT", 4)
    count(world, "ats", "client-1", "job-1", days=5)
    html = shown(world, OF_CLIENT, interval="day")
    assert rows(html, "funnel")
    assert "Not shown: this would have more than " in section(html, "over-time")
    assert "CSV" not in section(html, "over-time")
    assert rows(shown(world, OF_CLIENT, interval="day", to="2026-01-04"), "over-time")
    assert "csv=over-time" in shown(world, OF_CLIENT)
    refused = ask(world, OF_CLIENT, interval="day", csv="over-time")
    assert (refused["statusCode"], "too large for one CSV file" in refused["body"]) == (422, True)


@pytest.mark.parametrize("claims", [STAFF, {"custom:client_id": "client-1"}])
def test_what_others_wrote_stays_text(world: World, claims: Mapping[str, str]) -> None:
    """Ids are checked where they come in; the page doesn't rely on it."""
    count(world, MARKUP, "client-1", f"job {MARKUP}", name=f"name {MARKUP}")
    Health(world.dynamodb, "QualityTable").add(
        "a-batch", [HealthDay(AtsId(MARKUP), now().date(), {(Channel.ATSI, MARKUP): 3}, now())]
    )
    html = shown(world, claims)
    assert_harmless(html)
    assert escape(MARKUP).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in html
    assert 'href="?' in section(html, "comparison")
    if claims != STAFF:
        assert rows(html, "comparison").keys() == {f"name {MARKUP} job {MARKUP}"}


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
    addresses = {re.sub(r"^([?#]).*", r"\1", href) for href in re.findall(r'href="([^"]*)"', html)}
    assert addresses <= {"?", "#", "/quality", "/docs"}


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
        ({"csv": "by-job", "client": "c"}, "by-job-c"), ({"csv": "by-client", "ats": "a"}, "by-client-a"),
        ({"csv": "by-ats"}, "by-ats-2026-01-01-2026-01-31"),
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
