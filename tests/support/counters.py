"""The totals of the Quality table: as stored, as read, and as expected."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.archive import ARCHIVE
from application_status.quality.counters.generations import generations
from application_status.quality.counters.items import AT, HEAD, NO_CLIENT
from application_status.quality.counters.journal import Subject, additions
from application_status.quality.counters.merge import LISTED_MEASURES, Head, head
from application_status.quality.counters.read import QualityReader, read_consistently
from application_status.quality.rules.contribution import Cell, contribution, is_dated, is_size
from application_status.quality.rules.disclosure import Sizes, size_class
from application_status.quality.rules.totals import TOGETHER, Kind, Row
from support.world import BERLIN, World

type Tally = Mapping[tuple[str, ...], int]
"""Amounts by what they are about: ("day", ats, day, measure), ("job", client, job, measure), and so on."""

COMPRESSED = ("Contribution", "Amounts", "Totals", "Entries")
"""The attributes of the Quality table whose values `items.unpacked` reads."""


def read(reader: QualityReader, clients: Iterable[str]) -> Tally:
    """Return the totals of all ATSs, and of some clients and their jobs, as read."""
    found: Counter[tuple[str, ...]] = Counter()
    for ats_id, life in reader.lives_of_atss().items():
        months = _months([life])
        for month in months:
            for name, slots in reader.month_of_ats(ats_id, month).items():
                found.update({("day", ats_id, f"{month}-{slot}", name): n for slot, n in slots.items()})
        for year in sorted({month[:4] for month in months}):
            for name, slots in reader.year_of_ats(ats_id, year).items():
                found.update({("month", ats_id, f"{year}-{slot}", name): n for slot, n in slots.items()})
        found.update({("life", ats_id, name): sum(slots.values()) for name, slots in life.items()})
        for name, slots in life.items():
            if is_size(name):
                found.update({("size", ats_id, month, name): n for month, n in slots.items()})
        found.update({("label", ats_id, label): n for label, n in reader.unmapped_labels(ats_id, 1000)})
    for client_id in clients:
        found.update(_read_client(reader, client_id))
    return {cell: amount for cell, amount in found.items() if amount}


def _months(lives: Iterable[Row]) -> list[str]:
    """Return the months of which lives have amounts."""
    slots = {slot for life in lives for name in life if is_size(name) or is_dated(name) for slot in life[name]}
    return sorted({slot[:7] for slot in slots if slot != TOGETHER})


def _read_client(reader: QualityReader, client_id: str) -> Tally:
    found: Counter[tuple[str, ...]] = Counter()
    lives = reader.lives_of_client(client_id)
    for ats_id, life in lives.items():
        found.update({("client", client_id, ats_id, name): sum(slots.values()) for name, slots in life.row.items()})
    for month in _months(life.row for life in lives.values()):
        for name, slots in reader.month_of_client(client_id, month).items():
            found.update({("client day", client_id, f"{month}-{slot}", name): n for slot, n in slots.items()})
    for job in reader.jobs(client_id, None, 1000).members:
        found.update({("job", client_id, job.id, name): sum(slots.values()) for name, slots in job.row.items()})
    return found


def truth(applications: Iterable[Application]) -> Tally:
    """Return the totals expected for applications, in the form of `read`."""
    found: Counter[tuple[str, ...]] = Counter()
    for application in applications:
        registration, ats_id = application.registration, application.ats_id
        for cell, amount in contribution(application, BERLIN).items():
            day, month, name = cell.day, cell.day[:7], cell.measure
            found["day", ats_id, day, name] += amount
            found["month", ats_id, month, name] += amount
            found["life", ats_id, name] += amount
            if is_size(name):
                found["size", ats_id, month, name] += amount
            if registration:
                client_id = registration.client_id
                if Kind.CLIENT.has(name):
                    found["client", client_id, ats_id, name] += amount
                found["client day", client_id, day, name] += amount
                found["job", client_id, registration.job_id, name] += amount
        found.update([("label", ats_id, label) for label in application.unmapped_labels])
    return {cell: amount for cell, amount in found.items() if amount}


def totals_and_markers(rows: Iterable[Item]) -> Mapping[int, tuple[Tally, Tally]]:
    """Return, for each generation in the Quality table's items, the sum of its totals and that of its markers.

    Entries of the journal are added to the totals, unless the row includes them, and the archive to the markers: to
    those of a generation being built, only as far as the rebuild has added it.
    """
    rows = list(rows)
    archive = [row for row in rows if row["Scope"]["S"] == ARCHIVE]
    current = next((row for row in rows if row["Scope"]["S"] == "generation"), {})
    by_generation: dict[int, list[Item]] = defaultdict(list)
    for row in rows:
        if number := quality_items.generation_of(row):
            by_generation[number].append(row)
    found = {}
    for number, of in by_generation.items():
        is_built = "Building" in current and int(current["Building"]["N"]) == number
        upto = current.get("ArchiveAfter", {"M": {}})["M"].get("Part", {"S": ""})["S"]
        added = [row for row in archive if row["Part"]["S"] <= upto or not (is_built and "ArchiveAfter" in current)]
        found[number] = _totals(number, of), _markers(number, of, added)
    return found


def _totals(generation: int, rows: Iterable[Item]) -> Tally:
    kinds: dict[str, dict[tuple[str, str], Item]] = defaultdict(dict)
    for row in rows:
        kinds[row["Scope"]["S"].split("#")[0]][row["Scope"]["S"], row["Part"]["S"]] = row
    merge = next(iter(kinds["merge"].values()), {"Number": {"N": "0"}})
    in_merge = set(quality_items.unpacked(merge["Entries"])) if "Entries" in merge else set()
    found: Counter[tuple[str, ...]] = Counter()
    entries = kinds["journal"].values()
    for entry in entries:
        for key, amounts in additions([entry]).by_row(generation).items():
            stored = kinds[key.scope.split("#")[0]].get((key.scope, key.part), {"Number": {"N": "0"}})
            included = entry["Part"]["S"] in in_merge and stored["Number"] == merge["Number"]
            if not included:
                for (_, name), amount in amounts.items():
                    if key.kind.has(name):
                        found[key.scope, key.part, name] += amount
    for (scope, part), row in chain.from_iterable(kinds[kind].items() for kind in _ROWS):
        if part != HEAD and "Totals" in row:
            found.update(
                {(scope, part, n): sum(slots.values()) for n, slots in quality_items.row(row["Totals"]).items()}
            )
    found.update({(scope, label): int(row["Applications"]["N"]) for (scope, label), row in kinds["labels"].items()})
    return {cell: amount for cell, amount in found.items() if amount}


_ROWS = ("months", "years", "atss", "client", "jobs")


def _markers(generation: int, rows: Iterable[Item], archive: Iterable[Item]) -> Tally:
    found: Counter[tuple[str, ...]] = Counter()
    for item in rows:
        if not item["Scope"]["S"].startswith("marker#"):
            continue
        marker = quality_items.marker(item)
        for cell, amount in marker.contribution.items():
            subject = Subject(cell.ats_id, marker.client_id, marker.job_id)
            for place in _places(generation, subject, cell.day, cell.measure):
                found[place] += amount
        found.update([(f"labels#{generation}#{marker.ats_id}", label) for label in marker.unmapped_labels])
    for subject, amounts in additions(archive).amounts.items():
        for (day, measure), amount in amounts.items():
            for place in _places(generation, subject, day, measure):
                found[place] += amount
    return found


def _places(generation: int, of: Subject, day: str, measure: str) -> list[tuple[str, ...]]:
    """Return the rows that have a measure of an ATS, client and job."""
    places = [
        (f"months#{generation}#{day[:7]}", of.ats_id),
        (f"years#{generation}#{day[:4]}", of.ats_id),
        (f"atss#{generation}", of.ats_id),
        (f"client#{generation}#{of.client_id or NO_CLIENT}", AT + of.ats_id),
    ]
    if of.client_id and of.job_id:
        places += [
            (f"client#{generation}#{of.client_id}", day[:7]),
            (f"jobs#{generation}#{of.client_id}", of.job_id),
        ]
    return [(*place, measure) for place in places if not place[1].startswith(AT) or Kind.CLIENT.has(measure)]


def heads_and_members(rows: Iterable[Item]) -> Mapping[str, tuple[Head, Head]]:
    """Return, for each list, its totals by size as stored, and those of its members' rows."""
    heads: dict[str, Head] = defaultdict(dict)
    amounts: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        kind, generation, *_ = f"{row['Scope']['S']}#".split("#")
        if row["Part"]["S"] == HEAD:
            heads[row["Scope"]["S"]] = head(row)
        elif kind == "jobs" or (kind == "client" and row["Part"]["S"].startswith(AT) and not is_without_client(row)):
            ats_id = row["Part"]["S"].removeprefix(AT)
            scope = row["Scope"]["S"] if kind == "jobs" else f"clients#{generation}#{ats_id}"
            found = quality_items.row(row["Totals"])
            for measure in LISTED_MEASURES:
                amounts[scope][measure].append(sum(found.get(measure, {}).values()))
    return {scope: (heads[scope], _sizes(amounts[scope])) for scope in {*heads, *amounts}}


