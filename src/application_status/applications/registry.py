"""The registry API: the job board's Apply system registers (PUT) and erases (DELETE) applications."""

from collections.abc import Sequence
from typing import Annotated, Any, NotRequired, Self, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator
from pydantic.alias_generators import to_pascal

from application_status.applications.erase import Erasure
from application_status.applications.register import RegistrationResult, Registrations
from application_status.applications.rules.registration import Aliases, NativeIds, Registration
from application_status.applications.rules.report import NATIVE
from application_status.platform.http.body import PastMoment, ignored_fields, json_object, message
from application_status.platform.http.endpoint import (
    Reply,
    Request,
    no_content,
    path_id,
    reply,
)
from application_status.platform.telemetry import add_metric, logger
from application_status.platform.values import ApplicationId, AtsId, application_id, now

BODY_LIMIT_BYTES = 8 * 1024
"""The maximum size of a registration."""

_PROVIDERS = ", ".join(each.capitalize() for each in NATIVE)
_ALIASES_RULE = (
    "Token, CandidateApplicationProfileId, PositionProfileIds, ApplyId, AtsiApplicationId: lists of at most 10 "
    "strings; "
    f"{_PROVIDERS}: an object with ApplicationId, CandidateId, JobId, ExternalId"
)
_ID_RULE = "1 to 64 letters, digits and . _ : -"

type _Id = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Za-z._:-]{1,64}$")]
type _Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]
type _Link = Annotated[
    str,
    StringConstraints(
        strict=True,
        max_length=1000,
        pattern=r"^https://[0-9A-Za-z][0-9A-Za-z._-]*(:[0-9]{1,5})?([/?#][0-9A-Za-z._~:/?#\[\]@!$&'()*+,;=%-]*)?$",
    ),
]
type _Alias = Annotated[str, StringConstraints(strict=True, pattern=r"^[!-~]{1,200}$")]
type _ApplicationId = Annotated[
    str,
    StringConstraints(strict=True),
    AfterValidator(application_id),
    WithJsonSchema({"type": "string", "format": "uuid"}),
]
type _AliasList = Annotated[tuple[_Alias, ...], Field(max_length=10)]
type _NativeId = Annotated[str, StringConstraints(strict=True, pattern=r'^[!"$-~]{1,100}$')]

type _ExternalId = Annotated[str, StringConstraints(strict=True, pattern=r'^[!"$-?A-~]{1,100}$')]


class _NativeIds(BaseModel):
    """The ids of an ATS's own webhooks for the application; visible ASCII characters except #, and @ in ExternalId."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, extra="forbid")

    application_id: _NativeId = ""
    candidate_id: _NativeId = ""
    job_id: _NativeId = ""
    external_id: _ExternalId = ""

    @model_validator(mode="after")
    def _identifies_an_application(self) -> Self:
        if not (self.application_id or self.candidate_id or self.external_id):
            raise ValueError("ApplicationId, CandidateId or ExternalId is required")
        return self


class _Aliases(BaseModel):
    """The ids that senders use for the application, or for its position."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, extra="forbid")

    token: _AliasList = ()
    candidate_application_profile_id: _AliasList = ()
    position_profile_ids: _AliasList = ()
    apply_id: _AliasList = ()
    atsi_application_id: Annotated[tuple[_ApplicationId, ...], Field(max_length=10)] = ()
    greenhouse: _NativeIds | None = None
    ashby: _NativeIds | None = None
    recruitee: _NativeIds | None = None
    lever: _NativeIds | None = None

    def checked(self) -> Aliases:
        """Return the aliases, sorted and without duplicates."""
        native = {provider: getattr(self, provider) for provider in sorted(NATIVE)}
        return Aliases(
            tokens=_distinct(self.token),
            candidate_application_profile_ids=_distinct(self.candidate_application_profile_id),
            position_profile_ids=_distinct(self.position_profile_ids),
            apply_ids=_distinct(self.apply_id),
            second_ids=tuple(sorted({ApplicationId(each) for each in self.atsi_application_id})),
            native=tuple(
                NativeIds(provider, ids.application_id, ids.candidate_id, ids.job_id, ids.external_id)
                for provider, ids in native.items()
                if ids
            ),
        )


