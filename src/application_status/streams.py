"""What surrounds every stream function: the time bounded, metrics written, and the answer Lambda goes on from."""

from collections.abc import Callable, Sequence
from typing import Any

from application_status.store.dynamodb import deadline
from application_status.telemetry import count, flush, logger, without_messages

_STORE_SECONDS = 45.0
_WHOLE_BATCH = ""

type StreamHandler = Callable[[Any, Any], dict[str, list[dict[str, str]]]]


def consumer(process: Callable[[Sequence[Any]], str | None]) -> StreamHandler:
    """Make a Lambda handler of a function that processes records and returns the first one's number that it can't.

    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """

    def lambda_handler(event: Any, _context: Any) -> dict[str, list[dict[str, str]]]:
        try:
            with without_messages(), deadline(_STORE_SECONDS):
                failed = process(event["Records"])
        finally:
            flush()
        return {"batchItemFailures": [] if failed is None else [{"itemIdentifier": failed}]}

    return lambda_handler


def sequence_number(record: Any) -> str:
    """Return a record's place in its shard; where it has none, an empty one, with which Lambda repeats the batch."""
    try:
        return str(record["dynamodb"]["SequenceNumber"])
    except (KeyError, TypeError):
        return _WHOLE_BATCH


def readable[Record](raw: Sequence[Any], read: Callable[[Any], Record]) -> tuple[list[Record], str | None]:
    """Return the records before the first one that can't be read, and that one's sequence number."""
    records: list[Record] = []
    for item in raw:
        try:
            records.append(read(item))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            failed = sequence_number(item)
            count("Unreadable")
            logger.error("unreadable", sequence_number=failed, error=type(error).__name__)  # no contents
            return records, failed
    return records, None
