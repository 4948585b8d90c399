"""A client of Amazon Data Firehose: it puts records, and says how many were taken."""

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004  # botocore's name
    CredentialRetrievalError,
    HTTPClientError,
)

from application_status.platform.deadlines import Attempts
from application_status.platform.telemetry import logger

_CONNECT_SECONDS, _READ_SECONDS = 0.5, 5
_SERVER_ERROR = 500

# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
BYTES_PER_RECORD = 1_024_000
_RECORDS_PER_CALL = 500
_BYTES_PER_CALL = 3_000_000  # 4 MiB, as base 64

# https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html
_RETRYABLE = {
    "LimitExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailableException",
    "ThrottlingException",
}


class Firehose:
    """Puts records, with the retries of `Attempts`; the invocation's deadline bounds all calls."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def put(self, stream: str, records: Sequence[bytes]) -> int:
        """Put records and return how many were taken, counted from the first; of the others, some may be taken too."""
        done = 0
        for call in _calls(records):
            taken = self._put(stream, call)
            done += taken
            if taken < len(call):
                break
        return done

    def _put(self, stream: str, records: Sequence[bytes]) -> int:
        """Put one call's records, and again those that were not taken."""
        waiting = dict(enumerate(records))
        attempts = Attempts("PutRecordBatch", _CONNECT_SECONDS + _READ_SECONDS)
        for _ in attempts:
            batch = [{"Data": data} for data in waiting.values()]
            try:
                reply = self._client.put_record_batch(DeliveryStreamName=stream, Records=batch)
            except (BotoCoreError, ClientError) as error:
                attempts.error = _code(error)
                if _is_retryable(error):
                    continue
                break
            results = reply.get("RequestResponses", ())
            if len(results) != len(batch):  # botocore reads a 200 that is not JSON as {}
                attempts.error = "NoReply"
                continue
            refused = {n: each["ErrorCode"] for n, each in zip(waiting, results, strict=True) if "ErrorCode" in each}
            if not refused:
                return len(records)
            waiting = {n: records[n] for n in refused}
            attempts.error = refused[min(refused)]
        logger.warning("unavailable", error=attempts.error)
        return min(waiting)


def connect(**client_options: Any) -> Firehose:
    """Make a client without botocore's own retries; it connects with its first call."""
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )
    return Firehose(boto3.client("firehose", config=config, **client_options))


def _calls(records: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Divide records into as many as one call takes."""
    start = size = 0
    for number, record in enumerate(records):
        size += len(record)
        if number - start == _RECORDS_PER_CALL or size > _BYTES_PER_CALL:
            yield records[start:number]
            start, size = number, len(record)
    if start < len(records):
        yield records[start:]


def _code(error: Exception) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def _is_retryable(error: Exception) -> bool:
    """Whether the same call may succeed a moment later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= _SERVER_ERROR or _code(error) in _RETRYABLE
    return isinstance(error, (ConnectionError, CredentialRetrievalError, HTTPClientError))
