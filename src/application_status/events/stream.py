"""Publishes the events of changes from the applications' stream, and schedules those of bad news for later.

`stream_record` reads one record; `event_sink` sends what it returns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.events.eventbridge import EventBus, Schedules
from application_status.events.rules import Event, erasure, events
from application_status.jobseeker.rules.status import delays_begin
from application_status.platform.dynamodb.client import Item
from application_status.platform.outages import one_by_one
from application_status.platform.streams import Sink
from application_status.platform.values import ApplicationId, from_text


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a stream record leads to: events to publish now, and when delays of bad news began that are not over."""

    application_id: ApplicationId
    events: Sequence[Event]
    pending: Sequence[datetime] = ()


def stream_record(record: Mapping[str, Any], delay: timedelta) -> Announcement | None:
    """Read a record of the applications' stream; raises any exception if it can't be read or converted.

    A removed application counts as erased, unless it was erased before. If the old image can't be read, the application
    counts as new. Return None if there is nothing to publish.
    """
    body, removed = record["dynamodb"], record["eventName"] == "REMOVE"
    image = body["OldImage" if removed else "NewImage"]
    application_id = items.id_of(image)
    if items.first_id(image):
        return None
    is_tombstone = items.is_tombstone(image)
    if removed or is_tombstone:
        event = erasure(application_id, int(image["Version"]["N"]) + int(removed))
        return None if removed and is_tombstone else Announcement(application_id, [event])
    after = items.application(image)
    images = [body["OldImage"]] if "OldImage" in body else []
    before = next((old for _, old in one_by_one(images, items.application, lambda *_: None)), None)
    at = _newest_time(image, after)
    pending = sorted({begin for begin in delays_begin(after) if begin + delay > at})
    found = Announcement(application_id, [*events(before, after, at, delay)], pending)
    return found if found.events or found.pending else None


def _newest_time(image: Item, application: Application) -> datetime:
    """Return the time of an item's write, or of the newest report in it if a clock was ahead."""
    transitions = [each.received_at for each in application.transitions.values()]
    positions = [each.received_at for each in application.positions.values()]
    return max([from_text(image["UpdatedAt"]["S"]), *transitions, *positions])


def event_sink(bus: EventBus, schedules: Schedules, delay: timedelta) -> Sink[Announcement]:
    """Return the sink that publishes events, and delays bad news by `delay`."""

    def send(announcements: Sequence[Announcement]) -> int:
        accepted = bus.put([event for each in announcements for event in each.events])
        for number, each in enumerate(announcements):
            accepted -= len(each.events)
            scheduled = (schedules.create(each.application_id, start, start + delay) for start in each.pending)
            if accepted < 0 or not all(scheduled):
                return number
        return len(announcements)

    return Sink(partial(stream_record, delay=delay), send)
