"""The verification function: what it samples, and the metrics that the alarm stands on."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine

from application_status.access.register import TokenRegister
from application_status.access.rules import generate
from application_status.applications import scan as all_applications
from application_status.platform.errors import Unavailable
from application_status.platform.values import AtsId, now
from application_status.quality.counters.merge import Merger
from support.counters import falsify
from support.oauth import created
from support.streams import deliver
from support.unreadable_items import FAILURES, poison
from support.world import (
    APPLICATION,
    ATS,
    BERLIN,
    FOREIGN_APPLICATION,
    OTHER_ATS,
    SIGNALLED_APPLICATION,
    World,
    sample_event,
)

EVENT = sample_event("VerificationFunction/scheduled")
APPLICATIONS = (APPLICATION, SIGNALLED_APPLICATION, FOREIGN_APPLICATION)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def verify(world: World, *, minutes: int = 16) -> Any:
    """Run the function so many minutes from now."""
    with time_machine.travel(now() + timedelta(minutes=minutes)):
        return world.verification(EVENT, None)


def lines(capsys: pytest.CaptureFixture[str], having: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if having in line]


def test_right_counters_have_no_drift(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The metrics say how many were compared, and have the dimensions of the alarm."""
    for each in APPLICATIONS:
        deliver(world, each)
    capsys.readouterr()
    assert verify(world) == {"verified": 3, "drift": 0}
    (metrics,) = lines(capsys, "_aws")
    assert (metrics["Drift"], metrics["Verified"]) == ([0.0], [3.0])
    (described,) = metrics["_aws"]["CloudWatchMetrics"]
    assert (described["Namespace"], metrics["stack"]) == ("ApplicationStatus", "local")
    assert sorted(map(sorted, described["Dimensions"])) == [["service", "stack"]]


def test_lost_record_is_drift(world: World, log: StringIO) -> None:
    """The log names the application and what is counted wrong; no label, no title."""
    for each in APPLICATIONS[1:]:
        deliver(world, each)
    answer = verify(world)
    drifts = [line for line in map(json.loads, log.getvalue().splitlines()) if "measure" in line]
    assert answer == {"verified": 3, "drift": len(drifts)}
    assert {line["application"] for line in drifts} == {APPLICATION}
    assert ("applications", "0", "1") in {(line["measure"], line["counted"], line["expected"]) for line in drifts}
    assert not [line for line in drifts if "Python Developer" in str(line)]


def test_change_of_the_last_minutes_is_left_out(world: World) -> None:
    """The change may not be counted yet; OldestRecordAge shows how long that takes."""
    for each in APPLICATIONS:
        deliver(world, each)
    with time_machine.travel(now() + timedelta(minutes=10)):
        world.report("HIRED")
    assert verify(world, minutes=20) == {"verified": 2, "drift": 0}
    assert verify(world, minutes=26)["drift"] > 0


