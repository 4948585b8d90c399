"""The Lambda function that receives the native webhooks of ATSs."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from application_status.access.connections import ConnectionLookup
from application_status.access.envelope import Envelope
from application_status.applications.rules.report import Channel
from application_status.intake.connect.activity import ActivityLog
from application_status.intake.connect.endpoint import connect as connect_endpoint
from application_status.intake.connect.providers import PROVIDERS, Provider
from application_status.intake.connect.receive import Receiver
from application_status.intake.connect.single_use import SingleUse
from application_status.platform import kms
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.settings import read


class ConnectSettings(NamedTuple):
    """Environment: APPLICATIONS_TABLE, ALIASES_TABLE, CONNECTIONS_TABLE, TOKENS_TABLE, REQUESTS_PER_SECOND.

    REQUESTS_PER_SECOND limits each connection; 0 means no limit.
    """

    applications_table: str
    aliases_table: str
    connections_table: str
    tokens_table: str
    requests_per_second: int


def make_handler(
    dynamodb: DynamoDB,
    kms_client: Any,
    settings: ConnectSettings,
    providers: Mapping[Channel, Provider] = PROVIDERS,
    clock: Callable[[], float] = time.monotonic,
) -> LambdaHandler:
    """Connect the endpoint to the tables and to KMS; `clock` returns seconds and never goes backwards."""
    receiver = Receiver.over(dynamodb, settings.applications_table, settings.aliases_table, settings.tokens_table)
    connections = ConnectionLookup(
        dynamodb,
        settings.connections_table,
        Envelope(kms.DataKeys(kms_client)),
        settings.tokens_table,
        requests_per_second=settings.requests_per_second,
        clock=clock,
    )
    single_use = SingleUse(dynamodb, settings.connections_table)
    activity = ActivityLog(dynamodb, settings.connections_table, clock)
    return connect_endpoint(connections, receiver, single_use, activity, providers)


lambda_handler = make_handler(connect(), kms.client(), read(ConnectSettings, os.environ))
