"""The form of the quality page, and the report queries that follow from it.

`page_queries` reads the page's address; `form` returns the form filled in, with the errors in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from application_status.platform.errors import FieldError, InvalidFields
from application_status.platform.http.body import message
from application_status.platform.http.endpoint import Request
from application_status.quality.reports.query import Caller, QualityQuery, parameters, query_from
from application_status.quality.rules.periods import Interval

FILTERS = ("from", "to", "ats", "client", "job")
_PERIOD = ("from", "to")


class _Address(BaseModel):
    """The parameters of the page; the values of its filters are validated by QualityQuery."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid")

    first: Annotated[str | None, Field(alias="from")] = None
    to: str | None = None
    ats: str | None = None
    client: str | None = None
    job: str | None = None
    interval: Annotated[Literal["day", "week", "month"], Field(description="day, week or month")] = "week"
    after: str | None = None
    csv: str | None = None


@dataclass(frozen=True, slots=True)
class PageQueries:
    """The report queries of a page by name, and the filters and interval behind them; `csv` names one to download.

    `after` is the id after which the page's list begins.
    """

    filters: Mapping[str, str]
    interval: Interval
    by_name: Mapping[str, QualityQuery]
    after: str | None
    csv: str | None

    def address(self, **more: str) -> str:
        """Return the page's address, relative to itself, with the same filters and these parameters.

        With a client, the page is no longer about an ATS.
        """
        filters = {name: value for name, value in self.filters.items() if name != "ats" or "client" not in more}
        interval = {} if self.interval is Interval.WEEK else {"interval": self.interval}
        return f"?{urlencode({**filters, **interval, **more})}"

    def csv_address(self, name: str) -> str:
        """Return the address of a report as CSV; of a list, the same page."""
        after = {"after": self.after} if self.after and self.by_name[name].is_list else {}
        return self.address(**after, csv=name)

    @property
    def filled_in(self) -> Mapping[str, str]:
        """The values of the form's inputs: the filters, the interval, and the period even if it is the default."""
        days = {"from": self.main.first, "to": self.main.last}
        return {**self.filters, **{name: str(day) for name, day in days.items() if day}, "interval": self.interval}

    @property
    def main(self) -> QualityQuery:
        """The query that has the page's subject and period."""
        return self.by_name["cohort"]


def page_queries(request: Request, caller: Caller, today: date) -> PageQueries:
    """Return the queries of a page; empty filters are ignored.

    So are the period of a job, and `after` if the page has no list.

    Raises:
        InvalidFields: a parameter is wrong.
        Forbidden: the page would not be about the caller.
    """
    given = {name: value for name, value in parameters(request).items() if value}
    address = message(_Address, given)
    kept = [name for name in FILTERS if "job" not in given or name not in _PERIOD]
    filters = {name: given[name] for name in kept if name in given}
    interval = Interval(address.interval)
    queries = {
        name: query_from({**common, **own}, caller, today)
        for name, common, own in _query_parameters(filters, interval, address.after, caller)
    }
    if address.csv and address.csv not in queries:
        raise InvalidFields((FieldError("/csv", "this page has no such table", f"one of {', '.join(queries)}"),))
    return PageQueries(filters, interval, queries, address.after, address.csv)


type _QueryParameters = tuple[str, Mapping[str, str], Mapping[str, str]]


def _query_parameters(
    filters: Mapping[str, str], interval: Interval, after: str | None, caller: Caller
) -> list[_QueryParameters]:
    """Return the name of each query, the filters that apply to it, and its other parameters."""
    subject = {name: value for name, value in filters.items() if name not in _PERIOD}
    of_client = bool(caller.client_id) or "client" in filters
    found: list[_QueryParameters] = [
        ("cohort", filters, {}),
        ("activity", filters, {"kind": "activity"}),
        ("silence", subject, {"kind": "silence"}),
    ]
    if "job" not in filters:
        found.append(("over-time", filters, {"kind": "activity", "interval": interval}))
    if not of_client and "job" not in filters:
        found += [("health", filters, {"kind": "health"}), ("unmapped", subject, {"kind": "unmapped"})]
    page = {"after": after} if after else {}
    if of_client and "job" not in filters:
        found.append(("by-job", subject, {"by": "job", **page}))
    if (caller.ats_id or "ats" in filters) and not of_client:
        found.append(("by-client", subject, {"by": "client", **page}))
    if caller.is_board and not subject:
        found.append(("by-ats", filters, {"by": "ats", **page}))
    return found


INTERVALS = (Interval.DAY, Interval.WEEK, Interval.MONTH)
_LABELS = {"from": "From", "to": "To", "ats": "ATS", "client": "or client", "job": "Job"}


class Suggestion(NamedTuple):
    """A value to choose, and its name, which may be empty."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class Input:
    """An input of the form."""

    name: str
    label: str
    type: str
    value: str
    suggested: Sequence[Suggestion]
    wrong: bool


@dataclass(frozen=True, slots=True)
class Form:
    """The form: its inputs, the interval chosen, and the errors in the values sent."""

    fields: Sequence[Input]
    interval: str
    errors: Sequence[FieldError]


def form(
    caller: Caller,
    given: Mapping[str, str],
    *,
    suggested: Mapping[str, Sequence[Suggestion]] | None = None,
    errors: Sequence[FieldError] = (),
) -> Form:
    """Return the form for a caller, filled in with the values given."""
    names = ["from", "to"]
    names += ["ats", "client", "job"] if caller.is_board else ["job"] if caller.client_id else []
    fields = [
        Input(
            name=name,
            label=_LABELS[name],
            type="date" if name in {"from", "to"} else "text",
            value=given.get(name, ""),
            suggested=(suggested or {}).get(name, ()),
            wrong=any(error.pointer == f"/{name}" for error in errors),
        )
        for name in names
    ]
    return Form(fields, given.get("interval", Interval.WEEK), errors)
