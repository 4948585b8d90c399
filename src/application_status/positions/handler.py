"""The positions: the way from what was heard of a position to its applications, through the aliases' stream."""

import os
from collections.abc import Sequence
from typing import Any

from application_status.errors import Unavailable
from application_status.settings import PositionsSettings, read
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.positions import Positions
from application_status.streams import StreamHandler, consumer, sequence_number
from application_status.telemetry import count, logger


def make_handler(dynamodb: DynamoDB, settings: PositionsSettings) -> StreamHandler:
    """Make the handler of the aliases' stream; it stops at the first record that it can't tell, and answers which."""
    positions = Positions(dynamodb, settings.aliases_table, settings.applications_table)

    def tell_all(records: Sequence[Any]) -> str | None:
        for record in records:
            try:
                if record["eventName"] != "REMOVE":
                    count("ApplicationsTold", positions.tell(record["dynamodb"]["NewImage"]))
            except (Unavailable, KeyError, TypeError, AttributeError) as error:
                failed = sequence_number(record)
                logger.warning("untold", error=type(error).__name__, sequence_number=failed)
                return failed
        return None

    return consumer(tell_all)


lambda_handler = make_handler(connect(), read(PositionsSettings, os.environ))
