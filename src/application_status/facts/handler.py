"""The facts: a change's way from the stream to Firehose, which keeps all facts in S3."""

import os
from collections.abc import Sequence
from typing import Any

from application_status.facts.records import stream_record
from application_status.settings import FactsSettings, read
from application_status.store.firehose import Firehose, connect
from application_status.streams import StreamHandler, consumer, readable
from application_status.telemetry import count


def make_handler(firehose: Firehose, settings: FactsSettings) -> StreamHandler:
    """Make the handler of the applications' stream: it sends a batch's facts up to the first record it can't."""

    def send_all(raw: Sequence[Any]) -> str | None:
        records, unreadable = readable(raw, lambda record: stream_record(record, settings.reporting_time_zone))
        telling = [record for record in records if record.facts]
        taken = firehose.put(settings.facts_stream, [record.data() for record in telling])
        count("FactsSent", sum(len(record.facts) for record in telling[:taken]))
        return telling[taken].sequence_number if taken < len(telling) else unreadable

    return consumer(send_all)


lambda_handler = make_handler(connect(), read(FactsSettings, os.environ))
