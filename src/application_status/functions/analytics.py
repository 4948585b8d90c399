"""The Lambda function that counts each change of an application, from the Applications table's stream."""

import os

from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.settings import read
from application_status.platform.streams import SetAside, StreamHandler
from application_status.quality.counters.write import Counters
from application_status.quality.counting.stream import AnalyticsSettings, analytics


def make_handler(dynamodb: DynamoDB, settings: AnalyticsSettings, set_aside: SetAside) -> StreamHandler:
    """Connect the stream of changes to the counters."""
    counters = Counters(dynamodb, settings.quality_table)
    return analytics(counters, settings.reporting_time_zone, set_aside)


lambda_handler = make_handler(connect(), read(AnalyticsSettings, os.environ), SetAside.from_environment(os.environ))
