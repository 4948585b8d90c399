"""Stream records, read: each becomes the change it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from application_status.model.identifiers import ApplicationId
from application_status.model.quality import Contribution, contribution
from application_status.store import items
from application_status.store.dynamodb import Item
from application_status.store.quality import Change


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record: its place in the shard, when its write was made (seconds since 1970), and its change."""

    sequence_number: str
    written_at: float
    status: str
    change: Change


def stream_record(record: Mapping[str, Any], zone: ZoneInfo) -> StreamRecord:
    """Read a record of the applications' stream; KeyError, TypeError or ValueError where it isn't one.

    An erased application contributes nothing; so does a removed one, as of the version after its last.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
    """
    body = record["dynamodb"]
    removed = record["eventName"] == "REMOVE"
    image = body["OldImage" if removed else "NewImage"]
    status, contributed = ("removed", {}) if removed else _counts(image, zone)
    return StreamRecord(
        sequence_number=body["SequenceNumber"],
        written_at=float(body["ApproximateCreationDateTime"]),
        status=status,
        change=Change(
            application_id=ApplicationId(image["AtsiApplicationId"]["S"]),
            version=int(image["Version"]["N"]) + removed,
            contribution=contributed,
        ),
    )


def _counts(image: Item, zone: ZoneInfo) -> tuple[str, Contribution]:
    """Return how the application stands and what that counts for."""
    if items.is_tombstone(image):
        return "erased", {}
    application = items.application(image)
    return application.status, contribution(application, zone)
