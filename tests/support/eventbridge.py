"""EventBridge in moto: a bus whose events go to a queue, and schedules, whose messages are read without waiting."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from boto3 import client

from application_status.events.eventbridge import SOURCE, EventSettings
from application_status.platform.values import from_text, now

BUS, GROUP = "EventBus", "DueEventsSchedules"


def settings(*, delay_hours: int = 0) -> EventSettings:
    """Return the settings that template.yaml gives, by logical ids."""
    arns = ("DueEventsRole.Arn", "DueEventsQueue.Arn", "DueEventsDeadLetters.Arn")
    return EventSettings(BUS, "ApplicationsTable", delay_hours, GROUP, *arns)


def open_bus(**client_options: Any) -> None:
    """Make the bus, the group of schedules, and a queue that gets all events."""
    events = client("events", **client_options)
    events.create_event_bus(Name=BUS)
    client("scheduler", **client_options).create_schedule_group(Name=GROUP)
    subscribe("all", {"source": [SOURCE]}, **client_options)


def subscribe(name: str, pattern: dict[str, Any], **client_options: Any) -> None:
    """Make a queue that gets the events that match a rule's pattern."""
    events, sqs = client("events", **client_options), client("sqs", **client_options)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, EventBusName=BUS, Targets=[{"Id": name, "Arn": arn}])


def received(name: str = "all") -> list[dict[str, Any]]:
    """Return the events that a queue has got since the last call."""
    sqs = client("sqs")
    url, found = sqs.get_queue_url(QueueName=name)["QueueUrl"], []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def schedules() -> list[dict[str, Any]]:
    """Return the schedules."""
    scheduler = client("scheduler")
    names = [each["Name"] for each in scheduler.list_schedules(GroupName=GROUP)["Schedules"]]
    return [scheduler.get_schedule(GroupName=GROUP, Name=name) for name in names]


def fires_at(schedule: Mapping[str, Any]) -> datetime:
    """Return when a schedule sends its message."""
    return from_text(schedule["ScheduleExpression"].removeprefix("at(").removesuffix(")") + "Z")


def due_messages() -> dict[str, Any]:
    """Return what Lambda sends for the messages of the schedules that are due now, and delete these."""
    records: list[dict[str, Any]] = []
    for number, each in enumerate(each for each in schedules() if fires_at(each) <= now()):
        records.append({"eventSource": "aws:sqs", "messageId": str(number), "body": each["Target"]["Input"]})
        client("scheduler").delete_schedule(GroupName=GROUP, Name=each["Name"])
    return {"Records": records}
