"""The arithmetic of the quality reports, on counters made from applications."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from application_status.applications.rules.application import Application
from application_status.applications.rules.report import Channel, Interpretation, Transition
from application_status.applications.rules.status import Status
from application_status.platform.values import application_id
from application_status.quality.reports.definitions import DEFINITIONS
from application_status.quality.rules.contribution import contribution, is_dated
from application_status.quality.rules.numbers import Number, activity, cohort, family, silence
from support.world import ATS, BERLIN, registration

START = datetime(2026, 9, 1, 9, tzinfo=UTC)
TODAY = date(2026, 11, 22)
NUMBERS = count(1)
DEFINITIONS_PAGE = Path(__file__).parents[2] / "docs" / "quality.md"


def application(*moves: tuple[str, float], applied: datetime = START) -> Application:
    """Return an application with these statuses, so many days after it was applied for."""
    transitions = {}
    for name, days in moves:
        at = applied + timedelta(days=days)
        status = Status(name) if name in Status else None
        each = Transition(
            channel=Channel.ATSI,
            interpretation=Interpretation(status=status, raw_status=name),
            effective_at=at,
            received_at=at + timedelta(hours=2),
            tiebreaker=str(status.rank) if status else "?",
        )
        transitions[each.key] = each
    head = max((key for key, each in transitions.items() if each.status), default=None)
    return Application(
        application_id=application_id(f"51c3be16-0f93-41ed-9cc0-{next(NUMBERS):012x}"), ats_id=ATS,
        status=(transitions[head].status if head else None) or Status.APPLIED, version=1, head=head,
        transitions=transitions, registration=registration(applied_at=applied),
    )  # fmt: skip


def counts(applications: Iterable[Application]) -> dict[tuple[str, str], int]:
    total: Counter[tuple[str, str]] = Counter()
    for each in applications:
        for cell, amount in contribution(each, BERLIN).items():
            total[cell.day, cell.measure] += amount
    return total


def numbers(found: Iterable[Number]) -> dict[tuple[str, str], tuple[float | None, int]]:
    return {(each.measure, each.unit): (each.value, each.population) for each in found}


LIVES = [
    *[application(("INTERVIEW", 2), ("OFFER", 8), ("HIRED", 10)) for _ in range(4)],
    *[application(("INTERVIEW", 4), ("REJECTED", 12)) for _ in range(6)],
    *[application(("REJECTED", 6)) for _ in range(5)],
    *[application(("INTERVIEW", 6)) for _ in range(2)],
    *[application(("beamed up", 1)) for _ in range(1)],
    *[application() for _ in range(2)],
]


def test_cohort_funnel() -> None:
    """Reached is cumulative, its shares are of all; who is open in a stage isn't held against it."""
    found = numbers(cohort(counts(LIVES), TODAY))
    assert found["applications", "applications"] == (20, 20)
    assert found["reached:APPLIED", "applications"] == (20, 20)
    assert found["reached:INTERVIEW", "applications"] == (12, 20)
    assert found["reached:CONTACT", "share"] == (0.6, 20)
    assert found["reached:OFFER", "applications"] == found["reached:HIRED", "applications"] == (4, 20)
    assert found["open", "applications"] == (5, 20)
    assert found["passed:APPLIED", "share"] == (round(12 / 17, 4), 17)
    assert found["passed:INTERVIEW", "share"] == (0.4, 10)
    assert found["passed:OFFER", "share"] == (None, 4)


def test_cohort_outcomes_and_coverage() -> None:
    """Shares are of all applications; feedback may be an unmapped label."""
    found = numbers(cohort(counts(LIVES), TODAY))
    assert found["outcome:hired", "share"] == (0.2, 20)
    assert found["outcome:ended_unknown", "applications"] == (11, 20)
    assert found["outcome:not_selected", "applications"] == (0, 20)
    assert found["feedback", "applications"] == (18, 20)
    assert found["final_feedback", "applications"] == (15, 20)
    assert found["inferred", "applications"] == (0, 20)


def test_end_of_a_position_is_no_feedback() -> None:
    """Of 20, 15 have ended, 3 of them only with their position."""
    known = counts(LIVES)
    day = next(day for day, measure in known if measure == "applications")
    found = numbers(cohort({**known, (day, "inferred"): 3}, TODAY))
    assert found["final_feedback", "applications"] == (12, 20)
    assert found["inferred", "share"] == (0.15, 20)


def test_first_response_of_a_cohort() -> None:
    """After 6 days 12 of 20 had one, after 2 just 4; three never had, and wait since."""
    found = numbers(cohort(counts(LIVES), TODAY))
    median, population = found["first_response:median", "days"]
    assert median == pytest.approx(5.0, abs=1)
    assert population == 20
    assert found["no_response_within:7", "share"] == found["no_response_within:60", "share"] == (0.15, 20)
    assert found["no_response_within:90", "share"] == (None, 20)
    assert found["first_response:p90", "days"] == (None, 20)


def test_nine_of_ten_had_a_first_response_by_the_90th_percentile() -> None:
    """Where all had one: 4 after 2 days, 6 after 4, 5 after 6 and 4 after 8."""
    answered = [*LIVES[:15], *[application(("INTERVIEW", 8)) for _ in range(4)]]
    found = numbers(cohort(counts(answered), TODAY))
    assert found["first_response:p90", "days"][0] == pytest.approx(8, abs=1)


