"""Create an application in the sandbox, registered and with aliases, which expires after 7 days."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, NotRequired, TypedDict

from application_status.access.tokens import CallingAts, TokenLookup, calling_ats
from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases, Registration
from application_status.applications.rules.status import Status
from application_status.intake.sandbox.daily_limit import SandboxCreations
from application_status.platform.errors import Forbidden
from application_status.platform.http.body import json_object
from application_status.platform.http.endpoint import LambdaHandler, Reply, Request, endpoint, reply
from application_status.platform.telemetry import add_metric, logger
from application_status.platform.values import ApplicationId, AtsId, DateTimeText, application_id, now, to_text

LIFE = timedelta(days=7)
"""How long an application in the sandbox is kept."""
CREATIONS_A_DAY = 200
"""How many applications an ATS may create in the sandbox per day (UTC)."""

_BODY_LIMIT_BYTES = 8 * 1024


class SandboxAliases(TypedDict):
    """The ids that signals can use for the application, or for its position."""

    Token: Sequence[str]
    CandidateApplicationProfileId: Sequence[str]
    PositionProfileIds: Sequence[str]


class SandboxApplication(TypedDict):
    """A new application in the sandbox; read it back at the URL in the header `Location`."""

    AtsiApplicationId: ApplicationId
    Status: Literal[Status.APPLIED]
    AppliedAt: DateTimeText
    ExpiresAt: DateTimeText
    """When the application and its reports may be deleted."""
    Aliases: SandboxAliases
    RequestId: str
    IgnoredFields: NotRequired[Sequence[str]]
    """Unrecognised fields."""


def sandbox(tokens: TokenLookup, registrations: Registrations, creations: SandboxCreations) -> LambdaHandler:
    """Return the handler of `POST /api/sandbox/applications`."""

    @endpoint
    def create(request: Request) -> Reply:
        request.require_method("POST")
        ats = _authenticate(request, tokens)
        tokens.limit(ats)
        ignored = tuple(json_object(request, _BODY_LIMIT_BYTES) if request.encoded_body else ())
        creations.add(ats.id)
        application_id, registration = new_application(ats.id)
        registrations.register(application_id, registration)
        add_metric("Registered")
        logger.info("created", application=application_id, ats=ats.id)
        body = _view(application_id, registration, request.request_id)
        if ignored:
            body["IgnoredFields"] = ignored
        return reply(201, body, Location=f"{request.prefix}/api/application-status/{application_id}")

    return create


def _authenticate(request: Request, tokens: TokenLookup) -> CallingAts:
    """Return the ATS of the request's test token.

    Raises:
        Forbidden: the token is a live token.
        Unauthenticated: the token is missing or not valid.
    """
    ats = calling_ats(request, tokens)
    if not ats.in_sandbox:
        raise Forbidden("This is a live token; send a test token (atsi_test_...), which the job board can give you.")
    return ats


def new_application(ats_id: AtsId) -> tuple[ApplicationId, Registration]:
    """Return a new application of an ATS, applied for now, with one alias of each kind."""
    new = application_id(str(uuid.uuid4()))
    return new, Registration(
        ats_id=ats_id,
        client_id="sandbox-client",
        job_id="sandbox-job",
        jobseeker_id="sandbox-jobseeker",
        job_title="Sandbox Tester",
        company="Sandbox GmbH",
        applied_at=now(),
        aliases=Aliases(
            tokens=(f"sandbox:token:{new}",),
            candidate_application_profile_ids=(f"sandbox:candidateProfile:{new}",),
            position_profile_ids=(f"sandbox:positionProfile:{new}",),
        ),
    )


def _view(application_id: ApplicationId, registration: Registration, request_id: str) -> SandboxApplication:
    aliases = registration.aliases
    return {
        "AtsiApplicationId": application_id,
        "Status": Status.APPLIED,
        "AppliedAt": to_text(registration.applied_at),
        "ExpiresAt": to_text(registration.applied_at + LIFE),
        "Aliases": {
            "Token": aliases.tokens,
            "CandidateApplicationProfileId": aliases.candidate_application_profile_ids,
            "PositionProfileIds": aliases.position_profile_ids,
        },
        "RequestId": request_id,
    }
