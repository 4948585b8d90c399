"""The address of the quality page, the report queries that follow from it, and the forms that change it.

`page_queries` reads the address; `forms` returns what a person can choose, filled in.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from application_status.platform.errors import FieldError, InvalidFields
from application_status.platform.http.body import message
from application_status.platform.http.endpoint import Request
from application_status.platform.http.html import Link
from application_status.quality.reports.query import Caller, QualityQuery, parameters, query_from
from application_status.quality.rules.periods import Interval, presets
from application_status.texts.texts import Texts

SUBJECTS: Final = ("ats", "client", "job")
INTERVALS = (Interval.DAY, Interval.WEEK, Interval.MONTH)
ALL = "all"
"""The name of the CSV with all reports of the page."""

DEFINITIONS_PAGE = "definitions"
"""The value of `show` for the page about the meaning of the numbers."""

_DAYS = ("from", "to")
_FILTERS = ("period", *_DAYS, *SUBJECTS)
PRESETS = ("30-days", "90-days", "quarter", "last-quarter", "year")
_DEFAULT_PRESET = "90-days"
_LARGEST_FIRST = "-applications"
_ID = re.compile(r"[0-9A-Za-z._:-]{1,64}")
_NAME_WITH_ID = re.compile(r".*\(([0-9A-Za-z._:-]{1,64})\)\s*", re.DOTALL)


class _Address(BaseModel):
    """The parameters of the page; the values of its filters are validated by QualityQuery."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid")

    period: Annotated[
        Literal["30-days", "90-days", "quarter", "last-quarter", "year"] | None,
        Field(description="30-days, 90-days, quarter, last-quarter or year"),
    ] = None
    first: Annotated[str | None, Field(alias="from")] = None
    to: str | None = None
    ats: str | None = None
    client: str | None = None
    job: str | None = None
    interval: Annotated[Literal["day", "week", "month"], Field(description="day, week or month")] = "week"
    by: Annotated[Literal["ats", "client"] | None, Field(description="ats or client")] = None
    sort: str | None = None
    after: str | None = None
    csv: str | None = None
    show: Literal["definitions"] | None = None
    typed: Annotated[str | None, Field(description="the filters that a person may have typed: names, and not ids")] = (
        None
    )


@dataclass(frozen=True, slots=True)
class PageQueries:
    """The report queries of a page by name, and the filters behind them; `csv` names one to download.

    It may ask for the definitions instead. `listed` has the parameters of the page's list: what it lists if the reader
    can choose, its order, and the id after which it begins.
    """

    filters: Mapping[str, str]
    interval: Interval
    by_name: Mapping[str, QualityQuery]
    listed: Mapping[str, str]
    csv: str
    shows_definitions: bool

    def address(self, **more: str) -> str:
        """Return the page's address, relative to itself, with the same filters and these parameters.

        A client replaces an ATS. An empty value removes a parameter.
        """
        replaced = {"ats"} if more.get("client") else set[str]()
        filters = {name: value for name, value in self.filters.items() if name not in replaced}
        interval = {} if self.interval is Interval.WEEK else {"interval": self.interval}
        return f"?{urlencode({name: value for name, value in {**filters, **interval, **more}.items() if value})}"

    def csv_address(self, name: str) -> str:
        """Return the address of a report as CSV; of a list, the same page in the same order."""
        listed = self.listed if self.list_name and name in {ALL, self.list_name} else {}
        return self.address(**listed, csv=name)

    @property
    def list_name(self) -> str:
        """The name of the page's list; empty if it has none."""
        return next((name for name, query in self.by_name.items() if query.is_list), "")

    @property
    def main(self) -> QualityQuery:
        """The query that has the page's subject and period."""
        return self.by_name["cohort"]

    @property
    def filled_in(self) -> Mapping[str, str]:
        """The values of the forms' inputs: the filters, the interval, and the period even if it is the default."""
        days = {"from": self.main.first, "to": self.main.last}
        return {**self.filters, **{name: str(day) for name, day in days.items() if day}, "interval": self.interval}

    @property
    def preset(self) -> str:
        """The name of the period; empty if the days are others."""
        default = "" if self.filters.keys() & {*_DAYS, "job"} else _DEFAULT_PRESET
        return self.filters.get("period", default)


