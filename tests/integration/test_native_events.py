"""Events of ATSs' own webhooks: recorded for the application that their ids name, or parked until an alias names it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from application_status.applications import parked
from application_status.applications.aliases import Account, AliasTable
from application_status.applications.parked import ParkedCounts
from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.connect.events import Change, Ended, Event, Linked, Merged, PositionEnded
from application_status.intake.connect.receive import EventResult, Receiver
from application_status.labels.rules.remap import remap
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.values import AtsId, now
from support.streams import positions_copied
from support.world import ATS, World, answer, http_event

FIRST = now() - timedelta(days=10)
ONE, TWO, THREE = (f"51c3be16-0f93-41ed-9cc0-00000000be{last}" for last in ("01", "02", "03"))
CLIENT = "client-1"
ACCOUNT = Account(Channel.GREENHOUSE, AtsId(ATS), CLIENT)
IDS = {"ApplicationId": "700100", "CandidateId": "500200", "JobId": "300400"}
SENT = NativeIds(Channel.GREENHOUSE, "700100", "500200", "300400")


def at(hours: float) -> datetime:
    return FIRST + timedelta(hours=hours)


@pytest.fixture
def receiver(world: World) -> Receiver:
    return Receiver.over(world.dynamodb, "ApplicationsTable", "AliasesTable", "TokensTable")


@pytest.fixture
def receive(receiver: Receiver) -> Callable[..., list[str]]:
    """Return a function that receives events and returns their results."""

    def events(*given: Event, account: Account = ACCOUNT) -> list[str]:
        return [str(receiver.receive(account, each, now()).result) for each in given]

    return events


def register(world: World, of: str = ONE, aliases: Any = None, **changes: Any) -> None:
    ids = {"AtsId": ATS, "ClientId": CLIENT, "JobId": "job-1", "JobseekerId": "jobseeker-1"}
    texts = {"JobTitle": "Python Developer", "Company": "Example GmbH", "AppliedAt": "2022-07-01T09:00:00Z"}
    body = ids | texts | {"Aliases": {"Greenhouse": IDS} if aliases is None else aliases} | changes
    assert answer(world.registry(http_event("PUT", f"/api/applications/{of}", body, token=None), None)).status == 201


def add(world: World, aliases: Any, of: str = ONE) -> None:
    """Add aliases, and deliver their rows to the stream's function."""
    event = http_event("PATCH", f"/api/applications/{of}/aliases", {"Aliases": aliases}, token=None)
    assert answer(world.registry(event, None)).status == 200
    positions_copied(world)


def change(hours: float, label: str | None = "On-site interview", ids: NativeIds = SENT, **details: Any) -> Change:
    """Return a snapshot with a proxy of its time."""
    given: dict[str, Any] = {"ordered_at": at(hours), "is_snapshot": True} | details
    return Change(name="candidate_stage_change", ids=ids, identity=f"{label} {hours}", label=label, **given)


def hire(offer: str = "77", ids: NativeIds = SENT) -> Change:
    return Change(name="hire_candidate", ids=ids, identity=f"hire {offer}", status=Status.HIRED, effective_at=at(1))


def rejection(ids: NativeIds = SENT, **details: Any) -> Change:
    return Change(name="reject_candidate", ids=ids, identity="reject", status=Status.REJECTED, **details)


def status(world: World, of: str = ONE) -> str:
    return world.stored(of).status


def test_event_is_recorded_for_the_application_with_its_id(world: World, receive: Callable[..., list[str]]) -> None:
    """The label decides the status, and is stored with the channel."""
    register(world)
    assert receive(change(1), change(2, "Offer extended"), hire()) == ["recorded"] * 3
    stored = world.stored(ONE)
    assert [each.status for each in stored.in_order()] == ["INTERVIEW", "OFFER", "HIRED"]
    assert {each.channel for each in stored.in_order()} == {Channel.GREENHOUSE}


def test_calls_of_a_parked_event_are_few(world: World, receive: Callable[..., list[str]]) -> None:
    """docs/performance.md has their price, for ids of application, candidate and job; the Query is of the candidate."""
    receive(change(1))  # reads the overrides
    found = ["BatchGetItem", "Query"]
    for label, result, calls in (
        ("On-site interview", "parked", [*found, "UpdateItem", "PutItem", "PutItem", *found]),
        ("Bucket 7", "dropped", found),
    ):
        world.dynamodb.operations.clear()
        assert receive(change(2, label)) == [result]
        assert world.dynamodb.operations == calls


