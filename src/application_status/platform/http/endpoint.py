"""HTTP requests and replies of Lambda functions behind an API Gateway REST API.

Request    the proxy event, parsed
qualities  parses Accept and similar headers
Problem    errors as RFC 9457 problem details; the only place that maps errors to HTTP status codes
endpoint   wraps each HTTP function: parses the event, limits its time, converts errors to replies, writes metrics
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

from application_status.platform import errors
from application_status.platform.deadlines import deadline
from application_status.platform.errors import (
    BodyTooLarge,
    FieldError,
    InvalidFields,
    MalformedBody,
    MalformedHeader,
    MethodNotAllowed,
    Refusal,
    Unavailable,
    UnknownPath,
)
from application_status.platform.telemetry import add_metric, begin, flush, log_unexpected, logger, result_fields
from application_status.platform.values import ApplicationId, application_id

UNKNOWN_PATH, REST_OF_PATH = "/{proxy+}", "proxy"
"""The route of all paths that have no other, and its path parameter."""

SECONDS_FROM_FAILURE = 5.0
"""Within what time after the beginning of the first failed call to the store a request is answered."""

_RETRY_AFTER_SECONDS = 2
_SECRET_WITHIN_SECONDS = 60
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_QUALITY = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request, parsed from API Gateway's proxy event.

    Header names are in lower case; a header or query parameter has one value, or several different ones. `resource` is
    the path template, with {parameters}. `prefix` is what the client's URL has in front of this path: the stage (`/v1`)
    at the default endpoint, nothing at a custom domain. `host` is the API's host name in that URL. `claims` are those
    of the signed-in user, and `address` is the caller's IP address.

    Values that the event lacks, or that have an unexpected type, are empty and never an error. A lone surrogate becomes
    U+FFFD, which no valid id, token or key contains.
    """

    method: str
    resource: str
    prefix: str
    host: str
    stage_variables: Mapping[str, str]
    request_id: str
    path_parameters: Mapping[str, str]
    query: Mapping[str, tuple[str, ...]]
    claims: Mapping[str, str]
    headers: Mapping[str, tuple[str, ...]]
    address: str
    encoded_body: str
    body_is_base64: bool

    @classmethod
    def from_event(cls, event: Any) -> "Request":
        """Parse a proxy event.

        https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event
        """
        event = _mapping(event)
        body = event.get("body")
        context = _mapping(event.get("requestContext"))
        claims = _mapping(_mapping(context.get("authorizer")).get("claims"))
        resource = _text(event.get("resource"))
        path_parameters = _texts(event.get("pathParameters"))
        return cls(
            method=_text(event.get("httpMethod")),
            resource=resource,
            prefix=_prefix(_text(context.get("path")), resource, path_parameters.get(REST_OF_PATH, "")),
            host=_text(context.get("domainName")),
            stage_variables=_texts(event.get("stageVariables")),
            request_id=_text(context.get("requestId")),
            path_parameters=path_parameters,
            query=_values(event, "queryStringParameters", "multiValueQueryStringParameters"),
            claims=_texts(claims),
            headers=_with_lower_case_names(_values(event, "headers", "multiValueHeaders")),
            address=_text(_mapping(context.get("identity")).get("sourceIp")),
            encoded_body=body if isinstance(body, str) else "",
            body_is_base64=event.get("isBase64Encoded") is True,
        )

    def require_resource(self) -> None:
        """Check that the event has a path template.

        Raises:
            UnknownPath: it has none; events of HTTP APIs and of load balancers don't.
        """
        if not self.resource:
            raise UnknownPath

    def require_method(self, *allowed: str) -> None:
        """Check the request's method.

        Raises:
            MethodNotAllowed: the method is not one of `allowed`.
        """
        if self.method not in allowed:
            raise MethodNotAllowed(", ".join(allowed))

    def header(self, name: str) -> str | None:
        """Return a header's value, or None without the header.

        Raises:
            MalformedHeader: the header has several different values.
        """
        values = self.headers.get(name.lower(), ())
        if len(values) > 1:
            raise MalformedHeader(f"{name} was sent {len(values)} times with different values; send it once.")
        return values[0] if values else None

    def traceparent(self) -> str | None:
        """Return the caller's trace (W3C Trace Context), or None if the header is missing or malformed."""
        values = self.headers.get("traceparent", ())
        return values[0] if len(values) == 1 and _TRACEPARENT.fullmatch(values[0]) else None

    def body(self, limit: int) -> bytes:
        """Return the body's bytes; `limit` is in bytes.

        Raises:
            BodyTooLarge: the body exceeds the limit.
            MalformedBody: the base64 encoding is broken, or the text can't be encoded as UTF-8.
        """
        if len(self.encoded_body) > 2 * limit:
            raise _too_large(limit)
        try:
            text = self.encoded_body
            body = base64.b64decode(text, validate=True) if self.body_is_base64 else text.encode()
        except (binascii.Error, ValueError):
            raise MalformedBody("The body can't be decoded; send JSON in UTF-8.") from None
        if len(body) > limit:
            raise _too_large(limit)
        return body


