"""A registration's message.

The registry: an application's way from the board's Apply system to the table, and out of it.
"""

from collections.abc import Sequence
from typing import Annotated, NotRequired, TypedDict

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_pascal

from application_status.applications.erase import Erasure
from application_status.applications.register import Registered, Registrations
from application_status.applications.rules.application import Aliases, Registration
from application_status.platform.http.body import PastMoment, ignored_fields, json_object, message
from application_status.platform.http.endpoint import (
    LambdaHandler,
    Reply,
    Request,
    endpoint,
    no_content,
    path_id,
    reply,
)
from application_status.platform.telemetry import add_metric, logger
from application_status.platform.values import ApplicationId, AtsId, now

_BODY_LIMIT_BYTES = 8 * 1024
_ID_RULE = "1 to 64 letters, digits and . _ : -"

type _Id = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Za-z._:-]{1,64}$")]
type _Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]
type _Alias = Annotated[str, StringConstraints(strict=True, pattern=r"^[!-~]{1,200}$")]
type _AliasList = Annotated[tuple[_Alias, ...], Field(max_length=10)]


class _Aliases(BaseModel):
    """What signals may call the application, or the job ads of its position."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True, extra="forbid")

    token: _AliasList = ()
    candidate_application_profile_id: _AliasList = ()
    position_profile_ids: _AliasList = ()


class RegistrationMessage(BaseModel):
    """The body of a registration; ids are pseudonymous, never a name or an address."""

    model_config = ConfigDict(alias_generator=to_pascal, frozen=True)

    ats_id: Annotated[_Id, Field(description=f"the ATS that will report: {_ID_RULE}")]
    client_id: Annotated[_Id, Field(description=f"whose job it is: {_ID_RULE}")]
    job_id: Annotated[_Id, Field(description=_ID_RULE)]
    jobseeker_id: Annotated[_Id, Field(description=f"a pseudonymous id: {_ID_RULE}")]
    job_title: Annotated[_Text, Field(description="for display, 1 to 200 characters")]
    company: Annotated[_Text, Field(description="for display, 1 to 200 characters")]
    applied_at: Annotated[PastMoment, Field(description="an RFC 3339 date-time with a zone, 2022-07-29T11:26:11.106Z")]
    aliases: Annotated[
        _Aliases,
        Field(description="Token, CandidateApplicationProfileId, PositionProfileIds: lists of at most 10 strings"),
    ] = _Aliases()


def registration(request: Request) -> tuple[ApplicationId, Registration, tuple[str, ...]]:
    """Return the path's id, the body's registration, and the names of the body fields that nobody reads.

    Raises UnsupportedMediaType, BodyTooLarge, MalformedBody or InvalidFields.
    """
    body = json_object(request, _BODY_LIMIT_BYTES)
    read = message(RegistrationMessage, body, received_at=now())
    return (
        path_id(request),
        Registration(
            ats_id=AtsId(read.ats_id),
            client_id=read.client_id,
            job_id=read.job_id,
            jobseeker_id=read.jobseeker_id,
            job_title=read.job_title,
            company=read.company,
            applied_at=read.applied_at.at,
            aliases=Aliases(
                tokens=_distinct(read.aliases.token),
                candidate_application_profile_ids=_distinct(read.aliases.candidate_application_profile_id),
                position_profile_ids=_distinct(read.aliases.position_profile_ids),
            ),
        ),
        ignored_fields(RegistrationMessage, body),
    )


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def registry(registrations: Registrations, erasure: Erasure) -> LambdaHandler:
    """Make the handler of PUT and DELETE `/api/applications/{AtsiApplicationId}`; API Gateway has checked who calls."""

    @endpoint
    def answer(request: Request) -> Reply:
        request.require_method("PUT", "DELETE")
        return _register(request, registrations) if request.method == "PUT" else _erase(request, erasure)

    return answer


class RegistrationReply(TypedDict):
    """What became of a registration."""

    AtsiApplicationId: ApplicationId
    Result: Registered
    """registered: new, or known only by its reports before; updated: JobTitle, Company or Aliases changed; unchanged:
    all of it was registered already.
    """
    RequestId: str
    IgnoredFields: NotRequired[Sequence[str]]
    """Fields that nobody reads."""


def _register(request: Request, registrations: Registrations) -> Reply:
    application_id, checked, ignored = registration(request)
    result = registrations.register(application_id, checked)
    created = result is Registered.REGISTERED
    add_metric("Registered", int(created))
    logger.info(result, application=application_id, ats=checked.ats_id)
    body: RegistrationReply = {
        "AtsiApplicationId": application_id,
        "Result": result,
        "RequestId": request.request_id,
    }
    if ignored:
        body["IgnoredFields"] = ignored
    return reply(201 if created else 200, body)


def _erase(request: Request, erasure: Erasure) -> Reply:
    application_id = path_id(request)
    erasure.erase(application_id)
    add_metric("Erased")
    logger.info("erased", application=application_id)
    return no_content()
