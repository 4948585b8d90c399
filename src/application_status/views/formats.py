"""A report in the media type that the caller asks for: JSON or CSV."""

import csv
import io
import re
from typing import Any

from application_status.errors import NotAcceptable
from application_status.gateway.problems import Reply, reply
from application_status.gateway.request import Request
from application_status.model.definitions import family
from application_status.model.escaping import spreadsheet_cell
from application_status.model.quality_report import Number
from application_status.views.query import QualityQuery
from application_status.views.report import Report, Row

JSON, CSV = "application/json", "text/csv"
DEFINITIONS_PATH = "/api/quality/definitions"
_QUALITY = re.compile(r"[01](\.[0-9]{0,3})?")
_COLUMNS = ("ats", "client", "job", "from", "to", "measure", "unit", "value", "population", "definition")


def media_type(request: Request) -> str:
    """Return the one of JSON and CSV that `Accept` prefers, JSON at a tie; NotAcceptable where it wants neither.

    https://www.rfc-editor.org/rfc/rfc9110#name-accept
    """
    accept = ",".join(request.headers.get("accept", ())) or "*/*"
    ranges = dict(_range(each) for each in accept.lower().split(","))
    quality = {
        kind: next((ranges[each] for each in (kind, kind.partition("/")[0] + "/*", "*/*") if each in ranges), 0.0)
        for kind in (JSON, CSV)
    }
    best = max(quality, key=lambda kind: quality[kind])
    if quality[best] <= 0:
        raise NotAcceptable(f"Accept {JSON} or {CSV}.")
    return best


def as_json(query: QualityQuery, found: Report, context: dict[str, Any]) -> Reply:
    """Return the report in JSON."""
    rows = [{**row.of, **_period(row), "Numbers": [_number(each) for each in row.numbers]} for row in found.rows]
    return reply(200, {"Kind": query.kind, "Interval": query.interval, **context, "Rows": rows, "Hidden": found.hidden})


def as_csv(found: Report) -> Reply:
    """Return the report in CSV (RFC 4180), a line for each number; an empty value means that it is not known.

    A cell that a spreadsheet would take for a formula has an apostrophe before it.
    """
    text = io.StringIO()
    lines = csv.DictWriter(text, _COLUMNS, restval="")
    lines.writeheader()
    for row in found.rows:
        of = {name.lower(): value for name, value in {**row.of, **_period(row)}.items()}
        for each in row.numbers:
            cells = of | {name.lower(): value for name, value in _number(each).items()}
            lines.writerow({n: spreadsheet_cell(cell) if isinstance(cell, str) else cell for n, cell in cells.items()})
    answer = reply(200, {}, **{"Content-Type": "text/csv; charset=utf-8"})
    return answer | {"body": text.getvalue()}


def _range(text: str) -> tuple[str, float]:
    kind, *parameters = (part.strip() for part in text.split(";"))
    quality = next((each.removeprefix("q=") for each in parameters if each.startswith("q=")), "1")
    return kind, float(quality) if _QUALITY.fullmatch(quality) else 0.0


def _period(row: Row) -> dict[str, str]:
    return {"From": row.first.isoformat(), "To": row.last.isoformat()}


def _number(number: Number) -> dict[str, Any]:
    return {
        "Measure": number.measure,
        "Unit": number.unit,
        "Value": number.value,
        "Population": number.population,
        "Definition": f"{DEFINITIONS_PATH}#{family(number.measure)}",
    }
