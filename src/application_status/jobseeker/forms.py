"""What the forms on the page do: archive an application, take it back, and send feedback about its status."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from application_status.applications.read import JobseekersApplications
from application_status.applications.rules.application import Application
from application_status.applications.rules.notes import FEEDBACK_TEXT_LIMIT, Feedback, FeedbackReason
from application_status.jobseeker.feedback import JobseekersNotes
from application_status.jobseeker.rules.status import JobseekerView, jobseeker_view
from application_status.platform.errors import ConditionFailed, FieldError, InvalidFields
from application_status.platform.telemetry import add_metric, logger
from application_status.platform.values import ApplicationId

FORM_LIMIT_BYTES = 16 * 1024

ACTIONS = ("archive", "take_back", "feedback")
_PERIOD = timedelta(hours=24)
_FEEDBACK_PER_PERIOD = 20


class FormResult(StrEnum):
    """The result of a form; nothing was stored from CHANGED on.

    CHANGED: the status is no longer the one that the jobseeker saw.
    """

    ARCHIVED = "archived"
    TAKEN_BACK = "taken_back"
    SENT = "sent"
    CHANGED = "changed"
    NO_REASON = "no_reason"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"

    @property
    def is_mistake(self) -> bool:
        """Whether the form is shown again with what is wrong."""
        return self in {FormResult.NO_REASON, FormResult.TOO_LONG, FormResult.TOO_MANY}


class Forms(NamedTuple):
    """The forms about an application; bad news is shown after `delay`.

    The field `do` of a form says what to do, and `status` with which status the jobseeker saw the application.
    """

    applications: JobseekersApplications
    notes: JobseekersNotes
    delay: timedelta

    def submit(
        self, jobseeker_id: str, application_id: ApplicationId, fields: Mapping[str, str], moment: datetime
    ) -> FormResult:
        """Do what a form says with an application of a jobseeker.

        Raises:
            UnknownApplication: it does not exist, belongs to another jobseeker, or was erased.
            InvalidFields: the form is none of the page's.
            Unavailable: the store failed; the same form can be sent again.
        """
        if fields.get("do") not in ACTIONS:
            raise InvalidFields((FieldError("/do", "do is missing or unknown", f"one of {', '.join(ACTIONS)}"),))
        while True:
            application, registration = self.applications.one(jobseeker_id, application_id)
            view = jobseeker_view(application, registration, moment, self.delay)
            if fields.get("status") != view.status_id:
                return FormResult.CHANGED
            with suppress(ConditionFailed):  # the application has changed since it was read
                result = self._result(application, view, fields, moment)
                logger.info(result, application=application_id)
                return result

    def _result(
        self, application: Application, view: JobseekerView, fields: Mapping[str, str], moment: datetime
    ) -> FormResult:
        if fields["do"] == "feedback":
            return self._send(application, view, fields, moment)
        if fields["do"] == "archive":
            if not view.is_archived:
                self.notes.archive(application, view.status_id)
            return FormResult.ARCHIVED
        if view.is_archived:
            self.notes.take_back(application)
        return FormResult.TAKEN_BACK

    def _send(
        self, application: Application, view: JobseekerView, fields: Mapping[str, str], moment: datetime
    ) -> FormResult:
        reason, text = fields.get("reason", ""), fields.get("text", "").replace("\r\n", "\n")
        if reason not in [*FeedbackReason]:
            return FormResult.NO_REASON
        if len(text) > FEEDBACK_TEXT_LIMIT:
            return FormResult.TOO_LONG
        if view.feedback and not view.feedback.closed_at:
            return FormResult.SENT
        if self._sent_lately(view.registration.jobseeker_id, moment) >= _FEEDBACK_PER_PERIOD:
            return FormResult.TOO_MANY
        self.notes.send(application, view.last.status, Feedback(FeedbackReason(reason), text, moment))
        add_metric("FeedbackSent")
        return FormResult.SENT

    def _sent_lately(self, jobseeker_id: str, moment: datetime) -> int:
        found = self.applications.all(jobseeker_id).applications
        sent = [each.sent_at for application, _ in found for each in application.notes.feedback.values()]
        return sum(each > moment - _PERIOD for each in sent)
