"""The question for a quality report: who asks, and of whom, when and what.

Who asks: an ATS by its token, signed-in users by their claims, the board by its IAM credentials.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from application_status.access.tokens import TokenLookup, calling_ats
from application_status.platform.errors import FieldError, Forbidden, InvalidFields
from application_status.platform.http.body import message
from application_status.platform.http.endpoint import Request
from application_status.quality.rules.periods import Interval, asked_days


def _written_as_a_date(value: Any) -> Any:
    """Keep out the numbers that pydantic would read as seconds since 1970, and date-times."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("Input should be a date")
    return value


type _Date = Annotated[date, BeforeValidator(_written_as_a_date)]
type _Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._:-]{1,64}$")]
type Kind = Literal["cohort", "activity", "silence", "health", "unmapped"]

_OF_TODAY = {"silence", "unmapped"}


class QualityQuery(BaseModel):
    """The parameters of `GET /api/quality` and its siblings."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid")

    kind: Annotated[Kind, Field(description="cohort, activity, silence, health or unmapped")] = "cohort"
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
    by: Annotated[Literal["ats", "job"] | None, Field(description="ats, or, together with client, job")] = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        wrong = []
        if self.client and (self.ats or self.by == "ats"):
            wrong.append(FieldError("/client", "client and ats exclude each other", "one of them"))
        if self.kind in {"health", "unmapped"} and (self.client or self.of_jobs):
            wrong.append(FieldError("/kind", f"{self.kind} is an ATS's", "cohort, activity or silence"))
        if self.of_jobs and not self.client:
            wrong.append(FieldError("/client", "a job is looked up at its client", "the job's client"))
        if self.of_jobs and (self.first or self.last or self.interval is not Interval.ALL):
            wrong.append(FieldError("/job", "a job is reported as a whole", "neither from, to nor interval"))
        if self.kind in _OF_TODAY and (self.first or self.last or self.interval is not Interval.ALL):
            wrong.append(FieldError("/kind", f"{self.kind} is as of today", "neither from, to nor interval"))
        if self.first and self.last and self.last < self.first:
            wrong.append(FieldError("/to", "to lies before from", "a date not before from"))
        if wrong:
            raise InvalidFields(tuple(wrong))
        return self

    @property
    def of_jobs(self) -> bool:
        """Whether it asks about jobs of a client."""
        return self.job is not None or self.by == "job"

    @property
    def narrower(self) -> tuple[str, str]:
        """The parameter that makes a report shorter, and what it should be."""
        if self.interval is not Interval.ALL:
            return "interval", "a longer interval, or fewer days between from and to"
        return ("by", "one job") if self.of_jobs else ("ats", "one ATS")

    def as_of(self, today: date) -> Self:
        """Return the question with its period filled in; a report as of today or of a job has none."""
        if self.of_jobs or self.kind in _OF_TODAY:
            return self
        first, last = asked_days(self.first, self.last, today)
        return self.model_copy(update={"first": first, "last": last})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an ATS, a client, or, without either, the board itself, which may see everything."""

    ats_id: str | None = None
    client_id: str | None = None

    @property
    def is_board(self) -> bool:
        """Whether it is the board."""
        return not (self.ats_id or self.client_id)


def quality_query(request: Request, caller: Caller, today: date) -> QualityQuery:
    """Return the question of a request, as `question` does; InvalidFields also where a parameter is there twice."""
    return question(parameters(request), caller, today)


def question(given: Mapping[str, str], caller: Caller, today: date) -> QualityQuery:
    """Return the question that parameters ask, with the caller's own id and the period filled in.

    Raises InvalidFields, or Forbidden where it asks about somebody else than the caller.
    """
    own = {name: value for name, value in (("ats", caller.ats_id), ("client", caller.client_id)) if value}
    if own and any(name in given and given[name] != own.get(name) for name in ("ats", "client")):
        raise Forbidden("Ask about your own applications only.")
    return message(QualityQuery, {**given, **own}).as_of(today)


def parameters(request: Request) -> dict[str, str]:
    """Return a request's parameters; InvalidFields where one is there twice."""
    return {name: _only(name, values) for name, values in request.query.items()}


def _only(name: str, values: tuple[str, ...]) -> str:
    if len(values) > 1:
        raise InvalidFields((FieldError(f"/{name}", f"{name} is there {len(values)} times", "send it once"),))
    return values[0]


ATS_PATH, USER_PATH, BOARD_PATH, PAGE_PATH = "/api/quality", "/api/my/quality", "/api/board/quality", "/quality"
CLIENT_CLAIM, ATS_CLAIM, GROUPS_CLAIM = "custom:client_id", "custom:ats_id", "cognito:groups"
STAFF = "staff"


def caller(request: Request, tokens: TokenLookup) -> Caller:
    """Return who asks for a quality report; API Gateway has checked sign-in and IAM signature, as each path wants.

    Raises Unauthenticated without a valid token, Forbidden with a test one or where the signed-in user may not ask.
    """
    if request.resource == BOARD_PATH:
        return Caller()
    if request.resource == USER_PATH:
        return signed_in(request.claims)
    ats = calling_ats(request, tokens)
    if ats.in_sandbox:
        raise Forbidden("Test tokens have no quality reports, as nothing of the sandbox is counted; use a live token.")
    return Caller(ats_id=ats.id)


def signed_in(claims: Mapping[str, str]) -> Caller:
    """Return whom a user asks for: a client, an ATS, or the board, for its staff; Forbidden unless just one of these.

    An empty claim is none. API Gateway hands over the user's groups joined with commas.
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
            raise Forbidden("You are signed in, but neither for a client nor for an ATS, nor as the board's staff.")
    raise Forbidden("You are signed in for more than one of a client, an ATS and the board's staff; be one of them.")
