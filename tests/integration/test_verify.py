"""`application-status analytics verify`: what was counted beside what the applications say."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from application_status.applications import scan as all_applications
from application_status.platform.values import now, to_text
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.journal import read_journal
from application_status.quality.counters.merge import Merger
from application_status.quality.counting import sums, verification
from application_status.quality.counting.sums import Reading, read_all
from support.command_line import Run, command
from support.counters import falsify
from support.faults import SteppedDynamoDB
from support.signals import sent, signal, state
from support.streams import deliver, record
from support.unreadable_items import FAILURES, poison
from support.world import (
    APPLICATION,
    ATS,
    BERLIN,
    FOREIGN_APPLICATION,
    SIGNALLED_APPLICATION,
    World,
    answer,
    http_event,
)

APPLICATIONS = (APPLICATION, SIGNALLED_APPLICATION, FOREIGN_APPLICATION)
MARKER = {"Scope": {"S": f"marker#1#{APPLICATION}"}, "Part": {"S": "marker"}}


class Killed(BaseException):
    """The process is gone: nothing in it can catch that."""


def killed() -> None:
    raise Killed


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read pages of two applications, without pauses."""
    monkeypatch.setattr(all_applications, "_PAGE_SIZE", 2)
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.fixture
def dynamodb(world: World) -> SteppedDynamoDB:
    world.report("INTERVIEW", BusinessDate="2022-07-29T11:26:11Z")
    for each in APPLICATIONS:
        deliver(world, each)
    return SteppedDynamoDB(world.client)


