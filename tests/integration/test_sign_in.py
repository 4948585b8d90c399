"""People sign in and out: the real functions, and the local user pool in place of Cognito."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import jwt
import pytest
import time_machine
from moto import mock_aws

from application_status.access.sessions import IdTokens
from application_status.local.template import pattern
from application_status.platform.errors import Unavailable
from application_status.platform.http.fetch import Fetch
from application_status.platform.values import now
from application_status.sign_in import endpoint
from application_status.sign_in.endpoint import LoginPages, sign_in
from support.world import HOST, World, http_event

PAGE, QUALITY = "/my/applications", "/quality"
CALLBACK = "/sign-in/callback"
AS_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OWN_ORIGIN = f"https://{HOST}"

type Reply = Mapping[str, Any]


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"))


class Browser:
    """A browser that keeps cookies, in front of the functions and of the user pool."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cookies: dict[str, str] = {}

    def send(self, path: str, method: str = "GET", *, prefix: str = "", **headers: str) -> Reply:
        """Send a request to one of our paths, and keep the cookies of the reply."""
        parts = urlsplit(path)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        own = {"Cookie": cookies} if cookies else {}
        event = http_event(method, parts.path, None, AS_BROWSER | own | headers, None)
        event["multiValueQueryStringParameters"] = parse_qs(parts.query) or None
        event["requestContext"]["path"] = prefix + parts.path
        function = {PAGE: self.world.my_applications, QUALITY: self.world.views}.get(parts.path, self.world.sign_in)
        reply = function(event, None)
        for each in reply.get("multiValueHeaders", {}).get("Set-Cookie", ()):
            pair, *attributes = each.split("; ")
            assert attributes[:4] == ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]
            name, _, value = pair.partition("=")
            assert name.startswith("__Host-")
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return reply

    def log_in(self, address: str, user: str) -> str:
        """Choose a user at the login pages, and return our path to which they lead."""
        parts = urlsplit(address)
        query = parse_qs(parts.query) | {"user": [user]}
        event = {"httpMethod": "GET", "resource": parts.path, "multiValueQueryStringParameters": query}
        reply = self.world.pool.handlers[parts.path](event, None)
        return str(reply["headers"]["Location"]).removeprefix(OWN_ORIGIN)

    def sign_in(self, user: str, return_to: str = PAGE) -> Reply:
        """Sign in as a user, and return the reply to the callback."""
        reply = self.send(f"/sign-in?{urlencode({'return_to': return_to})}")
        return self.send(self.log_in(location(reply), user))


@pytest.fixture
def browser(world: World) -> Browser:
    return Browser(world)


def location(reply: Reply) -> str:
    assert reply["statusCode"] == 303, reply["body"]
    address: str = reply["headers"]["Location"]
    return address


def test_browser_is_led_to_the_sign_in_and_back(browser: Browser) -> None:
    """With the query of the page asked for, and a cookie for each token, which no script can read."""
    address = location(browser.send(f"{QUALITY}?from=2026-01-01&by=a%26b"))
    assert address == "/sign-in?return_to=%2Fquality%3Ffrom%3D2026-01-01%26by%3Da%2526b"
    login = location(browser.send(address))
    asked = parse_qs(urlsplit(login).query)
    assert asked["redirect_uri"] == [f"{OWN_ORIGIN}{CALLBACK}"]
    assert (asked["response_type"], asked["scope"], asked["code_challenge_method"]) == (["code"], ["openid"], ["S256"])
    back = location(browser.send(browser.log_in(login, "client/client-1")))
    assert back == f"{QUALITY}?from=2026-01-01&by=a%26b"
    assert browser.cookies.keys() == {"__Host-id-token", "__Host-refresh-token"}
    shown = browser.send(QUALITY)
    assert shown["statusCode"] == 200
    assert "client-1</span>" in shown["body"]


