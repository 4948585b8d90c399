"""What lists every status, outcome, measure or registered field: a new one has to be in each of these places.

Numbers and letters that are stored are pinned, as none may change once it is in a table.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date, timedelta
from importlib import resources
from typing import Any

import pytest

from application_status import facts
from application_status.applications import items
from application_status.applications.registry import RegistrationMessage
from application_status.applications.rules.application import Application
from application_status.applications.rules.registration import Registration
from application_status.applications.rules.status import Outcome, Status
from application_status.jobseeker.rules.status import jobseeker_view
from application_status.quality.counters import items as quality_items
from application_status.quality.rules.numbers import activity, cohort, silence
from support.histories import APPLIED_AT, application, move
from support.world import ALIASES, APPLICATION, ATS, registration

FUNNEL = (resources.files(facts) / "queries" / "funnel.sql").read_text(encoding="utf-8")
RANKS = {
    "LEAD": 100, "APPLIED": 200, "CONTACT": 300, "PRE_INTERVIEW": 400, "INTERVIEW": 500, "POST_INTERVIEW": 600,
    "OFFER": 700, "HIRED": 800, "REJECTED": 900,
}  # fmt: skip
LETTERS = {
    "LEAD": "L", "APPLIED": "A", "CONTACT": "C", "PRE_INTERVIEW": "P", "INTERVIEW": "I", "POST_INTERVIEW": "Q",
    "OFFER": "O", "HIRED": "H", "REJECTED": "R",
    "open": "o", "hired": "h", "not_selected": "n", "candidate_withdrew": "w", "offer_declined": "d",
    "position_closed": "c", "ended_unknown": "u",
}  # fmt: skip
COUNTED = {
    "applications": "n", "reached:OFFER": "sO", "open:OFFER": "oO", "outcome:hired": "xh", "inferred": "i",
    "feedback": "f", "first_response:7": "a7", "no_response:7": "b7", "waiting": "w", "entered:OFFER": "eO",
    "reentered": "g", "time_in:OFFER:7": "tO7", "position_closed:OFFER:7": "cO7", "in:OFFER": "pO",
    "last_activity": "q", "reports": "r", "unmapped": "u", "delay:7": "d7", "proxy": "y",
    "history": "h", "responded": "k",
}  # fmt: skip
"""A measure of each counted family, and the short name that its amounts are stored under."""


def test_ranks_rise_in_the_order_of_the_statuses() -> None:
    """applications/rules/status.py: a new status takes a number between two others, and no other changes."""
    assert sorted(Status, key=lambda status: status.rank) == list(Status)
    assert {status: rank for status in Status if (rank := RANKS.get(status))} == {
        status: status.rank for status in Status if status in RANKS
    }


@pytest.mark.parametrize("word", [*Status, *Outcome])
def test_every_status_and_outcome_has_its_letter(word: str) -> None:
    """quality/counters/items.py: a letter of its own, which amounts are stored under."""
    letter = quality_items.attribute(f"entered:{word}").removeprefix("e")
    assert len(letter) == 1
    assert LETTERS.get(word, letter) == letter


def test_every_counted_family_has_its_letter() -> None:
    """quality/counters/items.py: a letter of its own, which amounts are stored under; name a new family's here."""
    assert {name.partition(":")[0] for name in COUNTED} == quality_items._FAMILIES.keys()  # noqa: SLF001  # all of them
    assert {name: quality_items.attribute(name) for name in COUNTED} == COUNTED


@pytest.mark.parametrize("measure", [each for each in COUNTED if each != "reentered"])  # which is for `disclosure`
def test_every_counted_family_is_reported(measure: str) -> None:
    """quality/rules/numbers.py: some number of the report depends on it."""
    amounts = dict.fromkeys(COUNTED, 100) | {"applications": 1000, "entered:OFFER": 1000}
    amounts |= {"first_response:7": 400, "time_in:OFFER:7": 400}  # so that 400 more make half of the population
    assert reported(amounts | {measure: amounts[measure] + 400}) != reported(amounts)


def reported(amounts: Mapping[str, int]) -> list[Any]:
    """Return the numbers of the report on counters of one day."""
    counts, today = {("2026-09-01", name): amount for name, amount in amounts.items()}, date(2026, 11, 22)
    return [*cohort(counts, today), *activity(counts, today), *silence(counts, today)]


@pytest.mark.parametrize("status", Status)
def test_every_status_is_shown_to_jobseekers(status: Status) -> None:
    """jobseeker/rules/status.py: as one of theirs."""
    of = application(move(status, 1))
    view = jobseeker_view(of, registration(applied_at=APPLIED_AT), APPLIED_AT + timedelta(days=30), timedelta())
    assert view.step


@pytest.mark.parametrize("status", [status for status in Status if status.is_stage])
def test_every_stage_has_a_column_in_the_funnel(status: Status) -> None:
    """facts/queries/funnel.sql."""
    assert f"stage = '{status}') AS stage_{status.lower()}," in FUNNEL


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_column_in_the_funnel(outcome: Outcome) -> None:
    """facts/queries/funnel.sql."""
    assert f"outcome = '{outcome}') AS outcome_{outcome}" in FUNNEL


def test_every_registered_field_can_be_sent() -> None:
    """applications/registry.py: a registration's message has it."""
    assert RegistrationMessage.model_fields.keys() == {each.name for each in fields(Registration)}


FULL = registration(aliases=ALIASES, link="https://www.example.com/jobs/1", location="Berlin")
"""A registration with a value for every field, also for those that may be missing."""


@pytest.mark.parametrize("name", [each.name for each in fields(Registration) if each.default is not MISSING])
def test_full_registration_is_full(name: str) -> None:
    """Give a new optional field a value in FULL above."""
    assert getattr(FULL, name) != Registration.__dataclass_fields__[name].default


def test_every_registered_field_is_stored() -> None:
    """applications/items.py: it is written, and comes back."""
    assert items.registration({"AtsId": {"S": ATS}, **items.registration_attributes(FULL)}) == FULL


def test_item_without_any_optional_attribute_is_readable() -> None:
    """applications/items.py: what was written before an attribute was added; never add one here."""
    old = {
        "AtsiApplicationId": {"S": APPLICATION},
        "AtsId": {"S": ATS},
        "Status": {"S": "INTERVIEW"},
        "Head": {"S": "2022-07-15T09:00:00.000Z#500"},
        "Transitions": {
            "M": {
                "2022-07-15T09:00:00.000Z#500": {
                    "M": {"ReceivedAt": {"S": "2022-07-15T09:00:01.000Z"}, "Status": {"S": "INTERVIEW"}}
                }
            }
        },
        "Versions": {"M": {}},
        "Version": {"N": "2"},
        "UpdatedAt": {"S": "2022-07-15T09:00:01.000Z"},
        "ClientId": {"S": "client-1"},
        "JobId": {"S": "job-1"},
        "JobseekerId": {"S": "jobseeker-1"},
        "JobTitle": {"S": "Python Developer"},
        "Company": {"S": "Example GmbH"},
        "AppliedAt": {"S": "2022-07-01T09:00:00.000Z"},
    }
    read: Application = items.application(old)
    assert read.registration == registration()
    view = jobseeker_view(read, registration(), APPLIED_AT + timedelta(days=30), timedelta())
    assert [change.status for change in view.changes] == ["applied", "interview"]
