"""The Lambda function that receives batches of status reports of the ATSi contract."""

import os
from typing import NamedTuple

from application_status.access.tokens import Environments, TokenLookup
from application_status.applications.record import Applications, UnknownApplications
from application_status.intake.atsi.batch import batch
from application_status.intake.sandbox.request_log import RequestLog, recording
from application_status.labels.overrides import OverrideLookup
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.dynamodb.wire import connect_many
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.settings import read


class BatchSettings(NamedTuple):
    """Environment of the batch function, APPLICATIONS_TABLE, TOKENS_TABLE and those below.

    SANDBOX_APPLICATIONS_TABLE and SANDBOX_REQUESTS_TABLE are tables, too. REQUESTS_PER_SECOND limits each ATS; 0 means
    no limit.
    UNKNOWN_APPLICATIONS (reject or accept) applies to live tokens only, as for the webhook.
    """

    applications_table: str
    tokens_table: str
    requests_per_second: int
    unknown_applications: UnknownApplications
    sandbox_applications_table: str
    sandbox_requests_table: str


def make_handler(dynamodb: DynamoDB, settings: BatchSettings) -> LambdaHandler:
    """Connect the batches to the live tables and the sandbox's; `dynamodb` is called by many threads."""
    handler = batch(
        TokenLookup(dynamodb, settings.tokens_table, settings.requests_per_second),
        OverrideLookup(dynamodb, settings.tokens_table),
        Environments(
            live=Applications(dynamodb, settings.applications_table, settings.unknown_applications),
            # The sandbox never accepts unknown applications.
            sandbox=Applications(dynamodb, settings.sandbox_applications_table, in_sandbox=True),
        ),
    )
    return recording(handler, RequestLog(dynamodb, settings.sandbox_requests_table))


Vocabulary.load()  # else each thread with a rejection would load it
lambda_handler = make_handler(connect_many(), read(BatchSettings, os.environ))
