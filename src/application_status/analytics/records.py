"""Stream records, read: each becomes the change it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from application_status.model.application import Application
from application_status.model.quality import contribution
from application_status.store import items
from application_status.store.dynamodb import Item
from application_status.store.quality_steps import Change


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record: its place in the shard, when its write was made (seconds since 1970), and its change."""

    sequence_number: str
    written_at: float
    status: str
    change: Change


def stream_record(record: Mapping[str, Any], zone: ZoneInfo) -> StreamRecord:
    """Read a record of the applications' stream; KeyError, TypeError or ValueError where it isn't one.

    A removed application contributes nothing, as of the version after its last.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
    """
    body = record["dynamodb"]
    removed = record["eventName"] == "REMOVE"
    last = change_of(body["OldImage" if removed else "NewImage"], zone)
    return StreamRecord(
        sequence_number=body["SequenceNumber"],
        written_at=float(body["ApproximateCreationDateTime"]),
        status="removed" if removed else body["NewImage"]["Status"]["S"],
        change=Change(last.application_id, last.version + 1, {}) if removed else last,
    )


def change_of(item: Item, zone: ZoneInfo) -> Change:
    """Return what counting an application's item takes; KeyError, TypeError or ValueError where it isn't one."""
    return change(items.application(item), zone)


def change(application: Application, zone: ZoneInfo) -> Change:
    """Return what counting an application as it is takes."""
    registration = application.registration
    return Change(
        application_id=application.application_id,
        version=application.version,
        contribution=contribution(application, zone),
        client_id=registration.client_id if registration else None,
        job_id=registration.job_id if registration else None,
    )
