"""The webhook with boto3, which the other functions use."""

import os

from application_status.functions.webhook import WebhookSettings, make_handler
from application_status.platform.dynamodb.boto import connect
from application_status.platform.settings import read

lambda_handler = make_handler(connect(), read(WebhookSettings, os.environ))
