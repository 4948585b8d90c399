"""An HTTP request, read from API Gateway's proxy event.

What the event lacks, or has in another type than API Gateway sends, is empty and never an error. Half of a surrogate
pair, which JSON can hold and UTF-8 can't, becomes U+FFFD, which is good in no id, token or key.

The path's parameters that more than one function reads.

The one place where errors become HTTP: RFC 9457 problem details.

What surrounds every HTTP function: the event read, the time bounded, errors answered, metrics written.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

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
from application_status.platform.telemetry import add_metric, answered, begin, flush, log_unexpected, logger
from application_status.platform.values import ApplicationId, application_id


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Header names are lower case; headers and query parameters have one value or several different ones.

    `resource` is the path as the API names it, with {parameters}. `claims` are the signed-in user's.
    """

    method: str
    resource: str
    request_id: str
    path_parameters: Mapping[str, str]
    query: Mapping[str, tuple[str, ...]]
    claims: Mapping[str, str]
    headers: Mapping[str, tuple[str, ...]]
    encoded_body: str
    body_is_base64: bool

    @classmethod
    def from_event(cls, event: Any) -> "Request":
        """Read a proxy event.

        https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event
        """
        event = _mapping(event)
        body = event.get("body")
        context = _mapping(event.get("requestContext"))
        claims = _mapping(_mapping(context.get("authorizer")).get("claims"))
        return cls(
            method=_text(event.get("httpMethod")),
            resource=_text(event.get("resource")),
            request_id=_text(context.get("requestId")),
            path_parameters=_texts(event.get("pathParameters")),
            query=_values(event, "queryStringParameters", "multiValueQueryStringParameters"),
            claims=_texts(claims),
            headers=_lower(_values(event, "headers", "multiValueHeaders")),
            encoded_body=body if isinstance(body, str) else "",
            body_is_base64=event.get("isBase64Encoded") is True,
        )

    def require_resource(self) -> None:
        """Raise UnknownPath where the event has none, as those of HTTP APIs and of load balancers."""
        if not self.resource:
            raise UnknownPath

    def require_method(self, *allowed: str) -> None:
        """Raise MethodNotAllowed for any other method."""
        if self.method not in allowed:
            raise MethodNotAllowed(", ".join(allowed))

    def header(self, name: str) -> str | None:
        """Return a header's value, None without the header; MalformedHeader where it has different ones."""
        values = self.headers.get(name.lower(), ())
        if len(values) > 1:
            raise MalformedHeader(f"{name} is there {len(values)} times with different values; send one.")
        return values[0] if values else None

    def body(self, limit: int) -> bytes:
        """Return the body's bytes; BodyTooLarge above the limit (in bytes), MalformedBody for broken base64."""
        if len(self.encoded_body) > 2 * limit:
            raise _too_large(limit)
        try:
            text = self.encoded_body
            body = base64.b64decode(text, validate=True) if self.body_is_base64 else text.encode()
        except (binascii.Error, ValueError):
            raise MalformedBody("The body can't be decoded; send UTF-8 JSON.") from None
        if len(body) > limit:
            raise _too_large(limit)
        return body


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body may have {limit} bytes.")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _texts(members: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in _mapping(members).items() if isinstance(value, str)}


def _values(event: Mapping[str, Any], single: str, multiple: str) -> dict[str, tuple[str, ...]]:
    """Return each name's different values, in order; a name without any is left out."""
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


