"""What a jobseeker sees of an application: a status in the jobseeker's terms, and bad news only after a delay."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from itertools import groupby

from application_status.applications.rules.application import Application
from application_status.applications.rules.notes import NO_NOTES, Feedback, Notes
from application_status.applications.rules.registration import Registration
from application_status.applications.rules.report import Transition, sent_day
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.values import ApplicationId, to_text


class ProgressStep(IntEnum):
    """The progress of an application as jobseekers see it."""

    APPLIED = 1
    REVIEW = 2
    INTERVIEW = 3
    OFFER = 4
    HIRED = 5


class JobseekerStatus(StrEnum):
    """The status of an application as jobseekers see it."""

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
    def step(self) -> ProgressStep | None:
        """The progress of this status; None for an end, which is possible at any step."""
        return _STEPS.get(self)

    @property
    def finished(self) -> bool:
        """Whether no further change is expected."""
        return self is JobseekerStatus.HIRED or self.step is None

    @property
    def bad_news(self) -> bool:
        """Whether it is an end that the applicant did not decide."""
        return self in {JobseekerStatus.NO_LONGER_CONSIDERED, JobseekerStatus.POSITION_CLOSED}


_STEPS = {
    JobseekerStatus.NOTED: ProgressStep.APPLIED,
    JobseekerStatus.APPLIED: ProgressStep.APPLIED,
    JobseekerStatus.IN_CONTACT: ProgressStep.REVIEW,
    JobseekerStatus.IN_REVIEW: ProgressStep.REVIEW,
    JobseekerStatus.INTERVIEW: ProgressStep.INTERVIEW,
    JobseekerStatus.AFTER_INTERVIEW: ProgressStep.INTERVIEW,
    JobseekerStatus.OFFER: ProgressStep.OFFER,
    JobseekerStatus.HIRED: ProgressStep.HIRED,
}
_OF_STATUSES = {
    Status.LEAD: JobseekerStatus.NOTED,
    Status.APPLIED: JobseekerStatus.APPLIED,
    Status.CONTACT: JobseekerStatus.IN_CONTACT,
    Status.PRE_INTERVIEW: JobseekerStatus.IN_REVIEW,
    Status.INTERVIEW: JobseekerStatus.INTERVIEW,
    Status.POST_INTERVIEW: JobseekerStatus.AFTER_INTERVIEW,
    Status.OFFER: JobseekerStatus.OFFER,
    Status.HIRED: JobseekerStatus.HIRED,
    Status.REJECTED: JobseekerStatus.NO_LONGER_CONSIDERED,
}
_OF_OUTCOMES = {
    Outcome.CANDIDATE_WITHDREW: JobseekerStatus.WITHDRAWN,
    Outcome.OFFER_DECLINED: JobseekerStatus.OFFER_DECLINED,
    Outcome.POSITION_CLOSED: JobseekerStatus.POSITION_CLOSED,
}


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A change of status; `day` is the day as sent, if only the day is known."""

    status: JobseekerStatus
    at: datetime
    day: date | None = None


@dataclass(frozen=True, slots=True)
class JobseekerView:
    """An application as a jobseeker sees it; `changes` are oldest first, and there is always one."""

    application_id: ApplicationId
    registration: Registration
    changes: Sequence[StatusChange]
    notes: Notes = NO_NOTES

    @property
    def last(self) -> StatusChange:
        """The last change, which has the current status."""
        return self.changes[-1]

    @property
    def is_reported(self) -> bool:
        """Whether the employer reported the current status; else it is the jobseeker's own application."""
        return len(self.changes) > 1

    @property
    def status_id(self) -> str:
        """What identifies the current status among all that the application ever had."""
        return f"{self.last.status}@{to_text(self.last.at)}"

    @property
    def is_archived(self) -> bool:
        """Whether the jobseeker archived the application, and its status has not changed since."""
        return self.notes.archived_as == self.status_id

    @property
    def feedback(self) -> Feedback | None:
        """The jobseeker's feedback about the current status."""
        return self.notes.feedback.get(self.last.status)

    @property
    def step(self) -> ProgressStep:
        """The current step; of an ended application, the furthest step before its end."""
        steps = (change.status.step for change in self.changes if change.status is not JobseekerStatus.HIRED)
        return self.last.status.step or max(step for step in steps if step)


def jobseeker_view(
    application: Application, registration: Registration, now: datetime, delay: timedelta
) -> JobseekerView:
    """Return an application as its jobseeker sees it.

    Bad news is shown once `delay` has passed since its receipt, and never if it was revoked before. If it is history,
    the delay begins when it took effect.
    """
    applied = StatusChange(JobseekerStatus.APPLIED, registration.applied_at)
    changes = [applied]
    for change in _changes(application, now, delay):
        shown_once = change.status.step in {None, ProgressStep.APPLIED}
        if not (shown_once and change.status is changes[-1].status):
            changes.append(change if change.at >= applied.at else replace(change, at=applied.at, day=None))
    return JobseekerView(application.application_id, registration, changes, application.notes)


def delays_begin(application: Application) -> Iterator[datetime]:
    """Yield when the delay of each bad news of an application begins."""
    for run in _runs(application):
        if _status_of(run[0]).bad_news:
            yield _delay_begins(run)
    if application.position_end:
        yield application.position_end.received_at


def _changes(application: Application, now: datetime, delay: timedelta) -> Iterator[StatusChange]:
    known = list(_runs(application))
    for index, run in enumerate(known):
        first, status = run[0], _status_of(run[0])
        if not status.bad_news or _has_stood(run, known[index + 1 :], now, delay):
            yield StatusChange(status, first.effective_at, first.sent_day)
    end = application.position_end
    if end and end.received_at + delay <= now:
        yield StatusChange(JobseekerStatus.POSITION_CLOSED, end.since, sent_day(end.since, end.day_offset))


def _runs(application: Application) -> Iterator[Sequence[Transition]]:
    """Yield runs of transitions that look the same: one status and label can have several outcomes."""
    for run in application.changes():
        if run[0].status:
            for _, same in groupby(run, key=_status_of):
                yield tuple(same)


def _has_stood(
    bad_news: Sequence[Transition], later: Sequence[Sequence[Transition]], now: datetime, delay: timedelta
) -> bool:
    received, due = min(each.received_at for each in bad_news), _delay_begins(bad_news) + delay
    shown_from = max(received, due)

    def revokes(each: Transition) -> bool:
        is_of_same_file = due < received == each.received_at  # which has the whole history
        return each.received_at < shown_from or (is_of_same_file and each.effective_at < due)

    revoking = (each for run in later for each in run if not _status_of(each).bad_news)
    return shown_from <= now and not any(map(revokes, revoking))


def _delay_begins(bad_news: Sequence[Transition]) -> datetime:
    return min(each.effective_at if each.is_history else each.received_at for each in bad_news)


def _status_of(transition: Transition) -> JobseekerStatus:
    interpretation = transition.interpretation
    by_outcome = _OF_OUTCOMES.get(interpretation.outcome) if interpretation.outcome else None
    return by_outcome or _OF_STATUSES[Status(str(interpretation.status))]
