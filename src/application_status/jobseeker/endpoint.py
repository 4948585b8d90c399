"""The endpoints of a jobseeker's applications: a list as JSON or as a page, and one application as JSON.

`my_applications` makes the handler; the functions before it write the JSON replies.
"""

from collections.abc import Sequence
from typing import TypedDict
from zoneinfo import ZoneInfo

from application_status.access.assignments import JOBSEEKER_CLAIM
from application_status.access.sessions import IdTokens, require_own_form
from application_status.applications.read import JobseekersApplications, RegisteredApplication
from application_status.applications.rules.notes import Feedback, FeedbackReason
from application_status.jobseeker.forms import FORM_LIMIT_BYTES, Forms
from application_status.jobseeker.listing import Page, not_shown, page
from application_status.jobseeker.page import PAGE_PATH, after_form, application_page, failed, list_page, refused
from application_status.jobseeker.rules.status import (
    JobseekerStatus,
    JobseekerView,
    ProgressStep,
    StatusChange,
    jobseeker_view,
)
from application_status.platform.errors import FieldError, Forbidden, InvalidFields
from application_status.platform.http.endpoint import LambdaHandler, Reply, Request, endpoint, path_id, reply
from application_status.platform.http.forms import form_fields
from application_status.platform.http.negotiation import in_language, preferred_texts
from application_status.platform.outages import one_by_one
from application_status.platform.telemetry import log_unreadable, logger
from application_status.platform.values import ApplicationId, DateText, DateTimeText, application_id, now, to_text
from application_status.texts.texts import Texts


class MyApplication(TypedDict):
    """An application as its jobseeker sees it, with texts in English or German, by `Accept-Language`."""

    AtsiApplicationId: ApplicationId
    JobTitle: str
    Company: str
    Location: str | None
    """The place of work."""
    Link: str | None
    """The address of the job ad."""
    AppliedAt: DateTimeText
    JobseekerStatus: JobseekerStatus
    Text: str
    """The status as text."""
    WhatNext: str
    """What happens next, as a sentence or two."""
    ReportedBy: str | None
    """The employer that reported the status; null if it is the jobseeker's own application."""
    ChangedAt: DateTimeText
    ChangedDay: DateText | None
    """The day of the change, if the ATS sent only the day; else null."""
    Finished: bool
    Step: int | None
    """The current step, from 1; of an ended application, the furthest step before its end."""
    Steps: int
    """The number of steps."""
    Archived: bool
    """Whether the jobseeker archived the application, and its status has not changed since."""


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


class MyFeedback(TypedDict):
    """What the jobseeker says is wrong with a status."""

    JobseekerStatus: JobseekerStatus
    Reason: FeedbackReason
    Words: str
    """The jobseeker's own words; empty if there are none, and once the feedback is closed."""
    SentAt: DateTimeText
    ClosedAt: DateTimeText | None
    """When the board closed it; null while it is open."""


class MyApplicationInFull(MyApplication):
    """An application, its timeline, oldest first, and the jobseeker's feedback."""

    Timeline: Sequence[MyStatusChange]
    Feedback: Sequence[MyFeedback]
    RequestId: str


def list_reply(listed: Page, request: Request, *, complete: bool) -> Reply:
    """Return a page of the list; `complete` says whether all applications are on its pages."""
    t = preferred_texts(request)
    written = one_by_one(listed.applications, lambda each: _application(each, t), not_shown)
    body: MyApplications = {
        "Applications": [application for _, application in written],
        "Next": listed.next,
        "Complete": complete,
        "RequestId": request.request_id,
    }
    return reply(200, body, **in_language(t))


def one_reply(of: JobseekerView, request: Request) -> Reply:
    """Return one application with its timeline, oldest first."""
    t = preferred_texts(request)
    body: MyApplicationInFull = {
        **_application(of, t),
        "Timeline": [_change(each, t) for each in of.changes],
        "Feedback": [_feedback(status, each) for status, each in of.notes.feedback.items()],
        "RequestId": request.request_id,
    }
    return reply(200, body, **in_language(t))


