"""Data keys of AWS KMS: keys that encrypt data here, and that are stored encrypted by a key that never leaves KMS.

https://docs.aws.amazon.com/kms/latest/developerguide/data-keys.html
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from application_status.platform import sdk

_READ_SECONDS = 1.5

# https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors
_RETRYABLE = {"DependencyTimeoutException", "KeyUnavailableException", "KMSInternalException", "ThrottlingException"}


class DataKey(NamedTuple):
    """A key of 32 bytes, and the same key as KMS encrypted it."""

    plain: bytes
    encrypted: bytes


def client(**options: Any) -> Any:
    """Return a client of KMS, see `sdk.client`."""
    return sdk.client("kms", _READ_SECONDS, **options)


class DataKeys:
    """Make and decrypt data keys.

    `context` is the encryption context: a data key can be decrypted only with the context that it was made with.
    https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def make(self, key_id: str, context: Mapping[str, str]) -> DataKey:
        """Return a new data key, encrypted by the key with this id.

        Raises:
            Unavailable: KMS did not answer in time, or is throttled.
        """
        made = sdk.called(
            "GenerateDataKey",
            _READ_SECONDS,
            lambda: self._client.generate_data_key(KeyId=key_id, KeySpec="AES_256", EncryptionContext=context),
            _RETRYABLE,
        )
        return DataKey(made["Plaintext"], made["CiphertextBlob"])

    def decrypt(self, encrypted: bytes, context: Mapping[str, str]) -> bytes:
        """Return a data key in plain.

        Raises:
            Unavailable: KMS did not answer in time, or is throttled.
        """
        plain: bytes = sdk.called(
            "Decrypt",
            _READ_SECONDS,
            lambda: self._client.decrypt(CiphertextBlob=encrypted, EncryptionContext=context),
            _RETRYABLE,
        )["Plaintext"]
        return plain
