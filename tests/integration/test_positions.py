"""A position's end: why open applications ended, inferred, and only as long as nothing newer says so."""

from datetime import timedelta
from typing import Any

import pytest

from application_status.applications.register import RegistrationResult, Registrations
from application_status.applications.rules.registration import Aliases
from application_status.platform.values import ApplicationId, application_id, from_text
from application_status.quality.rules.contribution import contribution
from support.signals import counted, position_signal, sent, signal, state, statuses
from support.streams import positions_copied
from support.world import (
    APPLICATION,
    BERLIN,
    FOREIGN_APPLICATION,
    OTHER_ATS,
    OTHER_TOKEN,
    POSITION,
    SIGNALLED_APPLICATION,
    World,
    registration,
    sample_event,
)

OPEN, CLOSED = ("open", False), ("position_closed", True)


def register(world: World, number: int, **changes: Any) -> ApplicationId:
    """Register an application of the position under a number of its own."""
    new = application_id(f"7d0c1b52-4a36-4be3-a7ac-{number:012}")
    aliases = Aliases(position_profile_ids=(POSITION,), tokens=(f"token-{number}",))
    content = registration(**{"aliases": aliases} | changes)
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    assert registrations.register(new, content) is RegistrationResult.REGISTERED
    return new


def outcome(world: World, of: str = SIGNALLED_APPLICATION) -> tuple[str, bool]:
    return world.stored(of).outcome


def state_after(world: World, *signals: dict[str, Any]) -> tuple[str, bool]:
    """Send signals, copy the positions' states to the application, and return its outcome."""
    for each in signals:
        sent(world, each)
    positions_copied(world)
    return outcome(world)


@pytest.mark.parametrize("success", [True, False])
def test_end_of_a_position_is_an_inferred_outcome(world: World, success: object) -> None:
    """Filled by anyone or withdrawn: never a status, never a hire, never counted against the applicant."""
    before = world.stored(SIGNALLED_APPLICATION)
    assert state_after(world, position_signal(success)) == CLOSED
    after = world.stored(SIGNALLED_APPLICATION)
    assert (after.status, after.head, after.transitions) == (before.status, before.head, before.transitions)
    assert after.version == before.version + 1
    measures = {cell.measure: amount for cell, amount in contribution(after, BERLIN).items()}
    assert measures == dict.fromkeys(
        ("applications", "reached:APPLIED", "outcome:position_closed", "inferred", "no_response:18", "entered:APPLIED",
         "position_closed:APPLIED:18"), 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("label", "success", "expected"),
    [
        ("Closed", {"success": None}, OPEN),
        ("Position filled", {"success": None}, OPEN),
        ("Interview", {"success": True}, CLOSED),
        ("Position filled", {}, CLOSED),
        ("Position withdrawn", {}, CLOSED),
        ("Interview", {}, OPEN),
        ("Blue folder", {}, OPEN),
    ],
)
def test_success_decides_whether_a_position_ended_or_else_its_label(
    world: World, label: str, success: dict[str, Any], expected: tuple[str, bool]
) -> None:
    """null is not final, whatever the label; an unmapped label ends nothing."""
    assert state_after(world, position_signal(None, current=state(label, 10, **success))) == expected


@pytest.mark.parametrize("success", [True, False])
def test_only_open_applications_get_the_outcome(world: World, success: object) -> None:
    """An application that ended by its own reports keeps its outcome; all keep their status."""
    others = {
        register(world, 1): (state("Hired", 1, success=True), ("hired", False), "HIRED"),
        register(world, 2): (state("Rejected", 1, success=False), ("not_selected", False), "REJECTED"),
        register(world, 3): (state("Offer declined", 1), ("offer_declined", False), "REJECTED"),
        register(world, 4): (state("Interview", 1), CLOSED, "INTERVIEW"),
        register(world, 5): (state("Offer accepted", 1, success=None), CLOSED, "OFFER"),
    }
    for number, (current, _, _) in enumerate(others.values(), start=1):
        sent(world, signal(current, token=f"token-{number}"))
    state_after(world, position_signal(success))
    for each, (_, expected, status) in others.items():
        assert (outcome(world, each), world.stored(each).status) == (expected, status)
    assert outcome(world, APPLICATION) == OPEN


def test_reopened_position_takes_its_end_back(world: World) -> None:
    """As often as it closes and opens."""
    for day, (success, expected) in enumerate([(False, CLOSED), (None, OPEN), (True, CLOSED), (None, OPEN)], start=10):
        assert state_after(world, position_signal(success, day)) == expected
    assert "inferred" not in {cell.measure for cell in contribution(world.stored(SIGNALLED_APPLICATION), BERLIN)}


