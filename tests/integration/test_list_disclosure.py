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
