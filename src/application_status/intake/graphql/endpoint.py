"""The GraphQL endpoint: authenticate, validate the document, execute its mutations, format the errors.

graphql_endpoint  returns the Lambda handler
execute           parses and executes a GraphQL request; the schema's resolvers call `Mutations`

The methods, parameters, media types and statuses are those of GraphQL over HTTP:
https://graphql.github.io/graphql-over-http/draft/
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any, Final, Literal, NamedTuple, NotRequired, TypedDict

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationType,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)
from graphql.language import FormattedSourceLocation
from pydantic import Field

from application_status.access import trials
from application_status.access.tokens import Environments, TokenLookup, bearing_ats
from application_status.applications.rules.report import Channel
from application_status.intake.graphql.limits import NAME_LENGTH, TOKENS, over_limits, too_many_lines
from application_status.intake.graphql.schema import DISPOSITIONS_FIELD, SCHEMA, Mutations
from application_status.intake.graphql.size import RequestSize
from application_status.intake.indeed.dispositions import DispositionMutations, DispositionReceiver
from application_status.intake.seek.signals import SignalMutations, SignalReceiver
from application_status.platform.errors import (
    FieldError,
    InvalidFields,
    MalformedBody,
    MethodNotAllowed,
    Refusal,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from application_status.platform.http.body import json_object, parsed_object
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
    qualities,
    refusal,
    refusal_headers,
    reply,
    retry_later,
)
from application_status.platform.telemetry import add_metric, log_unexpected, logger, result_fields, set_caller

_BODY_LIMIT_BYTES = 256 * 1024
_STORE_SECONDS = 20.0
_MESSAGE_LENGTH = 300

_MAX_ERRORS = 10
"""The message of each error may quote a large part of the document until it is truncated, see `_MESSAGE_LENGTH`."""

_SMALL_DOCUMENT = 1500
"""The number of tokens or lines up to which a document gets as many errors."""

_JSON, _GRAPHQL = "application/json", "application/graphql-response+json"
_SEND_AGAIN = "The service failed; send the same request again later."

UNAUTHENTICATED: Final = "UNAUTHENTICATED"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
INTERNAL_SERVER_ERROR: Final = "INTERNAL_SERVER_ERROR"

type _Code = Literal["UNAUTHENTICATED", "BAD_USER_INPUT", "INTERNAL_SERVER_ERROR"]


class GraphqlRequest(TypedDict):
    """A GraphQL request; introspection returns the schema."""

    query: str
    variables: NotRequired[dict[str, Any] | None]
    operationName: NotRequired[Annotated[str, Field(max_length=NAME_LENGTH)] | None]


class GraphqlErrorExtensions(TypedDict):
    """The members of an error that programs can use."""

    code: _Code
    requestId: str
    errors: NotRequired[Sequence[FieldProblem]]
    """An entry for each invalid field; all other signals were recorded."""


class GraphqlError(TypedDict):
    """A GraphQL error."""

    message: str
    locations: NotRequired[Sequence[FormattedSourceLocation]]
    path: NotRequired[Sequence[str | int]]
    extensions: GraphqlErrorExtensions


class DroppedSignal(TypedDict):
    """A signal that has no effect, which the contract does not treat as an error."""

    about: str
    """The token or id, as you sent it."""
    reason: str


class GraphqlExtensions(TypedDict):
    """What the reply says beyond the contracts."""

    dropped: Sequence[DroppedSignal]


class GraphqlReply(TypedDict):
    """A GraphQL reply."""

    data: NotRequired[dict[str, Any] | None]
    errors: NotRequired[Sequence[GraphqlError]]
    extensions: NotRequired[GraphqlExtensions]
    """Only with a test token, and only if signals were dropped."""


class Receivers(NamedTuple):
    """What records the reports of each contract."""

    signals: SignalReceiver
    dispositions: DispositionReceiver


def graphql_endpoint(tokens: TokenLookup, receivers: Environments[Receivers]) -> LambdaHandler:
    """Return the handler of `POST /graphql`, and of `GET /graphql` for queries."""

    def answer(request: Request) -> Reply:
        request.require_method("GET", "POST")
        ats = bearing_ats(request, tokens)
        set_caller(ats.id, Channel.SIGNALS)
        tokens.limit(ats)
        call = _graphql_request(request)
        if DISPOSITIONS_FIELD in call["query"]:
            set_caller(ats.id, Channel.INDEED)
        of_caller = receivers.for_caller(ats)
        mutations = Mutations(
            SignalMutations(of_caller.signals, ats.id), DispositionMutations(of_caller.dispositions, ats.id)
        )
        executed, result = execute(call, mutations, partial(tokens.limit, ats), only_queries=request.method == "GET")
        errors = [_formatted(error, request) for error in result.errors or []]
        if not executed:
            add_metric("Refused")
            logger.warning("refused", extra=result_fields(PROBLEMS[InvalidFields].type))
            return _reply(200 if _is_old_client(request) else 400, {"errors": errors}, request)
        body: GraphqlReply = {"data": result.data}
        if errors:
            body["errors"] = errors
        if dropped := _dropped():
            body["extensions"] = {"dropped": dropped}
        failed = any(each["extensions"]["code"] == INTERNAL_SERVER_ERROR for each in errors)
        return _reply(200, body, request, **(retry_later() if failed else {}))

    return endpoint(answer, refuse=_refusal, fail=_failure, seconds=_STORE_SECONDS)


def _dropped() -> list[DroppedSignal]:
    """Return the signals that were dropped, if the request has a test token."""
    noted = trials.notes() or ()
    return [{"about": each["About"], "reason": each["Reason"]} for each in noted if each["Result"] == "dropped"]


def _graphql_request(request: Request) -> GraphqlRequest:
    """Return the request in the body or, of a GET request, in the query string.

    Raises:
        UnsupportedMediaType: the body is not declared as UTF-8 JSON, or is compressed.
        BodyTooLarge: the body has more than 256 KiB.
        MalformedBody: it is no GraphQL request.
    """
    sent = _parameters(request) if request.method == "GET" else json_object(request, _BODY_LIMIT_BYTES)
    document, variables, name = sent.get("query"), sent.get("variables"), sent.get("operationName")
    if (
        not isinstance(document, str)
        or not isinstance(variables, dict | None)
        or not isinstance(name, str | None)
        or not isinstance(sent.get("extensions"), dict | None)
    ):
        raise MalformedBody(
            'This is no GraphQL request; send {"query": "...", "variables": {...}, "operationName": "..."}, of which '
            "the last two are optional."
        )
    return {"query": document, "variables": variables, "operationName": name}


def _parameters(request: Request) -> dict[str, Any]:
    """Return the parameters of the query string, of which variables and extensions are JSON.

    Raises:
        MalformedBody: one of these is not accepted JSON, or a parameter was sent more than once.
    """
    sent: dict[str, Any] = {}
    for name, (value, *others) in request.query.items():
        if others:
            raise MalformedBody(f"The parameter {name[:NAME_LENGTH]} was sent more than once; send it once.")
        sent[name] = _json_parameter(name, value) if name in {"variables", "extensions"} else value or None
    return sent


def _json_parameter(name: str, value: str) -> dict[str, Any] | None:
    if value in {"", "null"}:
        return None
    try:
        return parsed_object(value.encode())
    except ValueError as error:
        raise MalformedBody(f"The parameter {name} is {error}") from None


def _media_type(request: Request) -> str:
    """Return the media type of the reply: `application/graphql-response+json` only if the client prefers it."""
    accepted = qualities(request, "Accept")
    preferred = accepted.get(_GRAPHQL, 0.0)
    return _GRAPHQL if preferred and preferred >= accepted.get(_JSON, 0.0) else _JSON


def _is_old_client(request: Request) -> bool:
    """Return whether the client asks for `application/json`, and so gets 200 even if its document has errors."""
    return _media_type(request) == _JSON and qualities(request, "Accept").get(_JSON, 0.0) > 0


def _reply(status: int, body: GraphqlReply, request: Request, **headers: str) -> Reply:
    return reply(status, body, **{"Content-Type": _media_type(request)}, **headers)


def execute(
    call: GraphqlRequest, mutations: Mutations, limit: Callable[[int], None], *, only_queries: bool = False
) -> tuple[bool, ExecutionResult]:
    """Execute a request; return whether it was executed, and its result or errors.

    A mutation is first executed with a RequestSize in place of `mutations`. If it sends too much, nothing is recorded.
    `limit` is called with the number of its signals and dispositions beyond the first, which the request counts for.

    Raises:
        TooManyRequests: `limit` refused the request; nothing is recorded.
        MethodNotAllowed: it is a mutation, but `only_queries` are allowed.
    """
    try:
        document = _parse(call)
    except _NotExecuted as refused:
        return False, ExecutionResult(None, [_without_python_details(error) for error in refused.errors])
    if _is_mutation(document, call.get("operationName")):
        if only_queries:
            raise MethodNotAllowed("POST", "a mutation with this method")
        size = RequestSize()
        counted = _execute(document, call, Mutations(size, size))
        if not _was_executed(counted):
            return False, counted
        if error := size.error(counted.data):
            return False, ExecutionResult(None, [error])
        if size.reports > 1:
            limit(size.reports - 1)
    result = _execute(document, call, mutations)
    return _was_executed(result), result


def _was_executed(result: ExecutionResult) -> bool:
    return result.data is not None or any(error.path for error in result.errors or [])


class _NotExecuted(Exception):
    """The document exceeds a limit, is not GraphQL or does not match the schema."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("not executed")
        self.errors = errors


