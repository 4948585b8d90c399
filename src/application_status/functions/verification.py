"""The scheduled Lambda function that compares a sample of the applications with the counters, and checks tokens."""

import os
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.access.register import TokenRegister
from application_status.applications.scan import AllApplications
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.settings import read
from application_status.quality.counting.stream import AnalyticsSettings
from application_status.quality.counting.verification import Handler, verification


class VerificationSettings(NamedTuple):
    """Environment of the verification: APPLICATIONS_TABLE, QUALITY_TABLE, TOKENS_TABLE, REPORTING_TIME_ZONE, STACK.

    STACK, the stack's name, is a dimension of its metrics, so stacks in one account have separate alarms.
    """

    applications_table: str
    quality_table: str
    tokens_table: str
    reporting_time_zone: ZoneInfo
    stack: str


def make_handler(dynamodb: DynamoDB, settings: VerificationSettings) -> Handler:
    """Connect the verification to its tables."""
    applications = AllApplications(dynamodb, settings.applications_table)
    tokens = TokenRegister(dynamodb, settings.tokens_table)
    analytics = AnalyticsSettings(settings.quality_table, settings.reporting_time_zone)
    return verification(dynamodb, applications, tokens, analytics, settings.stack)


lambda_handler = make_handler(connect(), read(VerificationSettings, os.environ))
