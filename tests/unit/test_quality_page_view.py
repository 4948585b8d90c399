"""What the quality page makes of a report: words, plots, sections and the form."""

from datetime import date

import pytest

from application_status.errors import FieldError
from application_status.model.definitions import DEFINITIONS
from application_status.model.periods import Interval
from application_status.model.quality_report import Number, Unit
from application_status.views.quality_page import parts, whole
from application_status.views.quality_page.figures import figures
from application_status.views.quality_page.form import form
from application_status.views.quality_page.plots import bars, spans, strips
from application_status.views.quality_page.words import Numbers, named, period, said
from application_status.views.query import Caller
from application_status.views.report import Report, Row

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)


def row(*numbers: Number, first: date = FIRST, last: date = LAST, **of: str) -> Row:
    return Row(of, first, last, numbers)


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("share", 0.0, "0%"), ("share", 0.004, "<1%"), ("share", 0.006, "1%"), ("share", 0.434, "43%"),
        ("share", 0.9949, "99%"), ("share", 0.996, ">99%"), ("share", 1.0, "100%"), ("share", None, "too few yet"),
        ("days", 0.04, "0 days"), ("days", 1.04, "1 day"), ("days", 12.34, "12.3 days"), ("days", 365.0, "365 days"),
        ("days", None, "too few yet"), ("applications", 12345, "12,345"), ("entries", 0, "0"),
    ],
)  # fmt: skip
def test_numbers_are_said_as_people_read_them(unit: Unit, value: float | None, text: str) -> None:
    """A share is never rounded to nothing or to all."""
    assert said(Number("x", unit, value, 9)) == text


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("PRE_INTERVIEW", "Pre-interview"), ("POST_INTERVIEW", "Post-interview"), ("HIRED", "Hired"),
        ("candidate_withdrew", "Candidate withdrew"), ("no_response_within", "No response within"),
    ],
)  # fmt: skip
def test_codes_have_names(code: str, name: str) -> None:
    """Statuses, outcomes and measures alike."""
    assert named(code) == name


def test_period_is_a_day_or_from_day_to_day() -> None:
    """As people write days."""
    assert period(row(first=FIRST, last=FIRST)) == "1 Sep 2026"
    assert period(row()) == "1 Sep 2026 – 30 Sep 2026"  # noqa: RUF001  # a range has an en dash


def test_bars_are_shares_of_the_width() -> None:
    """One below the other; a long label is cut, as its row of the table has it whole."""
    plot = bars("t", [("a" * 64, "1", 0.5), ("b", "2", 1 / 3)])
    assert [(each.top, each.width) for each in plot.bars] == [(0, 50.0), (42, 33.333)]
    assert plot.height == 84
    assert (len(plot.bars[0].label), plot.bars[0].label[-1]) == (28, "…")


@pytest.mark.parametrize(
    ("longest", "ticks"),
    [
        (0.2, ["0", "1"]), (3.2, ["0", "1", "2", "3", "4"]), (24.0, ["0", "5", "10", "15", "20", "25"]),
        (100.0, ["0", "30", "60", "90", "120"]), (365.0, ["0", "90", "180", "270", "360", "450"]),
    ],
)  # fmt: skip
def test_spans_have_an_axis_of_round_days(longest: float, ticks: list[str]) -> None:
    """That nothing goes beyond; an end that isn't known is not drawn."""
    plot = spans("t", [("a", "", 0.1, longest), ("b", "", 0.1, None), ("c", "", None, None)])
    assert [each.text for each in plot.ticks] == ticks
    (a, b, c) = plot.spans
    assert a.p90 == pytest.approx(100 * longest / float(ticks[-1]), abs=0.001)
    assert (b.median == a.median, b.p90, c.median, c.p90) == (True, None, None, None)
    assert all(0 <= each.at <= 100 for each in plot.ticks)


