"""The quality page: who sees which applicants on it, and that it shows what the reports say and no more."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.applications.rules.report import Channel
from application_status.health.counts import Health
from application_status.health.rules import HealthDay
from application_status.platform.values import now
from application_status.quality.page.words import format_age, format_number
from application_status.quality.rules.numbers import Number
from application_status.texts.texts import ENGLISH
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

CLIENT = "Example GmbH"
JOB = "Python Developer ({}) at Example GmbH"
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
        (STAFF, {}, "All ATSs", 90), (STAFF, {"ats": OTHER_ATS}, str(OTHER_ATS), 20),
        (STAFF, {"client": "client-2"}, CLIENT, 25),
        (STAFF, {"client": "client-1", "job": "job-a"}, JOB.format("job-a"), 40),
        ({"cognito:groups": "editors,staff", "custom:ats_id": ""}, {}, "All ATSs", 90),
        (OF_ATS, {}, str(ATS), 70), (OF_ATS, {"ats": ATS}, str(ATS), 70),
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
    """The page says whom to ask, the API replies with a problem that has the reason; no table is read."""
    reply, problem = ask(world, claims), ask(world, claims, "/api/my/quality")
    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (403, "text/html; charset=utf-8")
    several = len([each for each in claims.values() if each in {"staff", ATS, "client-1"}]) > 1
    assert "Your account may not see these numbers." in reply["body"]
    assert ("belongs to more than one of" if several else "belongs to no client or ATS") in problem["body"]
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
    for name in ALWAYS | others:
        found = section(html, name)
        assert name in {"health", "comparison"} or re.search(
            r'<figure class="plot.*role="(img|group)"', found, re.DOTALL
        )
        assert rows(html, name)
        assert "What these numbers mean" in found


def test_funnel_shows_counts_shares_and_pass_rates(world: World) -> None:
    """Of 40 applications 8 were hired, 8 wait in an interview, and 8 reached a contact."""
    html = shown(world, OF_CLIENT, job="job-a")
    funnel, further = rows(html, "funnel"), "applications got to this stage or further."
    assert funnel["Applied"] == ["40", "100%", "100%", "24", f"40 of 40 {further} 100% of those decided here went on."]
    assert funnel["Contact"] == ["24", "60%", "67%", "24", f"24 of 40 {further} 67% of those decided here went on."]
    assert funnel["Interview"] == ["16", "40%", "100%", "8", f"16 of 40 {further} 100% of those decided here went on."]
    assert funnel["Hired"] == ["8", "20%", "", "", f"8 of 40 {further}"]
    assert '<rect width="40.0%"' in section(html, "funnel")
    assert "Of 40 applications, 16 reached an interview and 8 were hired." in html
    assert figures(html)["Reached an interview"] == "40%"
    assert "All applications of this job, as they stand today (" in html
    unknown = "8 of 40 applications ended, and the ATS did not say why."
    assert rows(html, "outcomes")["Ended, reason unknown"] == ["8", "20%", unknown]
    assert rows(html, "times")["First response"][2] == "40 applications"
    mapped = "We understood the status or label of 88% of the reports."
    assert rows(html, "coverage")["Reports with a known status"] == ["88%", "64 reports", mapped]


QUESTIONS: dict[str, dict[str, Any]] = {
    "cohort": {}, "activity": {"kind": "activity"}, "silence": {"kind": "silence"}, "health": {"kind": "health"},
    "unmapped": {"kind": "unmapped"},
    "over-time": {"kind": "activity", "interval": "week"}, "by-ats": {"by": "ats", "sort": "-applications"},
    "by-job": {"by": "job", "sort": "-applications"}, "by-client": {"by": "client", "sort": "-applications"},
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
                of_api = Number(each["Measure"], each["Unit"], each["Value"], each["Population"])
                known |= {format_number(of_api, ENGLISH), f"{each['Population']:,}"}
                if each["Measure"] == "last_seen":
                    known.add(format_age(each["Value"], ENGLISH))
    html = shown(world, claims)
    cells = [
        cell for name in re.findall(r' id="([\w-]+)" aria', html) for row in rows(html, name).values() for cell in row
    ]
    numbers = [cell for cell in [*cells, *figures(html).values()] if not cell.endswith(".")]
    parts = [part for cell in numbers for part in re.split(r" · |, ", cell)]
    around = re.compile(r"^(atsi|signals) [\w-]+ | (applications|entries|reports|reports with a time)$")
    unknown = {number for part in parts if (number := around.sub("", part))} - known - {"Sending", "Silent"}
    assert unknown == set()
    assert len(parts) > 100


@pytest.mark.parametrize("who", ASKED)
def test_csv_is_that_of_the_api(world: World, who: str) -> None:
    """For the same question, as a file with the mark by which Excel knows UTF-8; each section leads to its own."""
    claims, names = ASKED[who]
    html = shown(world, claims)
    assert {*re.findall(r'href="\?csv=([^"&]+)"', html)} == {*names, "all"}
    for name in names:
        reply = ask(world, claims, csv=name)
        of_api = ask(world, claims, "/api/my/quality", accept="text/csv", **QUESTIONS[name])
        assert (reply["statusCode"], reply["body"]) == (of_api["statusCode"], f"\ufeff{of_api['body']}")
        assert reply["headers"]["Content-Type"] == of_api["headers"]["Content-Type"] == "text/csv; charset=utf-8"
        assert reply["headers"]["Content-Disposition"].startswith(f'attachment; filename="applicant-quality-{name}')


def test_small_cells_are_not_shown(world: World) -> None:
    """Jobs and ATSs with fewer than five applications are left out; the page says how many."""
    client, staff = shown(world, OF_CLIENT), shown(world, STAFF)
    assert rows(client, "comparison").keys() == {"Python Developer job-a", "Python Developer job-b"}
    assert "2 are not shown" in section(client, "comparison")
    assert not re.search(r"job-small|job-tiny", section(client, "comparison"))
    assert rows(staff, "comparison").keys() == {ATS, OTHER_ATS}
    assert "One is not shown" in section(staff, "comparison")
    assert "One ATS has too few applications" in staff
    assert SMALL_ATS not in section(staff, "comparison")


@pytest.mark.parametrize(("claims", "name", "small"), [(STAFF, "ats", SMALL_ATS), (OF_CLIENT, "job", "job-small")])
def test_too_few_applications_make_an_empty_page(
    world: World, claims: Mapping[str, str], name: str, small: str
) -> None:
    """It says so once, as it does for an unknown id."""
    for member in (small, "nobody"):
        html = shown(world, claims, **{name: member})
        assert figures(html) == {}
        assert html.count("No data in this period") == 1
        assert not any(section(html, each) for each in ALWAYS)


def _plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_period_is_that_of_the_filters(world: World) -> None:
    """The page counts whole blocks of days that begin in the period, and states which days they cover."""
    html = shown(world, OF_CLIENT, from_="2022-07-02", to="2022-07-03", interval="day", ats="", job="")
    (row,) = api(world, OF_CLIENT, from_="2022-07-02", to="2022-07-03")["Rows"]
    assert figures(html)["Applications"] == str(row["Numbers"][0]["Value"]) == "33"
    assert "Applications of 2 Jul – 3 Jul 2022, as they stand today (" in _plain(html)  # noqa: RUF001  # an en dash
    assert [_plain(each) for each in rows(html, "over-time")] == ["2 Jul 2022", "3 Jul 2022"]
    assert 'name="from" type="date" value="2022-07-02"' in html
    assert '<a href="?from=2022-07-02&amp;to=2022-07-03&amp;interval=day&amp;csv=cohort">' in html
    assert '<option value="day" selected>day</option>' in html
    days = shown(world, OF_CLIENT, from_="2030-01-01")
    assert "No data in this period" in days
    assert rows(days, "silence")


def test_default_period_is_filled_in(world: World) -> None:
    """The form shows it, to be changed; the page says it, and its links follow it as it moves on."""
    html = shown(world, OF_CLIENT)
    assert 'name="from" type="date" value="2022-05-04"' in html
    assert 'name="to" type="date" value="2022-08-01"' in html
    assert "Applications of 4 May – 1 Aug 2022, as they stand today (" in _plain(html)  # noqa: RUF001  # an en dash
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
    assert "<a" not in section(html, "comparison").partition("<tbody>")[2].partition("</table>")[0]
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
        (OF_CLIENT, {}, "job", ["Python Developer (job-a)", "Python Developer (job-b)"]),
        (STAFF, {"ats": ATS}, "client", ["Example GmbH (client-1)", "Example GmbH (client-2)"]),
        (STAFF, {}, "ats", [str(ATS), str(OTHER_ATS)]),
    ],
    ids=["client", "staff about an ATS", "staff"],
)
def test_form_offers_names_with_ids(
    world: World, claims: Mapping[str, str], query: dict[str, Any], name: str, options: list[str]
) -> None:
    """A choice sends both, and the page is about the id."""
    html = shown(world, claims, **query)
    (offered,) = re.findall(rf'<datalist id="{name}-suggested">(.*?)</datalist>', html, re.DOTALL)
    assert set(options) <= set(re.findall(r'<option value="([^"]*)">', offered))
    chosen = shown(world, claims, **query, **{name: options[0]} if name not in query else {})
    assert (
        f'value="{options[0]}"' in chosen.partition("<datalist")[0] + section(chosen, "filters") or options[0] in chosen
    )


@pytest.mark.parametrize(
    ("claims", "query", "members"),
    [
        (OF_CLIENT, {"job": "python d"}, 4),
        (STAFF, {"client": "example g"}, 3),
        (STAFF, {"client": "client-1", "job": "python d"}, 4),
    ],
    ids=["jobs", "clients", "jobs of a client"],
)
def test_name_that_is_typed_leads_to_a_choice(
    world: World, claims: Mapping[str, str], query: dict[str, str], members: int
) -> None:
    """Several members with the beginning of a name are listed with links to their pages."""
    reply = ask(world, claims, **query, interval="day")
    name, links = list(query)[-1], re.findall(r'<li><a href="(\?[^"]+)">', reply["body"])
    assert (reply["statusCode"], len(links)) == (200, members)
    chosen = dict(re.findall(r"(\w+)=([\w-]+)", unescape(links[0])))
    assert chosen == query | {name: chosen[name], "interval": "day"}
    assert about(shown(world, claims, **chosen)).endswith("Example GmbH")


def test_word_that_is_typed_may_be_a_name(world: World) -> None:
    """The form says what was typed, for a single word could be an id as well; links have ids."""
    form = {"typed": "ats client job", "interval": "day"}
    assert '<input type="hidden" name="typed" value="ats client job">' in shown(world, STAFF)
    reply = ask(world, STAFF, client="client-3", job="python", **form)
    assert (reply["statusCode"], reply["headers"]["Location"]) == (
        303, "?client=client-3&job=python&typed=ats+job&interval=day"
    )  # fmt: skip
    reply = ask(world, STAFF, client="client-3", job="python", typed="ats job", interval="day")
    assert (reply["statusCode"], reply["headers"]["Location"]) == (
        303, "?client=client-3&job=job-d&typed=ats&interval=day"
    )  # fmt: skip
    assert ask(world, STAFF, ats="nobody", **form)["statusCode"] == 422
    chosen = ask(world, STAFF, client="Example GmbH (client-3)", typed="ats client", interval="day")
    assert (chosen["statusCode"], about(chosen["body"])) == (200, "Example GmbH")


def test_name_of_one_member_leads_to_its_page(world: World) -> None:
    """A browser is sent to the address with the id; a name that nobody has is a mistake."""
    reply = ask(world, STAFF, client="client-3", job="python dev", interval="day")
    assert (reply["statusCode"], reply["headers"]["Location"]) == (303, "?client=client-3&job=job-d&interval=day")
    refused = ask(world, STAFF, ats="nobody at all")
    assert (refused["statusCode"], "ATS: there is none with this name or id." in refused["body"]) == (422, True)


def test_job_is_reported_as_a_whole(world: World) -> None:
    """A period is ignored; the page says so, and has no choice of periods."""
    html = shown(world, OF_CLIENT, job="job-a", from_="2022-07-02", to="2022-07-02")
    assert html == shown(world, OF_CLIENT, job="job-a")
    assert "All applications of this job, as they stand today (" in html
    assert 'name="from"' not in html


def test_health_shows_each_atss_results(world: World) -> None:
    """The section lists them by channel, with the time of the last request."""
    html = section(shown(world, STAFF), "health")
    for ats in (ATS, OTHER_ATS):
        assert re.search(rf"{ats}.*?Sending.*?less than an hour ago.*?<td>9</td>\s*<td>2 · 22%</td>", html, re.DOTALL)
    assert rows(html, "health")[ATS] == ["atsi recorded 7, signals invalid-fields 2"]
    one = section(shown(world, OF_ATS), "health")
    assert "Last seen less than an hour ago. We refused 2 · 22% of 9 requests." in one
    assert OTHER_ATS not in one


def test_unmapped_labels(world: World) -> None:
    """The most frequent come first, escaped; labels of few applications are only counted."""
    for claims in (STAFF, OF_ATS):
        assert rows(shown(world, claims), "unmapped") == {"Stage 3": [ATS, "8"], "<b>Warten</b>": [ATS, "6"]}
    assert "3 labels of too few applications are not shown." in section(shown(world, STAFF), "unmapped")
    assert "not shown" not in section(shown(world, OF_ATS), "unmapped")
    assert "No unknown label of at least 5 applications." in section(shown(world, STAFF, ats=OTHER_ATS), "unmapped")


@pytest.mark.parametrize(
    ("claims", "calls"),
    [
        (OF_CLIENT, {"lives": 1, "months": 1, "page of jobs": 1, "sizes of jobs": 1, "names of jobs": 1}),
        (OF_ATS, {"life": 1, "months": 1, "labels": 1, "health": 1, "page of clients": 1, "sizes": 1, "lives": 1}),
        (STAFF, {"lives": 1, "months": 1, "labels of 3 ATSs": 3, "health of 2 ATSs": 3, "names of clients": 1}),
    ],
    ids=["client", "ats", "staff"],
)
def test_counters_are_read_once(world: World, claims: Mapping[str, str], calls: Mapping[str, int]) -> None:
    """All reports of a page take these calls, after those for the generation, the merge and the journal.

    The names of ATSs are kept for a minute.
    """
    shown(world, claims)
    world.dynamodb.operations.clear()
    shown(world, claims)
    assert world.dynamodb.operations[:3] == ["GetItem", "GetItem", "Query"]
    assert len(world.dynamodb.operations[3:]) == sum(calls.values())


def test_two_numbers_of_open_applications_are_explained(world: World) -> None:
    """One number is of the period, the other as of today; a note beside the second explains the difference."""
    html = shown(world, OF_ATS, from_="2022-07-02")
    of_cohort, today = (
        rows(html, "outcomes")["Still open"][0],
        api(world, OF_ATS, kind="silence")["Rows"][0]["Numbers"][0],
    )
    assert (of_cohort, today["Measure"], today["Value"]) == ("30", "open_applications", 40)
    notes = section(html, "silence")
    assert "of 40 open applications, nothing has changed for 30 days or more." in notes
    assert "These are all open applications. Of this period&#39;s, 30 are open." in notes
    assert "These are all" not in section(shown(world, OF_ATS), "silence")


def test_sections_say_which_applications_they_are_about(world: World) -> None:
    """Each states its own basis, as the sections' numbers don't add up."""
    html = shown(world, OF_CLIENT)
    covers = {name: re.findall(r'<p class="covers">(.*?)</p>', section(html, name)) for name in ALWAYS | {"comparison"}}
    of_period = ["Applications of this period, as they stand today"]
    assert [covers[name] for name in ("funnel", "outcomes", "waiting")] == [of_period] * 3
    assert covers["silence"] == ["As of today, whatever the period"]
    assert covers["comparison"] == ["All applications, whatever the period"]


def test_page_is_german_for_who_prefers_it(world: World) -> None:
    """With the same numbers, written as the language does, and no English words between them."""
    reply = ask(world, STAFF, language="de")
    html = reply["body"]
    assert (reply["headers"]["Content-Language"], reply["headers"]["Vary"]) == ("de", "Accept-Language")
    assert figures(html)["Bewerbungen"] == figures(shown(world, STAFF))["Applications"] == "90"
    words = re.sub("<[^>]+>", " ", re.sub("<style>.*?</style>", "", html, flags=re.DOTALL))
    assert not re.search(r"\b(the|of|and|applications|before|not|with|known)\b", words)


def test_key_figures_are_compared_with_the_period_before(world: World) -> None:
    """Arrows come with words; a period of its own and no one before it have no comparison."""
    html = shown(world, OF_CLIENT, from_="2022-07-03", to="2022-07-04")
    assert "Compared with 1 Jul – 2 Jul 2022." in _plain(html)  # noqa: RUF001  # an en dash
    changes = re.findall(r'<dd class="change">(.*?)</dd>', html)
    assert changes[0] == "↓ down from 34"
    assert all(re.fullmatch(r"(↑ up from|↓ down from|→ unchanged).*", each) for each in changes)
    assert 'class="change"' not in shown(world, OF_CLIENT)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("30-days", "2022-07-03", "2022-08-01"), ("quarter", "2022-07-01", "2022-08-01"),
        ("last-quarter", "2022-04-01", "2022-06-30"), ("year", "2022-01-01", "2022-08-01"),
    ],
)  # fmt: skip
def test_period_by_name_moves_on_with_the_days(world: World, period: str, first: str, last: str) -> None:
    """Its link is the current one, the form shows its days, and its links keep the name."""
    html = shown(world, OF_CLIENT, period=period)
    assert re.findall(r'<a href="([^"]*)" aria-current="true">', html)[0] == f"?period={period}"
    assert f'name="from" type="date" value="{first}"' in html
    assert f'name="to" type="date" value="{last}"' in html
    assert f'href="?period={period}&amp;csv=all"' in html


def test_list_is_sorted_by_the_links_of_its_columns(world: World) -> None:
    """A column of numbers begins with the largest, names with A; the link of the sorted column reverses it."""

    def first_cells(**query: str) -> list[str]:
        return [cells[0] for cells in rows(shown(world, OF_CLIENT, **query), "comparison").values()]

    assert first_cells() == ["40", "20"]
    (reverse,) = re.findall(
        r'aria-sort="descending"><a href="([^"]+)">Applications', section(shown(world, OF_CLIENT), "comparison")
    )
    assert reverse == "?sort=applications#comparison"
    assert first_cells(sort="applications") == ["20", "40"]
    assert 'aria-sort="ascending"' in shown(world, OF_CLIENT, sort="applications")


def test_staff_choose_between_the_lists_of_atss_and_of_clients(world: World) -> None:
    """The clients of all ATSs are listed by name, with links to their pages."""
    html = shown(world, STAFF, by="client")
    assert re.findall(r'<th scope="row"><a href="([^"]+)">', section(html, "comparison")) == [
        "?client=client-1", "?client=client-2",
    ]  # fmt: skip
    assert 'aria-current="true">By client' in html
    assert '<a href="?by=client#comparison">By client</a>' in shown(world, STAFF)


def test_everything_is_in_one_csv(world: World) -> None:
    """Each line says which report it is of."""
    reply = ask(world, OF_CLIENT, csv="all")
    assert reply["headers"]["Content-Disposition"].startswith('attachment; filename="applicant-quality-all-client-1')
    found = {line["report"] for line in csv.DictReader(reply["body"].removeprefix("\ufeff").splitlines())}
    assert {"cohort", "activity", "silence", "over-time", "by-job"} <= found


def test_definitions_are_a_page_of_their_own(world: World) -> None:
    """Each section leads to the definition of its number."""
    html = shown(world, STAFF, show="definitions")
    anchors = re.findall(r'href="\?show=definitions#(\w+)"', shown(world, STAFF))
    assert set(anchors) <= set(re.findall(r'<section id="(\w+)"', html))
    assert len(anchors) == 10
    assert "We never show numbers about fewer than 5 applications." in html
