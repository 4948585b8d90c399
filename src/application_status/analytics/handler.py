"""The analytics: a change's way from the stream to the counters."""

import os
import time
from collections import Counter
from collections.abc import Sequence
from itertools import batched
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from application_status.analytics.records import StreamRecord, stream_record
from application_status.errors import Unavailable
from application_status.settings import AnalyticsSettings, read
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.quality import CHANGES_PER_CALL, Quality
from application_status.streams import StreamHandler, consumer, readable
from application_status.telemetry import count, logger, metrics


def make_handler(dynamodb: DynamoDB, settings: AnalyticsSettings) -> StreamHandler:
    """Make the handler of the applications' stream: it counts a batch up to the first record it can't."""
    quality = Quality(dynamodb, settings.quality_table, settings.quality_shards)

    def count_all(raw: Sequence[Any]) -> str | None:
        records, unreadable = readable(raw, lambda record: stream_record(record, settings.reporting_time_zone))
        uncounted = _count(records, quality)
        return unreadable if uncounted is None else uncounted

    return consumer(count_all)


def _count(records: Sequence[StreamRecord], quality: Quality) -> str | None:
    """Count each application's newest record; return the first record's sequence number that could not be counted."""
    newest: dict[str, StreamRecord] = {}
    for record in records:
        seen = newest.get(record.change.application_id)
        if seen is None or record.change.version > seen.change.version:
            newest[record.change.application_id] = record
    done: set[str] = set()
    for group in batched(newest.values(), CHANGES_PER_CALL, strict=False):
        try:
            counted = quality.count([record.change for record in group])
        except Unavailable:
            logger.warning("unavailable", records=len(records), counted=len(done))
            break
        done |= {record.change.application_id for record in group}
        _tell(group, {change.application_id for change in counted})
    if records:
        age = max(0.0, time.time() - min(record.written_at for record in records))
        metrics.add_metric(name="OldestRecordAge", unit=MetricUnit.Seconds, value=age)
    return next((r.sequence_number for r in records if r.change.application_id not in done), None)


def _tell(group: Sequence[StreamRecord], counted: set[str]) -> None:
    """Log each change that counted, and write the metrics of the group."""
    changed = [record for record in group if record.change.application_id in counted]
    for record in changed:
        change = record.change
        logger.info("counted", application=change.application_id, version=change.version, status=record.status)
    for status, amount in Counter(record.status for record in changed).items():
        count(f"Changes.{status}", amount)
    count("Skipped", len(group) - len(changed))


lambda_handler = make_handler(connect(), read(AnalyticsSettings, os.environ))
