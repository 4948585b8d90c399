"""A store of failed stream records in memory instead of S3."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import EndpointConnectionError

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
