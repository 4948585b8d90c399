"""Merges: the journal of the counters is added to the rows of totals, whatever comes in between."""

import json
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
import time_machine

from application_status.functions.merge import MergeSettings, make_handler
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB, Item, NoReply
from application_status.platform.errors import Unavailable
from application_status.platform.values import now
from application_status.quality.counters import merge as merges
from application_status.quality.counters.generations import KEY
from application_status.quality.counters.items import generation_of
from application_status.quality.counters.journal import Additions, Name, entry_bytes, entry_item
from application_status.quality.counters.merge import (
    DUE_BYTES,
    LISTED_MEASURES,
    LastMerge,
    Merger,
    last_merge,
)
from application_status.quality.counters.read import MergedMeanwhile, QualityReader
from application_status.quality.counting import merging
from application_status.quality.rules.disclosure import Sizes
from support.counters import heads_and_members, read, reader_of, stored, totals_and_markers, truth
from support.streams import deliver
from support.world import (
    APPLICATION,
    BERLIN,
    FOREIGN_APPLICATION,
    OTHER_TOKEN,
    SIGNALLED_APPLICATION,
    TOKEN,
    World,
    sample_event,
)

EVENT = sample_event("MergeFunction/scheduled")
APPLICATIONS = (APPLICATION, SIGNALLED_APPLICATION, FOREIGN_APPLICATION)
CLIENTS = ("client-1", "client-3")
A_DAY, A_LEASE = timedelta(days=1, seconds=1), timedelta(minutes=10, seconds=1)


class Killed(BaseException):
    """The process is gone: nothing in it can catch that."""


class AtCall(DynamoDB):
    """The real client, with an action before or after its nth call is executed."""

    def __init__(self, client: Any, call: int, step: Callable[[], object], *, executed: bool = False) -> None:
        super().__init__(transport(client))
        self.calls, self.at, self.step, self.executed = 0, call, step, executed

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        self.calls += 1
        call = self.calls
        if call == self.at and not self.executed:
            self.step()
        reply = super().__call__(operation, **request)
        if call == self.at and self.executed:
            self.step()
        return reply


