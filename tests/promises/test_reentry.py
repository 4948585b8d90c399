"""Applications that come back to a status, and endings of applications whose history is nearly full, full or folded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations
from random import Random

import pytest
import time_machine

from application_status.applications import items
from application_status.applications.rules.application import (
    HISTORY_LIMIT,
    Application,
    first_response,
    is_too_early,
)
from application_status.applications.rules.report import Report, Success, Transition
from application_status.applications.rules.status import Status
from application_status.platform.values import from_text, to_text
from application_status.quality.rules.contribution import contribution
from support import dispositions, signals
from support.dynamodb_in_memory import Memory
from support.generated_reports import received, report, signalled
from support.generated_reports import state as signal_state
from support.proof import IN_FULL, Figure, amount
from support.signals import signal, state
from support.world import BERLIN, SIGNALLED_APPLICATION, World

START = "2026-11-22T10:00:00Z"
FIRST = from_text("2022-08-01T10:00:00.000Z")
STEP = timedelta(hours=25)
LONGEST_WALK = amount(5, 6)
LONGEST_HISTORY = amount(HISTORY_LIMIT + 1, 600)
LENGTHS = {1, HISTORY_LIMIT - 1, HISTORY_LIMIT, LONGEST_HISTORY} | (
    {0, 2, 100, HISTORY_LIMIT - 2, HISTORY_LIMIT + 1, 300} if IN_FULL else set()
)


@pytest.fixture
def world() -> Iterator[World]:
    with time_machine.travel(START, tick=False):
        yield World(Memory())


def walked(world: World, statuses: Sequence[str], *, dated: bool) -> int:
    """Take all walks over the statuses, and check the history after each step; return how many walks there are."""

    def go_on(walk: tuple[str, ...]) -> int:
        if len(walk) == LONGEST_WALK:
            return 0
        walks, saved = 0, world.client.saved()
        for status in statuses:
            now = (*walk, status)
            when = to_text(FIRST + len(walk) * STEP) if dated else None
            reply = world.report(status, BusinessDate=when)
            before = walk[-1] if walk else "APPLIED"
            is_new = dated or status != before
            assert reply.status == 200
            assert reply.body["Result"] == ("recorded" if is_new else "unchanged"), now
            changes = [each for last, each in zip(("APPLIED", *now), now, strict=False) if dated or each != last]
            assert [each.status for each in world.stored().in_order()] == changes, now
            assert world.stored().status == status
            walks += 1 + go_on(now)
            world.client.restore(saved)
        return walks

    return go_on(())


def test_reentry(world: World, figure: Figure) -> None:
    """An application may come back to a status as often as it likes, and every change is kept.

    These are all walks over three statuses, with and without a BusinessDate. Only a repetition of the current status
    without one is no change.
    """
    triples = list(combinations(map(str, Status), 3))
    chosen = [("INTERVIEW", "OFFER", "REJECTED"), *Random(6).sample(triples, amount(0, 9))]  # noqa: S311  # no secret
    walks = sum(walked(world, each, dated=dated) for each in chosen for dated in (False, True))
    figure(f"{walks:,} of {walks:,} walks of up to {LONGEST_WALK} steps")


@dataclass(frozen=True)
class History:
    """An application after many reports, and all transitions that they made."""

    stored: Application
    made: Mapping[str, Transition]
    reports: int


def histories(base: Application, made: Callable[[int, datetime], Report]) -> Iterator[History]:
    """Yield the application after some numbers of reports."""
    application, transitions = base, dict[str, Transition]()
    for number in range(LONGEST_HISTORY + 1):
        if number in LENGTHS:
            yield History(application, dict(transitions), number)
        each = made(number, FIRST + number * STEP)
        application = received(application, each)
        for transition in (each.previous, each.transition()):
            if transition:
                transitions.setdefault(transition.key, transition)


def _of_signal(number: int, at: datetime) -> Report:
    """Return a signal with a label that changes, or that is not mapped."""
    current = signal_state(("Blue", "Interview", "Call")[number % 3], number % 4, at, None, None, only_the_day=False)
    before = signal_state("Red", 0, at - STEP / 2, None, None, only_the_day=False)
    return signalled(current, before if number % 2 else None)


MADE: Mapping[str, Callable[[int, datetime], Report]] = {
    "confirmations": lambda _, at: report(Status.PRE_INTERVIEW, at),
    "changes": lambda number, at: report((Status.INTERVIEW, Status.OFFER)[number % 2], at, f"stage {number}"),
    "statuses": lambda number, at: report(list(Status)[number % 7], at, f"stage {number % 3}"),
    "signals": _of_signal,
}

type Send = Callable[[World], None]


def reported(status: str, *, key: str | None = None, **fields: str) -> Send:
    headers = {"Idempotency-Key": key} if key else {}

    def send(world: World) -> None:
        reply = world.report(status, AtsiApplicationId=SIGNALLED_APPLICATION, headers=headers, **fields)
        assert (reply.status, reply.body["Result"]) == (200, "recorded")

    return send


def signals_end(success: Success, **when: str) -> Send:
    value = success is Success.PLACED
    moment = {"timestamp": "2026-11-21T10:00:00Z"} | when
    return lambda world: signals.sent(world, signal(state("The end", success=value, **moment)))


def disposed(status: str) -> Send:
    about = {"indeedApplyID": SIGNALLED_APPLICATION}
    sent = dispositions.about(about, dispositionStatus=status, statusChangeDateTime="2026-11-21T10:00:00Z")
    return lambda world: dispositions.sent(world, sent)


def in_batch(status: str) -> Send:
    def send(world: World) -> None:
        reply = world.report_batch({"AtsiApplicationId": SIGNALLED_APPLICATION, "Status": status})
        assert (reply.status, reply.body["Results"][0]["Reply"]["Result"]) == (200, "recorded")

    return send


ENDINGS: Sequence[tuple[str, Send]] = [
    *(
        (status, send)
        for status in ("HIRED", "REJECTED")
        for send in (
            reported(status),
            reported(status, key="key"),
            reported(status, BusinessDate="2026-11-22T09:59:00Z", RawStatus="The end"),
            reported(status, BusinessDate="2026-11-22T00:00:00+01:00"),
            in_batch(status),
        )
    ),
    ("HIRED", signals_end(Success.PLACED)),
    ("REJECTED", signals_end(Success.NOT_PLACED)),
    ("REJECTED", signals_end(Success.NOT_PLACED, timestamp="2026-11-21T00:00:00Z")),
    ("HIRED", disposed("ONBOARDED")),
    ("REJECTED", disposed("NOT_SELECTED")),
]


def first_entries(transitions: Mapping[str, Transition], of: Application) -> dict[Status, str]:
    """Return the key of the first entry into each status."""
    firsts: dict[Status, str] = {}
    for key in sorted(transitions):
        each = transitions[key]
        if each.status and not is_too_early(each, of.registration):
            firsts.setdefault(each.status, key)
    return firsts


def check_end(before: History, after: Application, status: str) -> None:
    """Check that an ending was recorded, and that nothing is gone that must stay, or is not counted."""
    added = {key: each for key, each in after.transitions.items() if key not in before.made}
    assert [each.status for each in added.values()] == [status]
    assert (after.status, after.head) == (status, *added)
    assert len(after.transitions) <= HISTORY_LIMIT
    every = {**before.made, **added}
    assert after.transitions.keys() <= every.keys()
    folded = sum(each.folded.reports for each in after.transitions.values() if each.folded)
    gone = [each for key, each in every.items() if key not in after.transitions]
    assert folded == sum(not each.from_previous for each in gone)
    assert first_entries(after.transitions, after) == first_entries(every, after)
    ordered = [every[key] for key in sorted(every)]
    responses = [first_response(each, after.registration) for each in (after.in_order(), ordered)]
    assert responses[0] == responses[1]
    counted = sum(n for cell, n in contribution(after, BERLIN).items() if cell.measure == "reports")
    assert counted == before.reports + 1


def test_endings_find_room(world: World, figure: Figure) -> None:
    """The end of an application always finds room in its history, and what is folded for it is counted.

    Each status's first entry and the employer's first response stay.
    """
    base, saved, ends = world.stored(SIGNALLED_APPLICATION), world.client.saved(), 0
    for name, made in MADE.items():
        for before in histories(base, made):
            item = items.application_item(replace(before.stored, application_id=base.application_id), updated_at=START)
            for status, send in ENDINGS:
                world.client.put_item(TableName="ApplicationsTable", Item={**item, "Positions": {"M": {}}})
                send(world)
                try:
                    check_end(before, world.stored(SIGNALLED_APPLICATION), status)
                except AssertionError as error:
                    error.add_note(f"{name}, {before.reports} reports, {status}")
                    raise
                world.client.restore(saved)
                ends += 1
    figure(f"{ends:,} of {ends:,} endings, after up to {LONGEST_HISTORY} reports")
