"""The views: from the counters to a report."""

import os
from dataclasses import asdict
from datetime import datetime

from application_status.gateway.endpoint import LambdaHandler, endpoint
from application_status.gateway.problems import Reply, reply
from application_status.gateway.request import Request
from application_status.model.definitions import DEFINITIONS
from application_status.model.durations import MINIMUM
from application_status.settings import ViewsSettings, read
from application_status.store.boto import connect
from application_status.store.dynamodb import DynamoDB
from application_status.store.generations import generations
from application_status.store.health import Health
from application_status.store.quality_reader import QualityReader
from application_status.store.tokens import TokenLookup
from application_status.telemetry import logger
from application_status.views.caller import caller
from application_status.views.formats import CSV, DEFINITIONS_PATH, as_csv, as_json, media_type
from application_status.views.health import health_report
from application_status.views.query import quality_query
from application_status.views.report import report

_SECONDS = 25.0
"""A client with 100,000 applications takes 40 pages of the index."""


def make_handler(dynamodb: DynamoDB, settings: ViewsSettings) -> LambdaHandler:
    """Make the handler of `GET /api/quality`, `/api/my/quality`, `/api/board/quality`, `/api/quality/definitions`."""
    tokens = TokenLookup(dynamodb, settings.tokens_table)

    def answer(request: Request) -> Reply:
        request.require_method("GET")
        if request.resource == DEFINITIONS_PATH:
            return _definitions()
        asking = caller(request, tokens)
        query = quality_query(request, asking)
        kind = media_type(request)
        generation = generations(dynamodb, settings.quality_table).live
        now = datetime.now(settings.reporting_time_zone)
        reader = QualityReader(dynamodb, settings.quality_table, generation)
        if query.kind == "health":
            found = health_report(query, Health(dynamodb, settings.quality_table), now)
        else:
            found = report(query, reader, now.date())
        logger.info("reported", kind=query.kind, rows=len(found.rows), request_id=request.request_id)
        if kind == CSV:
            return as_csv(found)
        zone = settings.reporting_time_zone.key
        context = {"TimeZone": zone, "Today": now.date().isoformat(), "MinimumApplications": MINIMUM}
        return as_json(query, found, context | {"RequestId": request.request_id})

    return endpoint(answer, seconds=_SECONDS)


def _definitions() -> Reply:
    meanings = {
        name: {member.capitalize(): text for member, text in asdict(each).items()} for name, each in DEFINITIONS.items()
    }
    return reply(200, meanings, **{"Cache-Control": "max-age=3600"})


lambda_handler = make_handler(connect(), read(ViewsSettings, os.environ))
