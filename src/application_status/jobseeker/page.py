"""The page with a jobseeker's applications, as HTML without scripts."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from application_status.access.sessions import JOBSEEKERS_PAGE, frame, not_signed_in
from application_status.jobseeker.language import words
from application_status.jobseeker.listing import Page, not_shown
from application_status.jobseeker.rules.status import JobseekerView, ProgressStep, StatusChange
from application_status.jobseeker.rules.words import Words
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
from application_status.platform.outages import one_by_one
from application_status.texts.texts import LANGUAGES

PAGE_PATH = JOBSEEKERS_PAGE
TIMELINE_LIMIT = 30
"""The most changes of an application on the page: the first one, and the last ones."""

_NO_UPDATE_DAYS = 14

_PAGES = Pages("application_status.jobseeker", languages=LANGUAGES)


@dataclass(frozen=True, slots=True)
class Event:
    """A change as text; `moment` is its time in ISO 8601, `when` is relative if recent (`3 days ago`)."""

    text: str
    moment: str
    date: str
    when: str


@dataclass(frozen=True, slots=True)
class Card:
    """An application on the page.

    `no_update` is a note that there was no change for some days, or empty. `more` is a note that changes after the
    timeline's first one are left out, or empty.
    """

    job_title: str
    company: str
    finished: bool
    step: ProgressStep
    last: Event
    no_update: str
    timeline: list[Event]
    more: str


def page_reply(listed: Page, today: datetime, request: Request, *, complete: bool) -> Reply:
    """Reply with the page; days are cut in the time zone of `today`."""
    language = words(request)
    carded = one_by_one(listed.applications, lambda each: _card(each, today, language), not_shown)
    cards = [card for _, card in carded]
    groups = [
        ("in-progress", language.in_progress, [card for card in cards if not card.finished]),
        ("finished", language.finished, [card for card in cards if card.finished]),
    ]
    return _PAGES.reply(
        request,
        HTTPStatus.OK,
        "page.html",
        title=language.title,
        words=language,
        groups=groups,
        steps=ProgressStep,
        next=listed.next,
        first="after" not in request.query,
        complete=complete,
        frame=frame(request),
    )


def refused(error: Refusal, request: Request) -> Reply:
    """Return the reply to a refused request: a page at the page's path, else a problem document."""
    if request.resource != PAGE_PATH:
        return refusal(error, request)
    if isinstance(error, Unauthenticated):
        return not_signed_in(error, request)
    status = PROBLEMS[type(error)].status
    text = words(request).refused.get(status, str(error))
    return _notice(status, text, request, **refusal_headers(error, "Bearer"))


def failed(problem: Problem, request: Request) -> Reply:
    """Return the reply to a failed request: a page at the page's path, else a problem document."""
    if request.resource != PAGE_PATH:
        return failure(problem, request)
    return _notice(problem.status, words(request).failed, request, **retry_later())


def _notice(status: int, text: str, request: Request, **headers: str) -> Reply:
    return _PAGES.reply(
        request, status, "notice.html", headers, title=words(request).title, text=text, frame=frame(request)
    )


def _card(of: JobseekerView, today: datetime, language: Words) -> Card:
    finished = of.last.status.finished
    days = _days(of.last, today)
    left_out = len(of.changes) - TIMELINE_LIMIT
    changes = [of.changes[0], *of.changes[1 + left_out :]] if left_out > 0 else of.changes
    return Card(
        job_title=of.registration.job_title,
        company=of.registration.company,
        finished=finished,
        step=of.step,
        last=_event(of.last, today, language),
        no_update=language.no_update.format(days) if days >= _NO_UPDATE_DAYS and not finished else "",
        timeline=[_event(change, today, language) for change in changes],
        more=language.more_changes.format(left_out) if left_out > 0 else "",
    )


def _event(change: StatusChange, today: datetime, language: Words) -> Event:
    moment = change.day or change.at.astimezone(today.tzinfo)
    date = language.format_day(moment)
    days = _days(change, today)
    when = language.ago(days) if days < _NO_UPDATE_DAYS else date
    return Event(language.statuses[change.status], moment.isoformat(), date, when)


def _days(change: StatusChange, today: datetime) -> int:
    """Return how many days ago a change was; 0 if it is in the future, as a sender's clock may be fast."""
    day = change.day or change.at.astimezone(today.tzinfo).date()
    return max(0, (today.date() - day).days)
