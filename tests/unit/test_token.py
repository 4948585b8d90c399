"""A token's form, its id, and when it is good."""

import hashlib
import hmac
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.access.connections import ConnectionLookup
from application_status.access.rules import (
    Token,
    generate,
    generate_client,
    is_access_token,
    is_client_id,
    is_test,
    key_id,
    sha256,
)
from application_status.intake.connect.events import signature_error
from application_status.platform.errors import UnknownConnection
from application_status.platform.values import AtsId

FORM = re.compile(r"atsi_(?:live|test)_([0-9A-Za-z]{8})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})")
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def value(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * 62 + DIGITS.index(digit)
    return number


@pytest.mark.parametrize("test", [False, True])
def test_generated_tokens_have_the_form(*, test: bool) -> None:
    """Kind, key id, 32 random bytes and a CRC-32 of all before it, in base 62."""
    for _ in range(200):
        token = generate(test=test)
        assert token.startswith("atsi_test_" if test else "atsi_live_")
        assert is_test(token) is test
        match = FORM.fullmatch(token)
        assert match
        assert value(match[2]) < 2**256
        assert value(match[3]) == zlib.crc32(token[:-6].encode())
        assert key_id(token) == match[1]


@pytest.mark.parametrize("test", [False, True])
def test_generated_clients_have_the_form(*, test: bool) -> None:
    """The kind is part of the client_id; the secret has 32 random bytes, and neither is taken for a token of ours."""
    made = [generate_client(test=test) for _ in range(200)]
    for client_id, secret in made:
        assert re.fullmatch(rf"atsi_client_{'test' if test else 'live'}_[0-9A-Za-z]{{16}}", client_id)
        assert is_client_id(client_id)
        assert is_test(client_id) is test
        match = re.fullmatch(r"atsi_secret_([0-9A-Za-z]{43})([0-9A-Za-z]{6})", secret)
        assert match
        assert value(match[1]) < 2**256
        assert value(match[2]) == zlib.crc32(secret[:-6].encode())
        assert {(key_id(each) or "")[:7] for each in (client_id, secret)} == {"opaque-"}
    assert len({client_id for client_id, _ in made}) == len({secret for _, secret in made}) == 200


@pytest.mark.parametrize(
    "text", ["", "demo0001", "atsi_client_live_", "limit#demo-ats", "atsi_client_live_DemoClient000001\n"]
)
def test_other_ids_are_no_clients(text: str) -> None:
    """So no other item of the table is read as one."""
    assert not is_client_id(text)


@pytest.mark.parametrize("text", ["atsi_at_live_x", "atsi_at_test_" + "x" * 600])
def test_access_tokens_are_not_stored(text: str) -> None:
    """They have no key, so no token that was issued elsewhere can look like one."""
    assert is_access_token(text)
    assert key_id(text) is None


def test_generated_tokens_differ() -> None:
    """Ids and secrets differ, and the secrets use all of their 32 bytes."""
    matches = [FORM.fullmatch(generate()) for _ in range(200)]
    assert len({match[1] for match in matches if match}) == 200
    assert len({match[2] for match in matches if match}) == 200
    assert max(value(match[2]) for match in matches if match) > 2**254


@settings(deadline=None)
@given(st.integers(0, 66), st.sampled_from(DIGITS))
def test_mistyped_token_of_ours_is_none(place: int, digit: str) -> None:
    """One wrong character is found without asking the store."""
    token = generate()
    mistyped = token[:place] + digit + token[place + 1 :]
    if mistyped != token and re.fullmatch(r"atsi_(live|test)_.{8}_.*", mistyped):
        assert key_id(mistyped) is None


@pytest.mark.parametrize("text", ["", "atsi", "ATSI_TEST_x", " atsi_test_x", "atsi_live_atsi_test_", "atsi_test"])
def test_what_does_not_begin_so_is_no_test_token(text: str) -> None:
    """Opaque tokens are live, too."""
    assert not is_test(text)


def test_kind_is_part_of_the_checksum() -> None:
    """A test token can't be made of a live one, nor the other way round."""
    for test, other in ((True, "atsi_live_"), (False, "atsi_test_")):
        assert key_id(other + generate(test=test)[10:]) is None


@settings(deadline=None)
@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=256).filter(
        lambda text: not text.startswith(("atsi_live_", "atsi_test_", "atsi_at_"))
    )
)
def test_opaque_tokens_are_named_after_their_digest(text: str) -> None:
    """Any visible ASCII; the name doesn't hold the token."""
    assert key_id(text) == f"opaque-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@settings(deadline=None)
@given(st.text(max_size=300).filter(lambda text: not re.fullmatch(r"[!-~]{1,256}", text)))
def test_what_cannot_be_a_token_has_no_id(text: str) -> None:
    """Empty, too long, white space, other characters."""
    assert key_id(text) is None


@pytest.mark.parametrize(
    ("expires", "revoked", "live"),
    [
        (None, None, True),
        (timedelta(milliseconds=1), None, True),
        (timedelta(0), None, False),
        (timedelta(days=-1), None, False),
        (timedelta(days=1), timedelta(days=-1), False),
        (None, timedelta(0), False),
    ],
)
def test_token_is_live_until_it_expires_or_is_revoked(
    expires: timedelta | None, revoked: timedelta | None, *, live: bool
) -> None:
    """The moment of expiry itself is too late."""
    token = Token(
        key_id="k", sha256=sha256("text"), ats_id=AtsId("ats"), created_at=NOW - timedelta(days=2),
        expires_at=None if expires is None else NOW + expires, revoked_at=None if revoked is None else NOW + revoked,
    )  # fmt: skip
    assert token.is_live(NOW) is live
    assert token.matches("text")
    assert not token.matches("texT")
    assert not token.matches(token.sha256)


def compare_token() -> None:
    Token(key_id="k", sha256=sha256("a"), ats_id=AtsId("ats"), created_at=NOW).matches("b")


def compare_signature() -> None:
    signature_error(b"body", "signature", ["secret"], name="Signature")


def compare_key_of_a_connection() -> None:
    connections = ConnectionLookup(Mock(return_value={}), "ConnectionsTable", Mock(), "TokensTable")
    with pytest.raises(UnknownConnection):
        connections.open("greenhouse", "0123456789abcdef", "key", "192.0.2.1")


@pytest.mark.parametrize("compare", [compare_token, compare_signature, compare_key_of_a_connection])
def test_secrets_are_compared_in_constant_time(compare: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """The time of a comparison shows nothing about the secret."""
    in_constant_time = Mock(side_effect=hmac.compare_digest)
    monkeypatch.setattr(hmac, "compare_digest", in_constant_time)
    compare()
    in_constant_time.assert_called_once()
