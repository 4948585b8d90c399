"""The quality page: who sees which applicants on it, and that it shows what the reports say and no more."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.applications.rules.report import Channel
from application_status.health.counts import Health
from application_status.health.rules import HealthDay
from application_status.platform.values import now
from application_status.quality.page.words import format_number
from application_status.quality.rules.numbers import Number
from support.quality_pages import (
    OF_ATS,
    OF_CLIENT,
    SMALL_ATS,
    STAFF,
    about,
    api,
    ask,
    count,
    figures,
    rows,
    section,
    shown,
)
from support.world import ATS, OTHER_ATS, World

CLIENT = "Client Example GmbH (client-1)"
JOB = "Job Python Developer ({}) of client Example GmbH (client-1)"
ALWAYS = {"funnel", "outcomes", "times", "waiting", "silence", "coverage"}


@pytest.fixture(scope="module")
def counted() -> Iterator[World]:
    """A world that is only read, a month after its applications were applied for."""
    with time_machine.travel("2022-08-01T10:00:00Z"), mock_aws():
        world = World(boto3.client("dynamodb"))
        count(world)
        today = now()
        counts = {(Channel.ATSI, "recorded"): 7, (Channel.SIGNALS, "invalid-fields"): 2}
        days = [HealthDay(each, today.date(), counts, today) for each in (ATS, OTHER_ATS)]
        Health(world.dynamodb, "QualityTable").add("a-batch", days)
        yield world


@pytest.fixture
def world(counted: World) -> World:
    counted.dynamodb.operations.clear()
    return counted


@pytest.mark.parametrize(
    ("claims", "query", "whom", "applications"),
    [
        (STAFF, {}, "All ATSs", 90), (STAFF, {"ats": OTHER_ATS}, f"ATS {OTHER_ATS}", 20),
        (STAFF, {"client": "client-2"}, "Client Example GmbH (client-2)", 25),
        (STAFF, {"client": "client-1", "job": "job-a"}, JOB.format("job-a"), 40),
        ({"cognito:groups": "editors,staff", "custom:ats_id": ""}, {}, "All ATSs", 90),
        (OF_ATS, {}, f"ATS {ATS}", 70), (OF_ATS, {"ats": ATS}, f"ATS {ATS}", 70),
        (OF_CLIENT, {}, CLIENT, 65), (OF_CLIENT, {"job": "job-b"}, JOB.format("job-b"), 20),
        ({**OF_CLIENT, "cognito:groups": "client-staff"}, {}, CLIENT, 65),
    ],
)  # fmt: skip
def test_each_user_sees_their_own(
    world: World, claims: Mapping[str, str], query: dict[str, Any], whom: str, applications: int
) -> None:
    """The board's staff anybody, an ATS itself, a client itself and its jobs; the API answers them alike."""
    html = shown(world, claims, **query)
    assert (about(html), figures(html)["Applications"]) == (whom, str(applications))
    (row,) = api(world, claims, **query)["Rows"]
    assert row["Numbers"][0]["Value"] == applications


@pytest.mark.parametrize(
    "claims",
    [
        {}, {"sub": "x"}, {"custom:jobseeker_id": "j"}, {"custom:client_id": "", "custom:ats_id": ""},
        {"cognito:groups": ""}, {"cognito:groups": "staffing,non-staff,Staff"}, {"cognito:groups": "['staff']"},
        {**OF_ATS, **OF_CLIENT}, {**STAFF, **OF_CLIENT}, {**STAFF, **OF_ATS}, {**STAFF, **OF_ATS, **OF_CLIENT},
    ],
)  # fmt: skip
def test_user_with_no_role_or_several_is_refused(world: World, claims: Mapping[str, str]) -> None:
    """The page shows the reason in words, the API replies with a problem; no table is read."""
    reply, problem = ask(world, claims), ask(world, claims, "/api/my/quality")
    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (403, "text/html; charset=utf-8")
    several = len([each for each in claims.values() if each in {"staff", ATS, "client-1"}]) > 1
    assert ("belongs to more than one of" if several else "belongs to no client or ATS") in reply["body"]
    assert (problem["statusCode"], problem["headers"]["Content-Type"]) == (403, "application/problem+json")
    assert world.dynamodb.operations == []


