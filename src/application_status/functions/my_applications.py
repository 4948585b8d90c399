"""The Lambda function that shows jobseekers their applications, as JSON and as a page."""

import os
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.access.sessions import IdTokens
from application_status.applications.read import JobseekersApplications
from application_status.jobseeker.endpoint import my_applications
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.settings import read


class MyApplicationsSettings(NamedTuple):
    """Environment: APPLICATIONS_TABLE, REPORTING_TIME_ZONE, BAD_NEWS_DELAY_HOURS, USER_POOL_ISSUER.

    Days begin at midnight in REPORTING_TIME_ZONE (an IANA name). Bad news is shown BAD_NEWS_DELAY_HOURS after its
    receipt.
    """

    applications_table: str
    reporting_time_zone: ZoneInfo
    bad_news_delay_hours: int
    user_pool_issuer: str


def make_handler(dynamodb: DynamoDB, settings: MyApplicationsSettings, id_tokens: IdTokens) -> LambdaHandler:
    """Connect the jobseekers' API and page to the Applications table and the user pool."""
    return my_applications(
        JobseekersApplications(dynamodb, settings.applications_table),
        id_tokens,
        settings.reporting_time_zone,
        timedelta(hours=settings.bad_news_delay_hours),
    )


_settings = read(MyApplicationsSettings, os.environ)

lambda_handler = make_handler(connect(), _settings, IdTokens(_settings.user_pool_issuer))
