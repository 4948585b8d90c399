"""Quality reports: from the question to the counters, and back as JSON or CSV."""

from dataclasses import asdict
from datetime import datetime

from application_status.gateway.problems import Reply, reply
from application_status.gateway.request import Request
from application_status.model.definitions import DEFINITIONS
from application_status.model.durations import MINIMUM
from application_status.settings import ViewsSettings
from application_status.store.dynamodb import DynamoDB
from application_status.telemetry import logger
from application_status.views.formats import CSV, as_csv, as_json, media_type, sendable
from application_status.views.query import Caller, quality_query
from application_status.views.reporting import Reporting


def quality(request: Request, asking: Caller, dynamodb: DynamoDB, settings: ViewsSettings) -> Reply:
    """Answer a question for a quality report.

    Raises InvalidFields, also where the reply would be too large, Forbidden, or NotAcceptable where it is wanted in
    neither JSON nor CSV.
    """
    now = datetime.now(settings.reporting_time_zone)
    query = quality_query(request, asking, now.date())
    kind = media_type(request)
    found = Reporting.as_of(now, dynamodb, settings).report(query)
    logger.info("reported", kind=query.kind, rows=len(found.rows), request_id=request.request_id)
    parameter, expected = query.narrower
    if kind == CSV:
        return sendable(found, as_csv, parameter, expected)
    zone = settings.reporting_time_zone.key
    context = {"TimeZone": zone, "Today": now.date().isoformat(), "MinimumApplications": MINIMUM}
    context["RequestId"] = request.request_id
    return sendable(found, lambda report: as_json(query, report, context), parameter, expected)


def definitions() -> Reply:
    """Return what each number of the reports means."""
    meanings = {
        name: {member.capitalize(): text for member, text in asdict(each).items()} for name, each in DEFINITIONS.items()
    }
    return reply(200, meanings, **{"Cache-Control": "max-age=3600"})
