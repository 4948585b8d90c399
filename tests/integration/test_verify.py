"""`application-status analytics verify`: what was counted beside what the applications say."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from application_status.applications import scan as all_applications
from application_status.platform.values import ApplicationId
from application_status.quality.counters.items import Marker
from application_status.quality.counters.read import QualityReader
from support.command_line import Run, command
from support.counters import expected_counters
from support.faults import SteppedDynamoDB
from support.streams import deliver, record
from support.unreadable_items import FAILURES, poison
from support.world import APPLICATION, ATS, FOREIGN_APPLICATION, SIGNALLED_APPLICATION, World

APPLICATIONS = (APPLICATION, SIGNALLED_APPLICATION, FOREIGN_APPLICATION)
MARKER = {"Scope": {"S": f"marker#1#{APPLICATION}"}, "Part": {"S": "marker"}}


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


def found(run: Run, *arguments: str) -> list[list[str]]:
    """Verify, and return the rows printed: ATS, day, measure, counted, expected, application."""
    code, out, err = run("verify", *arguments)
    *table, last = out.splitlines()
    assert (code, err.count("Traceback")) == (1 if table else 0, 0)
    assert last.startswith("3 applications compared in generation ")
    return [row.split(maxsplit=5) for row in table[1:]]


def counter(world: World, measure: str) -> dict[str, Any]:
    """Return the key of a row of the ATS's counters that has a measure."""
    rows = world.client.scan(TableName="QualityTable")["Items"]
    row = next(row for row in rows if row["Scope"]["S"].startswith(f"counter#1#{ATS}#") and measure in row)
    return {name: row[name] for name in ("Scope", "Part")}


def add(world: World, measure: str, amount: int) -> None:
    world.client.update_item(
        TableName="QualityTable",
        Key=counter(world, measure),
        UpdateExpression=f"ADD {measure} :amount",
        ExpressionAttributeValues={":amount": {"N": str(amount)}},
    )


def marker(world: World) -> dict[str, Any]:
    item: dict[str, Any] = world.client.get_item(TableName="QualityTable", Key=MARKER)["Item"]
    return item


def test_right_counters_have_no_drift(run: Run) -> None:
    """Exit code 0, and one line."""
    code, out, _ = run("verify")
    assert (code, out) == (0, "3 applications compared in generation 1; drift: 0\n")


@pytest.mark.parametrize(("measure", "name"), [("n", "applications"), ("eI", "entered:INTERVIEW")])
def test_changed_counter_is_found(world: World, run: Run, measure: str, name: str) -> None:
    """With its ATS, day, measure, and both amounts."""
    day = counter(world, measure)["Part"]["S"]
    add(world, measure, 5)
    right = sum(
        n for cell, n in expected_counters(world).items() if (cell.ats_id, cell.day, cell.measure) == (ATS, day, name)
    )
    assert [ATS, day, name, str(right + 5), str(right), "(the counter)"] in found(run)
    add(world, measure, -5)
    assert found(run) == []


def test_counters_that_contradict_each_other_are_found(world: World, run: Run) -> None:
    """Each application is at one furthest stage: they add up in a sample too, which sees no sums."""
    add(world, "sI", 1)
    rows = found(run, "--sample", "1")
    assert [row[:5] for row in rows] == [[ATS, "2022-07-01", "reached:*", "3", "2"]]


def test_missing_marker_is_found(world: World, run: Run) -> None:
    """Of the application, and as counters that no marker accounts for."""
    world.client.delete_item(TableName="QualityTable", Key=MARKER)
    rows = found(run, "--first", "100")
    assert ["-", "-", "version", "0", "2", APPLICATION] in rows
    assert [ATS, "2022-07-29", "entered:INTERVIEW", "0", "1", APPLICATION] in rows
    assert [ATS, "2022-07-29", "entered:INTERVIEW", "1", "0", "(the counter)"] in rows


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
    world.client.put_item(TableName="QualityTable", Item={**marker(world), "Client": {"S": "1#client-2"}})
    assert found(run) == [["-", "-", "client", "client-2", "client-1", APPLICATION]]


def test_additional_label_is_found_but_not_shown(world: World, run: Run) -> None:
    """The label may be personal data, and the findings are logged."""
    labels = {"UnmappedAt": {"S": f"1#{ATS}"}, "UnmappedLabels": {"L": [{"S": "Waits for Ms Weber"}]}}
    world.client.put_item(TableName="QualityTable", Item={**marker(world), **labels})
    assert found(run) == [["-", "-", "unmapped_labels", "1", "0", APPLICATION]]


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
    assert marker(world)["Contribution"] == {"M": {}}
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


def test_counter_that_moves_in_every_reading_is_no_drift(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum over the markers is always one report behind, so the counter is never stable and not compared."""
    readings: list[int] = []
    all_markers = QualityReader.all_markers

    def behind(self: QualityReader) -> Iterator[Mapping[ApplicationId, Marker]]:
        yield from all_markers(self)
        readings.append(len(readings))
        world.report("INTERVIEW", RawStatus=f"round {len(readings)}")
        deliver(world)

    monkeypatch.setattr(QualityReader, "all_markers", behind)
    assert found(run) == []
    add(world, "n", 1)
    rows = found(run)
    assert [row[2] for row in rows] == ["applications", "reached:*", "outcome:*"]
    assert len(readings) == 4


def test_drift_is_found_beside_changes(world: World, dynamodb: SteppedDynamoDB, run: Run) -> None:
    """A counter that stands still is judged, whatever others do."""
    add(world, "n", 1)

    def report() -> None:
        world.report("REJECTED")
        deliver(world)

    dynamodb.plan(12, report)
    assert [ATS, "2022-07-01", "applications", "3", "2", "(the counter)"] in found(run)


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
def test_wrong_share_is_explained(run: Run, share: str, capsys: pytest.CaptureFixture[str]) -> None:
    """argparse's exit code 2."""
    with pytest.raises(SystemExit) as stopped:
        run("verify", f"--sample={share}")
    assert stopped.value.code == 2
    assert "a number over 0 up to 1" in capsys.readouterr().err


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
