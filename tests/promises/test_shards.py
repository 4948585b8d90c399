"""Every change that the service stores goes through every function that reads a table's stream, in 30 time zones."""

import json
import logging
import os
import random
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from application_status.applications import items
from application_status.applications.rules.report import Channel
from application_status.events.eventbridge import EventBus, Schedules
from application_status.events.stream import event_sink
from application_status.facts.firehose import Firehose
from application_status.facts.stream import fact_sink
from application_status.functions import analytics, delivery, positions
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.streams import SetAside, StreamHandler, sequence_number
from application_status.quality.counting.stream import AnalyticsSettings
from support.dynamodb_in_memory import Memory
from support.eventbridge import settings
from support.failed_records import KeptRecords, set_aside
from support.generated_requests import START, Traffic, places
from support.proof import IN_FULL, Figure, amount
from support.world import TEMPLATE

SEEDS, ROUNDS = amount(1, 8), amount(12, 16)
ZONES = (
    "UTC", "Europe/Berlin", "Europe/Dublin", "Europe/Istanbul", "Europe/Volgograd", "Africa/Casablanca", "Africa/Cairo",
    "Africa/Juba", "Africa/Monrovia", "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Pyongyang",
    "Asia/Tehran", "Asia/Yangon", "Australia/Lord_Howe", "Antarctica/Casey", "Antarctica/Troll", "America/Caracas",
    "America/Havana", "America/Nuuk", "America/Sao_Paulo", "America/St_Johns", "Pacific/Apia", "Pacific/Chatham",
    "Pacific/Fakaofo", "Pacific/Kiritimati", "Pacific/Marquesas", "Etc/GMT+12",
)  # fmt: skip
"""From -12 to +14 hours, with parts of an hour, half an hour of summer time, negative summer time, days left out."""

ATTRIBUTES = {
    name
    for line in (items.__doc__ or "").splitlines()
    if (found := re.match(r"(\w[\w, ?]*?)  +(?:[SNML]|BOOL)(?: .*?|, (\w+) M)?$", line))
    for name in [*re.split(r"\W+", found[1]), found[2]]
    if name
} - {"ExpiresAt"}
"""The documented attributes of an application; the last one has only those of the sandbox."""

OF_TRANSITIONS = {
    "Channel", "Status", "RawStatus", "RawPhase", "Outcome", "Mapping", "Success", "Undated", "Proxy", "EffectiveAt",
    "FromPrevious", "DayOffset", "Folded", "FoldedUnmapped",
}  # fmt: skip
"""The attributes that transitions may lack."""

OF_A_RECORD = amount(2, len(ZONES))
"""The number of zones in which a record is read."""

OPTIONAL = {
    "RawStatus", "SeenUntil", "ResendKeys", "Link", "Location", "Aliases", "Positions", "ArchivedAs", "Feedback",
    "Folded",
}  # fmt: skip
"""The attributes that items of earlier releases lack."""

ODD: tuple[Any, ...] = (
    None, "", 0, -1, 1.5, True, [], {}, "x", "x" * 3000, "\x00", "\ud800", "NaN", "1E125", "9" * 38, "-1", "1e400",
    "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2026-11-27T09:00:00", "2026-02-30T09:00:00.000Z",
    {"S": ""}, {"S": "x" * 390_000}, {"S": None}, {"N": "x"}, {"N": "0"}, {"NULL": True}, {"B": "eA=="}, {"L": []},
    {"M": {}}, {"M": {"": {"M": {}}}}, {"M": {"x": {"S": "x"}}}, {"SS": ["a"]}, {"BOOL": "x"},
)  # fmt: skip
"""What stands in place of a part of a damaged record."""

BATCH = 100

type Item = dict[str, Any]
type Record = dict[str, Any]


class Accepting:
    """Firehose, EventBridge and its schedules, which accept everything."""

    def put_record_batch(self, *, Records: Sequence[Any], **_: Any) -> Any:  # noqa: N803  # boto3's name
        assert all(len(each["Data"]) <= 1_000 * 1024 for each in Records)
        return {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "-"} for _ in Records]}

    def put_events(self, *, Entries: Sequence[Any]) -> Any:  # noqa: N803  # boto3's name
        assert sum(len(each["Detail"].encode()) for each in Entries) < 256 * 1024
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "-"} for _ in Entries]}

    def create_schedule(self, **_: Any) -> Any:
        return {}


