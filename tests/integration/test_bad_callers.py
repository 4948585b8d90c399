"""Tokens, methods and headers that the webhook refuses, and what the logs say of it."""

import json
import zlib
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import boto3
import pytest
from moto import mock_aws

from application_status.access import rules as tokens
from application_status.access.register import TokenRegister
from application_status.platform.values import AtsId, now, to_text
from support.refusals import GOOD, raw_event, refused, with_header
from support.world import APPLICATION, ATS, OTHER_TOKEN, TOKEN, World, answer, http_event, set_last_use

WAYS = "alone in the header X-AtsiToken, or as Authorization: Bearer"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
LIVE, REVOKED, EXPIRED = tokens.generate(), tokens.generate(), tokens.generate()


def with_checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    return body + digits.rjust(6, "0")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One for all; an ATS each has a live, a revoked and an expired token of our form."""
    with mock_aws():
        world = World(boto3.client("dynamodb"))
        register = TokenRegister(world.dynamodb, "TokensTable")
        register.add(LIVE, AtsId("live-ats"))
        register.revoke(register.add(REVOKED, AtsId("revoked-ats")).key_id)
        register.add(EXPIRED, AtsId("expired-ats"), expires_at=now() - timedelta(milliseconds=1))
        set_last_use(world.client)
        yield world


def refused_token(world: World, event: dict[str, Any]) -> None:
    """Every refused token gets one and the same reply, but for the request id."""
    assert refused(world, event, 401, "unauthenticated") == {
        "type": "/problems/unauthenticated",
        "title": "No valid token",
        "status": 401,
        "detail": f"A valid token for this path is required; send it {WAYS}.",
    }
    assert answer(world.webhook(event, None)).headers.keys() == {"Content-Type", "Cache-Control", "WWW-Authenticate"}


def misplaced(world: World, event: dict[str, Any], place: str) -> None:
    """The reply to a valid token that is not where it is read: it names the place, and where it belongs."""
    wrong = f"Your token is valid, but this path can't read it from {place}; send it {WAYS}."
    assert refused(world, event, 401, "unauthenticated")["detail"] == wrong


BAD_TOKENS = {
    "empty": "",
    "space": " ",
    "unknown": "nobody-has-this-token",
    "unknown, of our form": tokens.generate(),
    "part of one": TOKEN[:-1],
    "one and more": TOKEN + "0",
    "one in other case": TOKEN.upper(),
    "257 characters": "x" * 257,
    "not ASCII": "tökén",
    "lone surrogate": "\ud800",
    "null byte": TOKEN + "\0",
    "wrong checksum": LIVE[:-1] + ("0" if LIVE[-1] != "0" else "1"),
    "wrong secret": LIVE[:20] + ("0" if LIVE[20] != "0" else "1") + LIVE[21:],
    "wrong secret, right checksum": with_checksum(LIVE[:19] + "0" * 43),
    "its digest": tokens.sha256(TOKEN),
    "its id": str(tokens.key_id(TOKEN)),
    "revoked": REVOKED,
    "expired": EXPIRED,
}


@pytest.mark.parametrize("token", BAD_TOKENS.values(), ids=BAD_TOKENS.keys())
def test_bad_token_is_refused(world: World, token: str) -> None:
    """The reply gives no reason, so tokens can't be probed."""
    refused_token(world, with_header(raw_event(GOOD), "X-AtsiToken", token))
    refused_token(world, with_header(raw_event(GOOD, path=f"/qs-api/public/atsi/v1/{ATS}"), "X-AtsiToken", token))


def test_missing_token_is_refused(world: World) -> None:
    """Like one that is not valid."""
    refused_token(world, raw_event(GOOD, token=None))


MISPLACED = {
    "without the scheme": ("Authorization", "{}", "the header Authorization as it was sent"),
    "with another scheme": ("Authorization", "Token {}", "the header Authorization as it was sent"),
    "with the scheme twice": ("Authorization", "Bearer Bearer {}", "the header Authorization as it was sent"),
    "with the scheme in the own header": ("X-AtsiToken", "Bearer {}", "the header X-AtsiToken as it was sent"),
    "in quotes": ("X-AtsiToken", '"{}"', "the header X-AtsiToken as it was sent"),
    "with a space": ("X-AtsiToken", "{} ", "the header X-AtsiToken as it was sent"),
    "twice in one": ("X-AtsiToken", "{0}, {0}", "the header X-AtsiToken as it was sent"),
    "in the header of many APIs": ("X-Api-Key", "{}", "the header X-Api-Key as it was sent"),
    "in a header that is misspelt": ("X-Atsi-Token", "{}", "the header X-Atsi-Token as it was sent"),
}


