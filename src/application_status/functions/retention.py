"""The scheduled Lambda function that removes applications after their retention, and keeps their counts."""

import os
from datetime import timedelta
from typing import NamedTuple

from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.settings import read
from application_status.quality.counting.retention import Handler, Limits, Retention, retention


class RetentionSettings(NamedTuple):
    """Environment of the retention function: three tables, RETENTION_DAYS, OPEN_RETENTION_DAYS.

    The days count from an application's last change, after it has ended and while it is open; 0 keeps it for ever.
    """

    applications_table: str
    aliases_table: str
    quality_table: str
    retention_days: int
    open_retention_days: int


def make_handler(dynamodb: DynamoDB, settings: RetentionSettings) -> Handler:
    """Connect the retention to its tables."""
    limits = Limits(timedelta(days=settings.retention_days), timedelta(days=settings.open_retention_days))
    tables = settings.applications_table, settings.aliases_table, settings.quality_table
    return retention(Retention(dynamodb, *tables, limits))


lambda_handler = make_handler(connect(), read(RetentionSettings, os.environ))
