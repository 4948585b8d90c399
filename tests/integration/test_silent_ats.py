"""An ATS that has sent requests regularly and stops is named, by its own pattern."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine

from application_status.health.rules import HealthDay, is_silent
from support.log_lines import batch, line
from support.world import ATS, OTHER_ATS, World, sample_event

FRIDAY = datetime(2026, 11, 20, 17, tzinfo=UTC)
DAILY = [FRIDAY - timedelta(days=number) for number in range(20)]
WORKING_DAYS = [day for day in DAILY if day.isoweekday() < 6]
WEEKLY = [FRIDAY - timedelta(weeks=number) for number in range(5)]


def silent(days: list[datetime], now: datetime) -> bool:
    return is_silent([HealthDay(ATS, day.date(), {}, day) for day in sorted(days)], now)


@pytest.mark.parametrize(
    ("days", "patience"),
    [(DAILY, timedelta(days=2)), (WORKING_DAYS, timedelta(days=4)), (WEEKLY, timedelta(days=8))],
)
def test_ats_is_silent_a_day_after_its_longest_pause(days: list[datetime], patience: timedelta) -> None:
    """Daily, on working days, or weekly: none is silent at its usual times."""
    assert not silent(days, FRIDAY + patience)
    assert silent(days, FRIDAY + patience + timedelta(seconds=1))


@pytest.mark.parametrize("number", range(5))
def test_ats_without_a_pattern_is_not_silent(number: int) -> None:
    """It has sent requests on fewer than five days."""
    assert not silent(DAILY[:number], FRIDAY + timedelta(days=20))


def checked(world: World, log: StringIO, capsys: pytest.CaptureFixture[str], now: datetime) -> tuple[Any, Any]:
    """Run the check; return the metric and the ATSs that the log names."""
    log.truncate(log.seek(0))
    capsys.readouterr()
    with time_machine.travel(now, tick=False):
        world.health(sample_event("HealthFunction/scheduled"), None)
    lines = [json.loads(each) for each in (log.getvalue() + capsys.readouterr().out).splitlines()]
    (metric,) = (each["SilentAts"] for each in lines if "SilentAts" in each)
    return metric, [(each["ats"], each["last_seen"]) for each in lines if each.get("message") == "silent"]


def test_silent_ats_is_named_and_counted(world: World, log: StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    """Every hour, until it sends requests again, or for four weeks."""
    assert checked(world, log, capsys, FRIDAY) == ([0.0], [])
    for day in DAILY:
        world.health(batch([line()], at=day.isoformat()), None)
    world.health(batch([line(ats=OTHER_ATS)], at=FRIDAY.isoformat()), None)
    assert checked(world, log, capsys, FRIDAY + timedelta(days=2)) == ([0.0], [])
    found = checked(world, log, capsys, FRIDAY + timedelta(days=3))
    assert found == ([1.0], [(ATS, "2026-11-20T17:00:00.000Z")])
    found = checked(world, log, capsys, FRIDAY + timedelta(days=4))
    assert found == ([0.0], [(ATS, "2026-11-20T17:00:00.000Z")])  # so that it does not hide the next one
    assert checked(world, log, capsys, FRIDAY + timedelta(weeks=4)) == ([0.0], [])
    world.health(batch([line()], at=(FRIDAY + timedelta(days=3)).isoformat()), None)
    assert checked(world, log, capsys, FRIDAY + timedelta(days=3, hours=1)) == ([0.0], [])
