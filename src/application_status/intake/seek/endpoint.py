"""The GraphQL side: the schema with its resolvers, and the way of a request through it.

The signals: the way of a GraphQL request from the gateway to the tables.
"""

import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

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
from graphql.language import FormattedSourceLocation
from pydantic import Field

from application_status.access.tokens import CallingAts, Environments, TokenLookup, ats_of
from application_status.applications.rules.report import Channel
from application_status.intake.seek.limits import NAME_LENGTH, TOKENS, over_limits, too_many_lines
from application_status.intake.seek.signals import Receiver, RequestSize, SignalMutations
from application_status.platform.errors import (
    FieldError,
    InvalidFields,
    MalformedBody,
    Refusal,
    Unauthenticated,
    Unavailable,
)
from application_status.platform.http.body import json_object
from application_status.platform.http.endpoint import (
    PROBLEMS,
    UNEXPECTED,
    FieldProblem,
    LambdaHandler,
    Problem,
    Reply,
    Request,
    endpoint,
    field_problems,
    refusal_headers,
    reply,
    retry_later,
)
from application_status.platform.telemetry import add_metric, answered, called_by, log_unexpected, logger

_MAX_ERRORS = 10
"""Each may print a large part of the document into its message, before that is cut; see the handler."""


class GraphqlRequest(TypedDict):
    """A GraphQL request; the schema is found by introspection."""

    query: str
    variables: NotRequired[dict[str, Any] | None]
    operationName: NotRequired[Annotated[str, Field(max_length=NAME_LENGTH)] | None]


def execute(call: GraphqlRequest, sender: SignalMutations) -> tuple[bool, ExecutionResult]:
    """Execute a request; False with its errors where it was not executed at all.

    A mutation is first executed with a counter in the sender's place, so that one with too many signals records none.
    """
    try:
        document = _read(call)
    except _NotExecuted as refused:
        return False, ExecutionResult(None, [_without_pythons_words(error) for error in refused.errors])
    if _is_mutation(document, call.get("operationName")):
        counter = RequestSize()
        _execute(document, call, counter)
        if error := counter.error():
            return False, ExecutionResult(None, [error])
    result = _execute(document, call, sender)
    executed = result.data is not None or any(error.path for error in result.errors or [])
    return executed, result


