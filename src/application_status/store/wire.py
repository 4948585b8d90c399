"""DynamoDB's JSON protocol over one kept connection, with the standard library alone: the webhook's way to the tables.

It does what this service needs of an SDK and starts and runs at a fraction of one's cost; docs/performance.md has the
numbers. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
"""

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from application_status.errors import SettingsError
from application_status.store.connection import Connection
from application_status.store.credentials import Source
from application_status.store.dynamodb import DynamoDB, DynamoDBError, members
from application_status.store.signature import signed

_TARGET = "DynamoDB_20120810"
_OK = 200


def connect(environ: Mapping[str, str] = os.environ) -> DynamoDB:
    """Open the door, as Lambda's environment says; nothing is sent before the first call."""
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise SettingsError("AWS_REGION is missing")
    own = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return DynamoDB(Wire(own or f"https://dynamodb.{region}.{suffix}", region, Source(environ)))


class Wire:
    """Carries one call at a time."""

    def __init__(self, endpoint: str, region: str, source: Source) -> None:
        self.connection = Connection(endpoint)
        self._region = region
        self._source = source

    def __call__(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do one operation; a Transport."""
        body = json.dumps(request, separators=(",", ":")).encode()
        headers = signed(
            {
                "content-type": "application/x-amz-json-1.0",
                "host": self.connection.netloc,
                "x-amz-target": f"{_TARGET}.{operation}",
            },
            body,
            credentials=self._source.credentials(),
            region=self._region,
            moment=time.time(),
        )
        reply = self.connection.post(headers, body)
        found = members(reply.status, reply.content, reply.headers.get("x-amz-crc32"))
        if reply.status != _OK:
            raise _error(reply.status, found)
        return found


def _error(status: int, found: Mapping[str, Any]) -> DynamoDBError:
    code = str(found["__type"]).rpartition("#")[2]
    message = str(found.get("message", found.get("Message", "")))
    return DynamoDBError(code, message, status, found)
