"""The Lambda function that counts each ATS's requests by result, from log lines, and finds ATSs that have stopped."""

import os
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from application_status.health.counts import Health
from application_status.health.silence import is_scheduled, silence_check
from application_status.health.stream import LogHandler, health_log
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.settings import read


class HealthSettings(NamedTuple):
    """Environment of the health function: QUALITY_TABLE and REPORTING_TIME_ZONE.

    Days begin at midnight in REPORTING_TIME_ZONE (an IANA name).
    """

    quality_table: str
    reporting_time_zone: ZoneInfo


def make_handler(dynamodb: DynamoDB, settings: HealthSettings) -> LogHandler:
    """Connect the log lines and the hourly check to the counters of requests."""
    health = Health(dynamodb, settings.quality_table)
    count_lines = health_log(health, settings.reporting_time_zone)
    check_silence = silence_check(health, settings.reporting_time_zone)

    def handler(event: Any, context: Any) -> None:
        if is_scheduled(event):
            check_silence(event, context)
        else:
            count_lines(event, context)

    return handler


lambda_handler = make_handler(connect(), read(HealthSettings, os.environ))
