"""The Lambda function that receives status reports at both paths of the ATSi contract."""

import os
from typing import NamedTuple

from application_status.access.tokens import Environments, TokenLookup
from application_status.applications.record import Applications, UnknownApplications
from application_status.intake.atsi.receive import webhook
from application_status.intake.sandbox.request_log import RequestLog, recording
from application_status.labels.overrides import OverrideLookup
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.dynamodb.wire import connect
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.settings import is_started_ahead, read


class WebhookSettings(NamedTuple):
    """Environment of the webhook, APPLICATIONS_TABLE, TOKENS_TABLE and those below.

    SANDBOX_APPLICATIONS_TABLE and SANDBOX_REQUESTS_TABLE are tables, too. REQUESTS_PER_SECOND limits each ATS; 0 means
    no limit.
    UNKNOWN_APPLICATIONS (reject or accept) applies to live tokens only. The sandbox always rejects unknown
    applications.
    """

    applications_table: str
    tokens_table: str
    requests_per_second: int
    unknown_applications: UnknownApplications
    sandbox_applications_table: str
    sandbox_requests_table: str


def make_handler(dynamodb: DynamoDB, settings: WebhookSettings) -> LambdaHandler:
    """Connect the webhook to the live tables and the sandbox's."""
    handler = webhook(
        TokenLookup(dynamodb, settings.tokens_table, settings.requests_per_second),
        OverrideLookup(dynamodb, settings.tokens_table),
        Environments(
            live=Applications(dynamodb, settings.applications_table, settings.unknown_applications),
            # The sandbox never accepts unknown applications.
            sandbox=Applications(dynamodb, settings.sandbox_applications_table, in_sandbox=True),
        ),
    )
    return recording(handler, RequestLog(dynamodb, settings.sandbox_requests_table))


if is_started_ahead(os.environ):
    Vocabulary.load()  # else the first rejection with a label loads it: a caller waits for an on-demand start
lambda_handler = make_handler(connect(), read(WebhookSettings, os.environ))
