"""The handler of the analytics function: counts the changes that arrive on the applications table's stream.

`analytics` makes the handler, which counts the newest record of each application in a batch; `stream_record` reads one
record; `change_of` and `change` derive what it counts.

Model: tests/promises/models/counting.pml
Model: tests/promises/models/erasure.pml
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from aws_lambda_powertools.metrics import MetricUnit

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.platform.dynamodb.client import Item
from application_status.platform.outages import is_outage
from application_status.platform.streams import Batch, SetAside, StreamHandler, stream_handler
from application_status.platform.telemetry import add_metric, logger, metrics
from application_status.quality.counters.write import CHANGES_PER_CALL, Change, Counters
from application_status.quality.rules.contribution import contribution


class AnalyticsSettings(NamedTuple):
    """Environment of the analytics function: QUALITY_TABLE, REPORTING_TIME_ZONE.

    Days begin at midnight in REPORTING_TIME_ZONE (an IANA name).
    """

    quality_table: str
    reporting_time_zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """A stream record: the time of its write (seconds since 1970), its status for metrics, and the change to count."""

    written_at: float
    status: str
    change: Change


def stream_record(record: Mapping[str, Any], zone: ZoneInfo) -> ChangeRecord:
    """Read a record of the applications' stream; raises any exception if it can't be read or counted.

    An erased application contributes nothing. So does a removed one, from the version after its last.
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
    return ChangeRecord(float(body["ApproximateCreationDateTime"]), status, counted)


def change_of(item: Item, zone: ZoneInfo) -> Change:
    """Return the change that counts an item as it is; raises any exception if it can't be read or counted."""
    if items.is_tombstone(item):
        return _erased(item, int(item["Version"]["N"]))
    return change(items.application(item), zone)


def change(application: Application, zone: ZoneInfo) -> Change:
    """Return the change that counts an application as it is."""
    registration = application.registration
    return Change(
        application_id=application.application_id,
        version=application.version,
        contribution=contribution(application, zone),
        client_id=registration.client_id if registration else None,
        job_id=registration.job_id if registration else None,
        unmapped_labels=application.unmapped_labels,
        company=registration.company if registration else "",
        job_title=registration.job_title if registration else "",
        applied_on=registration.applied_at.date().isoformat() if registration else "",
    )


def _erased(item: Item, version: int) -> Change:
    return Change(items.id_of(item), version, contribution={})


def analytics(counters: Counters, zone: ZoneInfo, set_aside: SetAside) -> StreamHandler:
    """Return the handler of the applications' stream."""

    def process(batch: Batch) -> None:
        if not batch.records:
            counters.apply(())  # raises if the generations can't be read, which is an outage
        read_one = partial(stream_record, zone=zone)
        _apply_newest(dict(batch.process_each(enumerate(batch.records), read_one)), batch, counters)

    return stream_handler("analytics", process, set_aside)


def _apply_newest(records: Mapping[int, ChangeRecord], batch: Batch, counters: Counters) -> None:
    """Count the newest record of each application; an outage stops the batch at the first record not counted."""
    newest: dict[str, ChangeRecord] = {}
    for record in records.values():
        known = newest.get(record.change.application_id)
        if known is None or record.change.version > known.change.version:
            newest[record.change.application_id] = record
    done: set[str] = set()
    for group in batched(newest.values(), CHANGES_PER_CALL, strict=False):
        try:
            counted = counters.apply([record.change for record in group])
        except Exception as error:
            if not is_outage(error):
                raise
            batch.stop(min(index for index, each in records.items() if each.change.application_id not in done), error)
            break
        done |= {record.change.application_id for record in group}
        _log(group, {change.application_id for change in counted})
    if records:
        age = max(0.0, time.time() - min(record.written_at for record in records.values()))
        metrics.add_metric(name="OldestRecordAge", unit=MetricUnit.Seconds, value=age)


def _log(group: Sequence[ChangeRecord], counted: set[str]) -> None:
    """Log each counted change, and write the metrics of the group."""
    changed = [record for record in group if record.change.application_id in counted]
    for record in changed:
        change = record.change
        logger.info("counted", application=change.application_id, version=change.version, status=record.status)
    for status, amount in Counter(record.status for record in changed).items():
        add_metric(f"Changes.{status}", amount)
    add_metric("Skipped", len(group) - len(changed))