@pytest.mark.parametrize(
    ("claims", "query"),
    [
        (OF_ATS, {"ats": OTHER_ATS}), (OF_ATS, {"client": "client-1"}), (OF_CLIENT, {"ats": ATS}),
        (OF_CLIENT, {"client": "client-2"}), (OF_CLIENT, {"client": "client-2", "csv": "cohort"}),
        (OF_ATS, {"client": "client-1", "job": "job-a", "csv": "cohort"}),
    ],
)  # fmt: skip
def test_numbers_of_others_are_refused(world: World, claims: Mapping[str, str], query: dict[str, Any]) -> None:
    """A query for another ATS or client is a 403, also as CSV."""
    reply = ask(world, claims, **query)
    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert world.dynamodb.operations == []


@pytest.mark.parametrize(
    ("claims", "query", "others"),
    [
        (STAFF, {}, {"over-time", "health", "unmapped", "comparison"}),
        (STAFF, {"ats": ATS}, {"over-time", "health", "unmapped", "comparison"}),
        (STAFF, {"client": "client-1"}, {"over-time", "comparison"}),
        (STAFF, {"client": "client-1", "job": "job-a"}, set()),
        (OF_ATS, {}, {"over-time", "health", "unmapped", "comparison"}),
        (OF_CLIENT, {}, {"over-time", "comparison"}),
        (OF_CLIENT, {"job": "job-a"}, set()),
    ],
)  # fmt: skip
def test_sections_are_those_of_the_reader(
    world: World, claims: Mapping[str, str], query: dict[str, Any], others: set[str]
) -> None:
    """Integration health and labels are the ATS's and the board's; comparisons are of what the reader may see."""
    html = shown(world, claims, **query)
    assert set(re.findall(r'<section class="card[^"]*" id="([^"]+)"', html)) == ALWAYS | others
    assert set(re.findall(r'<a href="#([^"]+)"', html)) == ALWAYS | others
    for name in ALWAYS | others:
        assert re.search(
            r'<div class="plot" role="img" aria-label="[^"]+; the table below has the numbers">', section(html, name)
        )
        assert rows(html, name)
        assert "Definitions" in section(html, name)


def test_funnel_shows_counts_shares_and_pass_rates(world: World) -> None:
    """Of 40 applications 8 were hired, 8 wait in an interview, and 8 reached a contact."""
    html = shown(world, OF_CLIENT, job="job-a")
    funnel = rows(html, "funnel")
    assert funnel["Applied"] == ["40", "100%", "100%", "24"]
    assert funnel["Contact"] == ["24", "60%", "67%", "24"]
    assert funnel["Interview"] == ["16", "40%", "100%", "8"]
    assert funnel["Hired"] == ["8", "20%", "", ""]
    assert "16 · 40% · 100% went on" in section(html, "funnel")
    assert '<rect class="bar" width="40.0%"' in section(html, "funnel")
    assert figures(html)["Reached interview"] == "40%"
    assert "applied for at any time" in html
    assert rows(html, "outcomes")["Ended unknown"] == ["8", "20%"]
    assert rows(html, "times")["First response"][2] == "40 applications"
    assert rows(html, "coverage")["Labels mapped"] == ["88%", "64 reports"]


QUESTIONS: dict[str, dict[str, Any]] = {
    "cohort": {}, "activity": {"kind": "activity"}, "silence": {"kind": "silence"}, "health": {"kind": "health"},
    "unmapped": {"kind": "unmapped"},
    "over-time": {"kind": "activity", "interval": "week"}, "by-ats": {"by": "ats"}, "by-job": {"by": "job"},
    "by-client": {"by": "client"},
}  # fmt: skip
ASKED = {
    "staff": (STAFF, ["cohort", "activity", "silence", "over-time", "health", "unmapped", "by-ats"]),
    "ats": (OF_ATS, ["cohort", "activity", "silence", "over-time", "health", "unmapped", "by-client"]),
    "client": (OF_CLIENT, ["cohort", "activity", "silence", "over-time", "by-job"]),
}


@pytest.mark.parametrize("who", ASKED)
def test_every_number_is_one_of_the_reports(world: World, who: str) -> None:
    """Each number on the page is a value or a population of the API's reply."""
    claims, names = ASKED[who]
    known = {"0", ATS}
    for name in names:
        for row in api(world, claims, **QUESTIONS[name])["Rows"]:
            for each in row["Numbers"]:
                known.add(format_number(Number(each["Measure"], each["Unit"], each["Value"], each["Population"])))
                known.add(f"{each['Population']:,}")
    html = shown(world, claims)
    cells = [
        cell for name in re.findall(r' id="([\w-]+)" aria', html) for row in rows(html, name).values() for cell in row
    ]
    parts = [part for cell in [*cells, *figures(html).values()] for part in re.split(r" of | · |, ", cell)]
    around = re.compile(r"^(atsi|signals) [\w-]+ | (ago|applications|entries|reports|reports with a time)$")
    unknown = {number for part in parts if (number := around.sub("", part))} - known
    assert unknown == set()
    assert len(parts) > 100


