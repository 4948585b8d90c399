"""Encrypts the secrets of a connection, which have to be readable again: an HMAC is made with the secret itself.

Each change of a connection's secrets makes a new data key (see platform/kms.py), which encrypts them by AES-GCM. The
connection's id is authenticated with both, so that the secrets of one connection can't be put into another.
"""

import json
import secrets
from collections.abc import Sequence
from typing import NamedTuple, override

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application_status.platform.kms import DataKeys

_NONCE_BYTES = 12  # https://csrc.nist.gov/pubs/sp/800/38/d/final


class Secrets(tuple[str, ...]):
    """Secrets in plain, whose text form shows only how many there are."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return f"<{len(self)} secrets>"


class Sealed(NamedTuple):
    """Encrypted secrets, and the encrypted key that encrypts them."""

    content: bytes
    data_key: bytes


class Envelope:
    """Seal and open the secrets of connections."""

    def __init__(self, data_keys: DataKeys) -> None:
        self._data_keys = data_keys

    def seal(self, key_id: str, connection_id: str, plain: Sequence[str]) -> Sealed:
        """Encrypt secrets with a data key that the KMS key with this id encrypts.

        Raises:
            Unavailable: KMS did not answer in time.
        """
        key = self._data_keys.make(key_id, _context(connection_id))
        nonce = secrets.token_bytes(_NONCE_BYTES)
        content = AESGCM(key.plain).encrypt(nonce, json.dumps(plain).encode(), connection_id.encode())
        return Sealed(nonce + content, key.encrypted)

    def open(self, connection_id: str, sealed: Sealed) -> Secrets:
        """Decrypt secrets.

        Raises:
            Unavailable: KMS did not answer in time.
        """
        key = self._data_keys.decrypt(sealed.data_key, _context(connection_id))
        nonce, content = sealed.content[:_NONCE_BYTES], sealed.content[_NONCE_BYTES:]
        return Secrets(json.loads(AESGCM(key).decrypt(nonce, content, connection_id.encode())))


def _context(connection_id: str) -> dict[str, str]:
    return {"Connection": connection_id}
