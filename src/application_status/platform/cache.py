"""A cache for what many requests read alike: each value is kept for a fixed time after it was read."""

import time
from collections.abc import Callable, Hashable


class Cache[Key: Hashable, Value]:
    """Keeps values by their keys for so many seconds; `clock` counts seconds and never goes back.

    It has no limit of size: keep only what exists in a table.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[Key, tuple[Value, float]] = {}

    def get(self, key: Key) -> Value | None:
        """Return a key's value; None where none is kept, or where its time is over."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        value, until = kept
        if self._clock() < until:
            return value
        del self._kept[key]
        return None

    def keep(self, key: Key, value: Value) -> None:
        """Keep a value from now on."""
        self._kept[key] = (value, self._clock() + self._seconds)
