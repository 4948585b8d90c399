"""The Lambda function that applies states of positions, and parked events, from the Aliases table's stream."""

import os
from typing import NamedTuple

from application_status.applications.parked import ParkedEvents
from application_status.applications.positions import Positions
from application_status.applications.positions_stream import positions_stream
from application_status.applications.record import Applications
from application_status.applications.register import Registrations
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.settings import read
from application_status.platform.streams import SetAside, StreamHandler


class PositionsSettings(NamedTuple):
    """Environment of the positions function: APPLICATIONS_TABLE, ALIASES_TABLE."""

    applications_table: str
    aliases_table: str


def make_handler(dynamodb: DynamoDB, settings: PositionsSettings, set_aside: SetAside) -> StreamHandler:
    """Connect the stream to both tables."""
    aliases_table, applications_table = settings.aliases_table, settings.applications_table
    applications = Applications(dynamodb, applications_table)
    registrations = Registrations(dynamodb, applications_table, aliases_table)
    return positions_stream(
        Positions(dynamodb, aliases_table, applications_table),
        ParkedEvents(dynamodb, aliases_table, applications, registrations),
        set_aside,
    )


lambda_handler = make_handler(connect(), read(PositionsSettings, os.environ), SetAside.from_environment(os.environ))
