"""The function that receives status reports in both forms of the ATSi contract."""

import os
from typing import NamedTuple

from application_status.access.tokens import Environments, TokenLookup
from application_status.applications.record import Applications, UnknownApplications
from application_status.intake.atsi.receive import webhook
from application_status.labels.overrides import OverrideLookup
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.dynamodb.wire import connect
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.settings import is_started_ahead, read


class WebhookSettings(NamedTuple):
    """Environment of the webhook: APPLICATIONS_TABLE, TOKENS_TABLE, UNKNOWN_APPLICATIONS, SANDBOX_APPLICATIONS_TABLE.

    UNKNOWN_APPLICATIONS is reject or accept, and for live tokens alone: the sandbox always rejects them.
    """

    applications_table: str
    tokens_table: str
    unknown_applications: UnknownApplications
    sandbox_applications_table: str


def make_handler(dynamodb: DynamoDB, settings: WebhookSettings) -> LambdaHandler:
    """Connect the webhook to its tables."""
    return webhook(
        TokenLookup(dynamodb, settings.tokens_table),
        OverrideLookup(dynamodb, settings.tokens_table),
        Environments(
            live=Applications(dynamodb, settings.applications_table, settings.unknown_applications),
            sandbox=Applications(dynamodb, settings.sandbox_applications_table),  # what it accepted would never expire
        ),
    )


if is_started_ahead(os.environ):
    Vocabulary.load()  # without a snapshot the first rejection with a label loads it, as somebody waits for the start
lambda_handler = make_handler(connect(), read(WebhookSettings, os.environ))
