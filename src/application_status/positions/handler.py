"""The positions: the way from what was heard of a position to its applications, through the aliases' stream."""

import os
from typing import Any

from application_status.settings import PositionsSettings, read
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.positions import Positions
from application_status.streams import Batch, SetAside, StreamHandler, consumer
from application_status.telemetry import count


def make_handler(dynamodb: DynamoDB, settings: PositionsSettings, set_aside: SetAside) -> StreamHandler:
    """Make the handler of the aliases' stream: record by record, it updates the applications of a position."""
    positions = Positions(dynamodb, settings.aliases_table, settings.applications_table)

    def tell_one(record: Any) -> int:
        return 0 if record["eventName"] == "REMOVE" else positions.tell(record["dynamodb"]["NewImage"])

    def tell_all(batch: Batch) -> None:
        for _, learnt in batch.tried(enumerate(batch.records), tell_one):
            count("ApplicationsTold", learnt)

    return consumer("positions", tell_all, set_aside)


lambda_handler = make_handler(connect(), read(PositionsSettings, os.environ), SetAside.from_environment(os.environ))
