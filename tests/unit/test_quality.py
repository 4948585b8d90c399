"""What an application contributes to the counters."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.model.application import Application, Registration
from application_status.model.instant import from_text, instant
from application_status.model.quality import Cell, contribution, difference, furthest_stage
from application_status.model.report import Reading, Transition
from application_status.model.status import Status
from support import APPLICATION, ATS, BERLIN, registration

DAY = "2022-07-01"
REGISTRATION = registration()
moments = st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1 < moment.year < 9999)
steps = st.tuples(st.sampled_from(Status), moments, st.none() | st.text(min_size=1))
lives = st.lists(steps, min_size=1, max_size=10)


def application(
    *reported: tuple[Status, datetime, str | None], registered: Registration | None = REGISTRATION
) -> Application:
    """Return an application with these transitions; the newest is the head."""
    transitions = [
        Transition(
            reading=Reading(status=status, raw_status=raw),
            effective_at=instant(at),
            received_at=instant(at),
            place=str(status.rank),
        )
        for status, at, raw in reported
    ]
    by_key = {transition.key: transition for transition in transitions}
    head = max(by_key, default=None)
    return Application(
        application_id=APPLICATION, ats_id=ATS, status=(by_key[head].status if head else None) or Status.APPLIED,
        version=1 + len(by_key), head=head, transitions=by_key, registration=registered,
    )  # fmt: skip


def after(*names: str, registered: Registration | None = REGISTRATION) -> Application:
    """Return an application with one of these statuses a day, from 2022-07-02 on."""
    reported = [
        (Status(name), datetime(2022, 7, day, 12, tzinfo=UTC), f"{day}") for day, name in enumerate(names, start=2)
    ]
    return application(*reported, registered=registered)


def counts(of: Application, zone: ZoneInfo = BERLIN) -> dict[str, int]:
    """Return what it contributes, over all days."""
    total = Counter[str]()
    for cell, amount in contribution(of, zone).items():
        assert (cell.ats_id, cell.client_id) == (ATS, of.registration.client_id if of.registration else "-")
        total[cell.measure] += amount
    return dict(total)


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
    found = counts(after(*reported))
    assert {name for name in found if not name.startswith("entered:")} == {
        "applications", f"stage:{stage}", f"outcome:{outcome}",
    }  # fmt: skip


def test_known_only_by_its_rejection() -> None:
    """Nobody said that it was applied for."""
    assert furthest_stage(after("REJECTED", registered=None)) is Status.LEAD
    assert furthest_stage(after("HIRED", "REJECTED", registered=None)) is Status.LEAD


@pytest.mark.parametrize(
    ("reported", "entered"),
    [
        ([], {}),
        (["INTERVIEW", "INTERVIEW", "INTERVIEW"], {"INTERVIEW": 1}),
        (["INTERVIEW", "OFFER", "INTERVIEW"], {"INTERVIEW": 2, "OFFER": 1}),
        (["INTERVIEW", "OFFER", "OFFER", "HIRED", "HIRED"], {"INTERVIEW": 1, "OFFER": 1, "HIRED": 1}),
        (["APPLIED", "REJECTED", "APPLIED"], {"APPLIED": 2, "REJECTED": 1}),
    ],
)
def test_consecutive_reports_of_a_status_enter_it_once(reported: list[str], entered: dict[str, int]) -> None:
    """A second interview is another label, not another entry; coming back is."""
    found = counts(after(*reported))
    assert {name.removeprefix("entered:"): n for name, n in found.items() if name.startswith("entered:")} == entered


def test_cells_are_dated() -> None:
    """Entries by when they took effect, everything else by when it was applied for."""
    found = contribution(after("INTERVIEW", "HIRED"), BERLIN)
    assert {(cell.day, cell.measure): amount for cell, amount in found.items()} == {
        (DAY, "applications"): 1,
        (DAY, "stage:HIRED"): 1,
        (DAY, "outcome:hired"): 1,
        ("2022-07-02", "entered:INTERVIEW"): 1,
        ("2022-07-03", "entered:HIRED"): 1,
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
    found = contribution(application((Status.OFFER, from_text(moment), None), registered=registered), BERLIN)
    assert {cell.day for cell in found} == {day}


def test_first_contact_counts_on_its_oldest_transition() -> None:
    """In the day of what took effect first, whatever arrived first, for the client nobody named."""
    found = contribution(after("CONTACT", "REJECTED", registered=None), BERLIN)
    dated = {cell.measure: cell.day for cell in found}
    assert dated["applications"] == dated["stage:CONTACT"] == dated["outcome:ended_unknown"] == "2022-07-02"
    assert dated["entered:REJECTED"] == "2022-07-03"
    assert {cell.client_id for cell in found} == {"-"}


@settings(deadline=None)
@given(lives, st.booleans())
def test_every_application_has_one_stage_and_one_outcome(
    life: list[tuple[Status, datetime, str | None]], known: bool
) -> None:
    """And is one application; its entries are as many as its changes of status."""
    found = counts(application(*life, registered=REGISTRATION if known else None))
    assert found["applications"] == 1
    kinds = Counter[str]()
    for name, amount in found.items():
        kinds[name.partition(":")[0]] += amount
    assert (kinds["stage"], kinds["outcome"]) == (1, 1)
    assert 1 <= kinds["entered"] <= len(life)


contributions: st.SearchStrategy[Mapping[Cell, int]] = st.dictionaries(
    st.builds(Cell, *(st.sampled_from(["a", "b"]) for _ in range(4))), st.integers(-2, 3).filter(bool)
)


@settings(deadline=None)
@given(contributions, contributions)
def test_difference_leads_from_counted_to_new(new: Mapping[Cell, int], counted: Mapping[Cell, int]) -> None:
    """What is counted plus the difference is the new contribution; there are no empty steps."""
    step = difference(new, counted)
    assert all(step.values())
    total = {cell: counted.get(cell, 0) + step.get(cell, 0) for cell in {*counted, *step}}
    assert {cell: amount for cell, amount in total.items() if amount} == new
    assert difference(new, new) == {}