def is_without_client(row: Item) -> bool:
    """Return whether a row is about applications without a client, which no list has."""
    return bool(row["Scope"]["S"].endswith(f"#{NO_CLIENT}"))


def _sizes(amounts: Mapping[str, list[int]]) -> Head:
    found = {}
    for measure in LISTED_MEASURES:
        classes = Counter(size_class(amount) for amount in amounts[measure] if amount)
        smallest = sum(amount for amount in amounts[measure] if size_class(amount) == 1)
        found[measure] = Sizes(dict(classes), smallest)
    return found


def stored(world: World) -> list[Application]:
    """Return all applications but those erased."""
    found = world.client.scan(TableName="ApplicationsTable", ConsistentRead=True)["Items"]
    return [items.application(item) for item in found if not items.is_tombstone(item)]


def expected_counters(world: World, zone: ZoneInfo = BERLIN) -> Counter[Cell]:
    """Return the sum of the applications' contributions."""
    total: Counter[Cell] = Counter()
    for application in stored(world):
        total.update(contribution(application, zone))
    return total


def reader_of(world: World, today: date | None = None) -> QualityReader:
    """Return a reader of the live generation."""
    dynamodb = DynamoDB(transport(world.client))
    live = generations(dynamodb, "QualityTable").live
    return QualityReader(dynamodb, "QualityTable", live, today or datetime.now(BERLIN).date())


