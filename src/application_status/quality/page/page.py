"""The quality page: replies with the page, one of its tables as CSV, or an error."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus

from application_status.access.sessions import frame, not_signed_in
from application_status.platform.errors import FieldError, InvalidFields, Refusal, Unauthenticated
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
from application_status.platform.telemetry import logger
from application_status.quality.page import overview, per_ats, per_row
from application_status.quality.page.form import INTERVALS, PageQueries, Suggestion, form, page_queries
from application_status.quality.page.overview import figures
from application_status.quality.page.section import Basis, Section, TableCell
from application_status.quality.page.words import (
    Numbers,
    format_day,
    format_days,
    format_period,
    name_of,
    with_id,
)
from application_status.quality.reports.endpoint import ReportSource
from application_status.quality.reports.formats import as_csv_page, downloadable, sendable, too_large
from application_status.quality.reports.query import PAGE_PATH, Caller, QualityQuery, signed_in
from application_status.quality.reports.report import MEMBERS, QualityReport, Subject
from application_status.quality.rules.durations import MINIMUM

_PAGES = Pages("application_status.quality.page", form_action="'self'")
_TITLE = "Applicant quality"
_LISTS = {"by-ats": "ATSs", "by-client": "clients", "by-job": "jobs"}


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
        found = reports.built(now, lambda builder: builder.report(query))
        return _download(queries.csv, query, found, request)
    of_page = reports.built(now, lambda builder: builder.reports(queries.by_name))
    return _page(caller, queries, of_page, now, request)


def refused(error: Refusal, request: Request) -> Reply:
    """Return the reply to a refused request: a page at the page's path, else a problem document."""
    if request.resource != PAGE_PATH:
        return refusal(error, request)
    if isinstance(error, Unauthenticated):
        return not_signed_in(error, request)
    status, headers = PROBLEMS[type(error)].status, refusal_headers(error, "Bearer")
    if not isinstance(error, InvalidFields):
        return _notice(status, str(error), request, headers)
    given = {name: values[-1] for name, values in request.query.items()}
    corrected = form(signed_in(request.claims), given, errors=error.errors)
    return _PAGES.reply(
        request,
        status,
        "wrong.html",
        headers,
        title=_TITLE,
        form=corrected,
        intervals=INTERVALS,
        frame=frame(request),
    )


def failed(problem: Problem, request: Request) -> Reply:
    """Return the reply to a failed request: a page at the page's path, else a problem document."""
    if request.resource != PAGE_PATH:
        return failure(problem, request)
    return _notice(problem.status, preferred_texts(request, ("en",))("layout.failed"), request, retry_later())


def _notice(status: int, text: str, request: Request, headers: dict[str, str]) -> Reply:
    return _PAGES.reply(request, status, "notice.html", headers, title=_TITLE, text=text, frame=frame(request))


def _page(
    caller: Caller, queries: PageQueries, reports: Mapping[str, QualityReport], today: datetime, request: Request
) -> Reply:
    csvs = {name: downloadable(queries.by_name[name], found, request.prefix) for name, found in reports.items()}
    shown = {name: csvs[name] or found for name, found in reports.items()}
    cohort = shown["cohort"]
    return _PAGES.reply(
        request,
        HTTPStatus.OK,
        "page.html",
        title=_TITLE,
        subject=_subject(queries.main, _named(shown)),
        chosen=format_days(queries.main.first, queries.main.last) if queries.main.first and queries.main.last else "",
        days=list(filter(None, map(format_period, cohort.rows))),
        of_job=bool(queries.main.job),
        left_out=0 if queries.main.ats or queries.main.client else cohort.hidden,
        today=format_day(today.date()),
        zone=str(today.tzinfo),
        form=form(caller, queries.filled_in, suggested=_suggested(queries, shown)),
        intervals=INTERVALS,
        figures=figures(of_period(shown), "at any time" if queries.main.job else "in the period"),
        sections=list(sections(caller, queries, shown)),
        csv_address=queries.csv_address,
        shorter={name: too_large(queries.by_name[name], reports[name]).expected for name in csvs if not csvs[name]},
        minimum=MINIMUM,
        frame=frame(request),
    )


