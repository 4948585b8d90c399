"""The Lambda function that copies a position's state to its applications, from the Aliases table's stream."""

import os
from typing import NamedTuple

from application_status.applications.positions import Positions
from application_status.applications.positions_stream import positions_stream
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.settings import read
from application_status.platform.streams import SetAside, StreamHandler


class PositionsSettings(NamedTuple):
    """Environment of the positions function: APPLICATIONS_TABLE, ALIASES_TABLE."""

    applications_table: str
    aliases_table: str


def make_handler(dynamodb: DynamoDB, settings: PositionsSettings, set_aside: SetAside) -> StreamHandler:
    """Connect the stream of positions to both tables."""
    return positions_stream(Positions(dynamodb, settings.aliases_table, settings.applications_table), set_aside)


lambda_handler = make_handler(connect(), read(PositionsSettings, os.environ), SetAside.from_environment(os.environ))