@pytest.mark.parametrize(("name", "value", "place"), MISPLACED.values(), ids=MISPLACED.keys())
def test_valid_token_in_the_wrong_place_is_named(world: World, name: str, value: str, place: str) -> None:
    """A token that is not valid gets the reply of a missing one there, so the place tells nothing about tokens."""
    bare = raw_event(GOOD, token=None)
    for token in (TOKEN, LIVE):
        misplaced(world, with_header(bare, name, value.format(token)), place)
    for token in ("unknown", REVOKED, EXPIRED, tokens.generate()):
        refused_token(world, with_header(bare, name, value.format(token)))


@pytest.mark.parametrize("name", ["X-AtsiToken", "token", "access_token"])
def test_token_in_the_query_string_is_refused(world: World, name: str) -> None:
    """Logs of others keep query strings; who sends a valid token there gets to know."""
    bare = raw_event(GOOD, token=None)
    misplaced(world, bare | {"queryStringParameters": {name: TOKEN}}, "the query string, which logs may keep")
    refused_token(world, bare | {"queryStringParameters": {name: REVOKED}})


def test_only_one_other_place_is_looked_at(world: World) -> None:
    """One look-up more, however many headers there are."""
    world.dynamodb.operations.clear()
    headers = {"Authorization": tokens.generate(), "X-Api-Key": tokens.generate(), "Token": tokens.generate()}
    refused_token(world, http_event("POST", "/api/application-status", GOOD, headers, token=tokens.generate()))
    assert world.dynamodb.operations.count("GetItem") == 2 * 2  # `refused_token` sends it twice


def test_bearer_token_is_accepted(world: World) -> None:
    """OAuth clients send `Authorization: Bearer` (RFC 6750); a header X-AtsiToken beside it decides alone."""
    for sent in (f"Bearer {TOKEN}", f"bearer  {TOKEN}"):
        assert world.webhook(raw_event(GOOD, token=None, Authorization=sent), None)["statusCode"] == 200
        assert world.webhook(raw_event(GOOD, Authorization="Bearer unknown"), None)["statusCode"] == 200
        place = "the header Authorization while there is a header X-AtsiToken"
        misplaced(world, raw_event(GOOD, "unknown", Authorization=sent), place)


def test_token_is_good_for_its_own_path_only(world: World) -> None:
    """An ATS's id in the path has to be the token's; the reply names the token's ATS, whether the other exists or not.

    Without a valid token the reply is that of any path.
    """
    for ats in ("other-ats", "demo-at", "DEMO-ATS", "demo-ats%20"):
        problem = refused(world, raw_event(GOOD, path=f"/qs-api/public/atsi/v1/{ats}"), 401, "unauthenticated")
        assert problem["detail"] == (
            "Your token is valid, but it belongs to the ATS demo-ats and not to the one in the path; send the report "
            "to /qs-api/public/atsi/v1/demo-ats, or the other ATS's token."
        )
        refused_token(world, raw_event(GOOD, REVOKED, path=f"/qs-api/public/atsi/v1/{ats}"))
    problem = refused(world, raw_event(GOOD, OTHER_TOKEN, f"/qs-api/public/atsi/v1/{ATS}"), 401, "unauthenticated")
    assert "/qs-api/public/atsi/v1/other-ats" in problem["detail"]
    assert world.webhook(raw_event(GOOD, path=f"/qs-api/public/atsi/v1/{ATS}"), None)["statusCode"] == 200


def test_live_token_of_our_form_is_known(world: World) -> None:
    """It belongs to an ATS without applications: it passes, and finds nothing. A later one is compared with it, too."""
    assert with_checksum(LIVE[:-6]) == LIVE
    refused(world, raw_event(GOOD, LIVE), 404, "unknown-application")
    refused_token(world, raw_event(GOOD, BAD_TOKENS["wrong secret, right checksum"]))


def test_two_different_tokens_are_refused(world: World) -> None:
    """One would be checked and the other believed, somewhere on the way."""
    event, place = raw_event(GOOD), "the header X-AtsiToken, which came 2 times with different values"
    misplaced(world, with_header(event, "X-AtsiToken", TOKEN, OTHER_TOKEN), place)
    refused_token(world, with_header(event, "X-AtsiToken", "unknown", TOKEN))
    refused_token(world, with_header(event, "X-AtsiToken", "unknown", REVOKED))
    both_cases = {**event["multiValueHeaders"], "x-atsitoken": [OTHER_TOKEN]}
    misplaced(world, event | {"multiValueHeaders": both_cases}, place)
    misplaced(world, event | {"headers": {"X-ATSITOKEN": OTHER_TOKEN}}, place)


def test_the_same_token_twice_is_one(world: World) -> None:
    """Proxies repeat headers."""
    assert world.webhook(with_header(raw_event(GOOD), "X-AtsiToken", TOKEN, TOKEN), None)["statusCode"] == 200


