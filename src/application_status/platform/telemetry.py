"""The logger and the metrics (CloudWatch embedded metric format) of all functions.

Log lines and metrics contain ids and results only: no bodies, labels or tokens. All metrics are in the namespace
ApplicationStatus, with the dimensions `service` and `stack`, so stacks in one account have separate alarms:

    Recorded, Unchanged, Late, Unmapped  status reports by result
    Folded                 reports removed from a full history and only counted
    SignalDropped          signals about an unknown application or position, or with an unmapped position label
    SignalRefused          invalid signals
    DispositionFailed      dispositions that are invalid, or about an unknown application
    DispositionWithoutStatus  dispositions about the delivery or completeness of an application
    PositionStateRecorded  new states of positions
    ApplicationsNotified   applications updated with a new state of their position
    EventParked, EventDropped, EventEnded, EventNoted, EventIgnored, EventTest
                           events of native webhooks that are no reports, by result
    Registered             applications registered
    Expired                applications deleted after their retention
    Erased                 successful requests to erase an application
    FeedbackSent           messages of jobseekers that a status is wrong
    Refused, Failed        HTTP requests, and reports of batches, answered with 4xx, with 503
    Unauthenticated, ...   the refused ones by reason; each metric has the name of its class in errors.py
    StoreRetries           calls to AWS repeated after throttling, an error or a lost reply
    Changes.<STATUS>       changes counted by the analytics, by the application's status (or removed, erased)
    RowsRefused            refused rows of files
    FilesImported, FilesRefused, FilesFailed  files that were imported, are no CSV that is accepted, or failed
    SetAside               stream records that failed and were written to S3
    Unreadable             applications and log lines that could not be read and were skipped
    FactsSent              facts delivered to Firehose
    EventsSent             events that the event bus accepted
    EventsDelayed          schedules created for bad news that is published later
    Skipped                stream records older than what is already counted
    Merged                 journal entries added to the totals
    Drift                  counters found wrong by a verification
    Verified               applications compared by a verification
    TokensExpiring         live tokens that expire within 30 days and have no successor
    SilentAts              ATSs that reported regularly and have stopped
    OldestRecordAge        seconds from the write of a batch's oldest record to its processing
    Sandbox.<metric>       any of these for calls with a test token; the metric without prefix has live calls only
"""

import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from application_status.platform.values import AtsId

_SERVICE = "application-status"

logger = Logger(service=_SERVICE, utc=True)
metrics = Metrics(namespace="ApplicationStatus", service=_SERVICE)
metrics.set_default_dimensions(stack=os.environ.get("STACK", "local"))  # template.yaml sets it for every function


class _Caller(NamedTuple):
    ats_id: AtsId
    channel: str
    connection_id: str | None


_using_metrics = Lock()  # threads of one invocation add to them at the same time

_caller: ContextVar[_Caller | None] = ContextVar("caller", default=None)
_in_sandbox: ContextVar[bool] = ContextVar("in_sandbox", default=False)


def begin(
    correlation_id: str | None, *, function_request_id: str | None = None, traceparent: str | None = None
) -> None:
    """Start an invocation: add its ids to each of its log lines.

    `correlation_id` is the id of the HTTP request, or else of the invocation. `function_request_id` is the id that
    Lambda gives an HTTP request's invocation, which also is on Lambda's own lines, for example about a time-out.
    `traceparent` is the caller's trace (W3C Trace Context).
    """
    logger.append_keys(correlation_id=correlation_id, function_request_id=function_request_id, traceparent=traceparent)


def set_caller(ats_id: AtsId, channel: str, connection_id: str | None = None) -> None:
    """Set the authenticated ATS of the current invocation, the contract it uses, and the connection of a webhook."""
    _caller.set(_Caller(ats_id, channel, connection_id))


def enter_sandbox() -> None:
    """Mark the current invocation as made with a test token: metrics get the prefix `Sandbox.`, health ignores it."""
    _in_sandbox.set(True)


def result_fields(result: str) -> dict[str, str]:
    """Return the log fields from which the health function counts a request or signal; write them once for each.

    Health counts only lines with an ATS and a channel. The fields have no ATS without an authenticated caller, and
    `sandbox` instead of `channel` for a test token. Operators find a connection by its id: many share an ATS.
    """
    return {"result": result, **_caller_fields()}


def results_fields(results: Mapping[str, int]) -> dict[str, Any]:
    """Return the log fields of many reports that share one line: how many have each result.

    Health counts each of them, as it counts a line of `result_fields`.
    """
    return {"results": {str(result): amount for result, amount in results.items()}, **_caller_fields()}


def _caller_fields() -> dict[str, str]:
    caller = _caller.get()
    if caller is None:
        return {}
    field = "sandbox" if _in_sandbox.get() else "channel"
    fields = {"ats": caller.ats_id, field: caller.channel}
    return fields | ({"connection": caller.connection_id} if caller.connection_id else {})


def flush() -> None:
    """End an invocation: write its metrics, and clear them and its caller."""
    _caller.set(None)
    _in_sandbox.set(False)
    with _using_metrics:
        if metrics.metric_set:
            metrics.flush_metrics()
            metrics.clear_metrics()


def error_fields(error: Exception) -> dict[str, str]:
    """Return an error's type and the three innermost lines of this package that raised it.

    The error's message is left out, because it may contain text from a sender.
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "application_status" in frame.filename]
    return {
        "error": type(error).__name__,
        "at": " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-3:])),
    }


def log_unexpected(error: Exception) -> None:
    """Log an error without its message."""
    logger.error("unexpected", extra=error_fields(error))


def log_unreadable(application_id: str, error: Exception) -> None:
    """Log and count an application that can't be read and is skipped."""
    add_metric("Unreadable")
    logger.error("unreadable", application=application_id, extra=error_fields(error))


@contextmanager
def hiding_error_messages() -> Iterator[None]:
    """Log any exception without its message, and raise one that contains no text from a sender.

    Raises:
        RuntimeError: the block raised an exception.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001  # no error's message may reach the logs
        log_unexpected(error)
        raise RuntimeError("unexpected error; see the log line 'unexpected'") from None


def add_metric(metric: str, amount: int = 1) -> None:
    """Add to a metric of the current invocation."""
    name = f"Sandbox.{metric}" if _in_sandbox.get() else metric
    with _using_metrics:
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=amount)
