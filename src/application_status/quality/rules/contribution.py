"""What one application adds to the quality counters: a pure function of the application.

A report (`numbers.py`) has the same measure names as the counters that it is derived from.

Counted on the day of applying:
    applications                   every application
    reached:<STATUS>               every application, once: at its furthest stage (a report sums this and later stages)
    open:<STATUS>                  open applications, at their furthest stage
    outcome:<outcome>              every application, once: at its current outcome
    inferred                       applications whose outcome is inferred from the end of their position
    feedback                       applications with at least one report
    first_response:<bucket>        applications with an employer's response, by the time until the first one
    responded                      applications with an employer's response, if the time of the first one is unknown
    no_response:<bucket>           applications that ended without a response, by the time until the end
    waiting                        open applications without a response

Counted on the day of entering a status:
    entered:<STATUS>               entries into a status, by applying or by a report
    reentered                      entries into a status that the application had been in before
    time_in:<STATUS>:<bucket>      entries that were followed by another status, by the time until then
    position_closed:<STATUS>:<b>   entries that were followed by the end of the position, by the time until then
    in:<STATUS>                    entries that were followed by nothing yet

Counted on the day of the last change:
    last_activity                  open applications

Counted on the day on which a report took effect:
    reports                        reports, including confirmations and folded ones
    unmapped                       reports with an unmapped label
    delay:<bucket>                 reports with a time of their own, by the time until they were received
    history                        reports with a time of their own that are history from a file
    proxy                          reports whose event has only another time

Buckets are those of `durations.py`. Special cases:
- An application known only by its reports counts as applied for at its oldest transition.
- A report dated before applying counts from the moment of applying; a LEAD or CONTACT dated so is no entry.
- A report dated by its day counts on that day as sent, and a duration from or to it is never less than a day's bucket.
- A folded report counts on the day of the report that it was folded into.
- A hire counts as a stage only while it is the current status, so "unhired" takes it back.
- An employer's response is a move beyond APPLIED, also to REJECTED, unless the label says that the candidate withdrew.
- HIRED and REJECTED have no time in them.
- The time of a change is unknown if it is an undated row of a file, more than HISTORY_AGE after applying, and the first
  report of the application: it came at some time between. No duration from or to it counts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from itertools import pairwise, repeat
from zoneinfo import ZoneInfo

from application_status.applications.rules.application import Application, Position, first_response
from application_status.applications.rules.report import HISTORY_AGE, Channel, Folded, TimeSource, Transition
from application_status.applications.rules.status import Outcome, Status
from application_status.quality.rules.durations import bucket

TIMED_STATUSES = tuple(status for status in Status if status not in {Status.HIRED, Status.REJECTED})
"""The statuses whose duration is counted: all but the final ones."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """The key of one counter: an ATS, a day (ISO 8601, in the reporting time zone) and a measure."""

    ats_id: str
    day: str
    measure: str


type Contribution = Mapping[Cell, int]

type Counts = Mapping[tuple[str, str], int]
"""Amounts of (day, measure), of one ATS, client or job, or of several together.

The day may be empty, except that of a dated measure of the last year: reports need it for the time until today.
"""

_COHORT_FAMILIES = frozenset(
    [
        "applications",
        "reached",
        "open",
        "outcome",
        "inferred",
        "feedback",
        "first_response",
        "responded",
        "no_response",
        "waiting",
    ]
)


@cache
def is_of_cohort(measure: str) -> bool:
    """Return whether a measure counts on the day of applying."""
    return measure.partition(":")[0] in _COHORT_FAMILIES


@cache
def is_dated(measure: str) -> bool:
    """Return whether a measure is about something that lasts until today, so that its time grows with each day."""
    return measure.partition(":")[0] in {"waiting", "in", "last_activity"}


@cache
def is_size(measure: str) -> bool:
    """Return whether a measure is needed for the size of a month, or shows that the month has amounts.

    Each month with amounts of a report has at least one of them.
    """
    return measure.partition(":")[0] in {"applications", "entered", "reentered", "reports"}


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry into a status, by applying or by a report; its time may be known only to the day, or not at all."""

    status: Status
    at: datetime
    day: date
    to_the_day: bool = False
    is_timed: bool = True


def contribution(application: Application, zone: ZoneInfo) -> Contribution:
    """Return the amounts that an application adds to the counters; days are cut in the given time zone."""
    entries = _entries(application, zone)
    dated = [
        *_cohort_measures(application, zone),
        *_entry_measures(application, entries),
        *_report_measures(application, zone),
    ]
    return Counter(Cell(application.ats_id, day.isoformat(), measure) for day, measure in dated)


