"""The quality page: replies with the page, its tables as CSV, a choice of names, or an error."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple

from application_status.access.sessions import frame, not_signed_in
from application_status.platform.errors import FieldError, Forbidden, InvalidFields, Refusal, Unauthenticated
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
from application_status.platform.http.html import Link, Pages
from application_status.platform.http.negotiation import preferred_texts
from application_status.platform.telemetry import logger
from application_status.quality.counters.read import MemberName
from application_status.quality.page import overview, per_ats, per_row
from application_status.quality.page.form import (
    ALL,
    DEFINITIONS_PAGE,
    SUBJECTS,
    PageQueries,
    Typed,
    choices,
    forms,
    page_queries,
    preset_links,
    typed_name,
)
from application_status.quality.page.overview import figures
from application_status.quality.page.section import Section, why_unavailable
from application_status.quality.page.words import Numbers, format_days, name_of, with_id
from application_status.quality.reports.definitions import DEFINITIONS, definition
from application_status.quality.reports.endpoint import ReportBuilder, ReportSource
from application_status.quality.reports.formats import as_csv_of, as_csv_page, downloadable, sendable
from application_status.quality.reports.query import PAGE_PATH, Caller, QualityQuery, signed_in
from application_status.quality.reports.report import MEMBERS, QualityReport, Subject
from application_status.quality.rules.durations import MINIMUM
from application_status.texts.texts import LANGUAGES, Texts

_PAGES = Pages("application_status.quality.page", form_action="'self'", languages=LANGUAGES)
_MAIN = ("cohort", "activity", "silence")
_COMPARED = ("before", "benchmark")
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"  # without it, Excel does not read a file as UTF-8


def quality_page(request: Request, reports: ReportSource) -> Reply:
    """Reply with the page for a signed-in user, or with its tables as CSV.

    A name in place of an id leads to the page of the ATS, client or job with this name, or to a choice of several.

    Raises:
        InvalidFields: a parameter is wrong, or the table would be too large.
        Forbidden: the user may not see reports, or not these.
    """
    caller, now = signed_in(request.claims), reports.now()
    if typed := typed_name(request, caller):
        return _choice(typed, request, reports)
    queries = page_queries(request, caller, now.date())
    if queries.shows_definitions:
        return _definitions(now, request)
    logger.info("shown", csv=queries.csv)
    if queries.csv:
        return _download(queries, reports, request)
    shown = reports.built(now, lambda builder: _Shown.of(builder, caller, queries))
    return _page(caller, queries, shown, now, request)


class _Shown(NamedTuple):
    """The reports of a page by the name of their query, and the names that its form suggests, by input."""

    reports: Mapping[str, QualityReport]
    names: Mapping[str, Sequence[MemberName]]

    @classmethod
    def of(cls, builder: ReportBuilder, caller: Caller, queries: PageQueries) -> "_Shown":
        """Read the reports, and the names of what the reader can choose; a job only within a client."""
        whole = QualityQuery(ats=queries.main.ats if caller.is_board else None)
        within = {"ats": QualityQuery(), "client": whole, "job": queries.main}
        names = [by for by in choices(caller) if by != "job" or queries.main.client]
        return cls(builder.reports(queries.by_name), {by: builder.names(by, "", within[by]) for by in names})


def refused(error: Refusal, request: Request) -> Reply:
    """Return the reply to a refused request: a page at the page's path, else a problem document."""
    if request.resource != PAGE_PATH:
        return refusal(error, request)
    if isinstance(error, Unauthenticated):
        return not_signed_in(error, request)
    status, headers = PROBLEMS[type(error)].status, refusal_headers(error, "Bearer")
    t = preferred_texts(request)
    if isinstance(error, InvalidFields):
        return _wrong(error.errors, status, request, headers)
    key = "quality.forbidden" if isinstance(error, Forbidden) else "quality.refused"
    return _notice(status, t(key), request, headers)


def failed(problem: Problem, request: Request) -> Reply:
    """Return the reply to a failed request: a page at the page's path, else a problem document."""
    if request.resource != PAGE_PATH:
        return failure(problem, request)
    return _notice(problem.status, preferred_texts(request)("layout.failed"), request, retry_later())


def _notice(status: int, text: str, request: Request, headers: dict[str, str]) -> Reply:
    title = preferred_texts(request)("quality.title")
    return _PAGES.reply(request, status, "notice.html", headers, title=title, text=text, frame=frame(request))


def _wrong(errors: Sequence[FieldError], status: int, request: Request, headers: dict[str, str]) -> Reply:
    t = preferred_texts(request)
    given = {name: values[-1] for name, values in request.query.items()}
    return _PAGES.reply(
        request,
        status,
        "wrong.html",
        headers,
        title=t("quality.title"),
        forms=forms(signed_in(request.claims), given, t, kept=given, errors=errors),
        suggested={},
        frame=frame(request),
    )


def _choice(typed: Typed, request: Request, reports: ReportSource) -> Reply:
    """Reply with the way to the page of the only member that has the name, or with links to several.

    Raises:
        InvalidFields: there is none.
    """
    found = reports.built(reports.now(), lambda builder: builder.names(typed.by, typed.text, typed.within))
    if not found:
        raise InvalidFields((FieldError(f"/{typed.by}", "there is none with this name", "an id, or a name"),))
    links = [Link(with_id(each.name, each.id), typed.address(each.id), current=False) for each in found]
    if len(links) == 1:
        headers = {"Location": links[0].address, "Cache-Control": "no-store"}
        return {"statusCode": HTTPStatus.SEE_OTHER, "headers": headers, "body": ""}
    t = preferred_texts(request)
    title = t(f"quality.choose.{typed.by}")
    return _PAGES.reply(request, HTTPStatus.OK, "choice.html", title=title, links=links, frame=frame(request))


