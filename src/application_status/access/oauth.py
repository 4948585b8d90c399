"""OAuth's token endpoint for ATSs: it exchanges a client_id and client_secret for an access token.

Of OAuth 2.0 it has the client credentials grant (RFC 6749, section 4.4). Parameters that it does not know, such as
`audience` and `scope`, are ignored: an access token allows what a token of the ATS allows.
"""

import base64
import binascii
from collections import Counter
from collections.abc import Mapping
from typing import Literal, NotRequired, TypedDict
from urllib.parse import parse_qsl, unquote_plus

from application_status.access import clients
from application_status.access.rules import is_test
from application_status.access.tokens import CallingAts, TokenLookup
from application_status.platform.errors import (
    BodyTooLarge,
    MalformedBody,
    Refusal,
    TooManyRequests,
    Unauthenticated,
    UnsupportedGrantType,
    UnsupportedMediaType,
)
from application_status.platform.http.body import json_object, uncompressed
from application_status.platform.http.endpoint import (
    PROBLEMS,
    LambdaHandler,
    Problem,
    Reply,
    Request,
    UriReference,
    endpoint,
    refusal_headers,
    reply,
    retry_later,
)
from application_status.platform.telemetry import add_metric, enter_sandbox, logger
from application_status.platform.values import now

TOKEN_PATHS = ("/oauth/token", "/oauth/v2/tokens")
"""The endpoint's paths: SEEK's, and Indeed's."""

_BODY_LIMIT_BYTES = 8 * 1024
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_INVALID_CLIENT = (
    "No live client has this client_id and client_secret; send those you were issued, in the body or by HTTP Basic."
)
_TWO_METHODS = "The credentials came both in the header Authorization and in the body; send them in one of both."
_SEND_AGAIN = "Send the same request again after Retry-After seconds."

_NOT_ALLOWED = {ord('"'): "'", ord("\\"): "/"} | dict.fromkeys((*range(0x20), 0x7F), " ")
_NO_HEADERS: Mapping[str, str] = {}

type _Code = Literal["invalid_request", "invalid_client", "unsupported_grant_type", "temporarily_unavailable"]
_CODES: Mapping[type[Refusal], _Code] = {
    Unauthenticated: "invalid_client",
    UnsupportedGrantType: "unsupported_grant_type",
    TooManyRequests: "temporarily_unavailable",
}


class TokenRequest(TypedDict):
    """A token request; instead of `client_id` and `client_secret`, the header `Authorization: Basic` can have them."""

    grant_type: Literal["client_credentials"]
    client_id: NotRequired[str]
    client_secret: NotRequired[str]


