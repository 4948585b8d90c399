"""Signals in any order, with what came before them, twice and late: effective times decide."""

from functools import partial
from itertools import combinations
from typing import Any

import pytest
import time_machine

from application_status.applications.items import application
from application_status.applications.rules.application import Application
from support.arrival_orders import ends_of_all_orders, without_arrival
from support.counters import expected_counters
from support.dynamodb_in_memory import Memory
from support.signals import complete, history, send, sent, signal, stands, state, statuses
from support.world import SIGNALLED_APPLICATION, World


def item_in_any_order(*signals: Any) -> Application:
    """Return the application that signals end in, and check that it is the same in every order of their arrival."""
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        steps = [partial(lambda each, world: sent(world, each), each) for each in signals]
        items = list(ends_of_all_orders(World(Memory()), steps, SIGNALLED_APPLICATION).values())
    assert all(without_arrival(each) == without_arrival(items[0]) for each in items)
    return application(items[0])


def test_changes_end_alike_in_every_order() -> None:
    """Effective times decide, not the arrival; the place in the process where they are equal."""
    ended = item_in_any_order(
        signal(state("Interview", 1)),
        signal(state("Offer", 2)),
        signal(state("Blue folder", 3)),
        signal(state("Second interview", 2, status={"label": "Second interview", "index": 2, "total": 14})),
    )
    assert [each.status for each in ended.in_order()] == ["INTERVIEW", "INTERVIEW", "OFFER", None]
    assert ended.status == "OFFER"


def test_signals_of_a_batch_are_recorded_by_effective_time(world: World) -> None:
    """However they are ordered in it, none is late, and each application has its own order."""
    sent(world, signal(state("Offer", 3)), signal(state("Screening", 1)), signal(state("Interview", 2)))
    assert statuses(world) == ["PRE_INTERVIEW", "INTERVIEW", "OFFER"]
    assert [each.version for each in history(world)] == [2, 3, 4]


def test_previous_states_end_alike_in_every_order() -> None:
    """What a signal says came before is kept, also where the signal itself is known from a later one."""
    ended = item_in_any_order(
        signal(state("Screening", 2), previous=state("Applied", 1)),
        signal(state("Blue folder", 3), previous=state("Screening", 2)),
        signal(state("Offer", 5), previous=state("Interview", 4)),
        signal(state("Interview", 4)),
    )
    assert [(each.raw_status, each.from_previous) for each in ended.in_order()] == [
        ("Applied", True), ("Screening", False), ("Blue folder", False), ("Interview", False), ("Offer", False),
    ]  # fmt: skip


def test_success_decides_between_signals_of_one_moment() -> None:
    """Missing, null, true, false: the last of these counts, whichever came first."""
    values: dict[str | None, dict[str, Any]] = {
        None: {},
        "null": {"success": None},
        "true": {"success": True},
        "false": {"success": False},
    }
    for some in combinations(values, 3):
        ended = item_in_any_order(*(signal(state("Hired", **values[each])) for each in some))
        assert [each.interpretation.success for each in ended.in_order()] == list(some)
        assert ended.status == ("REJECTED" if "false" in some else "HIRED")


def test_previous_state_never_speaks_for_the_signal_of_its_own() -> None:
    """The same label, once by itself and once as a previous state with a phase, which decides how it is read."""
    ended = item_in_any_order(
        signal(state("Zorblax", 1)),
        signal(state("Quuxify", 2), previous=state("Zorblax", 1, phase={"label": "Interview", "index": 1, "total": 3})),
    )
    assert [each.status for each in ended.in_order()] == [None, None]
    assert (ended.status, ended.head) == ("APPLIED", None)


