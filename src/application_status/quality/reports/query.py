"""The query of a quality report, and its caller: who asks, about whom, which days and which numbers.

`identify_caller` returns the caller: an ATS by its token, a signed-in user by the claims, the board by its IAM
credentials. `quality_query` reads the query's parameters and restricts it to what the caller may see.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Self, cast, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from application_status.access.assignments import ATS_CLAIM, CLIENT_CLAIM, GROUPS_CLAIM, STAFF
from application_status.access.sessions import QUALITY_PAGE
from application_status.access.tokens import TokenLookup, calling_ats
from application_status.platform.errors import FieldError, Forbidden, InvalidFields
from application_status.platform.http.body import message
from application_status.platform.http.endpoint import Request
from application_status.quality.rules.periods import Interval, days_before, presets, requested_days


def _written_as_a_date(value: Any) -> Any:
    """Refuse date-times, and numbers, which pydantic would read as seconds since 1970."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("Input should be a date")
    return value


type _Date = Annotated[date, BeforeValidator(_written_as_a_date)]
type _Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._:-]{1,64}$")]
type ReportKind = Literal["cohort", "activity", "silence", "health", "unmapped", "benchmark"]

_OF_TODAY = {"silence", "unmapped"}
_NO_LISTS = {"health", "unmapped", "benchmark"}

type SortColumn = Literal["applications", "feedback", "interview", "hired", "first_response", "name"]
"""A column by which lists can be sorted."""

SORT_COLUMNS: tuple[SortColumn, ...] = get_args(SortColumn.__value__)
_SORT = rf"^-?(?:{'|'.join(SORT_COLUMNS)})$"


