"""What each recorded body of Recruitee means."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from application_status.applications.rules.registration import NativeIds
from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Status
from application_status.intake.connect.events import UNKNOWN, Change, Ended, Event, Ignored, PositionEnded, Test

IDS = NativeIds(Channel.RECRUITEE, candidate="41", job="52")
OTHER_JOB = IDS._replace(job="53")

_NOT_FOR_US = "This event does not change the status of an application."
_NO_JOB = "The event does not say which job it is about, or names only a talent pool."
_NO_CHANGE_OF_JOB = "No job was published, closed or archived."


def _change(
    name: str,
    number: int,
    at: datetime,
    status: Status | None,
    label: str | None = None,
    *,
    ids: NativeIds = IDS,
    label_may_end: bool = False,
) -> Change:
    return Change(
        name=name,
        ids=ids,
        identity=f"{name} {number}",
        status=status,
        label=label,
        label_may_end=label_may_end,
        effective_at=at,
        ordered_at=at,
    )


def _job(name: str, label: str, at: datetime, *, ended: bool) -> PositionEnded:
    return PositionEnded(
        name=name, ids=NativeIds(Channel.RECRUITEE, job="52"), label=label, ended=ended, effective_at=at
    )


def _at(day: int, hour: int, minute: int = 0, second: int = 0, microsecond: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, second, microsecond, tzinfo=UTC)


EVENTS: Mapping[str, Sequence[Event]] = {
    "new_candidate": [
        _change("new_candidate", 900101, _at(2, 9, 30), Status.APPLIED),
        _change("new_candidate", 900101, _at(2, 9, 30), Status.APPLIED, ids=OTHER_JOB),
    ],
    "new_candidate_in_talent_pool": [Ignored(name="new_candidate", reason=_NO_JOB)],
    "candidate_assigned": [
        _change("candidate_assigned", 900103, _at(2, 9, 30), Status.APPLIED, "Applied", ids=OTHER_JOB)
    ],
    "candidate_assigned_to_talent_pool": [Ignored(name="candidate_assigned", reason=_NO_JOB)],
    "candidate_moved_stage_changed": [
        _change(
            "candidate_moved", 900105, _at(3, 9, 15, 30, 123000), None, "Phone screen", label_may_end=True
        )  # of the time, whole milliseconds are kept
    ],
    "candidate_moved_category": [
        _change("candidate_moved", 900106, _at(4, 8), Status.INTERVIEW, "Meet the team"),
    ],
    "candidate_moved_offer": [_change("candidate_moved", 900130, _at(6, 8), Status.OFFER, "Contract")],
    "candidate_moved_unknown_category": [_change("candidate_moved", 900107, _at(5, 8), None, "Reference check")],
    "candidate_moved_hired": [_change("candidate_moved", 900108, _at(9, 8), Status.HIRED)],
    "candidate_moved_disqualified": [
        _change("candidate_moved", 900109, _at(6, 12), Status.REJECTED, "Withdrawn by candidate")
    ],
    "candidate_moved_disqualified_without_reason": [
        _change("candidate_moved", 900110, _at(6, 12, 0, 1), Status.REJECTED)
    ],
    "candidate_moved_requalified": [
        replace(_change("candidate_moved", 900111, _at(7, 12), Status.PRE_INTERVIEW, "Phone screen"), is_open=True)
    ],
    "candidate_deleted": [Ended(name="candidate_deleted", ids=(NativeIds(Channel.RECRUITEE, candidate="41"),))],
    "offer_published": [_job("offer_published", "published", _at(20, 6, month=10), ended=False)],
    "offer_unpublished": [_job("offer_unpublished", "archived", _at(21, 6), ended=True)],
    "offer_unpublished_draft": [Ignored(name="offer_unpublished", reason=_NO_CHANGE_OF_JOB)],
    "offer_updated_status_changed": [_job("offer_updated", "closed", _at(22, 6), ended=True)],
    "offer_updated_tags_changed": [Ignored(name="offer_updated", reason=_NOT_FOR_US)],
    "test": [Test(name=UNKNOWN)],
    "test_payload": [Test(name="candidate_moved")],
}
