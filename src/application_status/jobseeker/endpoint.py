"""What a jobseeker is told of applications, in JSON.

A jobseeker's applications: from the table to what the jobseeker is jobseeker_view, in JSON or as a page.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

from application_status.applications.read import JobseekersApplications, RegisteredApplication
from application_status.jobseeker.language import in_language, words
from application_status.jobseeker.listing import Page, not_shown, page
from application_status.jobseeker.page import PAGE_PATH, failed, page_reply, refused
from application_status.jobseeker.rules.status import (
    JobseekerStatus,
    JobseekerView,
    ProgressStep,
    StatusChange,
    jobseeker_view,
)
from application_status.jobseeker.rules.words import Words
from application_status.platform.errors import Forbidden
from application_status.platform.http.endpoint import LambdaHandler, Reply, Request, endpoint, path_id, reply
from application_status.platform.outages import one_by_one
from application_status.platform.telemetry import left_out, logger
from application_status.platform.values import ApplicationId, DateText, DateTimeText, now, to_text


class MyApplication(TypedDict):
    """How an application stands, in the language that `Accept-Language` prefers of English and German."""

    AtsiApplicationId: ApplicationId
    JobTitle: str
    Company: str
    AppliedAt: DateTimeText
    JobseekerStatus: JobseekerStatus
    Text: str
    """The status in words."""
    ChangedAt: DateTimeText
    ChangedDay: DateText | None
    """The day of it, where the ATS sent only the day."""
    Finished: bool
    Step: int | None
    """How far it came, from 1."""
    Steps: int
    """How far it can come."""


class MyApplications(TypedDict):
    """A page of a jobseeker's applications, the newest change first."""

    Applications: Sequence[MyApplication]
    Next: str | None
    """The `after` of the next page; null on the last."""
    Complete: bool
    """Whether all applications are listed, on whatever page."""
    RequestId: str


class MyStatusChange(TypedDict):
    """A change of how an application stands."""

    JobseekerStatus: JobseekerStatus
    Text: str
    """The status in words."""
    At: DateTimeText
    Day: DateText | None
    """The day of it, where the ATS sent only the day."""


class MyApplicationInFull(MyApplication):
    """An application and its timeline, oldest first."""

    Timeline: Sequence[MyStatusChange]
    RequestId: str


def list_reply(listed: Page, request: Request, *, complete: bool) -> Reply:
    """Return a page of the list; `complete` says whether all applications are listed, on whatever page."""
    language = words(request)
    written = one_by_one(listed.applications, lambda each: _application(each, language), not_shown)
    body: MyApplications = {
        "Applications": [application for _, application in written],
        "Next": listed.next,
        "Complete": complete,
        "RequestId": request.request_id,
    }
    return reply(200, body, **in_language(language))


def one_reply(of: JobseekerView, request: Request) -> Reply:
    """Return one application with its timeline, oldest first."""
    language = words(request)
    body: MyApplicationInFull = {
        **_application(of, language),
        "Timeline": [_change(each, language) for each in of.changes],
        "RequestId": request.request_id,
    }
    return reply(200, body, **in_language(language))


def _application(of: JobseekerView, language: Words) -> MyApplication:
    return {
        "AtsiApplicationId": of.application_id,
        "JobTitle": of.registration.job_title,
        "Company": of.registration.company,
        "AppliedAt": to_text(of.registration.applied_at),
        "JobseekerStatus": of.last.status,
        "Text": language.statuses[of.last.status],
        "ChangedAt": to_text(of.last.at),
        "ChangedDay": _day(of.last),
        "Finished": of.last.status.finished,
        "Step": of.step,
        "Steps": len(ProgressStep),
    }


def _change(change: StatusChange, language: Words) -> MyStatusChange:
    return {
        "JobseekerStatus": change.status,
        "Text": language.statuses[change.status],
        "At": to_text(change.at),
        "Day": _day(change),
    }


def _day(change: StatusChange) -> DateText | None:
    """Return the day of a change, where the ATS sent only the day."""
    return change.day.isoformat() if change.day else None


_ONE_PATH = "/api/my/applications/{AtsiApplicationId}"
_JOBSEEKER_CLAIM = "custom:jobseeker_id"
_SECONDS = 8.0  # a thousand applications are eleven calls


def my_applications(applications: JobseekersApplications, zone: ZoneInfo, delay: timedelta) -> LambdaHandler:
    """Make the handler of `GET /api/my/applications`, `/api/my/applications/{AtsiApplicationId}`, `/my/applications`.

    API Gateway has checked the sign-in; the user's claim custom:jobseeker_id says whose applications these are. Days
    are cut in the time zone; bad news is shown so long after its receipt.
    """

    def answer(request: Request) -> Reply:
        request.require_method("GET")
        jobseeker_id = _jobseeker(request)
        moment = now()
        if request.resource == _ONE_PATH:
            registered = applications.one(jobseeker_id, path_id(request))
            return one_reply(jobseeker_view(*registered, moment, delay), request)
        found = applications.all(jobseeker_id)
        views = one_by_one(found.applications, lambda registered: jobseeker_view(*registered, moment, delay), _left_out)
        listed = page([each for _, each in views], jobseeker_id, request)
        logger.info("listed", applications=len(listed.applications))
        if request.resource == PAGE_PATH:
            return page_reply(listed, moment.astimezone(zone), request, complete=found.complete)
        return list_reply(listed, request, complete=found.complete)

    return endpoint(answer, refuse=refused, fail=failed, seconds=_SECONDS)


def _left_out(registered: RegisteredApplication, error: Exception) -> None:
    left_out(registered[0].application_id, error)


def _jobseeker(request: Request) -> str:
    jobseeker_id = request.claims.get(_JOBSEEKER_CLAIM)
    if not jobseeker_id:
        raise Forbidden("You are signed in, but as no jobseeker.")
    return jobseeker_id
