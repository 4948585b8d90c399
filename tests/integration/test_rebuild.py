"""`application-status analytics rebuild`: the counters anew, whatever comes in between."""

from collections import Counter
from collections.abc import Sequence

import pytest

from application_status.applications import scan as all_applications
from application_status.applications.scan import AllApplications, Key, Segment
from application_status.cli import analytics, target
from application_status.functions.analytics import make_handler
from application_status.platform.dynamodb.client import Item
from application_status.platform.errors import Unavailable
from application_status.platform.values import now
from application_status.quality.counters.journal import additions
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.read import QualityReader
from application_status.quality.counters.rebuilds import RebuildOvertaken, Rebuilds
from application_status.quality.counters.write import Counters, CounterUpdate
from application_status.quality.counting.stream import AnalyticsSettings
from application_status.quality.rules.contribution import Counts
from support.command_line import Run, command
from support.counters import (
    counted,
    expected_counters,
    falsify,
    heads_and_members,
    kept_generations,
    read,
    reader_of,
    stored,
    truth,
)
from support.failed_records import set_aside
from support.faults import SteppedDynamoDB
from support.streams import deliver, record
from support.unreadable_items import FAILURES, poison
from support.world import APPLICATION, ATS, BERLIN, FOREIGN_APPLICATION, OTHER_ATS, SIGNALLED_APPLICATION, World

APPLICATIONS = (APPLICATION, SIGNALLED_APPLICATION, FOREIGN_APPLICATION)


class Killed(BaseException):
    """The operator's machine is gone: nothing on it can catch that."""


def kill() -> None:
    raise Killed


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read pages of two applications, without pauses."""
    monkeypatch.setattr(all_applications, "_PAGE_SIZE", 2)
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.fixture
def _uncompared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the comparison of the generations, which only reads and reports."""
    monkeypatch.setattr(analytics, "compare", lambda *_: Counter())


@pytest.fixture
def dynamodb(world: World) -> SteppedDynamoDB:
    world.report("INTERVIEW", BusinessDate="2022-07-29T11:26:11Z")
    world.report("REJECTED", RawStatus="Absage")
    for each in APPLICATIONS:
        deliver(world, each)
    return SteppedDynamoDB(world.client)


