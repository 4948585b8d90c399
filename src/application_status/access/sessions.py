"""Signed-in people: the cookies with their tokens, and the verification of id tokens for the pages.

API Gateway's Cognito authorizer verifies id tokens for the API, but it reads only headers. The pages' functions
therefore verify the token themselves, whether it comes in the session cookie or in the header Authorization.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from application_status.access.assignments import ATS_CLAIM, CLIENT_CLAIM, GROUPS_CLAIM, JOBSEEKER_CLAIM
from application_status.platform.errors import Forbidden, NotSignedIn, Unauthenticated, Unavailable
from application_status.platform.http.endpoint import Reply, Request, qualities, refusal, refusal_headers
from application_status.platform.http.fetch import Fetch, fetch
from application_status.platform.http.html import Frame, Link
from application_status.platform.http.negotiation import preferred_texts
from application_status.platform.telemetry import logger

JOBSEEKERS_PAGE, QUALITY_PAGE, CONNECTIONS_PAGES = "/my/applications", "/quality", "/connections/"
DOCS_PAGE = "/docs"
SIGN_IN_PATH, SIGN_OUT_PATH = "/sign-in", "/sign-out"

# Browsers accept this prefix only from this very host, over TLS and for all paths:
# https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
ID_TOKEN_COOKIE = "__Host-id-token"  # noqa: S105  # its name
_KEYS_LIVE_SECONDS, _SECONDS_BETWEEN_FETCHES, _SECONDS_BETWEEN_RETRIES = 3600.0, 60.0, 10.0
_CLOCK_SKEW_SECONDS = 10
_PARAMETER = re.compile(r"\{(\w+)\}")
_REQUIRED_CLAIMS = ["aud", "exp", "iat", "iss", "sub", "token_use"]


class IdTokens:
    """Verify the id tokens of a user pool.

    The pool's public keys are fetched once an hour, and at most once a minute for a key that is not known yet.
    `issuer` is the pool's address, https://cognito-idp.REGION.amazonaws.com/POOL. `clock` returns seconds and never
    goes backwards.
    """

    def __init__(self, issuer: str, fetch: Fetch = fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at = self._retry_at = float("-inf")

    def signed_in(self, request: Request) -> Request:
        """Return a page's request with the claims of its user.

        Raises:
            Unauthenticated: the id token in the header is not valid.
            NotSignedIn: there is no such header, and no valid id token in the cookie.
            Unavailable: the pool's keys can't be fetched.
        """
        sent = request.header("Authorization")
        if sent is not None:
            return replace(request, claims=self.claims(sent.rpartition(" ")[2], client_id(request)))
        try:
            return replace(request, claims=self.claims(cookie(request, ID_TOKEN_COOKIE), client_id(request)))
        except Unauthenticated:
            raise NotSignedIn from None

    def claims(self, token: str, audience: str) -> Mapping[str, str]:
        """Return the claims of an id token that the pool issued to an app client; groups are joined with commas.

        Raises:
            Unauthenticated: the token is not valid, or is no id token.
            Unavailable: the pool's keys can't be fetched.

        https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
        """
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid", ""))
            found = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=audience,
                issuer=self._issuer,
                leeway=_CLOCK_SKEW_SECONDS,
                options={"require": _REQUIRED_CLAIMS},
            )
        except (jwt.PyJWTError, RecursionError) as error:
            logger.info("not a valid id token", reason=type(error).__name__)
            raise Unauthenticated from None
        if found["token_use"] != "id":  # noqa: S105  # a kind of token
            raise Unauthenticated
        return dict(_texts(found))

    def _key(self, key_id: str) -> jwt.PyJWK:
        age = self._clock() - self._fetched_at
        if age > _KEYS_LIVE_SECONDS or (key_id not in self._keys and age > _SECONDS_BETWEEN_FETCHES):
            try:
                self._keys, self._fetched_at = self._fetched_again(), self._clock()
            except Unavailable:
                if key_id not in self._keys:
                    raise
        if key_id not in self._keys:
            raise Unauthenticated
        return self._keys[key_id]

    def _fetched_again(self) -> Mapping[str, jwt.PyJWK]:
        """Fetch the keys, unless that has just failed: each attempt can take seconds."""
        if self._clock() < self._retry_at:
            raise Unavailable("the user pool's keys could not be fetched a moment ago")
        self._retry_at = self._clock() + _SECONDS_BETWEEN_RETRIES
        return self._fetched_keys()

    def _fetched_keys(self) -> Mapping[str, jwt.PyJWK]:
        status, found = self._fetch(f"{self._issuer}/.well-known/jwks.json", None)
        try:
            return {each["kid"]: jwt.PyJWK(each, algorithm="RS256") for each in found["keys"]}
        except (KeyError, TypeError, jwt.PyJWTError):
            raise Unavailable(f"the user pool's keys can't be read; status {status}") from None


def _texts(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in claims.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, list):
            yield name, ",".join(each for each in value if isinstance(each, str))


def client_id(request: Request) -> str:
    """Return the id of the app client with which people sign in at this API."""
    return request.stage_variables.get("UserPoolClientId", "")


def cookie(request: Request, name: str) -> str:
    """Return the value of a cookie, or an empty text; malformed cookies beside it don't matter."""
    sent = ";".join(request.headers.get("cookie", ())).split(";")
    pairs = (each.strip().partition("=") for each in sent)
    return next((value for found, _, value in pairs if found == name), "")


