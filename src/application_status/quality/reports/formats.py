"""Quality reports as JSON or CSV."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TypedDict
from urllib.parse import urlencode

from application_status.platform.errors import FieldError, InvalidFields, NotAcceptable
from application_status.platform.escaping import spreadsheet_cell
from application_status.platform.http.endpoint import Reply, Request, qualities, reply
from application_status.platform.values import DateText
from application_status.quality.reports.query import QualityQuery, ReportKind, parameters
from application_status.quality.reports.report import MEMBERS, ROWS_LIMIT, QualityReport, Row, Subject, days_of
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import Number, Unit, family
from application_status.quality.rules.periods import Interval

JSON, CSV = "application/json", "text/csv"
REPLY_LIMIT_BYTES = 1_000_000
"""The largest body of a report; Lambda's own limit is six times as large."""

_NUMBER_BYTES = 50  # the least that a number takes in either format
DEFINITIONS_PATH = "/api/quality/definitions"
_COLUMNS: Mapping[str, str] = {
    "Ats": "ats",
    "AtsName": "ats_name",
    "Client": "client",
    "Company": "company",
    "Job": "job",
    "JobTitle": "job_title",
    "From": "from",
    "To": "to",
    "Measure": "measure",
    "Unit": "unit",
    "Value": "value",
    "Population": "population",
    "Definition": "definition",
}
"""The columns of CSV, by the name of the member in JSON."""


def media_type(request: Request) -> str:
    """Return the media type that `Accept` prefers: JSON or CSV, and JSON if both are equal.

    Raises:
        NotAcceptable: `Accept` allows neither.

    https://www.rfc-editor.org/rfc/rfc9110#name-accept
    """
    ranges = qualities(request, "Accept") or {"*/*": 1.0}
    quality = {
        kind: next((ranges[each] for each in (kind, kind.partition("/")[0] + "/*", "*/*") if each in ranges), 0.0)
        for kind in (JSON, CSV)
    }
    best = max(quality, key=lambda kind: quality[kind])
    if quality[best] <= 0:
        raise NotAcceptable(f"Accept {JSON} or {CSV}.")
    return best


class QualityNumber(TypedDict):
    """A number of a report; its value is null if it is unknown."""

    Measure: str
    Unit: Unit
    Value: float | None
    Population: int
    """The number of applications, entries, reports or requests that it is about."""
    Definition: str
    """The path of its definition; the fragment is a member of that JSON object."""


class QualityRow(Subject):
    """The numbers of a period about an ATS, a client or a job, or about all ATSs."""

    From: DateText | None
    """The first day that the numbers cover; null for the whole life of a job or client."""
    To: DateText | None
    """The last day that the numbers cover; null for the whole life of a job or client."""
    Numbers: Sequence[QualityNumber]


class QualityReply(TypedDict):
    """A quality report."""

    Kind: ReportKind
    Interval: Interval
    From: DateText | None
    """The first day of the period; null for reports as of today and over whole lives."""
    To: DateText | None
    """The last day of the period; null for reports as of today and over whole lives."""
    Of: Subject
    """The subject of the report, with the names of its ATS, client and job; empty if it is about all ATSs."""
    TimeZone: str
    Today: DateText
    MinimumApplications: int
    """The minimum number of applications behind a number."""
    RequestId: str
    Rows: Sequence[QualityRow]
    Hidden: int
    """The number of ATSs, clients, jobs or labels left out, as they have too few applications."""
    Cut: int
    """The number of labels left out, as others are more frequent, or of members that a search found beyond the page."""
    Next: str | None
    """The value of `after` for the next page of a list; null on the last page, and if the report is no list."""


def as_json(query: QualityQuery, found: QualityReport, now: datetime, request: Request) -> Reply:
    """Return the report in JSON; `now` is in the reporting time zone."""
    body: QualityReply = {
        "Kind": query.kind,
        "Interval": query.interval,
        "From": _day(query.first),
        "To": _day(query.last),
        "Of": found.of,
        "TimeZone": str(now.tzinfo),
        "Today": now.date().isoformat(),
        "MinimumApplications": MINIMUM,
        "RequestId": request.request_id,
        "Rows": [_row(each, request.prefix) for each in found.rows],
        "Hidden": found.hidden,
        "Cut": found.cut,
        "Next": found.following,
    }
    return reply(200, body)


def as_csv(found: QualityReport, prefix: str) -> Reply:
    """Return the report in CSV (RFC 4180), a line for each number; an unknown value is empty.

    `prefix` is the request's, for the addresses of the definitions.
    A cell that a spreadsheet would take for a formula gets an apostrophe in front. CSV leaves out what is about the
    report as a whole: its period, how much is hidden or cut, and the next page.
    """
    return _csv_reply(tuple(_COLUMNS.values()), _lines(found, prefix))