def counters(client: Any, table: str = "QualityTable", generation: int = 1) -> Counter[Cell]:
    """Return the amounts of all ATSs by day that reports read, without zeros."""
    today = datetime.now(BERLIN).date()
    return read_consistently(
        lambda: QualityReader(DynamoDB(transport(client)), table, generation, today),
        lambda reader: Counter(
            {
                Cell(ats_id, day, measure): amount
                for ats_id in reader.ats_ids()
                for (day, measure), amount in reader.days_of_ats(ats_id).items()
                if amount
            }
        ),
    )


def counted(world: World) -> Counter[Cell]:
    """Return the amounts of all ATSs by day in the live generation."""
    return counters(world.client, generation=generations(world.dynamodb, "QualityTable").live)


def falsify(world: World, scope: str, part: str, measure: str, slot: str, amount: int) -> None:
    """Add an amount to one slot of a stored row of totals, which nothing accounts for; create the row if need be."""
    key = {"Scope": {"S": scope}, "Part": {"S": part}}
    item = world.client.get_item(TableName="QualityTable", Key=key, ConsistentRead=True).get("Item")
    row = {name: dict(slots) for name, slots in quality_items.row(item["Totals"]).items()} if item else {}
    slots = row.setdefault(measure, {})
    slots[slot] = slots.get(slot, 0) + amount
    wrong = {**(item or {**key, "Number": {"N": "0"}}), "Totals": quality_items.row_value(row)}
    world.client.put_item(TableName="QualityTable", Item=wrong)


def kept_generations(world: World) -> set[str]:
    """Return the generations that have items."""
    scopes = [item["Scope"]["S"] for item in world.client.scan(TableName="QualityTable")["Items"]]
    return {scope.split("#")[1] for scope in scopes if scope != "generation"}
