"""What docs/backfill.md promises: history from a file beside live reports, and how long it is kept."""

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.applications.record import Applications
from application_status.applications.rules.application import ReportResult
from application_status.intake.files.csv_format import Layout, rows
from application_status.intake.files.rows import RowReader
from application_status.intake.files.upload import UTF_8
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.values import from_text, now, to_text
from application_status.quality.counting.retention import Limits
from support.world import APPLICATION, ATS, BERLIN, World, answer, http_event

TODAY = from_text("2026-11-27T10:00:00.000Z")
DAY = timedelta(days=1)
OLD = "51c3be16-0f93-41ed-9cc0-00000000beef"
REGISTRATION = {
    "AtsId": ATS, "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-1",
    "JobTitle": "Python Developer", "Company": "Example GmbH", "AppliedAt": "2024-07-01T09:00:00Z",
}  # fmt: skip
HISTORY = (
    "REJECTED,2024-07-20", "INTERVIEW,2024-07-09T14:30:00+02:00", "INTERVIEW,2024-07-21T10:00:00Z", "OFFER,2024-08-01",
    "REJECTED,2024-09-01",
)  # fmt: skip


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws(), time_machine.travel(TODAY, tick=False):
        world = World(boto3.client("dynamodb"), bad_news_delay_hours=48)
        event = http_event("PUT", f"/api/applications/{OLD}", REGISTRATION, token=None)
        assert answer(world.registry(event, None)).status == 201
        yield world


def upload(world: World, *lines: str, of: str = OLD) -> list[ReportResult]:
    """Record the rows of a file that is uploaded now; each line has a status and a date."""
    layout = Layout(",", 4, application_id=0, raw_status=1, status=2, business_date=3)
    reader = RowReader(layout, ATS, now(), BERLIN, Vocabulary.load(), {})
    content = "".join(f"{of},Stage,{line}\n" for line in lines).encode()
    applications = Applications(world.dynamodb, "ApplicationsTable")
    return [applications.record(reader.report(row)).result for row in rows([content], 2, layout, UTF_8)]


def timeline(world: World, of: str = OLD) -> list[tuple[str, str]]:
    """Return the changes that the jobseeker is shown, with their days."""
    event = http_event("GET", f"/api/my/applications/{of}", token=None)
    event["requestContext"]["authorizer"] = {"claims": {"custom:jobseeker_id": "jobseeker-1"}}
    shown = answer(world.my_applications(event, None)).body["Timeline"]
    return [(each["JobseekerStatus"], each["At"][:10]) for each in shown]


def test_history_is_shown_at_once_as_it_was(world: World) -> None:
    """In any order of rows; the rejection that was corrected within the delay is left out, the last one is shown."""
    upload(world, *HISTORY)
    assert timeline(world) == [
        ("applied", "2024-07-01"), ("interview", "2024-07-09"), ("interview", "2024-07-21"), ("offer", "2024-07-31"),
        ("no_longer_considered", "2024-08-31"),
    ]  # fmt: skip


def test_history_never_replaces_what_is_reported_live(world: World) -> None:
    """It joins the history, and its repetition changes nothing; a row without a date is older than what came since."""
    world.report("OFFER")
    head = world.stored().head
    assert upload(world, *HISTORY, of=APPLICATION) == [ReportResult.LATE] * 5
    assert upload(world, *HISTORY, of=APPLICATION) == [ReportResult.UNCHANGED] * 5
    assert world.stored().head == head
    with time_machine.travel(TODAY - DAY, tick=False):
        assert upload(world, "INTERVIEW,", of=APPLICATION) == [ReportResult.LATE]
    assert (world.stored().head, world.stored().status) == (head, "OFFER")


def test_retention_counts_from_the_upload(world: World) -> None:
    """An old application without reports has expired at once; one with history is kept as long as any other."""
    limits = Limits(ended=180 * DAY, still_open=400 * DAY)
    assert limits.has_expired(world.stored(OLD), TODAY)
    upload(world, *HISTORY)
    assert not limits.has_expired(world.stored(OLD), TODAY + 179 * DAY)
    assert limits.has_expired(world.stored(OLD), TODAY + 180 * DAY)


@pytest.mark.parametrize(("day", "shown"), [("2026-11-12", True), ("2026-11-14", False)])
def test_recent_bad_news_of_a_file_waits(world: World, day: str, shown: bool) -> None:
    """Up to 14 days before the upload it is news."""
    upload(world, f"REJECTED,{day}")
    assert (timeline(world)[-1][0] == "no_longer_considered") == shown
    with time_machine.travel(TODAY + 2 * DAY, tick=False):
        assert timeline(world)[-1][0] == "no_longer_considered"
    assert to_text(TODAY) in {to_text(each.received_at) for each in world.stored(OLD).transitions.values()}
