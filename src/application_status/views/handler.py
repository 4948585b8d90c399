"""The views: each path's way from the request to what is asked for."""

import os
from collections.abc import Callable

from application_status.errors import UnknownPath
from application_status.gateway.endpoint import LambdaHandler, endpoint
from application_status.gateway.path import path_id
from application_status.gateway.problems import Reply, reply
from application_status.gateway.request import Request
from application_status.gateway.token import Worlds, calling_ats
from application_status.settings import ViewsSettings, read
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.own_applications import OwnApplications
from application_status.store.tokens import TokenLookup
from application_status.telemetry import logger
from application_status.views.application import application_view
from application_status.views.caller import ATS_PATH, BOARD_PATH, PAGE_PATH, USER_PATH, caller
from application_status.views.formats import DEFINITIONS_PATH
from application_status.views.pages import DOCS_PATH, FILE_PATH, PROBLEM_PATH, docs_file, docs_page, problem_page
from application_status.views.quality import definitions, quality
from application_status.views.quality_page.page import failed, quality_page, refused

APPLICATION_PATH = "/api/application-status/{AtsiApplicationId}"

_SECONDS = 25.0
"""A client with 100,000 applications takes 40 pages of the index."""


def make_handler(dynamodb: DynamoDB, settings: ViewsSettings) -> LambdaHandler:
    """Make the handler of all that is read with GET; its table says what answers which path."""
    tokens = TokenLookup(dynamodb, settings.tokens_table)
    applications = Worlds(
        live=OwnApplications(dynamodb, settings.applications_table),
        sandbox=OwnApplications(dynamodb, settings.sandbox_applications_table),
    )

    def of_application(request: Request) -> Reply:
        return _application(request, applications, tokens)

    def of_quality(request: Request) -> Reply:
        return quality(request, caller(request, tokens), dynamodb, settings)

    answers: dict[str, Callable[[Request], Reply]] = {
        APPLICATION_PATH: of_application,
        **dict.fromkeys((ATS_PATH, USER_PATH, BOARD_PATH), of_quality),
        PAGE_PATH: lambda request: quality_page(request, dynamodb, settings),
        DEFINITIONS_PATH: lambda _: definitions(),
        DOCS_PATH: docs_page,
        FILE_PATH: docs_file,
        PROBLEM_PATH: problem_page,
    }

    def answer(request: Request) -> Reply:
        if request.resource not in answers:
            raise UnknownPath
        request.require_method("GET")
        return answers[request.resource](request)

    return endpoint(answer, refuse=refused, fail=failed, seconds=_SECONDS)


def _application(request: Request, applications: Worlds[OwnApplications], tokens: TokenLookup) -> Reply:
    ats = calling_ats(request, tokens)
    found = applications.open_to(ats).of(ats.id, path_id(request))
    logger.info("read", application=found.application_id, ats=ats.id, request_id=request.request_id)
    return reply(200, application_view(found, request.request_id))


lambda_handler = make_handler(connect(), read(ViewsSettings, os.environ))