@pytest.mark.parametrize(("user", "page"), [("jobseeker/a", PAGE), ("ats/a", QUALITY), ("staff", QUALITY)])
def test_sign_in_without_a_page_leads_to_the_user_s(browser: Browser, user: str, page: str) -> None:
    """Whoever opens /sign-in itself sees the page for their role."""
    assert location(browser.sign_in(user, return_to="")) == page


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.test/quality", "//evil.test/quality", "/\\evil.test", "\\\\evil.test/quality", "http://[",
        "/quality@evil.test", "/quality/../..//evil.test", "javascript:alert(1)", "/sign-out", "quality", " /quality",
        "/quality\r\nSet-Cookie: a=b", "/qual\tity", "/quality?" + 1000 * "x", "/my/applications/", "/quality?ü",
    ],
)  # fmt: skip
def test_sign_in_leads_to_own_pages_alone(browser: Browser, address: str) -> None:
    """Any other address is ignored: no other site can use the sign-in to send somebody elsewhere."""
    assert location(browser.sign_in("jobseeker/a", return_to=address)) == PAGE


def test_session_is_refreshed_without_the_login_pages(browser: Browser) -> None:
    """A page without a valid id token leads to the sign-in, which gets a new one with the refresh token."""
    browser.sign_in("client/client-1")
    first = browser.cookies["__Host-id-token"]
    with time_machine.travel(now().timestamp() + 3600):
        address = location(browser.send(f"{QUALITY}?by=job"))
        assert address.startswith("/sign-in?")
        assert location(browser.send(address)) == f"{QUALITY}?by=job"
        assert browser.cookies["__Host-id-token"] != first
        assert browser.send(QUALITY)["statusCode"] == 200


def test_refused_refresh_leads_to_the_login_pages(browser: Browser) -> None:
    """A revoked refresh token is dropped."""
    browser.cookies["__Host-refresh-token"] = "revoked"
    assert "/oauth2/authorize?" in location(browser.send("/sign-in"))
    assert "__Host-refresh-token" not in browser.cookies


def test_code_of_another_browser_signs_nobody_in(browser: Browser, world: World) -> None:
    """Otherwise an attacker could sign somebody in as the attacker (login CSRF): the state is another, or missing."""
    attacker = Browser(world)
    address = attacker.log_in(location(attacker.send("/sign-in")), "client/client-1")
    refused = [browser.send(address)]
    browser.send("/sign-in")
    refused.append(browser.send(address))
    for reply in refused:
        assert reply["statusCode"] == 401
        assert "You are not signed in" in reply["body"]
        assert 'href="/sign-in"' in reply["body"]
    assert not browser.cookies.keys() & {"__Host-id-token", "__Host-refresh-token"}


@pytest.mark.parametrize(
    "query",
    [
        "", "state=x", "error=access_denied&state={}", "code=&state={}", "code=wrong&state={}",
        "code=a&code=b&state={}", "code=a&state={}&state=b",
    ],
)  # fmt: skip
def test_callback_needs_a_valid_code(browser: Browser, query: str) -> None:
    """Whatever the login pages lead back with, the reply is a page."""
    state = parse_qs(urlsplit(location(browser.send("/sign-in"))).query)["state"][0]
    reply = browser.send(f"{CALLBACK}?{query.format(state)}")
    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (401, "text/html; charset=utf-8")


@pytest.mark.parametrize("cookie", ["", "x", "bnVsbA==", "WzFd", "WyJhIiwiYiIsImMiXQ==", "e30=", "é", "/" * 3000])
def test_malformed_attempt_is_none(browser: Browser, cookie: str) -> None:
    """A cookie that is not ours doesn't fail."""
    browser.cookies["__Host-sign-in"] = cookie
    assert browser.send(f"{CALLBACK}?code=a&state=b")["statusCode"] == 401


def test_code_is_of_no_use_without_the_verifier(browser: Browser) -> None:
    """PKCE: somebody who sees the code in an address can't exchange it."""
    login = location(browser.send("/sign-in"))
    code = parse_qs(urlsplit(browser.log_in(login, "client/client-1")).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": OWN_ORIGIN + CALLBACK,
        "code_verifier": "x",
    }
    assert browser.world.pool.fetch(f"{browser.world.pool.issuer}/oauth2/token", form)[0] == 400


