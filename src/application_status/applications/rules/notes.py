"""What a jobseeker notes about an application of theirs: that it is archived, and what they say is wrong with it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

FEEDBACK_TEXT_LIMIT = 500
"""The maximum length of a jobseeker's own words about what is wrong."""


class FeedbackReason(StrEnum):
    """What a jobseeker says is wrong: the status, its date, the job's description, that they applied, or another."""

    STATUS = "status"
    DATE = "date"
    JOB = "job"
    NOT_MINE = "not_mine"
    OTHER = "other"


class Feedback(NamedTuple):
    """A jobseeker's feedback about a status of an application; open until the board closes it.

    `text` is in the jobseeker's own words; empty if there are none, and once the feedback is closed.
    """

    reason: FeedbackReason
    text: str
    sent_at: datetime
    closed_at: datetime | None = None


class Notes(NamedTuple):
    """What a jobseeker notes about an application.

    `archived_as` identifies the status with which it was archived, None if it is not archived. `feedback` is by the
    status that it is about, as the jobseeker sees it.
    """

    archived_as: str | None = None
    feedback: Mapping[str, Feedback] = MappingProxyType({})


NO_NOTES = Notes()
