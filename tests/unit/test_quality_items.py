"""The Quality table's items: short names for every measure, and markers that come back as they were."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.applications.rules.application import Application
from application_status.applications.rules.status import Outcome, Status
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.items import Marker
from application_status.quality.rules.contribution import TIMED_STATUSES, contribution
from application_status.quality.rules.definitions import DEFINITIONS
from application_status.quality.rules.durations import EDGES
from support.histories import applications
from support.world import APPLICATION, BERLIN

BUCKETS = range(len(EDGES) + 1)
MEASURES = [
    *("applications", "inferred", "feedback", "reentered", "last_activity", "reports", "unmapped"),
    *(f"{family}:{status}" for family in ("reached", "open") for status in Status if status.is_stage),
    *(f"outcome:{outcome}" for outcome in Outcome),
    *(f"entered:{status}" for status in Status),
    *(f"{family}:{number}" for family in ("first_response", "no_response", "delay") for number in BUCKETS),
    *(
        f"{family}:{status}:{number}"
        for family in ("time_in", "position_closed")
        for status in TIMED_STATUSES
        for number in BUCKETS
    ),
]


@pytest.mark.parametrize("name", MEASURES)
def test_measure_comes_back_from_its_attribute(name: str) -> None:
    """An attribute has at most four characters, so that a day's row stays small."""
    attribute = quality_items.attribute(name)
    assert quality_items.measure(attribute) == name
    assert len(attribute) <= 4


def test_no_two_measures_share_an_attribute() -> None:
    """No measure uses an attribute of the row itself."""
    attributes = [quality_items.attribute(name) for name in MEASURES]
    assert len({*attributes, "Scope", "Part"}) == len(MEASURES) + 2


@settings(deadline=None)
@given(applications)
def test_every_measure_that_is_counted_is_among_them(of: Application) -> None:
    """Each measure of the model has an attribute in the table."""
    assert {cell.measure for cell in contribution(of, BERLIN)} <= {*MEASURES}


@pytest.mark.parametrize("attribute", ["zI7", "tX7", "Part", "nX"])
def test_what_is_no_measure_is_refused(attribute: str) -> None:
    """An attribute that the service never writes raises KeyError."""
    with pytest.raises(KeyError):
        quality_items.measure(attribute)


ids = st.none() | st.text("a#", min_size=1) | st.text(min_size=1)


@settings(deadline=None)
@given(applications, st.integers(1, 9), st.integers(1, 3), ids, ids, st.lists(st.text(min_size=1)))
def test_marker_comes_back_as_it_was(
    of: Application, number: int, generation: int, client: str | None, job: str | None, labels: list[str]
) -> None:
    """This holds for any ids and labels; index attributes exist only with a client, a job, or a label."""
    marker = Marker(number + 1, number, contribution(of, BERLIN), client, job, tuple(labels))
    item = quality_items.marker_item(generation, APPLICATION, marker)
    assert quality_items.marker(item) == marker
    assert quality_items.application_of(item) == APPLICATION
    assert quality_items.marker_key(generation, APPLICATION).items() <= item.items()
    assert item.get("Client") == (client and {"S": f"{generation}#{client}"})
    assert item.get("Job") == (job and {"S": job})
    assert item.get("UnmappedAt") == ({"S": f"{generation}#{of.ats_id}"} if labels else None)


def test_row_is_read_without_zeros() -> None:
    """A counter that was taken back is none; keys are none either."""
    row = quality_items.counter_key(1, "demo-ats", 3, "2026-11-22")
    assert row == {"Scope": {"S": "counter#1#demo-ats#3"}, "Part": {"S": "2026-11-22"}}
    amounts = {"n": {"N": "2"}, "tI7": {"N": "0"}, "xo": {"N": "-1"}}
    assert quality_items.amounts({**row, **amounts}) == {"applications": 2, "outcome:open": -1}


def test_counters_and_reports_use_the_same_words() -> None:
    """A family of counters has the name of the family of numbers that is made of it; these four are in no report."""
    families = {name.partition(":")[0] for name in MEASURES}
    assert families - DEFINITIONS.keys() == {"no_response", "position_closed", "reentered", "unmapped"}
