"""What jobseekers do on their pages: search, archive and take back, and say what is wrong with a status."""

import re
from collections.abc import Mapping
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine

from application_status.applications.register import Registrations
from application_status.applications.rules.notes import FEEDBACK_TEXT_LIMIT, Feedback, FeedbackReason
from application_status.jobseeker.feedback import JobseekersNotes
from application_status.platform.values import ApplicationId, application_id, now, to_text
from support.counters import counters, expected_counters
from support.signals import counted
from support.streams import stream
from support.world import BERLIN, HOST, World, answer, http_event, registration

LIST, PAGE = "/api/my/applications", "/my/applications"
ME = "me"
FROM_PAGE = {"Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def an_id(number: int) -> ApplicationId:
    return application_id(f"0a7e3f52-6b1d-4c1e-9d55-{number:012x}")


def register(world: World, number: int, *, days_ago: float = 10, **changes: Any) -> ApplicationId:
    """Register an application of the jobseeker, but for the changes."""
    content = registration(**{"jobseeker_id": ME, "applied_at": now() - timedelta(days=days_ago)} | changes)
    Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable").register(an_id(number), content)
    return an_id(number)


def report(world: World, of: str, status: str, *, days_ago: float = 0, **fields: Any) -> None:
    when = to_text(now() - timedelta(days=days_ago))
    assert world.report(status, AtsiApplicationId=of, BusinessDate=when, **fields).status == 200


def request(
    world: World, method: str, headers: Mapping[str, str], body: str | None = None, me: str = ME, **query: str
) -> dict[str, Any]:
    """Return the page's reply to a signed-in jobseeker."""
    token = {"Authorization": f"Bearer {world.id_token({'custom:jobseeker_id': me})}"}
    event = http_event(method, PAGE, body, {"Accept-Language": "en", **token, **headers}, None)
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
    return world.my_applications(event, None)


def page(world: World, *, language: str = "en", **query: str) -> str:
    """Return a page that has to be 200, as text."""
    reply = request(world, "GET", {"Accept-Language": language}, **query)
    assert reply["statusCode"] == 200, reply["body"]
    return unescape(reply["body"])


def send(
    world: World, of: str, do: str, *, me: str = ME, headers: Mapping[str, str] = FROM_PAGE, **fields: str
) -> dict[str, Any]:
    """Send a form of the application's page, with the status that the page shows now."""
    if "status" not in fields:
        (shown,) = set(re.findall(r'name="status" value="([^"]+)"', page(world, application=of)))
        fields["status"] = shown
    return request(world, "POST", {**FORM, **headers}, urlencode({"do": do, **fields}), me, application=of)


def titles(html: str) -> list[str]:
    return re.findall(r"<h3[^>]*><a[^>]*>([^<]*)</a>", html)


def listed(world: World, **query: str) -> list[str]:
    """Return the ids of the JSON list."""
    event = http_event("GET", LIST, token=None)
    event["requestContext"]["authorizer"] = {"claims": {"custom:jobseeker_id": ME}}
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
    reply = answer(world.my_applications(event, None))
    assert reply.status == 200, reply.body
    return [each["AtsiApplicationId"] for each in reply.body["Applications"]]


def one(world: World, of: str) -> dict[str, Any]:
    event = http_event("GET", f"{LIST}/{of}", token=None)
    event["requestContext"]["authorizer"] = {"claims": {"custom:jobseeker_id": ME}}
    return answer(world.my_applications(event, None)).body


def test_page_of_an_application_says_what_a_jobseeker_wants_to_know(world: World) -> None:
    """The job ad, the place, what happens next, since when and by whom it was reported, and never an id or a label."""
    of = register(world, 1, link="https://jobs.test/7?a=1&b=2", location="Köln")
    assert "You applied on" in page(world, application=of)
    report(world, of, "OFFER", days_ago=3, RawStatus="Offer letter 2b")
    html = page(world, application=of)
    assert '<a href="https://jobs.test/7?a=1&b=2" rel="noreferrer">Job ad at jobs.test</a>' in html
    day = (now() - timedelta(days=3)).astimezone(BERLIN)
    assert f"Since {day.day} {day:%B %Y}, as reported by Example GmbH." in html
    assert "Read the offer, and let the employer know what you decide." in html
    assert "Example GmbH · Köln" in html
    assert not re.search(r"demo-ats|client-1|job-1|letter", html)
    assert f"Seit dem {day.day}. " in page(world, application=of, language="de")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [1, 2, 3]),
        ({"show": "open"}, [1, 2]),
        ({"show": "ended"}, [3]),
        ({"show": "archived"}, [4]),
        ({"search": "koch"}, [2]),
        ({"search": " KOCH  Linde "}, [2]),
        ({"search": "berlin"}, [1]),
        ({"search": "example", "show": "ended"}, [3]),
        ({"search": "x"}, [1, 3]),
        ({"search": "Ba\N{COMBINING DIAERESIS}cker", "show": "archived"}, [4]),
        ({"search": "nobody"}, []),
    ],
    ids=str,
)
def test_list_is_filtered_and_searched(world: World, query: dict[str, str], expected: list[int]) -> None:
    """Each word of a search is in the title, the company or the place; the API and the page list the same."""
    register(world, 1, days_ago=4, location="Berlin", job_title="1")
    register(world, 2, days_ago=5, company="Gasthof Linde", job_title="2 Koch")
    report(world, register(world, 3, days_ago=9, job_title="3"), "REJECTED", days_ago=6)
    of = register(world, 4, days_ago=7, company="Hof", job_title="4 Bäcker")
    assert send(world, of, "archive")["statusCode"] == 303
    assert listed(world, **query) == [an_id(number) for number in expected]
    assert [int(each[0]) for each in titles(page(world, **query))] == expected


