"""The registry: an application's way from the board's Apply system to the table, and out of it."""

import os

from application_status.gateway.endpoint import LambdaHandler, endpoint
from application_status.gateway.path import path_id
from application_status.gateway.problems import Reply, no_content, reply
from application_status.gateway.request import Request
from application_status.registry.message import registration
from application_status.settings import RegistrySettings, read
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.erasure import Erasure
from application_status.store.registrations import Registered, Registrations
from application_status.telemetry import count, logger


def make_handler(dynamodb: DynamoDB, settings: RegistrySettings) -> LambdaHandler:
    """Make the handler of PUT and DELETE `/api/applications/{AtsiApplicationId}`; API Gateway has checked who calls."""
    registrations = Registrations(dynamodb, settings.applications_table, settings.aliases_table)
    erasure = Erasure(dynamodb, settings.applications_table, settings.aliases_table)

    @endpoint
    def answer(request: Request) -> Reply:
        request.require_method("PUT", "DELETE")
        return _register(request, registrations) if request.method == "PUT" else _erase(request, erasure)

    return answer


def _register(request: Request, registrations: Registrations) -> Reply:
    application_id, checked, ignored = registration(request)
    outcome = registrations.register(application_id, checked)
    created = outcome is Registered.REGISTERED
    count("Registered", int(created))
    logger.info(outcome, application=application_id, ats=checked.ats_id, request_id=request.request_id)
    body = {"AtsiApplicationId": application_id, "Outcome": outcome, "RequestId": request.request_id}
    return reply(201 if created else 200, body | ({"IgnoredFields": ignored} if ignored else {}))


def _erase(request: Request, erasure: Erasure) -> Reply:
    application_id = path_id(request)
    erasure.erase(application_id)
    count("Erased")
    logger.info("erased", application=application_id, request_id=request.request_id)
    return no_content()


lambda_handler = make_handler(connect(), read(RegistrySettings, os.environ))