def _page(caller: Caller, queries: PageQueries, shown: _Shown, now: datetime, request: Request) -> Reply:
    t = preferred_texts(request)
    csvs = {
        name: downloadable(queries.by_name[name], found, request.prefix)
        for name, found in shown.reports.items()
        if name not in _COMPARED
    }
    reports = {name: csvs.get(name) or found for name, found in shown.reports.items()}
    numbers = of_period(reports, t)
    all_sections = list(sections(caller, queries, reports, t))
    empty = [each.heading for each in all_sections if each.is_empty and not each.unavailable]
    of, main = reports["cohort"].of, queries.main
    return _PAGES.reply(
        request,
        HTTPStatus.OK,
        "page.html",
        title=t("quality.title"),
        subject=_subject(main, of, t),
        days=format_days(main.first, main.last, t) if main.first and main.last else "",
        before=_before(queries, t),
        left_out=0 if main.ats or main.client else reports["cohort"].hidden,
        today=t.day(now.date()),
        forms=forms(
            caller,
            {**queries.filled_in, **_chosen(queries, of)},
            t,
            kept={**queries.filters, "interval": queries.interval},
        ),
        periods=preset_links(queries, t),
        suggested={by: [with_id(each.name, each.id) for each in names] for by, names in shown.names.items()},
        silent=per_ats.silent(reports["health"].rows, t) if "health" in reports else (),
        figures=figures(numbers, *(Numbers(reports[name].rows if name in reports else (), t) for name in _COMPARED)),
        sections=[each for each in all_sections if each.unavailable or not each.is_empty],
        empty=", ".join(empty),
        csv_address=queries.csv_address,
        too_large={name for name, found in csvs.items() if not found},
        definitions_address=queries.address(show=DEFINITIONS_PAGE),
        frame=frame(request),
    )


def _definitions(now: datetime, request: Request) -> Reply:
    """Reply with the page that says what each number means, and what is not shown."""
    t = preferred_texts(request)
    return _PAGES.reply(
        request,
        HTTPStatus.OK,
        "definitions.html",
        title=t("quality.meaning"),
        definitions=[(family, definition(family, t)) for family in DEFINITIONS],
        minimum=MINIMUM,
        zone=str(now.tzinfo),
        frame=frame(request),
    )


def _before(queries: PageQueries, t: Texts) -> str:
    """Return the days with which the key figures are compared; empty if there are none."""
    before = queries.by_name.get("before")
    return format_days(before.first, before.last, t) if before and before.first and before.last else ""


def _chosen(queries: PageQueries, of: Subject) -> Mapping[str, str]:
    """Return the subject of the page as its form shows it: names with ids."""
    chosen = ((by, getattr(queries.main, by)) for by in SUBJECTS)
    return {by: with_id(name_of(of, MEMBERS[by]), member_id) for by, member_id in chosen if member_id}


def _subject(query: QualityQuery, of: Subject, t: Texts) -> str:
    """Return the page's subject by name: an ATS, a client, a job or all ATSs."""
    client = name_of(of, "Client") or query.client or ""
    if query.job:
        return t("quality.job_at", job=with_id(name_of(of, "Job"), query.job), client=client)
    return client or name_of(of, "Ats") or query.ats or t("quality.all_atss")


def _download(queries: PageQueries, reports: ReportSource, request: Request) -> Reply:
    """Return a report, or all of the page, as a CSV file that spreadsheets read.

    Ids have colons, which no file name has on Windows.
    """
    main = queries.main
    query = queries.by_name.get(queries.csv, main)
    parts = ("applicant-quality", queries.csv, query.ats, query.client, query.job, query.first, query.last)
    file_name = "-".join(str(part) for part in parts if part).replace(":", "-")
    now = reports.now()
    if queries.csv == ALL:
        found = reports.built(now, lambda builder: builder.reports(queries.by_name))
        answer = as_csv_of(found, request.prefix)
    else:
        one = reports.built(now, lambda builder: builder.report(query))
        answer = sendable(query, one, lambda report: as_csv_page(report, request), parameter="csv")
    headers = {"Content-Disposition": f'attachment; filename="{file_name}.csv"', "X-Content-Type-Options": "nosniff"}
    return answer | {"body": f"{_BYTE_ORDER_MARK}{answer['body']}", "headers": answer["headers"] | headers}


def of_period(reports: Mapping[str, QualityReport], t: Texts) -> Numbers:
    """Return the numbers about the whole period; each measure is in one kind of report only."""
    return Numbers((row for name in _MAIN for row in reports[name].rows), t)


def sections(caller: Caller, queries: PageQueries, reports: Mapping[str, QualityReport], t: Texts) -> Iterator[Section]:
    """Yield the sections of the page, in order."""
    numbers = of_period(reports, t)

    def why(name: str) -> str:
        return why_unavailable(queries.by_name[name], reports[name], t)

    if "health" in reports:
        yield per_ats.health(reports["health"].rows, why("health"), t)
    yield overview.funnel(numbers)
    yield overview.outcomes(numbers)
    if "over-time" in reports:
        yield per_row.over_time(queries.by_name["over-time"], reports["over-time"], why("over-time"), t)
    if name := queries.list_name:
        found = reports[name]
        links = per_row.ListLinks(queries, found.following, can_sort=not found.unsorted, can_open=caller.is_board)
        yield per_row.comparison(queries.by_name[name], found, links, t)
    yield overview.waiting(numbers)
    yield overview.times(numbers)
    yield overview.silence(numbers)
    yield overview.coverage(numbers)
    if "unmapped" in reports:
        yield per_ats.unmapped(reports["unmapped"], t)
