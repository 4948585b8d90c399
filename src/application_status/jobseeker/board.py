"""The board's endpoints for the feedback of jobseekers: a list of what is open, and closing it."""

import re
from collections.abc import Sequence
from typing import TypedDict

from application_status.applications.rules.notes import FeedbackReason
from application_status.jobseeker.feedback import FeedbackList, OpenFeedback
from application_status.jobseeker.rules.status import JobseekerStatus
from application_status.platform.errors import FieldError, InvalidFields
from application_status.platform.http.endpoint import Reply, Request, no_content, path_id, reply
from application_status.platform.telemetry import logger
from application_status.platform.values import ApplicationId, AtsId, DateTimeText, to_text

FEEDBACK_PATH = "/api/feedback"
CLOSING_PATH = "/api/applications/{AtsiApplicationId}/feedback/{JobseekerStatus}"

CURSOR = r"^[!-~]{1,100}$"
"""The `after` of a page of the feedback."""


class BoardFeedback(TypedDict):
    """What a jobseeker says is wrong with a status of an application."""

    AtsiApplicationId: ApplicationId
    AtsId: AtsId
    ClientId: str
    JobId: str
    JobseekerId: str
    JobTitle: str
    Company: str
    JobseekerStatus: JobseekerStatus
    """The status that the feedback is about, as the jobseeker sees it."""
    Reason: FeedbackReason
    Words: str
    """The jobseeker's own words; empty if there are none."""
    SentAt: DateTimeText


class FeedbackReply(TypedDict):
    """A page of the open feedback, the oldest first."""

    Feedback: Sequence[BoardFeedback]
    Next: str | None
    """The `after` of the next page; null on the last page."""
    RequestId: str


def list_feedback(request: Request, feedback: FeedbackList) -> Reply:
    """Answer `GET /api/feedback`.

    Raises:
        InvalidFields: `after` is no cursor.
    """
    request.require_method("GET")
    sent = request.query.get("after", ())
    after = ",".join(sent) if sent else None
    if after is not None and not re.fullmatch(CURSOR, after):
        raise InvalidFields((FieldError("/after", "after is not a cursor of this list", "Next of the previous page"),))
    found, following = feedback.page(after)
    body: FeedbackReply = {
        "Feedback": [described(each) for each in found],
        "Next": following,
        "RequestId": request.request_id,
    }
    return reply(200, body)


def close_feedback(request: Request, feedback: FeedbackList) -> Reply:
    """Answer `DELETE /api/applications/{AtsiApplicationId}/feedback/{JobseekerStatus}`.

    Raises:
        InvalidFields: the path has no valid id, or no status that jobseekers see.
        UnknownApplication: the application is not registered, or was erased.
    """
    request.require_method("DELETE")
    status = request.path_parameters.get("JobseekerStatus", "")
    if status not in [*JobseekerStatus]:
        wrong = FieldError("", "the JobseekerStatus in the path is unknown", f"one of {', '.join(JobseekerStatus)}")
        raise InvalidFields((wrong,))
    application_id = path_id(request)
    feedback.close(application_id, status)
    logger.info("feedback closed", application=application_id)
    return no_content()


def described(of: OpenFeedback) -> BoardFeedback:
    """Return open feedback as the board reads it."""
    registration = of.registration
    return {
        "AtsiApplicationId": of.application_id,
        "AtsId": registration.ats_id,
        "ClientId": registration.client_id,
        "JobId": registration.job_id,
        "JobseekerId": registration.jobseeker_id,
        "JobTitle": registration.job_title,
        "Company": registration.company,
        "JobseekerStatus": JobseekerStatus(of.status),
        "Reason": of.feedback.reason,
        "Words": of.feedback.text,
        "SentAt": to_text(of.feedback.sent_at),
    }
