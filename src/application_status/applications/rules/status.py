"""The statuses of an application, and the outcomes that it can have."""

from enum import StrEnum


class Status(StrEnum):
    """The ATSi contract's statuses, in the order in which an application usually passes through them."""

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
        """The position in this order, which decides between reports with the same time.

        The number is part of stored keys. A new status gets a number between two others, and existing numbers never
        change.
        """
        return _RANKS[self]

    @property
    def is_stage(self) -> bool:
        """Whether the status is a stage of the process; REJECTED is not, because it can follow any stage."""
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


ENDS = (Status.HIRED, Status.REJECTED)
"""The statuses that end an application."""


class Outcome(StrEnum):
    """How an application ended; only NOT_SELECTED counts as a statement about the applicant's quality."""

    OPEN = "open"
    HIRED = "hired"
    NOT_SELECTED = "not_selected"
    CANDIDATE_WITHDREW = "candidate_withdrew"
    OFFER_DECLINED = "offer_declined"
    POSITION_CLOSED = "position_closed"
    ENDED_UNKNOWN = "ended_unknown"

    @classmethod
    def of(cls, status: Status) -> "Outcome":
        """Return the outcome of a status without a label; that of REJECTED is unknown, as it includes withdrawals."""
        return _OUTCOMES.get(status, cls.OPEN)


_OUTCOMES = {Status.HIRED: Outcome.HIRED, Status.REJECTED: Outcome.ENDED_UNKNOWN}
