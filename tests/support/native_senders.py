"""Providers that repeat deliveries by their schedules, over a network and to a store that fail in every way."""

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from heapq import heapify, heappop, heappush
from itertools import accumulate, count
from random import Random
from typing import Any, NamedTuple
from unittest.mock import patch

import time_machine

from application_status.applications.rules.report import Channel
from application_status.platform.errors import Unavailable
from support.native_flow import Customer
from support.native_webhooks import body_of
from support.world import RecordingDynamoDB

_GREENHOUSE_MINUTES = (0, 1, 16, 76, 196, 436, 916)
_RECRUITEE_RETRIES, _RECRUITEE_END = 9, timedelta(hours=48)


class Schedule(NamedTuple):
    """When a provider attempts a delivery, since the first attempt, and how it takes the status of a reply."""

    attempts: tuple[timedelta, ...]
    succeeds: Container[int]
    drops: Container[int] = ()


SCHEDULES: Mapping[Channel, Schedule] = {
    # https://developers.greenhouse.io/webhooks.html
    Channel.GREENHOUSE: Schedule(tuple(timedelta(minutes=each) for each in _GREENHOUSE_MINUTES), {200}),
    # https://developers.ashbyhq.com/docs/retries
    Channel.ASHBY: Schedule(
        tuple(accumulate(timedelta(seconds=10 * (2**retry - 1)) for retry in range(10))),
        range(200, 300),
        drops={401, 403, 404, 405, 410},
    ),
    # https://docs.recruitee.com/docs/webhooks says that the delay grows; its figures are assumed here
    Channel.RECRUITEE: Schedule(
        tuple(_RECRUITEE_END * (2**retry - 1) / (2**_RECRUITEE_RETRIES - 1) for retry in range(_RECRUITEE_RETRIES + 1)),
        {200},
    ),
    # Lever documents no schedule, so this one is assumed
    Channel.LEVER: Schedule(tuple(timedelta(hours=each) for each in range(3)), {200}),
}

_DECISIONS = {"hire_candidate", "unhire_candidate", "reject_candidate_declined_offer", "reject_candidate_withdrew"}
"""The events of Greenhouse that have no time, so that only their order says how the application stands."""

_PAUSE, _JITTER = timedelta(minutes=30), timedelta(hours=1)


class Fate(Enum):
    """What becomes of an attempt."""

    ANSWERED = auto()
    REPEATED = auto()
    """It arrives twice."""
    UNAVAILABLE = auto()
    """The gateway answers 503 without calling the function."""
    LOST_REPLY = auto()
    KMS_DOWN = auto()
    STORE_DOWN = auto()
    """One call to DynamoDB fails."""
    STORE_REPLY_LOST = auto()
    """One call to DynamoDB is carried out, and its reply is lost."""


_FATES, _WEIGHTS = list(Fate), [5, 1, 1, 2, 1, 2, 2]


@dataclass
class Sender:
    """A provider that reports the life of a customer's application; the same seed makes the same faults.

    `port` is that of the gateway.
    """

    customer: Customer
    port: int
    seed: int
    _handled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311  # no secret

    def send(self, events: tuple[str, ...], start: datetime) -> None:
        """Send all events, each until the provider takes it for delivered; the last attempt of each has no fault."""
        schedule = SCHEDULES[self.customer.provider]
        firsts = [start + index * _PAUSE + self.random.random() * _JITTER for index in range(len(events))]
        due = [(at, index, 0) for index, at in enumerate(firsts)]
        heapify(due)
        while due:
            at, index, attempt = heappop(due)
            if self._must_wait(events, index):
                firsts[index] += _PAUSE
                heappush(due, (at + _PAUSE, index, attempt))
                continue
            is_last = attempt + 1 == len(schedule.attempts)
            fate = Fate.ANSWERED if is_last else self.random.choices(_FATES, _WEIGHTS)[0]
            with time_machine.travel(at, tick=False):
                status = self._attempt(events[index], fate)
            assert status not in schedule.drops
            if status not in schedule.succeeds:
                assert not is_last, f"{events[index]} was given up"
                heappush(due, (firsts[index] + schedule.attempts[attempt + 1], index, attempt + 1))

    def _must_wait(self, events: tuple[str, ...], index: int) -> bool:
        """Return whether an event is a decision, and an earlier decision was not received yet."""
        return events[index] in _DECISIONS and not _DECISIONS.intersection(events[:index]) <= self._handled

    def _attempt(self, event: str, fate: Fate) -> int | None:
        """Return the status that the provider receives, None if it receives no reply."""
        if fate is Fate.UNAVAILABLE:
            return 503
        for _ in range(1 + (fate is Fate.REPEATED)):
            with self._failing(fate):
                status, headers = self.customer.post(self.port, body_of(self.customer.provider, event))
            assert status == 200 or (status == 503 and headers["Retry-After"]), f"{event}: {status}"
            self._handled |= {event} if status == 200 else set()
        return None if fate is Fate.LOST_REPLY else status

    @contextmanager
    def _failing(self, fate: Fate) -> Iterator[None]:
        kms, call = self.customer.world.kms, self.random.randint(1, 6)
        is_of_store = fate in {Fate.STORE_DOWN, Fate.STORE_REPLY_LOST}
        kms.is_down = fate is Fate.KMS_DOWN
        with _store_failing(call, before=fate is Fate.STORE_DOWN) if is_of_store else nullcontext():
            yield
        kms.is_down = False


@contextmanager
def _store_failing(number: int, *, before: bool) -> Iterator[None]:
    """Make the call with a number fail, before it has an effect or afterwards."""
    call, calls = RecordingDynamoDB.__call__, count(1)

    def called(self: RecordingDynamoDB, operation: str, **request: Any) -> dict[str, Any]:
        fails = next(calls) == number
        if fails and before:
            raise Unavailable(operation)
        reply = call(self, operation, **request)
        if fails:
            raise Unavailable(operation)
        return reply

    with patch.object(RecordingDynamoDB, "__call__", called):
        yield
