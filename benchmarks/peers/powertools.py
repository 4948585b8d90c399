"""A webhook with Powertools for AWS Lambda: resolver with validation, Logger and Metrics."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import UnauthorizedError
from aws_lambda_powertools.metrics import MetricUnit
from job import owner, record
from pydantic import BaseModel, StringConstraints
from report import Status

app = APIGatewayRestResolver(enable_validation=True)
logger = Logger(service="bench")
metrics = Metrics(namespace="bench", service="bench")


class Report(BaseModel):
    """The body."""

    AtsiApplicationId: UUID
    Status: Status
    RawStatus: Annotated[str, StringConstraints(max_length=200)] | None = None
    BusinessDate: datetime | None = None


@app.post("/api/application-status")
def receive(report: Report) -> dict[str, Any]:
    """Receive a report."""
    ats = owner(app.current_event.headers.get("X-AtsiToken") or "")
    if ats is None:
        raise UnauthorizedError("no valid token")
    body = record(ats, str(report.AtsiApplicationId), report.Status, report.RawStatus, report.BusinessDate)
    metrics.add_metric(name="Recorded", unit=MetricUnit.Count, value=1)
    logger.info("recorded", application=body["AtsiApplicationId"], ats=ats, status=body["Status"])
    return body


@metrics.log_metrics
def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Route an event."""
    return app.resolve(event, context)
