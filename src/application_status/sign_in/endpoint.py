"""The endpoints `/sign-in`, `/sign-in/callback` and `/sign-out`: OAuth's authorization code flow with PKCE.

/sign-in           gets new tokens with the refresh token, or leads to the login pages
/sign-in/callback  the login pages lead here; exchanges the code for tokens, and leads to the page asked for
/sign-out          GET asks for a confirmation; POST revokes the refresh token, and leads to the login pages' sign-out

https://www.rfc-editor.org/rfc/rfc9700 (best current practice), https://www.rfc-editor.org/rfc/rfc7636 (PKCE)
"""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from application_status.access.assignments import JOBSEEKER_CLAIM
from application_status.access.sessions import (
    CONNECTIONS_PAGES,
    ID_TOKEN_COOKIE,
    JOBSEEKERS_PAGE,
    QUALITY_PAGE,
    SIGN_IN_PATH,
    SIGN_OUT_PATH,
    IdTokens,
    client_id,
    cookie,
)
from application_status.platform.errors import Forbidden, Unauthenticated, Unavailable, UnknownPath
from application_status.platform.http.endpoint import LambdaHandler, Reply, Request, endpoint
from application_status.platform.http.fetch import Fetch, fetch
from application_status.platform.telemetry import logger
from application_status.sign_in.page import SignInPages

CALLBACK_PATH = "/sign-in/callback"

_REFRESH_TOKEN_COOKIE, _ATTEMPT_COOKIE = "__Host-refresh-token", "__Host-sign-in"
_ATTEMPT_SECONDS = 600
_SESSION_SECONDS = 12 * 3600
"""As long as the refresh token of the template's app client is valid."""

_LONGEST_COOKIE = 4000
"""Browsers keep 4096 bytes of a cookie, with its name and attributes."""

_LONGEST_RETURN_TO = 1000
_CONNECTION_PAGE = re.compile(rf"{CONNECTIONS_PAGES}[0-9a-z-]+")


class _Attempt(NamedTuple):
    """What a sign-in has begun with, in a cookie until the login pages lead back."""

    state: str
    nonce: str
    verifier: str
    return_to: str

    @classmethod
    def new(cls, return_to: str) -> "_Attempt":
        return cls(secrets.token_urlsafe(16), secrets.token_urlsafe(16), secrets.token_urlsafe(32), return_to)

    @classmethod
    def from_cookie(cls, text: str) -> "_Attempt":
        """Read an attempt.

        Raises:
            Unauthenticated: there is none, or it has a lone surrogate, which JSON can contain and no request can.
        """
        try:
            attempt = cls(*map(str, json.loads(base64.urlsafe_b64decode(text))))
            "".join(attempt).encode()
        except (ValueError, TypeError, RecursionError):
            raise Unauthenticated from None
        return attempt

    def to_cookie(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(self).encode()).decode()

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")


class _Tokens(NamedTuple):
    """A user's tokens, and the claims of the verified id token; a refresh returns no new refresh token."""

    id_token: str
    refresh_token: str | None
    claims: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LoginPages:
    """The login pages of a user pool, at `url`, and their endpoints for tokens.

    https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html
    """

    url: str
    fetch: Fetch = fetch

    def login(self, request: Request, attempt: _Attempt) -> str:
        """Return the address of the login page for an attempt."""
        query = {
            "response_type": "code",
            "client_id": client_id(request),
            "redirect_uri": self.own_address(request, CALLBACK_PATH),
            "scope": "openid",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge_method": "S256",
            "code_challenge": attempt.challenge,
        }
        return f"{self.url}/oauth2/authorize?{urlencode(query)}"

    def logout(self, request: Request) -> str:
        """Return the address that ends the session at the login pages and leads back to our sign-out page."""
        query = {"client_id": client_id(request), "logout_uri": self.own_address(request, SIGN_OUT_PATH)}
        return f"{self.url}/logout?{urlencode(query)}"

    def tokens(self, request: Request, id_tokens: IdTokens, **grant: str) -> _Tokens:
        """Return the tokens for a grant: a code or a refresh token.

        Raises:
            Unauthenticated: the grant is not valid, or the id token is not.
            Unavailable: there is no reply.
        """
        status, found = self.fetch(f"{self.url}/oauth2/token", {"client_id": client_id(request), **grant})
        if status != HTTPStatus.OK or not isinstance(found, dict):
            logger.warning("no tokens", status=status)
            raise Unauthenticated
        id_token, refresh_token = str(found.get("id_token", "")), found.get("refresh_token")
        claims = id_tokens.claims(id_token, client_id(request))
        return _Tokens(id_token, str(refresh_token) if refresh_token else None, claims)

    def revoke(self, request: Request, refresh_token: str) -> None:
        """Revoke a refresh token; the sign-out goes on if there is no reply."""
        try:
            self.fetch(f"{self.url}/oauth2/revoke", {"client_id": client_id(request), "token": refresh_token})
        except Unavailable:
            logger.warning("a refresh token was not revoked")

    def own_origin(self, request: Request) -> str:
        """Return our own origin; it has the scheme of the login pages, which is https on AWS."""
        return f"{urlsplit(self.url).scheme}://{request.host}"

    def own_address(self, request: Request, path: str) -> str:
        """Return the address of one of our paths."""
        return f"{self.own_origin(request)}{request.prefix}{path}"