def _application(of: JobseekerView, t: Texts) -> MyApplication:
    return {
        "AtsiApplicationId": of.application_id,
        "JobTitle": of.registration.job_title,
        "Company": of.registration.company,
        "Location": of.registration.location,
        "Link": of.registration.link,
        "AppliedAt": to_text(of.registration.applied_at),
        "JobseekerStatus": of.last.status,
        "Text": t(f"jobseeker.status.{of.last.status}"),
        "WhatNext": t(f"jobseeker.next.{of.last.status}"),
        "ReportedBy": of.registration.company if of.is_reported else None,
        "ChangedAt": to_text(of.last.at),
        "ChangedDay": _day(of.last),
        "Finished": of.last.status.finished,
        "Step": of.step,
        "Steps": len(ProgressStep),
        "Archived": of.is_archived,
    }


def _change(change: StatusChange, t: Texts) -> MyStatusChange:
    return {
        "JobseekerStatus": change.status,
        "Text": t(f"jobseeker.status.{change.status}"),
        "At": to_text(change.at),
        "Day": _day(change),
    }


def _feedback(status: str, feedback: Feedback) -> MyFeedback:
    return {
        "JobseekerStatus": JobseekerStatus(status),
        "Reason": feedback.reason,
        "Words": feedback.text,
        "SentAt": to_text(feedback.sent_at),
        "ClosedAt": to_text(feedback.closed_at) if feedback.closed_at else None,
    }


def _day(change: StatusChange) -> DateText | None:
    """Return the day of a change, if the ATS sent only the day."""
    return change.day.isoformat() if change.day else None


_ONE_PATH = "/api/my/applications/{AtsiApplicationId}"
_SECONDS = 8.0  # a thousand applications are eleven calls


def my_applications(
    applications: JobseekersApplications, forms: Forms, id_tokens: IdTokens, zone: ZoneInfo
) -> LambdaHandler:
    """Return the handler of `GET /api/my/applications`, `/api/my/applications/{AtsiApplicationId}`, `/my/applications`.

    The last one also takes the forms of its page, by POST. API Gateway has verified the id token of a request to the
    API, and `id_tokens` verifies that of a request for the page. Its claim custom:jobseeker_id identifies the
    jobseeker. Days are cut in `zone`.
    """

    def view(registered: RegisteredApplication) -> JobseekerView:
        return jobseeker_view(*registered, now(), forms.delay)

    def answer(request: Request) -> Reply:
        request.require_method("GET", *(["POST"] if request.resource == PAGE_PATH else []))
        jobseeker_id = _jobseeker(request)
        if request.resource == _ONE_PATH:
            return one_reply(view(applications.one(jobseeker_id, path_id(request))), request)
        if request.resource == PAGE_PATH and ("application" in request.query or request.method == "POST"):
            return on_application_page(request, jobseeker_id)
        found = applications.all(jobseeker_id)
        views = one_by_one(found.applications, view, _left_out)
        listed = page([each for _, each in views], jobseeker_id, request)
        logger.info("listed", applications=len(listed.applications))
        if request.resource == PAGE_PATH:
            return list_page(listed, now().astimezone(zone), request, complete=found.complete)
        return list_reply(listed, request, complete=found.complete)

    def on_application_page(request: Request, jobseeker_id: str) -> Reply:
        application_id, fields, mistake = _in_query(request), dict[str, str](), None
        if request.method == "POST":
            require_own_form(request)
            fields = dict(form_fields(request, FORM_LIMIT_BYTES))
            result = forms.submit(jobseeker_id, application_id, fields, now())
            if not result.is_mistake:
                return after_form(request, result, to_list=fields.get("from") == "list")
            mistake = result
        of = view(applications.one(jobseeker_id, application_id))
        return application_page(of, now().astimezone(zone), request, mistake, fields)

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


def _in_query(request: Request) -> ApplicationId:
    """Return the id in the parameter `application`.

    Raises:
        InvalidFields: there is no valid one.
    """
    try:
        return application_id(",".join(request.query.get("application", ())))
    except ValueError as error:
        wrong = FieldError("/application", f"application is {error}", "the AtsiApplicationId of an application, a UUID")
        raise InvalidFields((wrong,)) from None