def test_undated_history_has_responses_without_times() -> None:
    """They change no duration, and count as answered within any time."""
    known = counts(LIVES)
    day = next(day for day, measure in known if measure == "applications")
    found = numbers(cohort({**known, (day, "responded"): 10}, TODAY))
    assert found["first_response:median", "days"] == numbers(cohort(known, TODAY))["first_response:median", "days"]
    assert found["no_response_within:7", "share"] == (0.1, 30)


def test_history_is_reported_with_its_time_and_has_no_delay() -> None:
    """A file with two years of history does not make the ATS's reports late."""
    known = counts(LIVES)
    day, reports = next((day, amount) for (day, measure), amount in known.items() if measure == "reports")
    found = numbers(activity({**known, (day, "reports"): reports + 100, (day, "history"): 100}, TODAY))
    before = numbers(activity(known, TODAY))
    assert found["delay:median", "days"] == before["delay:median", "days"]
    assert found["time_reported", "share"] == (1.0, before["reports", "reports"][1] + 100)


def test_small_populations_have_no_shares() -> None:
    """Four applications are counted, but nothing is concluded from them."""
    found = numbers(cohort(counts(LIVES[:4]), TODAY))
    assert found["applications", "applications"] == (4, 4)
    assert {value for (_, unit), (value, _) in found.items() if unit in {"share", "days"}} == {None}


def test_activity() -> None:
    """Entries by their own days; time in a stage ends with the next entry; applications still in it are censored."""
    found = numbers(activity(counts(LIVES), TODAY))
    assert found["entered:APPLIED", "entries"] == (20, 20)
    assert found["entered:INTERVIEW", "entries"] == (12, 12)
    assert found["entered:REJECTED", "entries"] == (11, 11)
    median, population = found["time_in:INTERVIEW:median", "days"]
    assert median == pytest.approx(8.0, abs=1)
    assert population == 12
    assert found["time_in:OFFER:median", "days"] == (None, 4)
    reports = sum(len(each.transitions) for each in LIVES)
    assert found["reports", "reports"] == (reports, reports)
    assert found["mapped", "share"] == (round(1 - 1 / reports, 4), reports)
    assert found["delay:median", "days"][0] == pytest.approx(2 / 24, abs=3 / 24)


def test_silence() -> None:
    """Open applications are counted by the days since their last change; each day counts in full."""
    lives = [application(("INTERVIEW", 52)), *[application(("CONTACT", 68)) for _ in range(4)], application()]
    found = numbers(silence(counts([*lives, *LIVES[:4]]), TODAY))
    assert found["open_applications", "applications"] == (6, 6)
    assert found["last_activity:7", "applications"] == (6, 6)
    assert found["last_activity:14", "applications"] == (6, 6)
    assert found["last_activity:30", "applications"] == (2, 6)
    assert found["last_activity:60", "share"] == (round(1 / 6, 4), 6)
    assert found["last_activity:90", "applications"] == (0, 6)
    assert numbers(silence(counts(lives), date(2026, 11, 21)))["last_activity:14", "applications"] == (2, 6)


def test_days_that_are_long_past_make_no_difference() -> None:
    """Once a dated amount has no day any more, it counts as older than all buckets, as it did by its day."""
    long_after = date(2028, 1, 1)
    dated = counts(LIVES)
    undated: Counter[tuple[str, str]] = Counter()
    for (day, measure), amount in dated.items():
        undated["" if is_dated(measure) else day, measure] += amount
    for numbers_of in (cohort, activity, silence):
        assert list(numbers_of(undated, long_after)) == list(numbers_of(dated, long_after))
    assert list(cohort(undated, TODAY)) != list(cohort(dated, TODAY))


def test_only_dated_measures_need_their_days() -> None:
    """All other amounts may be added up over any days before."""
    dated = counts(LIVES)
    summed: Counter[tuple[str, str]] = Counter()
    for (day, measure), amount in dated.items():
        summed[day if is_dated(measure) else "", measure] += amount
    for numbers_of in (cohort, activity, silence):
        assert list(numbers_of(summed, TODAY)) == list(numbers_of(dated, TODAY))


def test_unhired_takes_the_hire_back() -> None:
    """The hire is removed from the funnel and the outcomes; the entry stays."""
    taken_back = replace(application(("OFFER", 3), ("HIRED", 5), ("OFFER", 9)))
    found = numbers(cohort(counts([taken_back] * 5), TODAY))
    assert found["reached:HIRED", "applications"] == (0, 5)
    assert found["reached:OFFER", "applications"] == found["open", "applications"] == (5, 5)
    assert numbers(activity(counts([taken_back] * 5), TODAY))["entered:HIRED", "entries"] == (5, 5)


def test_every_number_is_defined() -> None:
    """Every definition is used, too."""
    found = [*cohort(counts(LIVES), TODAY), *activity(counts(LIVES), TODAY), *silence(counts(LIVES), TODAY)]
    elsewhere = {"requests", "refused", "answered_with", "last_seen", "silent", "unmapped_label"}
    assert {family(each.measure) for each in found} == DEFINITIONS.keys() - elsewhere
    assert len(numbers(found)) == len(found)


def test_page_has_the_definitions() -> None:
    """docs/quality.md says the same as the API, a row a measure."""
    rows = re.findall(
        r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \|$", DEFINITIONS_PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {row[0]: row[1:] for row in rows} == {
        name: (each.definition, each.population, each.censoring or "None.") for name, each in DEFINITIONS.items()
    }
