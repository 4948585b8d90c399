"""Totals as reports read them: of an ATS, a client and a job, from rows and from the journal."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from application_status.access.names import AtsNames
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import Unavailable
from application_status.platform.values import ApplicationId
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.read import MergedMeanwhile, Page, QualityReader
from application_status.quality.counters.write import Change, Counters
from application_status.quality.reports.endpoint import ReportBuilder, ReportSource
from application_status.quality.rules.contribution import Cell
from application_status.quality.rules.disclosure import Sizes
from application_status.quality.rules.totals import amount_of
from support.counters import heads_and_members, totals_and_markers
from support.dynamodb_in_memory import Memory
from support.world import BERLIN, World

NOW = datetime(2026, 12, 31, 9, tzinfo=UTC)
TODAY = date(2026, 12, 31)
DAY = "2026-11-22"
TABLE = "QualityTable"


class OneByOne(DynamoDB):
    """DynamoDB with an item a page, and a call for each write of a batch; it fails after so many of these writes."""

    def __init__(self, client: Any, writes: float = math.inf) -> None:
        super().__init__(transport(client))
        self.writes = writes

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        if operation == "BatchWriteItem":
            for table, writes in request["RequestItems"].items():
                for write in writes:
                    self._write(table, write)
            return {"UnprocessedItems": {}}
        return super().__call__(operation, **({"Limit": 1} if operation == "Query" else {}) | request)

    def _write(self, table: str, write: Mapping[str, Any]) -> None:
        if self.writes == 0:
            raise Unavailable("killed")
        self.writes -= 1
        super().__call__("BatchWriteItem", RequestItems={table: [write]})


@pytest.fixture
def world() -> World:
    return World(Memory())


def store(world: World) -> DynamoDB:
    return OneByOne(world.client)


def reader(world: World, generation: int = 1) -> QualityReader:
    return QualityReader(store(world), TABLE, generation, TODAY)


def change(number: int, version: int = 1, ats: str = "ats", client: str | None = "client", job: str = "job") -> Change:
    """Return a change of an application that counts on its first day, and on another for each version."""
    cells = {Cell(ats, DAY, "applications"): 1} | {Cell(ats, f"2026-12-{version:02}", "reports"): version}
    found = Change(ApplicationId(f"application-{number}"), version, cells)
    if client is None:
        return found
    return replace(
        found,
        client_id=client,
        job_id=job,
        company=f"{client} GmbH",
        job_title=f"Title of {job}",
        applied_on="2026-11-22",
    )


def count(world: World, *changes: Change) -> None:
    """Count changes one by one, each with an entry of its own in the journal."""
    for each in changes:
        assert Counters(world.dynamodb, TABLE).apply([each]) == [each]


def merge(world: World, generation: int = 1) -> int:
    return Merger(store(world), TABLE, generation).merge(TODAY)


def nothing(_: World) -> None:
    """Leave all in the journal."""


def merge_all(world: World) -> None:
    assert merge(world)


def merge_half(world: World) -> None:
    """Merge, but stop after some of the rows."""
    assert not merged_with(world, writes=12)


def merged_with(world: World, writes: int) -> bool:
    """Merge with so many writes, as if the merge was killed after them; return whether they were enough."""
    with suppress(Unavailable):
        return Merger(OneByOne(world.client, writes), TABLE, 1).merge(TODAY) > 0
    return False


type Step = Callable[[World], None]
each_state = pytest.mark.parametrize("step", [nothing, merge_half, merge_all])


def reports(found: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {name: sum(slots.values()) for name, slots in found.items()}


@each_state
def test_atss_are_kept_apart(world: World, step: Step) -> None:
    """Also those whose names begin alike; one of which nothing was counted has nothing."""
    count(world, change(1, ats="ats"), change(2, ats="ats-2"), change(3, ats="ats-2"))
    step(world)
    found = reader(world)
    assert found.ats_ids() == ["ats", "ats-2"]
    assert [amount_of(found.life_of_ats(each), "applications") for each in ("ats", "ats-2", "at")] == [1, 2, 0]
    assert found.month_of_ats("ats-2", "2026-11") == {"applications": {"22": 2}}
    assert found.year_of_ats("ats-2", "2026") == {"applications": {"11": 2}, "reports": {"12": 2}}
    assert found.year_of_ats("ats-2", "2025") == found.month_of_ats("ats", "2025-11") == {}
    assert found.days_of_ats("ats-2") == {(DAY, "applications"): 2, ("2026-12-01", "reports"): 2}
    assert found.days_of_ats("ats-2", since="2026-12") == {("2026-12-01", "reports"): 2}


@each_state
def test_client_has_totals_at_each_ats(world: World, step: Step) -> None:
    """Its months have those of all its ATSs together; unregistered applications belong to no client."""
    count(
        world,
        *(change(1, job="a"), change(2, job="a", ats="other"), change(3, job="b", version=3)),
        *(change(4, client="client-2"), change(5, client=None)),
    )
    step(world)
    found = reader(world)
    lives = found.lives_of_client("client")
    assert {ats_id: reports(life.row) for ats_id, life in lives.items()} == {
        "ats": {"applications": 2, "reports": 4},
        "other": {"applications": 1, "reports": 1},
    }
    found.load_client("client", ["2026-11", "2026-12"])
    assert found.month_of_client("client", "2026-11") == {"applications": {"22": 3}}
    assert found.month_of_client("client", "2026-12") == {"reports": {"01": 2, "03": 3}}
    assert reports(found.job("client", "a").row) == {"applications": 2, "reports": 2}
    assert reports(found.job("client", "b").row) == {"applications": 1, "reports": 3}
    assert found.job("client", "c").row == found.job("client-2", "a").row == {}
    assert found.lives_of_client("client-2").keys() == {"ats"}
    assert found.lives_of_client("nobody") == {}


def test_client_and_job_follow_the_registration(world: World) -> None:
    """An application has no client before it is registered, nor after it is removed."""
    count(world, change(1, client=None))
    assert reader(world).lives_of_client("client") == {}
    merge_all(world)
    count(world, change(1, version=2))
    assert reports(reader(world).lives_of_client("client")["ats"].row) == {"applications": 1, "reports": 2}
    assert reports(reader(world).life_of_ats("ats")) == {"applications": 1, "reports": 2}
    merge_all(world)
    count(world, Change(ApplicationId("application-1"), 3, {}))
    for step in (nothing, merge_all):
        step(world)
        assert reader(world).lives_of_client("client")["ats"].row == reader(world).life_of_ats("ats") == {}
        assert reader(world).job("client", "job").row == {}


def jobs(found: Page) -> dict[str, tuple[str | None, int]]:
    return {job.id: (job.name, amount_of(job.row, "applications")) for job in found.members}


def test_lists_have_pages(world: World) -> None:
    """They are sorted by id, and each page names the member after which the next one begins."""
    count(world, *(change(number, job=f"job-{number % 5}") for number in range(12)))
    merge_all(world)
    count(world, change(13, job="job-1"))
    first = reader(world).jobs("client", None, 2)
    assert jobs(first) == {"job-0": ("Title of job-0", 3), "job-1": ("Title of job-1", 4)}
    second = reader(world).jobs("client", first.following, 2)
    assert jobs(second) == {"job-2": ("Title of job-2", 2), "job-3": ("Title of job-3", 2)}
    last = reader(world).jobs("client", second.following, 2)
    assert (jobs(last), last.following) == ({"job-4": ("Title of job-4", 2)}, None)
    assert jobs(reader(world).jobs("client", "job-9", 2)) == jobs(reader(world).jobs("nobody", None, 2)) == {}


def test_clients_of_an_ats_are_listed(world: World) -> None:
    """With their applications at this ATS alone, and with their names."""
    count(world, *(change(number, client=f"client-{number % 3}") for number in range(7)))
    count(world, change(8, ats="other", client="client-0"))
    merge_all(world)
    found = reader(world).clients("ats", None, 2)
    assert jobs(found) == {"client-0": ("client-0 GmbH", 3), "client-1": ("client-1 GmbH", 2)}
    assert jobs(reader(world).clients("ats", found.following, 2)) == {"client-2": ("client-2 GmbH", 2)}
    assert jobs(reader(world).clients("other", None, 9)) == {"client-0": ("client-0 GmbH", 1)}


def test_new_member_is_listed_after_the_next_merge(world: World) -> None:
    """Its numbers can be asked for by its id at once."""
    count(world, change(1, job="a"))
    merge_all(world)
    count(world, change(2, job="b"))
    assert jobs(reader(world).jobs("client", None, 9)).keys() == {"a"}
    assert amount_of(reader(world).job("client", "b").row, "applications") == 1
    merge_all(world)
    assert jobs(reader(world).jobs("client", None, 9)).keys() == {"a", "b"}


def test_totals_of_a_list_are_by_size(world: World) -> None:
    """How many jobs have one to four applications, with their sum, how many have five to nineteen, and so on."""
    sizes = {"a": 3, "b": 6, "c": 5, "d": 22}
    numbered = enumerate(job for job, amount in sizes.items() for _ in range(amount))
    count(world, *(change(number, job=job) for number, job in numbered))
    merge_all(world)
    assert reader(world).head_of_jobs("client")["applications"] == Sizes({1: 1, 2: 2, 3: 1}, 3)
    assert reader(world).clients("ats", None, 9).head["applications"] == Sizes({3: 1}, 0)
    count(world, *(change(number, job="a") for number in (100, 101)), Change(ApplicationId("application-3"), 2, {}))
    merge_all(world)
    assert reader(world).head_of_jobs("client")["applications"] == Sizes({2: 3, 3: 1}, 0)


def test_renamed_client_and_job_have_their_newest_names(world: World) -> None:
    """A registration that is sent again with other names is the newest, whatever is merged later."""
    count(world, change(1))
    merge_all(world)
    count(world, replace(change(1, version=2), company="Muster AG", job_title="Koch"))
    merge_all(world)
    count(world, change(2))
    merge_all(world)
    found = reader(world)
    assert found.lives_of_client("client")["ats"].name == "Muster AG"
    assert found.job("client", "job").name == "Koch"


def test_change_counts_in_both_generations_while_one_is_built(world: World) -> None:
    """Each has its own totals, markers and journal; readers of one do not see the other."""
    count(world, change(1))
    generations = {"Live": {"N": "1"}, "Building": {"N": "2"}}
    world.client.put_item(TableName=TABLE, Item={"Scope": {"S": "generation"}, "Part": {"S": "current"}, **generations})
    count(world, change(2, ats="other"))
    merge_all(world)
    for generation in (1, 2):
        counted, marked = totals_and_markers(world.client.scan(TableName=TABLE)["Items"])[generation]
        assert counted == marked
    assert (reader(world).ats_ids(), reader(world, generation=2).ats_ids()) == (["ats", "other"], ["other"])
    assert amount_of(reader(world).job("client", "job").row, "applications") == 2
    assert amount_of(reader(world, generation=2).job("client", "job").row, "applications") == 1


# What a merge does meanwhile.


def read(found: QualityReader) -> dict[str, Any]:
    """Return all that a reader returns of two ATSs and a client."""
    return {
        "lives": found.lives_of_atss(),
        "months": [found.month_of_ats(ats, month) for ats in ("ats", "ats-2") for month in ("2026-11", "2026-12")],
        "years": [found.year_of_ats(ats, "2026") for ats in ("ats", "ats-2")],
        "client": {ats_id: life.row for ats_id, life in found.lives_of_client("client").items()},
        "months of client": [found.month_of_client("client", month) for month in ("2026-11", "2026-12")],
        "jobs": [found.job("client", job).row for job in ("a", "b", "c")],
    }


def batches() -> Iterable[list[Change]]:
    """Two groups of changes of the same rows; the second one takes amounts away, too."""
    yield [change(1, job="a"), change(2, job="b"), change(3, ats="ats-2", job="a")]
    yield [
        change(1, version=2, job="a"),
        change(4, ats="ats-2", job="c"),
        Change(ApplicationId("application-2"), 2, {}),
    ]


def test_interrupted_merge_is_read_right_wherever_it_stops(world: World) -> None:
    """The results are those before the merge after each of its writes, also while entries are deleted one by one.

    The next merge continues it. Each row that an entry is about has the merge's number, even if its amounts stay.
    """
    first, second = batches()
    count(world, *first)
    merge_all(world)
    count(world, *second)
    expected = read(reader(world))
    assert expected["lives"] == {
        "ats": {"applications": {"2026-11": 1}, "reports": {"2026-12": 2}},
        "ats-2": {"applications": {"2026-11": 2}, "reports": {"2026-12": 2}},
    }
    before, finished, writes = dict(world.client.tables[TABLE]), False, 0
    while not finished:
        with time_machine.travel(NOW, tick=False) as clock:
            world.client.tables[TABLE] = dict(before)
            finished = merged_with(world, writes)
            assert read(reader(world)) == expected, f"after {writes} writes"
            clock.shift(timedelta(minutes=11))
            assert finished or merge(world) == 3
            assert read(reader(world)) == expected, f"continued after {writes} writes"
            assert merge(world) == 0
        writes += 1
    assert writes > 15


def test_interrupted_merge_leaves_right_totals_of_lists(world: World) -> None:
    """Wherever it stops: also if two jobs swap their sizes, so that the totals stay the same and are not written."""
    count(world, *(change(number, job="a" if number < 4 else "b") for number in range(9)))
    merge_all(world)
    count(world, change(10, job="a"), Change(ApplicationId("application-8"), 2, {}))
    before, finished, writes = dict(world.client.tables[TABLE]), False, 0
    while not finished:
        with time_machine.travel(NOW, tick=False) as clock:
            world.client.tables[TABLE] = dict(before)
            finished = merged_with(world, writes)
            clock.shift(timedelta(minutes=11))
            assert finished or merge(world) == 2
            lists = heads_and_members(world.client.tables[TABLE].values())
            assert lists
            assert all(head == members for head, members in lists.values()), f"after {writes} writes"
        writes += 1
    assert reader(world).head_of_jobs("client")["applications"] == Sizes({1: 1, 2: 1}, 4)


def test_change_during_an_interrupted_merge_counts_once(world: World) -> None:
    """Its entry is in no merge yet, so it is added to all rows, written or not."""
    first, second = batches()
    count(world, *first)
    merge_half(world)
    count(world, *second)
    expected = read(reader(world))
    assert amount_of(expected["lives"]["ats"], "applications") == 1
    assert amount_of(expected["lives"]["ats-2"], "applications") == 2
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=11)):
        assert merge(world) == 3
        assert read(reader(world)) == expected
        assert merge(world) == 3
        assert read(reader(world)) == expected


def test_reader_that_a_merge_overtakes_refuses(world: World) -> None:
    """It has read the journal before and would count amounts twice. Rows that it has read before stay as they were."""
    count(world, change(1))
    overtaken = reader(world)
    before = overtaken.life_of_ats("ats")
    merge_all(world)
    assert overtaken.life_of_ats("ats") == before
    for call in (
        lambda: overtaken.month_of_ats("ats", "2026-11"),
        lambda: overtaken.year_of_ats("ats", "2026"),
        lambda: overtaken.lives_of_client("client"),
        lambda: overtaken.month_of_client("client", "2026-11"),
        lambda: overtaken.job("client", "job"),
        lambda: overtaken.jobs("client", None, 9),
        lambda: overtaken.clients("ats", None, 9),
    ):
        with pytest.raises(MergedMeanwhile):
            call()
    assert reader(world).life_of_ats("ats") == before


def test_reader_goes_on_beside_a_merge_of_other_rows(world: World) -> None:
    """A merge that wrote none of the rows of a report does not disturb it."""
    count(world, change(1))
    merge_all(world)
    count(world, change(2, ats="ats-2", client="client-2"))
    undisturbed = reader(world)
    assert amount_of(undisturbed.life_of_ats("ats"), "applications") == 1
    merge_all(world)
    assert undisturbed.month_of_ats("ats", "2026-11") == {"applications": {"22": 1}}
    assert amount_of(undisturbed.job("client", "job").row, "applications") == 1


def source(world: World) -> ReportSource:
    def no_health(*_: object) -> Any:
        raise AssertionError

    return ReportSource(store(world), TABLE, BERLIN, no_health, AtsNames(store(world), "TokensTable"))


def overtaken(world: World, times: int) -> Callable[[ReportBuilder], int]:
    """Return a way to build a report, during whose first builds changes are counted and merged."""
    builds = iter(range(100))

    def build(reports: ReportBuilder) -> int:
        life = reports.reader.life_of_ats("ats")
        if (number := next(builds)) < times:
            count(world, change(100 + number))
            merge_all(world)
        return amount_of(life, "applications") + amount_of(
            reports.reader.month_of_ats("ats", "2026-11"), "applications"
        )

    return build


@pytest.mark.parametrize("times", [0, 1, 2])
def test_report_is_built_again_after_a_merge(world: World, times: int) -> None:
    """All of it, from rows and a journal of one moment."""
    count(world, change(1))
    assert source(world).built(NOW, overtaken(world, times)) == 2 * (1 + times)


def test_report_is_unavailable_if_merges_never_end(world: World) -> None:
    """After three attempts the caller gets a 503, which asks for another attempt later."""
    count(world, change(1))
    with pytest.raises(Unavailable):
        source(world).built(NOW, overtaken(world, 3))


def test_missing_row_is_read_once(world: World) -> None:
    """Each row is read once in the life of a reader, also a row that does not exist."""
    count(world, change(1))
    merge_all(world)
    found = QualityReader(world.dynamodb, TABLE, 1, TODAY)
    world.dynamodb.operations.clear()
    for _ in range(3):
        found.load({"ats": ["2026-11", "2026-10"]}, {"ats": ["2026"]})
        found.month_of_ats("ats", "2026-10")
        found.month_of_ats("ats", "2026-11")
        found.year_of_ats("ats", "2026")
    assert Counter(world.dynamodb.operations) == {"GetItem": 1, "Query": 1, "BatchGetItem": 1}


def test_many_rows_of_a_partition_are_one_query(world: World) -> None:
    """The months of a client, and the ATSs of a month, are each in one partition."""
    count(world, *(change(number, ats=f"ats-{number:02}") for number in range(12)))
    merge_all(world)
    found = QualityReader(world.dynamodb, TABLE, 1, TODAY)
    world.dynamodb.operations.clear()
    found.load({f"ats-{number:02}": ["2026-11"] for number in range(12)}, {})
    assert all(found.month_of_ats(f"ats-{number:02}", "2026-11") for number in range(12))
    assert Counter(world.dynamodb.operations) == {"GetItem": 1, "Query": 2}
