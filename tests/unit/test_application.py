"""What a report does to an application, as a rule without I/O."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.applications.rules.application import (
    HISTORY_LIMIT,
    MAY_BE_TOO_EARLY,
    Application,
    Position,
    ReportResult,
    first_response,
    is_too_early,
)
from application_status.applications.rules.report import (
    Channel,
    Interpretation,
    Report,
    TimeSource,
    Transition,
    order_time,
    same_label,
)
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.values import to_text
from support.generated_reports import (
    DAY,
    REGISTERED,
    T0,
    labels,
    moments,
    received,
    report,
    signalled,
    state,
    states,
)
from support.world import registration


def said(of: Application) -> list[str]:
    """Return the keys of the transitions that say how an application stands."""
    return [key for key, each in of.transitions.items() if not is_too_early(each, of.registration)]


transitions = st.builds(
    lambda status, at, raw: Transition(
        channel=Channel.ATSI,
        interpretation=Interpretation(status=status, raw_status=raw),
        effective_at=at,
        received_at=T0,
        tiebreaker=str(status.rank),
    ),
    st.sampled_from(Status),
    moments,
    labels,
)


@settings(deadline=None)
@given(transitions, transitions)
def test_text_order_of_keys_is_time_then_status_then_label(one: Transition, other: Transition) -> None:
    """A missing label comes first; labels are distinguished by a digest, whose order is arbitrary but fixed."""
    before = (one.effective_at, one.tiebreaker, bool((one.raw_status or "").strip()))
    after = (other.effective_at, other.tiebreaker, bool((other.raw_status or "").strip()))
    if before != after:
        assert (one.key < other.key) == (before < after)
    assert (one.key == other.key) == (before == after and same_label(one.raw_status, other.raw_status))


@settings(deadline=None)
@given(transitions)
def test_key_holds_no_label(transition: Transition) -> None:
    """It goes into metrics and expressions; its length is bounded, its characters are harmless."""
    assert transition.key.startswith(f"{to_text(transition.effective_at)}#{transition.tiebreaker}")
    assert len(transition.key) <= 37
    assert transition.key.isascii()


@settings(deadline=None)
@given(st.lists(st.builds(report, st.sampled_from(Status), moments, labels), max_size=8), st.randoms())
def test_every_arrival_order_of_timed_reports_ends_the_same(reports: list[Report], chance: object) -> None:
    """This includes repeated reports."""
    shuffled = reports + reports[:3]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # random.Random, by hypothesis
    one, other = (reduce(received, order, REGISTERED) for order in (reports, shuffled))
    assert replace(one, version=0) == replace(other, version=0)
    assert one.version == other.version == 1 + len(one.transitions)
    assert one.head == max(said(one), default=None)
    assert [t.key for t in one.in_order()] == sorted(one.transitions)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.builds(signalled, states, st.none() | states), max_size=6), st.randoms())
def test_every_arrival_order_of_signals_ends_the_same(signals: list[Report], chance: object) -> None:
    """With repetitions, previous states, days without a time, unmapped labels and dates before applying."""
    shuffled = signals + signals[:3]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # random.Random, by hypothesis
    one, other = (reduce(received, order, REGISTERED) for order in (signals, shuffled))
    assert replace(one, version=0) == replace(other, version=0)
    assert one.head == max((key for key in said(one) if one.transitions[key].status), default=None)
    assert all(one.receive(each).result is ReportResult.UNCHANGED for each in signals)


def may_be_too_early(report: Report) -> bool:
    """Return whether a report is of a LEAD or CONTACT dated before applying, which is no first entry."""
    assert REGISTERED.registration
    assert report.effective_at
    early = report.effective_at < REGISTERED.registration.applied_at
    return early and report.interpretation.status in MAY_BE_TOO_EARLY


@settings(deadline=None, max_examples=50)
@given(st.lists(st.builds(signalled, states, st.none() | states), max_size=40), st.integers(2, 12))
def test_folded_history_stays_within_its_limit_and_counts_all(signals: list[Report], limit: int) -> None:
    """What is gone is counted; first entries, the newest change and the head stay; what was folded is known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("application_status.applications.rules.application.HISTORY_LIMIT", limit + len(Status))
        ended = reduce(received, signals, REGISTERED)
        assert len(ended.transitions) <= limit + len(Status)
        if not ended.is_folded:
            assert ended.transitions == reduce(received, reversed(signals), REGISTERED).transitions
        assert ended.head == max((key for key in said(ended) if ended.transitions[key].status), default=None)
        assert {each.status for each in ended.transitions.values()} >= {
            status for each in signals if (status := each.interpretation.status) and not may_be_too_early(each)
        }


