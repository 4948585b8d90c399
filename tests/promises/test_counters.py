"""Counts seeded schedules of the applications' stream, with everything that can happen to it on the way.

A few applications change. Their records go to shards, which split. Batches reach the analytics function through the
event source mapping of template.yaml, while invocations are killed, DynamoDB and S3 fail before and after their
writes, batches of parent shards come again, records get lost or can't be read, the mapping gives records up, a rebuild
runs, and the operator sends failed records again. The model of the mapping is `local/event_source_mapping.py`.
"""

import json
import logging
import os
import random
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import time_machine

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.functions.analytics import make_handler
from application_status.local.event_source_mapping import EventSourceMapping, Record
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import Unavailable
from application_status.platform.outages import one_by_one
from application_status.platform.streams import sequence_number
from application_status.platform.values import from_text, now, to_text
from application_status.quality.counters.generations import generations
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.read import QualityReader
from application_status.quality.counters.rebuilds import RebuildOvertaken, Rebuilds
from application_status.quality.counters.write import Change, Counters
from application_status.quality.counting.stream import AnalyticsSettings, change_of
from application_status.quality.rules.contribution import Cell, contribution
from support.counters import read, truth
from support.dynamodb_in_memory import Memory
from support.failed_records import KeptRecords, Operator, set_aside
from support.generated_applications import Life
from support.proof import Figure, amount
from support.unreliable_stream import Fate, Fates, Killed, Unsteady, application_of
from support.world import BERLIN, TEMPLATE

SCHEDULES, NAIVE = amount(200, 10_000), 100
START = from_text("2024-01-01T09:00:00.000Z")
CLIENTS = ("client-1",)
MAPPING = next(each for each in TEMPLATE.stream_mappings() if each.function == "AnalyticsFunction")
CALLS = ("transact_write_items", "transact_write_items", "batch_get_item", "get_item")
CALLS_OF_MERGES = ("batch_write_item", "batch_get_item", "put_item", "query", "get_item", "update_item")
FATES = [each for each in Fate if each is not Fate.PASS]

type Item = dict[str, Any]


@dataclass(eq=False)
class Shard:
    """A shard: the application's hashes that it has, from `low` to `high`, its parent, and its records."""

    low: float
    high: float
    parent: "Shard | None" = None
    is_closed: bool = False
    waiting: deque[Record] = field(default_factory=deque)
    read: list[Record] = field(default_factory=list)

    @property
    def is_readable(self) -> bool:
        """Whether Lambda reads it, which it does once the parent is read to its end."""
        return bool(self.waiting) and (self.parent is None or (self.parent.is_closed and not self.parent.waiting))

    def split(self, chance: random.Random) -> "list[Shard]":
        """Close the shard; return its children: two, or one that replaces it."""
        self.is_closed = True
        middle = chance.choice([(self.low + self.high) / 2, self.high])
        ranges = [(self.low, middle), (middle, self.high)]
        return [Shard(low, high, self) for low, high in ranges if low < high]


@dataclass
class Naive:
    """What one would write first: add what each record changes, with no memory of what was counted."""

    counters: Counter[Cell] = field(default_factory=Counter)

    def count(self, record: Record) -> None:
        for name, sign in (("NewImage", 1), ("OldImage", -1)):
            image = record["dynamodb"].get(name)
            if image and not items.is_tombstone(image):
                for cell, amount in contribution(items.application(image), BERLIN).items():
                    self.counters[cell] += sign * amount


