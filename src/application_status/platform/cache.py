"""A cache whose values expire a fixed time after they are stored."""

import time
from collections.abc import Callable, Hashable


class Cache[Key: Hashable, Value]:
    """Cache values by key for a fixed number of seconds.

    The cache has no size limit, so only cache keys that exist in a table. `clock` returns seconds and never goes
    backwards.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[Key, tuple[Value, float]] = {}

    def get(self, key: Key) -> Value | None:
        """Return the cached value of a key, or None if there is none or it has expired."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        value, until = kept
        if self._clock() < until:
            return value
        del self._kept[key]
        return None

    def keep(self, key: Key, value: Value) -> None:
        """Store a value; it expires `seconds` from now."""
        self._kept[key] = (value, self._clock() + self._seconds)
