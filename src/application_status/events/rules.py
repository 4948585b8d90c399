"""The events of an application: what its jobseeker is shown, what was recorded, and its erasure.

ApplicationStatusChanged is published when the status that the jobseeker is shown changes: by a report or registration,
or because the delay of bad news is over. ApplicationStatusBackfilled takes its place if the change is history, and so
no news for the jobseeker. The others are for the board's internal use.

What a change leads to depends only on the two versions of the application, so the same change always leads to the same
events, and repetitions have the same EventId.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, NotRequired, TypedDict

from application_status.applications.rules.application import Application
from application_status.applications.rules.report import HISTORY_AGE
from application_status.applications.rules.status import Outcome, Status
from application_status.jobseeker.rules.status import JobseekerStatus, JobseekerView, jobseeker_view
from application_status.platform.values import ApplicationId, AtsId, DateText, DateTimeText, to_text
from application_status.quality.rules.contribution import furthest_stage

_INSTANT = timedelta(milliseconds=1)


class ApplicationStatusChanged(TypedDict):
    """The status of an application that its jobseeker is shown has changed. Contains only what the jobseeker may know.

    If several events of an application arrive, the one with the greatest Version is the newest; of those with the same
    Version, the one with the latest ShownAt.
    """

    EventId: str
    """The id of this event. An event can arrive several times; its repetitions have the same id."""
    AtsiApplicationId: ApplicationId
    Version: int
    """The version of the application."""
    JobseekerId: str
    JobTitle: str
    Company: str
    JobseekerStatus: JobseekerStatus
    PreviousJobseekerStatus: NotRequired[JobseekerStatus]
    """The status shown before; absent if the application was not shown before."""
    Finished: bool
    """Whether no further change is expected."""
    ChangedAt: DateTimeText
    """When the application entered this status."""
    ChangedDay: DateText | None
    """The day, if the ATS sent only the day; else null."""
    ShownAt: DateTimeText
    """From when on the jobseeker is shown this status."""


class ApplicationStatusBackfilled(ApplicationStatusChanged):
    """As ApplicationStatusChanged, but the status took effect more than 14 days before its receipt.

    For copies of what jobseekers are shown, which need both. Do not notify jobseekers of it.
    """


class ApplicationStatusRecorded(TypedDict):
    """The status, outcome or furthest stage of an application has changed, or it was registered. For internal use.

    It is published at once, so it reveals bad news that the jobseeker is not shown yet.
    """

    EventId: str
    """The id of this event. An event can arrive several times; its repetitions have the same id."""
    AtsiApplicationId: ApplicationId
    Version: int
    """The version of the application. The event with the greatest version is the newest."""
    AtsId: AtsId
    ClientId: str | None
    """Null while the application is not registered, as are JobId and JobseekerId."""
    JobId: str | None
    JobseekerId: str | None
    Status: Status
    Outcome: Outcome
    StageReached: Status
    """The furthest stage ever reached."""
    EffectiveAt: DateTimeText | None
    """When the status took effect; null if there is no report yet."""
    ReceivedAt: DateTimeText | None
    """When the report of the status was received; null if there is no report yet."""


class ApplicationErased(TypedDict):
    """An application was erased or has expired, so other systems should erase what they have of it."""

    EventId: str
    """The id of this event. An event can arrive several times; its repetitions have the same id."""
    AtsiApplicationId: ApplicationId
    Version: int
    """The version of the application. Older events that arrive later are about the erased application."""


class Event(NamedTuple):
    """An event: its detail-type, which is the name of one of the classes above, and its detail."""

    detail_type: str
    detail: Mapping[str, Any]


def events(before: Application | None, after: Application, at: datetime, delay: timedelta) -> Iterator[Event]:
    """Yield the events of a change of an application, made at `at`; `before` is None for a new one.

    Both versions are compared as they are shown at that time, so bad news whose delay ends later causes no event here.
    """
    shown_before, shown = _shown(before, at, delay), _shown(after, at, delay)
    if shown and not _shows_the_same(shown_before, shown):
        yield _changed(shown_before, shown, after.version, f"{after.version}/changed", at, told_at=at)
    if before is None or _standing(before) != _standing(after):
        yield _recorded(after)


def event_when_due(application: Application, begin: datetime, delay: timedelta) -> Event | None:
    """Return the event that bad news is shown now, because its delay, which began at `begin`, is over.

    Return None if it is not shown, because it was corrected before or newer news is shown.
    """
    due = begin + delay
    shown_before, shown = _shown(application, due - _INSTANT, delay), _shown(application, due, delay)
    if shown is None or _shows_the_same(shown_before, shown):
        return None
    return _changed(shown_before, shown, application.version, f"{to_text(begin)}/due", due, told_at=begin)


def erasure(application_id: ApplicationId, version: int) -> Event:
    """Return the event of an erasure, with the version after the application's last."""
    detail: ApplicationErased = {
        "EventId": f"{application_id}/{version}/erased",
        "AtsiApplicationId": application_id,
        "Version": version,
    }
    return Event("ApplicationErased", detail)


def _shown(application: Application | None, moment: datetime, delay: timedelta) -> JobseekerView | None:
    """Return what the jobseeker is shown at a moment, None without a registration."""
    if application is None or application.registration is None:
        return None
    return jobseeker_view(application, application.registration, moment, delay)


def _shows_the_same(before: JobseekerView | None, after: JobseekerView) -> bool:
    return before is not None and before.last.status is after.last.status


def _changed(  # noqa: PLR0913  # the parts of the event
    before: JobseekerView | None, shown: JobseekerView, version: int, event_id: str, at: datetime, *, told_at: datetime
) -> Event:
    registration, last = shown.registration, shown.last
    detail: ApplicationStatusChanged = {
        "EventId": f"{shown.application_id}/{event_id}",
        "AtsiApplicationId": shown.application_id,
        "Version": version,
        "JobseekerId": registration.jobseeker_id,
        "JobTitle": registration.job_title,
        "Company": registration.company,
        "JobseekerStatus": last.status,
        "Finished": last.status.finished,
        "ChangedAt": to_text(last.at),
        "ChangedDay": last.day.isoformat() if last.day else None,
        "ShownAt": to_text(at),
    }
    if before:
        detail["PreviousJobseekerStatus"] = before.last.status
    is_history = told_at - last.at > HISTORY_AGE
    return Event("ApplicationStatusBackfilled" if is_history else "ApplicationStatusChanged", detail)


def _standing(application: Application) -> tuple[Status, Outcome, Status, bool]:
    return application.status, application.outcome[0], furthest_stage(application), application.registration is not None


def _recorded(application: Application) -> Event:
    registration = application.registration
    head = application.transitions[application.head] if application.head else None
    status, outcome, stage, _ = _standing(application)
    detail: ApplicationStatusRecorded = {
        "EventId": f"{application.application_id}/{application.version}/recorded",
        "AtsiApplicationId": application.application_id,
        "Version": application.version,
        "AtsId": application.ats_id,
        "ClientId": registration.client_id if registration else None,
        "JobId": registration.job_id if registration else None,
        "JobseekerId": registration.jobseeker_id if registration else None,
        "Status": status,
        "Outcome": outcome,
        "StageReached": stage,
        "EffectiveAt": to_text(head.effective_at) if head else None,
        "ReceivedAt": to_text(head.received_at) if head else None,
    }
    return Event("ApplicationStatusRecorded", detail)
