"""Clients of Amazon EventBridge: an event bus, and one-off schedules of EventBridge Scheduler.

Both have the retries of `Attempts`, within the deadline of the invocation.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from application_status.applications.rules.report import digest
from application_status.events.rules import Event
from application_status.platform.put_entries import client, put_entries
from application_status.platform.sdk import error_code
from application_status.platform.telemetry import add_metric
from application_status.platform.values import ApplicationId, now, to_text

SOURCE = "application-status"
"""The source of all events."""

PRECISION = timedelta(minutes=1)
"""How exactly a schedule is kept: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""

# At most 256 KB for each entry, too: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
# An event of ours has less than 3 KB, because a registration's texts are short.
_ENTRIES_PER_CALL = 10
_NAME_LENGTH = 43  # the whole digest


class EventSettings(NamedTuple):
    """Environment of the events: EVENT_BUS (its name), APPLICATIONS_TABLE and BAD_NEWS_DELAY_HOURS.

    For delayed events: SCHEDULE_GROUP, and the ARNs SCHEDULE_ROLE, DUE_EVENTS_QUEUE (schedules send there) and
    DUE_EVENTS_DEAD_LETTERS (for messages that can't be sent).
    """

    event_bus: str
    applications_table: str
    bad_news_delay_hours: int
    schedule_group: str
    schedule_role: str
    due_events_queue: str
    due_events_dead_letters: str

    @property
    def delay(self) -> timedelta:
        """The delay of bad news."""
        return timedelta(hours=self.bad_news_delay_hours)


class EventBus:
    """An event bus."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, events: Sequence[Event]) -> int:
        """Put events; return how many were accepted, counted from the first. Some later ones may be accepted too."""

        def call(batch: Sequence[Event]) -> Sequence[Mapping[str, Any]]:
            reply = self._client.put_events(Entries=[self._entry(each) for each in batch])
            results: Sequence[Mapping[str, Any]] = reply.get("Entries", ())
            return results

        done = 0
        for group in batched(events, _ENTRIES_PER_CALL, strict=False):
            accepted = put_entries("PutEvents", call, group)
            done += accepted
            if accepted < len(group):
                break
        add_metric("EventsSent", done)
        return done

    def _entry(self, event: Event) -> dict[str, str]:
        detail = json.dumps(event.detail, ensure_ascii=False)
        return {"EventBusName": self._name, "Source": SOURCE, "DetailType": event.detail_type, "Detail": detail}


class Schedules:
    """One-off schedules that send a message to a queue, and are then deleted."""

    def __init__(self, client: Any, settings: EventSettings) -> None:
        self._client = client
        self._settings = settings

    def create(self, application_id: ApplicationId, received_at: datetime, due: datetime) -> bool:
        """Create the schedule for bad news that is due later, unless there is one; return whether there is one now.

        The message names the application and the receipt of the bad news. A time that is past or too near becomes the
        next possible one.
        """
        at = (max(due, now() + PRECISION) + timedelta(milliseconds=999)).replace(microsecond=0, tzinfo=None)
        message = {"AtsiApplicationId": application_id, "ReceivedAt": to_text(received_at)}
        schedule = {
            "GroupName": self._settings.schedule_group,
            "Name": digest(f"{application_id} {to_text(due)}", length=_NAME_LENGTH),
            "ScheduleExpression": f"at({at.isoformat()})",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                "Arn": self._settings.due_events_queue,
                "RoleArn": self._settings.schedule_role,
                "Input": json.dumps(message),
                "DeadLetterConfig": {"Arn": self._settings.due_events_dead_letters},
            },
        }

        def call(schedules: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
            try:
                self._client.create_schedule(**schedules[0])
            except ClientError as error:
                if error_code(error) != "ConflictException":  # the schedule exists
                    raise
            else:
                add_metric("EventsDelayed")
            return [{}]

        return put_entries("CreateSchedule", call, [schedule]) == 1


def connect(settings: EventSettings) -> tuple[EventBus, Schedules]:
    """Return clients; they connect on their first calls."""
    return EventBus(client("events"), settings.event_bus), Schedules(client("scheduler"), settings)