@pytest.fixture
def run(dynamodb: SteppedDynamoDB, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return command(dynamodb, monkeypatch, capsys)


_PRINTED = re.compile(r"(.+?) +(-|\d{4}[-\d]*) +(\S+) +(\S+) +(\S+) +(.+)")


def found(run: Run, *arguments: str) -> list[list[str]]:
    """Verify, and return the rows printed: of, time, measure, counted, expected, application."""
    code, out, err = run("verify", *arguments)
    *table, last = out.splitlines()
    assert (code, err.count("Traceback")) == (1 if table else 0, 0)
    assert re.match(r"\d applications compared in generation ", last)
    return [list(match.groups()) for row in table[1:] if (match := _PRINTED.fullmatch(row))]


def merge(world: World) -> None:
    """Merge the journal, so that there are rows."""
    assert Merger(world.dynamodb, "QualityTable", 1).merge(now().date())


def marker(world: World) -> dict[str, Any]:
    item: dict[str, Any] = world.client.get_item(TableName="QualityTable", Key=MARKER)["Item"]
    return item


def test_right_counters_have_no_drift(run: Run) -> None:
    """Exit code 0, and one line."""
    code, out, _ = run("verify")
    assert (code, out) == (0, "3 applications compared in generation 1; drift: 0\n")


TODAY = now().astimezone(BERLIN).date().isoformat()
ROWS = {
    "an ATS's month": ("months#1#2022-07", ATS, "applications", "01", [ATS, "2022-07-01", "2"]),
    "an ATS's month, a day without amounts": ("months#1#2022-07", ATS, "applications", "17", [ATS, "2022-07-17", "0"]),
    "an ATS's month that has no row": ("months#1#2021-02", ATS, "reports", "03", [ATS, "2021-02-03", "0"]),
    "an ATS's year": ("years#1#2022", ATS, "entered:INTERVIEW", "07", [ATS, "2022-07", "1"]),
    "an ATS's life": ("atss#1", ATS, "outcome:open", "", [ATS, "-", "2"]),
    "an ATS's life, sizes by month": ("atss#1", ATS, "applications", "2022-07", [ATS, "2022-07", "2"]),
    "an ATS's life, by day": ("atss#1", ATS, "waiting", TODAY, [ATS, "-", "1"]),
    "a client's month": (
        "client#1#client-1",
        "2022-07",
        "reached:INTERVIEW",
        "01",
        ["client client-1", "2022-07-01", "1"],
    ),
    "a client at an ATS": ("client#1#client-1", f"at#{ATS}", "feedback", "", [f"client client-1 at {ATS}", "-", "1"]),
    "a job": ("jobs#1#client-1", "job-1", "reports", "", ["job job-1 of client-1", "-", "1"]),
    "a job that no application has": (
        "jobs#1#client-9",
        "job-9",
        "applications",
        "",
        ["job job-9 of client-9", "-", "0"],
    ),
}
"""The rows of totals to falsify: scope, part, measure, slot, and how it is named: of, time, right amount."""


@pytest.mark.parametrize("row", ROWS)
def test_wrong_amount_of_any_row_is_found(world: World, run: Run, row: str) -> None:
    """With what it is about, its time, its measure, and both amounts; put right, it is no drift."""
    scope, part, measure, slot, (of, time, right) = ROWS[row]
    merge(world)
    assert found(run) == []
    falsify(world, scope, part, measure, slot, 5)
    assert [of, time, measure, str(int(right) + 5), right, "(the total)"] in found(run)
    falsify(world, scope, part, measure, slot, -5)
    assert found(run) == []


@pytest.mark.parametrize("row", [row for row in ROWS if "no row" not in row and "no application" not in row])
def test_missing_row_is_found(world: World, run: Run, row: str) -> None:
    """All its amounts are missing."""
    merge(world)
    scope, part, *_ = ROWS[row]
    world.client.delete_item(TableName="QualityTable", Key={"Scope": {"S": scope}, "Part": {"S": part}})
    rows = found(run, "--first", "1000")
    assert {each[5] for each in rows} == {"(the total)"}
    of_row = [each for each in rows if each[0] == ROWS[row][4][0]]
    assert len(of_row) > 5


def test_lost_entry_of_the_journal_is_found(world: World, run: Run) -> None:
    """In each row that it would have changed."""
    rows = world.client.scan(TableName="QualityTable")["Items"]
    entry = next(each for each in rows if each["Scope"]["S"] == "journal#1")
    world.client.delete_item(TableName="QualityTable", Key={name: entry[name] for name in ("Scope", "Part")})
    named = {row[0] for row in found(run, "--first", "1000")}
    assert named == {ATS, "client client-1", f"client client-1 at {ATS}", "job job-1 of client-1"}


def test_wrong_number_of_a_label_is_found(world: World, run: Run) -> None:
    """The label is not shown, as it may be personal data."""
    sent(world, signal(state("Waits for Ms Weber", 5)))
    deliver(world, SIGNALLED_APPLICATION)
    assert found(run) == []
    label = quality_items.label_item(1, ATS, "Waits for Ms Weber", 3)
    world.client.put_item(TableName="QualityTable", Item=label)
    ((of, time, measure, counted, expected, where),) = found(run)
    assert (time, measure, counted, expected, where) == ("-", "unmapped_label", "3", "1", "(the total)")
    assert of == f"a label of {ATS}"


LISTS = {
    "the sizes of an ATS's clients": (f"clients#1#{ATS}", "#", f"the clients of {ATS}"),
    "the sizes of a client's jobs": ("jobs#1#client-1", "#", "the jobs of client-1"),
    "a client in the list of an ATS": (f"clients#1#{ATS}", "client-3", f"client client-3 at {ATS}"),
    "a client in the list of all": ("clients#1#", f"client-3#{ATS}", f"client client-3 at {ATS}"),
    "the name of a client": (f"names#1#clients#{ATS}", "example gmbh#client-3", f"a name of clients {ATS}"),
    "the name in the list of all": ("names#1#clients#", f"example gmbh#client-3#{ATS}", "a name of clients"),
    "the name of a job": ("names#1#jobs#client-1", "python developer#job-1", "a name of jobs client-1"),
}


@pytest.mark.parametrize("item", LISTS)
def test_missing_item_of_a_list_is_found(world: World, run: Run, item: str) -> None:
    """Small members are hidden by the sizes of a list, so these are verified, too."""
    merge(world)
    scope, part, named = LISTS[item]
    world.client.delete_item(TableName="QualityTable", Key={"Scope": {"S": scope}, "Part": {"S": part}})
    rows = found(run)
    assert {row[0] for row in rows} == {named}
    assert all((row[3], int(row[4]) > 0) == ("0", True) for row in rows)


def test_row_without_entries_left_of_its_merge_is_found(world: World, run: Run) -> None:
    """A merge that lost rows and deleted its entries: this is what a wrong order of its writes would do."""
    merge(world)
    world.report("OFFER", BusinessDate="2022-08-03T11:26:11Z")
    deliver(world)
    before = [item for item in world.client.scan(TableName="QualityTable")["Items"] if "Totals" in item]
    merge(world)
    for item in before:
        if item["Scope"]["S"] == "jobs#1#client-1":
            world.client.put_item(TableName="QualityTable", Item=item)
    assert {row[0] for row in found(run, "--first", "100")} == {"job job-1 of client-1"}


def test_interrupted_merge_is_no_drift(world: World, run: Run) -> None:
    """It was interrupted before any of its calls, and its lease is not over: some rows include its entries."""
    call = 0
    while True:
        call += 1
        world.report("INTERVIEW", RawStatus=f"round {call}")
        deliver(world)
        interrupted = SteppedDynamoDB(world.client)
        interrupted.plan(call, killed)
        try:
            Merger(interrupted, "QualityTable", 1).merge(now().date())
            break
        except Killed:
            assert found(run) == [], f"interrupted before call {call}"
            assert found(run, "--sample", "1") == []
        with time_machine.travel(now() + timedelta(minutes=11)):
            Merger(world.dynamodb, "QualityTable", 1).merge(now().date())
        assert found(run) == []
    assert call > 8


def test_merges_at_any_moment_are_no_drift(world: World, dynamodb: SteppedDynamoDB, run: Run) -> None:
    """A report is counted and merged before each call in turn."""
    call = 0
    while True:
        call += 1
        world.report("INTERVIEW", RawStatus=f"round {call}")
        deliver(world)
        dynamodb.plan(call, lambda: merge(world))
        assert found(run) == [], f"merged before call {call}"
        if dynamodb.calls < call:
            break
    assert call > 8


def test_memory_does_not_grow_with_the_rows(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading keeps one number for each partition, and single amounts only of the partitions that are wrong."""
    readings: list[Reading] = []

    def noted(*given: Any) -> Reading:
        readings.append(read_all(*given))
        return readings[-1]

    monkeypatch.setattr(verification, "read_all", noted)
    merge(world)
    falsify(world, "years#1#2022", ATS, "reports", "07", 1)
    falsify(world, "atss#1", ATS, "reports", "2022-07", 1)
    assert len(found(run)) == 2
    *first, one, other = readings
    assert len(first) == 3
    assert all(not each.totals and not each.expected for each in first)
    for last in (one, other):
        assert {about.scope for about in (*last.totals, *last.expected)} == {"years#1#2022", "atss#1"}
    assert len(first[0].differences) < 20


def test_amounts_that_contradict_each_other_are_found(world: World, run: Run) -> None:
    """Each application is at one furthest stage: they add up in a sample too, which sees no sums."""
    merge(world)
    applied = now() - timedelta(days=3)
    body = {
        "AtsId": ATS, "ClientId": "client-1", "JobId": "job-1", "JobseekerId": "jobseeker-2",
        "JobTitle": "Python Developer", "Company": "Example GmbH", "AppliedAt": to_text(applied),
    }  # fmt: skip
    recent = "51c3be16-0f93-41ed-9cc0-000000000009"
    assert answer(world.registry(http_event("PUT", f"/api/applications/{recent}", body), None)).status == 201
    deliver(world, recent)
    merge(world)
    day = applied.astimezone(BERLIN).date().isoformat()
    falsify(world, f"months#1#{day[:7]}", ATS, "reached:HIRED", day[8:], 1)
    code, out, _ = run("verify", "--sample", "1")
    assert code == 1
    assert [row.split()[:5] for row in out.splitlines()[1:-1]] == [[ATS, day, "reached:*", "2", "1"]]


def test_life_that_contradicts_the_years_is_found(world: World, run: Run) -> None:
    """In a sample too."""
    merge(world)
    falsify(world, "years#1#2022", ATS, "reports", "07", 1)
    assert [row[:5] for row in found(run, "--sample", "1")] == [[ATS, "-", "reports", "1", "2"]]


def test_missing_marker_is_found(world: World, run: Run) -> None:
    """Of the application, and as counters that no marker accounts for."""
    world.client.delete_item(TableName="QualityTable", Key=MARKER)
    rows = found(run, "--first", "100")
    assert ["-", "-", "version", "0", "2", APPLICATION] in rows
    assert [ATS, "2022-07-29", "entered:INTERVIEW", "0", "1", APPLICATION] in rows
    assert [ATS, "2022-07-29", "entered:INTERVIEW", "1", "0", "(the total)"] in rows


def test_stale_marker_is_found_and_mended_by_its_record(world: World, run: Run) -> None:
    """A lost record: the counters agree with the marker, and both are behind the application."""
    world.report("HIRED")
    rows = found(run, "--first", "100")
    assert ["-", "-", "version", "2", "3", APPLICATION] in rows
    assert [ATS, "2022-07-01", "outcome:hired", "0", "1", APPLICATION] in rows
    assert {row[5] for row in rows} == {APPLICATION}
    assert [row[5] for row in found(run, "--sample", "1", "--first", "1")] == [APPLICATION]
    deliver(world)
    assert found(run) == []


def test_marker_of_another_client_is_found(world: World, run: Run) -> None:
    """It is the client's report that it would be missing in."""
    world.client.put_item(TableName="QualityTable", Item={**marker(world), "ClientId": {"S": "client-2"}})
    rows = found(run, "--first", "1000")
    assert ["-", "-", "client", "client-2", "client-1", APPLICATION] in rows
    assert {row[0] for row in rows if row[5] == "(the total)"} == {
        f"client {client}{at}" for client in ("client-1", "client-2") for at in ("", f" at {ATS}")
    } | {f"job job-1 of {client}" for client in ("client-1", "client-2")}


def test_additional_label_is_found_but_not_shown(world: World, run: Run) -> None:
    """The label may be personal data, and the findings are logged."""
    labels = {"UnmappedLabels": {"L": [{"S": "Waits for Ms Weber"}]}}
    world.client.put_item(TableName="QualityTable", Item={**marker(world), **labels})
    assert found(run) == [
        ["-", "-", "unmapped_labels", "1", "0", APPLICATION],
        [f"a label of {ATS}", "-", "unmapped_label", "0", "1", "(the total)"],
    ]


def test_marker_of_a_removed_application_is_found(world: World, run: Run) -> None:
    """It still counts, until its removal was counted; then an empty marker is fine."""
    image = world.item()
    world.client.delete_item(TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": APPLICATION}})
    code, out, _ = run("verify", "--first", "100")
    rows = [row.split(maxsplit=5) for row in out.splitlines()[1:-1]]
    assert code == 1
    assert [ATS, "2022-07-29", "entered:INTERVIEW", "1", "0", APPLICATION] in rows
    assert {row[5] for row in rows} == {APPLICATION}
    world.analytics({"Records": [record(image, name="REMOVE")]}, None)
    assert quality_items.marker(marker(world)).contribution == {}
    assert run("verify")[1] == "2 applications compared in generation 1; drift: 0\n"


def test_change_on_its_way_is_no_drift(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs is read again after a pause, application and marker."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        deliver(world)

    monkeypatch.setattr("time.sleep", pause)
    world.report("HIRED")
    assert found(run) == []
    assert len(pauses) == 1


def test_changes_at_any_moment_are_no_drift(world: World, dynamodb: SteppedDynamoDB, run: Run) -> None:
    """A report and its record come before each call in turn."""
    reported = 0

    def report() -> None:
        nonlocal reported
        reported += 1
        world.report("INTERVIEW", RawStatus=f"round {reported}")
        deliver(world)

    while True:
        dynamodb.plan(reported + 1, report)
        before = reported
        assert found(run) == [], f"reported before call {before + 1}"
        if reported == before:
            break
    assert reported > 15


def test_total_that_moves_in_every_reading_is_no_drift(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The markers are always one report ahead of the journal that was read, while another amount is really wrong."""
    merge(world)
    readings: list[int] = []

    def then_report(*given: Any) -> Any:
        entries = read_journal(*given)
        readings.append(len(readings))
        world.report("INTERVIEW", RawStatus=f"round {len(readings)}")
        deliver(world)
        return entries

    monkeypatch.setattr(sums, "read_journal", then_report)
    assert found(run) == []
    assert len(readings) == 5
    falsify(world, "months#1#2022-07", ATS, "reports", "29", 1)
    assert found(run) == [[ATS, "2022-07-29", "reports", "2", "1", "(the total)"]]


def test_drift_is_found_beside_changes(world: World, dynamodb: SteppedDynamoDB, run: Run) -> None:
    """A counter that stands still is judged, whatever others do."""
    merge(world)
    falsify(world, "months#1#2022-07", ATS, "applications", "01", 1)

    def report() -> None:
        world.report("REJECTED")
        deliver(world)

    dynamodb.plan(12, report)
    assert [ATS, "2022-07-01", "applications", "3", "2", "(the total)"] in found(run)


def test_rebuild_meanwhile_makes_it_begin_again(world: World, dynamodb: SteppedDynamoDB, run: Run) -> None:
    """The generation that it read is gone; that is no drift."""
    world.report("HIRED")
    dynamodb.plan(8, lambda: run("rebuild", "--segments", "1"))
    code, out, _ = run("verify")
    assert (code, out.splitlines()[-1]) == (0, "3 applications compared in generation 2; drift: 0")


def test_first_bounds_what_is_printed(world: World, run: Run) -> None:
    """The last line has the number of all."""
    world.client.delete_item(TableName="QualityTable", Key=MARKER)
    assert len(found(run, "--first", "3")) == 3
    last = run("verify", "--first", "3")[1].splitlines()[-1]
    assert int(last.rpartition(" ")[2]) > 10


@pytest.mark.parametrize("share", ["0", "1.1", "-0.5", "x", "nan", ""])
def test_wrong_share_is_explained(run: Run, share: str) -> None:
    """Exit code 2, before anything is read."""
    code, out, err = run("verify", f"--sample={share}")
    assert (code, out) == (2, "")
    assert "a number over 0 up to 1" in err


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("arguments", [(), ("--sample", "1")], ids=["all", "sample"])
def test_application_that_cant_be_read_is_named_and_the_others_are_compared(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, failure: str, arguments: tuple[str, ...]
) -> None:
    """Exit code 1, and drift of the others is found; nothing of what the item has in it is printed."""
    poison(monkeypatch, failure, APPLICATION)
    code, out, err = run("verify", *arguments)
    assert (code, out.splitlines()[-1]) == (1, "2 applications compared in generation 1; drift: 0")
    assert f"can't be read: {APPLICATION} ({failure})\n" in err
    assert err.endswith("applications that can't be read and were left out: 1\n")
    assert "Geheimnis" not in out + err
    world.client.delete_item(
        TableName="QualityTable", Key={**MARKER, "Scope": {"S": f"marker#1#{SIGNALLED_APPLICATION}"}}
    )
    rows = [row.split(maxsplit=5) for row in run("verify", "--first", "100", *arguments)[1].splitlines()]
    assert ["-", "-", "version", "0", "1", SIGNALLED_APPLICATION] in rows
