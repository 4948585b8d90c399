"""What a jobseeker is told of applications, in JSON."""

from typing import Any

from application_status.applicant.language import in_language, words
from application_status.applicant.listing import Page, not_shown
from application_status.gateway.problems import Reply, reply
from application_status.gateway.request import Request
from application_status.model.instant import to_text
from application_status.model.standing import Change, Step, Told
from application_status.model.words import Words
from application_status.store.apart import one_by_one


def list_reply(listed: Page, request: Request, *, complete: bool) -> Reply:
    """Return a page of the list; `complete` says whether all applications are listed, on whatever page."""
    language = words(request)
    written = one_by_one(listed.applications, lambda each: _application(each, language), not_shown)
    body = {
        "Applications": [application for _, application in written],
        "Next": listed.next,
        "Complete": complete,
        "RequestId": request.request_id,
    }
    return reply(200, body, **in_language(language))


def one_reply(of: Told, request: Request) -> Reply:
    """Return one application with its timeline, oldest first."""
    language = words(request)
    timeline = [{**_standing(change, language), "At": to_text(change.at), "Day": _day(change)} for change in of.changes]
    body = {**_application(of, language), "Timeline": timeline, "RequestId": request.request_id}
    return reply(200, body, **in_language(language))


def _application(of: Told, language: Words) -> dict[str, Any]:
    return {
        "AtsiApplicationId": of.application_id,
        "JobTitle": of.registration.job_title,
        "Company": of.registration.company,
        "AppliedAt": to_text(of.registration.applied_at),
        **_standing(of.last, language),
        "ChangedAt": to_text(of.last.at),
        "ChangedDay": _day(of.last),
        "Finished": of.last.standing.finished,
        "Step": of.step,
        "Steps": len(Step),
    }


def _standing(change: Change, language: Words) -> dict[str, Any]:
    return {"Standing": change.standing, "Text": language.standings[change.standing]}


def _day(change: Change) -> str | None:
    """Return the day of a change, where the ATS sent only the day."""
    return change.day.isoformat() if change.day else None
