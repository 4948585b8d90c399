"""The Lambda function through which the job board's Apply system registers and erases applications."""

import os
from typing import NamedTuple

from application_status.applications.erase import Erasure
from application_status.applications.register import Registrations
from application_status.applications.registry import registry
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.settings import read


class RegistrySettings(NamedTuple):
    """Environment of the registry function: APPLICATIONS_TABLE, ALIASES_TABLE."""

    applications_table: str
    aliases_table: str


def make_handler(dynamodb: DynamoDB, settings: RegistrySettings) -> LambdaHandler:
    """Connect the registry to its tables."""
    return registry(
        Registrations(dynamodb, settings.applications_table, settings.aliases_table),
        Erasure(dynamodb, settings.applications_table, settings.aliases_table),
    )


lambda_handler = make_handler(connect(), read(RegistrySettings, os.environ))
