"""The one place where errors become HTTP: RFC 9457 problem details."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from application_status import errors
from application_status.gateway.request import Request

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


def reply(status: int, body: dict[str, Any], **headers: str) -> Reply:
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
    members: dict[str, Any] = {"detail": str(error)}
    if isinstance(error, errors.InvalidFields):
        members["errors"] = [asdict(entry) for entry in error.errors]
        members |= {"ignoredFields": error.ignored} if error.ignored else {}
    return _problem(PROBLEMS[type(error)], request, members, refusal_headers(error, "X-AtsiToken"))


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
    members = {"detail": "Send the same request again after Retry-After seconds."}
    return _problem(problem, request, members, retry_later())


def retry_later() -> dict[str, str]:
    """Return the header that tells when to send again."""
    return {"Retry-After": str(_RETRY_AFTER_SECONDS)}


def _problem(problem: Problem, request: Request, members: dict[str, Any], headers: dict[str, str]) -> Reply:
    body = {"type": f"/problems/{problem.type}", "title": problem.title, "status": problem.status}
    body |= members | {"requestId": request.request_id}
    return reply(problem.status, body, **{"Content-Type": "application/problem+json"}, **headers)