@pytest.mark.parametrize(
    "query", [{"show": "all"}, {"show": ""}, {"search": "x" * 101}], ids=["show", "empty", "search"]
)
def test_filter_that_is_none_is_refused(world: World, query: dict[str, str]) -> None:
    assert request(world, "GET", {}, **query)["statusCode"] == 422


def test_filters_say_how_many_there_are(world: World) -> None:
    """Of those that match the search; the search stays when the filter changes."""
    report(world, register(world, 1, job_title="Koch"), "REJECTED")
    register(world, 2, job_title="Köchin")
    register(world, 3, job_title="Koch")
    html = page(world, search="koch")
    links = re.findall(r'<li><a href="\?([^"]*)"[^>]*>([\w ]+) <span class="quiet">(\d+)</span>', html)
    assert links == [
        ("search=koch", "All", "2"), ("show=open&search=koch", "In progress", "1"),
        ("show=ended&search=koch", "Finished", "1"), ("show=archived&search=koch", "Archive", "0"),
    ]  # fmt: skip


def test_pages_of_a_search_go_on_with_it(world: World) -> None:
    for number in range(60):
        register(world, number, days_ago=1 + number, job_title="Koch" if number < 55 else "Kellner")
    html = page(world, search="koch")
    (older,) = re.findall(r'href="\?search=koch&after=([^"]+)"', html)
    assert (len(titles(html)), titles(page(world, search="koch", after=older))) == (50, ["Koch"] * 5)


def test_empty_pages_say_what_is_missing(world: World) -> None:
    """Without any application it explains the page; else it says what the filter or search does not find."""
    assert "Here you will see every application that you send with Application status" in page(world)
    register(world, 1)
    assert "No application is finished yet." in page(world, show="ended")
    assert "Your archive is empty." in page(world, show="archived")
    assert "None of these applications matches “<b>”." in page(world, search="<b>")


def test_archived_application_is_out_of_the_list_until_its_status_changes(world: World) -> None:
    """An archived one comes back with the next status, and not with a repetition of the same."""
    of = register(world, 1)
    report(world, of, "INTERVIEW", days_ago=3)
    reply = send(world, of, "archive")
    assert (reply["statusCode"], reply["headers"]["Location"]) == (303, f"?application={of}&done=archived")
    assert "The application is in your archive now." in page(world, application=of, done="archived")
    assert (listed(world), listed(world, show="archived"), one(world, of)["Archived"]) == ([], [of], True)
    report(world, of, "INTERVIEW", days_ago=1)
    assert listed(world) == []
    report(world, of, "OFFER")
    assert (listed(world), one(world, of)["Archived"]) == ([of], False)
    send(world, of, "archive")
    assert send(world, of, "take_back")["headers"]["Location"].endswith("done=taken_back")
    assert listed(world) == [of]


def test_archiving_in_the_list_leads_back_to_it(world: World) -> None:
    """With its filter and search."""
    of = register(world, 1, job_title="Koch")
    report(world, of, "REJECTED")
    html = page(world, show="ended", search="koch")
    assert f'action="?application={of}&show=ended&search=koch"' in html
    (status,) = re.findall(r'name="status" value="([^"]+)"', html)
    body = urlencode({"do": "archive", "status": status, "from": "list"})
    reply = request(world, "POST", FORM | FROM_PAGE, body, application=of, show="ended", search="koch")
    assert reply["headers"]["Location"] == "?show=ended&search=koch&done=archived"