@pytest.mark.parametrize("write", [str.lower, str.upper, str.title], ids=["lower", "upper", "title"])
@pytest.mark.parametrize("left_out", ["headers", "multiValueHeaders", None])
def test_header_names_are_accepted_in_any_case(world: World, write: Any, left_out: str | None) -> None:
    """They are accepted in `headers` and in `multiValueHeaders` of the event."""
    event = raw_event(GOOD)
    headers = {write(name): value for name, value in event["headers"].items()}
    event |= {"headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()}}
    assert world.webhook(event | ({left_out: None} if left_out else {}), None)["statusCode"] == 200


def test_token_comes_before_the_body(world: World) -> None:
    """Without a valid token, the reply says nothing about errors in the body."""
    for token in (None, "unknown", REVOKED):
        for event in (raw_event("nonsense", token), raw_event("x" * 9000, token), raw_event(b"\xff", token)):
            refused_token(world, event)
            refused_token(world, with_header(event, "Content-Type", "text/plain"))
            refused_token(world, with_header(event, "Idempotency-Key", "a", "b"))


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post", ""])
@pytest.mark.parametrize(
    ("path", "allowed"), [("/api/application-status", "GET, POST"), (f"/qs-api/public/atsi/v1/{ATS}", "POST")]
)
def test_other_methods_are_refused(world: World, method: str, path: str, allowed: str) -> None:
    """The reply has the Allow header, with and without a token."""
    for token in (TOKEN, None):
        event = http_event(method, path, GOOD, token=token)
        refused(world, event, 405, "method-not-allowed")
        assert world.webhook(event, None)["headers"]["Allow"] == allowed


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "schlüssel", "a\tb", "a\n", "\x7f", "\ud800"])
def test_malformed_idempotency_key_is_refused(world: World, key: str) -> None:
    """1 to 255 visible ASCII characters."""
    refused(world, with_header(raw_event(GOOD), "Idempotency-Key", key), 400, "malformed-header")


@pytest.mark.parametrize("key", ["x", "~" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "a,b"])
def test_good_idempotency_key_is_accepted(world: World, key: str) -> None:
    """The quoted string of the IETF draft is accepted too."""
    assert world.webhook(with_header(raw_event(GOOD), "Idempotency-Key", key), None)["statusCode"] == 200


def test_different_values_of_a_header_are_refused(world: World) -> None:
    """Once is enough, and the same twice is once."""
    refused(world, with_header(raw_event(GOOD), "Idempotency-Key", "a", "b"), 400, "malformed-header")
    types = ("application/json", "application/json; charset=utf-8")
    refused(world, with_header(raw_event(GOOD), "Content-Type", *types), 400, "malformed-header")
    assert world.webhook(with_header(raw_event(GOOD), "Idempotency-Key", "a", "a"), None)["statusCode"] == 200


def test_logs_never_hold_tokens_labels_or_bodies(world: World, log: StringIO) -> None:
    """Ids and results only, whether the report is recorded, unchanged, late or refused."""
    secret = "Geheimnis"
    fields = {"RawStatus": secret, "BusinessDate": to_text(now())}
    body = {"AtsiApplicationId": APPLICATION, "Status": "OFFER", **fields, secret: secret}
    bodies = [body, body, body | {"BusinessDate": "2022-07-28T00:00:00Z"}, body | {"Status": secret}, {secret: 1}]
    events = [http_event("POST", "/api/application-status", each, {"Idempotency-Key": secret}) for each in bodies]
    events += [raw_event(f'{{"{secret}":'), raw_event(f"{secret} " * 2000), raw_event(secret.encode(), LIVE)]
    events += [raw_event(secret, REVOKED), raw_event(secret, secret), raw_event(GOOD, LIVE)]
    events += [raw_event(GOOD, path=f"/qs-api/public/atsi/v1/{secret}"), raw_event(GOOD, Content_Type=secret)]
    events += [http_event(secret, "/api/application-status"), with_header(events[0], "Idempotency-Key", secret, "b")]
    statuses = [world.webhook(event, None)["statusCode"] for event in events]
    assert statuses == [200, 200, 200, 422, 422, 400, 413, 400, 401, 401, 404, 401, 415, 405, 400]
    entries = [json.loads(line) for line in log.getvalue().splitlines()]
    logged = [entry["correlation_id"] for entry in entries if "correlation_id" in entry]
    assert logged == [event["requestContext"]["requestId"] for event in events]
    assert {"recorded", "unchanged", "late"} <= {entry.get("message") for entry in entries}
    for text in (secret, TOKEN, LIVE, REVOKED, *map(tokens.sha256, (TOKEN, LIVE, REVOKED))):
        assert text not in log.getvalue()
