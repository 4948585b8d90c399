"""The positions: the way from what was heard of a position to its applications, through the aliases' stream."""

from typing import Any

from application_status.applications.positions import Positions
from application_status.platform.streams import Batch, SetAside, StreamHandler, stream_handler
from application_status.platform.telemetry import add_metric


def positions_stream(positions: Positions, set_aside: SetAside) -> StreamHandler:
    """Make the handler of the aliases' stream: record by record, it updates the applications of a position."""

    def notify_one(record: Any) -> int:
        return 0 if record["eventName"] == "REMOVE" else positions.notify(record["dynamodb"]["NewImage"])

    def notify_all(batch: Batch) -> None:
        for _, learnt in batch.process_each(enumerate(batch.records), notify_one):
            add_metric("ApplicationsNotified", learnt)

    return stream_handler("positions", notify_all, set_aside)
