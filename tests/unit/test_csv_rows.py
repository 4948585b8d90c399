"""Rows of files as reports: the rules of single reports, and what only files may send."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest

from application_status.applications.rules.application import Application, ReportResult
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.files.csv_format import Layout, Row
from application_status.intake.files.rows import RefusedRow, RowReader
from application_status.labels.rules.interpretation import interpret_raw_status
from application_status.labels.rules.remap import remap
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.values import ApplicationId, AtsId
from support.world import registration

ID = "51c3be16-0f93-41ed-9cc0-9092222d7333"
ATS = AtsId("demo-ats")
UPLOADED = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
LAYOUT = Layout(",", 4, 0, 1, 2, 3)
OVERRIDES = {"Fertig": "HIRED", "Stufe 3": "OFFER"}
VOCABULARY = Vocabulary.load()


def reader(
    layout: Layout = LAYOUT,
    zone: str = "Europe/Berlin",
    overrides: Mapping[str, str] = OVERRIDES,
    at: datetime = UPLOADED,
) -> RowReader:
    return RowReader(layout, ATS, at, ZoneInfo(zone), VOCABULARY, overrides)


def row(*cells: str) -> Row:
    return Row(2, 100, cells, None, 3)


def reported(label: str = "Interview", status: str = "", date: str = "", **of_reader: str) -> Report:
    return reader(**of_reader).report(row(ID, label, status, date))  # type: ignore[arg-type]


def reason(*cells: str) -> str:
    with pytest.raises(RefusedRow) as refused:
        reader().report(row(*cells))
    return str(refused.value)


def test_a_row_with_everything() -> None:
    """The same report as a single one, of the channel `file`, received when the upload was complete."""
    assert reported("1st phone interview", "INTERVIEW", "2026-11-02T10:15:00+01:00") == Report(
        application_id=ApplicationId(ID),
        ats_id=ATS,
        channel=Channel.FILE,
        interpretation=Interpretation(status=Status.INTERVIEW, raw_status="1st phone interview"),
        received_at=UPLOADED,
        tiebreaker="500",
        effective_at=datetime(2026, 11, 2, 9, 15, tzinfo=UTC),
    )


def test_columns_stand_anywhere() -> None:
    """The layout says where; without optional columns, rows have only a label."""
    several = reader(Layout(";", 6, 5, 0, 3, 2)).report(row("Offer", "x", "2026-11-02", "OFFER", "y", ID.upper()))
    assert (several.application_id, several.interpretation.status) == (ID, Status.OFFER)
    assert several.day_offset == 60
    two = reader(Layout(",", 2, 0, 1)).report(row(f"{{{ID}}}", " Interview "))
    assert (two.application_id, two.interpretation.raw_status, two.effective_at) == (ID, "Interview", None)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            ("", "Interview", "", ""),
            "atsiApplicationId: Input is not a UUID: it is empty. Send the UUID from the Apply",
        ),
        (("string", "Interview", "", ""), '"string" looks like a placeholder'),
        ((ID[:-1], "Interview", "", ""), "atsiApplicationId: Input is not a UUID. Send"),
        (("=1+1", "Interview", "", ""), "atsiApplicationId: Input is not a UUID. Send"),
        ((ID, "", "INTERVIEW", ""), "rawStatus: Input is empty, but required in each row, also in one with a status"),
        ((ID, " \t ", "", ""), "rawStatus: Input is empty"),
        ((ID, "x" * 201, "", ""), "rawStatus: String should have at most 200 characters"),
        ((ID, "Interview", "interview", ""), 'status: Input is "interview"; it must be spelt INTERVIEW. Send one of'),
        ((ID, "Interview", "null", ""), 'status: Input is not a status: "null" means no value'),
        ((ID, "Interview", "Phone", ""), "status: Input is not a status; send the one that fits best"),
        ((ID, "Interview", "", "02.11.2026"), "businessDate: Input should be a day, as in 2026-07-29. Send when the"),
        ((ID, "Interview", "", "2026-11-02 10:00"), "with a zone, as in 2026-07-29T11:26:11.106Z. Send when the"),
        ((ID, "Interview", "", "2026-11-31"), "businessDate: Input should be a day that exists"),
        ((ID, "Interview", "", "26-11-02"), "businessDate: Input should be a day, as in 2026-07-29"),
        ((ID, "Interview", "", "2026-11-28"), "businessDate: Input should not be in the future, but is 2026-11-28"),
        ((ID, "Interview", "", "1970-01-01"), "looks like a date that was never set (the default of Unix time)"),
        ((ID, "Interview", "", "0001-01-01T00:00:00Z"), "looks like a date that was never set"),
        ((ID, "Interview", "", "9999-12-31"), "should not be in the future"),
        ((ID, "Interview", "", "2026-11-27T09:35:01Z"), "5 minutes in the future, but is 2026-11-27T09:35:01Z. Send"),
    ],
    ids=range(19),
)
def test_refused_rows(cells: tuple[str, ...], expected: str) -> None:
    """The reason names the column, what is wrong, and what to send instead."""
    text = reason(*cells)
    assert expected in text
    assert " Send " in text


def test_all_that_is_wrong_is_said_at_once() -> None:
    """In one reason."""
    text = reason("x", "", "y", "z")
    assert [text.count(f"{name}: ") for name in ("atsiApplicationId", "rawStatus", "status", "businessDate")] == [1] * 4


def test_a_row_that_could_not_be_read_is_refused() -> None:
    """For the reason that was found then."""
    with pytest.raises(RefusedRow, match="NUL bytes"):
        reader().report(Row(2, 100, None, "The row contains NUL bytes.", 3))


@pytest.mark.parametrize(
    ("zone", "day", "at", "offset"),
    [
        ("Europe/Berlin", "2026-11-02", datetime(2026, 11, 1, 23, tzinfo=UTC), 60),
        ("Europe/Berlin", "2026-07-02", datetime(2026, 7, 1, 22, tzinfo=UTC), 120),
        ("Europe/Berlin", "2026-10-25", datetime(2026, 10, 24, 22, tzinfo=UTC), 120),
        ("America/New_York", "2026-11-02", datetime(2026, 11, 2, 5, tzinfo=UTC), -300),
        ("UTC", "2026-11-02", datetime(2026, 11, 2, tzinfo=UTC), 0),
        ("Asia/Kolkata", "2026-11-02", datetime(2026, 11, 1, 18, 30, tzinfo=UTC), 330),
    ],
)
def test_a_day_alone_is_the_day_in_the_reporting_zone(zone: str, day: str, at: datetime, offset: int) -> None:
    """It has day precision, as a date-time at midnight in that zone has."""
    found = reported(date=day, zone=zone)
    assert (found.effective_at, found.day_offset, found.is_snapshot, found.ordered_at) == (at, offset, False, None)
    assert found.transition().day(ZoneInfo(zone)).isoformat() == day
    midnight = reported(date=at.astimezone(ZoneInfo(zone)).isoformat())
    assert midnight.transition().key == found.transition().key


def test_the_day_of_the_upload_is_not_in_the_future() -> None:
    """By the reporting zone: tomorrow is accepted once it has begun there, five minutes early as for date-times."""
    at = datetime(2026, 11, 27, 22, 55, tzinfo=UTC)
    assert reader(at=at).report(row(ID, "Interview", "", "2026-11-28")).day_offset == 60
    with pytest.raises(RefusedRow, match="in the future"):
        reader(at=at - timedelta(seconds=1)).report(row(ID, "Interview", "", "2026-11-28"))


@pytest.mark.parametrize(
    ("label", "status", "outcome", "tiebreaker"),
    [
        ("Vorstellungsgespräch", Status.INTERVIEW, None, "500"),
        ("Hired", Status.HIRED, None, "800"),
        ("Absage durch Bewerber", Status.REJECTED, Outcome.CANDIDATE_WITHDREW, "900"),
        ("Stufe 3", Status.OFFER, None, "700"),
        ("fertig", Status.HIRED, None, "800"),
        ("Stufe 4", None, None, "000"),
        ("=cmd|' /C calc'!A0", None, None, "000"),
    ],
)
def test_a_row_without_a_status_is_interpreted_by_its_label(
    label: str, status: Status | None, outcome: Outcome | None, tiebreaker: str
) -> None:
    """Also as an end; the ATS's own meanings come first, and a label without a meaning is unmapped, never guessed."""
    found = reported(label)
    interpretation = found.interpretation
    assert (interpretation.status, interpretation.outcome, found.tiebreaker) == (status, outcome, tiebreaker)
    assert interpretation.raw_status == label
    assert interpretation.mapping is not None