def page_queries(request: Request, caller: Caller, today: date) -> PageQueries:
    """Return the queries of a page; empty filters are ignored.

    So are the period of a job, and the order and `after` if the page has no list.

    Raises:
        InvalidFields: a parameter is wrong.
        Forbidden: the page would not be about the caller.
    """
    given = _with_ids({name: value for name, value in parameters(request).items() if value}, caller)
    address = message(_Address, given)
    dated = bool(given.keys() & set(_DAYS))
    ignored = {"period", *_DAYS} if address.job else {"period"} if dated else set[str]()
    filters = {name: given[name] for name in _FILTERS if name in given and name not in ignored}
    interval = Interval(address.interval)
    asked = {name: value for name, value in filters.items() if name != "period"}
    if "period" in filters:
        first, last = presets(today)[filters["period"]]
        asked |= {"from": first.isoformat(), "to": last.isoformat()}
    listed = {"by": address.by or "", "sort": address.sort or "", "after": address.after or ""}
    queries = {
        name: query_from({**common, **own}, caller, today)
        for name, common, own in _query_parameters(asked, interval, listed, caller)
    }
    queries |= dict(_compared(queries["cohort"], today))
    if address.csv and address.csv not in {*queries, ALL}:
        known = ", ".join((*queries, ALL))
        raise InvalidFields((FieldError("/csv", "this page has no such table", f"one of {known}"),))
    return PageQueries(filters, interval, queries, listed, address.csv or "", bool(address.show))


type _QueryParameters = tuple[str, Mapping[str, str], Mapping[str, str]]


def _query_parameters(
    filters: Mapping[str, str], interval: Interval, listed: Mapping[str, str], caller: Caller
) -> list[_QueryParameters]:
    """Return the name of each query, the filters that apply to it, and its other parameters."""
    subject = {name: value for name, value in filters.items() if name in SUBJECTS}
    of_client, of_job = bool(caller.client_id) or "client" in filters, "job" in filters
    of_ats = bool(caller.ats_id) or "ats" in filters
    found: list[_QueryParameters] = [
        ("cohort", filters, {}),
        ("activity", filters, {"kind": "activity"}),
        ("silence", subject, {"kind": "silence"}),
    ]
    if not of_job:
        found.append(("over-time", filters, {"kind": "activity", "interval": interval}))
    if not of_client and not of_job:
        found += [("health", filters, {"kind": "health"}), ("unmapped", subject, {"kind": "unmapped"})]
    order = {"sort": listed["sort"] or _LARGEST_FIRST} | ({"after": listed["after"]} if listed["after"] else {})
    if of_client and not of_job:
        found.append(("by-job", subject, {"by": "job", **order}))
    elif (of_ats and not of_client) or (not subject and listed["by"] == "client"):
        found.append(("by-client", subject, {"by": "client", **order}))
    elif not subject:
        found.append(("by-ats", filters, {"by": "ats", **order}))
    return found


def _compared(cohort: QualityQuery, today: date) -> Iterator[tuple[str, QualityQuery]]:
    """Yield the queries with which the page's key figures are compared: the period before, and all ATSs."""
    if cohort.before:
        yield "before", cohort.before
    days = {"first": cohort.first, "last": cohort.last}
    if (cohort.ats or cohort.client) and (cohort.first, cohort.last) in presets(today).values():
        yield "benchmark", QualityQuery(kind="benchmark").model_copy(update=days)


@dataclass(frozen=True, slots=True)
class Typed:
    """A name, or the beginning of one, that was typed in place of an id; `given` are all parameters of the address."""

    by: Literal["ats", "client", "job"]
    text: str
    within: QualityQuery
    given: Mapping[str, str]

    def address(self, member_id: str) -> str:
        """Return the address of the page about a member."""
        others = " ".join(name for name in self.given.get("typed", "").split() if name != self.by)
        found = {**self.given, self.by: member_id, "typed": others}
        return f"?{urlencode({name: value for name, value in found.items() if value})}"


