"""The Lambda function that accepts files of ATSs, and answers what became of them."""

import os
from typing import Any, NamedTuple

from application_status.access.tokens import TokenLookup
from application_status.intake.files.endpoint import files
from application_status.intake.files.imports import Imports
from application_status.intake.sandbox.request_log import RequestLog, recording
from application_status.platform import s3
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.s3 import Bucket
from application_status.platform.settings import read


class FilesSettings(NamedTuple):
    """Environment: FILES_TABLE, FILES_BUCKET, TOKENS_TABLE, REQUESTS_PER_SECOND, SANDBOX_REQUESTS_TABLE.

    REQUESTS_PER_SECOND limits each ATS; 0 means no limit.
    """

    files_table: str
    files_bucket: str
    tokens_table: str
    requests_per_second: int
    sandbox_requests_table: str


def make_handler(dynamodb: DynamoDB, s3_client: Any, settings: FilesSettings) -> LambdaHandler:
    """Connect the requests about files to their tables and bucket."""
    handler = files(
        TokenLookup(dynamodb, settings.tokens_table, settings.requests_per_second),
        Imports(dynamodb, settings.files_table),
        Bucket(s3_client, settings.files_bucket),
    )
    return recording(handler, RequestLog(dynamodb, settings.sandbox_requests_table))


lambda_handler = make_handler(connect(), s3.client(), read(FilesSettings, os.environ))
