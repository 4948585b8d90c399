"""Deadlines and retries for calls to AWS.

deadline            limits the total time of all calls in an invocation
Attempts            runs the attempts of one call, with a pause before each retry
pause_before_retry  pauses before a retry that is limited only by the deadline

Each retry adds to the metric `StoreRetries` and writes a log line with its operation and error. Only Lambda invocations
have a deadline. The command line has none, and writes neither the metric nor the log line, as its standard output is
its result.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from application_status.platform.randomness import RANDOM
from application_status.platform.telemetry import add_metric, logger

ATTEMPTS = 4
"""The maximum number of attempts per call."""

_FIRST_PAUSE_SECONDS = 0.1


@dataclass
class _Deadline:
    """When all calls must have ended, as `time.monotonic` counts, or within how many seconds once one has failed."""

    end: float
    seconds_from_failure: float
    outer: "_Deadline | None" = None

    def call_failed(self, began: float) -> None:
        """Let this deadline, and those around it, come early because the store fails."""
        self.end = min(self.end, began + self.seconds_from_failure)
        if self.outer:
            self.outer.call_failed(began)


_NEVER = _Deadline(math.inf, math.inf)

_deadline: ContextVar[_Deadline] = ContextVar("deadline", default=_NEVER)


@contextmanager
def deadline(seconds: float, seconds_from_failure: float = math.inf) -> Iterator[None]:
    """Limit the total time of all AWS calls made inside the `with` block.

    Once a call has failed, and could be tried again, all have to end within `seconds_from_failure` of its beginning.
    Inside another deadline, the earlier of the two applies.
    """
    outer = _deadline.get()
    end = min(outer.end, time.monotonic() + seconds)
    token = _deadline.set(_Deadline(end, min(outer.seconds_from_failure, seconds_from_failure), outer))
    try:
        yield
    finally:
        _deadline.reset(token)


class Attempts:
    """Iterate over the attempts of one call.

    The loop ends after 4 attempts, or earlier if the next attempt could end after the deadline. Before each retry it
    pauses for a random time of up to 0.2, 0.4 and 0.8 seconds ("full jitter").
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    def __init__(self, operation: str, longest_seconds: float) -> None:
        """Set the operation's name, and the longest time in seconds that one attempt can take."""
        self._operation = operation
        self._longest_seconds = longest_seconds
        self.error = "DeadlineExceeded"
        """The error code of the latest attempt; the loop's body sets it."""

    def __iter__(self) -> Iterator[None]:
        """Yield before each attempt."""
        for retry in range(ATTEMPTS):
            pause = _pause(retry) if retry else 0.0
            begins = time.monotonic() + pause
            if begins + self._longest_seconds > _deadline.get().end:
                return
            if retry:
                _count_retry(self._operation, self.error)
                time.sleep(pause)
            yield
            _deadline.get().call_failed(begins)


def pause_before_retry(operation: str, error: str) -> None:
    """Pause for up to 0.2 seconds before an operation continues with the items that an error left unprocessed."""
    _count_retry(operation, error)
    _deadline.get().call_failed(time.monotonic())
    time.sleep(_pause(1))


def _pause(retry: int) -> float:
    return RANDOM.uniform(0, _FIRST_PAUSE_SECONDS * 2**retry)


def _count_retry(operation: str, error: str) -> None:
    if _deadline.get() is not _NEVER:
        add_metric("StoreRetries")
        logger.warning("retry", operation=operation, error=error)
