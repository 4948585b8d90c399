"""A client of one S3 bucket, with the retries of `Attempts`, within the deadline of the invocation.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import IO, Any, NamedTuple

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from application_status.platform import sdk
from application_status.platform.dynamodb.client import MOST_CALLS_AT_ONCE
from application_status.platform.errors import ServiceError, Unavailable

BLOCK_BYTES = 256 * 1024
"""The size of the blocks in which an object is read."""

_READ_SECONDS = 5

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_RETRYABLE = {"RequestTimeout", "SlowDown"}
_MISSING = {"404", "NoSuchKey"}
_CHANGED = {"412", "PreconditionFailed"}


class ObjectMissing(ServiceError):
    """The bucket has no object with this key."""


class ObjectChanged(ServiceError):
    """The object is not the one with the ETag asked for: another upload has replaced it."""


class PresignedPost(NamedTuple):
    """A form that uploads an object without credentials: its address, and its fields before the field `file`."""

    url: str
    fields: dict[str, str]


def client(**options: Any) -> Any:
    """Return a client of S3, see `sdk.client`."""
    config = Config(
        max_pool_connections=MOST_CALLS_AT_ONCE,
        signature_version="s3v4",
        # Presigned addresses then name the region: the global endpoint redirects requests for a new bucket elsewhere.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html#VirtualHostingBackwardsCompatibility
        s3={"addressing_style": "virtual"},
    )
    return sdk.client("s3", _READ_SECONDS, config, **options)


class Bucket:
    """A bucket; keys are texts, and an object is replaced by a later one with the same key."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def read(self, key: str, start: int = 0, end: int | None = None, *, etag: str | None = None) -> Iterator[bytes]:
        """Yield the bytes of an object from `start` up to before `end`, or to its end, in blocks of BLOCK_BYTES.

        With an `etag`, the object must be the one with this ETag, which is given without quotes. The request is sent
        when the first block is taken.

        Raises:
            ObjectMissing: there is no such object.
            ObjectChanged: the object has another ETag.
            Unavailable: S3 did not answer in time, or the connection broke while the object was read.
        """
        wanted = {"Range": f"bytes={start}-{'' if end is None else end - 1}"} if start or end is not None else {}
        match = {"IfMatch": f'"{etag}"'} if etag else {}
        body = _called("GetObject", lambda: self._client.get_object(Bucket=self._name, Key=key, **wanted, **match))[
            "Body"
        ]
        try:
            yield from body.iter_chunks(BLOCK_BYTES)
        except BotoCoreError as error:  # a broken connection, or a wrong checksum
            raise Unavailable(f"GetObject: {type(error).__name__}") from error
        finally:
            body.close()

    def put(self, key: str, content: bytes | IO[bytes], content_type: str) -> None:
        """Write an object; `content` may be a file, from its first byte.

        Raises:
            Unavailable: S3 did not answer in time; the object may or may not have been written.
        """

        def put() -> dict[str, Any]:
            if not isinstance(content, bytes):
                content.seek(0)  # an earlier attempt may have read it
            reply: dict[str, Any] = self._client.put_object(
                Bucket=self._name, Key=key, Body=content, ContentType=content_type
            )
            return reply

        _called("PutObject", put)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys with a prefix, in the order of their characters.

        Raises:
            Unavailable: S3 did not answer in time.
        """
        start: dict[str, str] = {}
        while True:
            request = {"Bucket": self._name, "Prefix": prefix, **start}
            reply = _called("ListObjectsV2", partial(self._client.list_objects_v2, **request))
            yield from (each["Key"] for each in reply.get("Contents", ()))
            if "NextContinuationToken" not in reply:
                return
            start = {"ContinuationToken": reply["NextContinuationToken"]}

    def presigned_post(self, key: str, largest_bytes: int, valid_for: timedelta) -> PresignedPost:
        """Return a form that uploads one object of 1 to `largest_bytes` bytes with exactly this key.

        It makes no call. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
        """
        made = self._client.generate_presigned_post(
            self._name, key, Conditions=[["content-length-range", 1, largest_bytes]], ExpiresIn=_seconds(valid_for)
        )
        return PresignedPost(made["url"], made["fields"])

    def presigned_get(self, key: str, file_name: str, valid_for: timedelta) -> str:
        """Return an address from which anyone can download an object for a time, as a file with this name.

        It makes no call, so the object may be missing.
        """
        wanted = {
            "Bucket": self._name,
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{file_name}"',
        }
        address: str = self._client.generate_presigned_url("get_object", wanted, ExpiresIn=_seconds(valid_for))
        return address


def _called(operation: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return sdk.called(operation, _READ_SECONDS, call, _RETRYABLE)
    except ClientError as error:
        code = sdk.error_code(error)
        if code in _MISSING:
            raise ObjectMissing from error
        if code in _CHANGED:
            raise ObjectChanged from error
        raise


def _seconds(time: timedelta) -> int:
    return int(time.total_seconds())