@pytest.mark.parametrize(
    ("registered", "sent", "found"),
    [
        ({"ApplicationId": "700100"}, SENT, True),
        ({"CandidateId": "500200", "JobId": "300400"}, SENT, True),
        ({"CandidateId": "500200", "JobId": "300400"}, SENT._replace(job="9"), False),
        ({"CandidateId": "500200"}, SENT, True),
        ({"ApplicationId": "9", "CandidateId": "500200"}, SENT, False),
        ({"ExternalId": "e-1"}, SENT._replace(external="e-1"), True),
        ({"ExternalId": "e-1", "JobId": "300400"}, SENT._replace(external="e-1"), True),
        ({"ExternalId": "e-1", "JobId": "9"}, SENT._replace(external="e-1"), False),
    ],
)
def test_which_ids_name_an_application(
    world: World, receive: Callable[..., list[str]], registered: dict[str, str], sent: NativeIds, found: bool
) -> None:
    """A candidate may have applied elsewhere, too, so their id decides only if nothing more specific is registered."""
    register(world, aliases={"Greenhouse": registered})
    assert receive(change(1, ids=sent)) == ["recorded" if found else "parked"]


OTHER_JOB = SENT._replace(application="700999", job="300999")
AGAIN = SENT._replace(application="700999")


@pytest.mark.parametrize(
    ("registered", "sent"),
    [
        ([IDS], AGAIN),
        ([{"CandidateId": "500200", "JobId": "300400"}, {"ApplicationId": "700100"}], AGAIN),
        ([{"CandidateId": "500200"}, {"ApplicationId": "700100"}], OTHER_JOB),
        ([{"ApplicationId": "700100"}, {"CandidateId": "500200"}], OTHER_JOB),
        ([{"CandidateId": "500200"}, {"CandidateId": "500200", "JobId": "300400"}], OTHER_JOB),
    ],
)
def test_another_application_of_the_candidate_is_not_taken_for_it(
    world: World, receive: Callable[..., list[str]], registered: list[dict[str, str]], sent: NativeIds
) -> None:
    """Whatever else names the application, and in whatever order its ids were registered."""
    register(world, aliases={"Greenhouse": registered[0]})
    for each in registered[1:]:
        add(world, {"Greenhouse": each})
    assert receive(rejection(ids=sent)) == ["parked"]
    add(world, {"Greenhouse": {"ExternalId": "e-1", "JobId": "300400"}})
    assert receive(hire()) == ["recorded"]
    assert status(world) == "HIRED"


def test_candidate_can_apply_for_a_job_again(world: World, receive: Callable[..., list[str]]) -> None:
    """Each application has its own id; an event without one names neither."""
    register(world)
    register(world, TWO, aliases={"Greenhouse": IDS | {"ApplicationId": "700999"}})
    assert receive(rejection(), hire(ids=AGAIN), change(1, ids=SENT._replace(application=""))) == [
        "recorded",
        "recorded",
        "parked",
    ]
    assert (status(world), status(world, TWO)) == ("REJECTED", "HIRED")


def test_candidate_and_job_name_an_application_for_events_without_its_id(
    world: World, receive: Callable[..., list[str]]
) -> None:
    """Some ATSs have no id for an application, so its registered id is never sent."""
    register(world)
    assert receive(change(1, ids=SENT._replace(application=""))) == ["recorded"]


def test_merged_candidates_may_have_applied_for_the_same_job(world: World, receive: Callable[..., list[str]]) -> None:
    """Their deletion then ends the reports about both of their applications."""
    register(world)
    register(world, TWO, aliases={"Greenhouse": IDS | {"ApplicationId": "700101", "CandidateId": "500999"}})
    gone, kept = (NativeIds(Channel.GREENHOUSE, candidate=each) for each in ("500200", "500999"))
    assert receive(Merged(name="merge_candidate", gone=gone, kept=kept)) == ["noted"]
    assert receive(Ended(name="candidate_anonymized", ids=(kept,)), hire()) == ["noted", "ended"]


def test_deletion_of_a_merged_candidate_does_not_end_their_applications(
    world: World, receive: Callable[..., list[str]]
) -> None:
    """They belong to the candidate that is kept, whose deletion ends them."""
    register(world)
    gone, kept = (NativeIds(Channel.GREENHOUSE, candidate=each) for each in ("500200", "500999"))
    merged = Merged(name="merge_candidate", gone=gone, kept=kept)
    assert receive(merged, Ended(name="candidateDelete", ids=(gone,))) == ["noted", "dropped"]
    assert receive(hire(), Ended(name="candidateDelete", ids=(kept,)), rejection()) == ["recorded", "noted", "ended"]


