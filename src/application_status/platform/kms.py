"""Data keys of AWS KMS: keys that encrypt data here, and that are stored encrypted by a key that never leaves KMS.

https://docs.aws.amazon.com/kms/latest/developerguide/data-keys.html
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's name
    CredentialRetrievalError,
    HTTPClientError,
)

from application_status.platform.deadlines import Attempts
from application_status.platform.errors import Unavailable

_CONNECT_SECONDS, _READ_SECONDS = 0.5, 1.5

# https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors
_RETRYABLE = {"DependencyTimeoutException", "KeyUnavailableException", "KMSInternalException", "ThrottlingException"}


class DataKey(NamedTuple):
    """A key of 32 bytes, and the same key as KMS encrypted it."""

    plain: bytes
    encrypted: bytes


def client(**options: Any) -> Any:
    """Return a client of KMS with short time-outs and without botocore's own retries; it connects on its first call."""
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return boto3.client("kms", config=config, **options)


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
        made = _called(
            "GenerateDataKey",
            lambda: self._client.generate_data_key(KeyId=key_id, KeySpec="AES_256", EncryptionContext=context),
        )
        return DataKey(made["Plaintext"], made["CiphertextBlob"])

    def decrypt(self, encrypted: bytes, context: Mapping[str, str]) -> bytes:
        """Return a data key in plain.

        Raises:
            Unavailable: KMS did not answer in time, or is throttled.
        """
        plain: bytes = _called(
            "Decrypt", lambda: self._client.decrypt(CiphertextBlob=encrypted, EncryptionContext=context)
        )["Plaintext"]
        return plain


def _called(operation: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Make a call, with the retries of `Attempts`."""
    attempts = Attempts(operation, _CONNECT_SECONDS + _READ_SECONDS)
    for _ in attempts:
        try:
            return call()
        except ClientError as error:
            attempts.error = error.response["Error"]["Code"]
            if attempts.error not in _RETRYABLE:
                raise
        except (ConnectionError, CredentialRetrievalError, HTTPClientError) as error:
            attempts.error = type(error).__name__
    raise Unavailable(f"{operation} failed repeatedly, or reached the deadline")
