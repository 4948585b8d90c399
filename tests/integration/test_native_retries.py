"""Native webhooks over an unreliable network: each provider repeats what failed, and the end is as without faults."""

from itertools import count

import pytest
import time_machine

from application_status.applications.rules.report import Channel
from application_status.applications.rules.status import Outcome, Status
from support.dynamodb_in_memory import Memory
from support.native_flow import AFTERWARDS, ENDED, HIRED, REOPENED, Customer, moments, name_stages, served, streamed
from support.native_senders import SCHEDULES, Sender
from support.world import World

SEEDS = 20
"""For each of the three lives at each of the four providers: 240 together."""

HIRE = (Status.HIRED, (Outcome.HIRED, False))
NOT_SELECTED, WITHDRAWN, DECLINED = (
    (Status.REJECTED, (each, False))
    for each in (Outcome.NOT_SELECTED, Outcome.CANDIDATE_WITHDREW, Outcome.OFFER_DECLINED)
)
ENDS = {
    "hired": dict.fromkeys(SCHEDULES, HIRE),
    "ended": {
        Channel.GREENHOUSE: WITHDRAWN,
        Channel.ASHBY: NOT_SELECTED,
        Channel.RECRUITEE: WITHDRAWN,
        Channel.LEVER: NOT_SELECTED,
    },
    "reopened": dict.fromkeys(SCHEDULES, HIRE) | {Channel.GREENHOUSE: DECLINED},
}
LIVES = {"hired": HIRED, "ended": ENDED, "reopened": REOPENED}


@pytest.fixture
def world() -> World:
    """Return a World in which each delivery comes to a function whose cache is out of date."""
    ticks = count(step=61)
    world = World(Memory(), clock=lambda: next(ticks))
    name_stages(world)
    return world


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("provider", SCHEDULES)
def test_end_is_as_without_faults(world: World, provider: Channel, life: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures, lost replies, repetitions and another order change neither the end nor what is counted of it."""
    monkeypatch.setattr("application_status.platform.deadlines._FIRST_PAUSE_SECONDS", 0.0)
    events, end = LIVES[life][provider], ENDS[life][provider]
    perfect = registered(world, "perfect", provider)
    for at, body in moments(provider, events):
        with time_machine.travel(at, tick=False):
            assert perfect.send(body).status == 200
    with served(world) as port:
        senders = [Sender(registered(world, f"seed-{seed}", provider), port, seed) for seed in range(SEEDS)]
        for sender in senders:
            sender.send(events, AFTERWARDS[provider])
    streamed(world)
    streamed(world, is_shuffled=True)
    assert (perfect.stored().status, perfect.stored().outcome) == end
    for seed, sender in enumerate(senders):
        found = sender.customer.stored()
        assert (found.status, found.outcome) == end, f"seed {seed}"
        assert numbers_of_end(sender.customer) == numbers_of_end(perfect), f"seed {seed}"


def registered(world: World, name: str, provider: Channel) -> Customer:
    customer = Customer.of(world, provider, f"{provider}-{name}")
    customer.register()
    return customer


def numbers_of_end(customer: Customer) -> dict[str, int]:
    """Return what is counted of the end of an application.

    An offer of Greenhouse has no time. So a change of the hired application that is received after a late offer is an
    earlier entry, and the hire itself is another one.
    """
    families = {"applications", "reached", "outcome"}
    if customer.provider is not Channel.GREENHOUSE:
        families |= {"entered:HIRED", "entered:REJECTED"}
    return {name: n for name, n in customer.numbers().items() if {name, name.partition(":")[0]} & families}
