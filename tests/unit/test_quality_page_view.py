"""What the quality page makes of a report: words, plots, sections and the form."""

from datetime import date
from typing import Unpack

import pytest

from application_status.platform.errors import FieldError
from application_status.quality.page import overview, per_ats, per_row
from application_status.quality.page.form import Suggestion, form
from application_status.quality.page.overview import figures
from application_status.quality.page.plots import Bars, Strips, bars, spans, strips
from application_status.quality.page.section import Basis, TableCell
from application_status.quality.page.words import Numbers, display_name, format_number, format_period, with_id
from application_status.quality.reports.query import Caller, QualityQuery
from application_status.quality.reports.report import QualityReport, Row, Subject
from application_status.quality.rules.definitions import DEFINITIONS
from application_status.quality.rules.numbers import Number, Unit
from application_status.quality.rules.periods import Interval

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)
ABOUT = Basis.of(QualityQuery.model_validate({"from": "2026-09-01", "to": "2026-09-30"}))


BY_ATS, BY_JOB = QualityQuery(by="ats"), QualityQuery(by="job", client="c")


def row(*numbers: Number, first: date | None = FIRST, last: date | None = LAST, **of: Unpack[Subject]) -> Row:
    return Row(of, first, last, numbers)


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        ("share", 0.0, "0%"), ("share", 0.004, "<1%"), ("share", 0.006, "1%"), ("share", 0.434, "43%"),
        ("share", 0.9949, "99%"), ("share", 0.996, ">99%"), ("share", 1.0, "100%"), ("share", None, "not known yet"),
        ("days", 0.04, "0 days"), ("days", 1.04, "1 day"), ("days", 12.34, "12.3 days"), ("days", 365.0, "365 days"),
        ("days", None, "not known yet"), ("applications", 12345, "12,345"), ("entries", 0, "0"),
    ],
)  # fmt: skip
def test_numbers_are_said_as_people_read_them(unit: Unit, value: float | None, text: str) -> None:
    """A share is never rounded to nothing or to all."""
    assert format_number(Number("x", unit, value, 5)) == text


@pytest.mark.parametrize("unit", ["share", "days"])
def test_number_of_too_few_is_no_matter_of_waiting(unit: Unit) -> None:
    """While one of more may be known some day."""
    assert format_number(Number("x", unit, None, 4)) == "too few"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("PRE_INTERVIEW", "Pre-interview"), ("POST_INTERVIEW", "Post-interview"), ("HIRED", "Hired"),
        ("candidate_withdrew", "Candidate withdrew"), ("no_response_within", "No response within"),
    ],
)  # fmt: skip
def test_codes_have_names(code: str, name: str) -> None:
    """Statuses, outcomes and measures alike."""
    assert display_name(code) == name


def test_period_is_a_day_or_from_day_to_day() -> None:
    """Each day is written as day, month and year."""
    assert format_period(row(first=FIRST, last=FIRST)) == "1 Sep 2026"
    assert format_period(row()) == "1 Sep 2026 – 30 Sep 2026"  # noqa: RUF001  # a range has an en dash
    assert format_period(row(first=None, last=None)) == ""


def test_bars_are_shares_of_the_width() -> None:
    """Each under its whole label."""
    plot = bars("t", [("a" * 64, "1", 0.5), ("b", "2", 1 / 3)])
    assert [(each.label, each.text, each.width) for each in plot.bars] == [("a" * 64, "1", 50.0), ("b", "2", 33.333)]


@pytest.mark.parametrize("median", [1.0, 5.0, 5.2, 30.0])
def test_dot_of_a_median_does_not_touch_the_end_of_the_axis(median: float) -> None:
    """Half of it would stand beside the card."""
    (span,) = spans("t", [("a", "", median, None)]).spans
    assert span.median is not None
    assert span.median < 96