class AliasesMessage(BaseModel):
    """The body of a request that adds aliases."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True)

    aliases: Annotated[_Aliases, Field(description=_ALIASES_RULE)]


class RegistrationMessage(BaseModel):
    """The body of a registration; all ids must be pseudonymous."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True)

    ats_id: Annotated[_Id, Field(description=f"the ATS that will report: {_ID_RULE}")]
    client_id: Annotated[_Id, Field(description=f"whose job it is: {_ID_RULE}")]
    job_id: Annotated[_Id, Field(description=_ID_RULE)]
    jobseeker_id: Annotated[_Id, Field(description=f"a pseudonymous id: {_ID_RULE}")]
    job_title: Annotated[_Text, Field(description="for display, 1 to 200 characters")]
    company: Annotated[_Text, Field(description="for display, 1 to 200 characters")]
    applied_at: Annotated[PastMoment, Field(description="an RFC 3339 date-time with a zone, 2022-07-29T11:26:11.106Z")]
    link: Annotated[
        _Link | None,
        Field(description="for display, the address of the job ad: https://, no user, up to 1,000 ASCII characters"),
    ] = None
    location: Annotated[_Text | None, Field(description="for display, the place of work, 1 to 200 characters")] = None
    aliases: Annotated[
        _Aliases,
        Field(description=_ALIASES_RULE),
    ] = _Aliases()


class RegistrationReply(TypedDict):
    """The reply to a registration."""

    AtsiApplicationId: ApplicationId
    Result: RegistrationResult
    """registered: new, or known only by its reports before; updated: a display field or Aliases changed; unchanged:
    the same registration was stored already.
    """
    RequestId: str
    IgnoredFields: NotRequired[Sequence[str]]
    """Unrecognised fields."""


def register_or_erase(request: Request, registrations: Registrations, erasure: Erasure) -> Reply:
    """Answer `PUT` and `DELETE` of `/api/applications/{AtsiApplicationId}`; API Gateway does authentication."""
    request.require_method("PUT", "DELETE")
    return _register(request, registrations) if request.method == "PUT" else _erase(request, erasure)


def _register(request: Request, registrations: Registrations) -> Reply:
    body = json_object(request, BODY_LIMIT_BYTES)
    checked = parse_registration(body)
    application_id = path_id(request)
    result = registrations.register(application_id, checked)
    created = result is RegistrationResult.REGISTERED
    add_metric("Registered", int(created))
    ignored = ignored_fields(RegistrationMessage, body)
    return _answer(request, 201 if created else 200, application_id, checked.ats_id, result, ignored)


def add_aliases(request: Request, registrations: Registrations) -> Reply:
    """Answer `PATCH /api/applications/{AtsiApplicationId}/aliases`; API Gateway does authentication."""
    request.require_method("PATCH")
    body = json_object(request, BODY_LIMIT_BYTES)
    parsed = message(AliasesMessage, body)
    application_id = path_id(request)
    aliases = parsed.aliases.checked()
    ats_id, result = registrations.add_aliases(application_id, lambda _: aliases)
    return _answer(request, 200, application_id, ats_id, result, ignored_fields(AliasesMessage, body))


def _answer(  # noqa: PLR0913, PLR0917  # the parts of the reply
    request: Request,
    status: int,
    application_id: ApplicationId,
    ats_id: AtsId,
    result: RegistrationResult,
    ignored: tuple[str, ...],
) -> Reply:
    logger.info(result, application=application_id, ats=ats_id)
    body: RegistrationReply = {
        "AtsiApplicationId": application_id,
        "Result": result,
        "RequestId": request.request_id,
    }
    if ignored:
        body["IgnoredFields"] = ignored
    return reply(status, body)


def _erase(request: Request, erasure: Erasure) -> Reply:
    application_id = path_id(request)
    erasure.erase(application_id)
    add_metric("Erased")
    logger.info("erased", application=application_id)
    return no_content()


def parse_registration(body: dict[str, Any]) -> Registration:
    """Return the registration in a body.

    Raises:
        InvalidFields: fields are missing or invalid.
    """
    parsed = message(RegistrationMessage, body, received_at=now())
    return Registration(
        ats_id=AtsId(parsed.ats_id),
        client_id=parsed.client_id,
        job_id=parsed.job_id,
        jobseeker_id=parsed.jobseeker_id,
        job_title=parsed.job_title,
        company=parsed.company,
        applied_at=parsed.applied_at.at,
        link=parsed.link,
        location=parsed.location,
        aliases=parsed.aliases.checked(),
    )


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