@pytest.mark.parametrize("who", ASKED)
def test_csv_is_that_of_the_api(world: World, who: str) -> None:
    """For the same question, as a file; each section leads to its own."""
    claims, names = ASKED[who]
    html = shown(world, claims)
    assert {*re.findall(r'<a href="\?csv=([^"&]+)"', html)} == {*names}
    for name in names:
        reply = ask(world, claims, csv=name)
        of_api = ask(world, claims, "/api/my/quality", accept="text/csv", **QUESTIONS[name])
        assert (reply["statusCode"], reply["body"]) == (of_api["statusCode"], of_api["body"])
        assert reply["headers"]["Content-Type"] == of_api["headers"]["Content-Type"] == "text/csv; charset=utf-8"
        assert reply["headers"]["Content-Disposition"].startswith(f'attachment; filename="applicant-quality-{name}')
        assert list(csv.DictReader(reply["body"].splitlines()))


def test_small_cells_are_not_shown(world: World) -> None:
    """Jobs and ATSs with fewer than five applications are left out; the page says how many."""
    client, staff = shown(world, OF_CLIENT), shown(world, STAFF)
    assert rows(client, "comparison").keys() == {"Python Developer job-a", "Python Developer job-b"}
    assert "Not shown: 2 " in section(client, "comparison")
    assert not re.search(r"job-small|job-tiny", client)
    assert rows(staff, "comparison").keys() == {ATS, OTHER_ATS}
    assert "Not shown: 1 " in section(staff, "comparison")
    assert "1 ATS has too few applications" in staff
    assert SMALL_ATS not in staff


@pytest.mark.parametrize(("claims", "name", "small"), [(STAFF, "ats", SMALL_ATS), (OF_CLIENT, "job", "job-small")])
def test_too_few_applications_make_an_empty_page(
    world: World, claims: Mapping[str, str], name: str, small: str
) -> None:
    """Each section says so, and the page is the same as for an unknown id."""
    html = shown(world, claims, **{name: small})
    assert figures(html) == {}
    for each in ALWAYS:
        assert "Too few applications" in section(html, each)
        assert "<svg" not in section(html, each)
    assert html.replace(small, "nobody") == shown(world, claims, **{name: "nobody"})


def test_period_is_that_of_the_filters(world: World) -> None:
    """The page counts whole blocks of days that begin in the period, and states which days they cover."""
    html = shown(world, OF_CLIENT, from_="2022-07-02", to="2022-07-03", interval="day", ats="", job="")
    (row,) = api(world, OF_CLIENT, from_="2022-07-02", to="2022-07-03")["Rows"]
    assert figures(html)["Applications"] == str(row["Numbers"][0]["Value"]) == "33"
    assert "Applications of 2 Jul 2022 – 3 Jul 2022." in html  # noqa: RUF001  # a range has an en dash
    assert list(rows(html, "over-time")) == ["2 Jul 2022", "3 Jul 2022"]
    assert 'name="from" type="date" value="2022-07-02"' in html
    assert '<a href="?from=2022-07-02&amp;to=2022-07-03&amp;interval=day&amp;csv=cohort">' in html
    assert "<option selected>day</option>" in html
    days = shown(world, OF_CLIENT, from_="2030-01-01")
    assert "Too few applications" in section(days, "funnel")
    assert rows(days, "silence")


def test_default_period_is_filled_in(world: World) -> None:
    """The form shows it, to be changed; the page says it, and its links follow it as it moves on."""
    html = shown(world, OF_CLIENT)
    assert 'name="from" type="date" value="2022-05-04"' in html
    assert 'name="to" type="date" value="2022-08-01"' in html
    assert "Period: 4 May 2022 – 1 Aug 2022." in html  # noqa: RUF001  # a range has an en dash
    assert '<a href="?csv=cohort">' in html
    only_to = shown(world, OF_CLIENT, to="2022-07-03")
    assert 'name="from" type="date" value="2022-04-05"' in only_to
    assert '<a href="?to=2022-07-03&amp;csv=cohort">' in only_to
    name = ask(world, OF_CLIENT, csv="cohort")["headers"]["Content-Disposition"]
    assert name == 'attachment; filename="applicant-quality-cohort-client-1-2022-05-04-2022-08-01.csv"'


