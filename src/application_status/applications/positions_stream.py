"""The stream function of the Aliases table: applies new states of positions, and parked events of new aliases.

Model: tests/promises/models/promotion.pml
"""

from typing import Any

from application_status.applications.aliases import native_alias
from application_status.applications.parked import ParkedEvents
from application_status.applications.positions import Positions
from application_status.platform.dynamodb.client import Item
from application_status.platform.streams import Batch, SetAside, StreamHandler, stream_handler
from application_status.platform.telemetry import add_metric


def positions_stream(positions: Positions, parked: ParkedEvents, set_aside: SetAside) -> StreamHandler:
    """Return the handler of the Aliases table's stream, which updates applications record by record."""

    def update(record: Any) -> tuple[str, int]:
        if record["eventName"] == "REMOVE":
            return "ApplicationsNotified", 0
        row: Item = record["dynamodb"]["NewImage"]
        if row["Alias"]["S"].startswith("native#"):
            return "EventReplayed", len(parked.replay(native_alias(row)))
        return "ApplicationsNotified", positions.notify(row)

    def update_all(batch: Batch) -> None:
        for _, (metric, updated) in batch.process_each(enumerate(batch.records), update):
            add_metric(metric, updated)

    return stream_handler("positions", update_all, set_aside)
