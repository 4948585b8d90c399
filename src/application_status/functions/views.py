"""The Lambda function that answers the GET requests of ATSs, clients, staff and integrators."""

import os
from collections.abc import Callable, Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from application_status.access.names import AtsNames
from application_status.access.sessions import IdTokens
from application_status.access.tokens import Environments, TokenLookup
from application_status.api_docs.near_paths import unknown_path
from application_status.api_docs.pages import DOCS_PATH, FILE_PATH, PROBLEM_PATH, docs_file, docs_page, problem_page
from application_status.applications.parked import ParkedEvents
from application_status.applications.read import OwnApplications
from application_status.applications.record import Applications
from application_status.applications.register import Registrations
from application_status.applications.rules.report import Channel
from application_status.health.counts import Health
from application_status.health.report import health_report
from application_status.intake.atsi.read_back import (
    APPLICATION_PATH,
    APPLICATIONS_PATH,
    own_applications,
    read_back,
)
from application_status.intake.connect import page as connection
from application_status.intake.connect.page import CONNECTION_PAGE, CONNECTION_PATH, ConnectionSource
from application_status.intake.connect.providers import PROVIDERS, Provider
from application_status.intake.sandbox import page as sandbox_page
from application_status.intake.sandbox.page import REQUESTS_PAGE, requests_page
from application_status.intake.sandbox.request_log import REQUESTS_PATH, RequestLog, recording, requests
from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import Refusal, UnknownPath
from application_status.platform.http.endpoint import (
    UNKNOWN_PATH,
    UPTIME_PATH,
    LambdaHandler,
    Problem,
    Reply,
    Request,
    endpoint,
    uptime,
)
from application_status.platform.settings import read
from application_status.quality.page.page import failed, quality_page, refused
from application_status.quality.reports.endpoint import ReportSource, definitions, quality
from application_status.quality.reports.formats import DEFINITIONS_PATH
from application_status.quality.reports.query import ATS_PATH, BOARD_PATH, PAGE_PATH, USER_PATH, identify_caller


class ViewsSettings(NamedTuple):
    """Environment: APPLICATIONS_TABLE, SANDBOX_APPLICATIONS_TABLE, ALIASES_TABLE and those below.

    CONNECTIONS_TABLE, QUALITY_TABLE, SANDBOX_REQUESTS_TABLE and TOKENS_TABLE are tables as well.
    Days begin at midnight in REPORTING_TIME_ZONE (an IANA name). REQUESTS_PER_SECOND limits each ATS; 0 means no limit.
    USER_POOL_ISSUER is the address of the user pool.
    """

    applications_table: str
    quality_table: str
    tokens_table: str
    requests_per_second: int
    reporting_time_zone: ZoneInfo
    sandbox_applications_table: str
    aliases_table: str
    connections_table: str
    user_pool_issuer: str
    sandbox_requests_table: str


_OTHER_METHODS = {UPTIME_PATH: ("HEAD",), REQUESTS_PAGE: ("POST",)}
"""The methods beside GET."""

_SECONDS = 25.0
"""Time limit of all calls for one reply."""


def make_handler(
    dynamodb: DynamoDB,
    settings: ViewsSettings,
    id_tokens: IdTokens,
    providers: Mapping[Channel, Provider] = PROVIDERS,
) -> LambdaHandler:
    """Connect the views to their tables and the user pool; `answers` maps each path to its function."""
    tokens = TokenLookup(dynamodb, settings.tokens_table, settings.requests_per_second)
    applications = Environments(
        live=OwnApplications(dynamodb, settings.applications_table),
        sandbox=OwnApplications(dynamodb, settings.sandbox_applications_table, in_sandbox=True),
    )

    health = Health(dynamodb, settings.quality_table)
    reports = ReportSource(
        dynamodb,
        settings.quality_table,
        settings.reporting_time_zone,
        health=lambda query, now: health_report(query, health, now),
        ats_names=AtsNames(dynamodb, settings.tokens_table),
    )

    live, aliases = settings.applications_table, settings.aliases_table
    parked = ParkedEvents(dynamodb, aliases, Applications(dynamodb, live), Registrations(dynamodb, live, aliases))
    connections = ConnectionSource(
        dynamodb, settings.connections_table, parked, settings.reporting_time_zone, providers, reports.company
    )

    log = RequestLog(dynamodb, settings.sandbox_requests_table)

    def of_quality(request: Request) -> Reply:
        return quality(request, identify_caller(request, tokens), reports)

    answers: dict[str, Callable[[Request], Reply]] = {
        APPLICATION_PATH: lambda request: read_back(request, applications, tokens),
        APPLICATIONS_PATH: lambda request: own_applications(request, applications, tokens),
        **dict.fromkeys((ATS_PATH, USER_PATH, BOARD_PATH), of_quality),
        REQUESTS_PATH: lambda request: requests(request, tokens, log),
        REQUESTS_PAGE: lambda request: requests_page(request, tokens, log),
        PAGE_PATH: lambda request: quality_page(request, reports),
        CONNECTION_PATH: lambda request: connection.connection_reply(request, connections),
        CONNECTION_PAGE: lambda request: connection.connection_page(request, connections),
        DEFINITIONS_PATH: lambda _: definitions(),
        DOCS_PATH: docs_page,
        FILE_PATH: docs_file,
        PROBLEM_PATH: problem_page,
        UPTIME_PATH: uptime,
        UNKNOWN_PATH: unknown_path,
    }

    def answer(request: Request) -> Reply:
        if request.resource not in answers:
            raise UnknownPath
        if request.resource != UNKNOWN_PATH:
            request.require_method("GET", *_OTHER_METHODS.get(request.resource, ()))
        return answers[request.resource](request)

    def sign_in(request: Request) -> Request:
        return id_tokens.signed_in(request) if request.resource in {PAGE_PATH, CONNECTION_PAGE} else request

    return recording(endpoint(answer, sign_in=sign_in, refuse=_refuse, fail=_fail, seconds=_SECONDS), log)


def _refuse(error: Refusal, request: Request) -> Reply:
    own = {CONNECTION_PAGE: connection.refused, REQUESTS_PAGE: sandbox_page.refused}
    return own.get(request.resource, refused)(error, request)


def _fail(problem: Problem, request: Request) -> Reply:
    own = {CONNECTION_PAGE: connection.failed, REQUESTS_PAGE: sandbox_page.failed}
    return own.get(request.resource, failed)(problem, request)


_settings = read(ViewsSettings, os.environ)

lambda_handler = make_handler(connect(), _settings, IdTokens(_settings.user_pool_issuer))