def _suggested(queries: PageQueries, reports: Mapping[str, QualityReport]) -> Mapping[str, Sequence[Suggestion]]:
    """Return the members of the page's list, as suggestions for the filter of the same name."""
    return {
        by: [Suggestion(row.of[member], name_of(row.of, member)) for row in reports[name].rows]
        for name in _LISTS
        if name in reports and (by := queries.by_name[name].by)
        for member in [MEMBERS[by]]
    }


def _named(reports: Mapping[str, QualityReport]) -> Subject:
    """Return the page's subject with its names, which are unknown if there is nothing to show."""
    return next((row.of for name in ("cohort", "activity", "silence") for row in reports[name].rows), Subject())


def _subject(query: QualityQuery, named: Subject) -> str:
    """Return the page's subject as text: an ATS, a client, a job or all ATSs."""
    client = with_id(name_of(named, "Client"), query.client or "")
    if query.job:
        return f"Job {with_id(name_of(named, 'Job'), query.job)} of client {client}"
    if query.client:
        return f"Client {client}"
    return f"ATS {query.ats}" if query.ats else "All ATSs"


def _download(name: str, query: QualityQuery, found: QualityReport, request: Request) -> Reply:
    """Return a report as a CSV file; ids have colons, which a file name may not have on Windows."""
    parts = ("applicant-quality", name, query.ats, query.client, query.job, query.first, query.last)
    file_name = "-".join(str(part) for part in parts if part).replace(":", "-")
    answer = sendable(query, found, lambda report: as_csv_page(report, request), parameter="csv")
    headers = {"Content-Disposition": f'attachment; filename="{file_name}.csv"', "X-Content-Type-Options": "nosniff"}
    return answer | {"headers": answer["headers"] | headers}


def of_period(reports: Mapping[str, QualityReport]) -> Numbers:
    """Return the numbers about the whole period; each measure is in one kind of report only."""
    return Numbers(row for name in ("cohort", "activity", "silence") for row in reports[name].rows)


def sections(caller: Caller, queries: PageQueries, reports: Mapping[str, QualityReport]) -> Iterator[Section]:
    """Yield the sections of the page, in order."""
    numbers, basis = of_period(reports), Basis.of(queries.main)
    yield overview.funnel(numbers, basis)
    yield overview.outcomes(numbers, basis)
    if "over-time" in reports:
        yield per_row.over_time(
            reports["over-time"], _not_shown(queries, reports, "over-time"), queries.interval, basis
        )
    yield overview.times(numbers, basis)
    yield overview.waiting(numbers, basis)
    yield overview.silence(numbers, basis)
    yield overview.coverage(numbers, basis)
    if "health" in reports:
        yield per_ats.health(reports["health"].rows, _not_shown(queries, reports, "health"), basis)
    if "unmapped" in reports:
        yield per_ats.unmapped(reports["unmapped"], basis)
    for name, members in _LISTS.items():
        if name in reports:
            links = list(_links(queries, members, reports[name].following))
            yield per_row.comparison(queries.by_name[name], reports[name], _link(caller, queries, name), links, basis)


def _not_shown(queries: PageQueries, reports: Mapping[str, QualityReport], name: str) -> FieldError | None:
    """Return why a report has no rows, if it is too large."""
    found = reports[name]
    return too_large(queries.by_name[name], found) if found.too_many or found.too_long else None


def _links(queries: PageQueries, members: str, following: str | None) -> Iterator[TableCell]:
    """Yield the links to the first and the next page of the page's list."""
    if queries.after:
        yield TableCell(f"First {members}", f"{queries.address()}#comparison")
    if following:
        yield TableCell(f"Next {members}", f"{queries.address(after=following)}#comparison")


def _link(caller: Caller, queries: PageQueries, name: str) -> Callable[[str], str]:
    """Return a function that returns the address of a member's page; empty if the caller may not see it."""
    by = queries.by_name[name].by or ""
    if by == "client" and not caller.is_board:
        return lambda _: ""
    return lambda member_id: queries.address(**{by: member_id})