class Schedule:
    """One seeded run."""

    def __init__(self, seed: int, clock: Any) -> None:
        self.seed = seed
        self.chance = random.Random(seed)  # noqa: S311  # a seeded schedule, no secret
        self.clock = clock
        self.memory = Memory()
        for table in TEMPLATE.tables():
            if table["TableName"] in {"ApplicationsTable", "QualityTable"}:
                self.memory.create_table(**table)
        self.stored = self.memory.tables["ApplicationsTable"]
        self.changes = self._lives()
        self.shards = [Shard(0.0, 1.0)]
        self.busy: set[Shard] = set()
        self.client = Unsteady(self.memory, self._meanwhile)
        self.kept = KeptRecords(fails_at=tuple(self.chance.sample(range(1, 15), k=self.chance.randint(0, 4))))
        self.operator = Operator(self.kept, self._invoke)
        self.naive = Naive()
        self.is_calm = False
        self.scanned: list[Change] | None = None
        self.unreadable: set[tuple[str, str]] = set()  # applications and versions, until the function is mended
        self.unreadable_for_ever: list[Record] = []
        self.deadly: set[str] = set()  # numbers of records that kill the function, until it is mended
        self.innocent: list[Record] = []
        self._given_up = 0
        self._numbers = 0
        self.restart()

    def restart(self) -> None:
        """Start the function, as a new container would."""
        settings = AnalyticsSettings("QualityTable", BERLIN)
        self.handler = make_handler(self._dynamodb(), settings, set_aside(self.kept))

    def _dynamodb(self) -> DynamoDB:
        return DynamoDB(transport(self.client))

    def _lives(self) -> list[deque[Item]]:
        """Return the items that each application has, one after the other; some are erased in the end."""
        found = []
        for _ in range(self.chance.randint(1, 3)):
            life = Life(self.chance)
            images = life.images()
            if life.erased or self.chance.random() < 0.1:
                last = life.versions[-1]
                end = items.tombstone(last.application_id, version=last.version + 1, erased_at=to_text(now()))
                images.append(dict(end))
            found.append(deque(images[-6:]))
        return found

    # What happens.

    def run(self) -> None:
        """Do everything in a random order, until all is written and delivered."""
        steps, weights = zip(
            (self._write, 40), (self._deliver, 25), (self._deliver_again, 6), (self._split, 3), (self._lose, 4),
            (self._merge, 5), (self._rebuild, 12), (self._wait, 4), (self._redrive, 1), (self.restart, 1),
            strict=True,
        )  # fmt: skip
        while any(self.changes) or any(each.waiting for each in self.shards):
            self.chance.choices(steps, weights)[0]()

    def finish(self) -> None:
        """After 30 days the function can read all but what can never be read; the operator sends all again."""
        self.innocent += [record for record in self._set_aside() if not self._is_unreadable(record)]
        self.clock.shift(timedelta(days=30))
        self.is_calm, self.kept.fails_at = True, ()
        self.unreadable.clear()
        self.deadly.clear()
        self.operator.redrive_all()
        dynamodb = self._dynamodb()
        while Rebuilds(dynamodb, "QualityTable").current():
            self._advance(dynamodb)

    def _set_aside(self) -> Iterator[Record]:
        """Yield the records that the function itself put into the bucket."""
        for key, document in self.kept.objects.items():
            if key.startswith("set-aside/"):
                yield from json.loads(document["payload"])["Records"]

    def _is_unreadable(self, record: Record) -> bool:
        image = record["dynamodb"]["NewImage"]
        return not image or (image["AtsiApplicationId"]["S"], image["Version"]["N"]) in self.unreadable

    def _write(self) -> None:
        """Write the next item of an application; its record goes to the shard of its hash."""
        lives = [each for each in self.changes if each]
        if not lives:
            return
        life = self.chance.choice(lives)
        new = life.popleft()
        application = new["AtsiApplicationId"]["S"]
        old = self.stored.get((application,))
        self.stored[application,] = new
        record = self._record(new, {"OldImage": old} if old else {})
        self._put(record, application)
        dice = self.chance.random()
        if dice < 0.05 and not items.is_tombstone(new):
            self.unreadable.add((application, new["Version"]["N"]))
        elif dice < 0.06:
            self.deadly.add(sequence_number(record))
        elif dice < 0.08:
            self.unreadable_for_ever.append(self._record({}, {}))
            self._put(self.unreadable_for_ever[-1], application)

    def _record(self, new: Item, more: Mapping[str, Any]) -> Record:
        self._numbers += 1
        at = {"SequenceNumber": str(self._numbers), "ApproximateCreationDateTime": time.time()}
        return {"eventName": "MODIFY" if more else "INSERT", "dynamodb": {**at, "NewImage": new, **more}}

    def _put(self, record: Record, application: str) -> None:
        place = int(sha256(application.encode()).hexdigest()[:8], 16) / 2**32
        (shard,) = (each for each in self.shards if not each.is_closed and each.low <= place < each.high)
        shard.waiting.append(record)

    def _split(self) -> None:
        shard = self.chance.choice([each for each in self.shards if not each.is_closed])
        self.shards += shard.split(self.chance)

    def _lose(self) -> None:
        """Lose a record of an application that changes again."""
        later = {life[0]["AtsiApplicationId"]["S"] for life in self.changes if life}
        shard = self.chance.choice(self.shards)
        if shard.waiting and shard.waiting[0]["dynamodb"]["NewImage"] and application_of(shard.waiting[0]) in later:
            shard.waiting.popleft()

    def _wait(self) -> None:
        """Let time pass, rarely so much that the mapping gives up what waits."""
        self.clock.shift(timedelta(minutes=self.chance.choice([1, 5, 11, 60, 60, 13 * 60])))

    # What becomes of the records.

    def _deliver(self) -> None:
        """Deliver the next records of a shard."""
        readable = [each for each in self.shards if each.is_readable and each not in self.busy]
        if not readable:
            return
        shard = self.chance.choice(readable)
        size = self.chance.choice([1, 2, 5, MAPPING.batch_size])
        batch = [shard.waiting[place] for place in range(min(size, len(shard.waiting)))]
        self.busy.add(shard)
        with self.client.meeting(self._fates(CALLS)):
            self._feed(batch)
        self.busy.remove(shard)
        for record in batch:
            shard.waiting.popleft()
            shard.read.append(record)

    def _deliver_again(self) -> None:
        """Deliver records of a shard once more, as after a lost checkpoint, also of the parent of one being read."""
        read = self.chance.choice(self.shards).read
        if read:
            start = self.chance.randrange(len(read))
            with self.client.meeting(self._fates(CALLS)):
                self._feed(read[start : start + self.chance.choice([1, 3, 10])])

    def _feed(self, batch: list[Record]) -> None:
        """Deliver a batch; Lambda writes what it gives up into the bucket."""
        mapping = EventSourceMapping(MAPPING, self._invoke, time.time)
        mapping.feed(batch)
        for record in mapping.failed:
            age = time.time() - record["dynamodb"]["ApproximateCreationDateTime"]
            if sequence_number(record) not in self.deadly and age <= MAPPING.maximum_record_age_seconds:
                self.innocent.append(record)
        if mapping.failed:
            self._given_up += 1
            context = {"functionArn": "analytics", "condition": "RetryAttemptsExhausted"}
            payload = json.dumps({"Records": mapping.failed})
            self.kept.objects[f"aws/lambda/mapping/{self._given_up}"] = {"requestContext": context, "payload": payload}

    def _invoke(self, event: Any) -> Any:
        """Invoke the function; it may be killed before or after its work, or in a call."""
        self.clock.shift(timedelta(milliseconds=1))
        numbers = {sequence_number(record) for record in event["Records"]}
        fate = 1.0 if self.is_calm else self.chance.random()
        if fate < 0.08 or (numbers & self.deadly and fate < 0.9):
            raise RuntimeError("killed")
        try:
            answer = self.handler(event, None)
        except Killed:
            self.restart()
            raise RuntimeError("killed") from None
        self._count_naively(event["Records"])
        if fate < 0.16 or numbers & self.deadly:
            raise RuntimeError("killed")
        return answer

    def _count_naively(self, records: list[Record]) -> None:
        for record in records if self.seed < NAIVE else ():
            with suppress(KeyError):
                self.naive.count(record)

    def _redrive(self) -> None:
        """Send failed records again before all is mended; some succeed."""
        with self.client.meeting(self._fates(CALLS)):
            self.operator.redrive_all()

    def _merge(self) -> None:
        """Merge each generation; an interrupted merge can be continued after ten minutes."""
        counted = generations(DynamoDB(transport(self.memory)), "QualityTable").counted
        for generation in counted:
            with self.client.meeting(self._fates(CALLS_OF_MERGES)), suppress(Unavailable, Killed):
                Merger(self._dynamodb(), "QualityTable", generation).merge(now().date())

    def _rebuild(self) -> None:
        """Take the next step of a rebuild, of which there is one in some schedules."""
        with (
            self.client.meeting(self._fates((*CALLS, "update_item"))),
            suppress(Unavailable, Killed, RebuildOvertaken),
        ):
            self._advance(self._dynamodb())

    def _advance(self, dynamodb: DynamoDB) -> None:
        rebuilds = Rebuilds(dynamodb, "QualityTable")
        current = rebuilds.current()
        if current is None:
            self.scanned = None
            if rebuilds.former():
                deque(rebuilds.delete_former(), maxlen=0)
            elif self.chance.random() < 0.1:
                rebuilds.start(BERLIN.key, 1)
        elif self.scanned is None:
            rebuilds.add_archive(current)
            found = one_by_one(list(self.stored.values()), lambda item: change_of(item, BERLIN), lambda *_: None)
            self.scanned = [change for _, change in found]
        elif self.scanned:
            size = self.chance.choice([1, 2, 5])
            Counters(dynamodb, "QualityTable").apply_in(current.generation, self.scanned[:size])
            del self.scanned[:size]
        else:
            for segment in current.unfinished:
                rebuilds.save(current, segment, None)
            rebuilds.switch(current)

    def _meanwhile(self) -> None:
        """What another container does just before a call."""
        self.chance.choice([self._deliver, self._deliver, self._deliver_again, self._advance_calmly])()

    def _advance_calmly(self) -> None:
        with self.client.meeting([]):
            self._advance(self._dynamodb())

    def _fates(self, calls: tuple[str, ...]) -> Fates:
        if self.chance.random() < 0.5:
            return []
        return [(self.chance.choice(calls), self.chance.choice(FATES)) for _ in range(self.chance.randint(1, 4))]

    # What is counted in the end.

    def newest(self) -> list[Application]:
        return [items.application(item) for item in self.stored.values() if not items.is_tombstone(item)]

    def check(self) -> None:
        """Compare what reports read, before and after the merge, and what is in the bucket."""
        dynamodb = DynamoDB(transport(self.memory))
        live, expected = generations(dynamodb, "QualityTable").live, truth(self.newest())
        if self.seed % 4 == 0:
            reader = QualityReader(dynamodb, "QualityTable", live, now().date())
            assert _without_jobs(read(reader, CLIENTS)) == _without_jobs(expected)
        merger = Merger(dynamodb, "QualityTable", live)
        while merger.merge(now().date()):
            continue
        assert read(QualityReader(dynamodb, "QualityTable", live, now().date()), CLIENTS) == expected
        assert self.innocent == []
        assert _numbers(self.kept.records()) == _numbers(self.unreadable_for_ever)

    @property
    def is_naive_right(self) -> bool:
        total: Counter[Cell] = Counter()
        for each in self.newest():
            total.update(contribution(each, BERLIN))
        return {cell: n for cell, n in self.naive.counters.items() if n} == total


