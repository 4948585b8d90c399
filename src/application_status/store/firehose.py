"""The door to Amazon Data Firehose: records in, how many of them were taken out."""

import random
import time
from collections.abc import Iterator, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from application_status.telemetry import logger

_CONNECT_SECONDS, _READ_SECONDS = 0.5, 5
_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.1
_SECONDS = 25.0  # with what the last call may still take, within the function's time-out
_JITTER = random.SystemRandom()  # functions restored from one snapshot share a generator's seed

# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
BYTES_PER_RECORD = 1_024_000
_RECORDS_PER_CALL = 500
_BYTES_PER_CALL = 3_000_000  # 4 MiB, as base 64


class Firehose:
    """Puts records with bounded attempts, exponential pauses and full jitter."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def put(self, stream: str, records: Sequence[bytes]) -> int:
        """Put records and return how many were taken, counted from the first; of the others, some may be taken too."""
        done, until = 0, time.monotonic() + _SECONDS
        for call in _calls(records):
            taken = self._put(stream, call, until)
            done += taken
            if taken < len(call):
                break
        return done

    def _put(self, stream: str, records: Sequence[bytes], until: float) -> int:
        """Put one call's records, those again that were not taken."""
        waiting = dict(enumerate(records))
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(_JITTER.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt))
            if time.monotonic() > until:
                break
            try:
                batch = [{"Data": data} for data in waiting.values()]
                reply = self._client.put_record_batch(DeliveryStreamName=stream, Records=batch)
            except (BotoCoreError, ClientError) as error:
                logger.warning("unavailable", error=_code(error))
                break
            results = reply.get("RequestResponses", ())
            if len(results) != len(batch):  # botocore reads a 200 that is not JSON as {}
                logger.warning("unavailable", error="NoReply")
                continue
            waiting = {n: records[n] for n, each in zip(waiting, results, strict=True) if "ErrorCode" in each}
            if not waiting:
                return len(records)
        return min(waiting)


def connect(**client_options: Any) -> Firehose:
    """Open the door; a call that fails as a whole is repeated by botocore."""
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        retries={"total_max_attempts": 3, "mode": "standard"},
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
