"""The format of tokens, and the checks that decide whether a token is valid.

Only a token's SHA-256 is ever stored.
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
_LIVE, _TEST = "atsi_live_", "atsi_test_"
_NOTICE = timedelta(days=30)
_OPAQUE_KEY = "opaque-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A stored token: `sha256` is the hexadecimal digest of the whole token, `test` is True for a test token.

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

    def is_live(self, moment: datetime) -> bool:
        """Return whether the token is neither revoked nor expired at this time."""
        return self.revoked_at is None and (self.expires_at is None or moment < self.expires_at)

    def matches(self, text: str) -> bool:
        """Return whether the text is this token, in constant time."""
        return hmac.compare_digest(self.sha256, sha256(text))


def expiring(tokens: Iterable[Token], moment: datetime) -> list[Token]:
    """Return the live tokens that expire within 30 days and have no successor.

    A successor is another live token of the same ATS that expires later than that, or never. Test tokens don't count.
    """
    live = [token for token in tokens if token.is_live(moment) and not token.test]
    soon = [token for token in live if token.expires_at and token.expires_at <= moment + _NOTICE]
    succeeded = {token.ats_id for token in live if token not in soon}
    return [token for token in soon if token.ats_id not in succeeded]


def is_test(text: str) -> bool:
    """Return whether a token is a test token, which is valid only in the sandbox.

    Test tokens have their own prefix. It can't be changed, because the stored digest covers it.
    """
    return text.startswith(_TEST)


def generate(*, test: bool = False) -> str:
    """Return a new token: atsi_<live|test>_<key id>_<32 random bytes><CRC-32>, all in base 62."""
    key_id = "".join(secrets.choice(_BASE62) for _ in range(_KEY_ID_LENGTH))
    body = f"{_TEST if test else _LIVE}{key_id}_{random_secret()}"
    return body + _checksum(body)


def random_secret() -> str:
    """Return 32 random bytes in base 62, as 43 characters."""
    return _base62(int.from_bytes(secrets.token_bytes(_SECRET_BYTES)), _SECRET_LENGTH)


def key_id(text: str) -> str | None:
    """Return the key by which a token is stored, or None if the text can't be a token or its checksum is wrong.

    Tokens made by `generate` contain their key id. For other tokens it is derived from their digest.
    """
    if text.startswith((_LIVE, _TEST)):
        parts = _GENERATED.fullmatch(text)
        return parts[2] if parts and parts[3] == _checksum(parts[1]) else None
    return f"{_OPAQUE_KEY}{sha256(text)[:16]}" if _OPAQUE.fullmatch(text) else None


def is_opaque(key_id: str) -> bool:
    """Return whether a key is that of a token not made by `generate`, which may be short enough to be guessed."""
    return key_id.startswith(_OPAQUE_KEY)


def sha256(text: str) -> str:
    """Return the hexadecimal SHA-256 of a token."""
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_BASE62))
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
