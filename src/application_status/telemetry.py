"""The one logger and the metrics (CloudWatch's embedded metric format). Both carry ids and outcomes, nothing else.

Metrics, all in the namespace ApplicationStatus:
    Recorded, Unchanged, Late   reports, by what became of them
    Registered                  applications registered
    Refused, Failed             requests answered 4xx, 503
    Unauthenticated, ...        refused requests by reason, each named after its class in errors.py
    Changes.<STATUS>            changes counted by the analytics, by the application's status
    Unreadable                  stream records that are not ours
    Skipped                     stream records that a newer count had overtaken
    OldestRecordAge             seconds from the write of a batch's oldest record to its processing
"""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

_SERVICE = "application-status"

logger = Logger(service=_SERVICE, utc=True)
metrics = Metrics(namespace="ApplicationStatus", service=_SERVICE)


def flush() -> None:
    """Write the metrics of the invocation that ends; also where they are disabled they start anew."""
    metrics.flush_metrics()
    metrics.clear_metrics()


def count(metric: str, amount: int = 1) -> None:
    """Add to a metric of the present invocation."""
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=amount)
