"""What the counters say, what the markers say, and what is true."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from application_status.model.application import Application
from application_status.model.quality import Cell, Counts, contribution
from application_status.store import quality_items
from application_status.store.dynamodb import Item
from application_status.store.quality_reader import QualityReader
from support import BERLIN

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
    """Return what the reader says of all ATSs, and of each job of some clients."""
    cells = {
        Cell(ats_id, day, measure): amount
        for ats_id in reader.ats_ids()
        for (day, measure), amount in reader.of_ats(ats_id).items()
    }
    return cells, {(client, job): counts for client in clients for job, counts in reader.of_client(client).items()}


def truth(applications: Iterable[Application]) -> tuple[Tally, Mapping[tuple[str, str], Counts]]:
    """Return what the reader ought to say of these."""
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
