"""The replies of the quality page: the page, a table of it as CSV, and refusals and failures."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Literal

from application_status.platform.errors import InvalidFields, Refusal
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
from application_status.platform.telemetry import logger
from application_status.quality.page import overview, per_ats, per_row
from application_status.quality.page.form import INTERVALS, Questions, form, questions
from application_status.quality.page.overview import figures
from application_status.quality.page.section import LISTED, About, Section
from application_status.quality.page.words import Numbers, dated, days_between, period
from application_status.quality.reports.endpoint import Reports
from application_status.quality.reports.formats import as_csv, is_downloadable, sendable
from application_status.quality.reports.query import PAGE_PATH, Caller, QualityQuery, signed_in
from application_status.quality.reports.report import QualityReport
from application_status.quality.rules.durations import MINIMUM

_PAGES = Pages("application_status.quality.page", form_action="'self'")
_TITLE, _ENGLISH = "Applicant quality", {"Content-Language": "en"}
_SUGGESTED: Mapping[str, tuple[Literal["Ats", "Job"], str]] = {"ats": ("Ats", "by-ats"), "job": ("Job", "by-job")}
"""The member of the rows and the table that a filter's suggestions come from."""


def quality_page(request: Request, reports: Reports) -> Reply:
    """Return the page for a signed-in user, or one of its tables; raises InvalidFields or Forbidden."""
    asking = signed_in(request.claims)
    now = reports.now()
    asked = questions(request, asking, now.date())
    reporting = reports.as_of(now)
    logger.info("shown", csv=asked.csv)
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


def _page(asking: Caller, asked: Questions, reports: Mapping[str, QualityReport], today: datetime) -> Reply:
    cohort = reports["cohort"]
    suggested = {
        filter_name: [row.of[of] for row in reports[name].rows[:LISTED]]
        for filter_name, (of, name) in _SUGGESTED.items()
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


def _download(name: str, query: QualityQuery, found: QualityReport) -> Reply:
    """Return a report as a file, named after what was asked; colons of an id can't be in a file's name everywhere."""
    parts = ("applicant-quality", name, query.ats, query.client, query.job, query.first, query.last)
    file_name = "-".join(str(part) for part in parts if part).replace(":", "-")
    answer = sendable(found, as_csv, "csv", query.narrower[1])
    headers = {"Content-Disposition": f'attachment; filename="{file_name}.csv"', "X-Content-Type-Options": "nosniff"}
    return answer | {"headers": answer["headers"] | headers}


def of_period(reports: Mapping[str, QualityReport]) -> Numbers:
    """Return the numbers about the period as a whole; no two kinds of report have the same measure."""
    return Numbers(row for name in ("cohort", "activity", "silence") for row in reports[name].rows)


def sections(asked: Questions, reports: Mapping[str, QualityReport]) -> Iterator[Section]:
    """Yield the page's sections."""
    numbers, about = of_period(reports), About.of(asked.whole)
    yield overview.funnel(numbers, about)
    yield overview.outcomes(numbers, about)
    if "over-time" in reports:
        yield per_row.over_time(reports["over-time"], asked.interval, about)
    yield overview.times(numbers, about)
    yield overview.waiting(numbers, about)
    yield overview.silence(numbers, about)
    yield overview.coverage(numbers, about)
    if "health" in reports:
        yield per_ats.health(reports["health"].rows, about)
    if "unmapped" in reports:
        yield per_ats.unmapped(reports["unmapped"], about)
    for name in ("by-ats", "by-job"):
        if name in reports:
            yield per_row.comparison(name, reports[name], asked.address, about)
