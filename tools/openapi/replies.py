"""Bodies that the functions write or read without a model of their own; tests hold them against the real ones."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel, to_pascal
from pydantic.json_schema import SkipJsonSchema

from application_status.applications.register import Registered
from application_status.applications.rules.application import Receipt
from application_status.applications.rules.status import Status
from application_status.jobseeker.rules.status import JobseekerStatus
from application_status.quality.reports.query import ReportKind
from application_status.quality.rules.periods import Interval

type _LeftOut[T] = T | SkipJsonSchema[None]
type _Version = Annotated[int, Field(ge=1)]


class _Pascal(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, extra="forbid")


class _Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class ReportReply(_Pascal):
    """What became of a report."""

    atsi_application_id: str
    status: Annotated[Status, Field(description="the application's status after the report")]
    previous_status: Annotated[Status | None, Field(description="the one before it; null at first contact")]
    outcome: Annotated[
        Literal[Receipt.RECORDED, Receipt.UNCHANGED, Receipt.LATE],
        Field(description="recorded; unchanged: known already; late: older than the status, it joined the history"),
    ]
    version: _Version
    request_id: str
    ignored_fields: Annotated[_LeftOut[list[str]], Field(description="fields that nobody reads")] = None


class RegistrationReply(_Pascal):
    """What became of a registration."""

    atsi_application_id: str
    outcome: Annotated[
        Registered,
        Field(
            description="registered: new, or known only by its reports before; updated: JobTitle, Company or Aliases "
            "changed; unchanged: all of it was registered already"
        ),
    ]
    request_id: str
    ignored_fields: Annotated[_LeftOut[list[str]], Field(description="fields that nobody reads")] = None


class SandboxRequest(_Pascal):
    """Nothing, as yet; what is sent is named back."""

    model_config = ConfigDict(extra="allow")


class SandboxAliases(_Pascal):
    """What signals may call an application, or the job ad of its position."""

    token: list[str]
    candidate_application_profile_id: list[str]
    position_profile_ids: list[str]


class SandboxApplication(_Pascal):
    """A new application of the sandbox; the header `Location` says where to read it back."""

    atsi_application_id: str
    status: Literal[Status.APPLIED]
    applied_at: datetime
    expires_at: Annotated[datetime, Field(description="when it may be gone, with all that was reported of it")]
    aliases: SandboxAliases
    request_id: str
    ignored_fields: Annotated[_LeftOut[list[str]], Field(description="fields that nobody reads")] = None


class QualityNumber(_Pascal):
    """A number of a report; value is null where it isn't known."""

    measure: str
    unit: str
    value: float | None
    population: Annotated[int, Field(description="how many it is about")]
    definition: Annotated[str, Field(description="where it is defined: a member of that JSON object")]


class QualityRow(_Pascal):
    """The numbers of a period about an ATS, a client or a job; of all where none is named."""

    ats: _LeftOut[str] = None
    client: _LeftOut[str] = None
    job: _LeftOut[str] = None
    from_: Annotated[date, Field(alias="From")]
    to: date
    numbers: list[QualityNumber]


class QualityReply(_Pascal):
    """A quality report."""

    kind: ReportKind
    interval: Interval
    from_: Annotated[
        date | None,
        Field(alias="From", description="the period's first day; null for a report as of today and for a job's"),
    ]
    to: Annotated[date | None, Field(description="the period's last day, likewise")]
    time_zone: str
    today: date
    minimum_applications: Annotated[int, Field(description="no number is about fewer")]
    request_id: str
    rows: list[QualityRow]
    hidden: Annotated[int, Field(description="ATSs, jobs or labels left out, as they have too few applications")]
    cut: Annotated[int, Field(description="labels left out, as others are more frequent")]


class DefinitionReply(_Pascal):
    """What a family of measures means."""

    definition: str
    population: str
    censoring: str


class GraphqlRequest(BaseModel):
    """A GraphQL request; the schema is found by introspection."""

    model_config = ConfigDict(alias_generator=to_camel)

    query: str
    variables: dict[str, Any] | None = None
    operation_name: Annotated[str | None, Field(max_length=100)] = None


class RefusedSignal(_Camel):
    """A place of the input, and what is wrong there."""

    place: str
    message: str


class GraphqlErrorExtensions(_Camel):
    """What a program can tell errors apart by."""

    code: Literal["UNAUTHENTICATED", "BAD_USER_INPUT", "INTERNAL_SERVER_ERROR"]
    request_id: _LeftOut[str] = None
    refused: _LeftOut[list[RefusedSignal]] = None


class GraphqlError(_Camel):
    """An error, as GraphQL has it."""

    message: str
    locations: _LeftOut[list[dict[str, int]]] = None
    path: _LeftOut[list[str | int]] = None
    extensions: GraphqlErrorExtensions


class GraphqlReply(_Camel):
    """A GraphQL reply."""

    data: dict[str, Any] | None = None
    errors: _LeftOut[list[GraphqlError]] = None


class FieldProblem(_Camel):
    """One wrong field."""

    pointer: Annotated[str, Field(description="RFC 6901")]
    detail: str
    expected: str


class Problem(_Camel):
    """RFC 9457."""

    type: Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]
    title: str
    status: _LeftOut[int] = None
    detail: str
    request_id: str
    errors: Annotated[_LeftOut[list[FieldProblem]], Field(description="an entry for each wrong field")] = None
    ignored_fields: Annotated[_LeftOut[list[str]], Field(description="fields that nobody reads")] = None


class ApplicationOfMine(_Pascal):
    """How an application stands, in the language that `Accept-Language` prefers of English and German."""

    atsi_application_id: str
    job_title: str
    company: str
    applied_at: datetime
    status: JobseekerStatus
    text: Annotated[str, Field(description="the standing in words")]
    changed_at: datetime
    changed_day: Annotated[date | None, Field(description="the day of it, where the ATS sent only the day")]
    finished: bool
    step: Annotated[int | None, Field(description="how far it came, from 1")]
    steps: Annotated[int, Field(description="how far it can come")]


class ApplicationsOfMine(_Pascal):
    """A page of a jobseeker's applications, the newest change first."""

    applications: list[ApplicationOfMine]
    next: Annotated[str | None, Field(description="the `after` of the next page; null on the last")]
    complete: Annotated[bool, Field(description="whether all applications are listed, on whatever page")]
    request_id: str


class ChangeOfMine(_Pascal):
    """A change of how an application stands."""

    status: JobseekerStatus
    text: Annotated[str, Field(description="the standing in words")]
    at: datetime
    day: Annotated[date | None, Field(description="the day of it, where the ATS sent only the day")]


class ApplicationOfMineInFull(ApplicationOfMine):
    """An application and its timeline, oldest first."""

    timeline: list[ChangeOfMine]
    request_id: str


class PageQuery(_Camel):
    """Which page of a list."""

    after: Annotated[_LeftOut[str], Field(description="the `Next` of the page before")] = None
