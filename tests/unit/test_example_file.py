"""The example of a file: its rows are those of registered applications, and the import reads them as intended."""

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest

from application_status.applications.rules.report import Report
from application_status.intake.files.csv_format import rows, scan
from application_status.intake.files.rows import RefusedRow, RowReader
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.local import demo, example_file

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 11, 27)
UPLOADED = datetime(2026, 11, 27, 12, tzinfo=UTC)
APPLICATIONS = {each.application_id: each for each in example_file.applications(TODAY)}


@pytest.fixture(scope="module")
def content() -> bytes:
    return example_file.content(TODAY).encode()


@pytest.fixture(scope="module")
def read(content: bytes) -> tuple[Sequence[Report], Sequence[str]]:
    """The reports of all rows, and why the others are refused."""
    scanned = scan([content], len(content), lambda *_: None)
    assert scanned.rows == example_file.APPLICATIONS * example_file.ROWS_EACH == 10_000
    (chunk,) = scanned.chunks
    reader = RowReader(scanned.layout, demo.ATS_ID, UPLOADED, BERLIN, Vocabulary.load(), {})
    reports, refused = [], []
    for row in rows([content[chunk.start : chunk.end]], chunk.line, scanned.layout, scanned.encoding):
        try:
            reports.append(reader.report(row))
        except RefusedRow as error:
            refused.append(str(error))
    return reports, refused


def test_it_is_the_same_for_a_day(content: bytes) -> None:
    """So that its second import is a duplicate; on another day it has other dates."""
    assert example_file.content(TODAY).encode() == content
    assert example_file.content(date(2026, 11, 28)).encode() != content


def test_rows_are_of_registered_applications(read: tuple[Sequence[Report], Sequence[str]]) -> None:
    """Several changes of each, none before the application was made or in the future."""
    reports, _ = read
    unknown = [each for each in reports if each.application_id not in APPLICATIONS]
    assert 0 < len(unknown) < 20
    assert len({each.application_id for each in reports} - {each.application_id for each in unknown}) > 1_990
    for each in reports:
        if each.application_id in APPLICATIONS and each.effective_at:
            registration = APPLICATIONS[each.application_id].registration
            assert registration
            assert registration.applied_at.date() <= each.effective_at.astimezone(BERLIN).date() <= TODAY


def test_mistakes_are_refused(read: tuple[Sequence[Report], Sequence[str]]) -> None:
    """There are a few of each kind."""
    _, refused = read
    assert 40 < len(refused) < 60
    assert len(set(refused)) >= 6


def test_labels_without_status_are_mapped(content: bytes, read: tuple[Sequence[Report], Sequence[str]]) -> None:
    """In all languages, except those of talent pools, which are no stage of an application."""
    reports, _ = read
    unmapped = {each.interpretation.raw_status for each in reports if each.interpretation.status is None}
    assert unmapped <= {"Talent pool", "Talentpool", "Vivier", "Talentenpool"}
    assert unmapped
    given = list(csv.DictReader(StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert {bool(each["status"]) for each in given} == {True, False}
    assert {len(each["businessDate"] or "") for each in given} >= {0, len("2026-11-02"), len("2026-11-02T09:00:00Z")}
