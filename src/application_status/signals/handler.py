"""The signals: the way of a GraphQL request from the gateway to the tables."""

import os
from typing import Any

from graphql import GraphQLError

from application_status.errors import InvalidFields, MalformedBody, Refusal, Unauthenticated, Unavailable
from application_status.gateway.body import json_object
from application_status.gateway.endpoint import LambdaHandler, endpoint
from application_status.gateway.problems import (
    PROBLEMS,
    UNEXPECTED,
    Problem,
    Reply,
    refusal_headers,
    reply,
    retry_later,
)
from application_status.gateway.request import Request
from application_status.gateway.token import CallingAts, Worlds, ats_of
from application_status.model.channel import Channel
from application_status.model.vocabulary import Vocabulary
from application_status.settings import SignalsSettings, read
from application_status.signals.graph import Call, execute
from application_status.signals.receive import Receiver
from application_status.signals.sender import BAD_USER_INPUT, INTERNAL_SERVER_ERROR, Sender
from application_status.store.aliases import Aliases
from application_status.store.applications import Applications
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.overrides import Overrides
from application_status.store.positions import Positions
from application_status.store.sandbox_positions import SandboxPositions
from application_status.store.tokens import TokenLookup
from application_status.telemetry import answered, called_by, count, log_unexpected, logger

_BODY_LIMIT_BYTES = 256 * 1024
_STORE_SECONDS = 20.0
_MESSAGE_LENGTH = 300
_BEARER = "bearer "
_SEND_AGAIN = "Something failed on our side; send the same request again later."


def make_handler(dynamodb: DynamoDB, settings: SignalsSettings) -> LambdaHandler:
    """Make the handler of `POST /graphql`."""
    tokens = TokenLookup(dynamodb, settings.tokens_table)
    receivers = _receivers(dynamodb, settings)

    def answer(request: Request) -> Reply:
        request.require_method("POST")
        ats = _authenticate(request, tokens)
        called_by(ats.id, Channel.SIGNALS)
        executed, result = execute(_call(request), Sender(receivers.open_to(ats), ats.id))
        errors = [_formatted(error) for error in result.errors or []]
        if not executed:
            count("Refused")
            logger.warning("refused", extra=answered(PROBLEMS[InvalidFields].type), request_id=request.request_id)
            return reply(400, {"errors": errors})
        return reply(200, {"data": result.data} | ({"errors": errors} if errors else {}))

    return endpoint(answer, refuse=_refusal, fail=_failure, seconds=_STORE_SECONDS)


def _receivers(dynamodb: DynamoDB, settings: SignalsSettings) -> Worlds[Receiver]:
    overrides, vocabulary = Overrides(dynamodb, settings.tokens_table), Vocabulary.load()
    live, sandbox = settings.applications_table, settings.sandbox_applications_table
    return Worlds(
        live=Receiver(
            Applications(dynamodb, live),
            Aliases(dynamodb, settings.aliases_table),
            Positions(dynamodb, settings.aliases_table, live),
            overrides,
            vocabulary,
        ),
        sandbox=Receiver(
            Applications(dynamodb, sandbox),
            Aliases(dynamodb, settings.sandbox_aliases_table),
            SandboxPositions(dynamodb, settings.sandbox_aliases_table, sandbox),
            overrides,
            vocabulary,
        ),
    )


def _authenticate(request: Request, tokens: TokenLookup) -> CallingAts:
    given = request.headers.get("authorization", ())
    text = given[0] if len(given) == 1 and given[0].lower().startswith(_BEARER) else ""
    return ats_of(text[len(_BEARER) :].strip(), tokens)


def _call(request: Request) -> Call:
    body = json_object(request, _BODY_LIMIT_BYTES)
    document, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(document, str) or not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise MalformedBody(
            'Send {"query": "...", "variables": {...}, "operationName": "..."}; the latter two may be left out.'
        )
    return Call(document, variables or {}, name)


def _formatted(error: GraphQLError) -> dict[str, Any]:
    """Give an error the contract's code; one of ours tells nothing but that it may pass."""
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        formatted: dict[str, Any] = dict(error.formatted)
        if len(error.message) > _MESSAGE_LENGTH:
            formatted["message"] = f"{error.message[:_MESSAGE_LENGTH]}..."
        return formatted | {"extensions": {"code": BAD_USER_INPUT} | dict(error.extensions or {})}
    count("Failed")
    problem = PROBLEMS[Unavailable]
    if not isinstance(original, Unavailable):
        log_unexpected(original)
        problem = UNEXPECTED
    logger.warning("failed", extra=answered(problem.type))
    return {"message": _SEND_AGAIN, "path": error.path, "extensions": {"code": INTERNAL_SERVER_ERROR}}


def _refusal(error: Refusal, request: Request) -> Reply:
    code = "UNAUTHENTICATED" if isinstance(error, Unauthenticated) else BAD_USER_INPUT
    return _failed(PROBLEMS[type(error)], str(error), code, request, **refusal_headers(error, "Bearer"))


def _failure(problem: Problem, request: Request) -> Reply:
    return _failed(problem, _SEND_AGAIN, INTERNAL_SERVER_ERROR, request, **retry_later())


def _failed(problem: Problem, message: str, code: str, request: Request, **headers: str) -> Reply:
    extensions = {"code": code, "requestId": request.request_id}
    return reply(problem.status, {"errors": [{"message": message, "extensions": extensions}]}, **headers)


lambda_handler = make_handler(connect(), read(SignalsSettings, os.environ))
