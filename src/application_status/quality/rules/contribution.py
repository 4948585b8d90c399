"""What one application adds to the quality counters: a pure function of the application.

    measure               its day              what it counts
    applications          applied on           every application
    reached:<STATUS>      applied on           every application, at the furthest stage it ever reached
    open:<STATUS>         applied on           those of them that are still open
    outcome:<outcome>     applied on           every application, by how it stands now
    inferred              applied on           those whose outcome only their position's end tells
    feedback              applied on           those with a report
    answered:<bucket>     applied on           those with an employer's response, by how long the first took
    unanswered:<bucket>   applied on           those that ended without one, by when
    entered:<STATUS>      entered on           every entry into a status, by applying or by a report
    again                 entered on           those of them into a status that the application had been in before
    time_in:<STATUS>:<b>  entered on           the entries that were left for another status, by how long they took
    closed:<STATUS>:<b>   entered on           the entries that their position's end cut off, by when
    last_activity         last changed on      every open application
    reports               took effect on       every report, also where it only confirms, or is folded
    unmapped              took effect on       those of them whose label is unmapped
    delay:<bucket>        took effect on       those of them whose sender said when, by how much later they came in

An application that nobody registered counts as applied at its oldest transition. A report dated before the application
was made counts as of then in entries and durations; a LEAD or CONTACT so dated counts in neither. A report of which
only the day is known counts on that day as it was sent, and a duration from or to it is never under a day's bucket. A
folded report counts on the day of the one that it was folded into. A hire counts as a stage reached only
while it stands, so that an "unhired" takes it back. Buckets are those of `durations`. An employer's response is a move
beyond APPLIED, also to REJECTED, unless the label says that the candidate withdrew. Terminal statuses have no stay.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise, repeat
from zoneinfo import ZoneInfo

from application_status.applications.rules.application import Application, Position, first_response
from application_status.applications.rules.report import Folded, Transition
from application_status.applications.rules.status import Outcome, Status
from application_status.quality.rules.durations import bucket

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
    """An application's entry into a status, by applying (then there is no transition) or by a report.

    A report dated before the application was made counts as of then. `to_the_day`: only the day is known.
    """

    status: Status
    at: datetime
    day: date
    to_the_day: bool = False


def contribution(application: Application, zone: ZoneInfo) -> Contribution:
    """Return what the application counts for; days are cut in the time zone given."""
    entries = _entries(application, zone)
    dated = [*_cohort(application, zone), *_stays(application, entries), *_news(application, zone)]
    return Counter(Cell(application.ats_id, day.isoformat(), measure) for day, measure in dated)


def furthest_stage(application: Application) -> Status:
    """Return the furthest stage ever reached; LEAD for an application known only by its rejection."""
    reached = {run[0].status for run in application.changes() if run[0].status}
    if application.registration:
        reached.add(Status.APPLIED)
    if application.status is not Status.HIRED:
        reached.discard(Status.HIRED)
    return max((status for status in reached if status.is_stage), key=lambda status: status.rank, default=Status.LEAD)


def applied_on(application: Application, zone: ZoneInfo) -> date:
    """Return the day on which the application was made."""
    return _applied(application, zone).day


def entered_at(transition: Transition, application: Application, zone: ZoneInfo) -> tuple[datetime, date]:
    """Return the moment and the day from which an entry counts: not before the application was made."""
    registration = application.registration
    if not registration or transition.effective_at >= registration.applied_at:
        return transition.effective_at, transition.day(zone)
    on_that_day = transition.day_offset is not None and transition.latest >= registration.applied_at
    return registration.applied_at, transition.day(zone) if on_that_day else applied_on(application, zone)


def _applied(application: Application, zone: ZoneInfo) -> _Entry:
    """Return the entry by applying; for an application that nobody registered its oldest transition stands in."""
    if application.registration:
        at = application.registration.applied_at
        return _Entry(Status.APPLIED, at, at.astimezone(zone).date())
    return _entry(application.in_order()[0], zone)


def _entry(transition: Transition, zone: ZoneInfo) -> _Entry:
    status = transition.status or Status.APPLIED
    return _Entry(status, transition.effective_at, transition.day(zone), transition.day_offset is not None)


def _between(entry: _Entry, following: _Entry) -> int:
    """Return the bucket of the time between two entries."""
    return bucket(following.at - entry.at, to_the_day=entry.to_the_day or following.to_the_day)


def difference(new: Contribution, counted: Contribution) -> Contribution:
    """Return what has to be added to the counters where `counted` was counted and `new` is true."""
    cells = {cell: new.get(cell, 0) - counted.get(cell, 0) for cell in {*new, *counted}}
    return {cell: amount for cell, amount in cells.items() if amount}


def _cohort(application: Application, zone: ZoneInfo) -> Iterator[tuple[date, str]]:
    """Yield what counts on the day of applying."""
    applied, stage = _applied(application, zone), furthest_stage(application)
    outcome, inferred = application.outcome
    yield applied.day, "applications"
    yield applied.day, f"reached:{stage}"
    yield applied.day, f"outcome:{outcome}"
    if outcome is Outcome.OPEN:
        yield applied.day, f"open:{stage}"
    if inferred:
        yield applied.day, "inferred"
    if any(not each.from_previous for each in application.transitions.values()):
        yield applied.day, "feedback"
    response = first_response(application.in_order(), application.registration)
    if response:
        yield applied.day, f"answered:{_between(applied, _entry(response, zone))}"
    elif outcome is not Outcome.OPEN:
        yield applied.day, f"unanswered:{_until_end(application, applied, zone)}"


def _until_end(application: Application, applied: _Entry, zone: ZoneInfo) -> int:
    if application.position_end:
        return _until_closed(applied, application.position_end)
    return _between(applied, _entries(application, zone)[-1])


def _until_closed(entry: _Entry, end: Position) -> int:
    """Return the bucket of the time from an entry to its position's end."""
    return bucket(end.since - entry.at, to_the_day=entry.to_the_day or end.day_offset is not None)


