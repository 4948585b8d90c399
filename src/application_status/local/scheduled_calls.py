"""A stand-in for EventBridge: calls a function at the rate of its schedule."""

import threading
from contextlib import suppress

from application_status.local.event_source_mapping import Invoke


class ScheduledCalls:
    """Calls of one function, the first after `seconds`, in a thread of its own."""

    def __init__(self, invoke: Invoke, seconds: float) -> None:
        self._invoke = invoke
        self._seconds = seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the current call."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds):
            with suppress(Exception):  # the function logs it; the next call is the next attempt
                self._invoke({})