def require_own_form(request: Request) -> None:
    """Check that a form was sent from a page at the same address, so no other site can act for a signed-in user.

    Browsers send Sec-Fetch-Site, which is right behind a proxy, too; older ones send only Origin.
    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site

    Raises:
        Forbidden: it was sent from elsewhere.
    """
    site, origin = request.header("Sec-Fetch-Site"), request.header("Origin")
    own = {f"https://{request.host}", f"http://{request.host}"}
    if site != "same-origin" and (site is not None or origin not in own):
        raise Forbidden("This form was sent from another site. Open the page at this address, and send its form.")


def not_signed_in(error: Unauthenticated, request: Request) -> Reply:
    """Return the reply to a page's request without a valid token.

    A browser is led to the sign-in and back. A request with its own header, or that doesn't accept HTML, gets a 401.
    """
    is_browsers = request.method == "GET" and qualities(request, "Accept").get("text/html")
    if not isinstance(error, NotSignedIn) or not is_browsers:
        answer = refusal(error, request)
        return answer | {"headers": answer["headers"] | refusal_headers(error, "Bearer")}
    query = urlencode(request.query, doseq=True)
    path = _PARAMETER.sub(lambda found: quote(request.path_parameters.get(found[1], ""), safe=""), request.resource)
    return_to = f"{path}?{query}" if query else path
    address = f"{request.prefix}{SIGN_IN_PATH}?{urlencode({'return_to': return_to})}"
    headers = {"Location": address, "Cache-Control": "no-store"}
    return {"statusCode": HTTPStatus.SEE_OTHER, "headers": headers, "body": ""}


def sign_out_address(request: Request) -> str:
    """Return the address at which a user signs out; empty if the session is not in our cookies."""
    ours = "authorization" not in request.headers and cookie(request, ID_TOKEN_COOKIE)
    return f"{request.prefix}{SIGN_OUT_PATH}" if ours else ""


def frame(request: Request) -> Frame:
    """Return the frame of a page: links to the pages that its user may open, by their claims, and to the sign-out."""
    t = preferred_texts(request)
    pages = {JOBSEEKERS_PAGE: "layout.my_applications"} if JOBSEEKER_CLAIM in request.claims else {}
    if request.claims.keys() & {CLIENT_CLAIM, ATS_CLAIM, GROUPS_CLAIM}:
        pages[QUALITY_PAGE] = "layout.quality"
    if request.claims.keys() & {ATS_CLAIM, GROUPS_CLAIM}:
        pages[DOCS_PAGE] = "layout.docs"
    links = [Link(t(key), f"{request.prefix}{path}", path == request.resource) for path, key in pages.items()]
    return Frame(links, sign_out_address(request))