def _stays(application: Application, entries: Sequence[_Entry]) -> Iterator[tuple[date, str]]:
    """Yield what counts on the days of entering a status."""
    entered: set[Status] = set()
    for entry in entries:
        yield entry.day, f"entered:{entry.status}"
        if entry.status in entered:
            yield entry.day, "again"
        entered.add(entry.status)
    for entry, following in pairwise(entries):
        if entry.status in STAYS:
            yield entry.day, f"time_in:{entry.status}:{_between(entry, following)}"
    if entries and application.position_end and entries[-1].status in STAYS:
        last = entries[-1]
        yield last.day, f"closed:{last.status}:{_until_closed(last, application.position_end)}"


def _news(application: Application, zone: ZoneInfo) -> Iterator[tuple[date, str]]:
    """Yield what counts on the days on which reports took effect; a state that a later signal gave is no report."""
    for each in application.transitions.values():
        day = each.day(zone)
        reports, unmapped = each.folded or Folded(0, 0)
        if not each.from_previous:
            reports, unmapped = reports + 1, unmapped + (each.status is None)
            if each.has_business_date:
                delay = bucket(each.received_at - each.effective_at, to_the_day=each.day_offset is not None)
                yield day, f"delay:{delay}"
        yield from repeat((day, "reports"), reports)
        yield from repeat((day, "unmapped"), unmapped)
    if application.outcome[0] is Outcome.OPEN:
        changes = application.changes()
        yield max([applied_on(application, zone), *(run[0].day(zone) for run in changes[-1:])]), "last_activity"


def _entries(application: Application, zone: ZoneInfo) -> list[_Entry]:
    """Return the entries into another status, oldest first; a registered application's first is applying."""
    entries = [_applied(application, zone)] if application.registration else []
    for run in application.changes():
        first = run[0]
        if first.status is None or (entries and entries[-1].status is first.status):
            continue
        entries.append(_Entry(first.status, *entered_at(first, application, zone), first.day_offset is not None))
    return entries
