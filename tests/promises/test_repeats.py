"""Exact repetitions of what every intake takes: soon and late, with other reports in between, in new containers."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

import time_machine

from application_status.applications.rules.report import NATIVE, Channel
from support import dispositions, native_flow, signals
from support.dynamodb_in_memory import Memory
from support.files import Station, csv
from support.native_flow import Customer, moments, name_stages, streamed
from support.proof import IN_FULL, Figure, amount
from support.signals import position_signal, signal, state
from support.world import SIGNALLED_APPLICATION, World

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
AGES = (timedelta(seconds=1), timedelta(hours=2), timedelta(hours=76), timedelta(days=30))
WHEN = "2026-11-20T09:00:00Z"
DATED = {
    "AtsiApplicationId": SIGNALLED_APPLICATION,
    "Status": "INTERVIEW",
    "BusinessDate": WHEN,
    "RawStatus": "On-site",
}
OF_A_DAY = DATED | {"Status": "REJECTED", "BusinessDate": "2026-11-20T00:00:00+01:00"}
KEYED = {"AtsiApplicationId": SIGNALLED_APPLICATION, "Status": "INTERVIEW", "RawStatus": "On-site"}
_OF_REQUESTS = {"TokensTable", "SandboxRequestsTable", "FilesTable", "ConnectionsTable"}
"""The tables that say what was sent; each upload of a file is a file of its own."""

type Send = Callable[[World], object]


def report(world: World, body: Mapping[str, Any], key: str | None = None) -> None:
    fields = {name: value for name, value in body.items() if name != "Status"}
    reply = world.report(body["Status"], headers={"Idempotency-Key": key} if key else {}, **fields)
    assert reply.status == 200, reply.body


def batch(world: World, *bodies: Mapping[str, Any]) -> None:
    reply = world.report_batch(*bodies)
    assert reply.status == 200, reply.body


def file(world: World, *rows: str) -> None:
    station = Station(world)
    station.imported(csv(*rows))


def disposed(world: World) -> None:
    about = {"indeedApplyID": SIGNALLED_APPLICATION}
    dispositions.sent(world, dispositions.about(about, statusChangeDateTime=WHEN))


INTAKES: Mapping[str, Send] = {
    "a dated report": partial(report, body=DATED),
    "a report of a day": partial(report, body=OF_A_DAY),
    "a report with a key": partial(report, body=KEYED, key="key-1"),
    "a dated report with a key": partial(report, body=DATED, key="key-1"),
    "a batch of dated reports": lambda world: batch(world, DATED, DATED | {"BusinessDate": "2026-11-19T09:00:00Z"}),
    "a batch of reports with keys": lambda world: batch(
        world, KEYED | {"IdempotencyKey": "1"}, KEYED | {"IdempotencyKey": "2", "Status": "OFFER"}
    ),
    "a signal": lambda world: signals.sent(world, signal(state("Interview", timestamp=WHEN))),
    "a signal with a previous state": lambda world: signals.sent(
        world, signal(state("Interview", timestamp=WHEN), previous=state("Screening", timestamp="2026-11-18T09:00:00Z"))
    ),
    "a signal of an ending": lambda world: signals.sent(world, signal(state("The end", timestamp=WHEN, success=False))),
    "a signal of a position": lambda world: signals.sent(world, position_signal(success=True)),
    "a disposition": disposed,
    "a file of dated rows": lambda world: file(world, f"{SIGNALLED_APPLICATION},On-site,INTERVIEW,{WHEN}"),
}  # fmt: skip


def others(world: World) -> None:
    """Report something newer, something older, and the way back."""
    for status, when in (("OFFER", "2026-11-21T09:00:00Z"), ("CONTACT", "2026-11-01T09:00:00Z"), ("APPLIED", None)):
        report(world, {"AtsiApplicationId": SIGNALLED_APPLICATION, "Status": status, "BusinessDate": when})


def contents(world: World) -> dict[str, Any]:
    """Return what is stored of applications and counters, without the parked events of unknown applications."""
    saved: dict[str, Any] = world.client.saved()
    return {
        name: {key: row for key, row in rows.items() if not key[0].startswith("parked#")}
        for name, rows in saved.items()
        if name not in _OF_REQUESTS
    }


def repeat(world: World, send: Callable[[], object], name: str) -> int:
    """Repeat something at each age, in a new container; return how often it was repeated."""
    streamed(world)
    before = contents(world)
    records = len(world.client.streams["ApplicationsTable"])
    ages = AGES[:: amount(3, 1)]
    for age in ages:
        with time_machine.travel(START + age, tick=False):
            world.restart()
            send()
            assert contents(world) == before, f"{name}, after {age}"
            assert len(world.client.streams["ApplicationsTable"]) == records, f"{name}, after {age}"
            if IN_FULL or age == AGES[-1]:
                streamed(world)
                assert contents(world) == before, f"{name}, after {age}: counted again"
    return len(ages)


def intakes() -> Iterator[tuple[str, int]]:
    """Repeat what each intake takes, with and without other reports in between."""
    for (name, send), are_others_between in product(INTAKES.items(), (True, False) if IN_FULL else (True,)):
        with time_machine.travel(START, tick=False):
            world = World(Memory())
            send(world)
            if are_others_between:
                others(world)
            yield name, repeat(world, partial(send, world), name)


def deliveries() -> Iterator[tuple[str, int]]:
    """Repeat each delivery of three lives of applications at each provider, after the whole life."""
    lives = {"hired": native_flow.HIRED, "ended": native_flow.ENDED, "reopened": native_flow.REOPENED}
    for (life, events), provider in product([*lives.items()][: amount(1, 3)], NATIVE):
        with time_machine.travel(START, tick=False):
            world = World(Memory())
            name_stages(world)
            customer = Customer.of(world, Channel(provider), "client-9")
            customer.register()
        for at, body in moments(provider, events[provider]):
            with time_machine.travel(at, tick=False):
                assert customer.send(body).status in {200, 202}
        for name, (_, body) in zip(events[provider], moments(provider, events[provider]), strict=True):
            yield provider, repeat(world, partial(customer.send, body), f"{provider}, {life}, {name}")


def test_repeats(figure: Figure) -> None:
    """A report that is dated or has a key, and comes again at any age, changes nothing.

    Everything that the intakes take is sent again after 1 second, 2 hours, 76 hours and 30 days, to new containers: no
    item, no record of a stream and no counter changes.
    """
    made = [*intakes(), *deliveries()]
    kinds = {name for name, _ in made}
    figure(f"{sum(times for _, times in made)} repetitions over {len(kinds)} intakes: 0 changes")