def test_comparison_leads_to_each_of_its_rows(world: World) -> None:
    """Links lead to the ATS in the same period, or to the job as a whole; the largest comes first."""
    staff = shown(world, STAFF, from_="2022-07-01", interval="month")
    links = re.findall(r'<th scope="row"><a href="([^"]+)">', section(staff, "comparison"))
    assert links == [f"?from=2022-07-01&amp;interval=month&amp;ats={each}" for each in (ATS, OTHER_ATS)]
    of_client = shown(world, STAFF, client="client-1", from_="2022-07-01")
    links = re.findall(r'<th scope="row"><a href="([^"]+)">', section(of_client, "comparison"))
    assert links == [f"?from=2022-07-01&amp;client=client-1&amp;job={each}" for each in ("job-a", "job-b")]


def test_ats_sees_its_clients_and_no_others(world: World) -> None:
    """With their names and without links, as the ATS has no page about a client; staff have links to each client."""
    html = shown(world, OF_ATS)
    names = {"Example GmbH client-1": "45", "Example GmbH client-2": "25"}
    assert {name: cells[0] for name, cells in rows(html, "comparison").items()} == names
    assert "<a" not in section(html, "comparison").partition("</table>")[0]
    assert {row["Client"]: row["Numbers"][0]["Value"] for row in api(world, OF_ATS, by="client")["Rows"]} == {
        "client-1": 45,
        "client-2": 25,
    }
    of_other = api(world, STAFF, by="client", ats=OTHER_ATS)["Rows"]
    assert [(row["Ats"], row["Client"], row["Company"], row["Numbers"][0]["Value"]) for row in of_other] == [
        (OTHER_ATS, "client-1", "Example GmbH", 20)
    ]
    assert api(world, STAFF, by="client", ats=SMALL_ATS)["Hidden"] == 1
    staff = shown(world, STAFF, ats=ATS, from_="2022-07-01")
    links = re.findall(r'<th scope="row"><a href="([^"]+)">', section(staff, "comparison"))
    assert links == [f"?from=2022-07-01&amp;client=client-{number}" for number in (1, 2)]


@pytest.mark.parametrize(
    ("claims", "by", "pointer"),
    [(OF_CLIENT, "client", "/by"), (OF_CLIENT, "ats", "/client"), (OF_ATS, "job", "/client")],
)
def test_list_that_the_caller_does_not_have_is_refused(
    world: World, claims: Mapping[str, str], by: str, pointer: str
) -> None:
    """A client has jobs, an ATS has clients; no table is read."""
    reply = ask(world, claims, "/api/my/quality", by=by)
    assert (reply["statusCode"], world.dynamodb.operations) == (422, [])
    (error,) = json.loads(reply["body"])["errors"]
    assert error["pointer"] == pointer
    if by == "client":
        assert error["detail"] == "a report about a client has no list of clients"
        assert error["expected"] == "job, or no by"


@pytest.mark.parametrize("query", [{}, {"kind": "health", "by": "ats"}, {"kind": "unmapped", "by": "ats"}], ids=str)
def test_only_lists_have_pages(world: World, query: dict[str, str]) -> None:
    """A page after an id is refused for all other reports; the page of a job ignores it."""
    (error,) = json.loads(ask(world, STAFF, "/api/my/quality", **query, after="a")["body"])["errors"]
    assert (error["pointer"], error["expected"]) == ("/after", "no after, or a list with by")
    assert shown(world, OF_CLIENT, job="job-a", after="a") == shown(world, OF_CLIENT, job="job-a")


@pytest.mark.parametrize(
    ("claims", "query", "name", "options"),
    [
        (OF_CLIENT, {}, "job", [("job-a", "Python Developer"), ("job-b", "Python Developer")]),
        (STAFF, {"ats": ATS}, "client", [("client-1", "Example GmbH"), ("client-2", "Example GmbH")]),
        (STAFF, {}, "ats", [(str(ATS), ""), (str(OTHER_ATS), "")]),
    ],
    ids=str,
)
def test_form_offers_ids_with_names(
    world: World, claims: Mapping[str, str], query: dict[str, Any], name: str, options: list[tuple[str, str]]
) -> None:
    """A choice fills in the id."""
    html = shown(world, claims, **query)
    (offered,) = re.findall(rf'<datalist id="{name}-suggested">(.*?)</datalist>', html, re.DOTALL)
    assert re.findall(r'<option value="([^"]*)">([^<]*)</option>', offered) == options


def test_job_is_reported_as_a_whole(world: World) -> None:
    """A period is ignored; the page says so, and its links and form have no period."""
    html = shown(world, OF_CLIENT, job="job-a", from_="2022-07-02", to="2022-07-02")
    assert html == shown(world, OF_CLIENT, job="job-a")
    assert "A report about a job covers all its applications" in html
    assert 'name="from" type="date" value=""' in html


