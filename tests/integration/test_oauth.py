"""The token endpoint: how a client asks for an access token, and what it gets if it asks wrongly."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import boto3
import jwt
import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from application_status.access.limits import Buckets, key_of_ats, limit_of_ats
from application_status.access.register import TokenRegister
from application_status.access.rules import generate
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import Unavailable
from application_status.platform.values import now
from support.oauth import GRANT, INDEEDS_PATH, PATH, Credentials, access_token, ask, basic, created
from support.signals import counted
from support.world import ATS, ATS_CLIENT_ID, ATS_CLIENT_SECRET, TOKEN, Answer, World, answer, http_event

SENT = GRANT | {"client_id": ATS_CLIENT_ID, "client_secret": ATS_CLIENT_SECRET}
START = "2026-11-22T09:00:00Z"
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+")
"""https://www.rfc-editor.org/rfc/rfc6749#section-5.2"""
ERRORS = {"invalid_request": {400, 404, 405}, "invalid_client": {401}, "unsupported_grant_type": {400}}


@pytest.fixture
def limited() -> Iterator[World]:
    """Each ATS may send two requests a second, and 100 at once."""
    with mock_aws():
        yield World(boto3.client("dynamodb"), requests_per_second=2)


def assert_error(reply: Answer, status: int, code: str) -> str:
    """Check an error's form; return its description."""
    assert (reply.status, reply.body["error"]) == (status, code), reply.body
    assert reply.body.keys() == {"error", "error_description", "error_uri"}
    assert (reply.headers["Cache-Control"], reply.headers["Pragma"]) == ("no-store", "no-cache")
    description: str = reply.body["error_description"]
    assert DESCRIPTION.fullmatch(description)
    return description


@pytest.mark.parametrize("path", [PATH, INDEEDS_PATH])
@pytest.mark.parametrize(
    ("body", "form", "headers"),
    [
        (SENT, True, {}),
        (SENT | {"audience": "https://graphql.example.com"}, False, {}),
        (SENT | {"scope": "employer_access"}, True, {}),
        (GRANT, True, {"Authorization": basic(Credentials())}),
        (GRANT | {"scope": ""}, False, {"Authorization": basic(Credentials())}),
        (
            GRANT | {"client_id": ATS_CLIENT_ID},
            True,
            {"Authorization": basic(Credentials()).replace("Basic", "basic ")},
        ),
        (
            GRANT,
            True,
            {
                "Authorization": basic(
                    Credentials(ATS_CLIENT_ID.replace("_", "%5F"), ATS_CLIENT_SECRET.replace("T", "%54"))
                )
            },
        ),
        (SENT, True, {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}),
        (SENT | {"other": 7, "more": ["x"]}, False, {}),
    ],
    ids=[
        "form",
        "SEEK's JSON",
        "Indeed's form",
        "Basic",
        "Basic and JSON",
        "both name it",
        "encoded",
        "charset",
        "odd",
    ],
)
def test_client_gets_an_access_token(
    world: World, path: str, body: dict[str, Any], headers: dict[str, str], *, form: bool
) -> None:
    """The reply is the RFC's, whatever else was sent; the token works as the ATS's."""
    reply = ask(world, body, path=path, form=form, headers=headers)
    assert (reply.status, reply.headers) == (
        200,
        {"Content-Type": "application/json", "Cache-Control": "no-store", "Pragma": "no-cache"},
    )
    token = reply.body.pop("access_token")
    assert reply.body == {"token_type": "Bearer", "expires_in": 1800}
    assert token.startswith("atsi_at_live_")
    assert len(token) < 512
    assert world.report("INTERVIEW", headers={"X-AtsiToken": token}).status == 200


def test_access_token_names_its_client(world: World) -> None:
    """In its header and claims; it was issued now, and expires in 30 minutes."""
    with time_machine.travel(START, tick=False):
        signed = access_token(world).removeprefix("atsi_at_live_")
    assert jwt.get_unverified_header(signed) == {"alg": "EdDSA", "kid": ATS_CLIENT_ID, "typ": "at+jwt"}
    issued = 1_795_338_000
    assert jwt.decode(signed, options={"verify_signature": False}) == {
        "sub": ATS_CLIENT_ID,
        "client_id": ATS_CLIENT_ID,
        "iat": issued,
        "exp": issued + 1800,
    }