def furthest_stage(application: Application) -> Status:
    """Return the furthest stage ever reached; LEAD where only a rejection is known."""
    reached = {run[0].status for run in application.changes() if run[0].status}
    if application.registration:
        reached.add(Status.APPLIED)
    if application.status is not Status.HIRED:
        reached.discard(Status.HIRED)
    return max((status for status in reached if status.is_stage), key=lambda status: status.rank, default=Status.LEAD)


def applied_on(application: Application, zone: ZoneInfo) -> date:
    """Return the day of applying."""
    return _applied(application, zone).day


def entered_at(transition: Transition, application: Application, zone: ZoneInfo) -> tuple[datetime, date]:
    """Return the moment and the day at which a transition counts as an entry: not before applying."""
    registration = application.registration
    if not registration or transition.effective_at >= registration.applied_at:
        return transition.effective_at, transition.day(zone)
    on_that_day = transition.day_offset is not None and transition.latest >= registration.applied_at
    return registration.applied_at, transition.day(zone) if on_that_day else applied_on(application, zone)


def _applied(application: Application, zone: ZoneInfo) -> _Entry:
    """Return the entry by applying; of an unregistered application, its oldest transition."""
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


def _cohort_measures(application: Application, zone: ZoneInfo) -> Iterator[tuple[date, str]]:
    """Yield the measures that count on the day of applying."""
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
    if response and not _is_timed(response, application):
        yield applied.day, "responded"
    elif response:
        yield applied.day, f"first_response:{_between(applied, _entry(response, zone))}"
    elif outcome is Outcome.OPEN:
        yield applied.day, "waiting"
    elif application.position_end:
        yield applied.day, f"no_response:{_until_closed(applied, application.position_end)}"
    elif (end := _entries(application, zone)[-1]).is_timed:
        yield applied.day, f"no_response:{_between(applied, end)}"


def _until_closed(entry: _Entry, end: Position) -> int:
    """Return the bucket of the time from an entry to the end of the position."""
    return bucket(end.since - entry.at, to_the_day=entry.to_the_day or end.day_offset is not None)


def _entry_measures(application: Application, entries: Sequence[_Entry]) -> Iterator[tuple[date, str]]:
    """Yield the measures that count on the days of entering a status."""
    entered: set[Status] = set()
    for entry in entries:
        yield entry.day, f"entered:{entry.status}"
        if entry.status in entered:
            yield entry.day, "reentered"
        entered.add(entry.status)
    for entry, following in pairwise(entries):
        if entry.status in TIMED_STATUSES and entry.is_timed and following.is_timed:
            yield entry.day, f"time_in:{entry.status}:{_between(entry, following)}"
    if entries and (last := entries[-1]).status in TIMED_STATUSES and last.is_timed:
        end = application.position_end
        yield last.day, f"position_closed:{last.status}:{_until_closed(last, end)}" if end else f"in:{last.status}"


def _report_measures(application: Application, zone: ZoneInfo) -> Iterator[tuple[date, str]]:
    """Yield the measures of reports and of the last change; a `previous` state of a signal is no report."""
    for each in application.transitions.values():
        day = each.day(zone)
        reports, unmapped = each.folded or Folded(0, 0)
        if not each.from_previous:
            reports, unmapped = reports + 1, unmapped + (each.status is None)
            if each.is_history:
                yield day, "history"
            elif each.has_business_date:
                delay = bucket(each.received_at - each.effective_at, to_the_day=each.day_offset is not None)
                yield day, f"delay:{delay}"
            elif each.time_source is TimeSource.PROXY:
                yield day, "proxy"
        yield from repeat((day, "reports"), reports)
        yield from repeat((day, "unmapped"), unmapped)
    if application.outcome[0] is Outcome.OPEN:
        changes = application.changes()
        yield max([applied_on(application, zone), *(run[0].day(zone) for run in changes[-1:])]), "last_activity"


def _entries(application: Application, zone: ZoneInfo) -> list[_Entry]:
    """Return the entries, oldest first; the first entry of a registered application is applying."""
    entries = [_applied(application, zone)] if application.registration else []
    for run in application.changes():
        first = run[0]
        if first.status is None or (entries and entries[-1].status is first.status):
            continue
        moment, day = entered_at(first, application, zone)
        to_the_day = first.day_offset is not None
        entries.append(_Entry(first.status, moment, day, to_the_day, is_timed=_is_timed(first, application)))
    return entries


def _is_timed(transition: Transition, application: Application) -> bool:
    """Return whether it is known when a change happened, however exactly."""
    if transition.channel is not Channel.FILE or transition.time_source is not TimeSource.RECEIVED:
        return True
    registration, is_first = application.registration, transition == application.in_order()[0]
    return not (is_first and registration and transition.received_at - registration.applied_at > HISTORY_AGE)
