"""What one application adds to the quality counters: a pure function of the application.

    measure             its day                       population
    applications        applied on                    every application
    stage:<STATUS>      applied on                    every application, at the furthest stage it ever reached
    outcome:<outcome>   applied on                    every application, by how it stands now
    inferred            applied on                    applications whose outcome only their position's end tells
    unmapped            on which it took effect       reports whose label nobody knows
    entered:<STATUS>    on which it took effect       every report that moved an application into another status

An application that nobody registered counts as applied on the day of its oldest transition. A hire counts as a stage
reached only while it stands, so that an "unhired" takes it back.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from application_status.model.application import Application
from application_status.model.status import Status

UNREGISTERED_CLIENT = "-"


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One counter: a measure of an ATS's applications for a client on a day (ISO 8601, in the reporting time zone)."""

    ats_id: str
    client_id: str
    day: str
    measure: str


type Contribution = Mapping[Cell, int]


def contribution(application: Application, zone: ZoneInfo) -> Contribution:
    """Return what the application counts for; days are cut in the time zone given."""
    registration = application.registration
    client_id = registration.client_id if registration else UNREGISTERED_CLIENT
    transitions = application.in_order()
    applied = _day(registration.applied_at if registration else transitions[0].effective_at, zone)
    outcome, inferred = application.outcome
    measures = [
        (applied, "applications"),
        (applied, f"stage:{furthest_stage(application)}"),
        (applied, f"outcome:{outcome}"),
        *([(applied, "inferred")] if inferred else []),
    ]
    previous = None
    for transition in transitions:
        day = _day(transition.effective_at, zone)
        if transition.status is None:
            measures.append((day, "unmapped"))
        elif transition.status is not previous:
            measures.append((day, f"entered:{transition.status}"))
            previous = transition.status
    return Counter(Cell(application.ats_id, client_id, day, measure) for day, measure in measures)


def furthest_stage(application: Application) -> Status:
    """Return the furthest stage ever reached; LEAD for an application known only by its rejection."""
    reached = {transition.status for transition in application.transitions.values() if transition.status}
    if application.registration:
        reached.add(Status.APPLIED)
    if application.status is not Status.HIRED:
        reached.discard(Status.HIRED)
    return max((status for status in reached if status.is_stage), key=lambda status: status.rank, default=Status.LEAD)


def difference(new: Contribution, counted: Contribution) -> Contribution:
    """Return what has to be added to the counters where `counted` was counted and `new` is true."""
    cells = {cell: new.get(cell, 0) - counted.get(cell, 0) for cell in {*new, *counted}}
    return {cell: amount for cell, amount in cells.items() if amount}


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).date().isoformat()
