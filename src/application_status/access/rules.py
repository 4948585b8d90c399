"""The formats of tokens and of clients' credentials, and the checks that decide whether they are valid.

Only the SHA-256 of a token or of a client's secret is ever stored.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from application_status.platform.values import AtsId, DateText

_BASE62 = string.digits + string.ascii_letters
_KEY_ID_LENGTH, _SECRET_BYTES, _SECRET_LENGTH, _CHECKSUM_LENGTH = 8, 32, 43, 6
_GENERATED = re.compile(
    rf"(atsi_(?:live|test)_([0-9A-Za-z]{{{_KEY_ID_LENGTH}}})_[0-9A-Za-z]{{{_SECRET_LENGTH}}})([0-9A-Za-z]{{6}})"
)
_OPAQUE = re.compile(r"[!-~]{1,256}")
_CLIENT_ID_LENGTH = 16
_CLIENT_ID = re.compile(rf"atsi_client_(?:live|test)_[0-9A-Za-z]{{{_CLIENT_ID_LENGTH}}}")
_LIVE, _TEST = "atsi_live_", "atsi_test_"
_LIVE_CLIENT, _TEST_CLIENT = "atsi_client_live_", "atsi_client_test_"
_LIVE_ACCESS, _TEST_ACCESS = "atsi_at_live_", "atsi_at_test_"
_CLIENT_SECRET = "atsi_secret_"  # noqa: S105  # what every secret begins with
_NOTICE = timedelta(days=30)
_OPAQUE_KEY = "opaque-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A stored token: `sha256` is the hexadecimal digest of the whole token, `test` is True for a test token.

    An OAuth client is a token, too: `key_id` is then its client_id, `sha256` the digest of its client_secret, and
    `public_key` verifies its access tokens (see clients.py).
    `issued_by` is the operator who issued it, `last_used_on` the day (UTC) of its last use, as an ISO 8601 date.
    """

    key_id: str
    sha256: str
    ats_id: AtsId
    created_at: datetime
    test: bool = False
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    issued_by: str | None = None
    last_used_on: DateText | None = None
    public_key: str | None = None

    @property
    def is_client(self) -> bool:
        """Whether this is an OAuth client."""
        return self.public_key is not None

    def is_live(self, moment: datetime) -> bool:
        """Return whether the token is neither revoked nor expired at this time."""
        return self.revoked_at is None and (self.expires_at is None or moment < self.expires_at)

    def matches(self, text: str) -> bool:
        """Return whether the text is this token, or this client's secret, in constant time."""
        return hmac.compare_digest(self.sha256, sha256(text))


def expiring(tokens: Iterable[Token], moment: datetime) -> list[Token]:
    """Return the live tokens and clients that expire within 30 days and have no successor.

    A successor of a token is another live token of the same ATS that expires later than that, or never; that of a
    client is another client. Test tokens and test clients don't count.
    """
    live = [token for token in tokens if token.is_live(moment) and not token.test]
    soon = [token for token in live if token.expires_at and token.expires_at <= moment + _NOTICE]
    succeeded = {(token.ats_id, token.is_client) for token in live if token not in soon}
    return [token for token in soon if (token.ats_id, token.is_client) not in succeeded]


def is_test(text: str) -> bool:
    """Return whether a token, an access token or a client_id is for tests, and so valid only in the sandbox.

    Those for tests have their own prefixes. That of a token can't be changed, because the stored digest covers it; that
    of an access token is compared with its client's kind.
    """
    return text.startswith((_TEST, _TEST_ACCESS, _TEST_CLIENT))


def generate(*, test: bool = False) -> str:
    """Return a new token: atsi_<live|test>_<key id>_<32 random bytes><CRC-32>, all in base 62."""
    return _with_checksum(f"{_TEST if test else _LIVE}{_random_id(_KEY_ID_LENGTH)}_{random_secret()}")


def generate_client(*, test: bool = False) -> tuple[str, str]:
    """Return a new client_id and its client_secret, which has 32 random bytes."""
    client_id = f"{_TEST_CLIENT if test else _LIVE_CLIENT}{_random_id(_CLIENT_ID_LENGTH)}"
    return client_id, _with_checksum(f"{_CLIENT_SECRET}{random_secret()}")


def random_secret() -> str:
    """Return 32 random bytes in base 62, as 43 characters."""
    return _base62(int.from_bytes(secrets.token_bytes(_SECRET_BYTES)), _SECRET_LENGTH)


def key_id(text: str) -> str | None:
    """Return the key by which a token is stored, or None if the text can't be a token or its checksum is wrong.

    Tokens made by `generate` contain their key id. For other tokens it is derived from their digest. An access token is
    not stored.
    """
    if is_access_token(text):
        return None
    if text.startswith((_LIVE, _TEST)):
        parts = _GENERATED.fullmatch(text)
        return parts[2] if parts and parts[3] == _checksum(parts[1]) else None
    return f"{_OPAQUE_KEY}{sha256(text)[:16]}" if _OPAQUE.fullmatch(text) else None


def is_opaque(key_id: str) -> bool:
    """Return whether a key is that of a token not made by `generate`, which may be short enough to be guessed."""
    return key_id.startswith(_OPAQUE_KEY)


def is_client_id(text: str) -> bool:
    """Return whether a text has the form of a client_id."""
    return _CLIENT_ID.fullmatch(text) is not None


def is_access_token(text: str) -> bool:
    """Return whether a text begins like an access token."""
    return text.startswith((_LIVE_ACCESS, _TEST_ACCESS))


def access_token_prefix(client: Token) -> str:
    """Return what a client's access tokens begin with."""
    return _TEST_ACCESS if client.test else _LIVE_ACCESS


def sha256(text: str) -> str:
    """Return the hexadecimal SHA-256 of a token or a secret."""
    return hashlib.sha256(text.encode()).hexdigest()


def _random_id(length: int) -> str:
    return "".join(secrets.choice(_BASE62) for _ in range(length))


def _with_checksum(body: str) -> str:
    return body + _checksum(body)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_BASE62))
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
