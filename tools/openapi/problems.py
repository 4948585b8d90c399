"""The problem responses, with examples made by the code that answers them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from application_status.api_docs.problem_types import PROBLEM_TYPES
from application_status.applications.register import ALIAS_LIMIT
from application_status.local.template import Template
from application_status.platform import errors
from application_status.platform.http.endpoint import PROBLEMS, UNEXPECTED, Reply, Request, failure, refusal

_REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
_REQUEST = Request.from_event({"requestContext": {"requestId": _REQUEST_ID}})
_WRONG = errors.FieldError("/Status", "Input should be 'LEAD', 'APPLIED', ...", "one of LEAD, APPLIED, ...")
_REFUSALS = (
    errors.MalformedBody("Send one JSON object, as in {...}."),
    errors.MalformedHeader("Idempotency-Key has 1 to 255 visible ASCII characters."),
    errors.Unauthenticated(),
    errors.Forbidden("Ask about your own applications only."),
    errors.UnknownApplication(),
    errors.NotAcceptable("Accept application/json or text/csv."),
    errors.AliasTaken(["Token"]),
    errors.RegistrationConflict(["ClientId", "JobId"]),
    errors.TooManyAliases(["Token"], ALIAS_LIMIT),
    errors.ApplicationErased(),
    errors.BodyTooLarge("The body may have 8192 bytes."),
    errors.UnsupportedMediaType("Send Content-Type: application/json, in UTF-8."),
    errors.InvalidFields((_WRONG,), ignored=("Remark",)),
    errors.DailyLimitReached(200, 3600),
)
_HEADERS = {
    "Retry-After": {"description": "seconds", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "the scheme to use", "schema": {"type": "string"}},
}
_TYPES = {each.type: each for each in PROBLEM_TYPES}


def problem_responses(types: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an operation's problem responses by status, as references, and the responses they refer to."""
    by_status: dict[int, list[str]] = {}
    for kind in types:
        by_status.setdefault(_EXAMPLES[kind][0], []).append(kind)
    named = {status: "-or-".join(kinds) for status, kinds in sorted(by_status.items())}
    references = {str(status): {"$ref": f"#/components/responses/{name}"} for status, name in named.items()}
    return references, {name: _response(by_status[status]) for status, name in named.items()}


def _response(types: Sequence[str]) -> dict[str, Any]:
    headers = {name: _HEADERS[name] for kind in types for name in _EXAMPLES[kind][1] if name in _HEADERS}
    return {
        "description": "; or ".join(f"`{kind}`: {_TYPES[kind].cause}. Fix: {_TYPES[kind].fix}" for kind in types),
        **({"headers": headers} if headers else {}),
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/ProblemDetails"},
                "examples": {kind: {"value": _EXAMPLES[kind][2]} for kind in types},
            }
        },
    }


def _of_function(reply: Reply) -> tuple[int, Mapping[str, str], Any]:
    return reply["statusCode"], reply["headers"], json.loads(reply["body"])


def _of_gateway(kind: str) -> tuple[int, Mapping[str, str], Any]:
    response = Template().gateway_response(kind)
    return response.status, response.headers, json.loads(response.body.replace("$context.requestId", _REQUEST_ID))


_REFUSED = {
    "type": "/problems/refused",
    "title": "Refused by the gateway",
    "detail": "Signature expired: 20261122T080000Z is now earlier than 20261122T085500Z",
    "requestId": _REQUEST_ID,
}
_EXAMPLES: dict[str, tuple[int, Mapping[str, str], Any]] = {
    **{PROBLEMS[type(each)].type: _of_function(refusal(each, _REQUEST)) for each in _REFUSALS},
    "unavailable": _of_function(failure(PROBLEMS[errors.Unavailable], _REQUEST)),
    "unexpected": _of_function(failure(UNEXPECTED, _REQUEST)),
    "unknown-path": _of_gateway("MISSING_AUTHENTICATION_TOKEN"),
    "throttled": _of_gateway("THROTTLED"),
    "refused": (403, {}, _REFUSED),
}
"""Each type's status, headers and body."""