WRONG: dict[str, tuple[Any, bool, dict[str, str]]] = {
    "no grant type": ({"client_id": ATS_CLIENT_ID, "client_secret": ATS_CLIENT_SECRET}, True, {}),
    "grant type without a value": (SENT | {"grant_type": ""}, True, {}),
    "grant type that is no text": (SENT | {"grant_type": ["client_credentials"]}, False, {}),
    "repeated parameter": ("grant_type=client_credentials&grant_type=client_credentials", True, {}),
    "repeated unknown parameter": ("x=1&x=2", True, {}),
    "repeated member": ('{"grant_type": "client_credentials", "grant_type": "client_credentials"}', False, {}),
    "repeated member in quotes": ('{"\\"é\\\\": 1, "\\"é\\\\": 2}', False, {}),
    "no JSON": ("grant_type=client_credentials", False, {}),
    "no object": ("[]", False, {}),
    "empty JSON body": ("", False, {}),
    "other type": (SENT, True, {"Content-Type": "text/plain"}),
    "no type": (SENT, True, {"Content-Type": ""}),
    "too large": (SENT | {"x": "x" * 8192}, True, {}),
    "too large JSON": (SENT | {"x": "x" * 8192}, False, {}),
    "credentials in both places": (SENT, True, {"Authorization": basic(Credentials())}),
    "another client_id": (GRANT | {"client_id": "other"}, True, {"Authorization": basic(Credentials())}),
}


@pytest.mark.parametrize("name", WRONG)
def test_malformed_request_is_invalid(world: World, name: str) -> None:
    """400 with invalid_request; the description says what to send, and no secret."""
    body, form, headers = WRONG[name]
    description = assert_error(ask(world, body, form=form, headers=headers), 400, "invalid_request")
    assert "send" in description.lower()
    assert ATS_CLIENT_SECRET not in description


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (GRANT, {}),
        (SENT | {"client_secret": ""}, {}),
        (SENT | {"client_secret": ATS_CLIENT_SECRET[:-1]}, {}),
        (SENT | {"client_secret": TOKEN}, {}),
        (SENT | {"client_id": "unknown"}, {}),
        (SENT | {"client_id": ATS_CLIENT_ID.replace("0001", "0002")}, {}),
        (SENT | {"client_id": ATS_CLIENT_ID.replace("live", "test")}, {}),
        (SENT | {"client_id": "limit#demo-ats"}, {}),
        (SENT | {"client_id": "é"}, {}),
        (GRANT, {"Authorization": basic(Credentials(client_secret="wrong"))}),
        (GRANT, {"Authorization": basic(Credentials()).replace("Basic", "Bearer")}),
        (GRANT, {"Authorization": "Basic"}),
        (GRANT, {"Authorization": "Basic !"}),
        (GRANT, {"Authorization": "Basic YQ=="}),
        (GRANT, {"Authorization": "Basic /w=="}),
        (GRANT, {"Authorization": ""}),
        (SENT, {"Authorization": f"Bearer {TOKEN}"}),
        (GRANT | {"grant_type": "password"}, {}),
    ],
    ids=str,
)
def test_wrong_credentials_are_an_invalid_client(world: World, body: dict[str, Any], headers: dict[str, str]) -> None:
    """401 that asks for Basic; one description, so that clients can't be probed."""
    reply = ask(world, body, headers=headers)
    assert "client_id and client_secret" in assert_error(reply, 401, "invalid_client")
    assert reply.headers["WWW-Authenticate"] == 'Basic realm="application-status"'
    assert reply.body["error_uri"] == "/problems/unauthenticated"


def test_tokens_key_id_is_no_client(world: World) -> None:
    """A token can't be exchanged for an access token, which would outlive its revocation elsewhere."""
    token = generate()
    key_id = TokenRegister(world.dynamodb, "TokensTable").add(token, ATS).key_id
    assert_error(ask(world, SENT | {"client_id": key_id, "client_secret": token}), 401, "invalid_client")
    assert world.report("INTERVIEW", headers={"X-AtsiToken": ATS_CLIENT_SECRET}).status == 401


@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token", "Client_Credentials", "x" * 99])
def test_other_grants_are_not_supported(world: World, grant: str) -> None:
    """The error leads to the page that explains it."""
    reply = ask(world, SENT | {"grant_type": grant})
    assert "client_credentials" in assert_error(reply, 400, "unsupported_grant_type")
    page = world.views(http_event("GET", reply.body["error_uri"], token=None), None)
    assert (page["statusCode"], "client_credentials" in page["body"]) == (200, True)


@pytest.mark.parametrize("method", ["GET", "PUT", "post"])
def test_only_post(world: World, method: str) -> None:
    """405 with Allow, also for credentials in the address."""
    event = http_event(method, PATH, token=None) | {"queryStringParameters": SENT}
    reply = answer(world.oauth(event, None))
    assert_error(reply, 405, "invalid_request")
    assert reply.headers["Allow"] == "POST"


def test_credentials_in_the_address_are_none(world: World) -> None:
    """Addresses are logged by others."""
    event = http_event("POST", PATH, "{}", token=None) | {"queryStringParameters": SENT}
    assert_error(answer(world.oauth(event, None)), 401, "invalid_client")


