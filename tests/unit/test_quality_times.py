"""What an application counts for by how long things took; the buckets are those of `durations`."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Channel, Transition
from application_status.applications.rules.status import Outcome
from application_status.platform.values import from_text, instant
from application_status.quality.rules.contribution import contribution
from application_status.quality.rules.durations import age, bucket
from support.histories import application, applications, at, move, row
from support.world import BERLIN, registration

WITHDREW = Outcome.CANDIDATE_WITHDREW


def found(of: Application, *families: str) -> dict[str, int]:
    """Return what it contributes to these families."""
    measures = {cell.measure: amount for cell, amount in contribution(of, BERLIN).items()}
    return {name: amount for name, amount in measures.items() if name.partition(":")[0] in families}


@pytest.mark.parametrize(
    ("moves", "answered"),
    [
        ([], None),
        ([move("LEAD", 1)], None),
        ([move("APPLIED", 1, raw_status="Eingegangen")], None),
        ([move(None, 1)], None),
        ([move("CONTACT", 2.5)], 2),
        ([move("CONTACT", 2.5, delay=timedelta(days=30))], 2),
        ([move("INTERVIEW", 2), move("OFFER", 9)], 2),
        ([move("LEAD", 1), move("OFFER", 9)], 9),
        ([move(None, 1), move("OFFER", 4)], 4),
        ([move("REJECTED", 3)], 3),
        ([move("REJECTED", 3, outcome=Outcome.NOT_SELECTED)], 3),
        ([move("REJECTED", 3, outcome=Outcome.OFFER_DECLINED)], 3),
        ([move("INTERVIEW", 2), move("REJECTED", 3, outcome=WITHDREW)], 2),
        ([move("REJECTED", 3, outcome=WITHDREW), move("INTERVIEW", 5)], 5),
        ([move("HIRED", 5)], 5),
        ([move("INTERVIEW", -2), move("OFFER", 5)], 0),
        ([move("INTERVIEW", -0.001)], 0),
    ],
)
@pytest.mark.parametrize("closed", [None, 90])
def test_first_response_of_the_employer(moves: list[Transition], answered: int | None, closed: float | None) -> None:
    """Any move beyond APPLIED, but the candidate's own; what follows it, and the position's end, change nothing."""
    expected = {} if answered is None else {f"first_response:{age(answered)}": 1}
    if answered is None and closed:
        expected = {f"no_response:{age(90)}": 1}
    assert found(application(*moves, closed=closed), "first_response", "no_response") == expected


@pytest.mark.parametrize(
    ("moves", "closed", "ended"),
    [
        ([move("REJECTED", 3, outcome=WITHDREW)], None, 3),
        ([move("LEAD", 1), move("REJECTED", 8, outcome=WITHDREW), move(None, 20)], None, 8),
        ([move("REJECTED", 3, outcome=WITHDREW)], 9, 3),
        ([], 10, 10),
        ([move("LEAD", 4), move(None, 5)], 10, 10),
    ],
)
def test_ended_without_a_response(moves: list[Transition], closed: float | None, ended: int) -> None:
    """The candidate's withdrawal ends the waiting, or else the position's end."""
    assert found(application(*moves, closed=closed), "first_response", "no_response") == {
        f"no_response:{age(ended)}": 1
    }


@pytest.mark.parametrize(
    ("moves", "answered"),
    [([move("LEAD", 1), move("OFFER", 5)], 4), ([move("INTERVIEW", 1)], 0), ([move(None, 1)], None)],
)
def test_unregistered_waits_from_its_oldest_transition(moves: list[Transition], answered: int | None) -> None:
    """Its time of application is unknown."""
    expected = {} if answered is None else {f"first_response:{age(answered)}": 1}
    assert found(application(*moves, registered=None), "first_response", "no_response") == expected


@pytest.mark.parametrize(
    ("moves", "closed", "stays"),
    [
        ([], None, {}),
        ([], 10, {"position_closed:APPLIED": 10}),
        ([move("INTERVIEW", 2), move("HIRED", 9)], None, {"time_in:APPLIED": 2, "time_in:INTERVIEW": 7}),
        ([move("HIRED", 1), move("OFFER", 3)], None, {"time_in:APPLIED": 1}),
        ([move("HIRED", 1), move("OFFER", 3), move("HIRED", 9)], 30, {"time_in:APPLIED": 1, "time_in:OFFER": 6}),
        ([move("REJECTED", 1), move("INTERVIEW", 3)], 5, {"time_in:APPLIED": 1, "position_closed:INTERVIEW": 2}),
        ([move("INTERVIEW", 2), move("INTERVIEW", 5, raw_status="2"), move("OFFER", 6)], None,
         {"time_in:APPLIED": 2, "time_in:INTERVIEW": 4}),
        ([move("INTERVIEW", 2), move(None, 5)], 30, {"time_in:APPLIED": 2, "position_closed:INTERVIEW": 28}),
        ([move("INTERVIEW", 2), move("INTERVIEW", 9, raw_status="2")], 30,
         {"time_in:APPLIED": 2, "position_closed:INTERVIEW": 28}),
        ([move("INTERVIEW", 20)], 10, {"time_in:APPLIED": 20}),
        ([move("LEAD", -3), move("INTERVIEW", 2)], None, {"time_in:APPLIED": 2}),
        ([move("LEAD", 0), move("INTERVIEW", 2)], None, {"time_in:APPLIED": 0, "time_in:LEAD": 2}),
        ([move("LEAD", 3), move("CONTACT", 4)], None, {"time_in:APPLIED": 3, "time_in:LEAD": 1}),
    ],
)  # fmt: skip
def test_stays(moves: list[Transition], closed: float | None, stays: dict[str, int]) -> None:
    """A stay ends with the next status or the position's end; HIRED and REJECTED have no stays."""
    expected = {f"{name}:{age(days)}": 1 for name, days in stays.items()}
    assert found(application(*moves, closed=closed), "time_in", "position_closed") == expected


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        (timedelta(), bucket(timedelta())),
        (timedelta(minutes=-4), 0),
        (timedelta(hours=2), 1),
        (timedelta(days=3), age(3)),
        (timedelta(days=4000), age(365)),
        (None, None),
    ],
)
@pytest.mark.parametrize("status", ["INTERVIEW", None])
def test_delay_of_a_report(status: str | None, delay: timedelta | None, expected: int | None) -> None:
    """How much later it came in than it took effect, where its sender said when; a sender's clock may be ahead."""
    measures = {} if expected is None else {f"delay:{expected}": 1}
    assert found(application(move(status, 1, delay=delay)), "delay") == measures


