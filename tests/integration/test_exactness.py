"""Naive counting is wrong in most of 300 seeded schedules; ours is right (test_exactness_machine.py goes further).

A schedule delivers the changes of a few applications through the event source mapping, with lost records, functions
killed before and after their writes, a store that fails before and after its commits, redeliveries and late replays.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Status
from application_status.functions.analytics import make_handler
from application_status.local.event_source_mapping import EventSourceMapping
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import Unavailable
from application_status.platform.values import AtsId, application_id, from_text, now
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.read import QualityReader
from application_status.quality.counting.stream import AnalyticsSettings
from application_status.quality.rules.contribution import Cell, Contribution, contribution
from support.counters import read, truth
from support.dynamodb_in_memory import Memory
from support.failed_records import set_aside
from support.world import BERLIN, TEMPLATE, registration

SCHEDULES = 300
CLIENTS = ("client-0", "client-1")
START = from_text("2022-07-01T09:00:00.000Z")


def difference(new: Contribution, counted: Contribution) -> Contribution:
    """Return the amounts to add to counters that include `counted` so that they include `new` instead."""
    cells = {cell: new.get(cell, 0) - counted.get(cell, 0) for cell in {*new, *counted}}
    return {cell: amount for cell, amount in cells.items() if amount}


class FailingDynamoDB(DynamoDB):
    """The real client, but some calls fail before or after they are made."""

    def __init__(self, client: Any, chance: random.Random) -> None:
        super().__init__(boto.transport(client))
        self.chance = chance
        self.failing = True

    def calm(self) -> None:
        self.failing = False

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        fate = self.chance.random() if self.failing else 1.0
        if fate < 0.05:
            raise Unavailable("before")
        reply = super().__call__(operation, **request)
        if fate < 0.1:
            raise Unavailable("after")
        return reply


@dataclass
class Naive:
    """What one would write first: add what each record changes, with no memory of what was counted."""

    counters: Counter[Cell] = field(default_factory=Counter)

    def __call__(self, event: dict[str, Any]) -> None:
        for record in event["Records"]:
            new, old = (record["dynamodb"].get(name) for name in ("NewImage", "OldImage"))
            before = contribution(items.application(old), BERLIN) if old else {}
            for cell, amount in difference(contribution(items.application(new), BERLIN), before).items():
                self.counters[cell] += amount


class Schedule:
    """One seeded run: the applications' versions, the records of their changes, and what happens on the way."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # a seeded schedule, no secret
        self.ats_id = AtsId(f"ats-{seed}")
        self.versions = [self._life(seed, number) for number in range(self.chance.randint(1, 4))]

    def _life(self, seed: int, number: int) -> list[Application]:
        versions = [
            Application(
                application_id=application_id(f"{seed:08x}-0000-0000-0000-{number:012x}"),
                ats_id=self.ats_id,
                status=Status.APPLIED,
                version=1,
                registration=registration(ats_id=self.ats_id, client_id=f"client-{number % 2}"),
            )
        ]
        for _ in range(self.chance.randint(1, 7)):
            versions.append(self._next(versions[-1]))
        return versions

    def _next(self, before: Application) -> Application:
        moment = START + timedelta(hours=self.chance.randint(1, 2000))
        status = self.chance.choice(list(Status))
        report = Report(
            application_id=before.application_id,
            ats_id=self.ats_id,
            channel=Channel.ATSI,
            interpretation=Interpretation(status=status),
            tiebreaker=str(status.rank),
            received_at=moment,
            effective_at=moment if self.chance.random() < 0.7 else None,
        )
        after = before.after(before.receive(report))
        return replace(after, version=before.version + 1)

    def records(self) -> list[dict[str, Any]]:
        """Interleave the applications' changes, each application's own in order, and lose some on the way."""
        lives = [list(zip([None, *versions], versions, strict=False)) for versions in self.versions]
        records: list[dict[str, Any]] = []
        while any(lives):
            life = self.chance.choice([life for life in lives if life])
            old, new = life.pop(0)
            if not life or self.chance.random() > 0.1:
                records.append(_record(len(records), old, new))
        return records

    def truth(self) -> Counter[Cell]:
        """Return the sum of the applications' contributions."""
        total: Counter[Cell] = Counter()
        for versions in self.versions:
            total.update(contribution(versions[-1], BERLIN))
        return total

    def run(self, function: Any, calm: Callable[[], None] = lambda: None) -> None:
        """Deliver the records, some again; in the end, when all is calm, replay from the on-failure destination."""
        records = self.records()
        settings = replace(TEMPLATE.stream_mappings()[0], batch_size=self.chance.choice([1, 3, 100]))
        mapping = EventSourceMapping(settings, self._mortal(function), time.time)
        mapping.feed(records)
        if self.chance.random() < 0.5:
            start = self.chance.randrange(len(records))
            mapping.feed(records[start : start + self.chance.randint(1, len(records))])
        self.chance.shuffle(mapping.failed)
        calm()
        replay = EventSourceMapping(settings, function, time.time)
        replay.feed(mapping.failed)
        assert replay.failed == []

    def _mortal(self, function: Any) -> Any:
        def invoke(event: dict[str, Any]) -> Any:
            fate = self.chance.random()
            if fate < 0.1:
                raise RuntimeError("killed before it did anything")
            answer = function(event)
            if fate < 0.2:
                raise RuntimeError("killed before its answer arrived")
            return answer

        return invoke


def _record(number: int, old: Application | None, new: Application) -> dict[str, Any]:
    images = {"NewImage": new, **({"OldImage": old} if old else {})}
    return {
        "eventName": "MODIFY" if old else "INSERT",
        "dynamodb": {
            "SequenceNumber": str(1000 + number),
            "ApproximateCreationDateTime": time.time(),
            **{name: items.application_item(image, updated_at="-") for name, image in images.items()},
        },
    }


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def test_counters_are_exact_in_every_schedule() -> None:
    """Ours are right in all of them."""
    (table,) = (table for table in TEMPLATE.tables() if table["TableName"] == "QualityTable")
    for seed in range(SCHEDULES):
        client = Memory()
        client.create_table(**table)
        schedule = Schedule(seed)
        dynamodb = FailingDynamoDB(client, schedule.chance)
        handler = make_handler(dynamodb, AnalyticsSettings("QualityTable", BERLIN), set_aside())
        schedule.run(lambda event, handler=handler: handler(event, None), dynamodb.calm)
        newest = [versions[-1] for versions in schedule.versions]
        for merged in (False, True):
            reader = QualityReader(dynamodb, "QualityTable", 1, now().date())
            found = {cell: amount for cell, amount in read(reader, CLIENTS).items() if merged or cell[0] != "job"}
            expected = {cell: amount for cell, amount in truth(newest).items() if merged or cell[0] != "job"}
            assert found == expected, f"schedule {seed}, merged: {merged}"
            Merger(dynamodb, "QualityTable", 1).merge(now().date())


def test_naive_counting_is_wrong() -> None:
    """The same schedules, counted by adding what each record changes, go wrong in most cases."""
    wrong = 0
    for seed in range(SCHEDULES):
        schedule, naive = Schedule(seed), Naive()
        schedule.run(naive)
        wrong += +naive.counters != schedule.truth()
    assert wrong > SCHEDULES // 2