def test_strips_leave_periods_without_anything_empty() -> None:
    """A column stands where its period is in time; each strip's highest has the whole height."""
    days = [date(2026, 9, 2), date(2026, 9, 21)]  # of the weeks from 31 August and from 21 September on
    plot = strips("t", days, Interval.WEEK, [("a", "", [4.0, 2.0]), ("b", "", [0.0, 1.0])])
    a, b = plot.strips
    assert [(each.left, each.width, each.top, each.height) for each in a.columns] == [
        (0.0, 20.0, 0.0, 40.0),
        (75.0, 20.0, 20.0, 20.0),
    ]
    assert [(each.left, each.height) for each in b.columns] == [(75.0, 40.0)]
    assert [each.text for each in plot.ticks] == ["31 Aug 2026", "27 Sep 2026"]


@pytest.mark.parametrize(
    ("interval", "days", "last"),
    [
        (Interval.DAY, [date(2026, 1, 31)], "31 Jan 2026"), (Interval.MONTH, [date(2026, 2, 28)], "28 Feb 2026"),
        (Interval.MONTH, [date(2026, 12, 1)], "31 Dec 2026"),
    ],
)  # fmt: skip
def test_strips_end_with_their_last_period(interval: Interval, days: list[date], last: str) -> None:
    """Months are as long as they are."""
    assert strips("t", days, interval, []).ticks[-1].text == last


def test_nothing_known_is_said_and_not_drawn() -> None:
    """A section about too few has words in place of plot and table; there are no key figures."""
    nothing = Numbers([])
    made = (whole.funnel, whole.outcomes, whole.times, whole.waiting, whole.silence, whole.coverage)
    assert all("Too few" in section(nothing).instead for section in made)
    assert "Too few" in parts.over_time([], Interval.WEEK).instead
    assert "Too few" in parts.comparison("by-ats", Report([]), lambda ats: ats).instead
    assert parts.health([]).instead == "No requests in the period."
    assert figures(nothing) == []


def test_stage_that_nobody_entered_has_no_times() -> None:
    """One that too few have left has; it says so."""
    known = [Number("time_in:OFFER:median", "days", None, 3), Number("time_in:CONTACT:median", "days", None, 0)]
    section = whole.times(Numbers([row(*known)]))
    assert [[cell.text for cell in each] for each in section.table.rows] == [
        ["In Offer", "too few yet", "too few yet", "3"]
    ]


def test_comparison_has_the_largest_first() -> None:
    """With what it does not show."""
    sizes = {"small": 7, "large": 30, "middle": 9}
    rows = [row(Number("applications", "applications", n, n), Ats=ats) for ats, n in sizes.items()]
    section = parts.comparison("by-ats", Report(rows, hidden=2), lambda ats: f"?{ats}")
    assert [(each[0].text, each[0].link) for each in section.table.rows] == [
        ("large", "?large"), ("middle", "?middle"), ("small", "?small"),
    ]  # fmt: skip
    assert section.notes[0].startswith("Not shown: 2 ")
    assert parts.comparison("by-ats", Report(rows), lambda ats: ats).notes == []


def test_definitions_are_the_models() -> None:
    """Word by word, the first one being about what is drawn."""
    section = whole.waiting(Numbers([]))
    assert section.definitions == [("No response within", DEFINITIONS["no_response_within"])]


@pytest.mark.parametrize(
    ("caller", "names"),
    [
        (Caller(), ["from", "to", "ats", "client", "job"]), (Caller(client_id="c"), ["from", "to", "job"]),
        (Caller(ats_id="a"), ["from", "to"]),
    ],
)  # fmt: skip
def test_form_asks_what_the_caller_may_choose(caller: Caller, names: list[str]) -> None:
    """Filled in, with what is wrong marked, and with suggestions."""
    errors = [FieldError("/to", "is wrong", "right")]
    made = form(caller, {"to": "x", "interval": "day"}, suggested={"job": ["j"]}, errors=errors)
    assert [each.name for each in made.fields] == names
    assert [(each.name, each.value) for each in made.fields if each.wrong] == [("to", "x")]
    assert [each.name for each in made.fields if each.suggested] == [name for name in names if name == "job"]
    assert (made.interval, form(caller, {}).interval) == ("day", "week")
