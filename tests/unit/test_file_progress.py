"""How far the import of a file is, how fast it is, and when it will end."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from application_status.intake.files.file import Counts, File, FileId, Lane, State
from application_status.platform.values import AtsId, from_text

START = from_text("2026-11-22T09:00:00.000Z")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def lane(number: int, touched: float = 0, **counts: int) -> Lane:
    return Lane(number=number, chunk=number, line=2, counts=Counts(**counts), touched_at=at(touched))


AWAITED = File(
    id=FileId("51c3be16-0f93-41ed-9cc0-9092222d7333"),
    ats_id=AtsId("demo-ats"),
    is_test=False,
    state=State.AWAITING_UPLOAD,
    created_at=at(-100),
    changed_at=at(-100),
)
IMPORTING = replace(
    AWAITED,
    state=State.IMPORTING,
    changed_at=START,
    importing_since=START,
    rows=1000,
    lanes=(lane(0, 3, recorded=100, unchanged=20), lane(1, 5, late=50, unmapped=20, refused=10)),
)


def test_counts_are_those_of_all_lanes() -> None:
    assert IMPORTING.counts == Counts(100, 20, 50, 20, 10)
    assert IMPORTING.counts.rows == 200
    assert AWAITED.counts == Counts()


@pytest.mark.parametrize(
    ("file", "seconds", "speed", "end"),
    [
        (AWAITED, 10, None, None),
        (IMPORTING, 0, None, None),
        (IMPORTING, 10, 20.0, 50),
        (IMPORTING, 16, 12.5, 80),
        (replace(IMPORTING, lanes=()), 10, 0.0, None),
        (replace(IMPORTING, state=State.COMPLETED, ended_at=at(40)), 1000, 5.0, None),
        (replace(IMPORTING, state=State.FAILED, ended_at=at(40)), 1000, 5.0, None),
        (replace(IMPORTING, rows=200), 10, 20.0, 10),
    ],
    ids=["awaited", "just begun", "after 10 s", "after 16 s", "no row yet", "completed", "failed", "last block"],
)
def test_speed_and_estimated_end(file: File, seconds: float, speed: float | None, end: float | None) -> None:
    """Rows a second since the import began, up to now or to its end; the end is estimated while it goes on."""
    assert file.rows_per_second(at(seconds)) == speed
    assert file.estimated_end(at(seconds)) == (None if end is None else at(end))


def test_progress_is_that_of_the_last_lane() -> None:
    """Or the last change of the state, before there are lanes."""
    assert IMPORTING.last_progress == at(5)
    assert AWAITED.last_progress == at(-100)


@pytest.mark.parametrize("state", State)
def test_final_states(state: State) -> None:
    assert state.is_final == (state in {"completed", "refused", "duplicate", "failed"})


def test_keys_tell_live_files_from_those_of_test_tokens() -> None:
    assert AWAITED.upload_key == f"uploads/live/demo-ats/{AWAITED.id}"
    assert replace(AWAITED, is_test=True).upload_key == f"uploads/test/demo-ats/{AWAITED.id}"


@pytest.mark.parametrize(("days", "there"), [(0, True), (29.99, True), (30, False)])
def test_list_of_refused_rows_is_there_for_30_days(days: float, *, there: bool) -> None:
    """From the end of the import on; a file without refused rows has none."""
    ended = replace(IMPORTING, state=State.COMPLETED, ended_at=START, refused_rows_listed=10)
    assert ended.has_list(START + timedelta(days=days)) is there
    assert not replace(ended, refused_rows_listed=0).has_list(START)
    assert not replace(ended, ended_at=None).has_list(START)
