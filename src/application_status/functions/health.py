"""The Lambda function that counts each ATS's requests by result, from the log lines of the HTTP functions."""

import os
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.health.counts import Health
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
    """Connect the log lines to the counters of requests."""
    return health_log(Health(dynamodb, settings.quality_table), settings.reporting_time_zone)


lambda_handler = make_handler(connect(), read(HealthSettings, os.environ))