class TokenReply(TypedDict):
    """An access token: send it as `Authorization: Bearer` or `X-AtsiToken`."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    """Seconds."""


class OauthError(TypedDict):
    """An error in the form of OAuth 2.0 (RFC 6749, section 5.2)."""

    error: _Code
    error_description: str
    error_uri: UriReference
    """The page that explains this kind of error."""


def token_endpoint(tokens: TokenLookup) -> LambdaHandler:
    """Return the handler of `POST /oauth/token` and `POST /oauth/v2/tokens`."""

    def answer(request: Request) -> Reply:
        request.require_method("POST")
        parameters = _parameters(request)
        client_id, client_secret = _credentials(request, parameters)
        if is_test(client_id):
            enter_sandbox()
        client = tokens.client(client_id, client_secret, request.address)
        if client is None:
            raise Unauthenticated
        tokens.limit(CallingAts(client.ats_id, client.test))
        _require_client_credentials(parameters)
        add_metric("AccessTokenIssued")
        logger.info("issued", client=client.key_id, ats=client.ats_id)
        body: TokenReply = {
            "access_token": clients.issue(client, client_secret, now()),
            "token_type": "Bearer",
            "expires_in": clients.LIFE_SECONDS,
        }
        return _reply(200, body)

    return endpoint(answer, refuse=_refusal, fail=_failure)


def _parameters(request: Request) -> Mapping[str, str]:
    """Return the parameters of the body; those without a value are left out (RFC 6749, section 3.2).

    Raises:
        UnsupportedMediaType: the body is neither a form nor JSON.
        UnsupportedCoding: the body is compressed.
        BodyTooLarge: the body exceeds 8 KiB.
        MalformedBody: the body can't be parsed, or repeats a parameter.
        MalformedHeader: there are several different Content-Types.
    """
    media_type = (request.header("Content-Type") or "").partition(";")[0].strip().lower()
    if media_type == _JSON:
        members = json_object(request, _BODY_LIMIT_BYTES)
        return {name: value for name, value in members.items() if value and isinstance(value, str)}
    if media_type != _FORM:
        raise UnsupportedMediaType(f"The Content-Type is missing or not supported; send {_FORM} or {_JSON}.")
    pairs = parse_qsl(uncompressed(request, _BODY_LIMIT_BYTES).decode(errors="replace"), keep_blank_values=True)
    repeated = sorted(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    if repeated:
        raise MalformedBody(f"The body repeats parameters: {', '.join(repeated)[:100]}; send each one once.")
    return {name: value for name, value in pairs if value}


def _credentials(request: Request, parameters: Mapping[str, str]) -> tuple[str, str]:
    """Return the client_id and client_secret, from the body or from HTTP Basic (RFC 6749, section 2.3.1).

    Raises:
        Unauthenticated: there are none.
        MalformedBody: there are some in both places.
        MalformedHeader: there are several different headers Authorization.
    """
    authorization = request.header("Authorization")
    client_id, client_secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
    if authorization is None:
        return client_id, client_secret
    basic_id, basic_secret = _basic_credentials(authorization)
    if client_secret or client_id not in ("", basic_id):
        raise MalformedBody(_TWO_METHODS)
    return basic_id, basic_secret


def _basic_credentials(authorization: str) -> tuple[str, str]:
    """Return the client_id and client_secret of HTTP Basic (RFC 7617), each form-encoded.

    Raises:
        Unauthenticated: the header has another scheme, or is malformed.
    """
    scheme, _, encoded = authorization.partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise Unauthenticated from None
    client_id, colon, client_secret = pair.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise Unauthenticated
    return unquote_plus(client_id), unquote_plus(client_secret)


def _require_client_credentials(parameters: Mapping[str, str]) -> None:
    """Check the grant type.

    Raises:
        MalformedBody: it is missing.
        UnsupportedGrantType: it is another one.
    """
    if "grant_type" not in parameters:
        raise MalformedBody("The parameter grant_type is missing, or is no text; send grant_type=client_credentials.")
    if parameters["grant_type"] != "client_credentials":
        raise UnsupportedGrantType


def _refusal(error: Refusal, request: Request) -> Reply:
    problem = PROBLEMS[type(error)]
    text = _INVALID_CLIENT if isinstance(error, Unauthenticated) else str(error)
    status = 400 if isinstance(error, (BodyTooLarge, UnsupportedMediaType)) else problem.status  # RFC 6749, section 5.2
    code = _CODES.get(type(error), "invalid_request")
    return _error(status, code, text, problem, request, refusal_headers(error, "Basic"))


def _failure(problem: Problem, request: Request) -> Reply:
    return _error(problem.status, "temporarily_unavailable", _SEND_AGAIN, problem, request, retry_later())


def _error(  # noqa: PLR0913, PLR0917  # the parts of a reply
    status: int, code: _Code, text: str, problem: Problem, request: Request, headers: Mapping[str, str]
) -> Reply:
    """Return an error; the RFC allows ASCII without quotation marks and backslashes in its description."""
    description = text.encode("ascii", "replace").decode().translate(_NOT_ALLOWED)
    body: OauthError = {
        "error": code,
        "error_description": description,
        "error_uri": f"{request.prefix}/problems/{problem.type}",
    }
    return _reply(status, body, headers)


def _reply(status: int, body: Mapping[str, object], headers: Mapping[str, str] = _NO_HEADERS) -> Reply:
    """Return a reply that no cache keeps (RFC 6749, section 5.1)."""
    return reply(status, body, Pragma="no-cache", **headers)
