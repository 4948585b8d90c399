"""Tokens, OAuth clients and secrets of webhooks that are replaced under load, on a fake clock over many containers."""

import heapq
import json
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, override

import pytest
import time_machine

from application_status.access import connections, tokens
from application_status.access import rules as formats
from application_status.access.connections import Created
from application_status.access.register import TokenRegister
from application_status.applications.register import Registrations
from application_status.applications.rules.report import Channel
from application_status.functions.batch import make_handler as make_batch
from application_status.functions.connect import make_handler as make_connect
from application_status.functions.oauth import OauthSettings
from application_status.functions.oauth import make_handler as make_oauth
from application_status.functions.signals import make_handler as make_signals
from application_status.functions.webhook import make_handler as make_webhook
from application_status.platform import deadlines
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import Cache, DynamoDB
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.telemetry import logger, metrics
from application_status.platform.values import AtsId, application_id
from support import faults, oauth, signals
from support.dynamodb_in_memory import Memory
from support.native_webhooks import body_of, signed
from support.proof import Figure, amount
from support.webhooks import delivery
from support.world import (
    World,
    batch_settings,
    connect_settings,
    http_event,
    registration,
    signals_settings,
    webhook_settings,
)

REQUESTS = amount(600, 10_000)
SEED, START = 18, datetime(2026, 11, 22, 9, tzinfo=UTC)
CONTAINERS, ATSS = 6, [AtsId(f"ats-{number}") for number in range(5)]
SECONDS_BETWEEN_REQUESTS = amount(3, 1)
LIMIT = 60.0
"""The seconds after which no container accepts what was revoked."""


@dataclass
class Clock:
    """A clock of all containers; while a container waits for the store, operators work.

    `due` are the deeds of operators, and the time of each in seconds since the start.
    """

    traveller: Any
    now: float = 0.0
    due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def plan(self, seconds: float, deed: Callable[[], None]) -> None:
        heapq.heappush(self.due, (self.now + seconds, len(self.due), deed))

    def advance(self, until: float) -> None:
        while self.due and self.due[0][0] <= until:
            self._set(max(self.now, self.due[0][0]))
            heapq.heappop(self.due)[2]()
        self._set(max(self.now, until))

    def _set(self, now: float) -> None:
        self.now = now
        self.traveller.move_to(START.timestamp() + now)


class SlowDynamoDB(DynamoDB):
    """A store that some replies take up to two seconds to come from."""

    def __init__(self, memory: Memory, clock: Clock, chance: random.Random) -> None:
        super().__init__(boto.transport(memory))
        self._clock, self._chance = clock, chance

    @override
    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        try:
            return super().__call__(operation, **request)
        finally:
            seconds = self._chance.uniform(0, 2) if self._chance.random() < 0.1 else 0.005
            self._clock.advance(self._clock.now + seconds)


class Container:
    """An execution environment of each function."""

    def __init__(self, dynamodb: DynamoDB, kms: Any, clock: Clock) -> None:
        self.webhook = make_webhook(dynamodb, webhook_settings())
        self.batch = make_batch(dynamodb, batch_settings())
        self.signals = make_signals(dynamodb, signals_settings())
        self.oauth = make_oauth(dynamodb, OauthSettings("TokensTable", 0))
        self.connect = make_connect(dynamodb, kms, connect_settings(), clock=clock.monotonic)


class Tokens:
    """The token of an ATS that sends reports and batches."""

    def __init__(self, world: World, place: int) -> None:
        self._register, self._ats = TokenRegister(world.dynamodb, "TokensTable"), ATSS[place]
        self._application = application_id(f"{place:032}")
        Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable").register(
            self._application, registration(ats_id=self._ats)
        )
        self.current = self.issue()

    def issue(self) -> str:
        text = formats.generate()
        self._register.add(text, self._ats)
        return text

    def is_used(self, credential: str) -> bool:
        """Return whether `tokens list` shows that a token is used."""
        of_ats = {each.key_id: each for each in self._register.list(self._ats)}
        return of_ats[str(formats.key_id(credential))].last_used_on is not None

    def revoke(self, credential: str) -> None:
        self._register.revoke(str(formats.key_id(credential)))

    def send(self, credential: str, container: Container, chance: random.Random) -> bool:
        """Send a report or a batch; return whether it was accepted."""
        report = {"AtsiApplicationId": self._application, "Status": chance.choice(["INTERVIEW", "OFFER"])}
        path = "/api/application-status"
        if chance.random() < 0.5:
            return _accepts(container.webhook, http_event("POST", path, report, token=credential))
        return _accepts(container.batch, http_event("POST", f"{path}/batch", {"Reports": [report]}, token=credential))