def _lower(headers: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    lower: dict[str, tuple[str, ...]] = {}
    for name, values in headers.items():
        known = lower.get(name.lower())
        lower[name.lower()] = values if known is None else tuple(dict.fromkeys((*known, *values)))
    return lower


def path_id(request: Request) -> ApplicationId:
    """Return the path's AtsiApplicationId; InvalidFields where it is none."""
    try:
        return application_id(request.path_parameters.get("AtsiApplicationId", ""))
    except ValueError as error:
        wrong = FieldError("", f"the path's AtsiApplicationId is {error}", "a UUID")
        raise InvalidFields((wrong,)) from None


type Reply = dict[str, Any]
"""A proxy reply: statusCode, headers, body."""

_RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """An HTTP status, the type's last path segment (described in views/problem_types.py), and its title."""

    status: int
    type: str
    title: str


PROBLEMS: dict[type[errors.ServiceError], Problem] = {
    errors.MalformedBody: Problem(400, "malformed-body", "The body is not JSON that is accepted here"),
    errors.MalformedHeader: Problem(400, "malformed-header", "A header has a value that is not accepted here"),
    errors.Unauthenticated: Problem(401, "unauthenticated", "No valid token"),
    errors.Forbidden: Problem(403, "forbidden", "Not for this caller"),
    errors.UnknownPath: Problem(404, "unknown-path", "Unknown path"),
    errors.UnknownApplication: Problem(404, "unknown-application", "Unknown application"),
    errors.MethodNotAllowed: Problem(405, "method-not-allowed", "The method is not allowed here"),
    errors.NotAcceptable: Problem(406, "not-acceptable", "No acceptable media type"),
    errors.AliasTaken: Problem(409, "alias-taken", "An alias is another application's"),
    errors.RegistrationConflict: Problem(409, "registration-conflict", "Another application has this id"),
    errors.TooManyAliases: Problem(409, "too-many-aliases", "The application has too many aliases"),
    errors.ApplicationErased: Problem(410, "application-erased", "The application was erased"),
    errors.BodyTooLarge: Problem(413, "body-too-large", "The body is too large"),
    errors.UnsupportedMediaType: Problem(415, "unsupported-media-type", "Not application/json"),
    errors.InvalidFields: Problem(422, "invalid-fields", "Fields are missing or wrong"),
    errors.DailyLimitReached: Problem(429, "daily-limit-reached", "The limit of the day is reached"),
    errors.Unavailable: Problem(503, "unavailable", "Not available right now"),
}
UNEXPECTED = Problem(503, "unexpected", "Something failed on our side")


type UriReference = str
"""A URI or a relative reference (RFC 3986)."""


class FieldProblem(TypedDict):
    """One wrong field."""

    pointer: str
    """RFC 6901."""
    detail: str
    expected: str


class ProblemDetails(TypedDict):
    """RFC 9457."""

    type: UriReference
    title: str
    status: NotRequired[int]
    """The gateway's own problems may come without it."""
    detail: str
    requestId: str
    errors: NotRequired[Sequence[FieldProblem]]
    """An entry for each wrong field."""
    ignoredFields: NotRequired[Sequence[str]]
    """Fields that nobody reads."""


def field_problems(wrong: Iterable[FieldError]) -> list[FieldProblem]:
    """Return wrong fields as members of a reply."""
    return [{"pointer": each.pointer, "detail": each.detail, "expected": each.expected} for each in wrong]


def reply(status: int, body: Mapping[str, object], **headers: str) -> Reply:
    """Return a proxy reply with a JSON body."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", "Cache-Control": "no-store"} | headers,
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }


def no_content() -> Reply:
    """Return a proxy reply that says that it is done, and nothing else."""
    return {"statusCode": 204, "headers": {"Cache-Control": "no-store"}, "body": ""}


def refusal(error: errors.Refusal, request: Request) -> Reply:
    """Return what a refusal looks like."""
    problem = PROBLEMS[type(error)]
    details = _details(problem, str(error), request)
    if isinstance(error, errors.InvalidFields):
        details["errors"] = field_problems(error.errors)
        if error.ignored:
            details["ignoredFields"] = error.ignored
    return _problem(problem, details, refusal_headers(error, "X-AtsiToken"))


def refusal_headers(error: errors.Refusal, scheme: str) -> dict[str, str]:
    """Return the headers that RFC 9110 wants with a refusal; the scheme is how callers authenticate."""
    if isinstance(error, errors.MethodNotAllowed):
        return {"Allow": error.allowed}
    if isinstance(error, errors.Unauthenticated):
        return {"WWW-Authenticate": f'{scheme} realm="application-status"'}
    if isinstance(error, errors.DailyLimitReached):
        return {"Retry-After": str(error.retry_after)}
    return {}


def failure(problem: Problem, request: Request) -> Reply:
    """Return what a failure of ours looks like: nothing about it, but that sending again is safe."""
    details = _details(problem, "Send the same request again after Retry-After seconds.", request)
    return _problem(problem, details, retry_later())


def retry_later() -> dict[str, str]:
    """Return the header that tells when to send again."""
    return {"Retry-After": str(_RETRY_AFTER_SECONDS)}


def _details(problem: Problem, detail: str, request: Request) -> ProblemDetails:
    return {
        "type": f"/problems/{problem.type}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "requestId": request.request_id,
    }


def _problem(problem: Problem, details: ProblemDetails, headers: dict[str, str]) -> Reply:
    return reply(problem.status, details, **{"Content-Type": "application/problem+json"}, **headers)


type LambdaHandler = Callable[[Any, Any], Reply]


def endpoint(
    answer: Callable[[Request], Reply],
    *,
    refuse: Callable[[Refusal, Request], Reply] = refusal,
    fail: Callable[[Problem, Request], Reply] = failure,
    seconds: float = 5.0,
) -> LambdaHandler:
    """Make a Lambda handler of a function from request to reply; the handler never raises.

    `refuse` and `fail` say what errors look like; `seconds` bounds the time spent with the store.
    """

    def lambda_handler(event: Any, _context: Any) -> Reply:
        request = Request.from_event(event)
        begin(request.request_id)
        try:
            request.require_resource()
            with deadline(seconds):
                return answer(request)
        except Refusal as error:
            add_metric(type(error).__name__)
            _log("Refused", PROBLEMS[type(error)])
            return refuse(error, request)
        except Unavailable:
            _log("Failed", PROBLEMS[Unavailable])
            return fail(PROBLEMS[Unavailable], request)
        except Exception as error:  # noqa: BLE001  # whatever it is, the caller gets a problem and may send again
            log_unexpected(error)
            _log("Failed", UNEXPECTED)
            return fail(UNEXPECTED, request)
        finally:
            flush()

    return lambda_handler


def _log(metric: str, problem: Problem) -> None:
    add_metric(metric)
    logger.warning(metric.lower(), extra=answered(problem.type), status=problem.status)
