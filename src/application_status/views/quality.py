"""Quality reports: from the question to the counters, and back as JSON or CSV."""

from dataclasses import asdict

from application_status.gateway.problems import Reply, reply
from application_status.gateway.request import Request
from application_status.model.definitions import DEFINITIONS
from application_status.model.durations import MINIMUM
from application_status.settings import ViewsSettings
from application_status.store.dynamodb import DynamoDB
from application_status.telemetry import logger
from application_status.views.formats import CSV, as_csv, as_json, media_type
from application_status.views.query import Caller, quality_query
from application_status.views.report import sendable
from application_status.views.reporting import Reporting


def quality(request: Request, asking: Caller, dynamodb: DynamoDB, settings: ViewsSettings) -> Reply:
    """Answer a question for a quality report.

    Raises InvalidFields, Forbidden, or NotAcceptable where it is wanted in neither JSON nor CSV.
    """
    query = quality_query(request, asking)
    kind = media_type(request)
    reporting = Reporting.of_now(dynamodb, settings)
    found = sendable(reporting.report(query), "by" if query.of_jobs else "interval")
    logger.info("reported", kind=query.kind, rows=len(found.rows), request_id=request.request_id)
    if kind == CSV:
        return as_csv(found)
    zone = settings.reporting_time_zone.key
    context = {"TimeZone": zone, "Today": reporting.now.date().isoformat(), "MinimumApplications": MINIMUM}
    return as_json(query, found, context | {"RequestId": request.request_id})


def definitions() -> Reply:
    """Return what each number of the reports means."""
    meanings = {
        name: {member.capitalize(): text for member, text in asdict(each).items()} for name, each in DEFINITIONS.items()
    }
    return reply(200, meanings, **{"Cache-Control": "max-age=3600"})