def test_contradicting_counters_are_drift(world: World, log: StringIO) -> None:
    """Those of the days of the last year, and of the whole life beside the years, of an ATS chosen at random."""
    deliver(world)
    Merger(world.dynamodb, "QualityTable", 1).merge(now().date())
    month, _, day = now().astimezone(BERLIN).date().isoformat().rpartition("-")
    falsify(world, f"months#1#{month}", ATS, "applications", day, 1)
    falsify(world, "atss#1", ATS, "applications", month, 1)
    for each in APPLICATIONS[1:]:
        world.client.delete_item(TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": each}})
    assert verify(world) == {"verified": 1, "drift": 3}
    logged = [line for line in map(json.loads, log.getvalue().splitlines()) if "measure" in line]
    today = f"{month}-{day}"
    assert {(line["of"], line["time"], line["measure"]) for line in logged} == {
        (ATS, today, "reached:*"),
        (ATS, today, "outcome:*"),
        (ATS, "", "applications"),
    }


def test_large_table_is_sampled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """About 1,000 applications are compared, of a random segment."""
    monkeypatch.setattr(all_applications.AllApplications, "approximate_count", lambda _: 50_000)
    segments, page = [], all_applications.AllApplications.page

    def noted(self: Any, start: Any, segment: Any) -> Any:
        segments.append(segment)
        return page(self, start, segment)

    monkeypatch.setattr(all_applications.AllApplications, "page", noted)
    for _ in range(20):
        verify(world)
    assert {segment.total for segment in segments} == {50}
    assert len({segment.number for segment in segments}) > 5
    assert all(0 <= segment.number < 50 for segment in segments)


def test_time_bounds_what_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that has grown a hundredfold since it was counted is not read to its end."""
    monkeypatch.setattr(all_applications, "_PAGE_SIZE", 1)
    monkeypatch.setattr("application_status.quality.counting.verification._READING_SECONDS", -1.0)
    for each in APPLICATIONS:
        deliver(world, each)
    assert verify(world) == {"verified": 1, "drift": 0}


def test_empty_tables_have_no_drift(world: World) -> None:
    """A stack on its first day."""
    for each in APPLICATIONS:
        world.client.delete_item(TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": each}})
    assert verify(world) == {"verified": 0, "drift": 0}


def test_failure_writes_no_metric(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that the alarm sees data missing, rather than no drift."""

    def unavailable(*_: Any) -> Any:
        raise Unavailable("throttled")

    monkeypatch.setattr(all_applications.AllApplications, "page", unavailable)
    with pytest.raises(RuntimeError, match="see the log line"):
        verify(world)
    assert lines(capsys, "_aws") == []


def test_rebuild_meanwhile_writes_no_metric(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The generation that was compared is no longer the one that reports read."""
    page = all_applications.AllApplications.page

    def switched(*given: Any) -> Any:
        item = {"Scope": {"S": "generation"}, "Part": {"S": "current"}, "Live": {"N": "2"}}
        world.client.put_item(TableName="QualityTable", Item=item)
        return page(*given)

    monkeypatch.setattr(all_applications.AllApplications, "page", switched)
    verify(world)
    assert [line.keys() & {"Drift", "Verified", "TokensExpiring"} for line in lines(capsys, "_aws")] == [
        {"TokensExpiring"}
    ]


@pytest.mark.parametrize("failure", FAILURES)
def test_application_that_cant_be_read_is_named_and_counted(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    log: StringIO,
    capsys: pytest.CaptureFixture[str],
    failure: str,
) -> None:
    """The others are compared; the log has its id and the error's type alone."""
    for each in APPLICATIONS:
        deliver(world, each)
    poison(monkeypatch, failure, APPLICATION)
    capsys.readouterr()
    assert verify(world) == {"verified": 2, "drift": 0}
    written = [json.loads(line) for line in log.getvalue().splitlines()]
    (named,) = [line for line in written if line["message"] == "unreadable"]
    assert (named["application"], named["error"]) == (APPLICATION, failure)
    (metrics,) = lines(capsys, "_aws")
    assert (metrics["Unreadable"], metrics["Verified"], metrics["stack"]) == ([1.0], [2.0], "local")
    assert "Geheimnis" not in str(written)


def test_item_without_a_time_of_its_change_is_unreadable(world: World) -> None:
    """Without that time, verification can't decide whether the change has settled."""
    for each in APPLICATIONS:
        deliver(world, each)
    key = {"AtsiApplicationId": {"S": APPLICATION}}
    world.client.put_item(TableName="ApplicationsTable", Item={**world.item(), "UpdatedAt": {"N": "1"}, **key})
    assert verify(world) == {"verified": 2, "drift": 0}


def test_tokens_that_expire_soon_are_counted_and_named(
    world: World, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The metric is by stack; a token with a successor needs no attention.

    A token is no successor of a client: its ATS sends the one or the other.
    """
    register = TokenRegister(world.dynamodb, "TokensTable")
    soon, later = (now() + timedelta(days=days) for days in (29, 31))
    expiring = register.add(generate(), OTHER_ATS, expires_at=soon)
    register.revoke(next(each.key_id for each in register.list(OTHER_ATS) if each.key_id != expiring.key_id))
    for ats, expiry in (("succeeded", soon), ("succeeded", None), ("later", later)):
        register.add(generate(), AtsId(ats), expires_at=expiry)
    client = created(register, AtsId("later"), expires_at=soon)
    for expiry in (soon, None):
        created(register, AtsId("succeeded"), expires_at=expiry)
    verify(world, minutes=0)
    (metrics,) = lines(capsys, "_aws")
    assert (metrics["TokensExpiring"], metrics["stack"]) == ([2.0], "local")
    named = [vars(each)["token"] for each in caplog.records if each.message == "token expires"]
    assert named == [expiring.key_id, client.client_id]