@settings(deadline=None)
@given(st.lists(st.builds(report, st.sampled_from(Status), st.none() | moments, labels), max_size=12))
def test_untimed_reports_always_take_the_head(reports: list[Report]) -> None:
    """The keys stay in order, and the last untimed report decides until a newer moment is reported."""
    application = REGISTERED
    for each in reports:
        result, added, *_ = application.receive(each)
        application = received(application, each)
        if each.effective_at is None:
            assert result is not ReportResult.LATE
            assert application.status is each.interpretation.status
        if result is ReportResult.RECORDED:
            assert application.head == added[0].key == max(said(application))
        assert application.receive(each)[0] is ReportResult.UNCHANGED
    assert all(order_time(a.key) <= order_time(b.key) for a, b in pairwise(application.in_order()))


def test_untimed_report_after_a_head_from_the_future_is_sorted_after_it() -> None:
    """A sender's clock may be ahead; what the report itself says is still the time of its receipt."""
    ahead = received(REGISTERED, report(Status.INTERVIEW, T0 + timedelta(minutes=5)))
    result, (transition,), *_ = ahead.receive(report(Status.OFFER))
    assert (result, transition.sorted_at) == (ReportResult.RECORDED, T0 + timedelta(minutes=5))
    assert transition.key > str(ahead.head)
    assert transition.effective_at == transition.received_at == T0
    assert not transition.has_business_date


@pytest.mark.parametrize(
    ("status", "raw", "result"),
    [
        (Status.OFFER, "Angebot", ReportResult.UNCHANGED),
        (Status.OFFER, None, ReportResult.UNCHANGED),
        (Status.OFFER, " ANGEBOT", ReportResult.UNCHANGED),
        (Status.OFFER, "Angebote", ReportResult.RECORDED),
        (Status.HIRED, "Angebot", ReportResult.RECORDED),
    ],
)
def test_untimed_repetition_of_the_head_is_unchanged(status: Status, raw: str | None, result: ReportResult) -> None:
    """The same status, with the same label or none."""
    application = received(REGISTERED, report(Status.OFFER, raw="Angebot"))
    assert application.receive(report(status, raw=raw))[0] is result


def test_idempotency_key_is_a_part_of_the_identity() -> None:
    """Beside status and label; where there is an effective time, that is the identity."""
    first = report(Status.OFFER, key="1").resend_key
    others = [report(Status.HIRED, key="1"), report(Status.OFFER, key="2"), report(Status.OFFER, raw="x", key="1")]
    assert first is not None
    assert len({first, *(other.resend_key for other in others)}) == 4
    assert first == report(Status.OFFER, key="1").resend_key
    assert report(Status.OFFER).resend_key is report(Status.OFFER, T0, key="1").resend_key is None


def test_late_resend_with_its_key_is_unchanged() -> None:
    """A, B, and A again: with the key it is the first A, without it a re-entry."""
    a, b = report(Status.INTERVIEW, key="a"), report(Status.OFFER, key="b")
    application = reduce(received, (a, b), REGISTERED)
    assert application.receive(a)[0] is ReportResult.UNCHANGED
    assert application.receive(report(Status.INTERVIEW))[0] is ReportResult.RECORDED
    assert application.receive(report(Status.INTERVIEW, key="c"))[0] is ReportResult.RECORDED


def test_first_response_and_head_stay_in_a_folded_run() -> None:
    """Also where a CONTACT from before the application, which is no response, begins the run."""
    applied = registration().applied_at
    early, first = report(Status.CONTACT, applied - DAY), report(Status.CONTACT, applied + DAY)
    nights = [report(Status.CONTACT, applied + n * DAY) for n in range(2, HISTORY_LIMIT + 4)]
    ended = reduce(received, [early, first, *nights], REGISTERED)
    assert ended.is_folded
    assert first.transition().key in ended.transitions
    response = first_response(ended.in_order(), ended.registration)
    assert response is not None
    assert response.effective_at == applied + DAY