@pytest.mark.parametrize(
    ("longest", "ticks"),
    [
        (0.2, ["0", "1"]), (3.2, ["0", "1", "2", "3", "4"]), (24.0, ["0", "5", "10", "15", "20", "25"]),
        (100.0, ["0", "30", "60", "90", "120"]), (365.0, ["0", "90", "180", "270", "360", "450"]),
    ],
)  # fmt: skip
def test_spans_have_an_axis_of_round_days(longest: float, ticks: list[str]) -> None:
    """The axis covers all spans; an unknown end is not drawn."""
    plot = spans("t", [("a", "", 0.1, longest), ("b", "", 0.1, None), ("c", "", None, None)])
    assert [each.text for each in plot.ticks] == ticks
    (a, b, c) = plot.spans
    assert a.p90 == pytest.approx(100 * longest / float(ticks[-1]), abs=0.001)
    assert (b.median == a.median, b.p90, c.median, c.p90) == (True, None, None, None)
    assert all(0 <= each.at <= 100 for each in plot.ticks)


def test_strips_have_a_column_for_each_amount() -> None:
    """In their order, all equally wide; each strip's highest has the whole height, and nothing has no column."""
    plot = strips("t", [("a", "", [4.0, 2.0]), ("b", "", [0.0, 1.0])], ("from", "to"))
    a, b = plot.strips
    assert [(each.left, each.width, each.top, each.height) for each in a.columns] == [
        (0.0, 40.0, 0.0, 40.0),
        (50.0, 40.0, 20.0, 20.0),
    ]
    assert [(each.left, each.height) for each in b.columns] == [(50.0, 40.0)]
    assert plot.ends == ("from", "to")


def test_over_time_is_in_the_order_of_the_rows() -> None:
    """The axis is no time scale, so a period decades before the others takes no more room."""
    days = [(date(1970, 1, 1), date(1970, 1, 1)), (date(2026, 9, 1), date(2026, 9, 20)), (FIRST, LAST)]
    rows = [row(Number("entered:OFFER", "entries", n, n), first=f, last=t) for n, (f, t) in enumerate(days, start=5)]
    section = per_row.over_time(QualityReport(rows), None, Interval.MONTH, ABOUT)
    assert "a month, or more days where there were few entries" in section.notes[0]
    plot = section.plot
    assert isinstance(plot, Strips)
    (strip,) = plot.strips
    assert (strip.label, strip.text) == ("Offer", "highest 7")
    assert [each.left for each in strip.columns] == [0.0, 33.333, 66.667]
    assert plot.ends == ("1 Jan 1970", "30 Sep 2026")


def test_stage_that_too_few_left_has_no_share_that_went_on() -> None:
    """The plot leaves the share out; the table gives the reason."""
    numbers = [Number("reached:OFFER", "applications", 6, 9), Number("reached:OFFER", "share", 2 / 3, 9)]
    section = overview.funnel(Numbers([row(*numbers, Number("passed:OFFER", "share", None, 4))]), ABOUT)
    assert isinstance(section.plot, Bars)
    assert [each.text for each in section.plot.bars if each.label == "Offer"] == ["6 · 67%"]
    cells = [[cell.text for cell in each] for each in section.table.rows if each[0].text == "Offer"]
    assert cells == [["Offer", "6", "67%", "too few", "4"]]


def test_health_has_the_busiest_first() -> None:
    """Of many ATSs only the busiest are shown, as in the other comparisons."""
    amounts = {f"ats-{n}": n for n in range(1, 102)}
    rows = [
        row(Number("requests", "requests", n, n), Number("last_seen", "days", 1.0 * n, n), Ats=ats)
        for ats, n in amounts.items()
    ]
    section = per_ats.health(rows, None, ABOUT)
    assert isinstance(section.plot, Bars)
    assert [(each.label, each.text) for each in section.plot.bars] == [(f"ats-{n}", str(n)) for n in range(101, 89, -1)]
    assert [each.width for each in section.plot.bars][:2] == [100.0, 99.01]
    assert len(section.table.rows) == 100
    assert [cell.text for cell in section.table.rows[0]] == ["ats-101", "101", "101 days ago", ""]
    assert section.notes == ["The 100 busiest of 101."]
    assert per_ats.health(rows[:100], None, ABOUT).notes == []


def test_labels_that_are_cut_are_said_to_be() -> None:
    """Those of an ATS by its report, and those of several by the table."""

    def notes(*amounts: int, hidden: int = 0, cut: int = 0) -> list[str]:
        labels = [[Number(f"unmapped_label:{n}", "applications", 9, 9) for n in range(amount)] for amount in amounts]
        section = per_ats.unmapped(QualityReport([row(*each, Ats="a") for each in labels], hidden, cut), ABOUT)
        assert len(section.table.rows) == min(100, sum(amounts))
        return list(section.notes)

    assert notes(99) == []
    assert notes(100) == []
    assert notes(100, cut=7) == ["The 100 most frequent of 107."]
    assert notes(80, 80, hidden=2) == ["The 100 most frequent of 160.", "Not shown: 2 labels of too few applications."]


