"""The demo's ATSs: each reports in a way of its own, which its numbers show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from application_status.applications.rules.report import Channel
from application_status.platform.values import AtsId

type Paths = Sequence[tuple[int, str]]
"""How many of an ATS's applications take which path; a step is a status and perhaps a label, a signal's a label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """How an ATS reports; `way` says it in words.

    Medians: `days_a_step` from one step to the next, `hours_until_told` from a step to its report. Shares of the
    reports: `late` (told days after), `repeated`, and `refused` (and then sent as is right).
    """

    way: str
    channel: Channel = Channel.ATSI
    paths: Paths
    days_a_step: float
    hours_until_told: float
    late: float
    repeated: float
    refused: float
    silent_since_days: float = 0.0


_COMPLETE: Paths = (
    (10, ""),
    (6, "CONTACT"),
    (15, "REJECTED Not a fit"),
    (4, "REJECTED"),
    (4, "REJECTED Withdrawn by candidate"),
    (8, "CONTACT > REJECTED Not a fit"),
    (9, "CONTACT > PRE_INTERVIEW > REJECTED Not a fit"),
    (3, "CONTACT > REJECTED Position filled"),
    (13, "CONTACT > PRE_INTERVIEW > INTERVIEW > REJECTED Rejected after interview"),
    (3, "PRE_INTERVIEW > INTERVIEW > REJECTED Withdrawn by candidate"),
    (8, "CONTACT > INTERVIEW > POST_INTERVIEW > REJECTED Rejected after interview"),
    (2, "INTERVIEW > CONTACT > INTERVIEW > POST_INTERVIEW"),
    (2, "REJECTED Not a fit > INTERVIEW > OFFER > HIRED"),
    (3, "CONTACT > INTERVIEW > OFFER > REJECTED Offer declined by candidate"),
    (7, "CONTACT > PRE_INTERVIEW > INTERVIEW > POST_INTERVIEW > OFFER > HIRED"),
    (3, "INTERVIEW > OFFER > HIRED"),
    (1, "CONTACT > INTERVIEW > OFFER > HIRED > OFFER > REJECTED Offer declined by candidate"),
)
_SLOW: Paths = (
    (30, ""),
    (20, "PRE_INTERVIEW"),
    (14, "REJECTED Absage"),
    (12, "PRE_INTERVIEW > REJECTED Absage"),
    (8, "REJECTED Absage durch Bewerber"),
    (9, "PRE_INTERVIEW > INTERVIEW > REJECTED Absage"),
    (5, "PRE_INTERVIEW > INTERVIEW > REJECTED Absage durch Bewerber"),
    (3, "PRE_INTERVIEW > REJECTED Stelle besetzt"),
    (5, "PRE_INTERVIEW > INTERVIEW > OFFER > HIRED"),
    (2, "INTERVIEW > OFFER > REJECTED Angebot abgelehnt"),
)
_ENDINGS: Paths = (
    (40, ""),
    (28, "REJECTED"),
    (14, "REJECTED Absage"),
    (6, "REJECTED Absage durch Bewerber"),
    (4, "REJECTED Stelle besetzt"),
    (12, "HIRED"),
    (1, "HIRED > REJECTED Absage durch Bewerber"),
)
_OWN_WORDS: Paths = (
    (12, ""),
    (14, "Talent Community"),
    (12, "Application review > Bar Raiser"),
    (10, "Application review > Recruiter screen > Tier 1"),
    (9, "Recruiter screen > Culture Add > Application unsuccessful"),
    (7, "Recruiter screen > Onsite interview > Silver Medalist"),
    (1, "Talent Community > Hold until Q3"),
    (1, "Application review > Moved to next intake"),
    (1, "Recruiter screen > Keep warm"),
    (12, "Application review > Application unsuccessful"),
    (8, "Recruiter screen > Bar Raiser > Onsite interview > Application unsuccessful"),
    (4, "Recruiter screen > Candidate withdrew"),
    (3, "Recruiter screen > Onsite interview > Debrief > Application unsuccessful"),
    (6, "Recruiter screen > Onsite interview > Debrief > Offer extended > Hired"),
    (2, "Onsite interview > Offer extended > Offer declined by candidate"),
    (2, "Application review > Requisition closed"),
)

SENDERS: Mapping[AtsId, Sender] = {
    AtsId("demo-ats"): Sender(
        way="quick, and tells every stage",
        paths=_COMPLETE, days_a_step=2.5, hours_until_told=0.2, late=0.03, repeated=0.03, refused=0.01
    ),
    AtsId("workday"): Sender(
        way="slow, and sends much twice",
        paths=_SLOW, days_a_step=13, hours_until_told=40, late=0.25, repeated=0.3, refused=0.03
    ),
    AtsId("personio"): Sender(
        way="tells only how it ended",
        paths=_ENDINGS, days_a_step=14, hours_until_told=5, late=0.1, repeated=0.05, refused=0.02
    ),
    AtsId("greenhouse"): Sender(
        way="has stages that nobody else knows",
        channel=Channel.SIGNALS,
        paths=_OWN_WORDS, days_a_step=5, hours_until_told=1, late=0.08, repeated=0.1, refused=0.06
    ),
    AtsId("icims"): Sender(
        way="stopped reporting weeks ago",
        paths=_COMPLETE, days_a_step=4, hours_until_told=3, late=0.05, repeated=0.1, refused=0.2, silent_since_days=33
    ),
}  # fmt: skip
