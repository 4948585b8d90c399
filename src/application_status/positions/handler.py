"""The positions: the way from what was heard of a position to its applications, through the aliases' stream."""

import os
from collections.abc import Callable
from typing import Any

from application_status.errors import Unavailable
from application_status.settings import PositionsSettings, read
from application_status.store.dynamodb import DynamoDB, connect, deadline
from application_status.store.positions import Positions
from application_status.telemetry import count, flush, logger, without_messages

_STORE_SECONDS = 45.0

type StreamHandler = Callable[[Any, Any], dict[str, list[dict[str, str]]]]


def make_handler(dynamodb: DynamoDB, settings: PositionsSettings) -> StreamHandler:
    """Make the handler of the aliases' stream; it stops at the first record that it can't tell, and answers which."""
    positions = Positions(dynamodb, settings.aliases_table, settings.applications_table)

    def lambda_handler(event: Any, _context: Any) -> dict[str, list[dict[str, str]]]:
        learnt, failed = 0, None
        with without_messages(), deadline(_STORE_SECONDS):
            for record in event["Records"]:
                try:
                    if record["eventName"] != "REMOVE":
                        learnt += positions.tell(record["dynamodb"]["NewImage"])
                except (Unavailable, KeyError, TypeError, AttributeError) as error:
                    failed = _sequence_number(record)
                    logger.warning("untold", error=type(error).__name__, sequence_number=failed)
                    break
        count("ApplicationsTold", learnt)
        flush()
        return {"batchItemFailures": [] if failed is None else [{"itemIdentifier": failed}]}

    return lambda_handler


def _sequence_number(record: Any) -> str:
    """Return what Lambda goes on from; an empty one makes it repeat the batch."""
    body = record.get("dynamodb") if isinstance(record, dict) else None
    return str((body or {}).get("SequenceNumber", ""))


lambda_handler = make_handler(connect(), read(PositionsSettings, os.environ))