def test_archiving_twice_writes_once(world: World) -> None:
    of = register(world, 1)
    send(world, of, "archive")
    before = world.item(of)
    send(world, of, "archive")
    assert world.item(of) == before


def test_status_that_changed_meanwhile_is_shown_first(world: World) -> None:
    """Nothing is stored about a status that the jobseeker has not seen."""
    of = register(world, 1)
    (seen,) = set(re.findall(r'name="status" value="([^"]+)"', page(world, application=of)))
    report(world, of, "OFFER")
    for do in ("archive", "feedback"):
        reply = send(world, of, do, status=seen, reason="status")
        assert reply["headers"]["Location"] == f"?application={of}&done=changed"
    assert "so nothing was done" in page(world, application=of, done="changed")
    assert (listed(world), one(world, of)["Feedback"]) == ([of], [])


def test_change_between_reading_and_writing_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application is read again, and the form then is about a former status."""
    of = register(world, 1)
    archive = JobseekersNotes.archive

    def after_a_report(notes: JobseekersNotes, *given: Any) -> None:
        monkeypatch.undo()
        report(world, of, "OFFER")
        archive(notes, *given)

    monkeypatch.setattr(JobseekersNotes, "archive", after_a_report)
    assert send(world, of, "archive")["headers"]["Location"].endswith("done=changed")
    assert listed(world) == [of]


def test_feedback_is_stored_and_shown(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """With its reason and words; the page says so instead of the form, and a metric counts it."""
    of = register(world, 1)
    report(world, of, "INTERVIEW", days_ago=2)
    counted(capsys)
    reply = send(world, of, "feedback", reason="date", text=" Das war <b>gestern</b>.\r\nNicht heute. ")
    assert (reply["statusCode"], reply["headers"]["Location"]) == (303, f"?application={of}&done=sent")
    assert counted(capsys) == {"FeedbackSent": 1}
    (stored,) = one(world, of)["Feedback"]
    assert (stored["JobseekerStatus"], stored["Reason"], stored["ClosedAt"]) == ("interview", "date", None)
    assert stored["Words"] == "Das war <b>gestern</b>.\nNicht heute."
    html = request(world, "GET", {}, application=of)["body"]
    assert "you reported: The date is wrong" in html
    assert "Das war &lt;b&gt;gestern&lt;/b&gt;." in html
    assert "<textarea" not in html


def test_status_has_one_open_feedback(world: World) -> None:
    """A second one is not stored; another status can have its own."""
    of = register(world, 1)
    for text in ("first", "second"):
        assert send(world, of, "feedback", reason="other", text=text)["statusCode"] == 303
    assert [each["Words"] for each in one(world, of)["Feedback"]] == ["first"]
    report(world, of, "OFFER")
    send(world, of, "feedback", reason="not_mine")
    stored = {each["JobseekerStatus"]: each["Reason"] for each in one(world, of)["Feedback"]}
    assert stored == {"applied": "other", "offer": "not_mine"}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"text": "no reason"}, "Please choose what is wrong."),
        ({"reason": "unknown"}, "Please choose what is wrong."),
        ({"reason": "other", "text": "ä" * (FEEDBACK_TEXT_LIMIT + 1)}, "longer than 500 characters"),
    ],
    ids=["none", "unknown", "long"],
)
def test_mistake_is_explained_and_nothing_is_lost(world: World, fields: dict[str, str], text: str) -> None:
    """422 with the form, which still has what was written."""
    of = register(world, 1)
    content: dict[str, Any] = fields
    reply = send(world, of, "feedback", **content)
    assert (reply["statusCode"], one(world, of)["Feedback"]) == (422, [])
    assert text in reply["body"]
    assert "<details open>" in reply["body"]
    assert f">{fields.get('text', '')}</textarea>" in reply["body"]
    assert send(world, of, "feedback", reason="other", text="\N{GRINNING FACE}" * 500)["statusCode"] == 303


def test_jobseeker_sends_twenty_messages_a_day(world: World) -> None:
    """429 for the next one, of whatever application; a day later it is accepted."""
    for number in range(21):
        register(world, number)
    replies = [send(world, an_id(number), "feedback", reason="other") for number in range(21)]
    assert [each["statusCode"] for each in replies] == [303] * 20 + [429]
    assert "Please send this one tomorrow." in replies[-1]["body"]
    with time_machine.travel(now() + timedelta(hours=25)):
        assert send(world, an_id(20), "feedback", reason="other")["statusCode"] == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://board.test"}, 303),  # behind a proxy
        ({"Origin": f"https://{HOST}"}, 303),  # an older browser
        ({}, 403),
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"https://{HOST}", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
    ],
    ids=str,
)
def test_only_own_pages_send_forms(world: World, headers: dict[str, str], status: int) -> None:
    """Another site's form gets a 403 in words, and changes nothing."""
    of = register(world, 1)
    reply = send(world, of, "archive", headers=headers)
    assert (reply["statusCode"], listed(world)) == (status, [] if status == 303 else [of])
    assert ("sent from another site" in reply["body"]) == (status == 403)


