"""A client of Amazon Data Firehose that puts records and returns how many were accepted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from application_status.platform.put_entries import client, put_entries

# https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
BYTES_PER_RECORD = 1_024_000
_RECORDS_PER_CALL = 500
_BYTES_PER_CALL = 3_000_000  # 4 MiB when encoded in base64


class Firehose:
    """A client with the retries of `Attempts`, within the deadline of the invocation."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def put(self, stream: str, records: Sequence[bytes]) -> int:
        """Put records; return how many were accepted, counted from the first. Some later ones may be accepted too."""

        def call(batch: Sequence[bytes]) -> Sequence[Mapping[str, Any]]:
            entries = [{"Data": data} for data in batch]
            reply = self._client.put_record_batch(DeliveryStreamName=stream, Records=entries)
            results: Sequence[Mapping[str, Any]] = reply.get("RequestResponses", ())
            return results

        done = 0
        for group in _calls(records):
            accepted = put_entries("PutRecordBatch", call, group)
            done += accepted
            if accepted < len(group):
                break
        return done


def connect(**client_options: Any) -> Firehose:
    """Return a client; it connects on its first call."""
    return Firehose(client("firehose", **client_options))


def _calls(records: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Group records by the limits of one call."""
    start = size = 0
    for number, record in enumerate(records):
        size += len(record)
        if number - start == _RECORDS_PER_CALL or size > _BYTES_PER_CALL:
            yield records[start:number]
            start, size = number, len(record)
    if start < len(records):
        yield records[start:]
