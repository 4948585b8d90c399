"""The problem responses, with examples made by the service's own code."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from application_status.access.limits import limit_of_ats
from application_status.access.limits import refusal as refusal_of_limit
from application_status.access.tokens import no_valid_token
from application_status.api_docs.problem_types import PROBLEM_TYPES
from application_status.applications.register import ALIAS_LIMIT
from application_status.local.template import Template
from application_status.platform import errors
from application_status.platform.http.endpoint import PROBLEMS, UNEXPECTED, Reply, Request, failure, refusal

_REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
_REQUEST = Request.from_event({"requestContext": {"requestId": _REQUEST_ID}})
_WRONG = errors.FieldError("/Status", "Input should be 'LEAD', 'APPLIED', ...", "one of LEAD, APPLIED, ...")
_REFUSALS = (
    errors.MalformedBody("The body is JSON, but not an object; send one JSON object, as in {...}."),
    errors.MalformedHeader("Idempotency-Key must have 1 to 255 visible ASCII characters."),
    no_valid_token(),
    errors.WrongSignature(
        'Signature has 71 characters and begins with "sha256="; expected are 71 characters that begin with "sha256 ", '
        "made with the secret of this connection."
    ),
    errors.Forbidden("Ask about your own applications only."),
    errors.UnknownApplication(),
    errors.UnknownConnection(),
    errors.UnknownFile(),
    errors.AwaitingSecret(),
    errors.NotAcceptable("Accept application/json or text/csv."),
    errors.AliasTaken(["Token"]),
    errors.RegistrationConflict(["ClientId", "JobId"]),
    errors.TooManyAliases(["Token"], ALIAS_LIMIT),
    errors.ApplicationErased(),
    errors.BodyTooLarge("The body is too large; send at most 8192 bytes."),
    errors.UnsupportedMediaType(
        "The Content-Type is missing or not application/json in UTF-8; send Content-Type: application/json."
    ),
    errors.InvalidFields((_WRONG,), ignored=("Remark",)),
    errors.DailyLimitReached(200, 3600),
    refusal_of_limit(limit_of_ats(50)),
)
_HEADERS = {
    "Retry-After": {"description": "seconds", "schema": {"type": "integer"}},
    "RateLimit-Policy": {
        "description": "the limit's name, its quota of requests (`q`) and its window in seconds (`w`)",
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": "the limit's name, how many requests are left (`r`), and the seconds until there are more (`t`)",
        "schema": {"type": "string"},
    },
    "WWW-Authenticate": {"description": "the scheme to use", "schema": {"type": "string"}},
}
_TYPES = {each.type: each for each in PROBLEM_TYPES}


def problem_responses(types: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the problem responses of an operation: references by status, and the responses referred to."""
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
    response = Template({"DomainName": "status.example.com"}).gateway_response(kind)
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
    "refused": (403, {}, _REFUSED),
}
"""The status, headers and body of an example of each type."""
