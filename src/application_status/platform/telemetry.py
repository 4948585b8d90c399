"""The one logger and the metrics (CloudWatch's embedded metric format). Both carry ids and outcomes, nothing else.

Metrics, all in the namespace ApplicationStatus:
    Recorded, Unchanged, Late, Unmapped  reports, by what became of them
    Folded                      reports that went from a full history into its counts
    SignalDropped               signals about nothing that is known here; SignalRefused: that make no sense
    PositionStateRecorded               news of positions; ApplicationsNotified: applications that learnt of them
    Registered                  applications registered; Erased: requests to erase one that were met
    Refused, Failed             requests answered 4xx, 503
    StoreRetries                calls of DynamoDB and Firehose made again after a throttle, an error or a lost reply
    Unauthenticated, ...        refused requests by reason, each named after its class in errors.py
    Changes.<STATUS>            changes counted by the analytics, by the application's status (or removed, erased)
    SetAside                    stream records that could not be processed and lie in S3 now; also by stack
    Unreadable                  applications and log lines that could not be read, and were left out
    FactsSent                   facts that Firehose took
    Skipped                     stream records that a newer count had overtaken
    Drift, Verified             amounts that a verification found wrong; applications that it compared; also by stack
    OldestRecordAge             seconds from the write of a batch's oldest record to its processing
    Sandbox.<metric>            any of these where a test token calls; the metric itself is about live traffic alone
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from application_status.platform.values import AtsId

_SERVICE = "application-status"

logger = Logger(service=_SERVICE, utc=True)
metrics = Metrics(namespace="ApplicationStatus", service=_SERVICE)

_caller: ContextVar[tuple[AtsId, str] | None] = ContextVar("caller", default=None)
_in_sandbox: ContextVar[bool] = ContextVar("in_sandbox", default=False)


def begin(correlation_id: str | None) -> None:
    """Begin an invocation: each log line until `flush` has its id, the request's where there is one."""
    logger.set_correlation_id(correlation_id)


def set_caller(ats_id: AtsId, channel: str) -> None:
    """Name the authenticated caller of the present invocation, and the contract that it uses."""
    _caller.set((ats_id, channel))


def enter_sandbox() -> None:
    """Say that the present invocation is a test token's: it counts in no health, and in metrics of its own."""
    _in_sandbox.set(True)


def outcome_fields(outcome: str) -> dict[str, str]:
    """Return what a log line has to hold for its request to count in its ATS's health: one line a request or signal.

    Without an authenticated caller it is the outcome alone, which counts nowhere; nor does a sandbox's channel.
    """
    caller = _caller.get()
    field = "sandbox" if _in_sandbox.get() else "channel"
    return {"outcome": outcome} | ({"ats": caller[0], field: caller[1]} if caller else {})


def flush() -> None:
    """End an invocation: write its metrics, and forget them, its id and its caller."""
    logger.set_correlation_id(None)
    _caller.set(None)
    _in_sandbox.set(False)
    if metrics.metric_set:
        metrics.flush_metrics()
        metrics.clear_metrics()


def error_fields(error: Exception) -> dict[str, str]:
    """Return an error's type and the code of ours it came from; its message may hold what a sender wrote."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "application_status" in frame.filename]
    return {
        "error": type(error).__name__,
        "at": " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(ours[-3:])),
    }


def log_unexpected(error: Exception) -> None:
    """Log an error without its message."""
    logger.error("unexpected", extra=error_fields(error))


def log_unreadable(application_id: str, error: Exception) -> None:
    """Log and count an application that can't be read, and that is left out of what is made of many."""
    add_metric("Unreadable")
    logger.error("unreadable", application=application_id, extra=error_fields(error))


@contextmanager
def hiding_error_messages() -> Iterator[None]:
    """Log what is raised inside, and raise in its place an error that tells nothing of what a sender wrote."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # whatever it is, its message stays out of the logs
        log_unexpected(error)
        raise RuntimeError("unexpected; the log says where") from None


def add_stack_dimension(stack: str) -> None:
    """Write the metrics of the present invocation by stack, too, so that alarms of stacks in one account differ."""
    metrics.add_dimensions(service=_SERVICE, stack=stack)


def add_metric(metric: str, amount: int = 1) -> None:
    """Add to a metric of the present invocation."""
    name = f"Sandbox.{metric}" if _in_sandbox.get() else metric
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=amount)