@pytest.mark.parametrize(
    "label", ["Absage durch Bewerber", "Absage", "Interview", "Stufe 4", "Stelle besetzt", "Fertig"]
)
@pytest.mark.parametrize("status", Status)
def test_a_row_with_a_status_means_what_a_single_report_means(label: str, status: Status) -> None:
    """The label can only refine the outcome of a rejection."""
    single = interpret_raw_status(status, label, VOCABULARY.meaning(label, OVERRIDES))
    found = reported(label, status).interpretation
    assert (found.status, found.raw_status) == (single.status, single.raw_status)
    assert (found.outcome or Outcome.of(status)) == (single.outcome or Outcome.of(status))


def application(*reports: Report) -> Application:
    empty = Application(application_id=ApplicationId(ID), ats_id=ATS, status=Status.APPLIED, version=1)
    return reduce(lambda known, report: known.after(known.receive(report)), reports, empty)


def test_a_row_without_a_date_says_how_things_stand() -> None:
    """A live report that came after the upload stays, and a repetition of the status is no change."""
    row_before, live = reported("Interview", "INTERVIEW"), reported("Offer", "OFFER")
    live = replace(live, channel=Channel.ATSI, is_snapshot=False, ordered_at=None)
    since = replace(live, received_at=UPLOADED + timedelta(hours=1))
    assert application(since).receive(row_before).result is ReportResult.LATE
    assert application(since, row_before).status is Status.OFFER
    earlier = replace(live, received_at=UPLOADED - timedelta(hours=1))
    assert application(earlier, row_before).status is Status.INTERVIEW
    again = replace(row_before, received_at=UPLOADED + timedelta(days=1), ordered_at=UPLOADED + timedelta(days=1))
    assert application(earlier, row_before).receive(again).result is ReportResult.UNCHANGED