def test_merge_concerns_the_ids_of_its_provider_alone(world: World, receive: Callable[..., list[str]]) -> None:
    """Another provider may have the same id for somebody else."""
    register(world, aliases={"Greenhouse": IDS, "Recruitee": {"CandidateId": "500200", "JobId": "1"}})
    gone, kept = (NativeIds(Channel.GREENHOUSE, candidate=each) for each in ("500200", "500999"))
    receive(Merged(name="merge_candidate", gone=gone, kept=kept))
    registration = world.stored(ONE).registration
    assert registration is not None
    assert NativeIds(Channel.RECRUITEE, "", "500999", "1") not in registration.aliases.native


def test_parked_events_of_several_applications_stay_parked(world: World, receive: Callable[..., list[str]]) -> None:
    """A candidate's id that several applications have names none, also if it had one for a moment."""
    register(world, aliases={"Greenhouse": {"CandidateId": "500200"}})
    register(world, TWO, aliases={"Greenhouse": {"CandidateId": "500200"}})
    assert receive(rejection()) == ["parked"]
    positions_copied(world)
    assert (status(world), status(world, TWO)) == ("APPLIED", "APPLIED")


def test_further_ids_do_not_take_back_a_deletion(world: World, receive: Callable[..., list[str]]) -> None:
    """The deleted id stays deleted, also after a merge of the candidate."""
    register(world)
    gone, kept = (NativeIds(Channel.GREENHOUSE, candidate=each) for each in ("500200", "500999"))
    receive(Ended(name="delete_application", ids=(SENT,)), Merged(name="merge_candidate", gone=gone, kept=kept))
    add(world, {"Greenhouse": IDS | {"ExternalId": "e-1"}})
    assert receive(rejection()) == ["ended"]


def test_id_of_several_applications_names_none(world: World, receive: Callable[..., list[str]]) -> None:
    """Nobody can know which of them is meant."""
    for each in (ONE, TWO):
        register(world, each, aliases={"Greenhouse": {"CandidateId": "500200"}})
    assert receive(change(1)) == ["parked"]


@pytest.mark.parametrize("account", [ACCOUNT._replace(client_id="client-2"), ACCOUNT._replace(ats_id=AtsId("workday"))])
def test_account_reports_only_about_its_own_client(
    world: World, receive: Callable[..., list[str]], account: Account
) -> None:
    """The same ids at another client or ATS are other applications."""
    register(world)
    assert receive(change(1), rejection(), hire(), account=account) == ["parked"] * 3
    assert receive(Ended(name="delete_application", ids=(SENT,)), account=account) == ["dropped"]
    assert status(world) == "APPLIED"
    assert receive(change(1)) == ["recorded"]


def test_label_does_not_end_an_open_application(world: World, receive: Callable[..., list[str]]) -> None:
    """A stage with the name of an end is unmapped, unless the provider has no other event for the end."""
    register(world)
    assert receive(change(1, "Hired"), change(2, "Hired", label_may_end=True)) == ["unmapped", "recorded"]
    assert status(world) == "HIRED"


@pytest.mark.parametrize(
    ("details", "outcome"),
    [
        ({}, Outcome.ENDED_UNKNOWN),
        ({"label": "Candidate withdrew"}, Outcome.CANDIDATE_WITHDREW),
        ({"label": "Lacking skills", "outcome": Outcome.NOT_SELECTED}, Outcome.NOT_SELECTED),
        ({"label": "Candidate withdrew", "outcome": Outcome.NOT_SELECTED}, Outcome.NOT_SELECTED),
        ({"label": "Something else"}, Outcome.ENDED_UNKNOWN),
    ],
)
def test_reason_refines_a_rejection_whose_outcome_is_unknown(
    world: World, receive: Callable[..., list[str]], details: dict[str, Any], outcome: Outcome
) -> None:
    """It never outweighs what the event says."""
    register(world)
    assert receive(rejection(**details)) == ["recorded"]
    assert world.stored(ONE).outcome[0] is outcome


