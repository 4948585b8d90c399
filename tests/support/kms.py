"""A KMS in memory: data keys that only the encryption context they were made with decrypts."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class FakeKms:
    """A client of KMS with one key; `is_down` makes it unreachable."""

    def __init__(self) -> None:
        self._key = AESGCM(bytes(32))
        self.is_down = False
        self.calls: list[str] = []

    def generate_data_key(self, **request: Any) -> dict[str, Any]:
        """Return a data key."""
        self._called("GenerateDataKey")
        plain, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
        context = _authenticated(request["EncryptionContext"])
        return {"Plaintext": plain, "CiphertextBlob": nonce + self._key.encrypt(nonce, plain, context)}

    def decrypt(self, **request: Any) -> dict[str, Any]:
        """Decrypt a data key."""
        self._called("Decrypt")
        blob, context = request["CiphertextBlob"], _authenticated(request["EncryptionContext"])
        try:
            return {"Plaintext": self._key.decrypt(blob[:12], blob[12:], context)}
        except InvalidTag:
            error = {"Error": {"Code": "InvalidCiphertextException", "Message": ""}}
            raise ClientError(error, "Decrypt") from None  # type: ignore[arg-type]  # as KMS answers

    def _called(self, operation: str) -> None:
        self.calls.append(operation)
        if self.is_down:
            raise EndpointConnectionError(endpoint_url="https://kms.test")


def _authenticated(context: Mapping[str, str]) -> bytes:
    assert context.keys() == {"Connection"}, "template.yaml allows no other context"
    return json.dumps(context).encode()
