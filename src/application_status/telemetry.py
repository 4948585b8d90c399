"""The one logger and the metrics (CloudWatch's embedded metric format). Both carry ids and outcomes, nothing else.

Metrics, all in the namespace ApplicationStatus:
    Recorded, Unchanged, Late, Unmapped  reports, by what became of them
    SignalDropped               signals about nothing that is known here; SignalRefused: that make no sense
    PositionHeard               news of positions; ApplicationsTold: applications that learnt of them
    Registered                  applications registered
    Refused, Failed             requests answered 4xx, 503
    Unauthenticated, ...        refused requests by reason, each named after its class in errors.py
    Changes.<STATUS>            changes counted by the analytics, by the application's status
    FactsSent                   facts that Firehose took
    Unreadable                  stream records that are not ours
    Skipped                     stream records that a newer count had overtaken
    OldestRecordAge             seconds from the write of a batch's oldest record to its processing
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

_SERVICE = "application-status"

logger = Logger(service=_SERVICE, utc=True)
metrics = Metrics(namespace="ApplicationStatus", service=_SERVICE)


def flush() -> None:
    """Write the metrics of the invocation that ends; also where they are disabled they start anew."""
    if metrics.metric_set:
        metrics.flush_metrics()
        metrics.clear_metrics()


def log_unexpected(error: Exception) -> None:
    """Log an error and the code of ours it came from; its message stays out, as it may hold what a sender wrote."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "application_status" in frame.filename]
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(ours[-3:]))
    logger.error("unexpected", error=type(error).__name__, at=where)


@contextmanager
def without_messages() -> Iterator[None]:
    """Log what is raised inside, and raise in its place an error that tells nothing of what a sender wrote."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # whatever it is, its message stays out of the logs
        log_unexpected(error)
        raise RuntimeError("unexpected; the log says where") from None


def count(metric: str, amount: int = 1) -> None:
    """Add to a metric of the present invocation."""
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=amount)
