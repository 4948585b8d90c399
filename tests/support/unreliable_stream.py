"""Delivers the applications' stream to the analytics function with lost records, killed containers, failing calls."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from application_status.functions.analytics import make_handler
from application_status.local.event_source_mapping import EventSourceMapping, Record
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.quality.counting.stream import AnalyticsSettings
from support.failed_records import set_aside
from support.world import BERLIN, TEMPLATE

_THROTTLED: Any = {
    "Error": {"Code": "ThrottlingException", "Message": "Slow down"},
    "ResponseMetadata": {"HTTPStatusCode": 400},
}
_ATTEMPTS = 4


class Fate(Enum):
    """A fault of a call."""

    PASS = auto()
    THROTTLED = auto()
    DOWN = auto()  # throttled until the client stops retrying
    LOST_REPLY = auto()
    KILLED_BEFORE = auto()
    KILLED_AFTER = auto()
    OVERTAKEN = auto()  # another change happens just before it


type Fates = Sequence[tuple[str, Fate]]
"""Faults, each for the next call of its operation."""


class Killed(BaseException):
    """The invocation is killed; the function can't catch it."""


@dataclass
class Unsteady:
    """A client with faults; `meanwhile` is the change before a call that is overtaken."""

    client: Any
    meanwhile: Callable[[], None]
    _fates: list[tuple[str, Fate]] = field(default_factory=list)

    @contextmanager
    def meeting(self, fates: Fates) -> Iterator[None]:
        """Apply these faults to the calls in this context."""
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


SHARDS = 2
_GARBLED: Record = {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "0", "NewImage": {}}}
_ANY_AGE = 10**9
(_MAPPING,) = (each for each in TEMPLATE.stream_mappings() if each.function == "AnalyticsFunction")


@dataclass(frozen=True)
class Trial:
    """One delivery: its batches, and what goes wrong.

    `fates` are those of the container's calls, over all its attempts; `garbled`: where an unreadable record comes in.
    """

    batch: int = 100
    attempts: int = 0
    fates: Fates = ()
    garbled: int | None = None


CALM = Trial()


class Deliveries:
    """A stream that delivers its records, as it grows, to the analytics function."""

    def __init__(self, stream: Sequence[Record], client: Unsteady, on_invoke: Callable[[], object]) -> None:
        self.stream = stream
        self.client = client
        self.on_invoke = on_invoke
        self.waiting: list[deque[Record]] = [deque() for _ in range(SHARDS)]
        self.failed: list[Record] = []
        self._seen = 0
        settings = AnalyticsSettings("QualityTable", BERLIN)
        self._handler = make_handler(DynamoDB(transport(client)), settings, set_aside())

    def shard(self, number: int) -> deque[Record]:
        """Return the undelivered records of a shard; all records of an application are in the same shard."""
        for record in self.stream[self._seen :]:
            self.waiting[int(application_of(record)[-1], 16) % SHARDS].append(record)
        self._seen = len(self.stream)
        return self.waiting[number]

    def deliver(self, number: int, amount: int, trial: Trial) -> None:
        """Deliver a shard's next records."""
        shard = self.shard(number)
        self.feed([shard.popleft() for _ in range(min(amount, len(shard)))], trial)

    def lose(self, number: int) -> None:
        """Lose the next record of a shard, if a later one of the same application follows."""
        shard = self.shard(number)
        if shard and application_of(shard[0]) in map(application_of, list(shard)[1:]):
            shard.popleft()

    def replay(self, trial: Trial) -> None:
        """Replay the records in the on-failure destination, of any age."""
        failed, self.failed = self.failed, []
        self.feed(failed, trial, age=_ANY_AGE)

    def finish(self) -> None:
        """Deliver and replay all remaining records, without faults."""
        for number in range(SHARDS):
            self.deliver(number, len(self.stream), CALM)
        self.replay(CALM)
        assert not self.failed

    def feed(self, records: Sequence[Record], trial: Trial, *, age: int = _MAPPING.maximum_record_age_seconds) -> None:
        """Deliver records through the event source mapping; those that fail finally are in `failed`."""
        settings = replace(
            _MAPPING,
            batch_size=trial.batch,
            maximum_retry_attempts=trial.attempts,
            maximum_record_age_seconds=age,
        )
        mapping = EventSourceMapping(settings, self._invoke, time.time)
        fed = list(records)
        if trial.garbled is not None:
            fed.insert(trial.garbled, _GARBLED)
        with self.client.meeting(trial.fates):
            mapping.feed(fed)
        self.failed += [record for record in mapping.failed if record is not _GARBLED]

    def _invoke(self, event: Any) -> Any:
        """Invoke the function; a killed invocation counts as failed."""
        self.on_invoke()
        try:
            return self._handler(event, None)
        except Killed:
            raise RuntimeError from None


def application_of(record: Record) -> str:
    """Return the application that a record is about."""
    body = record["dynamodb"]
    application_id: str = body.get("NewImage", body.get("OldImage"))["AtsiApplicationId"]["S"]
    return application_id
