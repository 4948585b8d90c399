"""The pages of a jobseeker as HTML without scripts: the list of their applications, and each application.

All are at one path and link to each other by their query alone, so a board's site can show them at a path of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from application_status.access.assignments import JOBSEEKER_CLAIM
from application_status.access.sessions import JOBSEEKERS_PAGE, frame, not_signed_in
from application_status.applications.rules.notes import FEEDBACK_TEXT_LIMIT, FeedbackReason
from application_status.jobseeker.forms import FormResult
from application_status.jobseeker.listing import SEARCH_LIMIT, Page, Selection, Show, not_shown
from application_status.jobseeker.rules.status import JobseekerView, ProgressStep, StatusChange
from application_status.platform.errors import Refusal, Unauthenticated
from application_status.platform.http.endpoint import (
    PROBLEMS,
    Problem,
    Reply,
    Request,
    failure,
    refusal,
    refusal_headers,
    retry_later,
)
from application_status.platform.http.html import Pages
from application_status.platform.http.negotiation import preferred_texts
from application_status.platform.outages import one_by_one
from application_status.texts.texts import LANGUAGES, Texts

PAGE_PATH = JOBSEEKERS_PAGE
TIMELINE_LIMIT = 30
"""The most changes of an application on its page: the first one, and the last ones."""

_NO_UPDATE_DAYS = 14
_REFUSED = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
_MISTAKES = {FormResult.TOO_MANY: HTTPStatus.TOO_MANY_REQUESTS}

_PAGES = Pages("application_status.jobseeker", form_action="'self'", languages=LANGUAGES)


@dataclass(frozen=True, slots=True)
class Event:
    """A change as text; `moment` is its time in ISO 8601, `when` is relative if recent (`3 days ago`)."""

    text: str
    moment: str
    date: str
    when: str


@dataclass(frozen=True, slots=True)
class Card:
    """An application on a page.

    `employer` is the company and the place of work. `no_update` is a note that there was no change for some days, or
    empty.
    """

    of: JobseekerView
    employer: str
    last: Event
    no_update: str

    @property
    def finished(self) -> bool:
        """Whether no further change is expected."""
        return self.of.last.status.finished


def list_page(listed: Page, today: datetime, request: Request, *, complete: bool) -> Reply:
    """Reply with the list; days are cut in the time zone of `today`."""
    t = preferred_texts(request)
    carded = one_by_one(listed.applications, lambda each: _card(each, today, t), not_shown)
    cards = [card for _, card in carded]
    headings = [Show.OPEN, Show.ENDED] if listed.selection.show is Show.CURRENT else [listed.selection.show]
    groups = [(show, [card for card in cards if show.includes(card.of)]) for show in headings]
    return _reply(
        request,
        HTTPStatus.OK,
        "list.html",
        title=t("jobseeker.title"),
        groups=groups,
        selection=listed.selection,
        counts=listed.counts,
        filters=[(show, _query(Selection(show, listed.selection.search))) for show in Show],
        query=_query(listed.selection),
        done=_done(request),
        search_limit=SEARCH_LIMIT,
        next=listed.next,
        first="after" not in request.query,
        complete=complete,
    )


def application_page(
    of: JobseekerView, today: datetime, request: Request, mistake: FormResult | None, fields: Mapping[str, str]
) -> Reply:
    """Reply with the page of an application; days are cut in the time zone of `today`.

    `mistake` is what is wrong with a form whose fields are shown again.
    """
    t = preferred_texts(request)
    left_out = max(0, len(of.changes) - TIMELINE_LIMIT)
    changes = [of.changes[0], *of.changes[1 + left_out :]]
    feedback, link = of.feedback, of.registration.link
    days = {"sent": feedback.sent_at, "closed": feedback.closed_at} if feedback else {}
    return _reply(
        request,
        _MISTAKES.get(mistake, HTTPStatus.UNPROCESSABLE_ENTITY) if mistake else HTTPStatus.OK,
        "application.html",
        title=of.registration.job_title,
        card=_card(of, today, t),
        link=link,
        host=urlsplit(link).netloc if link else "",
        timeline=[_event(change, today, t) for change in changes],
        left_out=left_out,
        feedback=feedback,
        days={name: t.day(at.astimezone(today.tzinfo)) for name, at in days.items() if at},
        reasons=FeedbackReason,
        text_limit=FEEDBACK_TEXT_LIMIT,
        done=_done(request),
        mistake=mistake,
        fields=fields,
    )


def after_form(request: Request, result: FormResult, *, to_list: bool) -> Reply:
    """Lead the browser from a form back to the list that had it, or to the application's page."""
    names = ("show", "search") if to_list else ("application",)
    kept = {name: request.query[name][0] for name in names if name in request.query}
    headers = {"Location": f"?{urlencode({**kept, 'done': result})}", "Cache-Control": "no-store"}
    return {"statusCode": HTTPStatus.SEE_OTHER, "headers": headers, "body": ""}


