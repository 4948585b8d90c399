"""Failed stream records, in S3: where Lambda, too, writes those that it gave up, below aws/lambda/."""

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

_CONNECT_SECONDS, _READ_SECONDS = 0.5, 2


class FailedRecords:
    """Keeps records; the client is made for the first one, as hardly any invocation has one."""

    def __init__(self, bucket: str, **client_options: Any) -> None:
        self._bucket = bucket
        self._client_options = client_options

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        """Write a document in JSON; the same key again replaces it. Raises botocore's errors."""
        self._client.put_object(
            Bucket=self._bucket, Key=key, Body=json.dumps(document).encode(), ContentType="application/json"
        )

    @cached_property
    def _client(self) -> Any:
        config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": 3, "mode": "standard"},
        )
        return boto3.client("s3", config=config, **self._client_options)
