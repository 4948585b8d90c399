"""The Lambda function through which integrators create applications to test with."""

import os
from typing import NamedTuple

from application_status.access.tokens import TokenLookup
from application_status.applications.register import Registrations
from application_status.intake.sandbox.create import CREATIONS_A_DAY, LIFE, sandbox
from application_status.intake.sandbox.daily_limit import SandboxCreations
from application_status.intake.sandbox.request_log import RequestLog, recording
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.settings import read


class SandboxSettings(NamedTuple):
    """Environment: SANDBOX_APPLICATIONS_TABLE, SANDBOX_ALIASES_TABLE, SANDBOX_REQUESTS_TABLE and those below.

    TOKENS_TABLE is a table, too. REQUESTS_PER_SECOND limits each ATS; 0 means no limit.
    """

    sandbox_applications_table: str
    sandbox_aliases_table: str
    tokens_table: str
    requests_per_second: int
    sandbox_requests_table: str


def make_handler(dynamodb: DynamoDB, settings: SandboxSettings) -> LambdaHandler:
    """Connect the sandbox to its tables."""
    applications_table, aliases_table = settings.sandbox_applications_table, settings.sandbox_aliases_table
    handler = sandbox(
        TokenLookup(dynamodb, settings.tokens_table, settings.requests_per_second),
        Registrations(dynamodb, applications_table, aliases_table, life=LIFE),
        SandboxCreations(dynamodb, aliases_table, CREATIONS_A_DAY),
    )
    return recording(handler, RequestLog(dynamodb, settings.sandbox_requests_table))


lambda_handler = make_handler(connect(), read(SandboxSettings, os.environ))
