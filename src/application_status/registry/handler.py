"""The registry: an application's way from the board's Apply system to the table."""

import os

from application_status.gateway.endpoint import LambdaHandler, endpoint
from application_status.gateway.problems import Reply, reply
from application_status.gateway.request import Request
from application_status.registry.message import registration
from application_status.settings import RegistrySettings, read
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.registrations import Registrations
from application_status.telemetry import count, logger


def make_handler(dynamodb: DynamoDB, settings: RegistrySettings) -> LambdaHandler:
    """Make the handler of `PUT /api/applications/{AtsiApplicationId}`; API Gateway has checked the IAM signature."""
    registrations = Registrations(dynamodb, settings.applications_table, settings.aliases_table)

    @endpoint
    def register(request: Request) -> Reply:
        request.require_method("PUT")
        application_id, checked, ignored = registration(request)
        created = registrations.register(application_id, checked)
        outcome = "registered" if created else "unchanged"
        count("Registered", int(created))
        logger.info(outcome, application=application_id, ats=checked.ats_id, request_id=request.request_id)
        body = {"AtsiApplicationId": application_id, "Outcome": outcome, "RequestId": request.request_id}
        return reply(201 if created else 200, body | ({"IgnoredFields": ignored} if ignored else {}))

    return register


lambda_handler = make_handler(connect(), read(RegistrySettings, os.environ))