def test_phase_decides_between_signals_that_are_alike_but_for_it() -> None:
    """The one with a phase is kept, as it is read by it where the label is unmapped."""
    phases: list[dict[str, Any]] = [{}, {"phase": {"label": "Interview", "index": 1, "total": 3}}]
    assert item_in_any_order(*(signal(state("Zorblax", 1, **phase)) for phase in phases)).status == "INTERVIEW"
    before = [
        signal(state("Offer", day), previous=state("Zorblax", 1, **phase))
        for day, phase in zip((2, 3), phases, strict=True)
    ]
    assert [each.status for each in item_in_any_order(*before).in_order()] == ["INTERVIEW", "OFFER", "OFFER"]


def test_previous_state_that_is_stored_leaves_the_head_as_it_is(world: World) -> None:
    """Also in another spelling, beside a label that is unmapped."""
    sent(world, signal(state("Phone Screen", 1)))
    before = world.stored(SIGNALLED_APPLICATION)
    sent(world, signal(state("Quuxify", 2), previous=state("PHONE SCREEN", 1)))
    after = world.stored(SIGNALLED_APPLICATION)
    assert (after.status, after.raw_status, after.head) == (before.status, before.raw_status, before.head)


def test_only_success_makes_a_signal_of_a_day_its_ending(world: World) -> None:
    """What a label means may change, so it can't decide where in a day the signal is sorted."""
    interview = signal(state("Interview", timestamp="2022-08-01T14:00:00Z"))
    sent(world, interview, signal(state("Rejected", timestamp="2022-08-01T00:00:00Z")))
    assert statuses(world) == ["REJECTED", "INTERVIEW"]
    sent(world, signal(state("Rejected", timestamp="2022-08-01T00:00:00Z", success=False)))
    assert statuses(world) == ["REJECTED", "INTERVIEW", "REJECTED"]


@pytest.mark.parametrize(
    "timestamp", ["2020-01-02T10Z", "2020-01-02T10:00:00+01", "2020-01-02T10:00:00+01:00:30", "0001-01-01T00:00:00Z"]
)
def test_signals_and_reports_read_moments_alike(world: World, timestamp: str) -> None:
    """In one grammar, with one lower bound, and in the same words."""
    error = send(world, signal(state(timestamp=timestamp))).body["errors"][0]
    (of_signal,) = error["extensions"]["errors"]
    (of_report,) = world.report("INTERVIEW", BusinessDate=timestamp).body["errors"]
    assert (of_signal["pointer"], of_report["pointer"]) == ("/input/current/timestamp", "/BusinessDate")
    assert of_signal["detail"] == of_report["detail"]


def test_signals_of_a_day_ago_go_where_they_belong(world: World) -> None:
    """A periodic sender's change is as old as it is: in front of newer ones, behind older ones."""
    with time_machine.travel("2022-08-03T11:59:00Z", tick=False):
        sent(world, signal(state("Offer", 3, timestamp="2022-08-03T11:00:00Z")))
        sent(world, signal(state("Interview", 2), timestamp="2022-08-03T11:59:00Z"))
    assert statuses(world) == ["INTERVIEW", "OFFER"]
    assert stands(world) == ("OFFER", "open")


def test_time_of_generation_does_not_order_status_updates(world: World) -> None:
    """Generated later is not in effect later."""
    sent(world, signal(state("Offer", 3), timestamp="2022-08-03T12:00:00Z"))
    sent(world, signal(state("Interview", 2), timestamp="2022-08-20T12:00:00Z"))
    assert stands(world) == ("OFFER", "open")


@pytest.mark.parametrize("timestamp", [{}, {"timestamp": None}, {"timestamp": "2022-08-20T12:00:00Z"}])
@pytest.mark.parametrize("first", [True, False])
def test_complete_means_applied_whenever_it_comes(
    world: World, timestamp: dict[str, str | None], *, first: bool
) -> None:
    """A registered application is APPLIED; the moment of sending takes none back to that, in any order."""
    before = world.item(SIGNALLED_APPLICATION)
    signals = [complete(**timestamp), signal(state("Interview", 1))]
    sent(world, signals[not first])
    assert (world.item(SIGNALLED_APPLICATION) == before) is first
    sent(world, signals[first])
    assert stands(world) == ("INTERVIEW", "open")
    assert statuses(world) == ["INTERVIEW"]


