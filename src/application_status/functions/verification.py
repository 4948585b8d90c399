"""The scheduled Lambda function that compares a sample of the applications with the counters, and checks tokens."""

import os
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.access.register import TokenRegister
from application_status.applications.scan import AllApplications
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.settings import read
from application_status.quality.counting.verification import Handler, verification


class VerificationSettings(NamedTuple):
    """Environment of the verification: APPLICATIONS_TABLE, QUALITY_TABLE, TOKENS_TABLE, REPORTING_TIME_ZONE."""

    applications_table: str
    quality_table: str
    tokens_table: str
    reporting_time_zone: ZoneInfo


def make_handler(dynamodb: DynamoDB, settings: VerificationSettings) -> Handler:
    """Connect the verification to its tables."""
    applications = AllApplications(dynamodb, settings.applications_table)
    tokens = TokenRegister(dynamodb, settings.tokens_table)
    return verification(dynamodb, applications, settings.quality_table, tokens, settings.reporting_time_zone)


lambda_handler = make_handler(connect(), read(VerificationSettings, os.environ))
