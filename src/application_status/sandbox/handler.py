"""The sandbox: a new application's way to its tables. What is reported of it goes where all reports go."""

import os
from typing import Any

from application_status.errors import Forbidden
from application_status.gateway.body import json_object
from application_status.gateway.endpoint import LambdaHandler, endpoint
from application_status.gateway.problems import Reply, reply
from application_status.gateway.request import Request
from application_status.gateway.token import CallingAts, calling_ats
from application_status.model.application import Registration
from application_status.model.identifiers import ApplicationId
from application_status.model.instant import to_text
from application_status.model.status import Status
from application_status.sandbox.sample import CREATIONS_A_DAY, LIFE, sample
from application_status.settings import SandboxSettings, read
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.registrations import Registrations
from application_status.store.sandbox_creations import SandboxCreations
from application_status.store.tokens import TokenLookup
from application_status.telemetry import count, logger

_BODY_LIMIT_BYTES = 8 * 1024


def make_handler(dynamodb: DynamoDB, settings: SandboxSettings) -> LambdaHandler:
    """Make the handler of `POST /api/sandbox/applications`."""
    tokens = TokenLookup(dynamodb, settings.tokens_table)
    registrations = Registrations(
        dynamodb, settings.sandbox_applications_table, settings.sandbox_aliases_table, life=LIFE
    )

    creations = SandboxCreations(dynamodb, settings.sandbox_aliases_table, CREATIONS_A_DAY)

    @endpoint
    def create(request: Request) -> Reply:
        request.require_method("POST")
        ats = _authenticate(request, tokens)
        ignored = tuple(json_object(request, _BODY_LIMIT_BYTES) if request.encoded_body else ())
        creations.count(ats.id)
        application_id, registration = sample(ats.id)
        registrations.register(application_id, registration)
        count("Registered")
        logger.info("created", application=application_id, ats=ats.id, request_id=request.request_id)
        body = _view(application_id, registration) | {"RequestId": request.request_id}
        body |= {"IgnoredFields": ignored} if ignored else {}
        return reply(201, body, Location=f"/api/application-status/{application_id}")

    return create


def _authenticate(request: Request, tokens: TokenLookup) -> CallingAts:
    """Return the ATS whose test token the request has; Forbidden with a live one, Unauthenticated without any."""
    ats = calling_ats(request, tokens)
    if not ats.in_sandbox:
        raise Forbidden("This is a live token, and the sandbox takes test tokens (atsi_test_...) alone; ask for one.")
    return ats


def _view(application_id: ApplicationId, registration: Registration) -> dict[str, Any]:
    return {
        "AtsiApplicationId": application_id,
        "Status": Status.APPLIED,
        "AppliedAt": to_text(registration.applied_at),
        "ExpiresAt": to_text(registration.applied_at + LIFE),
        "Aliases": registration.aliases.by_kind,
    }


lambda_handler = make_handler(connect(), read(SandboxSettings, os.environ))
