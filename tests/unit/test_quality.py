"""What an application contributes to the counters."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.applications.rules.application import Application
from application_status.applications.rules.status import Status
from application_status.platform.values import from_text
from application_status.quality.rules.contribution import TIMED_STATUSES, Cell, contribution, furthest_stage
from support.histories import after, application, applications, move
from support.world import ATS, BERLIN, registration

DAY = "2022-07-01"


def measures(of: Application) -> Counter[str]:
    """Return what it contributes, over all days."""
    total = Counter[str]()
    for cell, amount in contribution(of, BERLIN).items():
        assert cell.ats_id == ATS
        assert amount > 0
        total[cell.measure] += amount
    return total


def families(of: Application) -> Counter[str]:
    """Return it without statuses, outcomes and buckets."""
    total = Counter[str]()
    for name, amount in measures(of).items():
        total[name.partition(":")[0]] += amount
    return total


@pytest.mark.parametrize(
    ("reported", "stage", "outcome"),
    [
        ([], "APPLIED", "open"),
        (["LEAD"], "APPLIED", "open"),
        (["INTERVIEW"], "INTERVIEW", "open"),
        (["INTERVIEW", "APPLIED"], "INTERVIEW", "open"),
        (["REJECTED"], "APPLIED", "ended_unknown"),
        (["INTERVIEW", "REJECTED"], "INTERVIEW", "ended_unknown"),
        (["OFFER", "CONTACT", "REJECTED"], "OFFER", "ended_unknown"),
        (["REJECTED", "INTERVIEW"], "INTERVIEW", "open"),
        (["OFFER", "HIRED"], "HIRED", "hired"),
        (["HIRED"], "HIRED", "hired"),
        (["OFFER", "HIRED", "INTERVIEW"], "OFFER", "open"),
        (["HIRED", "APPLIED"], "APPLIED", "open"),
        (["INTERVIEW", "HIRED", "REJECTED"], "INTERVIEW", "ended_unknown"),
        (["HIRED", "OFFER", "HIRED"], "HIRED", "hired"),
    ],
    ids=str,
)
def test_stage_is_the_furthest_and_outcome_the_present(reported: list[str], stage: str, outcome: str) -> None:
    """REJECTED says only that it ended; an "unhired" takes the hire back."""
    found = {name for name in measures(after(*reported)) if name.startswith(("reached:", "open:", "outcome:"))}
    assert found == {f"reached:{stage}", f"outcome:{outcome}", *([f"open:{stage}"] if outcome == "open" else [])}


def test_known_only_by_its_rejection() -> None:
    """Without a registration it does not count as applied for."""
    assert furthest_stage(after("REJECTED", registered=None)) is Status.LEAD
    assert furthest_stage(after("HIRED", "REJECTED", registered=None)) is Status.LEAD


@pytest.mark.parametrize(
    ("reported", "entered"),
    [
        ([], {"APPLIED": 1}),
        (["INTERVIEW", "INTERVIEW", "INTERVIEW"], {"APPLIED": 1, "INTERVIEW": 1}),
        (["INTERVIEW", "OFFER", "INTERVIEW"], {"APPLIED": 1, "INTERVIEW": 2, "OFFER": 1}),
        (["INTERVIEW", "OFFER", "OFFER", "HIRED", "HIRED"], {"APPLIED": 1, "INTERVIEW": 1, "OFFER": 1, "HIRED": 1}),
        (["APPLIED", "REJECTED", "APPLIED"], {"APPLIED": 2, "REJECTED": 1}),
        (["LEAD", "APPLIED"], {"APPLIED": 2, "LEAD": 1}),
    ],
)
def test_consecutive_reports_of_a_status_enter_it_once(reported: list[str], entered: dict[str, int]) -> None:
    """A second interview is another label, not another entry; coming back is, again. Applying enters APPLIED."""
    found = measures(after(*reported))
    assert {name.removeprefix("entered:"): n for name, n in found.items() if name.startswith("entered:")} == entered
    assert found["reentered"] == sum(entered.values()) - len(entered)


def test_cells_are_dated() -> None:
    """Each is counted on its own day: of applying, of the entry, of the report, and of the last change."""
    found = contribution(application(move("INTERVIEW", 1), move(None, 2, raw_status="Blue folder")), BERLIN)
    assert {(cell.day, cell.measure) for cell in found} == {
        *((DAY, name) for name in ("applications", "reached:INTERVIEW", "open:INTERVIEW", "outcome:open", "feedback")),
        *((DAY, name) for name in ("first_response:4", "entered:APPLIED", "time_in:APPLIED:4")),
        *(("2022-07-02", name) for name in ("entered:INTERVIEW", "in:INTERVIEW", "reports", "delay:0")),
        *(("2022-07-03", name) for name in ("reports", "unmapped", "delay:0", "last_activity")),
    }


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-28T22:59:59.999Z", "2026-03-28"), ("2026-03-28T23:00:00.000Z", "2026-03-29"),
        ("2026-03-29T00:59:59.999Z", "2026-03-29"), ("2026-03-29T01:00:00.000Z", "2026-03-29"),
        ("2026-03-29T21:59:59.999Z", "2026-03-29"), ("2026-03-29T22:00:00.000Z", "2026-03-30"),
        ("2026-10-24T21:59:59.999Z", "2026-10-24"), ("2026-10-24T22:00:00.000Z", "2026-10-25"),
        ("2026-10-25T00:59:59.999Z", "2026-10-25"), ("2026-10-25T01:00:00.000Z", "2026-10-25"),
        ("2026-10-25T22:59:59.999Z", "2026-10-25"), ("2026-10-25T23:00:00.000Z", "2026-10-26"),
    ],
)  # fmt: skip
def test_days_are_cut_in_the_reporting_zone(moment: str, day: str) -> None:
    """Berlin's midnight is 23:00 UTC in winter and 22:00 in summer, on the right side of both changes."""
    registered = registration(applied_at=from_text(moment))
    found = contribution(application(registered=registered), BERLIN)
    assert {cell.day for cell in found} == {day}


