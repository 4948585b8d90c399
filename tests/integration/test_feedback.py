"""What jobseekers say is wrong, as the board lists and closes it: over the API and on the command line."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

from application_status.applications.register import Registrations
from application_status.applications.rules.notes import Feedback, FeedbackReason
from application_status.cli.main import main
from application_status.jobseeker.feedback import FeedbackList, JobseekersNotes
from application_status.local.tables import TableServer
from application_status.platform.values import ApplicationId, application_id, now, to_text
from support.faults import fresh_client
from support.world import ATS, Answer, World, answer, http_event, registration

NOT_REGISTERED = "0a7e3f52-6b1d-4c1e-9d55-00000000beef"

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def world(server: TableServer) -> Iterator[World]:
    client = fresh_client(server)
    yield World(client)
    client.close()


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; return its exit code and what it prints."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--local-tables", server.url, "feedback", *arguments])
        return code, *capsys.readouterr()

    return run


def an_id(number: int) -> ApplicationId:
    return application_id(f"0a7e3f52-6b1d-4c1e-9d55-{number:012x}")


def sent(world: World, number: int, text: str = "", status: str = "interview") -> ApplicationId:
    """Register an application unless it is, and send feedback about it."""
    Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable").register(an_id(number), registration())
    feedback = Feedback(FeedbackReason.STATUS, text, now())
    JobseekersNotes(world.dynamodb, "ApplicationsTable", "FeedbackTable").send(
        world.stored(an_id(number)), status, feedback
    )
    return an_id(number)


def ask(world: World, **query: str) -> Answer:
    event = http_event("GET", "/api/feedback", token=None)
    event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
    return answer(world.registry(event, None))


def close(world: World, of: str, status: str = "interview", method: str = "DELETE") -> int:
    path = f"/api/applications/{of}/feedback/{status}"
    found: int = world.registry(http_event(method, path, token=None), None)["statusCode"]
    return found


def test_board_lists_open_feedback(world: World) -> None:
    """The oldest first, with all that the board needs to look into it."""
    with time_machine.travel(now() - timedelta(hours=2)):
        of = sent(world, 1, "I was never interviewed")
    sent(world, 2)
    body = ask(world).body
    first, second = body["Feedback"]
    assert first.pop("SentAt") < second["SentAt"]
    assert first == {
        "AtsiApplicationId": of, "AtsId": ATS, "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1",
        "JobTitle": "Python Developer", "Company": "Example GmbH", "JobseekerStatus": "interview", "Reason": "status",
        "Words": "I was never interviewed",
    }  # fmt: skip
    assert (second["Words"], body["Next"]) == ("", None)


def test_list_is_paged(world: World, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Each one once, with several of an application; the command line prints all pages."""
    monkeypatch.setattr("application_status.jobseeker.feedback.LIST_PAGE_SIZE", 2)
    for number, status in ((1, "applied"), (1, "offer"), (2, "applied"), (3, "applied"), (3, "hired")):
        sent(world, number, status=status)
    pages = [ask(world).body]
    while following := pages[-1]["Next"]:
        pages.append(ask(world, after=following).body)
    assert [len(each["Feedback"]) for each in pages] == [2, 2, 1]
    listed = [(each["AtsiApplicationId"], each["JobseekerStatus"]) for page in pages for each in page["Feedback"]]
    assert len({*listed}) == 5
    code, out, _ = run("list", "--json")
    assert (code, [(each["application"], each["status"]) for each in json.loads(out)]) == (0, listed)


@pytest.mark.parametrize("after", ["", "x" * 101, "ä", "a b"])
def test_cursor_that_is_none_is_refused(world: World, after: str) -> None:
    assert ask(world, after=after).status == 422


def test_closed_feedback_leaves_the_list_and_loses_its_text(world: World) -> None:
    """204, also again; the reason and the time stay for the jobseeker, and the status can get another feedback."""
    of = sent(world, 1, "Geheimnis")
    assert [close(world, of) for _ in range(2)] == [204, 204]
    assert ask(world).body["Feedback"] == []
    assert "Geheimnis" not in str(world.item(of))
    feedback = world.stored(of).notes.feedback["interview"]
    assert (feedback.reason, feedback.text, feedback.closed_at is not None) == ("status", "", True)
    sent(world, 1, "again")
    assert [each["Words"] for each in ask(world).body["Feedback"]] == ["again"]


