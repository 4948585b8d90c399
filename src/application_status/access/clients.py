"""The access tokens of OAuth clients.

An access token is `atsi_at_live_` or `atsi_at_test_`, and a JWT in the style of RFC 9068. Its private key (Ed25519) is
derived from the client_secret, which is stored nowhere: the service has it only while a client is created and during
a token request. The Tokens table contains the public key, so nobody can make an access token from what it contains.
A client could sign tokens itself, so what limits it is not only in the signature: the kind (live or test) is that of
its item, and no access token is valid for more than 30 minutes.

https://www.rfc-editor.org/rfc/rfc9068
https://www.rfc-editor.org/rfc/rfc8037
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from functools import lru_cache

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from application_status.access.rules import Token, access_token_prefix, is_client_id, is_test
from application_status.platform.telemetry import logger

LIFE_SECONDS = 30 * 60
"""How long an access token is valid."""

_ALGORITHM = "EdDSA"
_KEY_BYTES = 32
_PURPOSE = b"application-status access token"
_CLOCK_SKEW_SECONDS = 10
"""How far the clock of the execution environment that issued an access token may be ahead."""

_CACHED_TOKENS = 1000
_LONGEST = 1024
_ACCESS_TOKEN = re.compile(r"atsi_at_(?:live|test)_([0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+)")


def public_key(client_secret: str) -> str:
    """Return the public key of a client's access tokens, as stored: its 32 bytes in base64url."""
    return urlsafe_b64encode(_private_key(client_secret).public_key().public_bytes_raw()).decode()


def issue(client: Token, client_secret: str, moment: datetime) -> str:
    """Return an access token of a client that is valid from a moment on, for `LIFE_SECONDS`."""
    issued_at = int(moment.timestamp())
    claims = {
        "sub": client.key_id,
        "client_id": client.key_id,
        "iat": issued_at,
        "exp": issued_at + LIFE_SECONDS,
    }
    header = {"kid": client.key_id, "typ": "at+jwt"}
    signed = jwt.encode(claims, _private_key(client_secret), _ALGORITHM, header)
    return f"{access_token_prefix(client)}{signed}"


def client_id(access_token: str) -> str | None:
    """Return the client_id that an access token names, which is not verified; None if the text has not its form."""
    found = _ACCESS_TOKEN.fullmatch(access_token) if len(access_token) <= _LONGEST else None
    try:
        kid = jwt.get_unverified_header(found[1]).get("kid", "") if found else ""
    except (jwt.PyJWTError, RecursionError):
        return None
    return kid if is_client_id(kid) else None


def is_access_token_of(client: Token, text: str, moment: datetime) -> bool:
    """Return whether a text is an access token of this client that is valid at a moment."""
    found = _ACCESS_TOKEN.fullmatch(text)
    if found is None or client.public_key is None or is_test(text) is not client.test:
        return False
    try:
        issued_at, expires_at = _signed_times(found[1], client.key_id, client.public_key)
    except (jwt.PyJWTError, RecursionError) as error:
        logger.info("not a valid access token", client=client.key_id, reason=type(error).__name__)
        return False
    is_short = expires_at - issued_at <= LIFE_SECONDS
    return is_short and issued_at - _CLOCK_SKEW_SECONDS <= moment.timestamp() < expires_at


@lru_cache(_CACHED_TOKENS)  # only of valid signatures: it does not keep errors
def _signed_times(signed: str, client_id: str, public_key: str) -> tuple[int, int]:
    """Return when an access token was issued and when it expires, in seconds since 1970.

    Raises:
        PyJWTError: the token is not signed with this client's key, or lacks a claim.
    """
    key = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(public_key))
    claims = jwt.decode(
        signed,
        key,
        algorithms=[_ALGORITHM],
        subject=client_id,
        options={"require": ["sub", "client_id", "iat", "exp"], "verify_iat": False, "verify_exp": False},
    )
    issued_at, expires_at = claims["iat"], claims["exp"]
    if not isinstance(issued_at, int) or not isinstance(expires_at, int):
        raise jwt.InvalidTokenError("iat and exp should be whole numbers")
    return issued_at, expires_at


def _private_key(client_secret: str) -> Ed25519PrivateKey:
    """Derive the key of a client's access tokens from its secret (RFC 5869)."""
    derived = HKDF(SHA256(), _KEY_BYTES, salt=None, info=_PURPOSE).derive(client_secret.encode())
    return Ed25519PrivateKey.from_private_bytes(derived)