def test_newest_change_within_a_folded_range_is_recorded() -> None:
    """Unmapped labels behind the head were folded; a change dated among them is newer than the head all the same."""
    applied = registration().applied_at
    unmapped = [
        signalled(state("Blue", 1, applied + n * DAY, None, None, only_the_day=False), None)
        for n in range(2, HISTORY_LIMIT + 6)
    ]
    ended = reduce(received, [report(Status.INTERVIEW, applied + DAY), *unmapped], REGISTERED)
    assert ended.is_folded
    assert ended.receive(unmapped[20]).result is ReportResult.UNCHANGED
    hired = report(Status.HIRED, applied + 20.5 * DAY)
    assert ended.receive(hired).result is ReportResult.RECORDED
    hired_meanwhile = received(ended, hired)
    assert {hired_meanwhile.receive(each).result for each in unmapped} == {ReportResult.UNCHANGED}


def test_next_day_comes_after_an_untimed_report_of_a_day_that_ended() -> None:
    """REJECTED by its day, a report without a time on that day, and the next day's OFFER by its day."""
    midnight = T0.replace(hour=0)
    rejected = replace(report(Status.REJECTED, midnight), day_offset=0)
    offer = replace(report(Status.OFFER, midnight + DAY), day_offset=0)
    ended = reduce(received, [rejected, report(Status.INTERVIEW), offer], REGISTERED)
    assert [each.status for each in ended.in_order()] == [Status.REJECTED, Status.INTERVIEW, Status.OFFER]
    assert ended.status is Status.OFFER


def snapshot(status: Status, at: datetime | None) -> Report:
    """Return a report of how things stand; without a time, it may be old."""
    known = replace(report(status, key=None if at else "snapshot"), is_snapshot=True)
    return replace(known, ordered_at=at, is_decision=at is None)


def decision(status: Status, at: datetime) -> Report:
    """Return a report that its key identifies, and not its time."""
    return replace(report(status, key="decision"), is_decision=True, ordered_at=at)


@pytest.mark.parametrize(
    ("history", "last", "result"),
    [
        ([report(Status.OFFER, T0)], report(Status.OFFER, T0), ReportResult.UNCHANGED),
        ([report(Status.OFFER, T0)], report(Status.OFFER, T0 - DAY), ReportResult.LATE),
        ([report(Status.OFFER, T0)], report(Status.LEAD, T0 - 9 * DAY), ReportResult.LATE),
        ([], report(Status.LEAD, T0 - 9 * DAY), ReportResult.LATE),
        ([], report(Status.OFFER, T0 - 9 * DAY), ReportResult.RECORDED),
        ([decision(Status.OFFER, T0 - DAY), report(Status.LEAD, T0)], decision(Status.OFFER, T0), "unchanged"),
        ([snapshot(Status.OFFER, T0 - DAY)], snapshot(Status.OFFER, T0), ReportResult.UNCHANGED),
        ([snapshot(Status.OFFER, T0 - DAY)], snapshot(Status.LEAD, T0), ReportResult.RECORDED),
        ([snapshot(Status.OFFER, T0)], snapshot(Status.LEAD, T0 - DAY), ReportResult.LATE),
        ([report(Status.HIRED, T0 - DAY)], snapshot(Status.OFFER, None), ReportResult.UNCHANGED),
        ([report(Status.LEAD, T0 - DAY)], snapshot(Status.OFFER, None), ReportResult.RECORDED),
    ],
)
def test_what_a_report_after_a_history_is(history: list[Report], last: Report, result: ReportResult) -> None:
    """Known, older than the head, from before the application was made, or news."""
    made = replace(REGISTERED, registration=registration(applied_at=T0 - 5 * DAY))
    effect = reduce(received, history, made).receive(last)
    assert effect.result == result
    assert bool(effect.head) == (result == "recorded")
    assert bool(effect.added) == (result != "unchanged")


def test_event_from_before_a_repeated_snapshot_is_late() -> None:
    """A repeated snapshot has no transition, but its place in the history counts."""
    offered, repeated = received(REGISTERED, snapshot(Status.OFFER, T0 - 2 * DAY)), snapshot(Status.OFFER, T0)
    seen_until = repeated.transition().key
    assert offered.receive(repeated).seen_until == seen_until
    seen = replace(offered, seen_until=seen_until)
    assert seen.receive(snapshot(Status.OFFER, T0 - DAY)).seen_until is None
    assert seen.receive(snapshot(Status.HIRED, T0 - DAY)).result is ReportResult.LATE
    assert seen.receive(snapshot(Status.HIRED, T0)).result is ReportResult.RECORDED


