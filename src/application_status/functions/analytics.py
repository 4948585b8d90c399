"""The function that counts each change of an application, from the table's stream."""

import os
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.settings import read
from application_status.platform.streams import SetAside, StreamHandler
from application_status.quality.counters.write import Counters
from application_status.quality.counting.stream import analytics


class AnalyticsSettings(NamedTuple):
    """Environment of the analytics: QUALITY_TABLE, REPORTING_TIME_ZONE, QUALITY_SHARDS.

    The time zone is an IANA name; days are cut there. Each ATS's counters are spread over so many shards, from 1 on.
    """

    quality_table: str
    reporting_time_zone: ZoneInfo
    quality_shards: int


def make_handler(dynamodb: DynamoDB, settings: AnalyticsSettings, set_aside: SetAside) -> StreamHandler:
    """Connect the analytics to the counters."""
    quality = Counters(dynamodb, settings.quality_table, settings.quality_shards)
    return analytics(quality, settings.reporting_time_zone, set_aside)


lambda_handler = make_handler(connect(), read(AnalyticsSettings, os.environ), SetAside.from_environment(os.environ))