class QualityQuery(BaseModel):
    """The parameters of a quality report."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid")

    kind: Annotated[ReportKind, Field(description="cohort, activity, silence, health, unmapped or benchmark")] = (
        "cohort"
    )
    interval: Annotated[Interval, Field(description="day, week, month or all")] = Interval.ALL
    first: Annotated[
        _Date | None, Field(alias="from", description="a date, 2026-09-01; by default 89 days before to")
    ] = None
    last: Annotated[
        _Date | None, Field(alias="to", description="a date, 2026-11-30, not before from; by default today")
    ] = None
    ats: Annotated[_Id | None, Field(description="an ATS's id")] = None
    client: Annotated[_Id | None, Field(description="a client's id, not together with ats")] = None
    job: Annotated[_Id | None, Field(description="a job's id, together with its client")] = None
    by: Annotated[
        Literal["ats", "client", "job"] | None,
        Field(description="a list: ats; client, of one ats or, for the board, of all; or job, together with client"),
    ] = None
    after: Annotated[
        _Id | None, Field(description="the id after which a page of a list begins: Next of the page before it")
    ] = None
    search: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=100)] | None,
        Field(description="the beginning of a name, or an id: only these members of a list"),
    ] = None
    sort: Annotated[
        Annotated[str, StringConstraints(pattern=_SORT)] | None,
        Field(
            description=f"{', '.join(SORT_COLUMNS[:-1])} or {SORT_COLUMNS[-1]}; with - before it, in descending order"
        ),
    ] = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        wrong = [*self._wrong_subject(), *self._wrong_period()]
        if wrong:
            raise InvalidFields(tuple(wrong))
        return self

    def _wrong_subject(self) -> Iterator[FieldError]:
        if self.client and (self.ats or self.by == "ats"):
            yield FieldError("/client", "client and ats exclude each other", "one of them")
        if self.client and self.by == "client":
            yield FieldError("/by", "a report about a client has no list of clients", "job, or no by")
        if self.kind in {"health", "unmapped"} and (self.client or self.is_of_life):
            yield FieldError("/kind", f"{self.kind} is only available for ATSs", "cohort, activity or silence")
        if (self.job or self.by == "job") and not self.client:
            yield FieldError("/client", "a job needs its client", "the job's client")
        if self.by == "client" and self.kind == "activity":
            yield FieldError("/kind", "activity is not available for lists of clients", "cohort or silence")
        if self.job and self.by:
            yield FieldError("/by", "a report about one job is no list", "job without by")
        if self.kind == "benchmark" and (self.by or self.job):
            yield FieldError("/kind", "a benchmark is about all ATSs together", "no by and no job")
        yield from self._wrong_list()

    def _wrong_list(self) -> Iterator[FieldError]:
        if self.after and not self.is_list:
            yield FieldError(
                "/after", "only lists of a cohort, activity or silence have pages", "no after, or a list with by"
            )
        if self.search and not self.is_list:
            yield FieldError("/search", "only lists can be searched", "no search, or a list with by")
        if self.search and self.after:
            yield FieldError("/after", "what a search finds has one page", "no after, or no search")
        if self.sort and not (self.is_list and self.kind == "cohort" and self.interval is Interval.ALL):
            yield FieldError("/sort", "only lists of a cohort can be sorted", "no sort, or a list with by")

    def _wrong_period(self) -> Iterator[FieldError]:
        if self.is_of_life and (self.first or self.last or self.interval is not Interval.ALL):
            pointer, what = ("/by", "clients") if self.by == "client" else ("/job", "jobs")
            yield FieldError(pointer, f"a report about {what} has no period", "no from, to or interval")
        if self.kind in _OF_TODAY and (self.first or self.last or self.interval is not Interval.ALL):
            yield FieldError("/kind", f"{self.kind} is as of today and has no period", "no from, to or interval")
        if self.kind == "benchmark" and self.interval is not Interval.ALL:
            yield FieldError("/interval", "a benchmark is about the whole period", "no interval")
        if self.first and self.last and self.last < self.first:
            yield FieldError("/to", "to is before from", "a date not before from")

    @property
    def is_of_life(self) -> bool:
        """Whether the report is about the whole lives of jobs or of an ATS's clients."""
        return self.job is not None or self.by in {"client", "job"}

    @property
    def is_list(self) -> bool:
        """Whether the report is a page of a list of ATSs, clients or jobs; health and labels are in one page."""
        return self.by is not None and self.kind not in _NO_LISTS

    @property
    def order(self) -> tuple[SortColumn, bool] | None:
        """The column by which a list is sorted, and whether it is in descending order; None for the order of ids."""
        return (cast("SortColumn", self.sort.removeprefix("-")), self.sort.startswith("-")) if self.sort else None

    @property
    def before(self) -> Self | None:
        """The same query about the period before, which is as long; None if there is none."""
        days = days_before(self.first, self.last) if self.first and self.last else None
        return self.model_copy(update={"first": days[0], "last": days[1]}) if days else None

    def as_of(self, today: date) -> Self:
        """Return the query with its period filled in; reports as of today, and over whole lives, have none.

        Raises:
            InvalidFields: there is no benchmark for the period.
        """
        if self.is_of_life or self.kind in _OF_TODAY:
            return self
        first, last = requested_days(self.first, self.last, today)
        if self.kind == "benchmark" and (first, last) not in presets(today).values():
            periods = ", ".join(f"{begin} to {end}" for begin, end in presets(today).values())
            raise InvalidFields((FieldError("/from", f"there is no benchmark from {first} to {last}", periods),))
        return self.model_copy(update={"first": first, "last": last})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for a report: an ATS, a client, or, with neither, the board, which may see everything."""

    ats_id: str | None = None
    client_id: str | None = None

    @property
    def is_board(self) -> bool:
        """Whether the caller is the board."""
        return not (self.ats_id or self.client_id)


def quality_query(request: Request, caller: Caller, today: date) -> QualityQuery:
    """Return the query of a request; raises what `parameters` and `query_from` raise."""
    return query_from(parameters(request), caller, today)


def query_from(given: Mapping[str, str], caller: Caller, today: date) -> QualityQuery:
    """Return the query of parameters, with the caller's own id and the period filled in.

    Raises:
        InvalidFields: a parameter is wrong.
        Forbidden: the query is not about the caller.
    """
    own = {name: value for name, value in (("ats", caller.ats_id), ("client", caller.client_id)) if value}
    if own and any(name in given and given[name] != own.get(name) for name in ("ats", "client")):
        raise Forbidden("Ask about your own applications only.")
    return message(QualityQuery, {**given, **own}).as_of(today)


def parameters(request: Request) -> dict[str, str]:
    """Return the query parameters of a request.

    Raises:
        InvalidFields: a parameter is sent more than once.
    """
    return {name: _only(name, values) for name, values in request.query.items()}


def _only(name: str, values: tuple[str, ...]) -> str:
    if len(values) > 1:
        raise InvalidFields((FieldError(f"/{name}", f"{name} was sent {len(values)} times", "send it once"),))
    return values[0]


ATS_PATH, USER_PATH, BOARD_PATH = "/api/quality", "/api/my/quality", "/api/board/quality"
PAGE_PATH = QUALITY_PAGE


def identify_caller(request: Request, tokens: TokenLookup) -> Caller:
    """Return the caller of a request; API Gateway has already verified the sign-in or the IAM signature.

    Raises:
        Unauthenticated: the path needs a token, and there is no valid one.
        TooManyRequests: a limit is reached.
        Forbidden: it is a test token, or the signed-in user may not see reports.
    """
    if request.resource == BOARD_PATH:
        return Caller()
    if request.resource == USER_PATH:
        return signed_in(request.claims)
    ats = calling_ats(request, tokens)
    tokens.limit(ats)
    if ats.in_sandbox:
        raise Forbidden(
            "Sandbox applications are not counted, so there are no reports for test tokens. Use a live token."
        )
    return Caller(ats_id=ats.id)


def signed_in(claims: Mapping[str, str]) -> Caller:
    """Return the caller that a signed-in user acts for: a client, an ATS, or the board, for its staff.

    An empty claim counts as no claim. API Gateway joins the user's groups with commas.

    Raises:
        Forbidden: the user has none of these claims, or more than one.

    https://repost.aws/questions/QUFJRBaEJRSmmqarNrvCWoQA/aws-cognito-group
    """
    client_id, ats_id = claims.get(CLIENT_CLAIM), claims.get(ATS_CLAIM)
    match bool(client_id), bool(ats_id), STAFF in claims.get(GROUPS_CLAIM, "").split(","):
        case True, False, False:
            return Caller(client_id=client_id)
        case False, True, False:
            return Caller(ats_id=ats_id)
        case False, False, True:
            return Caller()
        case False, False, False:
            raise Forbidden(
                "Your account belongs to no client or ATS, and not to the board's staff. Ask the board to assign it."
            )
    raise Forbidden(
        "Your account belongs to more than one of a client, an ATS and the board's staff. Ask the board to keep one."
    )