def test_failing_table_is_temporary(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with Retry-After."""

    def fails(*_: object, **__: object) -> None:
        raise Unavailable("throttled")

    monkeypatch.setattr(DynamoDB, "__call__", fails)
    reply = ask(world, SENT)
    assert_error(reply, 503, "temporarily_unavailable")
    assert reply.headers["Retry-After"] == "2"


def test_revoked_or_expired_client_is_invalid(world: World) -> None:
    """As soon as no environment has it in its cache."""
    register = TokenRegister(world.dynamodb, "TokensTable")
    expiring = created(register, expires_at=now() + timedelta(days=1))
    assert access_token(world, expiring)
    with time_machine.travel(now() + timedelta(days=1)):
        assert_error(ask(world, GRANT | expiring._asdict()), 401, "invalid_client")
    register.revoke_client(ATS_CLIENT_ID)
    world.restart()
    assert_error(ask(world, SENT), 401, "invalid_client")


def test_guessing_is_limited_by_address(limited: World, capsys: pytest.CaptureFixture[str]) -> None:
    """After 20 wrong secrets an address gets a 429; the client itself is not locked out, wherever it is."""
    with time_machine.travel(START, tick=False):
        guesses = [ask(limited, SENT | {"client_secret": f"wrong-{number}"}) for number in range(22)]
        assert [each.status for each in guesses] == [401] * 20 + [429] * 2
        assert_error(guesses[-1], 429, "temporarily_unavailable")
        assert guesses[-1].headers["RateLimit-Policy"] == '"invalid-tokens";q=20;w=100'
        assert int(guesses[-1].headers["Retry-After"]) > 0
        assert counted(capsys)["Unauthenticated"] == 22
        assert ask(limited, SENT | {"client_secret": "wrong"}, address="198.51.100.7").status == 401
        assert [ask(limited, SENT, address=each).status for each in ("192.0.2.1", "198.51.100.7")] == [200, 200]


def test_requests_count_as_the_ats_s(limited: World) -> None:
    """They share its limit with its reports; those of a test client share that of its test tokens."""
    test_client = created(TokenRegister(limited.dynamodb, "TokensTable"), test=True)
    with time_machine.travel(START, tick=False):
        Buckets(limited.dynamodb, "TokensTable").take(key_of_ats(ATS, test=False), limit_of_ats(2), 100)
        reply = ask(limited, SENT)
        assert "2 requests a second" in assert_error(reply, 429, "temporarily_unavailable")
        assert reply.headers["Retry-After"] == "1"
        assert ask(limited, GRANT | test_client._asdict()).status == 200


def test_log_has_the_client_and_no_secret(world: World, log: StringIO) -> None:
    """Neither the secret nor the access token is logged."""
    token = access_token(world)
    ask(world, SENT | {"client_secret": "a-wrong-secret"})
    world.report("INTERVIEW", headers={"X-AtsiToken": token[:-9] + "forgery00"})
    lines = log.getvalue()
    assert '"issued"' in lines
    assert ATS_CLIENT_ID in lines
    assert not [each for each in (ATS_CLIENT_SECRET, "a-wrong-secret", token[-40:], "forgery00") if each in lines]


def test_metrics_of_the_sandbox_are_apart(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A test client's requests don't count as live ones."""
    test_client = created(TokenRegister(world.dynamodb, "TokensTable"), test=True)
    counted(capsys)
    access_token(world, test_client)
    ask(world, GRANT | test_client._asdict() | {"client_secret": "wrong"})
    assert counted(capsys) == {"Sandbox.AccessTokenIssued": 1, "Sandbox.Unauthenticated": 1, "Sandbox.Refused": 1}


names = st.sampled_from(["grant_type", "client_id", "client_secret", "scope", ""]) | st.text(max_size=5)
values = st.sampled_from(["client_credentials", ATS_CLIENT_ID, ATS_CLIENT_SECRET, "", "%", "é", "\0"]) | st.text(
    max_size=9
)
odd_values = values | st.none() | st.integers() | st.floats() | st.lists(values, max_size=2)
bodies = (
    st.lists(st.tuples(names, values), max_size=5).map(
        lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
    )
    | st.dictionaries(names, odd_values, max_size=4).map(json.dumps)
    | st.text(max_size=40)
    | st.sampled_from(["[" * 9000, '{"a":' * 900, "%" * 8192, "&" * 8192, "=" * 9000, "\ud800"])
)
types = st.sampled_from(["application/x-www-form-urlencoded", "application/json", "application/json; charset=x", "é"])
authorizations = st.none() | st.sampled_from(
    [basic(Credentials()), basic(Credentials("é", "\0")), "Basic", "Basic =", "Basic gICA", "basic Og==", "\0"]
) | st.text(max_size=20)  # fmt: skip


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"))


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=bodies, kind=types, authorization=authorizations, is_base64=st.booleans())
def test_no_request_makes_it_fail(
    shared: World, body: str, kind: str, authorization: str | None, *, is_base64: bool
) -> None:
    """Each gets an access token, or an error of the RFC with its status."""
    headers = {"Content-Type": kind} | ({} if authorization is None else {"Authorization": authorization})
    event = http_event("POST", PATH, body, headers, token=None) | {"isBase64Encoded": is_base64}
    reply = answer(shared.oauth(event, None))
    if reply.status != 200:
        assert_error(reply, reply.status, reply.body["error"])
        assert reply.status in ERRORS[reply.body["error"]]