def test_unknown_label_is_kept_and_changes_nothing_else(world: World) -> None:
    """It may be read later; the status, its label and the head stay, newer or older as it may be."""
    sent(world, signal(state("Interview", 2)))
    before = world.stored(SIGNALLED_APPLICATION)
    sent(world, signal(state("Blue folder", 3)), signal(state("Red folder", 1)))
    after = world.stored(SIGNALLED_APPLICATION)
    assert (after.status, after.raw_status, after.head) == (before.status, "Interview", before.head)
    assert [each.interpretation.raw_status for each in after.in_order()] == ["Red folder", "Interview", "Blue folder"]
    assert statuses(world) == [None, "INTERVIEW", None]


def test_unknown_label_sent_again_changes_nothing(world: World) -> None:
    """It is recognised like any other, by its time, place and label."""
    sent(world, signal(state("Blue folder", 3)))
    before = world.item(SIGNALLED_APPLICATION)
    sent(world, signal(state("Blue folder", 3)))
    assert world.item(SIGNALLED_APPLICATION) == before


@pytest.mark.parametrize(
    ("previous", "current", "expected", "status"),
    [
        ("Interview", "Offer", ["INTERVIEW", "OFFER"], "OFFER"),
        ("Interview", "Blue folder", ["INTERVIEW", None], "INTERVIEW"),
        ("Red folder", "Offer", [None, "OFFER"], "OFFER"),
        ("Red folder", "Blue folder", [None, None], "APPLIED"),
    ],
)
def test_both_states_of_a_signal_are_kept(
    world: World, previous: str, current: str, expected: list[str | None], status: str
) -> None:
    """And the application stands where the newest that is understood has put it, however often it is sent."""
    for _ in range(2):
        sent(world, signal(state(current, 2), previous=state(previous, 1)))
        assert statuses(world) == expected
        assert stands(world) == (status, "open")
        assert [each.interpretation.raw_status for each in history(world)] == [previous, current]


def test_previous_state_with_a_signal_of_its_own_stays_as_signalled(world: World) -> None:
    """A state that the next signal repeats as its previous one is neither doubled nor marked."""
    sent(world, signal(state("Interview", 1)))
    sent(world, signal(state("Offer", 2), previous=state("Interview", 1)))
    assert statuses(world) == ["INTERVIEW", "OFFER"]
    assert not any(each.from_previous for each in history(world))


def test_signal_of_a_previous_state_takes_its_place(world: World) -> None:
    """The state counts as a report from then on; a second such signal changes nothing."""
    sent(world, signal(state("Offer", 2), previous=state("Interview", 1)))
    assert [each.from_previous for each in history(world)] == [True, False]
    assert sum(n for cell, n in expected_counters(world).items() if cell.measure == "reports") == 1
    sent(world, signal(state("Interview", 1)))
    assert [each.from_previous for each in history(world)] == [False, False]
    assert sum(n for cell, n in expected_counters(world).items() if cell.measure == "reports") == 2
    before = world.item(SIGNALLED_APPLICATION)
    sent(world, signal(state("Interview", 1)))
    assert world.item(SIGNALLED_APPLICATION) == before


def test_previous_state_behind_a_newer_head_leaves_the_head(world: World) -> None:
    """A late signal brings its past along, and both stay in the history."""
    sent(world, signal(state("Offer", 5)))
    sent(world, signal(state("Interview", 3), previous=state("Screening", 2)))
    assert statuses(world) == ["PRE_INTERVIEW", "INTERVIEW", "OFFER"]
    assert stands(world) == ("OFFER", "open")


def test_missing_and_null_previous_are_the_same(world: World) -> None:
    """Not every software tracks it."""
    sent(world, signal(state("Interview", 1)), signal(state("Offer", 2), previous=None))
    assert statuses(world) == ["INTERVIEW", "OFFER"]