def test_jobseeker_sees_that_it_was_closed(world: World) -> None:
    of = sent(world, 1, status="applied")
    close(world, of, "applied")
    token = {"Authorization": f"Bearer {world.id_token({'custom:jobseeker_id': 'jobseeker-1'})}"}
    event = http_event("GET", "/my/applications", None, token, None)
    event["multiValueQueryStringParameters"] = {"application": [of]}
    html = world.my_applications(event, None)["body"]
    assert "Application status has dealt with your message of" in html
    assert "<textarea" in html


@pytest.mark.parametrize(
    ("of", "status", "method", "expected"),
    [
        (an_id(1), "offer", "DELETE", 204),  # there is none, as after closing it
        (NOT_REGISTERED, "offer", "DELETE", 404),
        (an_id(1), "OFFER", "DELETE", 422),
        ("42", "offer", "DELETE", 422),
        (an_id(1), "offer", "GET", 405),
    ],
)
def test_closing_what_is_not_there(world: World, of: str, status: str, method: str, expected: int) -> None:
    sent(world, 1)
    assert close(world, of, status, method) == expected
    assert len(ask(world).body["Feedback"]) == 1


def test_feedback_is_erased_with_the_application(world: World) -> None:
    """It is gone from the list at once; an entry without any of it expires later."""
    of = sent(world, 1, "Geheimnis")
    kept = sent(world, 2)
    assert world.erase(of).status == 204
    assert [each["AtsiApplicationId"] for each in ask(world).body["Feedback"]] == [kept]
    assert close(world, of) == 404
    entries = world.client.scan(TableName="FeedbackTable")["Items"]
    assert sorted(entries[0]) == ["Entry", "ExpiresAt", "Queue"]
    assert not [each for each in ("Geheimnis", "interview", "jobseeker-1") if each in str(entries)]
    ends = {int(each["ExpiresAt"]["N"]) - now().timestamp() for each in entries}
    assert all(179 < end / 86_400 <= 180 for end in ends)


def test_unreadable_application_is_left_out(world: World) -> None:
    bad, good = sent(world, 1), sent(world, 2)
    world.client.update_item(
        TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": bad}}, UpdateExpression="REMOVE Transitions"
    )
    assert [each["AtsiApplicationId"] for each in ask(world).body["Feedback"]] == [good]


def test_change_during_closing_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The application is read again, so the report that came between stays."""
    of = sent(world, 1)
    close_seen = FeedbackList._close  # noqa: SLF001  # between its reading and its writing

    def after_a_report(feedback: FeedbackList, *given: Any) -> None:
        monkeypatch.undo()
        assert world.report("OFFER", AtsiApplicationId=of).status == 200
        close_seen(feedback, *given)

    monkeypatch.setattr(FeedbackList, "_close", after_a_report)
    assert close(world, of) == 204
    stored = world.stored(of)
    assert (stored.status, stored.notes.feedback["interview"].closed_at is not None) == ("OFFER", True)


def test_command_line_lists_and_closes(world: World, run: Run) -> None:
    """Texts of jobseekers can't change the terminal."""
    of = sent(world, 1, "red: \x1b[31m")
    code, out, _ = run("list")
    assert code == 0
    header, row = out.splitlines()
    assert header.split() == ["SENT", "APPLICATION", "ATS", "CLIENT", "TITLE", "COMPANY", "STATUS", "REASON", "WORDS"]
    assert row.startswith(to_text(now())[:10])
    assert r"red: \x1b[31m" in row
    assert run("close", of, "interview")[0] == 0
    assert run("list", "--json") == (0, "[]\n", "")
    assert ask(world).body["Feedback"] == []


def test_command_line_says_what_is_wrong(run: Run, world: World) -> None:
    """An unknown application, a status that jobseekers don't see, and an id that is none."""
    assert world
    wrong = partial(run, "close")
    assert "there is no application" in wrong(NOT_REGISTERED, "offer")[2]
    assert "'OFFER' is not one of" in wrong(NOT_REGISTERED, "OFFER")[2]
    assert "not a UUID" in wrong("42", "offer")[2]