@pytest.fixture
def run(dynamodb: SteppedDynamoDB, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with one segment, as moto takes one request at a time."""
    return command(dynamodb, monkeypatch, capsys)


def rebuild(run: Run) -> str:
    code, out, err = run("rebuild", "--segments", "1")
    assert code == 0, err
    return out


def drifted(world: World) -> None:
    """Plant drift: a hire that was never reported, on a day of its own."""
    for measure in ("applications", "reached:HIRED"):
        falsify(world, "months#1#2020-01", ATS, measure, "01", 1)
        falsify(world, "atss#1", ATS, measure, "2020-01", 1)


def test_rebuild_of_right_counters_changes_nothing_but_the_generation(world: World, run: Run) -> None:
    """The same counters, in a new generation; of the former one nothing is left."""
    before = counted(world)
    out = rebuild(run)
    assert "0 counters differed between the generations 1 and 2" in out
    assert counted(world) == before == expected_counters(world)
    assert kept_generations(world) == {"2"}


def test_rebuilt_counters_are_merged(world: World, run: Run) -> None:
    """Reports of the new generation have rows to read, and lists, and no journal of all applications."""
    rebuild(run)
    items = world.client.scan(TableName="QualityTable")["Items"]
    assert not [item for item in items if item["Scope"]["S"].startswith("journal#")]
    assert read(reader_of(world), ("client-1", "client-3")) == truth(stored(world))
    assert reader_of(world).job("client-1", "job-1").name == "Python Developer"
    for scope, (head, members) in heads_and_members(items).items():
        assert head == members, scope


def test_drift_is_reported_and_repaired(world: World, run: Run) -> None:
    """The output has the number of differing counters for each ATS; the next rebuild finds none."""
    drifted(world)
    assert counted(world) != expected_counters(world)
    assert f"       2  counters of {ATS} had drifted" in rebuild(run)
    assert counted(world) == expected_counters(world)
    assert "0 counters differed between the generations 2 and 3" in rebuild(run)


def test_merge_in_the_middle_of_the_comparison_is_no_drift(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The generations are compared as they were at one moment: if rows are merged meanwhile, they are read again."""
    days_of_ats, merged = QualityReader.days_of_ats, list[int]()

    def merging(self: QualityReader, ats_id: str, since: str = "") -> Counts:
        if not merged:
            merged.append(Merger(world.dynamodb, "QualityTable", 1).merge(now().date()))
        return days_of_ats(self, ats_id, since)

    monkeypatch.setattr(QualityReader, "days_of_ats", merging)
    assert "0 counters differed between the generations 1 and 2" in rebuild(run)
    assert merged == [3]


def test_changes_that_never_arrived_are_found(world: World, run: Run) -> None:
    """A report whose record was lost, and an ATS of which nothing was counted."""
    world.report("HIRED")
    for row in world.client.scan(TableName="QualityTable")["Items"]:
        of_other_ats = "Amounts" in row and any(of.ats_id == OTHER_ATS for of in additions([row]).amounts)
        if of_other_ats or FOREIGN_APPLICATION in row["Scope"]["S"]:
            world.client.delete_item(TableName="QualityTable", Key={name: row[name] for name in ("Scope", "Part")})
    assert OTHER_ATS not in reader_of(world).ats_ids()
    rebuild(run)
    assert counted(world) == expected_counters(world)


@pytest.mark.usefixtures("_uncompared")
def test_kill_anywhere_then_a_resume_ends_right(world: World, dynamodb: SteppedDynamoDB, run: Run) -> None:
    """Before any of its writes; while it is not resumed, changes count, and nothing that reports read is half done."""
    killed = 0
    while True:
        dynamodb.plan(killed + 1, kill, writes_alone=True)
        try:
            rebuild(run)
        except Killed:
            killed += 1
        else:
            break
        world.report("INTERVIEW", RawStatus=f"round {killed}")
        deliver(world)
        assert counted(world) == expected_counters(world), f"killed before write {killed}"
        rebuild(run)
        assert counted(world) == expected_counters(world), f"resumed after write {killed}"
        assert len(kept_generations(world)) == 1
    assert killed >= 10


def test_pages_that_are_done_are_not_read_again(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that goes on scans from where the one before got to."""
    starts: list[object] = []
    page = AllApplications.page

    def noted(self: AllApplications, start: Key | None, segment: Segment) -> tuple[Sequence[Item], Key | None]:
        starts.append(start)
        if len(starts) == 2:
            raise Killed
        return page(self, start, segment)

    monkeypatch.setattr(AllApplications, "page", noted)
    with pytest.raises(Killed):
        rebuild(run)
    rebuild(run)
    first, second, resumed = starts
    assert (first, resumed) == ({}, second)
    assert second
    assert counted(world) == expected_counters(world)


def test_deletion_that_was_interrupted_is_finished(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next run only deletes the former generation, as the new one is already live."""
    with monkeypatch.context() as patched:
        patched.setattr(Rebuilds, "delete_former", lambda _: kill())
        with pytest.raises(Killed):
            rebuild(run)
    assert kept_generations(world) == {"1", "2"}
    rebuild(run)
    assert kept_generations(world) == {"2"}
    assert counted(world) == expected_counters(world)


@pytest.mark.usefixtures("_uncompared")
def test_reports_at_any_moment_are_counted(world: World, dynamodb: SteppedDynamoDB, run: Run) -> None:
    """A report and its record come before each call in turn; no counter misses one or has it twice."""
    reported = 0

    def report() -> None:
        nonlocal reported
        reported += 1
        world.report("INTERVIEW", RawStatus=f"round {reported}")
        deliver(world)

    while True:
        dynamodb.plan(reported + 1, report)
        before = reported
        rebuild(run)
        assert counted(world) == expected_counters(world), f"reported before call {reported}"
        if reported == before:
            break
    assert reported >= 20


@pytest.mark.parametrize("deletes", [True, False], ids=["to the end", "up to the switch"])
def test_rebuild_between_any_two_calls_of_the_stream_function_loses_nothing(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, *, deletes: bool
) -> None:
    """This includes a function that read the generations before the rebuild and writes after the switch."""
    if not deletes:
        monkeypatch.setattr(Rebuilds, "delete_former", lambda _: iter(()))
    inner = SteppedDynamoDB(world.client)
    handler = make_handler(inner, AnalyticsSettings("QualityTable", BERLIN), set_aside())
    number = 0
    while True:
        number += 1
        world.report("INTERVIEW", RawStatus=f"round {number}")
        inner.plan(number, lambda: rebuild(run))
        assert handler({"Records": [record(world.item())]}, None) == {"batchItemFailures": []}
        assert counted(world) == expected_counters(world), f"rebuilt before call {number}"
        if inner.calls < number:
            break
    assert number > 3


def test_record_between_two_rebuilds_reaches_the_second(world: World, dynamodb: SteppedDynamoDB, run: Run) -> None:
    """A change counted in the generation being built is not counted again by the scan that goes on."""
    dynamodb.plan(12, kill)
    with pytest.raises(Killed):
        rebuild(run)
    assert Rebuilds(dynamodb, "QualityTable").current() is not None
    for each in APPLICATIONS:
        deliver(world, each)
    world.report("HIRED")
    deliver(world)
    out = rebuild(run)
    assert "Resuming the rebuild of generation 2" in out
    assert counted(world) == expected_counters(world)


def zone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Deploy another time zone, as far as the command line sees it."""
    monkeypatch.setitem(target._LOCAL_ANALYTICS, "REPORTING_TIME_ZONE", name)  # noqa: SLF001  # what a stack would say


def test_changed_time_zone_moves_the_days(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them, those of applications that don't change any more too."""
    auckland = BERLIN.__class__("Pacific/Auckland")
    world.report("OFFER", BusinessDate="2022-07-29T21:00:00Z")
    zone(monkeypatch, auckland.key)
    rebuild(run)
    assert counted(world) == expected_counters(world, auckland) != expected_counters(world)
    assert {cell.day for cell in counted(world) if cell.measure == "entered:OFFER"} == {"2022-07-30"}


def test_generation_begun_in_another_time_zone_is_discarded(
    world: World, dynamodb: SteppedDynamoDB, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would mix days of two time zones."""
    dynamodb.plan(15, kill)
    with pytest.raises(Killed):
        rebuild(run)
    auckland = BERLIN.__class__("Pacific/Auckland")
    zone(monkeypatch, auckland.key)
    out = rebuild(run)
    assert "Discarding generation 2, which has days of Europe/Berlin." in out
    assert counted(world) == expected_counters(world, auckland)
    assert kept_generations(world) == {"3"}


def test_rebuild_overtaken_by_another_says_so(world: World, dynamodb: SteppedDynamoDB, run: Run) -> None:
    """The other one's result stands, and nothing of it is taken back."""

    def other() -> None:
        dynamodb.plan(0, lambda: None)
        rebuild(run)

    dynamodb.plan(14, other)
    code, _, err = run("rebuild", "--segments", "1")
    assert (code, "another rebuild has overtaken this one" in err) == (1, True)
    assert counted(world) == expected_counters(world)
    assert kept_generations(world) == {"2"}


def test_switch_waits_for_every_segment_and_the_archive(world: World, dynamodb: SteppedDynamoDB) -> None:
    """Switching before all is counted is refused; reports keep reading the former generation."""
    rebuilds = Rebuilds(dynamodb, "QualityTable")
    rebuilds.start(BERLIN.key, 2)
    begun = rebuilds.current()
    assert begun is not None
    rebuilds.save(begun, Segment(0, 2), None)
    with pytest.raises(RebuildOvertaken):
        rebuilds.switch(begun)
    assert counted(world) == expected_counters(world)
    rebuilds.save(begun, Segment(1, 2), None)
    with pytest.raises(RebuildOvertaken):
        rebuilds.switch(begun)
    rebuilds.add_archive(begun)
    rebuilds.switch(begun)
    assert rebuilds.former() == 1


def test_interruption_is_said_and_resumable(dynamodb: SteppedDynamoDB, run: Run, world: World) -> None:
    """Ctrl-C: exit code 130, no traceback."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    dynamodb.plan(12, interrupt)
    assert run("rebuild", "--segments", "1")[0] == 130
    assert "Resuming the rebuild of generation 2" in rebuild(run)
    assert counted(world) == expected_counters(world)


def test_throttled_tables_are_waited_for(
    world: World, dynamodb: SteppedDynamoDB, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that could not be counted is counted again after a pause."""

    def throttled() -> None:
        raise Unavailable("throttled")

    monkeypatch.setattr("application_status.quality.counting.rebuild._PAUSES_SECONDS", (0,))
    dynamodb.plan(12, throttled)
    rebuild(run)
    assert counted(world) == expected_counters(world)


@pytest.mark.parametrize("segments", ["0", "101", "-1", "x"])
def test_wrong_number_of_segments_is_explained(segments: str, run: Run) -> None:
    """Exit code 2, before anything is read."""
    code, out, err = run("rebuild", "--segments", segments)
    assert (code, out) == (2, "")
    assert "1<=x<=100" in err or "is not a valid integer" in err


@pytest.mark.parametrize("failure", FAILURES)
def test_application_that_cant_be_read_is_named_and_the_others_are_counted(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    """Exit code 1; the generation that is switched to has all others. Mended, the next rebuild has it again."""
    before = counted(world)
    with monkeypatch.context() as patched:
        poison(patched, failure, APPLICATION)
        code, _, err = run("rebuild", "--segments", "1")
        assert (code, kept_generations(world)) == (1, {"2"})
        assert f"can't be read: {APPLICATION} ({failure})\n" in err
        assert "Geheimnis" not in err
    amounts = Counter(cell.measure for cell in counted(world).elements())
    assert amounts["applications"] == len(APPLICATIONS) - 1
    rebuild(run)
    assert counted(world) == before


@pytest.mark.parametrize("failure", FAILURES)
def test_application_that_cant_be_counted_is_named_and_the_others_are_counted(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    """The others include those in the same transaction."""
    write = Counters._write  # noqa: SLF001  # where the store's part begins

    def writing(self: Counters, generation: int, group: list[CounterUpdate]) -> bool:
        if APPLICATION in {update.change.application_id for update in group}:
            FAILURES[failure]()
        return write(self, generation, group)

    monkeypatch.setattr(Counters, "_write", writing)
    code, _, err = run("rebuild", "--segments", "1")
    assert (code, err.count("can't be read: ")) == (1, 1)
    assert f"can't be read: {APPLICATION} ({failure})\n" in err
    amounts = Counter(cell.measure for cell in counted(world).elements())
    assert amounts["applications"] == len(APPLICATIONS) - 1


def test_rebuild_that_can_read_nothing_does_not_switch(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no application can be read, the live counters stay; the next run resumes and reads all."""
    before = counted(world)
    with monkeypatch.context() as patched:
        poison(patched, "KeyError", *APPLICATIONS)
        code, _, err = run("rebuild", "--segments", "1")
    assert (code, "no application can be read; the counters are not changed" in err) == (1, True)
    assert counted(world) == before
    assert "Resuming the rebuild of generation 3" in rebuild(run)
    assert counted(world) == before
