"""Moments as text: its order is time's order."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.platform.values import from_text, instant, now, to_text

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=OFFSETS)  # noqa: DTZ001  # bounds are naive


@settings(deadline=None)
@given(MOMENTS)
def test_text_has_one_form_and_reads_back(moment: datetime) -> None:
    """RFC 3339 in UTC with milliseconds: 24 characters in every year."""
    text = to_text(instant(moment))
    assert len(text) == 24
    assert text.endswith("Z")
    assert from_text(text) == instant(moment)
    assert to_text(from_text(text)) == text


@settings(deadline=None)
@given(MOMENTS, MOMENTS)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    """This holds for any time zones."""
    one, other = instant(one), instant(other)
    assert (one < other, one == other) == (to_text(one) < to_text(other), to_text(one) == to_text(other))


@settings(deadline=None)
@given(MOMENTS)
def test_milliseconds_are_cut_not_rounded(moment: datetime) -> None:
    """Or a moment could move into the next day."""
    cut = instant(moment)
    assert cut.tzinfo is UTC
    assert timedelta(0) <= moment - cut < timedelta(milliseconds=1)
    assert instant(cut) == cut


def test_contracts_example_and_early_years() -> None:
    """Years below 1000 keep their zeros."""
    assert to_text(from_text("2022-07-29T11:26:11.106Z")) == "2022-07-29T11:26:11.106Z"
    assert to_text(datetime(999, 1, 1, tzinfo=UTC)) == "0999-01-01T00:00:00.000Z"


@pytest.mark.parametrize(("year", "hours"), [(1, 14), (9999, -14)])
def test_moments_outside_the_calendar_overflow(year: int, hours: int) -> None:
    """The callers answer that."""
    edge = datetime(year, 1 if year == 1 else 12, 1 if year == 1 else 31, 23 if year > 1 else 0, tzinfo=UTC)
    with pytest.raises(OverflowError):
        instant(edge.replace(tzinfo=timezone(timedelta(hours=hours))))


def test_now_is_in_whole_milliseconds() -> None:
    """The time zone is UTC."""
    with time_machine.travel("2026-11-22T10:00:00.123999+01:00", tick=False):
        assert to_text(now()) == "2026-11-22T09:00:00.123Z"
        assert now().microsecond == 123000
