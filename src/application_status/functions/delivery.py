"""The Lambda function that sends each change of an application to other systems, from the table's stream.

A stream has two readers at most, and the analytics function is one of them. So this one sends both the facts to Amazon
Data Firehose and the events to Amazon EventBridge, if they are switched on. It also publishes bad news when it is due.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from application_status.events.due import QueueHandler, due_events
from application_status.events.eventbridge import EventSettings
from application_status.events.eventbridge import connect as connect_eventbridge
from application_status.events.stream import event_sink
from application_status.facts.firehose import connect as connect_firehose
from application_status.facts.stream import fact_sink
from application_status.platform.dynamodb.boto import connect
from application_status.platform.errors import SettingsError
from application_status.platform.settings import read
from application_status.platform.streams import Batch, SetAside, Sink, StreamHandler, stream_handler


class FactsSettings(NamedTuple):
    """Environment of the facts: FACTS_STREAM (the Firehose stream) and REPORTING_TIME_ZONE.

    Days begin at midnight in REPORTING_TIME_ZONE (an IANA name).
    """

    facts_stream: str
    reporting_time_zone: ZoneInfo


def make_handler(sinks: Sequence[Sink[Any]], due: QueueHandler | None, set_aside: SetAside) -> StreamHandler:
    """Connect the stream of changes to the sinks, and the queue of due events, if there is one, to its handler."""

    def send_all(batch: Batch) -> None:
        for sink in sinks:
            sink.send(batch)

    changes = stream_handler("delivery", send_all, set_aside)

    def lambda_handler(event: Any, context: Any) -> dict[str, list[dict[str, str]]]:
        from_queue = any(record.get("eventSource") == "aws:sqs" for record in event["Records"])
        return due(event, context) if due and from_queue else changes(event, context)

    return lambda_handler


def from_environment(environ: Mapping[str, str]) -> StreamHandler:
    """Return the handler for what is switched on: facts if FACTS_STREAM is not empty, events if EVENT_BUS is not empty.

    Raises:
        SettingsError: nothing is switched on, or a setting is missing or wrong.
    """
    sinks: list[Sink[Any]] = []
    due = None
    if environ.get("FACTS_STREAM"):
        of_facts = read(FactsSettings, environ)
        sinks.append(fact_sink(connect_firehose(), of_facts.facts_stream, of_facts.reporting_time_zone))
    if environ.get("EVENT_BUS"):
        of_events = read(EventSettings, environ)
        bus, schedules = connect_eventbridge(of_events)
        sinks.append(event_sink(bus, schedules, of_events.delay))
        due = due_events(connect(), of_events.applications_table, bus, schedules, of_events.delay)
    if not sinks:
        raise SettingsError("FACTS_STREAM and EVENT_BUS are missing: set at least one of them")
    return make_handler(sinks, due, SetAside.from_environment(environ))


lambda_handler = from_environment(os.environ)
