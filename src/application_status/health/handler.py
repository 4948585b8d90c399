"""The health: the way of what became of requests, from the log lines to the ATSs' days."""

import os
from collections.abc import Callable
from typing import Any

from application_status.deadlines import deadline
from application_status.health.lines import batch
from application_status.model.health import by_day
from application_status.settings import HealthSettings, read
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.health import Health
from application_status.telemetry import count, flush, logger

_STORE_SECONDS = 45.0

type LogHandler = Callable[[Any, Any], None]


def make_handler(dynamodb: DynamoDB, settings: HealthSettings) -> LogHandler:
    """Make the handler of the log lines that the template's filters pick.

    It raises Unavailable, so that Lambda invokes it again with the same lines.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    health = Health(dynamodb, settings.quality_table)

    def count_lines(event: Any, _context: Any) -> None:
        received = batch(event)
        try:
            if received.unreadable:
                count("Unreadable", received.unreadable)
                logger.error("unreadable", lines=received.unreadable)  # no contents
            with deadline(_STORE_SECONDS):
                health.add(received.id, by_day(received.requests, settings.reporting_time_zone))
        finally:
            flush()

    return count_lines


lambda_handler = make_handler(connect(), read(HealthSettings, os.environ))