def as_csv_of(found: Mapping[str, QualityReport], prefix: str) -> Reply:
    """Return several reports in one CSV, as `as_csv` writes each; the first column is the name of the report.

    Raises:
        InvalidFields: the reply is too large; it is about the parameter `csv`.
    """
    lines = ({"report": name, **line} for name, report in found.items() for line in _lines(report, prefix))
    answer = _csv_reply(("report", *_COLUMNS.values()), lines)
    if len(answer["body"].encode()) > REPLY_LIMIT_BYTES:
        detail = f"all reports together take more than {REPLY_LIMIT_BYTES:,} bytes"
        raise InvalidFields((FieldError("/csv", detail, f"one of {', '.join(found)}, or fewer days"),))
    return answer


def _lines(found: QualityReport, prefix: str) -> Iterator[Mapping[str, object]]:
    """Yield the cells of a line for each number."""
    for row in (_row(each, prefix) for each in found.rows):
        of = {_COLUMNS[name]: value for name, value in row.items() if name != "Numbers"}
        for each in row["Numbers"]:
            yield of | {_COLUMNS[name]: value for name, value in each.items()}


def _csv_reply(columns: Sequence[str], lines: Iterable[Mapping[str, object]]) -> Reply:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    for line in lines:
        writer.writerow(
            {name: spreadsheet_cell(cell) if isinstance(cell, str) else cell for name, cell in line.items()}
        )
    return reply(200, {}, **{"Content-Type": "text/csv; charset=utf-8"}) | {"body": text.getvalue()}


def as_csv_page(found: QualityReport, request: Request) -> Reply:
    """Return the report in CSV, with the address of a list's next page in the header `Link` (RFC 8288).

    The address is that of the request, with another `after`, relative to the same path.
    """
    answer = as_csv(found, request.prefix)
    if found.following:
        answer["headers"]["Link"] = f'<?{urlencode({**parameters(request), "after": found.following})}>; rel="next"'
    return answer


def sendable(
    query: QualityQuery, found: QualityReport, written: Callable[[QualityReport], Reply], parameter: str | None = None
) -> Reply:
    """Return a report as `written` formats it; a page of a list ends with the last member that fits.

    Raises:
        InvalidFields: the reply is too large; it is about `parameter`, or else about the one to change.
    """
    fitting = _fitting(query, found, written)
    if fitting is None:
        wrong = too_large(query, found)
        raise InvalidFields((replace(wrong, pointer=f"/{parameter}") if parameter else wrong,))
    return fitting[1]


def downloadable(query: QualityQuery, found: QualityReport, prefix: str) -> QualityReport | None:
    """Return the rows of a report that its CSV has; None if it is too large. `prefix` is the request's."""
    fitting = _fitting(query, found, lambda report: as_csv(report, prefix))
    return fitting[0] if fitting else None


def _fitting(
    query: QualityQuery, found: QualityReport, written: Callable[[QualityReport], Reply]
) -> tuple[QualityReport, Reply] | None:
    """Return a report as `written` formats it, and its rows; None if it is too large.

    Names are repeated in each line of CSV, so the size of a list depends on them.
    """
    if found.too_many or found.too_long or found.amount * _NUMBER_BYTES > REPLY_LIMIT_BYTES:
        return None
    while True:
        answer = written(found)
        size = len(answer["body"].encode())
        if size <= REPLY_LIMIT_BYTES:
            return found, answer
        is_row_each = query.is_list and query.interval is Interval.ALL
        if not is_row_each or len(found.rows) == 1:
            return None
        rows = found.rows[: max(1, len(found.rows) * REPLY_LIMIT_BYTES // size)]
        found = replace(found, rows=rows, following=rows[-1].of[MEMBERS[query.by]])


def too_large(query: QualityQuery, found: QualityReport) -> FieldError:
    """Return what is too large about a report: the parameter to change, and the value to send."""
    if found.too_long:
        period = f"{query.first} to {query.last} has {days_of(query):,} days"
        if query.kind == "health":
            whom, instead = ("one ATS", "") if query.ats else ("all ATSs", ", or one ATS")
            detail = f"{period}, and a report about the health of {whom} covers at most {found.too_long} days"
            return FieldError("/from", detail, f"at most {found.too_long} days{instead}")
        detail = f"{period}, and a report about several ATSs by day or week covers at most {found.too_long} days"
        return FieldError("/interval", detail, f"month, at most {found.too_long} days, or one ATS")
    if found.too_many:
        detail = f"the report would have {found.too_many:,} rows, and {ROWS_LIMIT} is the most"
    else:
        detail = f"the report would have {found.amount:,} numbers, which take more than {REPLY_LIMIT_BYTES:,} bytes"
    if query.interval is Interval.ALL:
        return FieldError("/ats", detail, "one ATS")
    return FieldError("/interval", detail, "a longer interval, or fewer days between from and to")


def _day(day: date | None) -> DateText | None:
    return day.isoformat() if day else None


def _row(row: Row, prefix: str) -> QualityRow:
    return {
        **row.of,
        "From": _day(row.first),
        "To": _day(row.last),
        "Numbers": [_number(each, prefix) for each in row.numbers],
    }


def _number(number: Number, prefix: str) -> QualityNumber:
    return {
        "Measure": number.measure,
        "Unit": number.unit,
        "Value": number.value,
        "Population": number.population,
        "Definition": f"{prefix}{DEFINITIONS_PATH}#{family(number.measure)}",
    }