def _without_jobs(counters: Mapping[tuple[str, ...], int]) -> dict[tuple[str, ...], int]:
    """Leave out the jobs, which reports list only after a merge."""
    return {cell: amount for cell, amount in counters.items() if cell[0] != "job"}


def _numbers(records: list[Record]) -> list[str]:
    return sorted(sequence_number(record) for record in records)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A clock that only the schedule moves; no pauses, and no log."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    logging.disable()
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        traveller = time_machine.travel(START, tick=False)
        yield traveller.start()
        traveller.stop()
    logging.disable(logging.NOTSET)


def test_counters_are_exact(figure: Figure, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counters are exact, and no readable change is set aside, whatever happens to the stream of changes.

    Counting by adding what each record changes is wrong in most of the same schedules.
    """
    unreadable: set[tuple[str, str]] = set()
    readable = items.application

    def application(item: Item) -> Application:
        if (item["AtsiApplicationId"]["S"], item["Version"]["N"]) in unreadable:
            raise KeyError(item["Version"]["N"])
        return readable(item)

    monkeypatch.setattr(items, "application", application)
    naively_wrong = 0
    for seed in range(SCHEDULES):
        clock.move_to(START)
        schedule = Schedule(seed, clock)
        unreadable = schedule.unreadable
        try:
            schedule.run()
            schedule.finish()
            schedule.check()
        except BaseException as error:
            error.add_note(f"schedule {seed}")
            raise
        naively_wrong += seed < NAIVE and not schedule.is_naive_right
    assert naively_wrong > NAIVE // 2
    figure(
        f"0 wrong counters and 0 readable changes set aside in {SCHEDULES:,} schedules "
        f"(naive counting: wrong in {naively_wrong} of {NAIVE})"
    )