class Clients:
    """The OAuth client of an ATS that sends signals."""

    def __init__(self, world: World, place: int, clock: Clock) -> None:
        self._register, self._ats, self._clock = TokenRegister(world.dynamodb, "TokensTable"), ATSS[place], clock
        self._held: dict[oauth.Credentials, tuple[str, float]] = {}
        self.current = self.issue()

    def issue(self) -> oauth.Credentials:
        return oauth.created(self._register, self._ats)

    def is_used(self, credential: oauth.Credentials) -> bool:
        """Return whether `clients list` shows that a client is used."""
        return oauth.stored(self._register, credential).last_used_on is not None

    def revoke(self, credential: oauth.Credentials) -> None:
        self._register.revoke_client(credential.client_id)

    def send(self, credential: oauth.Credentials, container: Container, _: random.Random) -> bool:
        """Send a signal with the access token that is held, and get one first without one; both must be accepted.

        Whoever holds one of a revoked client asks for another as well.
        """
        text, until = self._held.get(credential, ("", 0.0))
        is_given = True
        if self._clock.now >= until or credential != self.current:
            kind = {"Content-Type": "application/json"}
            event = http_event("POST", oauth.PATH, oauth.GRANT | credential._asdict(), kind, token=None)
            reply = container.oauth(event, None)
            is_given = reply["statusCode"] == 200
            if is_given:
                text = json.loads(reply["body"])["access_token"]
                self._held[credential] = text, self._clock.now + 1500
        query = {"query": signals.ONE, "variables": {"input": signals.signal(signals.state())}}
        accepted = _accepts(container.signals, signals.event(query, token=text))
        return accepted and is_given if credential == self.current else accepted or is_given


class Secrets:
    """The secret with which Greenhouse signs the deliveries of a customer."""

    def __init__(self, world: World, place: int) -> None:
        self._register, self._number = world.connections, 0
        self.current = "secret-number-0"
        self.created: Created = self._register.create(
            Channel.GREENHOUSE, ATSS[place], "client-1", secret=self.current, created_by="operator"
        )

    def issue(self) -> str:
        self._number += 1
        secret = f"secret-number-{self._number}"
        self._register.add_secret(self._register.get(self.created.connection.id), secret)
        return secret

    def is_used(self, _: str) -> bool:
        """Return whether the customer has changed the secret, which they say."""
        return True

    def revoke(self, credential: str) -> None:
        connection = self._register.get(self.created.connection.id)
        self._register.remove_secret(connection, 1 + self._register.secrets(connection).index(credential))

    def send(self, credential: str, container: Container, _: random.Random) -> bool:
        body = body_of(Channel.GREENHOUSE, "ping")
        headers = signed(Channel.GREENHOUSE, body, credential)
        return _accepts(container.connect, delivery(self.created, body, headers))


def _accepts(handler: LambdaHandler, event: Any) -> bool:
    reply = handler(event, None)
    assert reply["statusCode"] in {200, 401, 404}, reply
    return bool(reply["statusCode"] == 200)


