"""The Lambda function through which the job board registers and erases applications, and reads jobseekers' feedback."""

import os
from collections.abc import Callable
from typing import NamedTuple

from application_status.applications.erase import Erasure
from application_status.applications.register import Registrations
from application_status.applications.registry import add_aliases, register_or_erase
from application_status.jobseeker.board import CLOSING_PATH, FEEDBACK_PATH, close_feedback, list_feedback
from application_status.jobseeker.feedback import FeedbackList
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import UnknownPath
from application_status.platform.http.endpoint import LambdaHandler, Reply, Request, endpoint
from application_status.platform.settings import read


class RegistrySettings(NamedTuple):
    """Environment of the registry function: APPLICATIONS_TABLE, ALIASES_TABLE, FEEDBACK_TABLE."""

    applications_table: str
    aliases_table: str
    feedback_table: str


APPLICATION_PATH = "/api/applications/{AtsiApplicationId}"
ALIASES_PATH = f"{APPLICATION_PATH}/aliases"


def make_handler(dynamodb: DynamoDB, settings: RegistrySettings) -> LambdaHandler:
    """Connect the registry to its tables; `answers` maps each path to its function."""
    registrations = Registrations(dynamodb, settings.applications_table, settings.aliases_table)
    erasure = Erasure(dynamodb, settings.applications_table, settings.aliases_table)
    feedback = FeedbackList(dynamodb, settings.applications_table, settings.feedback_table)

    answers: dict[str, Callable[[Request], Reply]] = {
        APPLICATION_PATH: lambda request: register_or_erase(request, registrations, erasure),
        ALIASES_PATH: lambda request: add_aliases(request, registrations),
        FEEDBACK_PATH: lambda request: list_feedback(request, feedback),
        CLOSING_PATH: lambda request: close_feedback(request, feedback),
    }

    def answer(request: Request) -> Reply:
        if request.resource not in answers:
            raise UnknownPath
        return answers[request.resource](request)

    return endpoint(answer)


lambda_handler = make_handler(connect(), read(RegistrySettings, os.environ))
