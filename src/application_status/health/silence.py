"""The hourly check of the health function: names ATSs that reported regularly and have stopped."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.metrics import MetricUnit

from application_status.health.counts import Health
from application_status.health.rules import PATTERN, is_silent
from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.client import side_by_side
from application_status.platform.telemetry import begin, flush, logger, metrics
from application_status.platform.values import now, to_text

_A_DAY = timedelta(days=1)
_STORE_SECONDS = 45.0


def is_scheduled(event: Any) -> bool:
    """Return whether EventBridge sent an event at a scheduled time.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
    """
    return isinstance(event, Mapping) and event.get("source") == "aws.events"


def silence_check(health: Health, zone: ZoneInfo) -> Callable[[Any, Any], None]:
    """Return the handler of the scheduled events; it writes a log line for each ATS that has stopped.

    The metric counts those that stopped within a day, so that an ATS that has left does not hide the next one.
    It raises Unavailable if DynamoDB fails; Lambda then invokes it again.
    """

    def check_silence(_event: Any, context: Any) -> None:
        begin(getattr(context, "aws_request_id", None))
        at = now()
        today = at.astimezone(zone).date()
        try:
            with deadline(_STORE_SECONDS):
                reads = [partial(health.read, ats_id, today - PATTERN, today) for ats_id in health.ats_ids()]
                silent = [days for days in side_by_side(reads) if is_silent(days, at)]
            for days in silent:
                logger.warning("silent", ats=days[-1].ats_id, last_seen=to_text(days[-1].last_seen))
            lately = [days for days in silent if not is_silent(days, at - _A_DAY)]
            metrics.add_metric(name="SilentAts", unit=MetricUnit.Count, value=len(lately))
        finally:
            flush()

    return check_silence
