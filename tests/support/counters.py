"""The counters of the Quality table: as stored, as read, and as expected."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.generations import generations
from application_status.quality.counters.read import QualityReader
from application_status.quality.rules.contribution import Cell, Counts, contribution
from support.world import BERLIN, World

type Tally = Mapping[Cell, int]


def counters_and_markers(rows: Iterable[Item]) -> Mapping[int, tuple[Tally, Tally]]:
    """Return, for each generation in the Quality table's items, the sum of its counters and that of its markers."""
    sums: defaultdict[int, tuple[Counter[Cell], Counter[Cell]]] = defaultdict(lambda: (Counter(), Counter()))
    for row in rows:
        kind, *scope = row["Scope"]["S"].split("#")
        if kind == "counter":
            generation, ats_id, _ = scope
            amounts = quality_items.amounts(row).items()
            sums[int(generation)][0].update({Cell(ats_id, row["Part"]["S"], name): n for name, n in amounts})
        elif kind == "counted":
            sums[int(scope[0])][1].update(quality_items.marker(row).contribution)
    return {number: (_without_zeros(counted), marked) for number, (counted, marked) in sums.items()}


def read(reader: QualityReader, clients: Iterable[str]) -> tuple[Tally, Mapping[tuple[str, str], Counts]]:
    """Return the counters of all ATSs, and of each job of some clients, as read."""
    cells = {
        Cell(ats_id, day, measure): amount
        for ats_id in reader.ats_ids()
        for (day, measure), amount in reader.of_ats(ats_id).items()
    }
    return cells, {(client, job): counts for client in clients for job, counts in reader.of_client(client).items()}


def truth(applications: Iterable[Application]) -> tuple[Tally, Mapping[tuple[str, str], Counts]]:
    """Return the counters expected for applications, in the form of `read`."""
    total: Counter[Cell] = Counter()
    jobs: defaultdict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for application in applications:
        cells = contribution(application, BERLIN)
        total.update(cells)
        if registration := application.registration:
            days = {(cell.day, cell.measure): amount for cell, amount in cells.items()}
            jobs[registration.client_id, registration.job_id].update(days)
    return total, jobs


def _without_zeros(tally: Mapping[Cell, int]) -> Tally:
    return {cell: amount for cell, amount in tally.items() if amount}


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


def counted(world: World) -> Counter[Cell]:
    """Return the counters that reports read."""
    live = generations(DynamoDB(transport(world.client)), "QualityTable").live
    reader = QualityReader(DynamoDB(transport(world.client)), "QualityTable", live)
    return Counter(
        {Cell(ats, *cell): amount for ats in reader.ats_ids() for cell, amount in reader.of_ats(ats).items()}
    )


def kept_generations(world: World) -> set[str]:
    """Return the generations that have items."""
    scopes = [item["Scope"]["S"] for item in world.client.scan(TableName="QualityTable")["Items"]]
    return {scope.split("#")[1] for scope in scopes if scope != "generation"}