def typed_name(request: Request, caller: Caller) -> Typed | None:
    """Return the first filter that a caller filled in with a name rather than an id.

    A single word could be either. It may be a name if `typed` lists the filter, as it does in the page's form.
    """
    sent = {name: values[-1] for name, values in request.query.items() if values[-1]}
    given = _with_ids(sent, caller)
    client, typed = caller.client_id or given.get("client"), sent.get("typed", "").split()
    for by in choices(caller):
        text = given.get(by, "").strip()
        is_id = _ID.fullmatch(text) and (by not in typed or _NAME_WITH_ID.fullmatch(sent[by]))
        if text and not is_id and (by != "job" or client):
            within = QualityQuery(client=client) if by == "job" else QualityQuery()
            return Typed(by, text, within, given)
    return None


def _with_ids(given: Mapping[str, str], caller: Caller) -> dict[str, str]:
    """Return the parameters with ids in place of names with ids; for the board, a client replaces an ATS."""
    found = dict(given)
    for name in SUBJECTS:
        if with_id := _NAME_WITH_ID.fullmatch(found.get(name, "")):
            found[name] = with_id[1]
    if caller.is_board and found.get("client"):
        found.pop("ats", None)
    return found


def choices(caller: Caller) -> Sequence[Literal["ats", "client", "job"]]:
    """Return the subjects that a caller can choose."""
    return SUBJECTS if caller.is_board else ("job",) if caller.client_id else ()


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a form."""

    name: str
    label: str
    type: str
    value: str
    wrong: bool


@dataclass(frozen=True, slots=True)
class Forms:
    """What a reader can choose: a subject, days, and the interval of the chart.

    `kept` are the parameters that each form sends along, by the form's name. `errors` are those of the values sent.
    """

    subject: Sequence[Input]
    days: Sequence[Input]
    intervals: Sequence[tuple[str, bool]]
    kept: Mapping[str, Mapping[str, str]]
    errors: Sequence[str]


def forms(
    caller: Caller,
    given: Mapping[str, str],
    t: Texts,
    *,
    kept: Mapping[str, str],
    errors: Sequence[FieldError] = (),
) -> Forms:
    """Return the forms for a caller, filled in with the values given; `kept` are the page's own parameters."""
    wrong = {error.pointer[1:] for error in errors}

    def field(name: str, kind: str) -> Input:
        shown_as = "text" if name in wrong else kind  # an input for dates shows no text that is none
        return Input(name, t(f"quality.form.{name}"), shown_as, given.get(name, ""), name in wrong)

    interval = given.get("interval", Interval.WEEK)
    return Forms(
        subject=[field(name, "text") for name in choices(caller)],
        days=[field(name, "date") for name in _DAYS],
        intervals=[(each, each == interval) for each in INTERVALS],
        kept={
            "subject": {name: value for name, value in kept.items() if name in {"period", *_DAYS, "interval"}},
            "days": {name: value for name, value in kept.items() if name in SUBJECTS},
        },
        errors=[_correction(error, t) for error in errors],
    )


def preset_links(queries: PageQueries, t: Texts) -> Sequence[Link]:
    """Return the links to the periods by name; a page about a job has none."""
    if queries.main.job:
        return ()
    return [
        Link(
            t(f"quality.preset.{name}"),
            queries.address(period="" if name == _DEFAULT_PRESET else name, **dict.fromkeys(_DAYS, "")),
            name == queries.preset,
        )
        for name in PRESETS
    ]


def _correction(error: FieldError, t: Texts) -> str:
    """Return what to enter instead of a wrong value."""
    name = error.pointer[1:]
    if f"quality.wrong.{name}" in t.keys():  # noqa: SIM118  # of texts, not of a mapping
        return t(f"quality.wrong.{name}")
    return t("quality.wrong.unknown", name=name)
