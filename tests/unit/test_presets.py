"""The periods that are asked for most, and the period before one."""

from datetime import date

import pytest

from application_status.quality.reports.query import Caller, query_from
from application_status.quality.rules.periods import days_before, presets

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("today", "quarter", "last_quarter", "year"),
    [
        ("2026-11-27", ("2026-10-01", "2026-11-27"), ("2026-07-01", "2026-09-30"), ("2026-01-01", "2026-11-27")),
        ("2026-03-31", ("2026-01-01", "2026-03-31"), ("2025-10-01", "2025-12-31"), ("2026-01-01", "2026-03-31")),
        ("2024-05-01", ("2024-04-01", "2024-05-01"), ("2024-01-01", "2024-03-31"), ("2024-01-01", "2024-05-01")),
    ],
)
def test_presets_are_calendar_periods(
    today: str, quarter: tuple[str, str], last_quarter: tuple[str, str], year: tuple[str, str]
) -> None:
    """Both days are included, and none is after today."""
    found = {name: tuple(map(str, days)) for name, days in presets(date.fromisoformat(today)).items()}
    assert list(found) == ["30-days", "90-days", "quarter", "last-quarter", "year"]
    assert (found["quarter"], found["last-quarter"], found["year"]) == (quarter, last_quarter, year)


def test_presets_of_days_have_so_many() -> None:
    """The default period is one of them."""
    assert presets(TODAY)["30-days"] == (date(2026, 10, 29), TODAY)
    assert presets(TODAY)["90-days"] == (date(2026, 8, 30), TODAY)
    query = query_from({}, Caller(), TODAY)
    assert (query.first, query.last) == presets(TODAY)["90-days"]


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2026-11-01", "2026-11-27", ("2026-10-05", "2026-10-31")),
        ("2026-11-27", "2026-11-27", ("2026-11-26", "2026-11-26")),
        ("0001-01-02", "0001-01-02", ("0001-01-01", "0001-01-01")),
    ],
)
def test_period_before_is_as_long(first: str, last: str, before: tuple[str, str]) -> None:
    """It ends on the day before the first one."""
    found = days_before(date.fromisoformat(first), date.fromisoformat(last))
    assert found == tuple(map(date.fromisoformat, before))


def test_query_about_the_period_before_is_otherwise_the_same() -> None:
    """There is none before the year 1, nor of a report without a period."""
    query = query_from({"from": "2026-11-01", "ats": "a", "by": "ats"}, Caller(), TODAY)
    assert query.before is not None
    assert query.before == query.model_copy(update={"first": date(2026, 10, 5), "last": date(2026, 10, 31)})
    assert query_from({"from": "0001-01-01"}, Caller(), TODAY).before is None
    assert query_from({"kind": "silence"}, Caller(), TODAY).before is None
