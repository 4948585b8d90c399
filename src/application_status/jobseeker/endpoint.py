"""The endpoints of a jobseeker's applications: a list as JSON or as a page, and one application as JSON.

`my_applications` makes the handler; the functions before it write the JSON replies.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

from application_status.access.assignments import JOBSEEKER_CLAIM
from application_status.access.sessions import IdTokens
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
from application_status.platform.telemetry import log_unreadable, logger
from application_status.platform.values import ApplicationId, DateText, DateTimeText, now, to_text


class MyApplication(TypedDict):
    """An application as its jobseeker sees it, with texts in English or German, by `Accept-Language`."""

    AtsiApplicationId: ApplicationId
    JobTitle: str
    Company: str
    AppliedAt: DateTimeText
    JobseekerStatus: JobseekerStatus
    Text: str
    """The status as text."""
    ChangedAt: DateTimeText
    ChangedDay: DateText | None
    """The day of the change, if the ATS sent only the day; else null."""
    Finished: bool
    Step: int | None
    """The current step, from 1; of an ended application, the furthest step before its end."""
    Steps: int
    """The number of steps."""


class MyApplications(TypedDict):
    """A page of a jobseeker's applications, the newest change first."""

    Applications: Sequence[MyApplication]
    Next: str | None
    """The `after` of the next page; null on the last page."""
    Complete: bool
    """Whether all applications of the jobseeker are on the pages of this list."""
    RequestId: str


class MyStatusChange(TypedDict):
    """A change of an application's status."""

    JobseekerStatus: JobseekerStatus
    Text: str
    """The status as text."""
    At: DateTimeText
    Day: DateText | None
    """The day of the change, if the ATS sent only the day; else null."""


class MyApplicationInFull(MyApplication):
    """An application and its timeline, oldest first."""

    Timeline: Sequence[MyStatusChange]
    RequestId: str


def list_reply(listed: Page, request: Request, *, complete: bool) -> Reply:
    """Return a page of the list; `complete` says whether all applications are on its pages."""
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
    """Return the day of a change, if the ATS sent only the day."""
    return change.day.isoformat() if change.day else None


_ONE_PATH = "/api/my/applications/{AtsiApplicationId}"
_SECONDS = 8.0  # a thousand applications are eleven calls


def my_applications(
    applications: JobseekersApplications, id_tokens: IdTokens, zone: ZoneInfo, delay: timedelta
) -> LambdaHandler:
    """Return the handler of `GET /api/my/applications`, `/api/my/applications/{AtsiApplicationId}`, `/my/applications`.

    API Gateway has verified the id token of a request to the API, and `id_tokens` verifies that of a request for the
    page. Its claim custom:jobseeker_id identifies the jobseeker. Days are cut in `zone`. Bad news is shown only after
    `delay` from its receipt.
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

    def sign_in(request: Request) -> Request:
        return id_tokens.signed_in(request) if request.resource == PAGE_PATH else request

    return endpoint(answer, sign_in=sign_in, refuse=refused, fail=failed, seconds=_SECONDS)


def _left_out(registered: RegisteredApplication, error: Exception) -> None:
    log_unreadable(registered[0].application_id, error)


def _jobseeker(request: Request) -> str:
    jobseeker_id = request.claims.get(JOBSEEKER_CLAIM)
    if not jobseeker_id:
        raise Forbidden("You are signed in, but not as a jobseeker.")
    return jobseeker_id
