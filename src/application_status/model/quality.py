"""What one application adds to the quality counters: a pure function of the application.

    measure               its day              what it counts
    applications          applied on           every application
    stage:<STATUS>        applied on           every application, at the furthest stage it ever reached
    open:<STATUS>         applied on           those of them that are still open
    outcome:<outcome>     applied on           every application, by how it stands now
    inferred              applied on           those whose outcome only their position's end tells
    feedback              applied on           those with a report
    answered:<bucket>     applied on           those with an employer's response, by how long the first took
    unanswered:<bucket>   applied on           those that ended without one, by when
    entered:<STATUS>      entered on           every entry into a status, by applying or by a report
    again                 entered on           those of them into a status that the application had been in before
    stayed:<STATUS>:<b>   entered on           the entries that were left for another status, by how long they took
    closed:<STATUS>:<b>   entered on           the entries that their position's end cut off, by when
    quiet                 last news on         every open application
    reports               took effect on       every transition
    unmapped              took effect on       those of them whose label nobody knows
    delay:<bucket>        took effect on       those of them whose sender said when, by how much later they came in

An application that nobody registered counts as applied at its oldest transition. A hire counts as a stage reached only
while it stands, so that an "unhired" takes it back. Buckets are those of `durations`. An employer's response is a move
beyond APPLIED, also to REJECTED, unless the label says that the candidate withdrew. Terminal statuses have no stay.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from application_status.model.application import Application
from application_status.model.durations import bucket
from application_status.model.report import Transition
from application_status.model.status import Outcome, Status

STAYS = tuple(status for status in Status if status not in {Status.HIRED, Status.REJECTED})
"""The statuses in which an application waits for the next."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One counter: a measure of an ATS's applications on a day (ISO 8601, in the reporting time zone)."""

    ats_id: str
    day: str
    measure: str


type Contribution = Mapping[Cell, int]

type Counts = Mapping[tuple[str, str], int]
"""Amounts of (day, measure), of one ATS, client or job, or of several together."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An application's entry into a status, by applying (then there is no transition) or by a report."""

    status: Status
    at: datetime
    transition: Transition | None = None

    @property
    def is_response(self) -> bool:
        withdrew = self.transition is not None and self.transition.reading.outcome is Outcome.CANDIDATE_WITHDREW
        return self.status.rank > Status.APPLIED.rank and not withdrew


def contribution(application: Application, zone: ZoneInfo) -> Contribution:
    """Return what the application counts for; days are cut in the time zone given."""
    dated = [*_cohort(application), *_stays(application), *_news(application)]
    return Counter(
        Cell(application.ats_id, moment.astimezone(zone).date().isoformat(), measure) for moment, measure in dated
    )


def furthest_stage(application: Application) -> Status:
    """Return the furthest stage ever reached; LEAD for an application known only by its rejection."""
    reached = {transition.status for transition in application.transitions.values() if transition.status}
    if application.registration:
        reached.add(Status.APPLIED)
    if application.status is not Status.HIRED:
        reached.discard(Status.HIRED)
    return max((status for status in reached if status.is_stage), key=lambda status: status.rank, default=Status.LEAD)


def applied_at(application: Application) -> datetime:
    """Return when the application was made; its oldest transition tells where nobody registered it."""
    return application.registration.applied_at if application.registration else application.in_order()[0].effective_at


def difference(new: Contribution, counted: Contribution) -> Contribution:
    """Return what has to be added to the counters where `counted` was counted and `new` is true."""
    cells = {cell: new.get(cell, 0) - counted.get(cell, 0) for cell in {*new, *counted}}
    return {cell: amount for cell, amount in cells.items() if amount}


def _cohort(application: Application) -> Iterator[tuple[datetime, str]]:
    """Yield what counts on the day of applying."""
    applied, stage = applied_at(application), furthest_stage(application)
    outcome, inferred = application.outcome
    yield applied, "applications"
    yield applied, f"stage:{stage}"
    yield applied, f"outcome:{outcome}"
    if outcome is Outcome.OPEN:
        yield applied, f"open:{stage}"
    if inferred:
        yield applied, "inferred"
    if application.transitions:
        yield applied, "feedback"
    entries = _entries(application)
    response = next((entry for entry in entries if entry.is_response), None)
    if response:
        yield applied, f"answered:{bucket(response.at - applied)}"
    elif outcome is not Outcome.OPEN and entries:
        ended = application.position_ended_at or entries[-1].at
        yield applied, f"unanswered:{bucket(ended - applied)}"


def _stays(application: Application) -> Iterator[tuple[datetime, str]]:
    """Yield what counts on the days of entering a status."""
    entries = _entries(application)
    entered: set[Status] = set()
    for entry in entries:
        yield entry.at, f"entered:{entry.status}"
        if entry.status in entered:
            yield entry.at, "again"
        entered.add(entry.status)
    for entry, following in pairwise(entries):
        if entry.status in STAYS:
            yield entry.at, f"stayed:{entry.status}:{bucket(following.at - entry.at)}"
    if entries and application.position_ended_at and entries[-1].status in STAYS:
        last = entries[-1]
        yield last.at, f"closed:{last.status}:{bucket(application.position_ended_at - last.at)}"


def _news(application: Application) -> Iterator[tuple[datetime, str]]:
    """Yield what counts on the days on which reports took effect."""
    transitions = application.in_order()
    for transition in transitions:
        yield transition.effective_at, "reports"
        if transition.status is None:
            yield transition.effective_at, "unmapped"
        if transition.timed:
            yield transition.effective_at, f"delay:{bucket(transition.received_at - transition.effective_at)}"
    if application.outcome[0] is Outcome.OPEN:
        yield max([applied_at(application), *(each.effective_at for each in transitions[-1:])]), "quiet"


def _entries(application: Application) -> list[_Entry]:
    """Return the entries into another status, oldest first; applying is one unless a report was earlier."""
    moves = [_Entry(t.status, t.effective_at, t) for t in application.in_order() if t.status]
    registration = application.registration
    if registration and not (moves and moves[0].at <= registration.applied_at):
        moves.insert(0, _Entry(Status.APPLIED, registration.applied_at))
    return [
        move for before, move in pairwise([None, *moves]) if move and (before is None or move.status != before.status)
    ]
