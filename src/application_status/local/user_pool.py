"""A stand-in for the Cognito user pool and its login pages, with made-up users who need no password.

/user-pool/...               the endpoints of a user pool: login page, tokens, public keys, sign-out
/sign-in/jobseeker/<id>      links that choose a user and lead through the sign-in to the page for the user's role, or
                             to the page `return_to`
/sign-in/client/<id>
/sign-in/ats/<id>
/sign-in/staff

A user's name is the role and the id, as in these links. The pool assigns the user accordingly and calls the trigger,
as Cognito does, before it issues a token.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from application_status.access.assignments import Assignment, Assignments, Role
from application_status.access.sessions import JOBSEEKERS_PAGE, QUALITY_PAGE, IdTokens, cookie
from application_status.platform.errors import Refusal, Unauthenticated
from application_status.platform.http.endpoint import Reply, Request, refusal, reply
from application_status.platform.http.html import Pages

CLIENT_ID = "local"
PATH = "/user-pool"

_KEY_ID, _ALGORITHM = "local", "RS256"
_SESSION_COOKIE = "user-pool"
_TOKEN_SECONDS = 900
_FORM_LIMIT_BYTES = 10_000
_PAGES = Pages("application_status.local")

type Trigger = Callable[[Any, Any], Any]


class _Code(NamedTuple):
    """What a code was issued for."""

    user: str
    nonce: str
    challenge: str
    redirect_uri: str


class UserPool:
    """The pool at `url`, the address of the gateway. `users` are the names that its login page offers."""

    def __init__(self, url: str, assignments: Assignments, pre_token: Trigger, users: Mapping[str, str]) -> None:
        self.issuer = url + PATH
        self.id_tokens = IdTokens(self.issuer, self.fetch)
        self._assignments = assignments
        self._pre_token = pre_token
        self._users = users
        self._codes: dict[str, _Code] = {}
        self._refresh_tokens: dict[str, str] = {}
        self.handlers: Mapping[str, Callable[[Any, Any], Reply]] = {
            path: _answering(answer)
            for path, answer in {
                f"{PATH}/oauth2/authorize": self._authorize,
                f"{PATH}/oauth2/token": self._tokens,
                f"{PATH}/oauth2/revoke": self._revoke,
                f"{PATH}/logout": self._logout,
                f"{PATH}/.well-known/jwks.json": self._keys,
                f"/sign-in/{Role.STAFF}": self._choose,
                **{f"/sign-in/{role}/{{Id}}": self._choose for role in Role if role is not Role.STAFF},
            }.items()
        }

    def fetch(self, url: str, form: Mapping[str, str] | None) -> tuple[int, Any]:
        """Answer a call like `platform.http.fetch.fetch`, without HTTP."""
        path = urlsplit(url).path
        event = {
            "httpMethod": "GET" if form is None else "POST",
            "resource": path,
            "body": urlencode(form or {}),
        }
        answer = self.handlers[path](event, None)
        return answer["statusCode"], json.loads(answer["body"] or "null")

    def claims(self, authorization: str) -> Mapping[str, str] | None:
        """Return the claims that a Cognito authorizer passes on for a header Authorization; None if it refuses it."""
        try:
            return self.id_tokens.claims(authorization.rpartition(" ")[2], CLIENT_ID)
        except Unauthenticated:
            return None

    def _choose(self, request: Request) -> Reply:
        """Remember the chosen user as signed in at the login pages, and lead to the sign-in."""
        request.require_method("GET", "HEAD")
        user = "/".join((request.resource.split("/")[2], *request.path_parameters.values()))
        of_role = JOBSEEKERS_PAGE if _assignment(user).role is Role.JOBSEEKER else QUALITY_PAGE
        (page,) = request.query.get("return_to", (of_role,))[:1]
        gone = ("__Host-id-token", "__Host-refresh-token")
        cookies = [f"{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0" for name in gone]
        address = f"{request.prefix}/sign-in?{urlencode({'return_to': page})}"
        return _see_other(address, _session(user), *cookies)

    def _authorize(self, request: Request) -> Reply:
        """Issue a code for the user who is signed in at the login pages, or show the page on which to choose one."""
        request.require_method("GET")
        asked = {name: values[-1] for name, values in request.query.items()}
        user = asked.pop("user", "") or unquote(cookie(request, _SESSION_COOKIE))
        if not user:
            choices = {name: f"?{urlencode({**asked, 'user': name})}" for name in self._users}
            return _PAGES.reply(
                request, HTTPStatus.OK, "login.html", title="Sign in", choices=choices, users=self._users
            )
        code = secrets.token_urlsafe(16)
        self._codes[code] = _Code(user, asked["nonce"], asked["code_challenge"], asked["redirect_uri"])
        query = urlencode({"code": code, "state": asked["state"]})
        return _see_other(f"{asked['redirect_uri']}?{query}", _session(user))

    def _tokens(self, request: Request) -> Reply:
        form = _form(request)
        if form.get("grant_type") == "refresh_token":
            user = self._refresh_tokens.get(form.get("refresh_token", ""))
            return _refused() if user is None else reply(200, {"id_token": self._issued(user)})
        code = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if code is None or (challenge, form.get("redirect_uri")) != (code.challenge, code.redirect_uri):
            return _refused()
        refresh_token = secrets.token_urlsafe(32)
        self._refresh_tokens[refresh_token] = code.user
        return reply(200, {"id_token": self._issued(code.user, nonce=code.nonce), "refresh_token": refresh_token})

    def _issued(self, user: str, **more: str) -> str:
        """Return a token with the claims that the trigger sets for a user."""
        self._assignments.assign(user, _assignment(user))
        event = {"request": {"userAttributes": {"sub": user, "cognito:user_status": "CONFIRMED"}}, "response": {}}
        details = self._pre_token(event, None)["response"]["claimsOverrideDetails"]
        groups = details["groupOverrideDetails"]["groupsToOverride"]
        of_groups = {"cognito:groups": groups} if groups else {}
        return id_token(self.issuer, {"sub": user, **details["claimsToAddOrOverride"], **of_groups, **more})

    def _revoke(self, request: Request) -> Reply:
        self._refresh_tokens.pop(_form(request).get("token", ""), None)
        return reply(200, {})

    def _logout(self, request: Request) -> Reply:
        (address,) = request.query["logout_uri"]
        return _see_other(address, f"{_SESSION_COOKIE}=; Path=/; Max-Age=0")

    def _keys(self, _: Request) -> Reply:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(_key().public_key(), as_dict=True)
        return reply(200, {"keys": [{**key, "kid": _KEY_ID, "use": "sig", "alg": _ALGORITHM}]})


def id_token(issuer: str, claims: Mapping[str, Any]) -> str:
    """Return a signed id token with these claims beside those that every id token has; they replace them."""
    moment = int(time.time())
    common = {
        "iss": issuer, "aud": CLIENT_ID, "sub": "made-up", "token_use": "id",
        "iat": moment, "exp": moment + _TOKEN_SECONDS,
    }  # fmt: skip
    return jwt.encode({**common, **claims}, _key(), _ALGORITHM, {"kid": _KEY_ID})


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _answering(answer: Callable[[Request], Reply]) -> Callable[[Any, Any], Reply]:
    def handler(event: Any, _context: Any) -> Reply:
        request = Request.from_event(event)
        try:
            return answer(request)
        except Refusal as error:
            return refusal(error, request)

    return handler


def _assignment(user: str) -> Assignment:
    role, _, own_id = user.partition("/")
    return Assignment(Role(role), own_id)


def _form(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(request.body(_FORM_LIMIT_BYTES).decode()).items()}


def _session(user: str) -> str:
    return f"{_SESSION_COOKIE}={quote(user, safe='')}; HttpOnly; Path=/; SameSite=Lax"


def _refused() -> Reply:
    return reply(400, {"error": "invalid_grant"})


def _see_other(address: str, *cookies: str) -> Reply:
    return {
        "statusCode": HTTPStatus.SEE_OTHER,
        "headers": {"Location": address, "Cache-Control": "no-store"},
        "multiValueHeaders": {"Set-Cookie": list(cookies)},
        "body": "",
    }
