"""A store of failed stream records in memory instead of S3, and an operator who sends them again."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from typing import Any, override

from botocore.exceptions import ClientError, EndpointConnectionError

from application_status.cli.failures import commands
from application_status.cli.target import Target
from application_status.platform.streams import FailedRecords, SetAside


class KeptRecords(FailedRecords):
    """A store of objects by key; `fails_at` are the writes, counted from 1, that fail."""

    def __init__(self, fails_at: tuple[int, ...] = ()) -> None:
        super().__init__("FailedRecordsBucket")
        self.objects: dict[str, Any] = {}
        self.writes = 0
        self.fails_at = fails_at

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        self.writes += 1
        if self.writes in self.fails_at:
            raise EndpointConnectionError(endpoint_url="https://s3")
        self.objects[key] = json.loads(json.dumps(document))

    def records(self) -> list[Any]:
        """Return the records that were set aside, in the order of their keys."""
        return [record for _, each in sorted(self.objects.items()) for record in json.loads(each["payload"])["Records"]]


def set_aside(kept: FailedRecords | None = None) -> SetAside:
    """Return a SetAside that uses this store."""
    return SetAside(kept or KeptRecords())


class Operator(Target):
    """Uses `application-status failures` over records kept in memory; the function that failed is `invoke`."""

    def __init__(self, kept: KeptRecords, invoke: Callable[[Any], Any]) -> None:
        super().__init__(None, "")
        self._kept = kept
        self._invoke = invoke

    def redrive_all(self) -> bool:
        """Send all failed records to the function again; return whether all succeeded."""
        code: int = commands.main(["redrive", "--all"], "failures", obj=self, standalone_mode=False)
        return code == 0

    @override
    @cached_property
    def s3(self) -> "_Objects":
        return _Objects(self._kept)

    @override
    def client(self, service: str, **options: Any) -> Any:
        assert service == "lambda"
        return self

    def invoke(self, *, Payload: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803  # boto3's name
        """Invoke the function as Lambda does."""
        try:
            answer = self._invoke(json.loads(Payload))
        except Exception as error:  # noqa: BLE001  # any exception of the function fails the invocation
            return {"FunctionError": "Unhandled", "Payload": BytesIO(f'{{"errorType": "{type(error)}"}}'.encode())}
        return {"Payload": BytesIO(json.dumps(answer).encode())}


class _Objects:
    """The calls of S3 that the command makes."""

    def __init__(self, kept: KeptRecords) -> None:
        self._kept = kept

    def get_paginator(self, _: str) -> "_Objects":
        return self

    def paginate(self, *, Prefix: str, **_: Any) -> Iterator[Any]:  # noqa: N803  # boto3's name
        at = datetime(2022, 1, 1, tzinfo=UTC)
        yield {"Contents": [{"Key": key, "LastModified": at} for key in self._kept.objects if key.startswith(Prefix)]}

    def get_object(self, *, Key: str, **_: Any) -> Any:  # noqa: N803  # boto3's name
        if Key not in self._kept.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        content = json.dumps(self._kept.objects[Key]).encode()
        return {"ETag": sha256(content).hexdigest(), "Body": BytesIO(content)}

    def delete_object(self, *, Key: str, **_: Any) -> None:  # noqa: N803  # boto3's name
        del self._kept.objects[Key]
