"""Publishes bad news when its delay is over, if it is then shown to the jobseeker."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from application_status.applications.read import stored_application
from application_status.events.eventbridge import PRECISION, EventBus, Schedules
from application_status.events.rules import event_when_due
from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import Unavailable
from application_status.platform.telemetry import begin, flush, hiding_error_messages, log_unexpected
from application_status.platform.values import ApplicationId, from_text, now

_SECONDS = 40.0

type QueueHandler = Callable[[Any, Any], dict[str, list[dict[str, str]]]]
"""A Lambda handler of queue messages, which returns the ids of those that failed."""


def due_events(
    dynamodb: DynamoDB, applications_table: str, bus: EventBus, schedules: Schedules, delay: timedelta
) -> QueueHandler:
    """Return the handler of the messages that `Schedules` sends.

    It reads the application again, so bad news that was corrected, or whose application was erased, is not published.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """

    def publish(message: Mapping[str, str]) -> None:
        application_id, received_at = ApplicationId(message["AtsiApplicationId"]), from_text(message["ReceivedAt"])
        if received_at + delay > now() + PRECISION:  # the delay is longer than when the schedule was created
            if not schedules.create(application_id, received_at, received_at + delay):
                raise Unavailable
            return
        application = stored_application(dynamodb, applications_table, application_id)
        event = event_when_due(application, received_at, delay) if application else None
        if event and not bus.put([event]):
            raise Unavailable

    def lambda_handler(event: Any, context: Any) -> dict[str, list[dict[str, str]]]:
        begin(getattr(context, "aws_request_id", None))
        failed = []
        try:
            with hiding_error_messages(), deadline(_SECONDS):
                for record in event["Records"]:
                    try:
                        publish(json.loads(record["body"]))
                    except Exception as error:  # noqa: BLE001  # a message that fails must not stop the others
                        log_unexpected(error)
                        failed.append({"itemIdentifier": record["messageId"]})
        finally:
            flush()
        return {"batchItemFailures": failed}

    return lambda_handler
