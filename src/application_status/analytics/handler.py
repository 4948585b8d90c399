"""The analytics: a change's way from the stream to the counters."""

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import batched

from aws_lambda_powertools.metrics import MetricUnit

from application_status.analytics.records import StreamRecord, stream_record
from application_status.settings import AnalyticsSettings, read
from application_status.store.apart import is_outage
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.quality import CHANGES_PER_CALL, Quality
from application_status.streams import Batch, SetAside, StreamHandler, consumer
from application_status.telemetry import count, logger, metrics


def make_handler(dynamodb: DynamoDB, settings: AnalyticsSettings, set_aside: SetAside) -> StreamHandler:
    """Make the handler of the applications' stream: it counts each application's newest record of a batch."""
    quality = Quality(dynamodb, settings.quality_table, settings.quality_shards)

    def count_all(batch: Batch) -> None:
        if not batch.records:
            quality.count(())  # raises where the state of the counters can't be read, which no record causes
        read_one = partial(stream_record, zone=settings.reporting_time_zone)
        _count(dict(batch.tried(enumerate(batch.records), read_one)), batch, quality)

    return consumer("analytics", count_all, set_aside)


def _count(records: Mapping[int, StreamRecord], batch: Batch, quality: Quality) -> None:
    """Count each application's newest record; an outage stops the batch at the first record that is not counted."""
    newest: dict[str, StreamRecord] = {}
    for record in records.values():
        seen = newest.get(record.change.application_id)
        if seen is None or record.change.version > seen.change.version:
            newest[record.change.application_id] = record
    done: set[str] = set()
    for group in batched(newest.values(), CHANGES_PER_CALL, strict=False):
        try:
            counted = quality.count([record.change for record in group])
        except Exception as error:
            if not is_outage(error):
                raise
            batch.stop(min(place for place, each in records.items() if each.change.application_id not in done), error)
            break
        done |= {record.change.application_id for record in group}
        _tell(group, {change.application_id for change in counted})
    if records:
        age = max(0.0, time.time() - min(record.written_at for record in records.values()))
        metrics.add_metric(name="OldestRecordAge", unit=MetricUnit.Seconds, value=age)


def _tell(group: Sequence[StreamRecord], counted: set[str]) -> None:
    """Log each change that counted, and write the metrics of the group."""
    changed = [record for record in group if record.change.application_id in counted]
    for record in changed:
        change = record.change
        logger.info("counted", application=change.application_id, version=change.version, status=record.status)
    for status, amount in Counter(record.status for record in changed).items():
        count(f"Changes.{status}", amount)
    count("Skipped", len(group) - len(changed))


lambda_handler = make_handler(connect(), read(AnalyticsSettings, os.environ), SetAside.from_environment(os.environ))
