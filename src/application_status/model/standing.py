"""What an applicant is told of an application: standings in place of an ATS's statuses, and bad news after a delay."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum

from application_status.model.application import Application, Registration
from application_status.model.identifiers import ApplicationId
from application_status.model.report import Transition, sent_day
from application_status.model.status import Outcome, Status


class Step(IntEnum):
    """The steps of an application as applicants see them."""

    APPLIED = 1
    REVIEW = 2
    INTERVIEW = 3
    OFFER = 4
    HIRED = 5


class Standing(StrEnum):
    """How an application stands, as applicants are told."""

    NOTED = "noted"
    APPLIED = "applied"
    IN_CONTACT = "in_contact"
    IN_REVIEW = "in_review"
    INTERVIEW = "interview"
    AFTER_INTERVIEW = "after_interview"
    OFFER = "offer"
    HIRED = "hired"
    NO_LONGER_CONSIDERED = "no_longer_considered"
    WITHDRAWN = "withdrawn"
    OFFER_DECLINED = "offer_declined"
    POSITION_CLOSED = "position_closed"

    @property
    def step(self) -> Step | None:
        """The step that an application standing so has reached; None for an end, which any step may come before."""
        return _STEPS.get(self)

    @property
    def finished(self) -> bool:
        """Whether nothing more is expected to come."""
        return self is Standing.HIRED or self.step is None

    @property
    def bad_news(self) -> bool:
        """Whether it is an end that somebody else than the applicant decided on."""
        return self in {Standing.NO_LONGER_CONSIDERED, Standing.POSITION_CLOSED}


_STEPS = {
    Standing.NOTED: Step.APPLIED,
    Standing.APPLIED: Step.APPLIED,
    Standing.IN_CONTACT: Step.REVIEW,
    Standing.IN_REVIEW: Step.REVIEW,
    Standing.INTERVIEW: Step.INTERVIEW,
    Standing.AFTER_INTERVIEW: Step.INTERVIEW,
    Standing.OFFER: Step.OFFER,
    Standing.HIRED: Step.HIRED,
}
_OF_STATUSES = {
    Status.LEAD: Standing.NOTED,
    Status.APPLIED: Standing.APPLIED,
    Status.CONTACT: Standing.IN_CONTACT,
    Status.PRE_INTERVIEW: Standing.IN_REVIEW,
    Status.INTERVIEW: Standing.INTERVIEW,
    Status.POST_INTERVIEW: Standing.AFTER_INTERVIEW,
    Status.OFFER: Standing.OFFER,
    Status.HIRED: Standing.HIRED,
    Status.REJECTED: Standing.NO_LONGER_CONSIDERED,
}
_OF_OUTCOMES = {
    Outcome.CANDIDATE_WITHDREW: Standing.WITHDRAWN,
    Outcome.OFFER_DECLINED: Standing.OFFER_DECLINED,
    Outcome.POSITION_CLOSED: Standing.POSITION_CLOSED,
}


@dataclass(frozen=True, slots=True)
class Change:
    """An application's entry into a standing; `day` where only the day is known, as it was sent."""

    standing: Standing
    at: datetime
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of an application: its changes, oldest first, never none."""

    application_id: ApplicationId
    registration: Registration
    changes: Sequence[Change]

    @property
    def last(self) -> Change:
        """The last change, which says how the application stands."""
        return self.changes[-1]

    @property
    def step(self) -> Step:
        """The step it is at; of one that ended, the furthest before it did."""
        steps = (change.standing.step for change in self.changes if change.standing is not Standing.HIRED)
        return self.last.standing.step or max(step for step in steps if step)


def told(application: Application, registration: Registration, now: datetime, delay: timedelta) -> Told:
    """Tell of an application.

    Bad news is told when it has stood for the delay, counted from its receipt; what was overruled sooner never is.
    """
    applied = Change(Standing.APPLIED, registration.applied_at)
    changes = [applied]
    for change in _changes(application, now, delay):
        told_once = change.standing.step in {None, Step.APPLIED}
        if not (told_once and change.standing is changes[-1].standing):
            changes.append(change if change.at >= applied.at else replace(change, at=applied.at, day=None))
    return Told(application.application_id, registration, changes)


def _changes(application: Application, now: datetime, delay: timedelta) -> Iterator[Change]:
    known = [run for run in application.changes() if run[0].status]
    for place, run in enumerate(known):
        first, standing = run[0], _standing(run[0])
        if not standing.bad_news or _has_stood(run, known[place + 1 :], now, delay):
            yield Change(standing, first.effective_at, first.sent_day)
    end = application.position_end
    if end and end.received_at + delay <= now:
        yield Change(Standing.POSITION_CLOSED, end.since, sent_day(end.since, end.day_offset))


def _has_stood(
    bad_news: Sequence[Transition], later: Sequence[Sequence[Transition]], now: datetime, delay: timedelta
) -> bool:
    due = min(each.received_at for each in bad_news) + delay
    overruling = (each for run in later for each in run if not _standing(each).bad_news)
    return due <= now and not any(each.received_at < due for each in overruling)


def _standing(transition: Transition) -> Standing:
    reading = transition.reading
    by_outcome = _OF_OUTCOMES.get(reading.outcome) if reading.outcome else None
    return by_outcome or _OF_STATUSES[Status(str(reading.status))]
