"""Stream records, read: each becomes the change it stands for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from application_status.model.application import Application
from application_status.model.identifiers import ApplicationId
from application_status.model.quality import contribution
from application_status.store import items
from application_status.store.dynamodb import Item
from application_status.store.quality_steps import Change


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record: when its write was made (seconds since 1970), and its change."""

    written_at: float
    status: str
    change: Change


def stream_record(record: Mapping[str, Any], zone: ZoneInfo) -> StreamRecord:
    """Read a record of the applications' stream; any exception where it can't be read or counted for.

    An erased application contributes nothing; so does a removed one, as of the version after its last.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
    """
    body = record["dynamodb"]
    removed = record["eventName"] == "REMOVE"
    image = body["OldImage" if removed else "NewImage"]
    if removed:
        status, counted = "removed", _erased(image, int(image["Version"]["N"]) + 1)
    else:
        status = "erased" if items.is_tombstone(image) else image["Status"]["S"]
        counted = change_of(image, zone)
    return StreamRecord(float(body["ApproximateCreationDateTime"]), status, counted)


def change_of(item: Item, zone: ZoneInfo) -> Change:
    """Return what counting an item as it is takes; any exception where it can't be read or counted for."""
    if items.is_tombstone(item):
        return _erased(item, int(item["Version"]["N"]))
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
        unmapped_labels=application.unmapped_labels,
    )


def _erased(item: Item, version: int) -> Change:
    return Change(ApplicationId(item["AtsiApplicationId"]["S"]), version, contribution={})