@pytest.mark.parametrize(
    ("label", "success", "expected"),
    [
        ("Interview", {}, OPEN),
        ("Offer accepted", {"success": None}, OPEN),
        ("Hired", {"success": True}, ("hired", False)),
        ("Candidate withdrew", {"success": False}, ("candidate_withdrew", False)),
        ("Interview", {"success": False}, ("ended_unknown", False)),
        ("Blue folder", {}, CLOSED),
    ],
)
def test_newer_status_of_its_own_undoes_what_was_inferred(
    world: World, label: str, success: dict[str, Any], expected: tuple[str, bool]
) -> None:
    """The application's own status replaces the inferred outcome, except with an unmapped label."""
    state_after(world, position_signal(success=False, day=10))
    assert state_after(world, signal(state(label, 11, **success))) == expected


def test_older_status_of_its_own_leaves_what_was_inferred(world: World) -> None:
    """An interview dated before the position's end, but reported later, does not reopen it."""
    state_after(world, position_signal(success=False, day=10))
    assert state_after(world, signal(state("Interview", 9))) == CLOSED
    assert statuses(world) == ["INTERVIEW"]


def test_position_that_closes_again_after_the_status_ends_it_again(world: World) -> None:
    """What is newer counts, from either side."""
    state_after(world, position_signal(success=False, day=10))
    assert state_after(world, signal(state("Interview", 11))) == OPEN
    assert state_after(world, position_signal(None, day=12)) == OPEN
    assert state_after(world, position_signal(success=True, day=13)) == CLOSED
    assert state_after(world, signal(state("Offer", 12))) == CLOSED
    assert state_after(world, signal(state("Offer", 14))) == OPEN


@pytest.mark.parametrize(("newer", "other", "then"), [(None, False, CLOSED), (True, None, OPEN)])
def test_older_and_repeated_signals_of_a_position_are_ignored(
    world: World, newer: object, other: object, then: tuple[str, bool]
) -> None:
    """Nothing is written for them; with the same moment, the later place in the process counts."""
    state_after(world, position_signal(newer, 12))
    before = world.contents()
    status = {"label": "Closed", "index": 2, "total": 14}
    earlier = state("Closed", 12, success=other, status=status)
    for each in (position_signal(other, 11), position_signal(newer, 12), position_signal(None, current=earlier)):
        sent(world, each)
    assert world.contents() == before
    assert state_after(world, position_signal(None, current=earlier | {"status": status | {"index": 4}})) == then


def test_application_registered_after_the_end_gets_it(world: World) -> None:
    """The stream record of its alias row copies the end to it; a later reopening is copied too."""
    state_after(world, position_signal(success=False, day=10))
    new = register(world, 1)
    assert outcome(world, new) == OPEN
    positions_copied(world)
    assert outcome(world, new) == CLOSED
    state_after(world, position_signal(None, day=11))
    assert outcome(world, new) == OPEN


def test_application_known_by_another_ats_is_untouched(world: World) -> None:
    """The same id of another ATS is another position."""
    foreign = register(world, 1, ats_id=OTHER_ATS)
    before = world.item(foreign)
    assert state_after(world, position_signal(success=False, day=10)) == CLOSED
    assert world.item(foreign) == before
    sent(world, position_signal(None, day=11), token=OTHER_TOKEN)
    positions_copied(world)
    assert (outcome(world), outcome(world, foreign)) == (CLOSED, OPEN)
    assert outcome(world, FOREIGN_APPLICATION) == OPEN


def test_unknown_position_is_dropped_and_others_are_recorded(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """A position is known by its applications; twice the same is once."""
    counted(capsys)
    sent(world, position_signal(success=False, positionProfileIds=["unknown", POSITION, POSITION, "unknown"]))
    assert counted(capsys) == {"SignalDropped": 1, "PositionStateRecorded": 1}
    positions_copied(world)
    assert outcome(world) == CLOSED
    rows = world.client.scan(TableName="AliasesTable")["Items"]
    assert not any("unknown" in row["Alias"]["S"] for row in rows)


def test_sample_events_take_the_same_way(world: World) -> None:
    """The files of events/ work against a fresh service, and the later stream records change nothing."""
    assert world.signals(sample_event("SignalsFunction/position-status-update"), None)["statusCode"] == 200
    assert outcome(world) == OPEN
    assert world.positions(sample_event("PositionsFunction/position-state"), None) == {"batchItemFailures": []}
    assert outcome(world) == CLOSED
    version = world.stored(SIGNALLED_APPLICATION).version
    positions_copied(world)
    assert world.stored(SIGNALLED_APPLICATION).version == version
    assert [each.since for each in world.stored(SIGNALLED_APPLICATION).positions.values()] == [
        from_text("2022-08-01T00:00:00Z")
    ]


def test_end_at_the_moment_of_the_status_infers_nothing(world: World) -> None:
    """Only what is newer than the application's own word speaks for it."""
    moment = from_text("2022-08-10T12:00:00Z")
    later = (moment + timedelta(milliseconds=1)).isoformat()
    state_after(world, signal(state("Interview", 10)))
    assert state_after(world, position_signal(success=False, day=10)) == OPEN
    assert state_after(world, position_signal(None, current=state("Closed", success=False, timestamp=later))) == CLOSED