def raising(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def today() -> date:
    return datetime.now(BERLIN).date()


def merge(dynamodb: DynamoDB, generation: int = 1) -> int:
    """Merge at once, whatever the size and the age of the journal."""
    return Merger(dynamodb, "QualityTable", generation).merge(today())


def rows(world: World, kind: str = "") -> list[Item]:
    """Return the items of the Quality table, or of one kind."""
    found: list[Item] = world.client.scan(TableName="QualityTable", ConsistentRead=True)["Items"]
    return [item for item in found if item["Scope"]["S"].startswith(f"{kind}#" if kind else "")]


def entries(world: World, generation: int = 1) -> list[str]:
    return [item["Part"]["S"] for item in rows(world, "journal") if generation_of(item) == generation]


def count_all(world: World, number: int = 0) -> None:
    """Report about each application and count it, in an entry of its own."""
    for each in APPLICATIONS:
        headers = {"X-AtsiToken": OTHER_TOKEN if each == FOREIGN_APPLICATION else TOKEN}
        world.report("INTERVIEW", headers=headers, AtsiApplicationId=each, RawStatus=f"round {number}")
        deliver(world, each)


def assert_exact(world: World) -> None:
    """Rows and journal are the sum of the markers, and what is read is the sum over the applications.

    A list has no job whose first change is not merged.
    """
    for totals, markers in totals_and_markers(rows(world)).values():
        assert totals == markers
    found, expected = read(reader_of(world), CLIENTS), truth(stored(world))
    assert found.items() <= expected.items()
    assert {cell[0] for cell in expected.keys() - found.keys()} <= {"job"}


def assert_merged(world: World) -> None:
    """All is exact, the lists too, and nothing waits."""
    assert read(reader_of(world), CLIENTS) == truth(stored(world))
    for scope, (head, members) in heads_and_members(rows(world)).items():
        assert head == members, scope
    assert entries(world) == []
    assert last_merge(world.dynamodb, "QualityTable", 1).entries == ()


@pytest.mark.parametrize("hours", [0, 3])
def test_small_journal_waits_for_the_hours_set(world: World, hours: int) -> None:
    """With none, the next run merges it."""
    count_all(world)
    handler = make_handler(world.dynamodb, MergeSettings("QualityTable", BERLIN, hours))
    counted_at = now()
    if hours:
        with time_machine.travel(counted_at + timedelta(hours=hours, minutes=-1)):
            assert handler(EVENT, None) == {"merged": 0}
    with time_machine.travel(counted_at + timedelta(hours=hours, seconds=1)):
        assert handler(EVENT, None) == {"merged": 3}


def test_small_journal_waits_for_a_day(world: World) -> None:
    """Until then no row is written, and reports read the journal; then all is merged by the scheduled function."""
    count_all(world)
    assert world.merge(EVENT, None) == {"merged": 0}
    assert {item["Scope"]["S"].split("#")[0] for item in rows(world)} == {"journal", "marker"}
    assert_exact(world)
    with time_machine.travel(now() + A_DAY):
        assert world.merge(EVENT, None) == {"merged": 3}
        assert_merged(world)
        assert world.merge(EVENT, None) == {"merged": 0}


def test_large_journal_is_merged_at_once(world: World) -> None:
    """It is large from 220 kB on, as each report reads all of it."""
    chance = random.Random(1)  # noqa: S311  # made-up names, no secret
    size = 0
    while True:
        names = {("client-1", f"job-{n}"): Name("", chance.randbytes(1000).hex()) for n in range(20)}
        item = entry_item(1, Additions(jobs=names))
        size += entry_bytes(item)
        world.client.put_item(TableName="QualityTable", Item=item)
        merged = world.merge(EVENT, None)["merged"]
        if merged:
            break
        assert size < DUE_BYTES == 220_000
    assert size >= DUE_BYTES
    assert entries(world) == []


def test_merge_that_is_interrupted_anywhere_is_continued(world: World) -> None:
    """Before and after each of its calls in turn, by an error or a kill: totals stay exact, and a later one finishes.

    Nothing can merge until its lease ends, except where it failed before it had one.
    """
    number = 0
    for error, executed in ((Unavailable("down"), False), (Unavailable("down"), True), (Killed(), False)):
        call = 0
        while True:
            call, number = call + 1, number + 1
            count_all(world, number)
            dynamodb = AtCall(world.client, call, raising(error), executed=executed)
            try:
                assert merge(dynamodb) == 3
                break
            except (Unavailable, Killed):
                assert_exact(world)
                under_way = last_merge(world.dynamodb, "QualityTable", 1)
                count_all(world, -number)
                assert_exact(world)
                if under_way.entries:
                    assert merge(world.dynamodb) == 0
                    assert last_merge(world.dynamodb, "QualityTable", 1) == under_way
                with time_machine.travel(now() + A_LEASE):
                    while merge(world.dynamodb):
                        assert_exact(world)
                assert_merged(world)
        assert call > 8


def test_first_merge_that_is_interrupted_anywhere_is_continued(new_table: Callable[[], World]) -> None:
    """The same from an empty table, where each row and each list is new."""
    call = 0
    while True:
        call += 1
        world = new_table()
        count_all(world)
        try:
            merge(AtCall(world.client, call, raising(Killed()), executed=bool(call % 2)))
            break
        except Killed:
            assert_exact(world)
        with time_machine.travel(now() + A_LEASE):
            merge(world.dynamodb)
        assert_merged(world)
    assert call > 8


@pytest.fixture
def new_table(world: World) -> Callable[[], World]:
    """Empty the Quality table and forget the reports."""

    def emptied() -> World:
        for item in rows(world):
            key = {name: item[name] for name in ("Scope", "Part")}
            world.client.delete_item(TableName="QualityTable", Key=key)
        return world

    return emptied


def test_changes_at_any_moment_of_a_merge_count(world: World) -> None:
    """A report is counted before each call in turn; it waits for the next merge."""
    number = 0
    while True:
        number += 1
        count_all(world, number)
        dynamodb = AtCall(world.client, number, partial(count_all, world, -number))
        merge(dynamodb)
        assert_exact(world)
        if dynamodb.calls < number:
            break
    assert number > 8


def test_only_one_process_merges_at_a_time(world: World) -> None:
    """A second one that starts before any call of the first makes no difference: each entry is added once."""
    number = 0
    merged: list[int] = []
    while True:
        number += 1
        count_all(world, number)
        dynamodb = AtCall(world.client, number, lambda: merged.append(merge(world.dynamodb)))
        merged.append(merge(dynamodb))
        assert sum(merged) == 3
        merged.clear()
        assert_merged(world)
        if dynamodb.calls < number:
            break
    assert number > 8


def test_process_that_slept_over_its_lease_writes_nothing_more(world: World) -> None:
    """An operator's computer sleeps after any call of a merge, which another process finishes, and merges more."""
    call, stopped = 0, 0
    while True:
        call += 1
        count_all(world, call)
        with time_machine.travel(now(), tick=False) as clock:

            def sleep(clock: time_machine.Traveller = clock, call: int = call) -> None:
                clock.shift(A_LEASE)
                merge(world.dynamodb)
                count_all(world, -call)
                merge(world.dynamodb)

            dynamodb = AtCall(world.client, call, sleep, executed=True)
            try:
                merge(dynamodb)
            except Unavailable:
                stopped += 1
            assert_exact(world)
            merge(world.dynamodb)
            assert_merged(world)
        if dynamodb.calls < call:
            break
    assert stopped > 1


class Partial(DynamoDB):
    """The real client, but batches process a few of their keys and items at a time."""

    def __init__(self, client: Any) -> None:
        super().__init__(transport(client))
        self.left = 0

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        if operation not in {"BatchGetItem", "BatchWriteItem"}:
            return super().__call__(operation, **request)
        ((table, wanted),) = request["RequestItems"].items()
        all_of_it = wanted["Keys"] if operation == "BatchGetItem" else wanted
        few, rest = all_of_it[:3], all_of_it[3:]
        self.left += len(rest)
        some = {**wanted, "Keys": few} if operation == "BatchGetItem" else few
        more = {**wanted, "Keys": rest} if operation == "BatchGetItem" else rest
        reply = super().__call__(operation, RequestItems={table: some})
        unprocessed = "UnprocessedKeys" if operation == "BatchGetItem" else "UnprocessedItems"
        return {**reply, unprocessed: {table: more} if rest else {}}


def test_batches_that_are_partly_processed_are_completed(world: World) -> None:
    """DynamoDB leaves keys and items of a batch unprocessed when it throttles."""
    dynamodb = Partial(world.client)
    for number in range(2):
        count_all(world, number)
        assert merge(dynamodb) == 3
        assert_merged(world)
    assert dynamodb.left > 20


def test_entries_are_deleted_after_all_rows_are_written(world: World) -> None:
    """First the merge is stored, then the lists' totals, members and names, the rows, the deletions, and the end."""
    count_all(world)
    calls: list[tuple[str, Any]] = []

    class Noting(DynamoDB):
        def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
            calls.append((operation, request))
            return super().__call__(operation, **request)

    merge(Noting(transport(world.client)))
    writes = [each for each in calls if each[0] not in {"GetItem", "Query", "BatchGetItem"}]
    assert [operation for operation, _ in (writes[0], writes[-1])] == ["PutItem", "UpdateItem"]
    kinds = [list(each) for _, request in writes[1:-1] for each in request["RequestItems"]["QualityTable"]]
    assert kinds == sorted(kinds, reverse=True)
    places = [
        "head" if item["Part"]["S"] == "#" else "row" if "Totals" in item else "listed"
        for _, request in writes[1:-1]
        for each in request["RequestItems"]["QualityTable"]
        for item in [each.get("PutRequest", {}).get("Item")]
        if item
    ]
    assert places == ["head"] * 4 + ["listed"] * 14 + ["row"] * (len(places) - 18)


@pytest.mark.parametrize("continues", [False, True], ids=["new", "continued"])
def test_lost_reply_of_the_first_write_is_no_other_process(world: World, *, continues: bool) -> None:
    """The retry finds the merge stored already, sees that it is its own, and goes on."""
    count_all(world)
    if continues:
        with pytest.raises(Killed):
            merge(AtCall(world.client, 5, raising(Killed())))
    over, lost = transport(world.client), iter([True])

    def losing(operation: str, request: Any) -> dict[str, Any]:
        reply = over(operation, request)
        if operation == "PutItem" and next(lost, False):
            raise NoReply
        return reply

    with time_machine.travel(now() + A_LEASE):
        assert merge(DynamoDB(losing)) == 3
        assert_merged(world)


def test_two_processes_never_take_the_same_merge_for_their_own(world: World) -> None:
    """Both start at the same moment with the same entries, and the first write of one of them fails on the server.

    Its retry finds the other's merge, which has the same number and the same entries.
    """
    count_all(world)
    over, first = transport(world.client), iter([True])
    moment = now()

    def failing(operation: str, request: Any) -> dict[str, Any]:
        if operation == "PutItem" and next(first, False):
            with pytest.raises(Killed), time_machine.travel(moment, tick=False):
                merge(AtCall(world.client, 5, raising(Killed())))
            raise NoReply
        return over(operation, request)

    with time_machine.travel(moment, tick=False):
        assert merge(DynamoDB(failing)) == 0
    assert len(entries(world)) == 3


def test_two_generations_have_journals_of_their_own(world: World, log: StringIO) -> None:
    """During a rebuild a change counts in both, and the function merges both; a merge of one leaves the other's."""
    world.client.put_item(TableName="QualityTable", Item={**KEY, "Live": {"N": "1"}, "Building": {"N": "2"}})
    count_all(world)
    assert (len(entries(world, 1)), len(entries(world, 2))) == (3, 3)
    assert merge(world.dynamodb, generation=2) == 3
    assert (len(entries(world, 1)), len(entries(world, 2))) == (3, 0)
    assert_exact(world)
    count_all(world, 1)
    log.truncate(0)
    with time_machine.travel(now() + A_DAY):
        assert world.merge(EVENT, None) == {"merged": 9}
        for generation in (1, 2):
            reader = QualityReader(world.dynamodb, "QualityTable", generation, today())
            assert read(reader, CLIENTS) == truth(stored(world))
    assert_merged(world)
    lines = [json.loads(line) for line in log.getvalue().strip("\0").splitlines()]
    assert [(each["generation"], each["entries"]) for each in lines if each.get("message") == "merged"] == [
        (1, 6),
        (2, 3),
    ]


def test_large_journal_is_merged_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A merge adds at most 5,000 entries and about 1 MB; the next one adds the next."""
    monkeypatch.setattr(merges, "_MOST_ENTRIES", 2)
    count_all(world)
    assert merge(world.dynamodb) == 2
    assert_exact(world)
    assert (merge(world.dynamodb), merge(world.dynamodb)) == (1, 0)
    assert_merged(world)
    assert last_merge(world.dynamodb, "QualityTable", 1) == LastMerge(number=2)


@pytest.mark.parametrize(("seconds", "parts"), [(200.0, [3, 0]), (0.0, [2, 1])])
def test_the_function_merges_parts_until_its_time_is_up(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: float, parts: list[int]
) -> None:
    """So that a journal which grows faster than one part in five minutes does not grow for ever."""
    monkeypatch.setattr(merges, "_MOST_ENTRIES", 2)
    monkeypatch.setattr(merging, "_BEGIN_SECONDS", seconds)
    count_all(world)
    with time_machine.travel(now() + A_DAY):
        assert [world.merge(EVENT, None)["merged"] for _ in parts] == parts
    assert_merged(world)


def test_lists_follow_what_their_members_lose(world: World) -> None:
    """An erased application is missing from the job and the client, and from the sizes of their lists."""
    count_all(world)
    merge(world.dynamodb)
    assert world.erase().status == 204
    deliver(world)
    assert_exact(world)
    assert merge(world.dynamodb) == 1
    assert_merged(world)
    assert heads_and_members(rows(world))["jobs#1#client-1"][0] == dict.fromkeys(LISTED_MEASURES, Sizes({1: 1}, 1))


def test_reader_that_a_merge_overtakes_says_so(world: World) -> None:
    """A merge comes before each call of a reader in turn: it reads the right amounts or raises MergedMeanwhile."""
    overtaken, number = 0, 0
    while True:
        number += 1
        count_all(world, number)
        dynamodb = AtCall(world.client, number, lambda: merge(world.dynamodb))
        try:
            found = read(QualityReader(dynamodb, "QualityTable", 1, today()), CLIENTS)
        except MergedMeanwhile:
            overtaken += 1
        else:
            expected = truth(stored(world))
            assert found.items() <= expected.items()
            assert {cell[0] for cell in expected.keys() - found.keys()} <= {"job"}
            if dynamodb.calls < number:
                break
    assert overtaken > 0


def test_metric_has_the_entries_of_all_generations(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """With the dimensions of the alarm, also if nothing is to be merged."""
    count_all(world)
    for merged, later in ((0, timedelta()), (3, A_DAY)):
        capsys.readouterr()
        with time_machine.travel(now() + later):
            world.merge(EVENT, None)
        (metrics,) = (line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in line)
        assert (metrics["Merged"], metrics["stack"]) == ([merged], "local")
        (described,) = metrics["_aws"]["CloudWatchMetrics"]
        assert (described["Namespace"], sorted(map(sorted, described["Dimensions"]))) == (
            "ApplicationStatus",
            [["service", "stack"]],
        )


def test_failure_is_raised_and_writes_no_metric(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """So that the alarm sees data missing."""
    count_all(world)

    def failing(**_: Any) -> None:
        raise OSError("Geheimnis")

    world.client.meta.events.register_first("before-send.dynamodb.Query", failing)
    capsys.readouterr()
    with pytest.raises(RuntimeError, match="see the log line"):
        world.merge(EVENT, None)
    out = capsys.readouterr().out
    assert '"Merged"' not in out
    assert "Geheimnis" not in out
