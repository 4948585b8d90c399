"""The stream function of the Aliases table, which copies changed states of positions to their applications."""

from typing import Any

from application_status.applications.positions import Positions
from application_status.platform.streams import Batch, SetAside, StreamHandler, stream_handler
from application_status.platform.telemetry import add_metric


def positions_stream(positions: Positions, set_aside: SetAside) -> StreamHandler:
    """Return the handler of the Aliases table's stream, which updates applications record by record."""

    def notify_one(record: Any) -> int:
        return 0 if record["eventName"] == "REMOVE" else positions.notify(record["dynamodb"]["NewImage"])

    def notify_all(batch: Batch) -> None:
        for _, updated in batch.process_each(enumerate(batch.records), notify_one):
            add_metric("ApplicationsNotified", updated)

    return stream_handler("positions", notify_all, set_aside)
