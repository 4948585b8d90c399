"""The facts: a change's way from the stream to Firehose, which keeps all facts in S3."""

import os
from typing import Any

from application_status.errors import Unavailable
from application_status.facts.records import stream_record
from application_status.settings import FactsSettings, read
from application_status.store.firehose import Firehose, connect
from application_status.streams import Batch, SetAside, StreamHandler, consumer
from application_status.telemetry import count


def make_handler(firehose: Firehose, settings: FactsSettings, set_aside: SetAside) -> StreamHandler:
    """Make the handler of the applications' stream: it sends a batch's facts up to the first record it can't."""

    def read_one(record: Any) -> tuple[int, bytes]:
        told = stream_record(record, settings.reporting_time_zone)
        return len(told.facts), told.data()

    def send_all(batch: Batch) -> None:
        read_ones = batch.tried(enumerate(batch.records), read_one)
        telling = [(place, amount, data) for place, (amount, data) in read_ones if amount]
        taken = firehose.put(settings.facts_stream, [data for _, _, data in telling])
        count("FactsSent", sum(amount for _, amount, _ in telling[:taken]))
        for place, _, _ in telling[taken:][:1]:
            batch.stop(place, Unavailable())

    return consumer("facts", send_all, set_aside)


lambda_handler = make_handler(connect(), read(FactsSettings, os.environ), SetAside.from_environment(os.environ))
