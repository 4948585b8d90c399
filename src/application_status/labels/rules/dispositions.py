"""Interpret a disposition: Indeed's status decides, and the sender's own label can only refine it.

https://docs-plus.indeed.com/api/common/objects/IndeedDispositionStatus
"""

from collections.abc import Mapping
from enum import StrEnum

from application_status.applications.rules.report import Interpretation
from application_status.applications.rules.status import Outcome, Status
from application_status.labels.rules.vocabulary import Vocabulary

_VERSION = "2026-11-27"  # of _MEANINGS


class DispositionStatus(StrEnum):
    """Indeed's statuses; the last four are older spellings.

    https://developer.indeed.com/docs/disposition-sync/references/
    """

    NEW = "NEW"
    REVIEW = "REVIEW"
    LIKED = "LIKED"
    CONTACTED = "CONTACTED"
    SCREEN = "SCREEN"
    POSITIVELY_SCREENED = "POSITIVELY_SCREENED"
    ASSESS_QUALIFICATIONS = "ASSESS_QUALIFICATIONS"
    VERIFY_ELIGIBILITY = "VERIFY_ELIGIBILITY"
    INTERVIEW = "INTERVIEW"
    BACKGROUND_CHECK = "BACKGROUND_CHECK"
    OFFER_MADE = "OFFER_MADE"
    OFFER_DECLINED = "OFFER_DECLINED"
    HIRED = "HIRED"
    ONBOARDED = "ONBOARDED"
    NOT_SELECTED = "NOT_SELECTED"
    WITHDRAWN = "WITHDRAWN"
    INCOMPLETE = "INCOMPLETE"
    JOB_CLOSED = "JOB_CLOSED"
    JOB_INACTIVE = "JOB_INACTIVE"
    UNABLE_TO_MAP = "UNABLE_TO_MAP"
    DROPPED_DUPLICATE = "DROPPED_DUPLICATE"
    DROPPED_JOB_EXPIRED = "DROPPED_JOB_EXPIRED"
    DROPPED_FRAUD_SPAM = "DROPPED_FRAUD_SPAM"
    DROPPED_OTHER = "DROPPED_OTHER"
    ASSESSMENT = "ASSESSMENT"
    OFFER = "OFFER"
    REJECTED = "REJECTED"
    DECLINED = "DECLINED"

    @property
    def status(self) -> Status | None:
        """The application's status; None if the label decides it, or if it says nothing about the status."""
        return _MEANINGS[self][0] if self in _MEANINGS else None

    @property
    def says_nothing(self) -> bool:
        """Whether it is about the delivery or the completeness of the application, not about its status."""
        return self is not DispositionStatus.UNABLE_TO_MAP and self not in _MEANINGS


_MEANINGS: Mapping[DispositionStatus, tuple[Status, Outcome | None]] = {
    DispositionStatus.NEW: (Status.APPLIED, None),
    DispositionStatus.REVIEW: (Status.PRE_INTERVIEW, None),
    DispositionStatus.LIKED: (Status.PRE_INTERVIEW, None),
    DispositionStatus.CONTACTED: (Status.CONTACT, None),
    DispositionStatus.SCREEN: (Status.PRE_INTERVIEW, None),
    DispositionStatus.POSITIVELY_SCREENED: (Status.PRE_INTERVIEW, None),
    DispositionStatus.ASSESS_QUALIFICATIONS: (Status.PRE_INTERVIEW, None),
    DispositionStatus.VERIFY_ELIGIBILITY: (Status.PRE_INTERVIEW, None),
    DispositionStatus.INTERVIEW: (Status.INTERVIEW, None),
    DispositionStatus.BACKGROUND_CHECK: (Status.POST_INTERVIEW, None),
    DispositionStatus.OFFER_MADE: (Status.OFFER, None),
    DispositionStatus.OFFER_DECLINED: (Status.REJECTED, Outcome.OFFER_DECLINED),
    DispositionStatus.HIRED: (Status.HIRED, None),
    DispositionStatus.ONBOARDED: (Status.HIRED, None),
    DispositionStatus.NOT_SELECTED: (Status.REJECTED, Outcome.NOT_SELECTED),
    DispositionStatus.WITHDRAWN: (Status.REJECTED, Outcome.CANDIDATE_WITHDREW),
    DispositionStatus.JOB_CLOSED: (Status.REJECTED, Outcome.POSITION_CLOSED),
    DispositionStatus.JOB_INACTIVE: (Status.REJECTED, Outcome.POSITION_CLOSED),
    DispositionStatus.ASSESSMENT: (Status.PRE_INTERVIEW, None),
    DispositionStatus.OFFER: (Status.OFFER, None),
    DispositionStatus.REJECTED: (Status.REJECTED, Outcome.NOT_SELECTED),
    DispositionStatus.DECLINED: (Status.REJECTED, Outcome.OFFER_DECLINED),
}

_REFINEMENTS = {
    Outcome.NOT_SELECTED: Outcome.POSITION_CLOSED,
    Outcome.CANDIDATE_WITHDREW: Outcome.OFFER_DECLINED,
}
"""The more precise outcome that a label may give instead: all other outcomes would contradict Indeed's status."""


def interpret_disposition(
    given: DispositionStatus, label: str | None, vocabulary: Vocabulary, overrides: Mapping[str, str]
) -> Interpretation:
    """Interpret a status of Indeed's that says something, and the sender's own label.

    Of UNABLE_TO_MAP, the vocabulary interprets the label. Indeed's status is kept as the phase of the label.
    """
    status, outcome = _MEANINGS.get(given, (None, None))
    mapping = f"indeed.{given}@{_VERSION}"
    if label and (given is DispositionStatus.UNABLE_TO_MAP or outcome in _REFINEMENTS):
        meaning = vocabulary.meaning(label, overrides)
        if status is None or (outcome and meaning.outcome is _REFINEMENTS[outcome]):
            status, outcome = meaning.status, meaning.outcome
            mapping = f"{meaning.rule}@{meaning.version}"
    return Interpretation(
        status=status,
        raw_status=label,
        raw_phase=given,
        outcome=outcome if status is Status.REJECTED else None,
        mapping=mapping,
    )
