"""The page's replies: the page, a table of it as CSV, and what refusals and failures look like."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from application_status.errors import InvalidFields, Refusal
from application_status.gateway.html import Pages
from application_status.gateway.problems import (
    PROBLEMS,
    Problem,
    Reply,
    failure,
    refusal,
    refusal_headers,
    retry_later,
)
from application_status.gateway.request import Request
from application_status.model.durations import MINIMUM
from application_status.settings import ViewsSettings
from application_status.store.dynamodb import DynamoDB
from application_status.telemetry import logger
from application_status.views.caller import PAGE_PATH, signed_in
from application_status.views.formats import as_csv, is_downloadable, sendable
from application_status.views.quality_page.figures import figures
from application_status.views.quality_page.form import INTERVALS, form
from application_status.views.quality_page.questions import Questions, questions
from application_status.views.quality_page.section import LISTED
from application_status.views.quality_page.sections import of_period, sections
from application_status.views.quality_page.words import dated, days_between, period
from application_status.views.query import Caller, QualityQuery
from application_status.views.report import Report
from application_status.views.reporting import Reporting

_PAGES = Pages("application_status.views.quality_page", form_action="'self'")
_TITLE, _ENGLISH = "Applicant quality", {"Content-Language": "en"}


def quality_page(request: Request, dynamodb: DynamoDB, settings: ViewsSettings) -> Reply:
    """Return the page for a signed-in user, or one of its tables; raises InvalidFields or Forbidden."""
    asking = signed_in(request.claims)
    now = datetime.now(settings.reporting_time_zone)
    asked = questions(request, asking, now.date())
    reporting = Reporting.as_of(now, dynamodb, settings)
    logger.info("shown", csv=asked.csv, request_id=request.request_id)
    if asked.csv:
        query = asked.asked[asked.csv]
        return _download(asked.csv, query, reporting.report(query))
    return _page(asking, asked, {name: reporting.report(query) for name, query in asked.asked.items()}, reporting.now)


def refused(error: Refusal, request: Request) -> Reply:
    """Return what a refusal looks like: to a reader of the page as a page, else as a problem."""
    if request.resource != PAGE_PATH:
        return refusal(error, request)
    status, headers = PROBLEMS[type(error)].status, refusal_headers(error, "Bearer")
    if not isinstance(error, InvalidFields):
        return _notice(status, str(error), headers)
    given = {name: values[-1] for name, values in request.query.items()}
    mend = form(signed_in(request.claims), given, errors=error.errors)
    return _PAGES.reply(status, "wrong.html", _ENGLISH | headers, title=_TITLE, form=mend, intervals=INTERVALS)


def failed(problem: Problem, request: Request) -> Reply:
    """Return what a failure of ours looks like, likewise."""
    if request.resource != PAGE_PATH:
        return failure(problem, request)
    return _notice(problem.status, "This can't be shown right now. Please try again in a moment.", retry_later())


def _notice(status: int, text: str, headers: dict[str, str]) -> Reply:
    return _PAGES.reply(status, "notice.html", _ENGLISH | headers, title=_TITLE, text=text)


def _page(asking: Caller, asked: Questions, reports: Mapping[str, Report], today: datetime) -> Reply:
    cohort = reports["cohort"]
    suggested = {
        filter_name: [row.of[of] for row in reports[name].rows[:LISTED]]
        for filter_name, of, name in (("ats", "Ats", "by-ats"), ("job", "Job", "by-job"))
        if name in reports
    }
    return _PAGES.reply(
        HTTPStatus.OK,
        "page.html",
        _ENGLISH,
        title=_TITLE,
        about=_about(asked.whole),
        chosen=days_between(asked.whole.first, asked.whole.last) if asked.whole.first and asked.whole.last else "",
        days=[period(row) for row in cohort.rows],
        of_job=bool(asked.whole.job),
        left_out=0 if asked.whole.ats or asked.whole.client else cohort.hidden,
        today=dated(today.date()),
        zone=str(today.tzinfo),
        form=form(asking, asked.filled_in, suggested=suggested),
        intervals=INTERVALS,
        figures=figures(of_period(reports)),
        sections=list(sections(asked, reports)),
        address=asked.address,
        shorter={name: asked.asked[name].narrower[1] for name, found in reports.items() if not is_downloadable(found)},
        minimum=MINIMUM,
    )


def _about(whole: QualityQuery) -> str:
    """Return whom the page is about."""
    if whole.job:
        return f"Job {whole.job} of client {whole.client}"
    if whole.client:
        return f"Client {whole.client}"
    return f"ATS {whole.ats}" if whole.ats else "All ATSs"


def _download(name: str, query: QualityQuery, found: Report) -> Reply:
    """Return a report as a file, named after what was asked; colons of an id can't be in a file's name everywhere."""
    parts = ("applicant-quality", name, query.ats, query.client, query.job, query.first, query.last)
    file_name = "-".join(str(part) for part in parts if part).replace(":", "-")
    answer = sendable(found, as_csv, "csv", query.narrower[1])
    headers = {"Content-Disposition": f'attachment; filename="{file_name}.csv"', "X-Content-Type-Options": "nosniff"}
    return answer | {"headers": answer["headers"] | headers}