def _prefix(path: str, resource: str, rest: str) -> str:
    """Return what a URL's path has in front of the path that the resource describes; `rest` is its {proxy+}.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
    """
    parts = rest.strip("/").count("/") + 1 if resource == UNKNOWN_PATH else resource.rstrip("/").count("/")
    prefix = path.rstrip("/").rsplit("/", parts)[0] if resource else ""
    return prefix if _PREFIX.fullmatch(prefix) else ""


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is too large; send at most {limit} bytes.")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _texts(members: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in _mapping(members).items() if isinstance(value, str)}


def _values(event: Mapping[str, Any], single: str, multiple: str) -> dict[str, tuple[str, ...]]:
    """Return each name's different values, in order; names without values are left out."""
    values: dict[str, tuple[str, ...]] = {}
    for name, found in _mapping(event.get(multiple)).items():
        if isinstance(found, list):
            texts = tuple([_text(value) for value in found if isinstance(value, str)])
            if texts:
                values[_text(name)] = texts if len(texts) == 1 else tuple(dict.fromkeys(texts))
    for name, value in _mapping(event.get(single)).items():
        if name not in values and isinstance(value, str):
            values.setdefault(_text(name), (_text(value),))
    return values


def _with_lower_case_names(headers: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    lower: dict[str, tuple[str, ...]] = {}
    for name, values in headers.items():
        known = lower.get(name.lower())
        lower[name.lower()] = values if known is None else tuple(dict.fromkeys((*known, *values)))
    return lower


def qualities(request: Request, header: str) -> dict[str, float]:
    """Return the ranges in a header, in lower case and in their order, each with its quality from 0 to 1.

    A range without a quality has 1. A range that occurs twice has the higher quality. Malformed ranges are skipped, and
    other parameters are ignored.
    https://www.rfc-editor.org/rfc/rfc9110#name-quality-values
    """
    found: dict[str, float] = {}
    for text in ",".join(request.headers.get(header.lower(), ())).lower().split(","):
        name, *parameters = (part.strip() for part in text.split(";"))
        weight = next((each for each in parameters if each.partition("=")[0].strip() == "q"), "q=1")
        match = _QUALITY.fullmatch(weight)
        if name and match:
            found[name] = max(float(match[1]), found.get(name, 0.0))
    return found


def path_id(request: Request) -> ApplicationId:
    """Return the AtsiApplicationId in the path.

    Raises:
        InvalidFields: the path has no valid one.
    """
    try:
        return application_id(request.path_parameters.get("AtsiApplicationId", ""))
    except ValueError as error:
        wrong = FieldError("", f"the AtsiApplicationId in the path is {error}", "a UUID")
        raise InvalidFields((wrong,)) from None


type Reply = dict[str, Any]
"""A reply in API Gateway's proxy format: statusCode, headers, body."""

type LambdaHandler = Callable[[Any, Any], Reply]
"""A Lambda handler of proxy events."""

type UriReference = str
"""A URI or a relative reference (RFC 3986)."""


class FieldProblem(TypedDict):
    """One invalid field."""

    pointer: str
    """A JSON pointer to the field (RFC 6901)."""
    detail: str
    expected: str


class ProblemDetails(TypedDict):
    """An error as problem details (RFC 9457)."""

    type: UriReference
    title: str
    status: NotRequired[int]
    """The HTTP status; some errors of the gateway itself have none."""
    detail: str
    requestId: str
    errors: NotRequired[Sequence[FieldProblem]]
    """An entry for each invalid field."""
    ignoredFields: NotRequired[Sequence[str]]
    """Unrecognised fields."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An HTTP status, the last segment of the problem type's URI (see api_docs/problem_types.py), and a title."""

    status: int
    type: str
    title: str


PROBLEMS: dict[type[errors.ServiceError], Problem] = {
    errors.MalformedBody: Problem(400, "malformed-body", "The body is not accepted JSON"),
    errors.MalformedHeader: Problem(400, "malformed-header", "A header has an invalid value"),
    errors.UnsupportedGrantType: Problem(400, "unsupported-grant-type", "The grant type is not supported"),
    errors.Unauthenticated: Problem(401, "unauthenticated", "No valid token"),
    errors.NotSignedIn: Problem(401, "unauthenticated", "No valid token"),
    errors.WrongSignature: Problem(401, "wrong-signature", "The signature is wrong"),
    errors.Forbidden: Problem(403, "forbidden", "Not allowed for this caller"),
    errors.UnknownPath: Problem(404, "unknown-path", "Unknown path"),
    errors.UnknownApplication: Problem(404, "unknown-application", "Unknown application"),
    errors.UnknownConnection: Problem(404, "unknown-connection", "Unknown connection"),
    errors.UnknownFile: Problem(404, "unknown-file", "Unknown file"),
    errors.MethodNotAllowed: Problem(405, "method-not-allowed", "The path does not accept this method"),
    errors.NotAcceptable: Problem(406, "not-acceptable", "No acceptable media type"),
    errors.AliasTaken: Problem(409, "alias-taken", "An alias belongs to another application"),
    errors.RegistrationConflict: Problem(409, "registration-conflict", "Another application has this id"),
    errors.TooManyAliases: Problem(409, "too-many-aliases", "The application has too many aliases"),
    errors.ApplicationErased: Problem(410, "application-erased", "The application was erased"),
    errors.BodyTooLarge: Problem(413, "body-too-large", "The body is too large"),
    errors.UnsupportedMediaType: Problem(415, "unsupported-media-type", "Not application/json"),
    errors.UnsupportedCoding: Problem(415, "unsupported-media-type", "Not application/json"),
    errors.InvalidFields: Problem(422, "invalid-fields", "Fields are missing or invalid"),
    errors.TooManyRequests: Problem(429, "throttled", "Too many requests"),
    errors.DailyLimitReached: Problem(429, "daily-limit-reached", "The daily limit is reached"),
    errors.AwaitingSecret: Problem(503, "awaiting-secret", "The connection has no secret yet"),
    errors.Unavailable: Problem(503, "unavailable", "Not available right now"),
}
UNEXPECTED = Problem(503, "unexpected", "The service failed unexpectedly")


def reply(status: int, body: Mapping[str, object], **headers: str) -> Reply:
    """Return a proxy reply with a JSON body."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"} | headers,
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }


class UptimeReply(TypedDict):
    """The reply to an uptime check."""

    status: Literal["ok"]


UPTIME_PATH = "/health"


def uptime(_: Request) -> Reply:
    """Answer an uptime check: that a request reaches a function and returns. It reads no table."""
    body: UptimeReply = {"status": "ok"}
    return reply(200, body)


def no_content() -> Reply:
    """Return a 204 reply without a body."""
    return {"statusCode": 204, "headers": {"Cache-Control": "no-store"}, "body": ""}


def refusal(error: errors.Refusal, request: Request) -> Reply:
    """Return the reply to a refused request."""
    return _problem(refusal_details(error, request), refusal_headers(error, "X-AtsiToken"))


def refusal_details(error: errors.Refusal, request: Request) -> ProblemDetails:
    """Return a refusal as problem details."""
    details = _details(PROBLEMS[type(error)], str(error), request)
    if isinstance(error, errors.InvalidFields):
        details["errors"] = field_problems(error.errors)
        if error.ignored:
            details["ignoredFields"] = error.ignored
    return details


def refusal_headers(error: errors.Refusal, scheme: str) -> dict[str, str]:
    """Return the headers that RFC 9110 requires with a refusal; `scheme` is the authentication scheme.

    RateLimit headers: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
    """
    match error:
        case errors.MethodNotAllowed():
            headers = {"Allow": error.allowed}
        case errors.Unauthenticated():
            headers = {"WWW-Authenticate": f'{scheme} realm="application-status"'}
        case errors.UnsupportedCoding():
            headers = {"Accept-Encoding": "identity"}
        case errors.AwaitingSecret():
            headers = {"Retry-After": str(_SECRET_WITHIN_SECONDS)}
        case errors.DailyLimitReached():
            headers = {"Retry-After": str(error.retry_after)}
        case errors.TooManyRequests():
            headers = {
                "Retry-After": str(error.retry_after),
                "RateLimit-Policy": f'"{error.policy}";q={error.quota};w={error.window}',
                "RateLimit": f'"{error.policy}";r=0;t={error.retry_after}',
            }
        case _:
            headers = {}
    return headers


def field_problems(wrong: Iterable[FieldError]) -> list[FieldProblem]:
    """Return field errors in the form that replies use."""
    return [{"pointer": each.pointer, "detail": each.detail, "expected": each.expected} for each in wrong]


def failure(problem: Problem, request: Request) -> Reply:
    """Return the reply to a failed request, which says that a retry is safe and nothing about the failure."""
    return _problem(failure_details(problem, request), retry_later())


def failure_details(problem: Problem, request: Request) -> ProblemDetails:
    """Return a failure as problem details."""
    return _details(problem, "Send the same request again after Retry-After seconds.", request)


def retry_later() -> dict[str, str]:
    """Return the header that says after how many seconds to retry."""
    return {"Retry-After": str(_RETRY_AFTER_SECONDS)}


def _details(problem: Problem, detail: str, request: Request) -> ProblemDetails:
    return {
        "type": f"{request.prefix}/problems/{problem.type}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "requestId": request.request_id,
    }


def _problem(details: ProblemDetails, headers: dict[str, str]) -> Reply:
    return reply(details["status"], details, **{"Content-Type": "application/problem+json"}, **headers)


def endpoint(
    answer: Callable[[Request], Reply],
    *,
    sign_in: Callable[[Request], Request] = lambda request: request,
    refuse: Callable[[Refusal, Request], Reply] = refusal,
    fail: Callable[[Problem, Request], Reply] = failure,
    seconds: float = 5.0,
) -> LambdaHandler:
    """Return a Lambda handler that calls `answer` with the request and never raises.

    `sign_in` returns the request with the claims of its user. `refuse` and `fail` build the replies to errors; if
    `sign_in` raised, the request is without claims. `seconds` limits the time spent on calls to the store, and so does
    `SECONDS_FROM_FAILURE` once one of them has failed.
    """

    def lambda_handler(event: Any, context: Any) -> Reply:
        request = Request.from_event(event)
        invocation = getattr(context, "aws_request_id", None)
        begin(request.request_id or invocation, function_request_id=invocation, traceparent=request.traceparent())
        try:
            request.require_resource()
            with deadline(seconds, SECONDS_FROM_FAILURE):
                request = sign_in(request)
                return answer(request)
        except Refusal as error:
            add_metric(type(error).__name__)
            _log("Refused", PROBLEMS[type(error)])
            return refuse(error, request)
        except Unavailable:
            _log("Failed", PROBLEMS[Unavailable])
            return fail(PROBLEMS[Unavailable], request)
        except Exception as error:  # noqa: BLE001  # the caller gets a 503 for any error, and can retry
            log_unexpected(error)
            _log("Failed", UNEXPECTED)
            return fail(UNEXPECTED, request)
        finally:
            flush()

    return lambda_handler


def _log(metric: str, problem: Problem) -> None:
    add_metric(metric)
    logger.warning(metric.lower(), extra=result_fields(problem.type), status=problem.status)
