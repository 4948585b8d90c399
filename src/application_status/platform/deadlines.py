"""Deadlines and retries of calls to AWS: how long an invocation may spend on them, and when one is made again.

deadline            bounds all calls of an invocation together
Attempts            the attempts of one call
pause_before_retry  the pause before a retry that has no limit but the deadline

The metric `StoreRetries` counts retries, and a log line names each one's operation and error. Only invocations have a
deadline; the operators' commands have none, and write neither: their standard output is their result.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from application_status.platform.randomness import RANDOM
from application_status.platform.telemetry import add_metric, logger

ATTEMPTS = 4
"""The most attempts of a call."""

_FIRST_PAUSE_SECONDS = 0.1

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound all calls made inside, together; inside another deadline, the earlier of the two holds."""
    token = _deadline.set(min(_deadline.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


class Attempts:
    """The attempts of one call: a loop over them ends when 4 were made, or when one more could end after the deadline.

    Before each retry it pauses for a random time, up to 0.2, 0.4 and 0.8 seconds ("full jitter").
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    def __init__(self, operation: str, longest_seconds: float) -> None:
        """Take the operation's name and how long one attempt of it can take."""
        self._operation = operation
        self._longest_seconds = longest_seconds
        self.error = "DeadlineExceeded"
        """The code of the latest attempt's error, which the loop's body sets."""

    def __iter__(self) -> Iterator[None]:
        """Yield before each attempt."""
        for retry in range(ATTEMPTS):
            pause = _pause(retry) if retry else 0.0
            if time.monotonic() + pause + self._longest_seconds > _deadline.get():
                return
            if retry:
                _count_retry(self._operation, self.error)
                time.sleep(pause)
            yield


def pause_before_retry(operation: str, error: str) -> None:
    """Pause before an operation goes on with what an error kept from being done, for up to 0.2 seconds."""
    _count_retry(operation, error)
    time.sleep(_pause(1))


def _pause(retry: int) -> float:
    return RANDOM.uniform(0, _FIRST_PAUSE_SECONDS * 2**retry)


def _count_retry(operation: str, error: str) -> None:
    if _deadline.get() < math.inf:
        add_metric("StoreRetries")
        logger.warning("retry", operation=operation, error=error)
