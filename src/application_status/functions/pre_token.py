"""The Lambda function that Cognito calls before it issues tokens: it writes into them who the user is."""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from application_status.access.assignments import Assignments, OidcUsers, claims_details, user_of
from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.settings import read


class PreTokenSettings(NamedTuple):
    """Environment: USERS_TABLE, and OIDC_USERS (`assigned` or `jobseekers`)."""

    users_table: str
    oidc_users: OidcUsers


_SECONDS = 3.0
"""Time limit of the call to DynamoDB; Cognito waits five seconds for the function."""


def make_handler(dynamodb: DynamoDB, settings: PreTokenSettings) -> Callable[[Any, Any], Any]:
    """Connect the trigger to the Users table. If the table can't be read, the user is not signed in."""
    assignments = Assignments(dynamodb, settings.users_table)

    def lambda_handler(event: Any, _context: Any) -> Any:
        with deadline(_SECONDS):
            found = user_of(event, assignments, settings.oidc_users)
        event["response"] = {"claimsOverrideDetails": claims_details(found)}
        return event

    return lambda_handler


lambda_handler = make_handler(connect(), read(PreTokenSettings, os.environ))
