"""A thread that makes a call again and again."""

import threading
from collections.abc import Callable


class RepeatedCalls:
    """Calls in a thread of their own, with a pause of `seconds` before each."""

    def __init__(self, call: Callable[[], object], seconds: float) -> None:
        self._call = call
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

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called; a call that takes long looks at it."""
        return self._stopped.is_set()

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds):
            self._call()
