"""Where an application stands: the contract's nine statuses, and how it ended."""

from enum import StrEnum


class Status(StrEnum):
    """The ATSi contract's statuses, in the order in which an application passes through them."""

    LEAD = "LEAD"
    APPLIED = "APPLIED"
    CONTACT = "CONTACT"
    PRE_INTERVIEW = "PRE_INTERVIEW"
    INTERVIEW = "INTERVIEW"
    POST_INTERVIEW = "POST_INTERVIEW"
    OFFER = "OFFER"
    HIRED = "HIRED"
    REJECTED = "REJECTED"

    @property
    def rank(self) -> int:
        """Position in the order above; decides between reports of one and the same moment.

        It is part of stored keys: a new status takes a number between two of these, and none ever changes.
        """
        return _RANKS[self]

    @property
    def is_stage(self) -> bool:
        """Whether it tells how far an application came; REJECTED tells only that it ended."""
        return self is not Status.REJECTED


_RANKS = {
    Status.LEAD: 100,
    Status.APPLIED: 200,
    Status.CONTACT: 300,
    Status.PRE_INTERVIEW: 400,
    Status.INTERVIEW: 500,
    Status.POST_INTERVIEW: 600,
    Status.OFFER: 700,
    Status.HIRED: 800,
    Status.REJECTED: 900,
}


class Outcome(StrEnum):
    """How an application ended, as far as its reports tell; only NOT_SELECTED speaks of the applicant's quality."""

    OPEN = "open"
    HIRED = "hired"
    NOT_SELECTED = "not_selected"
    CANDIDATE_WITHDREW = "candidate_withdrew"
    OFFER_DECLINED = "offer_declined"
    POSITION_CLOSED = "position_closed"
    ENDED_UNKNOWN = "ended_unknown"

    @classmethod
    def of(cls, status: Status) -> "Outcome":
        """Return the outcome of a status alone: REJECTED covers rejections and withdrawals, so it says neither."""
        return _OUTCOMES.get(status, cls.OPEN)


_OUTCOMES = {Status.HIRED: Outcome.HIRED, Status.REJECTED: Outcome.ENDED_UNKNOWN}
