"""A client of DynamoDB for a function in trouble: its calls meet the fates given, and else nothing goes wrong."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

_THROTTLED: Any = {
    "Error": {"Code": "ThrottlingException", "Message": "Slow down"},
    "ResponseMetadata": {"HTTPStatusCode": 400},
}
_ATTEMPTS = 4


class Fate(Enum):
    """What becomes of a call."""

    PASS = auto()
    THROTTLED = auto()
    DOWN = auto()  # throttled for as long as the store's door tries
    LOST_REPLY = auto()
    KILLED_BEFORE = auto()
    KILLED_AFTER = auto()
    OVERTAKEN = auto()  # something else happens just before it


type Fates = Sequence[tuple[str, Fate]]
"""Each meets the next call of its operation."""


class Killed(BaseException):
    """The function is no more: nothing of it can catch that."""


@dataclass
class Unsteady:
    """The client; `meanwhile` is what happens before a call that is overtaken."""

    client: Any
    meanwhile: Callable[[], None]
    _fates: list[tuple[str, Fate]] = field(default_factory=list)

    @contextmanager
    def meeting(self, fates: Fates) -> Iterator[None]:
        """Let the calls inside meet these."""
        outer, self._fates = self._fates, list(fates)
        try:
            yield
        finally:
            self._fates = outer

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return partial(self._call, operation)

    def _call(self, operation: str, **request: Any) -> Any:
        fate = self._next(operation)
        if fate is Fate.DOWN:
            self._fates[:0] = [(operation, Fate.THROTTLED)] * (_ATTEMPTS - 1)
        if fate in {Fate.THROTTLED, Fate.DOWN}:
            raise ClientError(_THROTTLED, operation)
        if fate is Fate.KILLED_BEFORE:
            raise Killed
        if fate is Fate.OVERTAKEN:
            self.meanwhile()
        reply = getattr(self.client, operation)(**request)
        if fate is Fate.LOST_REPLY:
            raise ReadTimeoutError(endpoint_url="")
        if fate is Fate.KILLED_AFTER:
            raise Killed
        return reply

    def _next(self, operation: str) -> Fate:
        for each in self._fates:
            if each[0] == operation:
                self._fates.remove(each)
                return each[1]
        return Fate.PASS