def test_form_after_the_session_has_ended_leads_to_the_sign_in(world: World) -> None:
    """And from there back to the application's page."""
    of = register(world, 1)
    event = http_event("POST", PAGE, "do=archive", {**FORM, **FROM_PAGE, "Accept": "text/html"}, None)
    event["multiValueQueryStringParameters"] = {"application": [of]}
    reply = world.my_applications(event, None)
    address = f"/sign-in?return_to=%2Fmy%2Fapplications%3Fapplication%3D{of}"
    assert (reply["statusCode"], reply["headers"]["Location"]) == (303, address)


def test_pages_with_forms_send_their_origin(world: World) -> None:
    """Without a referrer, browsers would send "Origin: null"; other sites still get none."""
    of = register(world, 1)
    for query in ({}, {"application": of}):
        assert request(world, "GET", {}, **query)["headers"]["Referrer-Policy"] == "same-origin"


def test_other_jobseekers_applications_are_unknown(world: World) -> None:
    """404 in words, to read and to change; the same for one that was erased."""
    foreign, erased = register(world, 1, jobseeker_id="somebody else"), register(world, 2)
    world.erase(erased)
    for of in (foreign, erased, an_id(3)):
        replies = [
            request(world, "GET", {}, application=of),
            *(send(world, of, do, status="applied", reason="other") for do in ("archive", "feedback")),
        ]
        assert [each["statusCode"] for each in replies] == [404] * 3
        assert "You have no such application." in replies[0]["body"]
    assert "ArchivedAs" not in world.item(foreign)


@pytest.mark.parametrize("body", ["", "do=", "do=delete", "do=archive&do=erase"])
def test_form_of_no_page_is_refused(world: World, body: str) -> None:
    reply = request(world, "POST", FORM | FROM_PAGE, body, application=register(world, 1))
    assert reply["statusCode"] == 422


@pytest.mark.parametrize("query", [{}, {"application": "42"}], ids=["none", "no id"])
def test_form_needs_an_application(world: World, query: dict[str, str]) -> None:
    assert request(world, "POST", FORM | FROM_PAGE, "do=archive", **query)["statusCode"] == 422


def test_body_that_is_no_form_is_refused(world: World) -> None:
    """415, or 413 if it is too large."""
    of = register(world, 1)
    replies = [
        request(world, "POST", {"Content-Type": kind, **FROM_PAGE}, body, application=of)
        for kind, body in (("application/json", "{}"), (FORM["Content-Type"], "text=" + "x" * 16_384))
    ]
    assert [each["statusCode"] for each in replies] == [415, 413]


def test_notes_move_no_counter(world: World) -> None:
    """They are new versions of the application, which count for the same."""
    of = register(world, 1)
    world.analytics({"Records": [*stream(world, "ApplicationsTable")]}, None)
    before = counters(world.client)
    version = world.stored(of).version
    send(world, of, "archive")
    send(world, of, "feedback", reason="other", text="x")
    assert world.stored(of).version == version + 2
    assert world.analytics({"Records": [*stream(world, "ApplicationsTable")]}, None) == {"batchItemFailures": []}
    assert counters(world.client) == before == expected_counters(world)


def test_notes_survive_what_ats_and_board_send(world: World) -> None:
    """A report and another registration leave them as they are."""
    of = register(world, 1, days_ago=10)
    send(world, of, "feedback", reason="other", text="x")
    report(world, of, "OFFER")
    stored = world.stored(of)
    assert stored.registration
    register(world, 1, job_title="Koch", applied_at=stored.registration.applied_at)
    feedback = world.stored(of).notes.feedback["applied"]
    assert feedback == Feedback(FeedbackReason.OTHER, "x", feedback.sent_at)
