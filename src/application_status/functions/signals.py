"""The Lambda function that receives SEEK's Selection Signals (GraphQL)."""

import os
from typing import NamedTuple

from application_status.access.tokens import Environments, TokenLookup
from application_status.applications.aliases import AliasTable
from application_status.applications.positions import Positions, SandboxPositions
from application_status.applications.record import Applications
from application_status.intake.seek.endpoint import signals
from application_status.intake.seek.signals import Receiver
from application_status.labels.overrides import OverrideLookup
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.settings import read


class SignalsSettings(NamedTuple):
    """Environment: APPLICATIONS_TABLE and ALIASES_TABLE, both as SANDBOX_..., too, TOKENS_TABLE, REQUESTS_PER_SECOND.

    REQUESTS_PER_SECOND limits each ATS; 0 means no limit.
    """

    applications_table: str
    aliases_table: str
    tokens_table: str
    requests_per_second: int
    sandbox_applications_table: str
    sandbox_aliases_table: str


def make_handler(dynamodb: DynamoDB, settings: SignalsSettings) -> LambdaHandler:
    """Connect the signals to the live tables and the sandbox's."""
    overrides, vocabulary = OverrideLookup(dynamodb, settings.tokens_table), Vocabulary.load()
    live, sandbox = settings.applications_table, settings.sandbox_applications_table
    receivers = Environments(
        live=Receiver(
            Applications(dynamodb, live),
            AliasTable(dynamodb, settings.aliases_table),
            Positions(dynamodb, settings.aliases_table, live),
            overrides,
            vocabulary,
        ),
        sandbox=Receiver(
            Applications(dynamodb, sandbox),
            AliasTable(dynamodb, settings.sandbox_aliases_table),
            SandboxPositions(dynamodb, settings.sandbox_aliases_table, sandbox),
            overrides,
            vocabulary,
        ),
    )
    return signals(TokenLookup(dynamodb, settings.tokens_table, settings.requests_per_second), receivers)


lambda_handler = make_handler(connect(), read(SignalsSettings, os.environ))