def sign_in(login_pages: LoginPages, id_tokens: IdTokens) -> LambdaHandler:
    """Return the handler of all three paths."""
    pages = SignInPages(login_pages.url)
    sessions = _Sessions(login_pages, id_tokens, pages)
    answers = {SIGN_IN_PATH: sessions.begin, CALLBACK_PATH: sessions.finish, SIGN_OUT_PATH: sessions.end}

    def answer(request: Request) -> Reply:
        if request.resource not in answers:
            raise UnknownPath
        return answers[request.resource](request)

    return endpoint(answer, refuse=pages.refused, fail=pages.failed)


@dataclass(frozen=True, slots=True)
class _Sessions:
    """Begin and end sessions; each method answers the requests of one path."""

    login_pages: LoginPages
    id_tokens: IdTokens
    pages: SignInPages

    def begin(self, request: Request) -> Reply:
        """Lead to the page asked for with refreshed tokens, or to the login pages."""
        request.require_method("GET")
        return_to = _own_page(_parameter(request, "return_to"))
        if refresh_token := cookie(request, _REFRESH_TOKEN_COOKIE):
            grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
            with suppress(Unauthenticated):
                return _signed_in(request, self.login_pages.tokens(request, self.id_tokens, **grant), return_to)
        attempt = _Attempt.new(return_to)
        kept = _kept(_ATTEMPT_COOKIE, attempt.to_cookie(), _ATTEMPT_SECONDS)
        return _see_other(self.login_pages.login(request, attempt), kept, _gone(_REFRESH_TOKEN_COOKIE))

    def finish(self, request: Request) -> Reply:
        """Exchange the code that the login pages issued, if this browser has asked for it.

        Raises:
            Unauthenticated: it has not, or the code or the token is not valid.
        """
        request.require_method("GET")
        attempt, code = _Attempt.from_cookie(cookie(request, _ATTEMPT_COOKIE)), _parameter(request, "code")
        if not code or not compare_digest(attempt.state.encode(), _parameter(request, "state").encode()):
            logger.warning("no code, or another state")
            raise Unauthenticated
        tokens = self.login_pages.tokens(
            request,
            self.id_tokens,
            grant_type="authorization_code",
            code=code,
            code_verifier=attempt.verifier,
            redirect_uri=self.login_pages.own_address(request, CALLBACK_PATH),
        )
        if not compare_digest(attempt.nonce.encode(), tokens.claims.get("nonce", "").encode()):
            logger.warning("another nonce")
            raise Unauthenticated
        logger.info("signed in")
        return _signed_in(request, tokens, _own_page(attempt.return_to))

    def end(self, request: Request) -> Reply:
        """Ask whether to sign out, or sign out.

        Raises:
            Forbidden: the form is not from our page.
        """
        request.require_method("GET", "POST")
        refresh_token = cookie(request, _REFRESH_TOKEN_COOKIE)
        if request.method == "GET":
            return self.pages.sign_out(request, signed_in=bool(refresh_token or cookie(request, ID_TOKEN_COOKIE)))
        # https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin
        if request.header("Origin") != self.login_pages.own_origin(request):
            raise Forbidden("This form was sent from another site. Open /sign-out of this site, and sign out there.")
        if refresh_token:
            self.login_pages.revoke(request, refresh_token)
        logger.info("signed out")
        gone = (_gone(name) for name in (ID_TOKEN_COOKIE, _REFRESH_TOKEN_COOKIE, _ATTEMPT_COOKIE))
        return _see_other(self.login_pages.logout(request), *gone)


def _own_page(address: str) -> str:
    """Return the address of the page to lead to; empty for anything but one of our pages."""
    page = address.partition("?")[0]
    is_ours = page in {JOBSEEKERS_PAGE, QUALITY_PAGE} or _CONNECTION_PAGE.fullmatch(page)
    is_plain = len(address) <= _LONGEST_RETURN_TO and address.isascii() and address.isprintable()
    return address if is_ours and is_plain else ""


def _parameter(request: Request, name: str) -> str:
    values = request.query.get(name, ())
    return values[0] if len(values) == 1 else ""


def _signed_in(request: Request, tokens: _Tokens, return_to: str) -> Reply:
    """Lead to a page with the tokens in cookies.

    Raises:
        Unauthenticated: a token is too long for a cookie.
    """
    kept = {ID_TOKEN_COOKIE: tokens.id_token}
    if tokens.refresh_token:
        kept[_REFRESH_TOKEN_COOKIE] = tokens.refresh_token
    if any(len(token) > _LONGEST_COOKIE for token in kept.values()):
        logger.error("a token is too long for a cookie")
        raise Unauthenticated
    page = return_to or (JOBSEEKERS_PAGE if tokens.claims.get(JOBSEEKER_CLAIM) else QUALITY_PAGE)
    cookies = [_kept(name, token, _SESSION_SECONDS) for name, token in kept.items()]
    return _see_other(f"{request.prefix}{page}", *cookies, _gone(_ATTEMPT_COOKIE))


def _see_other(address: str, *cookies: str) -> Reply:
    return {
        "statusCode": HTTPStatus.SEE_OTHER,
        "headers": {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        "multiValueHeaders": {"Set-Cookie": list(cookies)},
        "body": "",
    }


def _kept(name: str, value: str, seconds: int) -> str:
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}"


def _gone(name: str) -> str:
    return _kept(name, "", 0)
