"""Recorded events of each provider, from their bodies to the application."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from application_status.applications.aliases import Account
from application_status.applications.rules.application import Application
from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.connect.providers import PROVIDERS
from application_status.intake.connect.receive import Receiver
from application_status.platform.values import AtsId, now
from support import ashby_events, greenhouse_events, lever_events, recruitee_events
from support.native_webhooks import body_of
from support.world import ATS, World, answer, http_event

ONE = "51c3be16-0f93-41ed-9cc0-00000000de01"
CLIENT = "client-1"
IDS = {
    Channel.GREENHOUSE: greenhouse_events.IDS._replace(job="", external=""),
    Channel.ASHBY: ashby_events.IDS._replace(job=""),
    Channel.RECRUITEE: recruitee_events.IDS,
    Channel.LEVER: lever_events.APPLICATION_IDS,
}
ID_FIELDS = {"ApplicationId": "application", "CandidateId": "candidate", "JobId": "job"}
HIRE = ("candidateHire", "applicationUpdate_hired", "candidateStageChange_hired")


@pytest.fixture
def receiver(world: World) -> Receiver:
    return Receiver.over(world.dynamodb, "ApplicationsTable", "AliasesTable", "TokensTable")


def register(world: World, provider: Channel, ids: NativeIds) -> None:
    body: dict[str, Any] = {
        "AtsId": ATS,
        "ClientId": CLIENT,
        "JobId": "job-1",
        "JobseekerId": "jobseeker-1",
        "JobTitle": "Python Developer",
        "Company": "Example GmbH",
        "AppliedAt": "2026-11-01T08:00:00Z",
        "Aliases": {
            provider.capitalize(): {field: value for field, name in ID_FIELDS.items() if (value := getattr(ids, name))}
        },
    }
    assert answer(world.registry(http_event("PUT", f"/api/applications/{ONE}", body, token=None), None)).status == 201


def received(world: World, receiver: Receiver, provider: Channel, bodies: Sequence[str]) -> list[str]:
    """Return the results of the events in recorded bodies, received in this order by a new application."""
    register(world, provider, IDS[provider])
    account = Account(provider, AtsId(ATS), CLIENT)
    read = PROVIDERS[provider].read
    return [
        str(receiver.receive(account, event, now()).result)
        for body in bodies
        for event in read(body_of(provider, body))
    ]


def stored(world: World) -> Application:
    return world.stored(ONE)


@pytest.mark.parametrize("order", list(permutations(HIRE)))
def test_three_events_of_one_hire_are_one(world: World, receiver: Receiver, order: tuple[str, ...]) -> None:
    """In any order."""
    assert received(world, receiver, Channel.ASHBY, order) == ["recorded", "unchanged", "unchanged"]
    assert stored(world).status is Status.HIRED
    assert len(stored(world).transitions) == 1


@pytest.mark.parametrize(
    "order",
    list(
        permutations(["candidateStageChange", "candidateStageChange_offer", "candidateStageChange_archived", HIRE[0]])
    ),
)
def test_events_of_ashby_in_any_order(world: World, receiver: Receiver, order: tuple[str, ...]) -> None:
    """The newest decides, although Ashby promises no order."""
    received(world, receiver, Channel.ASHBY, order)
    assert stored(world).status is Status.HIRED


@pytest.mark.parametrize("order", list(permutations(["offerCreate_waiting", "candidateHire"])))
def test_offer_that_is_received_after_its_decision(world: World, receiver: Receiver, order: tuple[str, ...]) -> None:
    """It is sorted by its own time, as the hire is, so the application stays hired."""
    received(world, receiver, Channel.ASHBY, order)
    assert stored(world).status is Status.HIRED


def test_life_of_an_application_in_ashby(world: World, receiver: Receiver) -> None:
    """A field that changed is no report, and an application can come back from the archive."""
    bodies = [
        "applicationSubmit", "candidateStageChange", "applicationUpdate", "candidateStageChange_archived",
        "applicationUpdate_reopened", "candidateStageChange_offer", *HIRE, "candidateDelete", "candidateStageChange",
    ]  # fmt: skip
    results = received(world, receiver, Channel.ASHBY, bodies)
    assert results == [
        "recorded", "recorded", "unchanged", "recorded", "recorded", "recorded", "recorded", "unchanged", "unchanged",
        "noted", "ended",
    ]  # fmt: skip
    assert [each.status for each in stored(world).in_order()] == [
        Status.APPLIED, Status.PRE_INTERVIEW, Status.REJECTED, Status.INTERVIEW, Status.OFFER, Status.HIRED
    ]  # fmt: skip


def test_life_of_an_application_in_greenhouse(world: World, receiver: Receiver) -> None:
    """Repeated deliveries change nothing, and a decision that was taken back can be repeated only by a new one."""
    bodies = [
        "new_candidate_application", "candidate_stage_change", "candidate_stage_change", "application_updated",
        "reject_candidate", "application_updated", "unreject_candidate", "reject_candidate", "offer_created",
        "hire_candidate", "hire_candidate", "application_updated_hired", "offer_updated", "unhire_candidate",
        "hire_candidate", "delete_application", "application_updated_hired",
    ]  # fmt: skip
    results = received(world, receiver, Channel.GREENHOUSE, bodies)
    assert results == [
        "recorded", "recorded", "unchanged", "recorded",
        "recorded", "unchanged", "recorded", "unchanged", "recorded",
        "recorded", "unchanged", "unchanged", "ignored", "recorded",
        "unchanged", "noted", "ended",
    ]  # fmt: skip
    assert [each.status for each in stored(world).in_order()] == [
        Status.APPLIED, Status.INTERVIEW, Status.INTERVIEW, Status.REJECTED, Status.APPLIED, Status.OFFER, Status.HIRED,
        Status.OFFER,
    ]  # fmt: skip


@pytest.mark.parametrize("decision", ["reject_candidate", "hire_candidate"])
def test_event_from_before_a_decision_is_late(world: World, receiver: Receiver, decision: str) -> None:
    """Greenhouse repeats a failed delivery for hours, and promises no order."""
    bodies = [decision, "candidate_stage_change", "application_updated"]
    assert received(world, receiver, Channel.GREENHOUSE, bodies) == ["recorded", "late", "late"]
    assert stored(world).status in {Status.REJECTED, Status.HIRED}


@pytest.mark.parametrize("order", list(permutations(["reject_candidate_withdrew", "application_updated_rejected"])))
def test_two_events_of_one_rejection_are_one(world: World, receiver: Receiver, order: tuple[str, ...]) -> None:
    """Greenhouse reports the change of the fields, too."""
    assert received(world, receiver, Channel.GREENHOUSE, order) == ["recorded", "unchanged"]
    [end] = stored(world).in_order()
    assert end.effective_at.isoformat() == "2026-11-05T12:00:00+00:00"


@pytest.mark.parametrize(
    ("provider", "body", "outcome"),
    [
        (Channel.GREENHOUSE, "reject_candidate", Outcome.NOT_SELECTED),
        (Channel.GREENHOUSE, "reject_candidate_withdrew", Outcome.CANDIDATE_WITHDREW),
        (Channel.GREENHOUSE, "reject_candidate_declined_offer", Outcome.OFFER_DECLINED),
        (Channel.GREENHOUSE, "reject_candidate_unspecified", Outcome.ENDED_UNKNOWN),
        (Channel.GREENHOUSE, "reject_candidate_unknown_type", Outcome.POSITION_CLOSED),
        (Channel.ASHBY, "candidateStageChange_archived", Outcome.NOT_SELECTED),
        (Channel.ASHBY, "candidateStageChange_withdrew", Outcome.CANDIDATE_WITHDREW),
        (Channel.ASHBY, "candidateStageChange_other", Outcome.POSITION_CLOSED),
    ],
)
def test_outcome_of_an_end(world: World, receiver: Receiver, provider: Channel, body: str, outcome: Outcome) -> None:
    """By the type of the reason, and by the reason itself where the type does not say who decided."""
    assert received(world, receiver, provider, [body]) == ["recorded"]
    [end] = stored(world).in_order()
    assert (end.status, end.interpretation.outcome or Outcome.ENDED_UNKNOWN) == (Status.REJECTED, outcome)


def test_life_of_an_application_in_recruitee(world: World, receiver: Receiver) -> None:
    """An application is a candidate in a job; an older event is late, and a repeated delivery changes nothing."""
    bodies = [
        "candidate_moved_stage_changed", "new_candidate", "candidate_moved_category",
        "candidate_moved_unknown_category", "candidate_moved_disqualified", "candidate_moved_requalified",
        "candidate_moved_disqualified",
        "candidate_moved_hired", "candidate_moved_hired", "new_candidate_in_talent_pool", "candidate_deleted",
        "candidate_moved_requalified", "test_payload",
    ]  # fmt: skip
    results = received(world, receiver, Channel.RECRUITEE, bodies)
    assert results == [
        "recorded", "late", "parked", "recorded", "recorded",
        "recorded", "recorded", "unchanged",
        "recorded", "unchanged", "ignored", "noted",
        "ended", "test",
    ]  # fmt: skip
    assert [(each.status, each.interpretation.outcome) for each in stored(world).in_order()] == [
        (Status.APPLIED, None),
        (Status.PRE_INTERVIEW, None),
        (Status.INTERVIEW, None),
        (Status.POST_INTERVIEW, None),
        (Status.REJECTED, Outcome.CANDIDATE_WITHDREW),
        (Status.PRE_INTERVIEW, None),
        (Status.HIRED, None),
    ]


def test_life_of_an_application_in_lever(world: World, receiver: Receiver) -> None:
    """The board knows the id of the application, and learns that of the opportunity from the first event."""
    bodies = [
        "applicationCreated", "candidateStageChange", "candidateStageChange_offer", "candidateArchiveChange",
        "candidateArchiveChange_restored", "candidateArchiveChange", "candidateHired", "interviewUpdated",
        "verify_connection", "candidateDeleted", "candidateStageChange_offer",
    ]  # fmt: skip
    results = received(world, receiver, Channel.LEVER, bodies)
    assert results == [
        "noted", "recorded", "unmapped", "recorded", "recorded",
        "recorded", "unchanged", "recorded", "ignored",
        "test", "noted", "ended",
    ]  # fmt: skip
    assert stored(world).status is Status.HIRED


@pytest.mark.parametrize("order", list(permutations(["candidateArchiveChange_hired", "candidateHired"])))
def test_hire_in_lever_is_no_rejection(world: World, receiver: Receiver, order: tuple[str, ...]) -> None:
    """Lever archives an opportunity with each hire, without saying that the reason is a hire."""
    received(world, receiver, Channel.LEVER, ["applicationCreated", *order])
    assert stored(world).status is Status.HIRED
