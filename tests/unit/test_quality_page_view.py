"""What the quality page makes of a report: words, plots, sections and the form."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Unpack

import pytest

from application_status.platform.errors import FieldError
from application_status.quality.page import overview, per_ats, per_row
from application_status.quality.page.form import PageQueries, forms
from application_status.quality.page.overview import figures
from application_status.quality.page.per_row import ListLinks
from application_status.quality.page.plots import (
    Bars,
    Series,
    Timeline,
    count_bars,
    round_up,
    share_bars,
    spans,
    timeline,
)
from application_status.quality.page.section import Column, TableCell, why_unavailable
from application_status.quality.page.words import Numbers, format_age, format_days, format_number, with_id
from application_status.quality.reports.query import Caller, QualityQuery
from application_status.quality.reports.report import QualityReport, Row, Subject
from application_status.quality.rules.numbers import Number, Unit
from application_status.quality.rules.periods import Interval
from application_status.texts.texts import ENGLISH, GERMAN

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)
BY_ATS, BY_JOB = QualityQuery(by="ats", sort="-applications"), QualityQuery(by="job", client="c", sort="-applications")
NOTHING = Numbers([], ENGLISH)


def row(*numbers: Number, first: date | None = FIRST, last: date | None = LAST, **of: Unpack[Subject]) -> Row:
    return Row(of, first, last, numbers)


def known(*numbers: Number) -> Numbers:
    return Numbers([row(*numbers)], ENGLISH)


def links(query: QualityQuery, *, following: str | None = None, can_sort: bool = True) -> ListLinks:
    listed = {"by": "", "sort": "", "after": ""}
    queries = PageQueries(
        {}, Interval.WEEK, {"cohort": QualityQuery(), "list": query}, listed, "", shows_definitions=False
    )
    return ListLinks(queries, following, can_sort, can_open=True)


@pytest.mark.parametrize(
    ("unit", "value", "text", "german"),
    [
        ("share", 0.004, "<1%", "<1\u00a0%"), ("share", 0.434, "43%", "43\u00a0%"),
        ("share", 0.996, ">99%", ">99\u00a0%"),
        ("share", None, "not known yet", "noch nicht bekannt"), ("days", 0.04, "0 days", "0 Tage"),
        ("days", 1.04, "1 day", "1 Tag"), ("days", 12.34, "12.3 days", "12,3 Tage"),
        ("applications", 12345, "12,345", "12.345"), ("entries", 0, "0", "0"),
    ],
)  # fmt: skip
def test_numbers_are_said_as_people_read_them(unit: Unit, value: float | None, text: str, german: str) -> None:
    """A share is never rounded to nothing or to all."""
    number = Number("x", unit, value, 5)
    assert (format_number(number, ENGLISH), format_number(number, GERMAN)) == (text, german)


@pytest.mark.parametrize("unit", ["share", "days"])
def test_number_of_too_few_is_no_matter_of_waiting(unit: Unit) -> None:
    """While one of more may be known some day."""
    assert format_number(Number("x", unit, None, 4), ENGLISH) == "too few"


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0.01, "less than an hour ago"),
        (0.04, "1 hour ago"),
        (1.5, "36 hours ago"),
        (2.0, "48 hours ago"),
        (2.9, "2 days ago"),
        (33.2, "33 days ago"),
    ],
)
def test_age_is_in_hours_for_two_days(days: float, text: str) -> None:
    """And in whole days after that."""
    assert format_age(days, ENGLISH) == text


def test_age_is_correct_german() -> None:
    """The time stands in the dative after "vor"."""
    assert [format_age(days, GERMAN) for days in (0.0, 0.5, 33.2)] == [
        "vor weniger als einer Stunde", "vor 12 Stunden", "vor 33 Tagen"
    ]  # fmt: skip


def test_range_of_days_says_the_year_once() -> None:
    """Unless it differs; a single day is no range."""
    ranges = [(FIRST, FIRST), (FIRST, LAST), (date(2025, 12, 31), FIRST)]
    assert [format_days(*each, ENGLISH).replace("\u00a0", " ") for each in ranges] == [
        "1 Sep 2026", "1 Sep – 30 Sep 2026", "31 Dec 2025 – 1 Sep 2026",  # noqa: RUF001  # a range has an en dash
    ]  # fmt: skip
    assert format_days(FIRST, LAST, GERMAN).replace("\u00a0", " ") == "1. Sept. – 30. Sept. 2026"  # noqa: RUF001


def test_bars_are_shares_of_the_width() -> None:
    """From none to all; numbers end at a round one."""
    plot = share_bars("t", [("a" * 64, "1", 0.5), ("b", "2", 1 / 3)], ENGLISH)
    assert [(each.label, each.text, each.width) for each in plot.bars] == [("a" * 64, "1", 50.0), ("b", "2", 33.3)]
    assert [each.text for each in plot.ticks] == ["0%", "50%", "100%"]
    counts = count_bars("t", [("a", "150", 150), ("b", "30", 30)], ENGLISH)
    assert [each.width for each in counts.bars] == [100.0, 20.0]
    assert [each.text for each in counts.ticks] == ["0", "75", "150"]


@pytest.mark.parametrize(
    ("amount", "end"), [(0.2, 1), (1, 1), (7, 8), (10, 10), (11, 15), (16, 20), (61, 80), (81, 100), (1234, 1500)]
)
def test_scales_end_at_round_numbers(amount: float, end: int) -> None:
    """At most twice what they show."""
    assert round_up(amount) == end


@pytest.mark.parametrize("median", [1.0, 5.0, 5.2, 30.0])
def test_dot_of_a_median_does_not_touch_the_end_of_the_axis(median: float) -> None:
    """Half of it would stand beside the card."""
    (span,) = spans("t", [("a", "", median, None)], ENGLISH).spans
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
    plot = spans("t", [("a", "", 0.1, longest), ("b", "", 0.1, None), ("c", "", None, None)], ENGLISH)
    assert [each.text for each in plot.ticks] == ticks
    (a, b, c) = plot.spans
    assert a.p90 == pytest.approx(100 * longest / float(ticks[-1]), abs=0.1)
    assert (b.median == a.median, b.p90, c.median, c.p90) == (True, None, None, None)
    assert all(0 <= each.at <= 100 for each in plot.ticks)


def test_timeline_is_to_scale_in_both_directions() -> None:
    """A period is as wide as its days, and all rows have the same scale; nothing has no column."""
    days = [(date(2026, 9, 1), date(2026, 9, 5)), (date(2026, 9, 16), date(2026, 9, 20))]
    plot = timeline("t", [Series("a", "", [4.0, 2.0]), Series("b", "", [0.0, 1.0])], days, ENGLISH)
    assert [(each.left, each.width) for each in plot.periods] == [(0.0, 22.5), (75.0, 22.5)]
    assert [[(each.text, each.height) for each in period.columns] for period in plot.periods] == [
        [("4", 44.0)], [("2", 22.0), ("1", 11.0)],
    ]  # fmt: skip
    assert [each.top + each.height for each in plot.periods[1].columns] == [each.base for each in plot.lines]
    assert plot.highest == "4"
    assert plot.periods[0].words.replace("\u00a0", " ") == "1 Sep – 5 Sep 2026: a 4, b 0"  # noqa: RUF001  # en dash


@pytest.mark.parametrize("gap", [0, 3, 40])
@pytest.mark.parametrize("weeks", range(1, 53))
def test_days_below_a_timeline_have_room(weeks: int, gap: int) -> None:
    """Also on a phone, and with a gap: a third of the axis to the first and last day, a quarter between the others."""
    starts = [date(2026, 1, 5) + timedelta(days=7 * week + (gap if week > weeks // 4 else 0)) for week in range(weeks)]
    days = [(start, start + timedelta(days=6)) for start in starts]
    _, *between, _ = (each.at for each in timeline("t", [Series("a", "", [1.0] * weeks)], days, ENGLISH).ticks)
    assert all(33 <= at <= 67 for at in between)
    assert all(later - earlier >= 24 for earlier, later in pairwise(between))


def test_days_of_several_atss_do_not_overlap() -> None:
    """Those that two rows have are said in the later one; gaps stay."""
    days = [(1, 12), (8, 14), (22, 24)]
    rows = [
        row(Number("entered:OFFER", "entries", 5, 5), first=date(2026, 9, first), last=date(2026, 9, last))
        for first, last in days
    ]
    section = per_row.over_time(QualityQuery(interval=Interval.WEEK), QualityReport(rows), "", ENGLISH)
    assert section.folded
    assert [each[0].text.replace("\u00a0", " ") for each in section.folded.rows] == [
        "1 Sep – 7 Sep 2026", "8 Sep – 14 Sep 2026", "22 Sep – 24 Sep 2026",  # noqa: RUF001  # a range has an en dash
    ]  # fmt: skip
    assert isinstance(section.plot, Timeline)
    assert [each.text for each in section.plot.lines] == ["15 in all"]
    assert "they count under the first of them" in section.notes[1]
    of_one = per_row.over_time(QualityQuery(interval=Interval.WEEK, ats="a"), QualityReport(rows), "", ENGLISH)
    assert len(of_one.notes) == 1


def test_stage_that_too_few_left_has_no_share_that_went_on() -> None:
    """The table gives the reason, and the sentence leaves the share out."""
    numbers = [Number("reached:OFFER", "applications", 6, 9), Number("reached:OFFER", "share", 2 / 3, 9)]
    all_of_them = Number("applications", "applications", 9, 9)
    section = overview.funnel(known(all_of_them, *numbers, Number("passed:OFFER", "share", None, 4)))
    assert isinstance(section.plot, Bars)
    assert [each.text for each in section.plot.bars if each.label == "Offer"] == ["6 · 67%"]
    assert section.folded
    ((cells, words),) = [
        ([cell.text for cell in each], words)
        for each, words in zip(section.folded.rows, section.folded.in_words, strict=True)
        if each[0].text == "Offer"
    ]
    assert cells == ["Offer", "6", "67%", "too few", "4"]
    assert words == "6 of 9 applications got to this stage or further."


@pytest.mark.parametrize(
    ("value", "before", "change"),
    [(0.4, 0.3, "↑ up from 30%"), (0.3, 0.4, "↓ down from 40%"), (0.301, 0.3, "→ unchanged"), (0.3, None, "")],
)
def test_change_is_an_arrow_with_words(value: float, before: float | None, change: str) -> None:
    """Numbers that read the same are unchanged; without one before there is no change."""
    of_all = Number("applications", "applications", 9, 9)
    now, then = (known(of_all, Number("feedback", "share", each, 9)) for each in (value, before))
    board = known(Number("feedback", "share", 0.5, 100))
    feedback = figures(now, then, board)[1]
    assert (feedback.change, feedback.board) == (change, "On the whole job board: 50%")
    assert figures(now, then, NOTHING)[1].board == ""


def health_of(ats: str, requests: int, *, silent: bool = False) -> Row:
    numbers = (
        Number("requests", "requests", requests, requests),
        Number("refused", "requests", 1, requests),
        Number("refused", "share", 1 / requests, requests),
        Number("last_seen", "days", 3.0, requests),
        Number("silent", "flag", int(silent), requests),
    )
    return row(*numbers, Ats=ats, AtsName=f"Name of {ats}")


def test_health_leads_with_the_silent_ones() -> None:
    """In the order of the report, by name, at most a hundred; a single ATS has a sentence in place of the table."""
    rows = [health_of("quiet", 10, silent=True), *(health_of(f"ats-{n}", 10) for n in range(100))]
    section = per_ats.health(rows, "", ENGLISH)
    assert section.table
    assert section.table.rows[0] == [
        TableCell("Name of quiet", id="quiet"), TableCell("Silent", warns=True), TableCell("3 days ago"),
        TableCell("10"), TableCell("1 · 10%"),
    ]  # fmt: skip
    assert (len(section.table.rows), section.notes) == (100, ["The first 100 of 101."])
    assert per_ats.silent(rows, ENGLISH) == ["Name of quiet: last seen 3 days ago, longer than its usual pauses."]
    one = per_ats.health(rows[1:2], "", ENGLISH)
    assert (one.table, one.says) == (None, "Last seen 3 days ago. We refused 1 · 10% of 10 requests.")


def test_labels_that_are_cut_are_said_to_be() -> None:
    """Those of an ATS by its report, and those of several by the table."""

    def notes(*amounts: int, hidden: int = 0, cut: int = 0) -> list[str]:
        labels = [[Number(f"unmapped_label:{n}", "applications", 9, 9) for n in range(amount)] for amount in amounts]
        section = per_ats.unmapped(QualityReport([row(*each, Ats="a") for each in labels], hidden, cut), ENGLISH)
        assert section.folded
        assert len(section.folded.rows) == min(100, sum(amounts))
        return list(section.notes)

    assert notes(99) == []
    assert notes(100) == []
    assert notes(100, cut=7) == ["The 100 most frequent of 107."]
    hidden = "2 labels of too few applications are not shown."
    assert notes(80, 80, hidden=2) == ["The 100 most frequent of 160.", hidden]


def test_nothing_known_is_empty() -> None:
    """The page says so once; there are no key figures."""
    made = (overview.funnel, overview.outcomes, overview.times, overview.waiting, overview.silence, overview.coverage)
    assert all(section(NOTHING).is_empty for section in made)
    assert per_row.over_time(QualityQuery(interval=Interval.WEEK), QualityReport([]), "", ENGLISH).is_empty
    assert per_row.comparison(BY_ATS, QualityReport([]), links(BY_ATS), ENGLISH).unavailable == "No ATS to show."
    assert per_ats.health([], "", ENGLISH).unavailable == "No requests in this period."
    assert figures(NOTHING, NOTHING, NOTHING) == []


def test_stage_without_entries_has_no_times() -> None:
    """A stage that too few applications have left has a row that says so."""
    numbers = [Number("time_in:OFFER:median", "days", None, 3), Number("time_in:CONTACT:median", "days", None, 0)]
    section = overview.times(known(*numbers))
    assert section.folded
    assert [[cell.text for cell in each] for each in section.folded.rows] == [
        ["In Offer", "too few", "too few", "3 entries"]
    ]


def test_comparison_has_names_beside_ids() -> None:
    """In the order of the report; a job without a name has its id alone."""
    rows = [row(Job="job-1", JobTitle="Baker", Client="c", Company="C"), row(Job="job-2", Client="c", Company="C")]
    section = per_row.comparison(BY_JOB, QualityReport(rows, hidden=2), links(BY_JOB, following="job-2"), ENGLISH)
    assert section.table
    assert [each[0] for each in section.table.rows] == [
        TableCell("Baker", "?job=job-1", "job-1"),
        TableCell("job-2", "?job=job-2"),
    ]
    assert [each.address for each in section.pages] == ["?after=job-2#comparison"]
    assert section.notes == ["2 are not shown: they have too few applications, or are needed to hide those."]
    assert (with_id("Baker", "job-1"), with_id("", "job-1")) == ("Baker (job-1)", "job-1")


def test_columns_sort_the_list() -> None:
    """Numbers from the largest on, names from A on; the column that sorts the list reverses it."""
    found = links(BY_JOB)
    assert found.sorted_by("name", "Job") == Column("Job", "?sort=name#comparison")
    assert found.sorted_by("hired", "Hired") == Column("Hired", "?sort=-hired#comparison")
    by_size = Column("Applications", "?sort=applications#comparison", "descending")
    assert found.sorted_by("applications", "Applications") == by_size
    assert links(BY_JOB, can_sort=False).sorted_by("name", "Job") == Column("Job")


@pytest.mark.parametrize(
    ("ats", "found", "text"),
    [
        (None, QualityReport([], too_long=400), "Not shown: for all ATSs together, this covers at most 400 days."),
        ("a", QualityReport([], too_long=400), "Not shown: this covers at most 400 days. Choose a shorter period."),
        (None, QualityReport([], too_many=500), "Not shown: this would have more than 400 rows."),
        (None, QualityReport([]), ""),
    ],
    ids=["all", "one", "rows", "fits"],
)
def test_too_large_report_says_what_to_choose(ats: str | None, found: QualityReport, text: str) -> None:
    """In place of a plot and a table, and without a CSV."""
    why = why_unavailable(QualityQuery(ats=ats), found, ENGLISH)
    assert why.startswith(text)
    assert bool(why) == bool(text)
    section = per_row.over_time(QualityQuery(interval=Interval.DAY), found, why, ENGLISH)
    assert (section.unavailable, bool(section.download)) == (why, not text)


@pytest.mark.parametrize(
    ("caller", "names"),
    [(Caller(), ["ats", "client", "job"]), (Caller(client_id="c"), ["job"]), (Caller(ats_id="a"), [])],
)
def test_form_asks_what_the_caller_may_choose(caller: Caller, names: list[str]) -> None:
    """Filled in, with what is wrong marked; each form sends along what the other one has chosen."""
    given = {"from": "x", "ats": "a", "interval": "day"}
    made = forms(caller, given, ENGLISH, kept=given, errors=[FieldError("/from", "is wrong", "right")])
    assert [each.name for each in made.subject] == names
    assert [(each.name, each.value, each.wrong) for each in made.days] == [("from", "x", True), ("to", "", False)]
    assert made.kept == {"subject": {"from": "x", "interval": "day"}, "days": {"ats": "a"}}
    assert [each for each, chosen in made.intervals if chosen] == ["day"]
    assert made.errors == ["From: enter a date, such as 2026-09-01."]