def test_first_contact_counts_on_its_oldest_transition() -> None:
    """It is counted on the day of the transition that took effect first, in any order of arrival."""
    found = contribution(after("CONTACT", "REJECTED", registered=None), BERLIN)
    dated = {cell.measure: cell.day for cell in found}
    assert dated["applications"] == dated["reached:CONTACT"] == dated["outcome:ended_unknown"] == "2022-07-02"
    assert dated["entered:REJECTED"] == "2022-07-03"
    assert "entered:APPLIED" not in dated


@settings(deadline=None)
@given(applications)
def test_populations_add_up(of: Application) -> None:
    """One application has one stage and one outcome; it is open, and quiet, as long as nothing ended it."""
    found, kinds = measures(of), families(of)
    assert (kinds["applications"], kinds["reached"], kinds["outcome"]) == (1, 1, 1)
    still_open = found["outcome:open"]
    assert (kinds["open"], kinds["last_activity"]) == (still_open, still_open)
    assert all(found[f"open:{status}"] == min(still_open, found[f"reached:{status}"]) for status in Status)
    assert kinds["first_response"] + kinds["no_response"] + kinds["waiting"] == 1
    assert kinds["no_response"] <= 1 - still_open
    assert kinds["waiting"] <= still_open
    assert kinds["inferred"] == (of.position_ended_at is not None)
    assert found["inferred"] <= found["outcome:position_closed"]


@settings(deadline=None)
@given(applications)
def test_reports_add_up(of: Application) -> None:
    """Every transition is a report; feedback is to have one; a delay is known where the sender said when."""
    kinds, transitions = families(of), of.transitions.values()
    assert kinds["reports"] == len(transitions)
    assert kinds["feedback"] == bool(transitions)
    assert kinds["unmapped"] == sum(each.status is None for each in transitions)
    assert kinds["delay"] == sum(each.has_business_date for each in transitions)


@settings(deadline=None)
@given(applications)
def test_entries_add_up(of: Application) -> None:
    """On each day, each entry was left, cut off by the position's end, or is the one in which it still is."""
    pending = Counter[tuple[str, str]]()
    for cell, amount in contribution(of, BERLIN).items():
        family, *details = cell.measure.split(":")
        if family in {"entered", "time_in", "position_closed", "in"} and details[0] in TIMED_STATUSES:
            pending[cell.day, details[0]] += amount if family == "entered" else -amount
    kinds = families(of)
    assert set(pending.values()) <= {0}
    assert kinds["in"] == (measures(of)["outcome:open"] and kinds["entered"] > 0)
    assert kinds["position_closed"] <= kinds["inferred"]
    assert kinds["entered"] <= len(of.transitions) + 1


contributions: st.SearchStrategy[Mapping[Cell, int]] = st.dictionaries(
    st.builds(Cell, *(st.sampled_from(["a", "b"]) for _ in range(3))), st.integers(-2, 3).filter(bool)
)