@dataclass
class Simulation:
    """ATSs that send, operators that replace what they send with, and thieves who use the former ones.

    Attributes:
        refused: the refused requests of ATSs, by what they were sent with.
        changes: how often something was replaced.
        longest: the longest time in seconds after which something revoked was accepted.
    """

    clock: Clock
    chance: random.Random
    kinds: list[Any]
    containers: list[Container]
    fresh: Callable[[], Container]
    refused: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    changes: int = 0
    attempts: int = 0
    longest: float = 0.0
    _thefts: list[tuple[float, int, Any, Any, float]] = field(default_factory=list)

    def run(self, requests: int) -> None:
        for kind in self.kinds:
            self.clock.plan(self.chance.uniform(0, 700), partial(self._issue, kind))
        next_request = 0.0
        while self.sent < requests or self._thefts:
            if self._thefts and (self._thefts[0][0] <= next_request or self.sent == requests):
                at, _, kind, credential, revoked_at = heapq.heappop(self._thefts)
                self.clock.advance(at)
                self._steal(kind, credential, revoked_at)
                continue
            self.clock.advance(next_request)
            kind = self.chance.choice(self.kinds)
            accepted = kind.send(kind.current, self.chance.choice(self.containers), self.chance)
            self.refused[type(kind).__name__] += not accepted
            self.sent += 1
            next_request += self.chance.expovariate(1 / SECONDS_BETWEEN_REQUESTS)

    def _steal(self, kind: Any, credential: Any, revoked_at: float) -> None:
        """Use something that was revoked, or will be at once."""
        age = self.clock.now - revoked_at
        if age < 0:
            self.containers[self.chance.randrange(CONTAINERS)] = self.fresh()
        for container in self.containers:
            age = self.clock.now - revoked_at
            self.attempts += 1
            if kind.send(credential, container, self.chance):
                self.longest = max(self.longest, age)

    def _issue(self, kind: Any) -> None:
        former, new = kind.current, kind.issue()
        self.clock.plan(self.chance.uniform(0, 20), partial(self._switch, kind, former, new))

    def _switch(self, kind: Any, former: Any, new: Any) -> None:
        kind.current = new
        self.clock.plan(self.chance.uniform(5, 60), partial(self._plan_revocation, kind, former))

    def _plan_revocation(self, kind: Any, former: Any) -> None:
        if not kind.is_used(kind.current):
            self.clock.plan(30, partial(self._plan_revocation, kind, former))
            return
        at = self.clock.now + 10
        self.clock.plan(10, partial(self._revoke, kind, former))
        for seconds in (-5, -0.01, 1, 58, 59.9, 60, 61, 75):
            theft = (at + seconds, self.changes * 100 + len(self._thefts), kind, former, at)
            heapq.heappush(self._thefts, theft)

    def _revoke(self, kind: Any, former: Any) -> None:
        kind.revoke(former)
        self.changes += 1
        self.clock.plan(self.chance.uniform(200, 900), partial(self._issue, kind))


@pytest.fixture(scope="module")
def simulation() -> Iterator[Simulation]:
    """ATSs that have sent their requests."""
    level = logger.log_level
    logger.setLevel(logging.CRITICAL)
    with pytest.MonkeyPatch.context() as patch, time_machine.travel(START, tick=False) as traveller:
        clock, chance = Clock(traveller), random.Random(SEED)  # noqa: S311  # no secret
        patch.setattr(metrics, "add_metric", lambda **_: None)
        patch.setattr(deadlines, "time", faults.Clock())  # or a busy machine would reach them
        for module in (tokens, connections):
            patch.setattr(module, "Cache", _on(clock))
        memory = Memory()
        world = World(memory)
        fresh = partial(Container, SlowDynamoDB(memory, clock, chance), world.kms, clock)
        kinds: list[Any] = [Tokens(world, place) for place in range(len(ATSS))]
        kinds += [Clients(world, place, clock) for place in range(len(ATSS))]
        kinds += [Secrets(world, place) for place in range(len(ATSS))]
        found = Simulation(clock, chance, kinds, [fresh() for _ in range(CONTAINERS)], fresh)
        found.run(REQUESTS)
        yield found
    logger.setLevel(level)


def _on(clock: Clock) -> type[Cache[Any, Any]]:
    class OnThisClock[Key, Value](Cache[Key, Value]):
        def __init__(self, seconds: float, _: object = None) -> None:
            super().__init__(seconds, clock.monotonic)

    return OnThisClock


def test_replacing_a_token_costs_no_request(simulation: Simulation, figure: Figure) -> None:
    """An ATS replaces its token, its OAuth client or the secret of its webhook, and no request is refused.

    Operators issue the second one, the ATS changes to it at once or within seconds, and when it is used, the first one
    is revoked.
    """
    assert simulation.refused.total() == 0, simulation.refused
    assert simulation.changes > REQUESTS // 50
    figure(f"0 of {simulation.sent:,} refused, in {simulation.changes} changes")


def test_what_is_revoked_is_refused_within_a_minute(simulation: Simulation, figure: Figure) -> None:
    """No container accepts a revoked token, client, access token or secret for longer than 60 seconds.

    Also a container that was reading it when it was revoked, from a slow store.
    """
    assert 0 < simulation.longest < LIMIT
    figure(f"at most {simulation.longest:.1f} s, in {simulation.attempts:,} attempts over {CONTAINERS} containers")