class _NotExecuted(Exception):
    """A document that is over a limit, is not GraphQL or does not fit the schema."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("not executed")
        self.errors = errors


def _read(call: GraphqlRequest) -> DocumentNode:
    """Return the document, checked; _NotExecuted with what is wrong."""
    errors = too_many_lines(call["query"])
    if len(call.get("operationName") or "") > NAME_LENGTH:
        errors.append(GraphQLError(f"operationName should have at most {NAME_LENGTH} characters."))
    if errors:
        raise _NotExecuted(errors)
    try:
        document = parse(call["query"], max_tokens=TOKENS)
    except GraphQLError as error:
        raise _NotExecuted([error]) from None
    errors = over_limits(document) or validate(_SCHEMA, document, max_errors=_MAX_ERRORS)
    if errors:
        raise _NotExecuted(errors)
    return document


def _is_mutation(document: DocumentNode, name: str | None) -> bool:
    operation = get_operation_ast(document, name)
    return operation is not None and operation.operation is OperationType.MUTATION


def _execute(document: DocumentNode, call: GraphqlRequest, sender: SignalMutations | RequestSize) -> ExecutionResult:
    return execute_sync(
        _SCHEMA,
        document,
        context_value=sender,
        variable_values=call.get("variables"),
        operation_name=call.get("operationName"),
        max_coercion_errors=_MAX_ERRORS,
    )


def _without_pythons_words(error: GraphQLError) -> GraphQLError:
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

UNAUTHENTICATED: Final = "UNAUTHENTICATED"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
INTERNAL_SERVER_ERROR: Final = "INTERNAL_SERVER_ERROR"

type _Code = Literal["UNAUTHENTICATED", "BAD_USER_INPUT", "INTERNAL_SERVER_ERROR"]


class GraphqlErrorExtensions(TypedDict):
    """What a program can tell errors apart by."""

    code: _Code
    requestId: NotRequired[str]
    errors: NotRequired[Sequence[FieldProblem]]
    """An entry for each wrong field of the signals; the others were recorded."""


class GraphqlError(TypedDict):
    """An error, as GraphQL has it."""

    message: str
    locations: NotRequired[Sequence[FormattedSourceLocation]]
    path: NotRequired[Sequence[str | int]]
    extensions: GraphqlErrorExtensions


class GraphqlReply(TypedDict):
    """A GraphQL reply."""

    data: NotRequired[dict[str, Any] | None]
    errors: NotRequired[Sequence[GraphqlError]]


def signals(tokens: TokenLookup, receivers: Environments[Receiver]) -> LambdaHandler:
    """Make the handler of `POST /graphql`."""

    def answer(request: Request) -> Reply:
        request.require_method("POST")
        ats = _authenticate(request, tokens)
        called_by(ats.id, Channel.SIGNALS)
        executed, result = execute(_call(request), SignalMutations(receivers.for_caller(ats), ats.id))
        errors = [_formatted(error) for error in result.errors or []]
        if not executed:
            add_metric("Refused")
            logger.warning("refused", extra=answered(PROBLEMS[InvalidFields].type))
            return _reply(400, {"errors": errors})
        return _reply(200, {"data": result.data, "errors": errors} if errors else {"data": result.data})

    return endpoint(answer, refuse=_refusal, fail=_failure, seconds=_STORE_SECONDS)


def _authenticate(request: Request, tokens: TokenLookup) -> CallingAts:
    given = request.headers.get("authorization", ())
    text = given[0] if len(given) == 1 and given[0].lower().startswith(_BEARER) else ""
    return ats_of(text[len(_BEARER) :].strip(), tokens)


def _reply(status: int, body: GraphqlReply, **headers: str) -> Reply:
    return reply(status, body, **headers)


def _call(request: Request) -> GraphqlRequest:
    body = json_object(request, _BODY_LIMIT_BYTES)
    document, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(document, str) or not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise MalformedBody(
            'Send {"query": "...", "variables": {...}, "operationName": "..."}; the latter two may be left out.'
        )
    return {"query": document, "variables": variables, "operationName": name}


def _formatted(error: GraphQLError) -> GraphqlError:
    """Give an error the contract's code; one of ours tells nothing but that it may pass."""
    original = error.original_error
    if isinstance(original, InvalidFields):
        return _located(
            error, _said(original.errors), {"code": BAD_USER_INPUT, "errors": field_problems(original.errors)}
        )
    if original is None or isinstance(original, GraphQLError):
        return _located(error, error.message, {"code": BAD_USER_INPUT})
    add_metric("Failed")
    problem = PROBLEMS[Unavailable]
    if not isinstance(original, Unavailable):
        log_unexpected(original)
        problem = UNEXPECTED
    logger.warning("failed", extra=answered(problem.type))
    return {"message": _SEND_AGAIN, "path": error.path or [], "extensions": {"code": INTERNAL_SERVER_ERROR}}


def _located(error: GraphQLError, message: str, extensions: GraphqlErrorExtensions) -> GraphqlError:
    """Return an error with the places in the document and in the data that it is about."""
    if len(message) > _MESSAGE_LENGTH:
        message = f"{message[:_MESSAGE_LENGTH]}..."
    located: GraphqlError = {"message": message, "extensions": extensions}
    if error.locations:
        located["locations"] = [each.formatted for each in error.locations]
    if error.path is not None:
        located["path"] = error.path
    return located


def _said(wrong: Sequence[FieldError]) -> str:
    """Say what is wrong with the first field, its place written as in input.signals[3].token."""
    place = re.sub(r"/([0-9]+)(?=/|$)", r"[\1]", wrong[0].pointer).removeprefix("/").replace("/", ".")
    more = f" (and {len(wrong) - 1} more, see extensions)" if len(wrong) > 1 else ""
    return f"{place}: {wrong[0].detail}{more}"


def _refusal(error: Refusal, request: Request) -> Reply:
    code: _Code = UNAUTHENTICATED if isinstance(error, Unauthenticated) else BAD_USER_INPUT
    return _failed(PROBLEMS[type(error)], str(error), code, request, **refusal_headers(error, "Bearer"))


def _failure(problem: Problem, request: Request) -> Reply:
    return _failed(problem, _SEND_AGAIN, INTERNAL_SERVER_ERROR, request, **retry_later())


def _failed(problem: Problem, message: str, code: _Code, request: Request, **headers: str) -> Reply:
    extensions: GraphqlErrorExtensions = {"code": code, "requestId": request.request_id}
    return _reply(problem.status, {"errors": [{"message": message, "extensions": extensions}]}, **headers)