def test_undated_rows_of_one_application_end_in_the_furthest_status() -> None:
    """All of them hold at the same time, so the order in the file is irrelevant."""
    given = [reported(each, each) for each in ("APPLIED", "OFFER", "INTERVIEW")]
    assert {application(*each).status for each in permutations(given)} == {Status.OFFER}


def test_a_dated_row_is_identified_by_its_date() -> None:
    """Sent again in another file, it is unchanged, whatever came between."""
    first = reported("Interview", "INTERVIEW", "2026-11-02")
    later = replace(first, received_at=UPLOADED + timedelta(days=1))
    between = reported("Offer", "OFFER", "2026-11-03T10:00:00Z")
    assert application(first, between).receive(later).result is ReportResult.UNCHANGED


def test_remapped_contact_from_before_the_application_does_not_count() -> None:
    """As it would not if its label had had that meaning at once."""
    made = replace(application(reported("Zorblax", "", "2026-11-02")), registration=registration(applied_at=UPLOADED))
    again = remap(made, VOCABULARY, {"Zorblax": "CONTACT"})
    assert [each.status for each in again.transitions.values()] == [Status.CONTACT]
    assert again.status is Status.APPLIED


CHANGED = Vocabulary(
    """
version = "changed"
[words]
talk = ["interview"]
gone = ["absage"]
[[rule]]
name = "talk"
means = "REJECTED/position_closed"
all = ["talk"]
only = ["talk"]
[[rule]]
name = "gone"
means = "INTERVIEW"
all = ["gone"]
"""
)


@pytest.mark.parametrize("label", ["Absage durch Bewerber", "Absage", "Interview", "Stufe 3", "Stufe 4", "Hired"])
@pytest.mark.parametrize("status", [None, *Status])
@pytest.mark.parametrize("date", ["", "2026-11-02"])
def test_an_unchanged_vocabulary_changes_nothing(label: str, status: Status | None, date: str) -> None:
    """Labels that were interpreted when the row came are interpreted the same way again."""
    stored = application(reported(label, status or "", date))
    assert remap(stored, VOCABULARY, OVERRIDES) is stored


@pytest.mark.parametrize(
    ("label", "status", "after", "outcome"),
    [
        ("Interview", "", Status.REJECTED, Outcome.POSITION_CLOSED),
        ("Absage", "", Status.INTERVIEW, Outcome.OPEN),
        ("Hired", "", Status.APPLIED, Outcome.OPEN),
        ("Interview", "INTERVIEW", Status.INTERVIEW, Outcome.OPEN),
        ("Interview", "REJECTED", Status.REJECTED, Outcome.POSITION_CLOSED),
        ("Absage", "REJECTED", Status.REJECTED, Outcome.ENDED_UNKNOWN),
        ("Hired", "HIRED", Status.HIRED, Outcome.HIRED),
    ],
)
def test_a_changed_vocabulary_changes_what_the_label_decided(
    label: str, status: str, after: Status, outcome: Outcome
) -> None:
    """The status of rows without one, and the outcome of rejections; a status that was sent stays."""
    changed = remap(application(reported(label, status)), CHANGED, {})
    assert (changed.status, changed.outcome) == (after, (outcome, False))
