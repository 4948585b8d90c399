"""The GraphQL side: the schema with its resolvers, and the way of a request through it.

The signals: the way of a GraphQL request from the gateway to the tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    OperationType,
    build_schema,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from application_status.access.tokens import CallingAts, Environments, TokenLookup, ats_of_token
from application_status.applications.rules.report import Channel
from application_status.intake.seek.limits import NAME_LENGTH, TOKENS, over_limits, too_many_lines
from application_status.intake.seek.signals import (
    BAD_USER_INPUT,
    INTERNAL_SERVER_ERROR,
    Receiver,
    RequestSize,
    SignalMutations,
)
from application_status.platform.errors import InvalidFields, MalformedBody, Refusal, Unauthenticated, Unavailable
from application_status.platform.http.body import json_object
from application_status.platform.http.endpoint import (
    PROBLEMS,
    UNEXPECTED,
    LambdaHandler,
    Problem,
    Reply,
    Request,
    endpoint,
    refusal_headers,
    reply,
    retry_later,
)
from application_status.platform.telemetry import add_metric, log_unexpected, logger, outcome_fields, set_caller

_MAX_ERRORS = 10
"""Each may print a large part of the document into its message, before that is cut; see the handler."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A GraphQL request: the document, its variables, and which of its operations is meant."""

    document: str
    variables: Mapping[str, Any]
    operation_name: str | None


def execute(call: GraphQLRequest, sender: SignalMutations) -> tuple[bool, ExecutionResult]:
    """Execute a request; False with its errors where it was not executed at all.

    A mutation is first executed with a counter in the sender's place, so that one with too many signals records none.
    """
    try:
        document = _parse(call)
    except _NotExecuted as refused:
        return False, ExecutionResult(None, [_without_python_details(error) for error in refused.errors])
    if _is_mutation(document, call.operation_name):
        size = RequestSize()
        _execute(document, call, size)
        if error := size.error():
            return False, ExecutionResult(None, [error])
    result = _execute(document, call, sender)
    executed = result.data is not None or any(error.path for error in result.errors or [])
    return executed, result