def test_events_before_their_alias_are_recorded_once_it_is_added(
    world: World, receive: Callable[..., list[str]]
) -> None:
    """In the order of their times, each once."""
    assert receive(change(3, "Offer extended"), change(1), hire(), change(1)) == ["parked"] * 4
    register(world, aliases={})
    add(world, {"Greenhouse": IDS})
    stored = world.stored(ONE)
    assert [each.status for each in stored.in_order()] == ["INTERVIEW", "OFFER", "HIRED"]
    assert stored.in_order()[-1].effective_at == at(1)
    assert receive(hire(), change(3, "Offer extended")) == ["unchanged", "late"]  # the label was not kept
    rows = world.client.scan(TableName="AliasesTable")["Items"]
    assert not [row for row in rows if row["Alias"]["S"].startswith("parked#") and "Ids" in row]


def test_parked_events_outlive_an_erased_application(world: World, receive: Callable[..., list[str]]) -> None:
    """The record of its alias may arrive late; another application that gets the id then has them."""
    register(world)
    assert world.erase(ONE).status == 204
    assert receive(change(1)) == ["parked"]
    positions_copied(world)
    register(world, TWO)
    positions_copied(world)
    assert status(world, TWO) == "INTERVIEW"


def test_registration_with_its_ids_records_parked_events(world: World, receive: Callable[..., list[str]]) -> None:
    """It need not be a later request."""
    assert receive(change(1)) == ["parked"]
    register(world)
    positions_copied(world)
    assert status(world) == "INTERVIEW"


def test_parked_event_does_not_undo_a_later_one(world: World, receive: Callable[..., list[str]]) -> None:
    """The stream may lag behind: an event that was received after the alias was added may be recorded first."""
    assert receive(rejection()) == ["parked"]
    register(world)
    back = Change(
        name="unreject_candidate", ids=SENT, identity="unreject", label="On-site interview", effective_at=now()
    )
    assert receive(back) == ["recorded"]
    positions_copied(world)
    stored = world.stored(ONE)
    assert (stored.status, [each.status for each in stored.in_order()]) == ("INTERVIEW", ["REJECTED", "INTERVIEW"])


def offer_made(ids: NativeIds = SENT) -> Change:
    return Change(name="offer_created", ids=ids, identity="offer 77", status=Status.OFFER, is_snapshot=True)


def test_parked_late_offer_does_not_undo_an_end(world: World, receive: Callable[..., list[str]]) -> None:
    """It has no time, so it may be older than the end, as an offer that is not parked."""
    assert receive(change(1), hire(), offer_made()) == ["parked"] * 3
    register(world)
    positions_copied(world)
    assert status(world) == "HIRED"


def test_parked_reopening_after_an_end_counts(world: World, receive: Callable[..., list[str]]) -> None:
    """Only a snapshot without a time may be older than an end that was received before it."""
    unhired = Change(name="unhire_candidate", ids=SENT, identity="unhire", label="On-site interview", is_open=True)
    assert receive(hire(), unhired) == ["parked"] * 2
    register(world)
    positions_copied(world)
    assert status(world) == "INTERVIEW"


def test_parked_event_keeps_its_place_when_it_is_sent_again(world: World, receive: Callable[..., list[str]]) -> None:
    """A retry of a rejection is no newer than what was received in between."""
    unrejected = Change(name="unreject_candidate", ids=SENT, identity="unreject", label="On-site interview")
    assert receive(rejection(), unrejected, rejection()) == ["parked"] * 3
    register(world)
    positions_copied(world)
    assert status(world) == "INTERVIEW"


def test_parked_events_of_a_candidate_at_the_same_moment_are_all_kept(
    world: World, receive: Callable[..., list[str]]
) -> None:
    """A user may reject all applications of a candidate at once."""
    assert receive(rejection(), rejection(ids=OTHER_JOB)) == ["parked"] * 2
    register(world, aliases={"Greenhouse": {"CandidateId": "500200", "JobId": OTHER_JOB.job}})
    register(world, TWO, aliases={"Greenhouse": {"CandidateId": "500200", "JobId": SENT.job}})
    positions_copied(world)
    assert (status(world), status(world, TWO)) == ("REJECTED", "REJECTED")


def test_parked_reopening_in_an_unmapped_stage_takes_back_an_end(
    world: World, receive: Callable[..., list[str]]
) -> None:
    """The application is back where it was before its end, as if it had been registered all the time."""
    back = Change(name="unreject_candidate", ids=SENT, identity="unreject", label="Chemistry", is_open=True)
    assert receive(change(1), rejection(), back) == ["parked"] * 3
    register(world)
    positions_copied(world)
    assert status(world) == "INTERVIEW"