def _tables(*names: str) -> Memory:
    memory = Memory()
    for table in TEMPLATE.tables():
        if table["TableName"] in names:
            memory.create_table(**table)
    return memory


def _analytics(zone: ZoneInfo, _: Memory, aside: SetAside) -> StreamHandler:
    counters = DynamoDB(transport(_tables("QualityTable")))
    return analytics.make_handler(counters, AnalyticsSettings("QualityTable", zone), aside)


def _delivery(zone: ZoneInfo, _: Memory, aside: SetAside) -> StreamHandler:
    delay = timedelta(hours=len(zone.key))
    facts = fact_sink(Firehose(Accepting()), "FactsStream", zone)
    events = event_sink(EventBus(Accepting(), "EventBus"), Schedules(Accepting(), settings()), delay)
    return delivery.make_handler([facts, events], None, aside)


def _positions(_: ZoneInfo, memory: Memory, aside: SetAside) -> StreamHandler:
    tables = positions.PositionsSettings("ApplicationsTable", "AliasesTable")
    return positions.make_handler(DynamoDB(transport(memory)), tables, aside)


FUNCTIONS: dict[str, Callable[[ZoneInfo, Memory, SetAside], StreamHandler]] = {
    "AnalyticsFunction": _analytics,
    "DeliveryFunction": _delivery,
    "PositionsFunction": _positions,
}
"""How each function is made; a function with a stream that is not here fails the tests."""


@pytest.fixture(autouse=True)
def _silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No log, no pauses."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    logging.disable()
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        yield
    logging.disable(logging.NOTSET)


