"""This webhook over boto3, as the other functions are."""

import os

from application_status.settings import WebhookSettings, read
from application_status.store.boto import connect
from application_status.webhook.handler import make_handler

lambda_handler = make_handler(connect(), read(WebhookSettings, os.environ))
