"""The whole way: HTTP event -> table -> stream -> counters, each by the real handlers."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from application_status.platform.values import now
from application_status.quality.counters.merge import Merger
from application_status.quality.rules.contribution import contribution
from support.counters import counters, read, reader_of, truth
from support.streams import stream
from support.world import APPLICATION, ATS, BERLIN, World, answer, http_event, sample_event


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    return new_world()


def changes(world: World, of: str = APPLICATION) -> dict[str, Any]:
    """Return all that the applications' stream holds of one, as Lambda would hand it over."""
    records = stream(world, "ApplicationsTable")
    return {"Records": [each for each in records if each["dynamodb"]["Keys"]["AtsiApplicationId"]["S"] == of]}


def by_day(world: World) -> dict[str, dict[str, int]]:
    """Return the demo ATS's counters: day -> measure -> amount."""
    days: dict[str, dict[str, int]] = defaultdict(dict)
    for cell, amount in counters(world.client).items():
        assert cell.ats_id == ATS
        days[cell.day][cell.measure] = amount
    return days


def status_measures(world: World) -> set[str]:
    """Return the counted reached, open and outcome measures of the applications of 2022-07-01."""
    return {name for name in by_day(world)["2022-07-01"] if name.startswith(("reached:", "open:", "outcome:"))}


def test_report_becomes_a_counter(world: World) -> None:
    """A report moves an application on, and the counters of both days with it."""
    world.report("INTERVIEW", BusinessDate="2022-07-29T23:30:00Z")
    assert world.analytics(changes(world), None) == {"batchItemFailures": []}
    assert by_day(world) == {
        "2022-07-01": dict.fromkeys(
            ("applications", "reached:INTERVIEW", "outcome:open", "open:INTERVIEW", "feedback", "first_response:16",
             "entered:APPLIED", "time_in:APPLIED:16"), 1,
        ),
        "2022-07-30": dict.fromkeys(
            ("entered:INTERVIEW", "reports", "delay:29", "last_activity", "in:INTERVIEW"), 1,
        ),  # 01:30 in Berlin
    }  # fmt: skip


def test_the_same_stream_twice_counts_once(world: World) -> None:
    """A redelivery finds everything counted."""
    world.report("HIRED")
    event = changes(world)
    world.analytics(event, None)
    once = by_day(world)
    world.analytics(event, None)
    assert by_day(world) == once


def test_correction_subtracts(world: World) -> None:
    """An "unhired" takes the hire back, in the outcome and in the stage reached."""
    world.report("HIRED", BusinessDate="2022-08-01T12:00:00Z")
    world.analytics(changes(world), None)
    assert status_measures(world) == {"reached:HIRED", "outcome:hired"}
    world.report("OFFER", BusinessDate="2022-08-02T12:00:00Z")
    world.analytics(changes(world), None)
    assert status_measures(world) == {"reached:OFFER", "open:OFFER", "outcome:open"}


def test_unchanged_report_leaves_no_stream_record(world: World) -> None:
    """The report writes nothing, so the stream has no record."""
    world.report("INTERVIEW")
    before = len(changes(world)["Records"])
    world.report("INTERVIEW")
    assert len(changes(world)["Records"]) == before


def test_removed_application_is_taken_out_of_the_counters(world: World) -> None:
    """A removal in the table, by whomever, is a change like any other."""
    world.report("INTERVIEW")
    world.analytics(changes(world), None)
    world.client.delete_item(TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": APPLICATION}})
    world.analytics(changes(world), None)
    assert by_day(world) == {}


@pytest.mark.parametrize("new_world", ["deployed transport"], indirect=True)
def test_application_with_more_days_than_a_transaction_has_actions_is_counted(world: World) -> None:
    """256 transitions on 256 days need three transactions; the sum is the same."""
    for day in range(256):
        status = "INTERVIEW" if day % 2 else "CONTACT"
        world.report(status, BusinessDate=f"2023-{day // 28 + 1:02}-{day % 28 + 1:02}T12:00:00Z")
    assert world.analytics({"Records": changes(world)["Records"][-1:]}, None) == {"batchItemFailures": []}
    assert sum(measures.get("entered:INTERVIEW", 0) for measures in by_day(world).values()) == 128
    assert sum(measures.get("entered:CONTACT", 0) for measures in by_day(world).values()) == 128
    assert counters(world.client) == contribution(world.stored(), BERLIN)


def test_sample_events_take_the_same_way(world: World) -> None:
    """The files of events/ work against a fresh service."""
    assert answer(world.registry(sample_event("RegistryFunction/registration"), None)).status == 201
    assert answer(world.webhook(sample_event("WebhookFunction/report"), None)).body["Result"] == "recorded"
    assert answer(world.webhook(sample_event("WebhookFunction/report-by-ats"), None)).body["Result"] == "late"
    assert world.analytics(sample_event("AnalyticsFunction/changes"), None) == {"batchItemFailures": []}
    assert status_measures(world) == {"reached:INTERVIEW", "open:INTERVIEW", "outcome:open"}
    assert world.analytics(sample_event("AnalyticsFunction/removal"), None) == {"batchItemFailures": []}
    assert by_day(world) == {}


def test_registered_over_http_then_reported_and_counted(world: World) -> None:
    """The way goes from the Apply system's PUT to the counters of the client and the job."""
    new = "51c3be16-0f93-41ed-9cc0-00000000beef"
    body = {
        "AtsId": ATS,
        "ClientId": "client-2",
        "JobId": "job-9",
        "JobseekerId": "jobseeker-9",
        "JobTitle": "Data Engineer",
        "Company": "Muster AG",
        "AppliedAt": "2022-07-01T09:00:00Z",
    }
    assert answer(world.registry(http_event("PUT", f"/api/applications/{new}", body, token=None), None)).status == 201
    assert world.report("REJECTED", AtsiApplicationId=new).status == 200
    world.analytics(changes(world, new), None)
    assert Merger(world.dynamodb, "QualityTable", 1).merge(now().date())
    found = read(reader_of(world), ["client-2"])
    assert found == truth([world.stored(new)])
    assert ("job", "client-2", "job-9", "feedback") in found
    assert (reader_of(world).job("client-2", "job-9").name, reader_of(world).lives_of_client("client-2")[ATS].name) == (
        "Data Engineer",
        "Muster AG",
    )
    assert status_measures(world) == {"reached:APPLIED", "outcome:ended_unknown"}