class _NotExecuted(Exception):
    """A document that is over a limit, is not GraphQL or does not fit the schema."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("not executed")
        self.errors = errors


def _parse(call: GraphQLRequest) -> DocumentNode:
    """Return the document, checked; _NotExecuted with what is wrong."""
    errors = too_many_lines(call.document)
    if len(call.operation_name or "") > NAME_LENGTH:
        errors.append(GraphQLError(f"operationName should have at most {NAME_LENGTH} characters."))
    if errors:
        raise _NotExecuted(errors)
    try:
        document = parse(call.document, max_tokens=TOKENS)
    except GraphQLError as error:
        raise _NotExecuted([error]) from None
    errors = over_limits(document) or validate(_SCHEMA, document, max_errors=_MAX_ERRORS)
    if errors:
        raise _NotExecuted(errors)
    return document


def _is_mutation(document: DocumentNode, name: str | None) -> bool:
    operation = get_operation_ast(document, name)
    return operation is not None and operation.operation is OperationType.MUTATION


def _execute(document: DocumentNode, call: GraphQLRequest, sender: SignalMutations | RequestSize) -> ExecutionResult:
    return execute_sync(
        _SCHEMA,
        document,
        context_value=sender,
        variable_values=dict(call.variables),
        operation_name=call.operation_name,
        max_coercion_errors=_MAX_ERRORS,
    )


def _without_python_details(error: GraphQLError) -> GraphQLError:
    """Say in our words what made Python stumble, e.g. an integer of 5,000 digits."""
    if error.original_error is None or isinstance(error.original_error, GraphQLError):
        return error
    return GraphQLError("A value of the document can't be read.", error.nodes)


def _text(value: Any) -> str:
    """Take a DateTime as it is: what is wrong with it is said with its place, and costs a batch only its signal."""
    if not isinstance(value, str):
        raise GraphQLError("DateTime should be a string, as in 2020-01-02T00:00:00.000Z")
    return value


def _make_schema() -> GraphQLSchema:
    schema = build_schema(files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8"))
    scalar, query, mutation = schema.type_map["DateTime"], schema.query_type, schema.mutation_type
    if not isinstance(scalar, GraphQLScalarType) or query is None or mutation is None:
        raise TypeError("schema.graphql lacks DateTime, Query or Mutation")
    scalar.coerce_input_value = _text
    query.fields["vocabularyVersion"].resolve = lambda _root, info: info.context.receiver.vocabulary.version
    mutation.fields["sendSignal"].resolve = lambda _root, info, **given: info.context.send_signal(given["input"])
    mutation.fields["sendSignals"].resolve = lambda _root, info, **given: info.context.send_signals(given["input"])
    mutation.fields["sendApplicationSignal"].resolve = lambda _root, info, **given: (
        info.context.send_application_signal(given["input"])
    )
    return schema


_SCHEMA = _make_schema()


_BODY_LIMIT_BYTES = 256 * 1024
_STORE_SECONDS = 20.0
_MESSAGE_LENGTH = 300
_BEARER = "bearer "
_SEND_AGAIN = "Something failed on our side; send the same request again later."


def signals(tokens: TokenLookup, receivers: Environments[Receiver]) -> LambdaHandler:
    """Make the handler of `POST /graphql`."""

    def answer(request: Request) -> Reply:
        request.require_method("POST")
        ats = _authenticate(request, tokens)
        set_caller(ats.id, Channel.SIGNALS)
        executed, result = execute(_graphql_request(request), SignalMutations(receivers.for_caller(ats), ats.id))
        errors = [_formatted(error) for error in result.errors or []]
        if not executed:
            add_metric("Refused")
            logger.warning("refused", extra=outcome_fields(PROBLEMS[InvalidFields].type))
            return reply(400, {"errors": errors})
        return reply(200, {"data": result.data} | ({"errors": errors} if errors else {}))

    return endpoint(answer, refuse=_refusal, fail=_failure, seconds=_STORE_SECONDS)


def _authenticate(request: Request, tokens: TokenLookup) -> CallingAts:
    given = request.headers.get("authorization", ())
    text = given[0] if len(given) == 1 and given[0].lower().startswith(_BEARER) else ""
    return ats_of_token(text[len(_BEARER) :].strip(), tokens)


def _graphql_request(request: Request) -> GraphQLRequest:
    body = json_object(request, _BODY_LIMIT_BYTES)
    document, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(document, str) or not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise MalformedBody(
            'Send {"query": "...", "variables": {...}, "operationName": "..."}; the latter two may be left out.'
        )
    return GraphQLRequest(document, variables or {}, name)


def _formatted(error: GraphQLError) -> dict[str, Any]:
    """Give an error the contract's code; one of ours tells nothing but that it may pass."""
    original = error.original_error
    if original is None or isinstance(original, GraphQLError):
        formatted: dict[str, Any] = dict(error.formatted)
        if len(error.message) > _MESSAGE_LENGTH:
            formatted["message"] = f"{error.message[:_MESSAGE_LENGTH]}..."
        return formatted | {"extensions": {"code": BAD_USER_INPUT} | dict(error.extensions or {})}
    add_metric("Failed")
    problem = PROBLEMS[Unavailable]
    if not isinstance(original, Unavailable):
        log_unexpected(original)
        problem = UNEXPECTED
    logger.warning("failed", extra=outcome_fields(problem.type))
    return {"message": _SEND_AGAIN, "path": error.path, "extensions": {"code": INTERNAL_SERVER_ERROR}}


def _refusal(error: Refusal, request: Request) -> Reply:
    code = "UNAUTHENTICATED" if isinstance(error, Unauthenticated) else BAD_USER_INPUT
    return _failed(PROBLEMS[type(error)], str(error), code, request, **refusal_headers(error, "Bearer"))


def _failure(problem: Problem, request: Request) -> Reply:
    return _failed(problem, _SEND_AGAIN, INTERNAL_SERVER_ERROR, request, **retry_later())


def _failed(problem: Problem, message: str, code: str, request: Request, **headers: str) -> Reply:
    extensions = {"code": code, "requestId": request.request_id}
    return reply(problem.status, {"errors": [{"message": message, "extensions": extensions}]}, **headers)