def test_health_shows_each_atss_results(world: World) -> None:
    """The section lists them by channel, with the time of the last request."""
    found = rows(shown(world, STAFF), "health")
    assert found[ATS] == found[OTHER_ATS] == ["9", "0 days ago", "atsi recorded 7, signals invalid-fields 2"]
    one = section(shown(world, OF_ATS), "health")
    assert "atsi recorded" in one
    assert OTHER_ATS not in one


def test_unmapped_labels(world: World) -> None:
    """The most frequent come first, escaped; labels of few applications are only counted."""
    for claims in (STAFF, OF_ATS):
        assert rows(shown(world, claims), "unmapped") == {"Stage 3": [ATS, "8"], "<b>Warten</b>": [ATS, "6"]}
    assert "Not shown: 3 " in section(shown(world, STAFF), "unmapped")
    assert "Not shown" not in section(shown(world, OF_ATS), "unmapped")
    assert "No unmapped label of at least 5 applications." in section(shown(world, STAFF, ats=OTHER_ATS), "unmapped")


@pytest.mark.parametrize(
    ("claims", "calls"),
    [
        (OF_CLIENT, {"lives": 1, "months": 1, "page of jobs": 1, "sizes of jobs": 1}),
        (OF_ATS, {"life": 1, "months": 1, "labels": 1, "health": 2, "page of clients": 1, "sizes": 1, "lives": 1}),
        (STAFF, {"lives": 1, "months": 1, "labels of 3 ATSs": 3, "ATSs with health": 1, "health of 2 ATSs": 4}),
    ],
    ids=["client", "ats", "staff"],
)
def test_counters_are_read_once(world: World, claims: Mapping[str, str], calls: Mapping[str, int]) -> None:
    """All reports of a page take these calls, after those for the generation, the merge and the journal."""
    shown(world, claims)
    assert world.dynamodb.operations[:3] == ["GetItem", "GetItem", "Query"]
    assert len(world.dynamodb.operations[3:]) == sum(calls.values())


def test_two_numbers_of_open_applications_are_explained(world: World) -> None:
    """One number is of the period, the other as of today; a note beside the second explains the difference."""
    html = shown(world, OF_ATS, from_="2022-07-02")
    of_cohort, today = rows(html, "outcomes")["Open"][0], api(world, OF_ATS, kind="silence")["Rows"][0]["Numbers"][0]
    assert (of_cohort, today["Measure"], today["Value"]) == ("30", "open_applications", 40)
    notes = section(html, "silence")
    assert "40 applications are open today, whenever they were applied for." in notes
    outcomes = "The section Outcomes has 30 open applications"
    assert f"{outcomes}: those applied for from 2 Jul 2022 to 1 Aug 2022." in notes
    assert "Cohort: applications applied for from 2 Jul 2022 to 1 Aug 2022" in section(html, "outcomes")
    same = section(shown(world, OF_ATS), "silence")
    assert "40 applications are open today" in same
    assert "Outcomes has" not in same


@pytest.mark.parametrize(
    ("claims", "query", "parts"),
    [(STAFF, {}, "ATSs"), (STAFF, {"ats": ATS}, ""), (OF_CLIENT, {}, ""), (OF_CLIENT, {"job": "job-a"}, "")],
)
def test_sections_say_which_applications_they_are_about(
    world: World, claims: Mapping[str, str], query: dict[str, Any], parts: str
) -> None:
    """Each section states its own basis, as the sections' numbers don't add up."""
    html = shown(world, claims, **query)
    basis = {
        name: re.findall(r'<p class="basis">(.*?)</p>', section(html, name), re.DOTALL)
        for name in re.findall(r'<section class="card[^"]*" id="([^"]+)"', html)
    }
    days = "from 4 May 2022 to 1 Aug 2022"
    for name in ("funnel", "outcomes", "waiting"):
        (found,) = basis[name]
        assert found == (
            "Cohort: all applications of the job, with their status today."
            if "job" in query
            else f"Cohort: applications applied for {days}, with their status today."
        )
    left_out = f", without {parts} with fewer than five of them" if parts else ""
    assert basis["silence"] == [
        f"As of today, not for the chosen period: open applications, whenever they were applied for{left_out}."
    ]
    assert all(days in each[0] or name in {"silence", "comparison"} or "job" in query for name, each in basis.items())
    if claims == OF_CLIENT and not query:
        assert basis["comparison"][0].startswith("Cohort: all applications of each job, with their status today. ")
        assert f"only those applied for {days}. The numbers are up to date; a new job joins" in basis["comparison"][0]