def with_pool(world: World, fetch: Fetch) -> None:
    """Let the sign-in function call another user pool."""
    world.sign_in = sign_in(LoginPages(world.pool.issuer, fetch), IdTokens(world.pool.issuer, world.pool.fetch))


@pytest.mark.parametrize(
    ("claims", "status"), [({}, 303), ({"nonce": "another"}, 401), ({"nonce": None}, 401), ({"aud": "another"}, 401)]
)
def test_token_is_for_this_sign_in(browser: Browser, claims: dict[str, Any], status: int) -> None:
    """Its nonce is the one that this sign-in began with, so a token of another one can't be injected."""
    login = location(browser.send("/sign-in"))
    nonce = parse_qs(urlsplit(login).query)["nonce"][0]
    token = browser.world.id_token({"nonce": nonce, **claims})
    with_pool(browser.world, lambda _url, _form: (200, {"id_token": token}))
    assert browser.send(browser.log_in(login, "client/client-1"))["statusCode"] == status


@pytest.mark.parametrize("state", ["", "another"])
def test_callback_with_another_state_is_refused(browser: Browser, state: str) -> None:
    """Even if code, verifier and nonce were right; the code is not exchanged."""
    nonce = parse_qs(urlsplit(location(browser.send("/sign-in"))).query)["nonce"][0]
    token = browser.world.id_token({"nonce": nonce})
    with_pool(browser.world, lambda _url, _form: (200, {"id_token": token}))
    assert browser.send(f"{CALLBACK}?code=right&state={state}")["statusCode"] == 401
    assert "__Host-id-token" not in browser.cookies


@pytest.mark.parametrize("found", [None, [], {}, {"id_token": None}, {"id_token": "a.b.c"}, {"error": "x"}])
def test_unexpected_reply_signs_nobody_in(browser: Browser, found: Any) -> None:
    """The page says so."""
    with_pool(browser.world, lambda _url, _form: (200, found))
    assert browser.sign_in("client/client-1")["statusCode"] == 401


