"""The Lambda function that shows jobseekers their applications, as JSON and as a page."""

import os
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.access.sessions import IdTokens
from application_status.applications.read import JobseekersApplications
from application_status.jobseeker.endpoint import my_applications
from application_status.jobseeker.feedback import JobseekersNotes
from application_status.jobseeker.forms import Forms
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.settings import read


class MyApplicationsSettings(NamedTuple):
    """Environment: APPLICATIONS_TABLE, FEEDBACK_TABLE, REPORTING_TIME_ZONE, BAD_NEWS_DELAY_HOURS, USER_POOL_ISSUER.

    Days begin at midnight in REPORTING_TIME_ZONE (an IANA name). Bad news is shown BAD_NEWS_DELAY_HOURS after its
    receipt.
    """

    applications_table: str
    feedback_table: str
    reporting_time_zone: ZoneInfo
    bad_news_delay_hours: int
    user_pool_issuer: str


def make_handler(dynamodb: DynamoDB, settings: MyApplicationsSettings, id_tokens: IdTokens) -> LambdaHandler:
    """Connect the jobseekers' API and page to their tables and the user pool."""
    applications = JobseekersApplications(dynamodb, settings.applications_table)
    notes = JobseekersNotes(dynamodb, settings.applications_table, settings.feedback_table)
    forms = Forms(applications, notes, timedelta(hours=settings.bad_news_delay_hours))
    return my_applications(applications, forms, id_tokens, settings.reporting_time_zone)


_settings = read(MyApplicationsSettings, os.environ)

lambda_handler = make_handler(connect(), _settings, IdTokens(_settings.user_pool_issuer))
