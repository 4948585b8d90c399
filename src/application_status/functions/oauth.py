"""The Lambda function that issues access tokens to the OAuth clients of ATSs."""

import os
from typing import NamedTuple

from application_status.access.oauth import token_endpoint
from application_status.access.tokens import TokenLookup
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.settings import read


class OauthSettings(NamedTuple):
    """Environment: TOKENS_TABLE, and REQUESTS_PER_SECOND, which limits each ATS; 0 means no limit."""

    tokens_table: str
    requests_per_second: int


def make_handler(dynamodb: DynamoDB, settings: OauthSettings) -> LambdaHandler:
    """Connect the token endpoint to the Tokens table."""
    return token_endpoint(TokenLookup(dynamodb, settings.tokens_table, settings.requests_per_second))


lambda_handler = make_handler(connect(), read(OauthSettings, os.environ))