@pytest.mark.parametrize(
    ("of", "day"),
    [
        (application(), "2022-07-01"),
        (application(move("INTERVIEW", 2)), "2022-07-03"),
        (application(move("INTERVIEW", 2, delay=timedelta(days=9))), "2022-07-03"),
        (application(move("INTERVIEW", 2), move(None, 4)), "2022-07-05"),
        (application(move("INTERVIEW", -9)), "2022-07-01"),
        (application(move("INTERVIEW", 2), registered=None), "2022-07-03"),
        (application(move("REJECTED", 2)), None),
        (application(move("HIRED", 2)), None),
        (application(move("HIRED", 2), move("OFFER", 3)), "2022-07-04"),
        (application(move("INTERVIEW", 2), closed=5), None),
    ],
)
def test_quiet_since_the_last_transition(of: Application, day: str | None) -> None:
    """The last transition counts, even an unmapped one, or else the application; only open ones can be quiet."""
    assert [cell.day for cell in contribution(of, BERLIN) if cell.measure == "last_activity"] == ([day] if day else [])


def test_registered_later_than_its_first_report() -> None:
    """The registration's day of applying counts, and APPLIED is entered, once it is known."""
    moves = [move("INTERVIEW", 2), move("OFFER", 5)]
    unregistered, known = application(*moves, registered=None), application(*moves)
    assert found(unregistered, "first_response", "entered", "time_in") == {
        "first_response:0": 1, "entered:INTERVIEW": 1, "entered:OFFER": 1, f"time_in:INTERVIEW:{age(3)}": 1,
    }  # fmt: skip
    assert found(known, "first_response", "entered", "time_in") == {
        f"first_response:{age(2)}": 1, "entered:APPLIED": 1, "entered:INTERVIEW": 1, "entered:OFFER": 1,
        f"time_in:APPLIED:{age(2)}": 1, f"time_in:INTERVIEW:{age(3)}": 1,
    }  # fmt: skip