def test_nothing_known_is_said_and_not_drawn() -> None:
    """A section about too few has words in place of plot and table; there are no key figures."""
    nothing = Numbers([])
    made = (overview.funnel, overview.outcomes, overview.times, overview.waiting, overview.silence, overview.coverage)
    assert all("Too few" in section(nothing, ABOUT).empty_text for section in made)
    assert "Too few" in per_row.over_time(QualityReport([]), None, Interval.WEEK, ABOUT).empty_text
    assert "Too few" in per_row.comparison(BY_ATS, QualityReport([]), str, [], ABOUT).empty_text
    assert per_ats.health([], None, ABOUT).empty_text == "No requests in the period."
    assert figures(nothing) == []


def test_stage_without_entries_has_no_times() -> None:
    """A stage that too few applications have left has a row that says so."""
    known = [Number("time_in:OFFER:median", "days", None, 3), Number("time_in:CONTACT:median", "days", None, 0)]
    section = overview.times(Numbers([row(*known)]), ABOUT)
    assert [[cell.text for cell in each] for each in section.table.rows] == [
        ["In Offer", "too few", "too few", "3 entries"]
    ]


def test_comparison_has_the_largest_first() -> None:
    """The table says how many are not shown."""
    sizes = {"small": 7, "large": 30, "middle": 9}
    rows = [row(Number("applications", "applications", n, n), Ats=ats) for ats, n in sizes.items()]
    section = per_row.comparison(BY_ATS, QualityReport(rows, hidden=2), "?{}".format, [], ABOUT)
    assert [(each[0].text, each[0].link) for each in section.table.rows] == [
        ("large", "?large"), ("middle", "?middle"), ("small", "?small"),
    ]  # fmt: skip
    assert section.notes == ["Not shown: 2 ATSs with too few applications, or needed to hide those."]
    assert per_row.comparison(BY_ATS, QualityReport(rows), str, [], ABOUT).notes == []


def test_comparison_has_names_beside_ids() -> None:
    """A job without a name has its id alone; the plot has both, too."""
    rows = [row(Job="job-1", JobTitle="Baker", Client="c", Company="C"), row(Job="job-2", Client="c", Company="C")]
    pages = [TableCell("Next jobs", "?after=job-2")]
    section = per_row.comparison(BY_JOB, QualityReport(rows, following="job-2"), "?job={}".format, pages, ABOUT)
    assert [each[0] for each in section.table.rows] == [
        TableCell("Baker", "?job=job-1", "job-1"),
        TableCell("job-2", "?job=job-2"),
    ]
    assert isinstance(section.plot, Bars)
    assert [each.label for each in section.plot.bars] == ["Baker (job-1)", "job-2"]
    assert section.pages == pages
    assert section.notes == ["The jobs are in pages of up to 100, in the order of their ids."]
    assert "a new job joins the list within a day" in section.basis
    assert (with_id("Baker", "job-1"), with_id("", "job-1")) == ("Baker (job-1)", "job-1")


def test_too_large_report_says_what_to_choose() -> None:
    """In place of a plot and a table, and without a CSV."""
    wrong = FieldError("/from", "500 days are too many", "at most 400 days")
    for section in (per_ats.health([], wrong, ABOUT), per_row.over_time(QualityReport([]), wrong, Interval.DAY, ABOUT)):
        assert section.empty_text == "Not shown: 500 days are too many. Choose at most 400 days."
        assert section.downloads == ()


def test_definitions_are_the_models() -> None:
    """Word by word, the first one being about what is drawn."""
    section = overview.waiting(Numbers([]), ABOUT)
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
    made = form(caller, {"to": "x", "interval": "day"}, suggested={"job": [Suggestion("j", "Baker")]}, errors=errors)
    assert [each.name for each in made.fields] == names
    assert [(each.name, each.value) for each in made.fields if each.wrong] == [("to", "x")]
    assert [each.name for each in made.fields if each.suggested] == [name for name in names if name == "job"]
    assert (made.interval, form(caller, {}).interval) == ("day", "week")
