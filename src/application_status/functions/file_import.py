"""The Lambda function that reads uploaded files and imports their rows."""

import os
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from application_status.access.tokens import Environments
from application_status.applications.record import Applications, UnknownApplications
from application_status.intake.files.imports import Imports
from application_status.intake.files.lanes import Lanes, Pace
from application_status.intake.files.worker import QueueHandler, file_import
from application_status.labels.overrides import OverrideLookup
from application_status.platform import s3, sqs
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.dynamodb.wire import connect_many
from application_status.platform.settings import read


class FileImportSettings(NamedTuple):
    """Environment: FILES_TABLE, FILES_BUCKET, FILES_QUEUE (its URL), TOKENS_TABLE, and those below.

    Live files go to APPLICATIONS_TABLE, those of test tokens to SANDBOX_APPLICATIONS_TABLE.
    UNKNOWN_APPLICATIONS (reject or accept) applies to live files only.
    Days without a time are days in REPORTING_TIME_ZONE (an IANA name).
    FILE_ROWS_PER_SECOND limits each file.
    """

    files_table: str
    files_bucket: str
    files_queue: str
    tokens_table: str
    applications_table: str
    sandbox_applications_table: str
    unknown_applications: UnknownApplications
    reporting_time_zone: ZoneInfo
    file_rows_per_second: int


def make_handler(
    dynamodb: DynamoDB, s3_client: Any, sqs_client: Any, settings: FileImportSettings, pace: Pace | None = None
) -> QueueHandler:
    """Connect the import to the tables, the bucket and the queue; `pace` is the settings' by default."""
    lanes = Lanes(
        Imports(dynamodb, settings.files_table),
        s3.Bucket(s3_client, settings.files_bucket),
        sqs.Queue(sqs_client, settings.files_queue),
        Environments(
            live=Applications(dynamodb, settings.applications_table, settings.unknown_applications),
            # The sandbox never accepts unknown applications.
            sandbox=Applications(dynamodb, settings.sandbox_applications_table, in_sandbox=True),
        ),
        OverrideLookup(dynamodb, settings.tokens_table),
        settings.reporting_time_zone,
        pace or Pace(settings.file_rows_per_second),
    )
    return file_import(lanes)


lambda_handler = make_handler(connect_many(), s3.client(), sqs.client(), read(FileImportSettings, os.environ))
