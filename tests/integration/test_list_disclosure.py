"""Lists beside totals: no difference of them is about fewer than five applications, also between merges."""

import random
from collections import Counter
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
import time_machine

from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import Unavailable
from application_status.platform.values import ApplicationId
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.write import Change, Counters
from application_status.quality.rules.contribution import Cell
from application_status.quality.rules.disclosure import Sizes
from support.quality_pages import STAFF, api
from support.world import World

SIZES = {"cohort": "applications", "silence": "open_applications"}


class Interrupted(DynamoDB):
    """A client that fails after some writes of many items."""

    def __init__(self, dynamodb: DynamoDB, writes: int) -> None:
        self._dynamodb = dynamodb
        self._left = writes

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        if operation == "BatchWriteItem":
            self._left -= 1
            if self._left < 0:
                raise Unavailable("interrupted")
        return self._dynamodb(operation, **request)


class Board:
    """Applications of three clients at one ATS, with three jobs each, and applications without a client."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self._versions: Counter[ApplicationId] = Counter()

    def change(self) -> None:
        """Count new applications of a job, or end or erase known ones."""
        job, changes = self._chance.randrange(10), []
        for number in self._chance.sample(range(9), self._chance.randrange(1, 5)):
            of = ApplicationId(f"{job}-{number}")
            self._versions[of] += 1
            names: tuple[str, ...] = self._chance.choice([("applications", "last_activity"), ("applications",), ()])
            cells = {Cell("ats", "2026-01-02", name): 1 for name in names}
            whose = (f"client-{job // 3}", f"job-{job}") if job < 9 else (None, None)
            changes.append(Change(of, self._versions[of], cells, *whose))
        Counters(self._world.dynamodb, "QualityTable").apply(changes)

    def merge(self) -> None:
        """Merge, or begin to."""
        with suppress(Unavailable):
            interrupted = Interrupted(self._world.dynamodb, self._chance.randrange(5))
            Merger(interrupted, "QualityTable", 1).merge(date(2026, 2, 10))


@pytest.mark.parametrize("seed", range(4))
def test_what_a_list_leaves_out_is_not_about_too_few(world: World, seed: int) -> None:
    """The total without the listed jobs of a client, or clients of an ATS, is about none or at least five."""
    board = Board(world, random.Random(seed))  # noqa: S311  # no secret
    listed = 0
    with time_machine.travel("2026-02-10T10:00:00Z", tick=False) as clock:
        for step in range(40):
            board.change()
            if step % 7 == 6:
                clock.shift(3600)  # after the lease of the last merge
                board.merge()
            for kind, size in SIZES.items():
                for whose, by in (({"ats": "ats"}, "client"), ({"client": f"client-{step % 3}"}, "job")):
                    total = amounts(world, size, kind=kind, **whose, **since(kind))
                    members = amounts(world, size, kind=kind, **whose, by=by)
                    assert not members or min(members) >= 5
                    left_out = sum(total) - sum(members)
                    assert not total or left_out == 0 or left_out >= 5, (step, kind, whose, total, members)
                    listed += len(members)
    assert listed > 10


def since(kind: str) -> dict[str, str]:
    """Return the parameter of a cohort that makes it about all applications."""
    return {"from_": "2026-01-01"} if kind == "cohort" else {}


def amounts(world: World, size: str, **query: Any) -> list[float]:
    """Return a number of each row of a report."""
    return [
        each["Value"]
        for row in api(world, STAFF, **query)["Rows"]
        for each in row["Numbers"]
        if (each["Measure"], each["Unit"]) == (size, "applications")
    ]


def test_list_with_many_changes_hides_more_members_than_changed(world: World) -> None:
    """All clients have six applications; after a merge, 101 of them get one more, and a new client gets two."""
    counters = Counters(world.dynamodb, "QualityTable")
    for number in range(120):
        counters.apply([application(f"{number}-{each}", f"client-{number:03}") for each in range(6)])
    Merger(world.dynamodb, "QualityTable", 1).merge(date(2026, 2, 10))
    for number in range(101):
        counters.apply([application(f"{number}-new", f"client-{number:03}")])
    counters.apply([application(f"new-{each}", "new") for each in range(2)])
    listed, after = 0.0, None
    while True:
        page = api(world, STAFF, ats="ats", by="client", **({"after": after} if after else {}))
        listed += sum(number["Value"] for row in page["Rows"] for number in row["Numbers"][:1])
        after = page["Next"]
        if after is None:
            break
    (total,) = amounts(world, "applications", ats="ats", from_="2026-01-01")
    assert total == 120 * 6 + 101 + 2
    assert listed == 0 or total - listed >= 5


def application(number: str, client_id: str) -> Change:
    """Return the first change of an application."""
    cells = {Cell("ats", "2026-01-02", name): 1 for name in ("applications", "last_activity")}
    return Change(ApplicationId(number), 1, cells, client_id, "job")


def test_changed_members_stay_among_the_hidden_ones() -> None:
    """More members are hidden than changed, the smallest first; without changes, only what hides the smallest."""
    members = {1: 3, 2: 40, 3: 90, 4: 1_000}
    assert set(Sizes(members, 600).hidden_classes) == {1}
    assert set(Sizes(members, 4).hidden_classes) == {1, 2}
    assert set(Sizes(members, 600, changed=39).hidden_classes) == {1, 2}
    assert set(Sizes(members, 600, changed=40).hidden_classes) == {1, 2, 3}
    assert set(Sizes(members, 600, changed=130).hidden_classes) == {1, 2, 3, 4}
    assert set(Sizes({}, 0, changed=101).hidden_classes) == {1}


def test_changed_jobs_are_read_one_by_one(world: World) -> None:
    """A report reads the rows of the jobs that changed, and not those between them."""
    counters = Counters(world.dynamodb, "QualityTable")
    for number in range(0, 200, 2):
        cells = {Cell("ats", "2026-01-02", "applications"): 5}
        counters.apply([Change(ApplicationId(f"{number}"), 1, cells, "client", f"job-{number:03}")])
    Merger(world.dynamodb, "QualityTable", 1).merge(date(2026, 2, 10))
    for number in range(0, 200, 12):
        cells = {Cell("ats", "2026-01-02", "applications"): 6}
        counters.apply([Change(ApplicationId(f"{number}"), 2, cells, "client", f"job-{number:03}")])
    world.dynamodb.operations.clear()
    assert api(world, STAFF, client="client", job="job-012")["Hidden"] == 0
    assert world.dynamodb.operations.count("Query") == 2  # the journal, and the client's names