def _parse(call: GraphqlRequest) -> DocumentNode:
    """Return the validated document.

    Raises:
        _NotExecuted: the document is not valid.
    """
    errors = too_many_lines(call["query"])
    if len(call.get("operationName") or "") > NAME_LENGTH:
        errors.append(GraphQLError(f"operationName must have at most {NAME_LENGTH} characters."))
    if errors:
        raise _NotExecuted(errors)
    try:
        document = parse(call["query"], max_tokens=TOKENS)
    except GraphQLError as error:
        raise _NotExecuted([error]) from None
    errors = over_limits(document) or validate(SCHEMA, document, max_errors=_most_errors(call["query"], document))
    if errors:
        raise _NotExecuted(errors)
    return document


def _most_errors(text: str, document: DocumentNode) -> int:
    """Return how many errors to look for; each one prints what is wrong, and counts the lines before it."""
    size = max(document.token_count, text.count("\n"))
    return min(_MAX_ERRORS, max(1, _MAX_ERRORS * _SMALL_DOCUMENT // size))


def _is_mutation(document: DocumentNode, name: str | None) -> bool:
    operation = get_operation_ast(document, name)
    return operation is not None and operation.operation is OperationType.MUTATION


def _execute(document: DocumentNode, call: GraphqlRequest, mutations: Mutations) -> ExecutionResult:
    return execute_sync(
        SCHEMA,
        document,
        context_value=mutations,
        variable_values=call.get("variables"),
        operation_name=call.get("operationName"),
        max_coercion_errors=_MAX_ERRORS,
    )


def _without_python_details(error: GraphQLError) -> GraphQLError:
    """Replace the message of a Python exception, e.g. for an integer of 5,000 digits."""
    if error.original_error is None or isinstance(error.original_error, GraphQLError):
        return error
    return GraphQLError("A value in the document is invalid, e.g. a number with too many digits.", error.nodes)


def _formatted(error: GraphQLError, request: Request) -> GraphqlError:
    """Return an error in the contract's form; that of a failure says only that a retry may succeed."""
    original = error.original_error
    wrong: GraphqlErrorExtensions = {"code": BAD_USER_INPUT, "requestId": request.request_id}
    if isinstance(original, InvalidFields):
        wrong["errors"] = field_problems(original.errors)
        return _located(error, _first_error(original.errors), wrong)
    if original is None or isinstance(original, GraphQLError):
        return _located(error, error.message, wrong)
    add_metric("Failed")
    problem = PROBLEMS[Unavailable]
    if not isinstance(original, Unavailable):
        log_unexpected(original)
        problem = UNEXPECTED
    logger.warning("failed", extra=result_fields(problem.type))
    failed: GraphqlErrorExtensions = {"code": INTERNAL_SERVER_ERROR, "requestId": request.request_id}
    return {"message": _SEND_AGAIN, "path": error.path or [], "extensions": failed}


def _located(error: GraphQLError, message: str, extensions: GraphqlErrorExtensions) -> GraphqlError:
    """Return an error with its locations in the document and its path in the data."""
    if len(message) > _MESSAGE_LENGTH:
        message = f"{message[:_MESSAGE_LENGTH]}..."
    located: GraphqlError = {"message": message, "extensions": extensions}
    if error.locations:
        located["locations"] = [each.formatted for each in error.locations]
    if error.path is not None:
        located["path"] = error.path
    return located


def _first_error(wrong: Sequence[FieldError]) -> str:
    """Describe the first invalid field, with its path in the form input.signals[3].token."""
    place = re.sub(r"/([0-9]+)(?=/|$)", r"[\1]", wrong[0].pointer).removeprefix("/").replace("/", ".")
    more = f" (and {len(wrong) - 1} more, see extensions)" if len(wrong) > 1 else ""
    return f"{place}: {wrong[0].detail}; expected: {wrong[0].expected}{more}"


def _refusal(error: Refusal, request: Request) -> Reply:
    if isinstance(error, TooManyRequests):
        return refusal(error, request)  # in the form of the gateway's own 429
    code: _Code = UNAUTHENTICATED if isinstance(error, Unauthenticated) else BAD_USER_INPUT
    return _failed(PROBLEMS[type(error)], str(error), code, request, **refusal_headers(error, "Bearer"))


def _failure(problem: Problem, request: Request) -> Reply:
    return _failed(problem, _SEND_AGAIN, INTERNAL_SERVER_ERROR, request, **retry_later())


def _failed(problem: Problem, message: str, code: _Code, request: Request, **headers: str) -> Reply:
    extensions: GraphqlErrorExtensions = {"code": code, "requestId": request.request_id}
    return _reply(problem.status, {"errors": [{"message": message, "extensions": extensions}]}, request, **headers)
