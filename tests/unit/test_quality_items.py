"""The Quality table's items: short names for every measure, and markers and rows that come back as they were."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application_status.applications.rules.application import Application
from application_status.applications.rules.status import Outcome, Status
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.items import Marker, RowKey
from application_status.quality.reports.definitions import DEFINITIONS
from application_status.quality.rules.contribution import TIMED_STATUSES, contribution
from application_status.quality.rules.durations import EDGES
from application_status.quality.rules.totals import Kind, Row
from support.histories import application, applications, move
from support.world import APPLICATION, BERLIN

BUCKETS = range(len(EDGES) + 1)
MEASURES = [
    *("applications", "inferred", "feedback", "waiting", "reentered", "last_activity", "reports", "unmapped"),
    *(f"{family}:{status}" for family in ("reached", "open") for status in Status if status.is_stage),
    *(f"outcome:{outcome}" for outcome in Outcome),
    *(f"entered:{status}" for status in Status),
    *(f"in:{status}" for status in TIMED_STATUSES),
    *(f"{family}:{number}" for family in ("first_response", "no_response", "delay") for number in BUCKETS),
    *(
        f"{family}:{status}:{number}"
        for family in ("time_in", "position_closed")
        for status in TIMED_STATUSES
        for number in BUCKETS
    ),
]


@pytest.mark.parametrize("name", MEASURES)
def test_measure_comes_back_from_its_short_name(name: str) -> None:
    """A short name has at most four characters, so that a row stays small."""
    attribute = quality_items.attribute(name)
    assert quality_items.measure(attribute) == name
    assert len(attribute) <= 4


def test_no_two_measures_share_a_short_name() -> None:
    """So each has amounts of its own in a row."""
    assert len({quality_items.attribute(name) for name in MEASURES}) == len(MEASURES)


@settings(deadline=None)
@given(applications)
def test_every_measure_that_is_counted_is_among_them(of: Application) -> None:
    """Each measure of the model has a short name in the table."""
    assert {cell.measure for cell in contribution(of, BERLIN)} <= {*MEASURES}


@pytest.mark.parametrize("attribute", ["zI7", "tX7", "Part", "nX"])
def test_what_is_no_measure_is_refused(attribute: str) -> None:
    """A name that the service never writes raises KeyError."""
    with pytest.raises(KeyError):
        quality_items.measure(attribute)


texts = st.none() | st.text("a#", min_size=1) | st.text(min_size=1)


@settings(deadline=None)
@given(applications, st.integers(1, 9), st.integers(1, 3), texts, texts, texts, st.lists(st.text(min_size=1)))
def test_marker_comes_back_as_it_was(
    of: Application, number: int, generation: int, client: str | None, job: str | None, names: str | None,
    labels: list[str],
) -> None:  # fmt: skip
    """This holds for any ids, names and labels; there are no attributes of a client, a job or labels without one."""
    marker = Marker(number + 1, number, contribution(of, BERLIN), client, job, tuple(labels), names)
    item = quality_items.marker_item(generation, APPLICATION, marker)
    assert quality_items.marker(item) == marker
    assert quality_items.application_of(item) == APPLICATION
    assert quality_items.generation_of(item) == generation
    assert quality_items.marker_key(generation, APPLICATION).items() <= item.items()
    assert item.get("ClientId") == (client and {"S": client})
    assert item.get("JobId") == (job and {"S": job})
    assert ("UnmappedLabels" in item) == bool(labels)


def test_marker_is_in_no_index() -> None:
    """Only the rows of unmapped labels are in one; a marker in it would be written again at each change."""
    marker = Marker(1, 1, contribution(application(move("CONTACT", 1)), BERLIN), "client-1", "job-1", ("Stage 3",))
    item = quality_items.marker_item(1, APPLICATION, marker)
    assert not {"LabelOf", "Applications"} & item.keys()
    assert quality_items.label_item(2, "demo-ats", "Stage 3", 7) == {
        "Scope": {"S": "labels#2#demo-ats"},
        "Part": {"S": "Stage 3"},
        "LabelOf": {"S": "2#demo-ats"},
        "Applications": {"N": "7"},
    }


slots = st.dictionaries(st.text("0123456789-", max_size=10), st.integers(-9, 9_999), min_size=1, max_size=5)


@given(st.dictionaries(st.sampled_from(MEASURES), slots, max_size=9))
def test_row_comes_back_as_it_was(row: Row) -> None:
    """Its amounts are compressed in one attribute."""
    assert quality_items.row(quality_items.row_value(row)) == row


def test_row_of_a_busy_month_is_small() -> None:
    """A month in which each measure has an amount on each day stays below a tenth of the largest item."""
    busy = {
        name: {f"{day:02}": 1 + (number * 7 + day) % 90 for day in range(1, 32)} for number, name in enumerate(MEASURES)
    }
    assert len(quality_items.row_value(busy)["B"]) < 40_000


@pytest.mark.parametrize(
    ("key", "scope", "part", "kind"),
    [
        (quality_items.month_of_ats(1, "demo-ats", "2026-11"), "months#1#2026-11", "demo-ats", Kind.MONTH),
        (quality_items.year_of_ats(1, "demo-ats", "2026"), "years#1#2026", "demo-ats", Kind.YEAR),
        (quality_items.life_of_ats(1, "demo-ats"), "atss#1", "demo-ats", Kind.ATS),
        (quality_items.month_of_client(1, "c", "2026-11"), "client#1#c", "2026-11", Kind.MONTH),
        (quality_items.life_of_client(1, "c", "demo-ats"), "client#1#c", "at#demo-ats", Kind.CLIENT),
        (quality_items.life_of_job(1, "c", "job-1"), "jobs#1#c", "job-1", Kind.JOB),
    ],
)
def test_keys_of_rows(key: RowKey, scope: str, part: str, kind: Kind) -> None:
    """Rows that are read together share a partition; each belongs to its generation."""
    assert (key.scope, key.part, key.kind) == (scope, part, kind)
    assert key.item == {"Scope": {"S": scope}, "Part": {"S": part}}
    assert quality_items.generation_of(key.item) == 1


@pytest.mark.parametrize("scope", ["generation", "health#demo-ats", "lines#2026-11-22"])
def test_other_items_belong_to_no_generation(scope: str) -> None:
    """The end of a rebuild, which deletes the items of former generations, leaves them alone."""
    assert quality_items.generation_of({"Scope": {"S": scope}}) is None


def test_counters_and_reports_use_the_same_words() -> None:
    """A family of counters has the name of the family of numbers that is made of it; six are only part of others."""
    families = {name.partition(":")[0] for name in MEASURES}
    parts = {"no_response", "waiting", "position_closed", "in", "reentered", "unmapped"}
    assert families - DEFINITIONS.keys() == parts