def stored(traffic: Traffic) -> dict[str, list[Record]]:
    """Return all records of the tables' streams, those of earlier releases and of deletions by hand or expiry, too."""
    streams = {name: [_in_json(each) for each in records] for name, records in traffic.memory.streams.items()}
    for name, records in streams.items():
        view = next(each for each in TEMPLATE.tables() if each["TableName"] == name)["StreamSpecification"]
        has_old = view["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        more = [change for item in traffic.memory.tables[name].values() for change in _further(item, has_old=has_old)]
        records += [_record(len(records) + number, *change) for number, change in enumerate(more)]
    return streams


def _further(item: Item, *, has_old: bool) -> Iterator[tuple[str, Item, Item]]:
    """Yield the kind, content and members of further records of an item."""
    keys = {name: item[name] for name in ("AtsiApplicationId", "Alias", "Member") if name in item}
    lacking = {name: value for name, value in item.items() if name not in OPTIONAL}
    old = {"OldImage": item} if has_old else {}
    yield "MODIFY", {"Keys": keys, "NewImage": lacking, **old}, {}
    yield "REMOVE", {"Keys": keys, **old}, {}
    expiry = {"userIdentity": {"type": "Service", "principalId": "dynamodb.amazonaws.com"}}
    yield "REMOVE", {"Keys": keys, **old}, expiry


def _record(number: int, kind: str, body: Item, more: Item) -> Record:
    at = {"SequenceNumber": str(10**20 + number), "ApproximateCreationDateTime": START.timestamp()}
    return {"eventName": kind, "dynamodb": {**at, **body}, **more}


def refused(handler: StreamHandler, kept: KeptRecords, records: Sequence[Record]) -> list[str]:
    """Deliver records in batches; return the numbers of those set aside. None may fail, or be left to come again."""
    kept.objects.clear()
    for start in range(0, len(records), BATCH):
        assert handler({"Records": records[start : start + BATCH]}, None) == {"batchItemFailures": []}
    return sorted(sequence_number(each) for each in kept.records())


def shapes(records: Sequence[Record]) -> tuple[set[str], set[str], set[str]]:
    """Return the attributes of applications, those of their transitions, and the channels, in records."""
    images = [each["dynamodb"]["NewImage"] for each in records if "NewImage" in each["dynamodb"]]
    transitions = [each["M"] for image in images for each in image.get("Transitions", {"M": {}})["M"].values()]
    channels = {each["Channel"]["S"] for each in transitions if "Channel" in each}
    return set().union(*images), set().union(*transitions), channels


def test_every_stored_change_passes(figure: Figure) -> None:
    """Every change that is stored is processed by every function that follows it, in any reporting time zone.

    Generated requests go to all intakes, at the extremes of what these accept. Their stream records, the same without
    the attributes that old items lack, and deletions go through all functions, in 30 time zones; in short, each record
    through three of them.
    """
    passed: Counter[str] = Counter()
    for seed in range(SEEDS):
        traffic = Traffic(seed)
        traffic.send(ROUNDS)
        streams = stored(traffic)
        attributes, of_transitions, channels = shapes(streams["ApplicationsTable"])
        missing = (ATTRIBUTES - attributes, OF_TRANSITIONS - of_transitions, {*Channel} - channels - {Channel.ATSI})
        assert not any(missing), f"seed {seed} generates no {missing}"
        for mapping in TEMPLATE.stream_mappings():
            for place, zone in enumerate(ZONES):
                kept = KeptRecords()
                handler = FUNCTIONS[mapping.function](ZoneInfo(zone), traffic.memory, set_aside(kept))
                records = streams[mapping.table]
                if not IN_FULL:
                    records = records[place % (len(ZONES) // OF_A_RECORD) :: len(ZONES) // OF_A_RECORD]
                with time_machine.travel(START, tick=False):
                    assert refused(handler, kept, records) == [], f"seed {seed}, {mapping.function}, {zone}"
                passed[mapping.table] += len(records)
    total = sum(passed.values())
    figure(f"0 of {total:,} failed or were set aside, in {len(ZONES)} time zones")


def test_hostile_records_block_no_others(figure: Figure) -> None:
    """A record that can't be read is set aside at once, and delays no other.

    Records with missing, huge and wrongly typed parts stand among good ones; Lambda need not send any record again.
    """
    chance = random.Random(1)  # noqa: S311  # generated records, no secret
    traffic = Traffic(0)
    traffic.send(1)
    streams, aside, hostile = stored(traffic), 0, 0
    foreign = [_in_json(item) for table in traffic.memory.tables.values() for item in table.values()]
    for mapping in TEMPLATE.stream_mappings():
        kept = KeptRecords()
        handler = FUNCTIONS[mapping.function](ZoneInfo("Etc/GMT+12"), deepcopy(traffic.memory), set_aside(kept))
        good = chance.sample(streams[mapping.table], k=min(len(streams[mapping.table]), amount(100, 1_000)))
        damaged = [_damaged(chance, number, chance.choice(good), foreign) for number in range(amount(200, 5_000))]
        for start in range(0, len(damaged), BATCH // 2):
            mixed = [*damaged[start : start + BATCH // 2], *chance.sample(good, k=min(len(good), BATCH // 2))]
            chance.shuffle(mixed)
            numbers = refused(handler, kept, mixed)
            assert not {sequence_number(each) for each in good}.intersection(numbers), f"{mapping.function}, {start}"
            aside += len(numbers)
        hostile += len(damaged)
    figure(f"{hostile:,} damaged records: {aside:,} set aside at once, 0 others delayed")


def _in_json(record: Item) -> Item:
    """Return a record or an item as Lambda sends it, with binary values in base 64."""
    found: Item = json.loads(json.dumps(record, default=lambda value: b64encode(value).decode()))
    return found


def _damaged(chance: random.Random, number: int, record: Record, foreign: Sequence[Item]) -> Record:
    """Return a copy of a record, with parts that are missing, of a wrong type, huge, or of another table."""
    record = deepcopy(record)
    record["dynamodb"]["SequenceNumber"] = str(10**21 + number)
    body = record["dynamodb"]
    if chance.random() < 0.1:
        record["dynamodb"] = {**body, **{name: chance.choice(foreign) for name in body if name.endswith("Image")}}
        return record
    for _ in range(chance.choice([1, 1, 3])):
        found = [(holder, name) for holder, name in places(record) if name not in {"dynamodb", "SequenceNumber"}]
        holder, name = chance.choice(found)
        if chance.random() < 0.4:
            del holder[name]
        else:
            holder[name] = deepcopy(chance.choice(ODD))
    return record