def refused(error: Refusal, request: Request) -> Reply:
    """Return the reply to a refused request: a page at the page's path, else a problem document."""
    if request.resource != PAGE_PATH:
        return refusal(error, request)
    if isinstance(error, Unauthenticated):
        return not_signed_in(error, replace(request, method="GET"))  # a form leads to the sign-in, too
    status, t = PROBLEMS[type(error)].status, preferred_texts(request)
    text = t(f"jobseeker.refused.{status}") if status in _REFUSED else str(error)
    if status == HTTPStatus.FORBIDDEN and request.claims.get(JOBSEEKER_CLAIM):
        text = t("jobseeker.refused.form")
    return _notice(status, text, request, **refusal_headers(error, "Bearer"))


def failed(problem: Problem, request: Request) -> Reply:
    """Return the reply to a failed request: a page at the page's path, else a problem document."""
    if request.resource != PAGE_PATH:
        return failure(problem, request)
    return _notice(problem.status, preferred_texts(request)("jobseeker.failed"), request, **retry_later())


def _notice(status: int, text: str, request: Request, **headers: str) -> Reply:
    title = preferred_texts(request)("jobseeker.title")
    return _PAGES.reply(request, status, "notice.html", headers, title=title, text=text, frame=frame(request))


def _reply(request: Request, status: int, template: str, **content: Any) -> Reply:
    """Return a page with forms: without a referrer, browsers send "Origin: null" with them."""
    headers = {"Referrer-Policy": "same-origin"}
    return _PAGES.reply(request, status, template, headers, frame=frame(request), steps=ProgressStep, **content)


def _query(selection: Selection) -> str:
    """Return the query of a list without its defaults."""
    given = {"show": selection.show, "search": selection.search}
    return urlencode({name: text for name, text in given.items() if text and text != Show.CURRENT})


def _done(request: Request) -> FormResult | None:
    """Return the result of the form that led here."""
    values = [each for each in request.query.get("done", ()) if each in [*FormResult]]
    return FormResult(values[0]) if values and not FormResult(values[0]).is_mistake else None


def _card(of: JobseekerView, today: datetime, t: Texts) -> Card:
    days = _days(of.last, today)
    registration = of.registration
    return Card(
        of=of,
        employer=" · ".join(filter(None, (registration.company, registration.location))),
        last=_event(of.last, today, t),
        no_update=t("jobseeker.no_update", count=days)
        if days >= _NO_UPDATE_DAYS and not of.last.status.finished
        else "",
    )


def _event(change: StatusChange, today: datetime, t: Texts) -> Event:
    moment = change.day or change.at.astimezone(today.tzinfo)
    date, days = t.day(moment), _days(change, today)
    when = date if days >= _NO_UPDATE_DAYS else _ago(days, t)
    return Event(t(f"jobseeker.status.{change.status}"), moment.isoformat(), date, when)


def _ago(days: int, t: Texts) -> str:
    """Return how long ago something was, from 0 days on, as text."""
    recent = {0: "jobseeker.today", 1: "jobseeker.yesterday"}
    return t(recent[days]) if days in recent else t("jobseeker.days_ago", count=days)


def _days(change: StatusChange, today: datetime) -> int:
    """Return how many days ago a change was; 0 if it is in the future, as a sender's clock may be fast."""
    day = change.day or change.at.astimezone(today.tzinfo).date()
    return max(0, (today.date() - day).days)
