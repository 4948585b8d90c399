"""The quality page: replies with the page, one of its tables as CSV, or an error."""

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
from application_status.quality.page.form import INTERVALS, PageQueries, form, page_queries
from application_status.quality.page.overview import figures
from application_status.quality.page.section import LISTED, Basis, Section
from application_status.quality.page.words import Numbers, format_day, format_days, format_period
from application_status.quality.reports.endpoint import ReportSource
from application_status.quality.reports.formats import as_csv, is_downloadable, sendable
from application_status.quality.reports.query import PAGE_PATH, Caller, QualityQuery, signed_in
from application_status.quality.reports.report import QualityReport
from application_status.quality.rules.durations import MINIMUM

_PAGES = Pages("application_status.quality.page", form_action="'self'")
_TITLE, _ENGLISH = "Applicant quality", {"Content-Language": "en"}
_SUGGESTED: Mapping[str, tuple[Literal["Ats", "Job"], str]] = {"ats": ("Ats", "by-ats"), "job": ("Job", "by-job")}
"""The member of the rows and the table that a filter's suggestions come from."""


def quality_page(request: Request, reports: ReportSource) -> Reply:
    """Reply with the page for a signed-in user, or with one of its tables as CSV.

    Raises:
        InvalidFields: a parameter is wrong, or the table would be too large.
        Forbidden: the user may not see reports, or not these.
    """
    caller = signed_in(request.claims)
    now = reports.now()
    queries = page_queries(request, caller, now.date())
    logger.info("shown", csv=queries.csv)
    if queries.csv:
        query = queries.by_name[queries.csv]
        return _download(queries.csv, query, reports.built(now, lambda builder: builder.report(query)))
    found = reports.built(now, lambda builder: {name: builder.report(query) for name, query in queries.by_name.items()})
    return _page(caller, queries, found, now)


def refused(error: Refusal, request: Request) -> Reply:
    """Return the reply to a refused request: a page at the page's path, else a problem document."""
    if request.resource != PAGE_PATH:
        return refusal(error, request)
    status, headers = PROBLEMS[type(error)].status, refusal_headers(error, "Bearer")
    if not isinstance(error, InvalidFields):
        return _notice(status, str(error), headers)
    given = {name: values[-1] for name, values in request.query.items()}
    corrected = form(signed_in(request.claims), given, errors=error.errors)
    return _PAGES.reply(status, "wrong.html", _ENGLISH | headers, title=_TITLE, form=corrected, intervals=INTERVALS)


def failed(problem: Problem, request: Request) -> Reply:
    """Return the reply to a failed request: a page at the page's path, else a problem document."""
    if request.resource != PAGE_PATH:
        return failure(problem, request)
    return _notice(problem.status, "This page is not available right now. Please try again in a moment.", retry_later())


def _notice(status: int, text: str, headers: dict[str, str]) -> Reply:
    return _PAGES.reply(status, "notice.html", _ENGLISH | headers, title=_TITLE, text=text)


def _page(caller: Caller, queries: PageQueries, reports: Mapping[str, QualityReport], today: datetime) -> Reply:
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
        subject=_subject(queries.main),
        chosen=format_days(queries.main.first, queries.main.last) if queries.main.first and queries.main.last else "",
        days=[format_period(row) for row in cohort.rows],
        of_job=bool(queries.main.job),
        left_out=0 if queries.main.ats or queries.main.client else cohort.hidden,
        today=format_day(today.date()),
        zone=str(today.tzinfo),
        form=form(caller, queries.filled_in, suggested=suggested),
        intervals=INTERVALS,
        figures=figures(of_period(reports)),
        sections=list(sections(queries, reports)),
        address=queries.address,
        shorter={
            name: queries.by_name[name].narrower[1] for name, found in reports.items() if not is_downloadable(found)
        },
        minimum=MINIMUM,
    )


def _subject(query: QualityQuery) -> str:
    """Return the page's subject: an ATS, a client, a job or all ATSs."""
    if query.job:
        return f"Job {query.job} of client {query.client}"
    if query.client:
        return f"Client {query.client}"
    return f"ATS {query.ats}" if query.ats else "All ATSs"


def _download(name: str, query: QualityQuery, found: QualityReport) -> Reply:
    """Return a report as a CSV file; ids have colons, which a file name may not have on Windows."""
    parts = ("applicant-quality", name, query.ats, query.client, query.job, query.first, query.last)
    file_name = "-".join(str(part) for part in parts if part).replace(":", "-")
    answer = sendable(found, as_csv, "csv", query.narrower[1])
    headers = {"Content-Disposition": f'attachment; filename="{file_name}.csv"', "X-Content-Type-Options": "nosniff"}
    return answer | {"headers": answer["headers"] | headers}


def of_period(reports: Mapping[str, QualityReport]) -> Numbers:
    """Return the numbers about the whole period; each measure is in one kind of report only."""
    return Numbers(row for name in ("cohort", "activity", "silence") for row in reports[name].rows)


def sections(queries: PageQueries, reports: Mapping[str, QualityReport]) -> Iterator[Section]:
    """Yield the sections of the page, in order."""
    numbers, basis = of_period(reports), Basis.of(queries.main)
    yield overview.funnel(numbers, basis)
    yield overview.outcomes(numbers, basis)
    if "over-time" in reports:
        yield per_row.over_time(reports["over-time"], queries.interval, basis)
    yield overview.times(numbers, basis)
    yield overview.waiting(numbers, basis)
    yield overview.silence(numbers, basis)
    yield overview.coverage(numbers, basis)
    if "health" in reports:
        yield per_ats.health(reports["health"].rows, basis)
    if "unmapped" in reports:
        yield per_ats.unmapped(reports["unmapped"], basis)
    for name in ("by-ats", "by-job"):
        if name in reports:
            yield per_row.comparison(name, reports[name], queries.address, basis)
