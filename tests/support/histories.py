"""Applications with a given history, made without a table."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from application_status.applications.rules.application import Application, Position
from application_status.applications.rules.registration import Registration
from application_status.applications.rules.report import Channel, Interpretation, TimeSource, Transition
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.values import from_text, instant
from support.world import APPLICATION, ATS, registration

APPLIED_AT = from_text("2022-07-01T09:00:00.000Z")
REGISTRATION = registration(applied_at=APPLIED_AT)


def at(days: float) -> datetime:
    """Return the time `days` days after applying."""
    return instant(APPLIED_AT + timedelta(days=days))


def move(status: str | None, days: float, *, delay: timedelta | None = timedelta(), **reading: Any) -> Transition:
    """Return a transition that was received `delay` after it took effect; with None it has no business date."""
    return Transition(
        channel=Channel.ATSI if status else Channel.SIGNALS,
        interpretation=Interpretation(status=Status(status) if status else None, **reading),
        effective_at=at(days),
        received_at=at(days) + (delay or timedelta()),
        tiebreaker=str(Status(status).rank) if status else "9",
        time_source=TimeSource.RECEIVED if delay is None else TimeSource.REPORTED,
    )


def row(status: str, day: float | None, *, upload: float, **reading: Any) -> Transition:
    """Return a transition from a row of a file, which was uploaded `upload` days after applying; None is no date."""
    moved = move(status, upload if day is None else day, delay=None, **reading)
    dated = moved.time_source if day is None else TimeSource.REPORTED
    return replace(moved, channel=Channel.FILE, received_at=at(upload), time_source=dated)


def application(
    *transitions: Transition, registered: Registration | None = REGISTRATION, closed: float | None = None
) -> Application:
    """Return an application with these transitions; its position ended `closed` days after applying."""
    by_key = {transition.key: transition for transition in transitions}
    of = Application(
        application_id=APPLICATION, ats_id=ATS, status=Status.APPLIED, version=1 + len(by_key),
        positions={} if closed is None else {"position": _closed(at(closed))},
    )  # fmt: skip
    return of.with_head(by_key, registered)


def _closed(moment: datetime) -> Position:
    return Position(ended=True, since=moment, day_offset=None, received_at=moment, version=1)


def after(*statuses: str, registered: Registration | None = REGISTRATION) -> Application:
    """Return an application with one of these statuses a day, each under a label of its own."""
    moves = [move(status, day, raw_status=f"{day}") for day, status in enumerate(statuses, start=1)]
    return application(*moves, registered=registered)


_days = st.integers(-3, 14) | st.floats(-400, 800)
_delays = st.none() | st.timedeltas(timedelta(minutes=-5), timedelta(days=500))
_moves = st.builds(move, st.none() | st.sampled_from([str(each) for each in Status]), _days, delay=_delays)
_ends_of_it = [None, *(each for each in Outcome if each not in {Outcome.OPEN, Outcome.HIRED})]
_rejections = st.builds(move, st.just("REJECTED"), _days, delay=_delays, outcome=st.sampled_from(_ends_of_it))
_lives = st.lists(_moves | _rejections, min_size=1, max_size=10)
_ends = st.none() | _days
applications = st.builds(lambda life, end: application(*life, closed=end), st.just([]) | _lives, _ends) | st.builds(
    lambda life, end: application(*life, closed=end, registered=None), _lives, _ends
)
"""A strategy for applications: registered or not, with unmapped labels, late reports and wrong clocks."""