def test_parked_unmapped_stage_of_an_open_application_changes_nothing(
    world: World, receive: Callable[..., list[str]]
) -> None:
    """It takes back an end, and there was none."""
    assert receive(change(1), change(2, "Chemistry", is_open=True)) == ["parked"] * 2
    register(world)
    positions_copied(world)
    assert [each.status for each in world.stored(ONE).in_order()] == ["INTERVIEW"]


def test_parked_events_have_no_label(world: World, receive: Callable[..., list[str]]) -> None:
    """Labels are free text; an event whose label is unmapped has nothing else to keep."""
    assert receive(change(1), change(2, "Anna Schmidt"), rejection(label="Too junior")) == [
        "parked",
        "dropped",
        "parked",
    ]
    rows = str(world.client.scan(TableName="AliasesTable")["Items"])
    assert not any(label in rows for label in ("On-site", "Anna", "junior"))


def test_parked_events_have_a_limit_per_day(
    world: World, receiver: Receiver, receive: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are answered all the same; the account's page shows how many were parked and recorded later."""
    monkeypatch.setattr(parked, "EVENTS_PER_DAY", 3)
    sent = [change(1, ids=SENT._replace(application=str(number))) for number in range(5)]
    assert receive(*sent) == ["parked"] * 3 + ["dropped"] * 2
    register(world, aliases={"Greenhouse": {"ApplicationId": "0"}})
    positions_copied(world)
    assert receiver.parked.counts(ACCOUNT) == ParkedCounts(events=3, replayed=1)
    assert receive(change(1), account=ACCOUNT._replace(client_id="client-2")) == ["parked"]


def test_alias_added_while_an_event_is_parked_is_found(
    world: World, receive: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application is looked up once more after the event was parked."""
    looked_up = AliasTable.native
    calls = []

    def registering(self: AliasTable, account: Account, ids: NativeIds) -> Any:
        found = looked_up(self, account, ids)
        calls.append(found)
        if len(calls) == 1:
            register(world)
        return found

    monkeypatch.setattr(AliasTable, "native", registering)
    assert receive(change(1)) == ["parked"]
    assert status(world) == "INTERVIEW"


def test_deleted_application_is_reported_no_longer(world: World, receive: Callable[..., list[str]]) -> None:
    """Its history stays, it is not rejected, and a new id of the application works."""
    register(world)
    assert receive(change(1), Ended(name="delete_application", ids=(SENT,)), hire()) == ["recorded", "noted", "ended"]
    assert status(world) == "INTERVIEW"
    add(world, {"Greenhouse": {"ApplicationId": "700101"}})
    assert receive(hire(ids=SENT._replace(application="700101"))) == ["recorded"]


def test_deleted_candidate_ends_the_reports_of_all_their_applications(
    world: World, receive: Callable[..., list[str]]
) -> None:
    """An application of another candidate goes on."""
    register(world)
    register(world, TWO, aliases={"Greenhouse": IDS | {"ApplicationId": "700101", "JobId": "300401"}})
    register(world, THREE, aliases={"Greenhouse": {"ApplicationId": "700102", "CandidateId": "500201"}})
    only = NativeIds(Channel.GREENHOUSE, candidate="500200")
    assert receive(Ended(name="delete_candidate", ids=(only,))) == ["noted"]
    second = SENT._replace(application="700101", job="300401")
    third = NativeIds(Channel.GREENHOUSE, "700102", "500201")
    assert receive(hire(), hire(ids=second), hire(ids=third)) == ["ended", "ended", "recorded"]
    assert receive(Ended(name="delete_candidate", ids=(only._replace(candidate="1"),))) == ["dropped"]


def test_merged_candidate_keeps_their_applications(world: World, receive: Callable[..., list[str]]) -> None:
    """The id of the candidate that is kept names them from then on, also after an erasure and a registration."""
    register(world, aliases={"Greenhouse": {"CandidateId": "500200", "JobId": "300400"}})
    gone, kept = (NativeIds(Channel.GREENHOUSE, candidate=each) for each in ("500200", "500999"))
    assert receive(Merged(name="merge_candidate", gone=gone, kept=kept)) == ["noted"]
    assert receive(change(1, ids=NativeIds(Channel.GREENHOUSE, "", "500999", "300400"))) == ["recorded"]
    assert answer(world.registry(http_event("DELETE", f"/api/applications/{ONE}", token=None), None)).status == 204
    rows = world.client.scan(TableName="AliasesTable")["Items"]
    assert not [row for row in rows if row["Alias"]["S"].startswith("native#")]


@pytest.mark.parametrize("is_registered_first", [True, False])
def test_second_set_of_ids_names_the_same_application(
    world: World, receive: Callable[..., list[str]], *, is_registered_first: bool
) -> None:
    """The board knows only the id that it got when it applied, and an event links it to the other one."""
    known, also = NativeIds(Channel.LEVER, "a-1"), NativeIds(Channel.LEVER, "o-1", "c-1")
    account = ACCOUNT._replace(provider=Channel.LEVER)
    if is_registered_first:
        register(world, aliases={"Lever": {"ApplicationId": "a-1"}})
    linked, moved = Linked(name="applicationCreated", known=known, also=also), change(1, ids=also)
    results = receive(moved, linked, account=account)
    if not is_registered_first:
        register(world, aliases={"Lever": {"ApplicationId": "a-1"}})
    positions_copied(world)
    assert results == (["parked", "noted"] if is_registered_first else ["parked", "parked"])
    assert status(world) == "INTERVIEW"
    assert receive(change(2, "Offer extended", ids=also), account=account) == ["recorded"]


def test_closed_job_ends_its_open_applications(world: World, receive: Callable[..., list[str]]) -> None:
    """As a position of signals does, and it can be opened again."""
    register(world)
    job = NativeIds(Channel.GREENHOUSE, job="300400")
    closed = PositionEnded(name="job_updated", ids=job, label="closed", ended=True, effective_at=at(5))
    assert receive(closed, closed) == ["noted", "unchanged"]
    positions_copied(world)
    assert world.stored(ONE).outcome == (Outcome.POSITION_CLOSED, True)
    elsewhere = PositionEnded(name="job_updated", ids=job._replace(job="1"), label="closed", ended=True)
    assert receive(elsewhere) == ["dropped"]


def test_erased_application_stays_erased(world: World, receive: Callable[..., list[str]]) -> None:
    """Its events are parked like those of all others who did not apply through the board."""
    register(world)
    assert answer(world.registry(http_event("DELETE", f"/api/applications/{ONE}", token=None), None)).status == 204
    assert receive(hire()) == ["parked"]


def test_parked_event_waits_for_the_application_that_has_the_alias_next(
    world: World, receive: Callable[..., list[str]]
) -> None:
    """The first one is erased before the stream's record of its alias is processed."""
    assert receive(change(1)) == ["parked"]
    register(world)
    assert answer(world.registry(http_event("DELETE", f"/api/applications/{ONE}", token=None), None)).status == 204
    register(world, TWO)
    positions_copied(world)
    assert world.stored(TWO).status == "INTERVIEW"


def test_results_include_those_of_reports() -> None:
    """So that each of them can be converted."""
    assert {"recorded", "unchanged", "late", "unmapped"} <= set(EventResult)


def test_labels_of_events_are_interpreted_again(world: World, receive: Callable[..., list[str]]) -> None:
    """With new overrides; what the event itself said stays, and a stage of an open application ends nothing."""
    register(world)
    receive(change(1, "Kaffeeklatsch"), change(2, "Fertig"), rejection(label="Nope"))
    overrides = {"Kaffeeklatsch": "INTERVIEW", "Fertig": "HIRED", "Nope": "REJECTED/candidate_withdrew"}
    again = remap(world.stored(ONE), Vocabulary.load(), overrides)
    assert [(each.status, each.interpretation.outcome) for each in again.in_order()] == [
        (Status.INTERVIEW, None),
        (None, None),
        (Status.REJECTED, Outcome.CANDIDATE_WITHDREW),
    ]
    register(world, TWO, aliases={"Greenhouse": {"ApplicationId": "1"}})
    receive(hire(ids=SENT._replace(application="1", candidate="", job="")))
    assert remap(world.stored(TWO), Vocabulary.load(), overrides).status == "HIRED"


def test_reopened_application_is_back_where_it_was(world: World, receive: Callable[..., list[str]]) -> None:
    """If its stage is unmapped, it has the last status before its end; a late event does not open it."""
    register(world)
    receive(change(1), rejection(ordered_at=at(5)))
    assert receive(change(4, "Chemistry", is_open=True)) == ["unmapped"]
    assert receive(change(6, "Chemistry")) == ["unmapped"]
    assert status(world) == "REJECTED"
    assert receive(change(7, "Chemistry", is_open=True)) == ["recorded"]
    assert status(world) == "INTERVIEW"
    receive(hire())
    back = Change(name="unhire_candidate", ids=SENT, identity="unhire", label="Chemistry", is_open=True)
    assert receive(back) == ["recorded"]
    assert status(world) == "INTERVIEW"
