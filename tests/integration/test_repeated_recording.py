"""A report that an earlier call may have recorded: recording it again returns what that call returned."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import boto3
import pytest
from moto import mock_aws

from application_status.applications.record import Applications, UnknownApplications
from application_status.applications.rules.application import ReportResult
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Status
from application_status.platform.errors import UnknownApplication
from application_status.platform.values import application_id, from_text
from support.world import APPLICATION, ATS, World

RECEIVED = from_text("2026-11-02T06:00:00.000Z")
STATUSES: list[Status | None] = [Status.CONTACT, Status.INTERVIEW, None, Status.OFFER]


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"))


@pytest.fixture
def applications(world: World) -> Applications:
    return Applications(world.dynamodb, "ApplicationsTable")


def reported(status: Status | None, days_ago: int | None, **changes: Any) -> Report:
    """Return a row of a file; without a day it tells how things stood when the file was received."""
    report = Report(
        application_id=APPLICATION,
        ats_id=ATS,
        channel=Channel.FILE,
        interpretation=Interpretation(status=status, raw_status=f"label of {status}"),
        received_at=RECEIVED,
        tiebreaker=str(status.rank) if status else "000",
        effective_at=None if days_ago is None else RECEIVED - timedelta(days=days_ago),
        ordered_at=RECEIVED if days_ago is None else None,
        is_snapshot=days_ago is None,
    )
    return replace(report, **changes)


@pytest.mark.parametrize("order", list(permutations(range(len(STATUSES)))), ids=str)
def test_a_repetition_in_doubt_returns_the_first_result(
    world: World, applications: Applications, order: tuple[int, ...]
) -> None:
    """Whether it was recorded, late or unmapped; the item stays as it is."""
    reports = [reported(STATUSES[place], 4 - place) for place in order]
    first = [applications.record(each, in_doubt=True) for each in reports]
    stored = world.item()
    assert [applications.record(each, in_doubt=True) for each in reports] == first
    assert world.item() == stored
    assert {applications.record(each).result for each in reports} == {ReportResult.UNCHANGED}


def test_a_snapshot_in_doubt_returns_the_first_result(applications: Applications) -> None:
    """It was recorded with the time of receipt, as the file was received once."""
    snapshot = reported(Status.INTERVIEW, None)
    first = applications.record(snapshot, in_doubt=True)
    assert first.result is ReportResult.RECORDED
    assert applications.record(snapshot).result is ReportResult.UNCHANGED


def test_a_row_before_a_repeated_snapshot_was_late(applications: Applications) -> None:
    """The first call only added it to the history, so the second one does not count it as recorded."""
    upload = RECEIVED + timedelta(days=1)
    applications.record(reported(Status.INTERVIEW, None))
    applications.record(reported(Status.INTERVIEW, None, received_at=upload, ordered_at=upload))
    late = reported(Status.OFFER, None, ordered_at=RECEIVED + timedelta(hours=1))
    first = applications.record(late)
    assert first.result is ReportResult.LATE
    assert applications.record(late, in_doubt=True) == first


def test_the_same_report_received_at_another_time_is_unchanged(applications: Applications) -> None:
    """Another call recorded it, so this one changes nothing."""
    applications.record(reported(Status.INTERVIEW, 1))
    again = reported(Status.INTERVIEW, 1, received_at=RECEIVED + timedelta(hours=1))
    assert applications.record(again, in_doubt=True).result is ReportResult.UNCHANGED


@pytest.mark.parametrize("unknown", [False, True])
def test_an_equal_report_of_the_same_moment_is_another(world: World, *, unknown: bool) -> None:
    """If its key is not stored, it was not recorded before; the key is stored now, also if the application was new."""
    accepting = Applications(world.dynamodb, "ApplicationsTable", UnknownApplications.ACCEPT)
    of = application_id("51c3be16-0f93-41ed-9cc0-00000000beef") if unknown else APPLICATION
    undated = reported(Status.INTERVIEW, None, application_id=of, ordered_at=None, is_snapshot=False)
    keyed = replace(undated, idempotency_key="a-key")
    accepting.record(undated)
    assert accepting.record(keyed, in_doubt=True).result is ReportResult.UNCHANGED
    accepting.record(replace(undated, interpretation=Interpretation(status=Status.OFFER), tiebreaker="060"))
    assert accepting.record(keyed).result is ReportResult.UNCHANGED
    assert world.stored(of).status is Status.OFFER


def test_an_unmapped_label_creates_no_application(world: World) -> None:
    """Even if unknown applications are accepted, since an application has a status."""
    accepting = Applications(world.dynamodb, "ApplicationsTable", UnknownApplications.ACCEPT)
    unknown = application_id("51c3be16-0f93-41ed-9cc0-00000000beef")
    with pytest.raises(UnknownApplication):
        accepting.record(reported(None, 1, application_id=unknown))
    assert accepting.record(reported(Status.OFFER, 1, application_id=unknown)).result is ReportResult.RECORDED