def test_stay_over_the_change_of_the_clocks() -> None:
    """Durations are between moments, not between what clocks show: 24 hours are a day also when Berlin's has 23."""
    registered = registration(applied_at=from_text("2026-03-28T12:00:00.000Z"))
    day = (from_text("2026-03-29T11:00:00.000Z") - at(0)) / timedelta(days=1)  # 24 hours later by Berlin's clocks
    assert found(application(move("INTERVIEW", day), registered=registered), "time_in") == {"time_in:APPLIED:3": 1}


@settings(deadline=None)
@given(applications)
def test_nothing_lasts_longer_than_from_first_to_last(of: Application) -> None:
    """No stay, and no wait for a response or an end, is in a later bucket."""
    moments = [each.effective_at for each in of.transitions.values()]
    moments += [of.registration.applied_at] if of.registration else []
    moments += [of.position_ended_at] if of.position_ended_at else []
    longest = bucket(max(moments) - min(moments))
    lasted = found(of, "first_response", "no_response", "time_in", "position_closed")
    assert all(int(name.rpartition(":")[2]) <= longest for name in lasted)


def dated(status: str, day: int, **reading: Any) -> Transition:
    """Return a transition of which only the day was sent, so many days after the day of applying, in Berlin."""
    midnight = at(day).astimezone(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
    offset = (midnight.utcoffset() or timedelta()) // timedelta(minutes=1)
    return replace(move(status, day, **reading), effective_at=instant(midnight), day_offset=offset)


def test_report_of_the_day_of_applying_does_not_replace_it() -> None:
    """Applying stays an entry, and the response counts as one of under a day, not of under an hour."""
    of = application(dated("INTERVIEW", 0))
    under_a_day = bucket(timedelta(hours=23))
    assert found(of, "first_response", "entered", "time_in") == {
        f"first_response:{under_a_day}": 1,
        "entered:APPLIED": 1,
        "entered:INTERVIEW": 1,
        f"time_in:APPLIED:{under_a_day}": 1,
    }


@pytest.mark.parametrize("status", ["LEAD", "CONTACT"])
def test_lead_from_before_applying_is_no_response_and_no_entry(status: str) -> None:
    """It counts as a report alone, and reaches no stage."""
    counted = found(application(move(status, -5)), "first_response", "entered", "time_in", "reached", "reports")
    assert counted == {"entered:APPLIED": 1, "reached:APPLIED": 1, "reports": 1}


def test_confirmation_counts_as_a_report_alone() -> None:
    """Silence runs from the change, not from its confirmations."""
    once = application(move("INTERVIEW", 2, raw_status="1st"))
    often = application(
        *(move("INTERVIEW", day, raw_status=label) for day, label in ((2, "1st"), (9, " 1ST"), (30, "1st")))
    )
    others = Counter(contribution(often, BERLIN)) - Counter(contribution(once, BERLIN))
    assert Counter(cell.measure.partition(":")[0] for cell in others.elements()) == {"reports": 2, "delay": 2}
    quiet = [cell.day for cell in contribution(often, BERLIN) if cell.measure == "last_activity"]
    assert quiet == [at(2).astimezone(BERLIN).date().isoformat()]


def test_state_that_a_later_signal_gave_is_no_report() -> None:
    """It counts in entries and stays, but neither as a report nor as a delay nor as feedback."""
    given = replace(move("INTERVIEW", 2, delay=timedelta(days=19)), from_previous=True)
    assert found(application(given), "reports", "delay", "feedback", "entered") == {
        "entered:APPLIED": 1,
        "entered:INTERVIEW": 1,
    }


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo"])
def test_day_counts_as_it_was_sent(zone: str) -> None:
    """The day is the one sent, in any reporting time zone."""
    days = {
        cell.day for cell in contribution(application(dated("OFFER", 5)), ZoneInfo(zone)) if cell.measure == "reports"
    }
    assert days == {at(5).astimezone(BERLIN).date().isoformat()}


@pytest.mark.parametrize(
    ("days", "measure"),
    [(1, f"delay:{age(1)}"), (14, f"delay:{age(14)}"), (14.1, "history"), (700, "history")],
)
def test_history_from_a_file_has_no_delay(days: float, measure: str) -> None:
    """Its lag says when it was filled in, and nothing about how fast the ATS reports; another channel's has one."""
    told = row("INTERVIEW", 3, upload=3 + days)
    assert found(application(told), "delay", "history", "proxy", "reports") == {measure: 1, "reports": 1}
    others = replace(told, channel=Channel.ATSI)
    assert found(application(others), "delay", "history") == {f"delay:{bucket(timedelta(days=days))}": 1}


def test_dated_history_counts_as_if_it_had_been_reported_then() -> None:
    """All but the delay: stages, outcomes, durations and days are those of reports at the time."""
    history = application(*(row(status, day, upload=700) for status, day in (("INTERVIEW", 2), ("REJECTED", 9))))
    live = application(move("INTERVIEW", 2), move("REJECTED", 9))
    expected = Counter({cell: n for cell, n in contribution(live, BERLIN).items() if "delay" not in cell.measure})
    counted = Counter({cell: n for cell, n in contribution(history, BERLIN).items() if cell.measure != "history"})
    assert counted == expected


@pytest.mark.parametrize(
    ("transitions", "expected"),
    [
        ([row("INTERVIEW", None, upload=700)], {"responded": 1, "entered:APPLIED": 1, "entered:INTERVIEW": 1}),
        (
            [row("INTERVIEW", None, upload=14)],
            {
                f"first_response:{age(14)}": 1, "entered:APPLIED": 1, f"time_in:APPLIED:{age(14)}": 1,
                "entered:INTERVIEW": 1, "in:INTERVIEW": 1,
            },
        ),
        (
            [row("APPLIED", None, upload=700, raw_status="New"), row("INTERVIEW", None, upload=701)],
            {
                f"first_response:{age(701)}": 1, "entered:APPLIED": 1, f"time_in:APPLIED:{age(701)}": 1,
                "entered:INTERVIEW": 1, "in:INTERVIEW": 1,
            },
        ),
        (
            [row("INTERVIEW", None, upload=700), row("OFFER", None, upload=701), row("HIRED", None, upload=702)],
            {
                "responded": 1, "entered:APPLIED": 1, "entered:INTERVIEW": 1, "entered:OFFER": 1,
                f"time_in:OFFER:{age(1)}": 1, "entered:HIRED": 1,
            },
        ),
        (
            [row("REJECTED", None, upload=700, outcome=WITHDREW)],
            {"entered:APPLIED": 1, "entered:REJECTED": 1},
        ),
        (
            [row("INTERVIEW", None, upload=700), row("INTERVIEW", 5, upload=710)],
            {
                f"first_response:{age(5)}": 1, "entered:APPLIED": 1, f"time_in:APPLIED:{age(5)}": 1,
                "entered:INTERVIEW": 1, "in:INTERVIEW": 1,
            },
        ),
        (
            [move("INTERVIEW", 700, delay=None)],
            {
                f"first_response:{age(365)}": 1, "entered:APPLIED": 1, f"time_in:APPLIED:{age(365)}": 1,
                "entered:INTERVIEW": 1, "in:INTERVIEW": 1,
            },
        ),
    ],
    ids=["long ago", "lately", "seen before", "later rows", "withdrew", "filled in", "another channel"],
)  # fmt: skip
def test_undated_row_does_not_say_when_it_happened(transitions: list[Transition], expected: dict[str, int]) -> None:
    """As an application's first report it tells only that it was before the upload, so no duration counts."""
    families = ("first_response", "responded", "no_response", "waiting", "entered", "time_in", "in", "position_closed")
    assert found(application(*transitions), *families) == expected