@pytest.mark.parametrize(
    ("reports", "since", "offset", "closed"),
    [
        ([], T0 - DAY, None, False),
        ([], T0 - DAY / 2, 0, True),
        ([], T0 + DAY, None, True),
        ([report(Status.OFFER, T0 + 2 * DAY)], T0 + DAY, None, False),
        ([report(Status.OFFER, T0 + DAY)], T0 + DAY, None, False),
        ([report(Status.OFFER, T0 + DAY)], T0 + 2 * DAY, None, True),
        ([report(Status.REJECTED, T0 + DAY)], T0 + 2 * DAY, None, False),
    ],
)
def test_end_of_a_position_counts_from_its_time_on(
    reports: list[Report], since: datetime, offset: int | None, *, closed: bool
) -> None:
    """Of an application that was made before it ended, and that nothing newer keeps open."""
    made = replace(REGISTERED, registration=registration(applied_at=T0))
    end = Position(ended=True, since=since, day_offset=offset, received_at=T0, version=1)
    later = replace(end, since=since + DAY)
    of = replace(reduce(received, reports, made), positions={"a": later, "b": end, "c": replace(end, ended=False)})
    if closed:
        assert (of.position_ended_at, of.outcome) == (since, (Outcome.POSITION_CLOSED, True))
    else:
        assert of.position_ended_at != since


def test_full_history_keeps_first_entries_and_counts_what_it_removes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that was removed stays known."""
    monkeypatch.setattr("application_status.applications.rules.application.HISTORY_LIMIT", 5)
    contact, interview, offer = Status.CONTACT, Status.INTERVIEW, Status.OFFER
    statuses = [contact, interview, contact, interview, offer, interview, offer, contact]
    reports = [report(status, T0 + n * DAY) for n, status in enumerate(statuses)]
    ended = reduce(received, reports, REGISTERED)
    assert [(each.status, each.folded) for each in ended.in_order()] == [
        (contact, None), (interview, (2, 0)), (offer, (1, 0)), (offer, None), (contact, None)
    ]  # fmt: skip
    assert {ended.receive(each).result for each in reports} == {ReportResult.UNCHANGED}


@pytest.mark.parametrize(
    ("status", "days", "has_business_date", "too_early"),
    [
        (Status.CONTACT, -1, True, True),
        (Status.CONTACT, 0, True, False),
        (Status.CONTACT, -1, False, False),
        (Status.INTERVIEW, -1, True, False),
    ],
)
def test_only_a_dated_contact_can_be_too_early(
    status: Status, days: int, *, has_business_date: bool, too_early: bool
) -> None:
    """An ATS may copy a contact about an earlier application; an interview before the application is a wrong clock."""
    made = registration(applied_at=T0)
    transition = reduce(received, [report(status, T0 + days * DAY)], REGISTERED).in_order()[-1]
    if not has_business_date:
        transition = replace(transition, time_source=TimeSource.RECEIVED)
    assert is_too_early(transition, made) is too_early


def test_full_history_keeps_the_first_contact_about_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact from before the application is not its first."""
    monkeypatch.setattr("application_status.applications.rules.application.HISTORY_LIMIT", 4)
    contact, interview = Status.CONTACT, Status.INTERVIEW
    reports = [report(status, T0 + n * DAY) for n, status in enumerate([contact, interview, contact] + 3 * [interview])]
    reports += [report(contact, T0 + 6 * DAY), report(interview, T0 + 7 * DAY)]
    made = replace(REGISTERED, registration=registration(applied_at=T0 + DAY))
    kept = [each.latest for each in reduce(received, reports, made).in_order() if each.status is contact]
    assert T0 + 2 * DAY in kept


@pytest.mark.parametrize(("days", "is_closed"), [(-1, False), (1, True)])
def test_position_that_ended_before_the_application_was_made_does_not_end_it(days: int, *, is_closed: bool) -> None:
    """Of an application without reports."""
    made = replace(REGISTERED, registration=registration(applied_at=T0))
    end = Position(ended=True, since=T0 + days * DAY, day_offset=None, received_at=T0, version=1)
    assert (replace(made, positions={"a": end}).position_ended_at is not None) is is_closed
