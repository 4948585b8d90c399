"""The Lambda function that receives SEEK's Selection Signals and Indeed's dispositions (GraphQL)."""

import os
from typing import NamedTuple

from application_status.access.tokens import Environments, TokenLookup
from application_status.applications.aliases import AliasTable
from application_status.applications.positions import Positions, SandboxPositions
from application_status.applications.read import OwnApplications
from application_status.applications.record import Applications
from application_status.intake.graphql.endpoint import Receivers, graphql_endpoint
from application_status.intake.indeed.dispositions import DispositionReceiver
from application_status.intake.sandbox.request_log import RequestLog, recording
from application_status.intake.seek.signals import SignalReceiver
from application_status.labels.overrides import OverrideLookup
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.settings import read


class SignalsSettings(NamedTuple):
    """Environment: APPLICATIONS_TABLE and ALIASES_TABLE, both as SANDBOX_..., too, TOKENS_TABLE and those below.

    SANDBOX_REQUESTS_TABLE is a table, too. REQUESTS_PER_SECOND limits each ATS; 0 means no limit.
    """

    applications_table: str
    aliases_table: str
    tokens_table: str
    requests_per_second: int
    sandbox_applications_table: str
    sandbox_aliases_table: str
    sandbox_requests_table: str


def make_handler(dynamodb: DynamoDB, settings: SignalsSettings) -> LambdaHandler:
    """Connect the endpoint to the live tables and the sandbox's."""
    live, sandbox = settings.applications_table, settings.sandbox_applications_table
    overrides, vocabulary = OverrideLookup(dynamodb, settings.tokens_table), Vocabulary.load()

    def receivers(applications_table: str, aliases_table: str, positions: Positions) -> Receivers:
        applications, aliases = Applications(dynamodb, applications_table), AliasTable(dynamodb, aliases_table)
        own_applications = OwnApplications(dynamodb, applications_table)
        return Receivers(
            SignalReceiver(applications, aliases, positions, overrides, vocabulary),
            DispositionReceiver(applications, own_applications, aliases, overrides, vocabulary),
        )

    handler = graphql_endpoint(
        TokenLookup(dynamodb, settings.tokens_table, settings.requests_per_second),
        Environments(
            live=receivers(live, settings.aliases_table, Positions(dynamodb, settings.aliases_table, live)),
            sandbox=receivers(
                sandbox,
                settings.sandbox_aliases_table,
                SandboxPositions(dynamodb, settings.sandbox_aliases_table, sandbox),
            ),
        ),
    )
    return recording(handler, RequestLog(dynamodb, settings.sandbox_requests_table))


lambda_handler = make_handler(connect(), read(SignalsSettings, os.environ))
