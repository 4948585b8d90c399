"""The scheduled Lambda function that adds the journal of the counters to the totals that reports read."""

import os
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.settings import read
from application_status.quality.counting.merging import Handler, merging


class MergeSettings(NamedTuple):
    """Environment of the merge function: QUALITY_TABLE, REPORTING_TIME_ZONE, JOURNAL_HOURS.

    Days begin at midnight in REPORTING_TIME_ZONE (an IANA name). A journal is merged JOURNAL_HOURS after its first
    entry, even if it is small.
    """

    quality_table: str
    reporting_time_zone: ZoneInfo
    journal_hours: int


def make_handler(dynamodb: DynamoDB, settings: MergeSettings) -> Handler:
    """Connect the merges to the Quality table."""
    oldest = timedelta(hours=settings.journal_hours)
    return merging(dynamodb, settings.quality_table, settings.reporting_time_zone, oldest)


lambda_handler = make_handler(connect(), read(MergeSettings, os.environ))