def test_token_too_long_for_a_cookie_is_refused(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Browsers drop a cookie of more than 4096 bytes, and the sign-in would begin again and again."""
    monkeypatch.setattr(endpoint, "_LONGEST_COOKIE", 500)
    assert browser.sign_in("client/client-1")["statusCode"] == 401
    assert "__Host-id-token" not in browser.cookies


def test_pool_that_is_down_is_a_503(browser: Browser) -> None:
    """The page says that it is worth trying again."""

    def down(_url: str, _form: Mapping[str, str] | None) -> tuple[int, Any]:
        raise Unavailable("down")

    login = location(browser.send("/sign-in"))
    with_pool(browser.world, down)
    reply = browser.send(browser.log_in(login, "client/client-1"), **{"Accept-Language": "de"})
    assert (reply["statusCode"], reply["headers"]["Retry-After"]) == (503, "2")
    assert "gerade nicht möglich" in reply["body"]


def test_sign_out_revokes_and_clears(browser: Browser, world: World) -> None:
    """The button of our page: cookies and refresh token are gone, and the login pages end their session."""
    browser.sign_in("client/client-1")
    refresh_token = browser.cookies["__Host-refresh-token"]
    page = browser.send("/sign-out")
    assert '<form class="action" method="post"><button>Sign out</button></form>' in page["body"]
    assert page["headers"]["Referrer-Policy"] == "same-origin"
    assert "form-action 'self' https://pool.test;" in page["headers"]["Content-Security-Policy"]
    address = location(browser.send("/sign-out", "POST", Origin=OWN_ORIGIN))
    assert address.startswith(f"{world.pool.issuer}/logout?client_id=local&logout_uri=https%3A%2F%2F{HOST}%2Fsign-out")
    assert browser.cookies == {}
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    assert world.pool.fetch(f"{world.pool.issuer}/oauth2/token", form)[0] == 400
    assert "You are signed out." in browser.send("/sign-out")["body"]


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://evil.test"}, {"Origin": "null"}, {"Origin": f"http://{HOST}"}]
)
def test_other_sites_sign_nobody_out(browser: Browser, headers: dict[str, str]) -> None:
    """A form of another site has another Origin; a GET changes nothing."""
    browser.sign_in("client/client-1")
    before = dict(browser.cookies)
    assert browser.send("/sign-out")["statusCode"] == 200
    assert browser.send("/sign-out", "POST", **headers)["statusCode"] == 403
    assert browser.cookies == before


def test_sign_out_goes_on_if_the_pool_is_down(browser: Browser) -> None:
    """The cookies are cleared even if the refresh token can't be revoked."""
    browser.sign_in("client/client-1")

    def down(_url: str, _form: Mapping[str, str] | None) -> tuple[int, Any]:
        raise Unavailable("down")

    with_pool(browser.world, down)
    location(browser.send("/sign-out", "POST", Origin=OWN_ORIGIN))
    assert browser.cookies == {}


@pytest.mark.parametrize(("path", "allowed"), [("/sign-in", "GET"), (CALLBACK, "GET"), ("/sign-out", "GET, POST")])
def test_other_methods_are_refused(browser: Browser, path: str, allowed: str) -> None:
    reply = browser.send(path, "PUT")
    assert (reply["statusCode"], reply["headers"]["Allow"]) == (405, allowed)


@pytest.mark.parametrize("path", [PAGE, QUALITY])
@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/json"}, {"Accept": "*/*"}, {"Accept": "text/html;q=0"},
        AS_BROWSER | {"Authorization": "Bearer x"},
    ],
    ids=["JSON", "anything", "not HTML", "own token"],
)  # fmt: skip
def test_programs_get_a_401(browser: Browser, path: str, headers: dict[str, str]) -> None:
    """So does a proxy of the board, which sends the token in the header."""
    reply = browser.send(path, **headers)
    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (401, "application/problem+json")
    assert reply["headers"]["WWW-Authenticate"] == 'Bearer realm="application-status"'


@pytest.mark.parametrize(
    ("path", "user", "language", "text"),
    [
        (PAGE, "client/a", "en", "not as a jobseeker"), (PAGE, "client/a", "de", "nicht als Bewerber"),
        (QUALITY, "jobseeker/a", "en", "may not see these numbers"),
    ],
)  # fmt: skip
def test_signed_in_but_refused_is_a_page(browser: Browser, path: str, user: str, language: str, text: str) -> None:
    """In the reader's language, with a link to sign out and use another account."""
    browser.sign_in(user)
    reply = browser.send(path, **{"Accept-Language": language})
    assert (reply["statusCode"], reply["headers"]["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert text in reply["body"]
    assert ">Abmelden</a>" in reply["body"] if language == "de" else ">Sign out</a>" in reply["body"]


def test_own_session_has_a_link_to_sign_out(browser: Browser, world: World) -> None:
    """A page that a board's proxy requests with the header has none, as the session is the board's."""
    browser.sign_in("client/client-1")
    assert 'href="/sign-out">' in browser.send(QUALITY)["body"]
    proxied = {"Authorization": f"Bearer {world.id_token({'custom:client_id': 'client-1'})}"}
    assert "/sign-out" not in browser.send(QUALITY, **proxied)["body"]


@pytest.mark.parametrize(
    "others", ['foo={"a": 1}; a b=c', "=; ;;=x", "__Host-id-tokenX=y", "X__Host-id-token=y", "a=\x00"]
)
def test_other_cookies_do_not_matter(browser: Browser, world: World, others: str) -> None:
    """Malformed ones of other programs stand before and after ours."""
    token = world.id_token({"custom:client_id": "client-1"})
    reply = browser.send(QUALITY, Cookie=f"{others}; __Host-id-token={token}; {others}")
    assert reply["statusCode"] == 200


def unsigned(claims: Mapping[str, Any], algorithm: str = "none") -> str:
    parts = ({"alg": algorithm, "kid": "local"}, claims)
    texts = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join([*texts, ""])


def signed_with_public_key(world: World, claims: Mapping[str, Any]) -> str:
    """Return a token whose HMAC has the public key as its secret, which a careless verification accepts."""
    keys = world.pool.fetch(f"{world.pool.issuer}/.well-known/jwks.json", None)[1]
    secret = jwt.utils.base64url_decode(keys["keys"][0]["n"])
    return jwt.encode(dict(claims), secret, "HS256", {"kid": "local"})


STAFF = {"cognito:groups": ["staff"]}
COMMON = {
    "iss": "https://pool.test/user-pool",
    "aud": "local",
    "sub": "s",
    "token_use": "id",
    "iat": 1,
    "exp": 9_999_999_999,
}
BAD: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.test"},
    "another app client": {"aud": "another"},
    "expired": {"exp": 1_000_000_000},
    "without an expiry": {"exp": None},
    "an access token": {"token_use": "access"},
    "of tomorrow": {"iat": 9_999_999_000},
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("sent_in", ["cookie", "header"])
def test_invalid_token_is_refused(browser: Browser, world: World, name: str, sent_in: str) -> None:
    """Signed by the pool, but not for this: a 401, in the cookie as in the header."""
    token = world.id_token({**STAFF, **BAD[name]})
    assert status_with(browser, token, sent_in) == 401
    assert status_with(browser, world.id_token(STAFF), sent_in) == 200


def test_forged_token_is_refused(browser: Browser, world: World) -> None:
    """Without a signature, signed by an algorithm of the attacker's choice, by another key, or not a token at all."""
    claims = COMMON | STAFF
    good = world.id_token(STAFF)
    forged = [
        unsigned(claims), unsigned(claims, "None"), unsigned(claims, "RS256"), signed_with_public_key(world, claims),
        good[:-8] + "AAAAAAAA", good.rpartition(".")[0] + ".", "", "a.b.c", "é", good + "x", "." * 1000,
        f"{base64.urlsafe_b64encode(b'[' * 5000).decode()}.e30.x",
    ]  # fmt: skip
    other_key = good.split(".")
    other_key[0] = base64.urlsafe_b64encode(b'{"alg":"RS256","kid":"other"}').decode().rstrip("=")
    for token in [*forged, ".".join(other_key)]:
        for sent_in in ("cookie", "header"):
            assert status_with(browser, token, sent_in) == 401, token


def status_with(browser: Browser, token: str, sent_in: str) -> int:
    headers = {"Cookie": f"__Host-id-token={token}"} if sent_in == "cookie" else {"Authorization": f"Bearer {token}"}
    status: int = browser.send(QUALITY, Accept="application/json", **headers)["statusCode"]
    return status


def test_id_token_in_another_cookie_signs_nobody_in(browser: Browser, world: World) -> None:
    """Only the cookie with the prefix counts, which no other host and no plain HTTP can set."""
    token = world.id_token(STAFF)
    reply = browser.send(QUALITY, Accept="application/json", Cookie=f"id-token={token}; session={token}")
    assert reply["statusCode"] == 401


class CountedKeys:
    """The pool's keys, which can be down, and the number of times they were fetched."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.fetched = 0
        self.down = False

    def fetch(self, url: str, form: Mapping[str, str] | None) -> tuple[int, Any]:
        self.fetched += 1
        if self.down:
            raise Unavailable("down")
        return self.world.pool.fetch(url, form)


def test_keys_are_fetched_at_most_once_a_minute(world: World) -> None:
    """Once an hour in all, and for an unknown key, as after a rotation, once a minute; known ones outlive an outage."""
    keys, clock = CountedKeys(world), [0.0]
    id_tokens = IdTokens(world.pool.issuer, keys.fetch, lambda: clock[0])
    token, audience = world.id_token(STAFF), "local"
    unknown = jwt.encode({}, "x" * 32, "HS256", {"kid": "unknown"})

    def refused() -> bool:
        with pytest.raises(Exception, match="A valid token"):
            id_tokens.claims(unknown, audience)
        return True

    assert id_tokens.claims(token, audience)["cognito:groups"] == "staff"
    assert refused()
    assert refused()
    assert keys.fetched == 1
    clock[0] = 61
    assert refused()
    assert refused()
    assert keys.fetched == 2
    clock[0], keys.down = 4000, True
    assert id_tokens.claims(token, audience)
    assert keys.fetched == 3
    with pytest.raises(Unavailable):
        id_tokens.claims(unknown, audience)
    assert id_tokens.claims(token, audience)
    assert keys.fetched == 3  # each attempt may take seconds, so the next one comes later
    clock[0], keys.down = 4011, False
    assert refused()
    assert keys.fetched == 4


@pytest.mark.parametrize("path", [PAGE, QUALITY])
def test_keys_that_are_down_are_a_503(world: World, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a page, that says when to try again."""

    def down(_self: object, _url: str, _form: object) -> tuple[int, Any]:
        raise Unavailable("down")

    monkeypatch.setattr("application_status.local.user_pool.UserPool.fetch", down)
    world.restart()
    reply = Browser(world).send(path, Cookie=f"__Host-id-token={world.id_token(STAFF)}")
    assert (reply["statusCode"], reply["headers"]["Retry-After"]) == (503, "2")


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_addresses_have_the_prefix_of_the_request(browser: Browser, prefix: str) -> None:
    """The stage at the default endpoint, nothing at a custom domain: redirects, links and the way back from Cognito."""
    assert location(browser.send(QUALITY, prefix=prefix)) == f"{prefix}/sign-in?return_to=%2Fquality"
    login = location(browser.send("/sign-in?return_to=%2Fquality", prefix=prefix))
    assert parse_qs(urlsplit(login).query)["redirect_uri"] == [f"{OWN_ORIGIN}{prefix}{CALLBACK}"]
    back = browser.log_in(login, "client/client-1").removeprefix(prefix)
    assert location(browser.send(back, prefix=prefix)) == f"{prefix}{QUALITY}"
    assert f'href="{prefix}/sign-out"' in browser.send(QUALITY, prefix=prefix)["body"]
    address = location(browser.send("/sign-out", "POST", prefix=prefix, Origin=OWN_ORIGIN))
    assert parse_qs(urlsplit(address).query)["logout_uri"] == [f"{OWN_ORIGIN}{prefix}/sign-out"]
    assert f'href="{prefix}/sign-in"' in browser.send("/sign-out", prefix=prefix)["body"]


@pytest.mark.parametrize(
    ("path", "user", "page"),
    [
        ("/sign-in/jobseeker/jobseeker-1", "jobseeker/jobseeker-1", PAGE),
        ("/sign-in/client/example", "client/example", QUALITY),
        ("/sign-in/staff", "staff", QUALITY),
        ("/sign-in/ats/a;b =ü\r\nX: y", "ats/a;b =ü\r\nX: y", QUALITY),
    ],
)
def test_ready_made_link_chooses_a_user(world: World, path: str, user: str, page: str) -> None:
    """A link of `make run` leads through the sign-in, as the user of its path, whatever the characters."""
    resource, match = next((each, m) for each in world.pool.handlers if (m := pattern(each).fullmatch(path)))
    event = {"httpMethod": "GET", "resource": resource, "pathParameters": match.groupdict() or None}
    reply = world.pool.handlers[resource](event, None)
    browser = Browser(world)
    assert location(reply) == f"/sign-in?{urlencode({'return_to': page})}"
    session = reply["multiValueHeaders"]["Set-Cookie"][0].partition(";")[0]
    assert session.isascii()
    assert session.isprintable()
    login = urlsplit(location(browser.send(location(reply))))
    asked = {
        "httpMethod": "GET",
        "resource": login.path,
        "multiValueQueryStringParameters": parse_qs(login.query),
        "multiValueHeaders": {"Cookie": [session]},
    }
    back = location(world.pool.handlers[login.path](asked, None)).removeprefix(OWN_ORIGIN)
    assert location(browser.send(back)) == page
    claims = jwt.decode(browser.cookies["__Host-id-token"], options={"verify_signature": False})
    assert claims["sub"] == user
