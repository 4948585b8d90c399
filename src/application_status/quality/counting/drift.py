"""Drift: what the Quality table has, where that is not what the applications say."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from application_status.platform.values import ApplicationId
from application_status.quality.counters.items import Marker
from application_status.quality.counters.write import Change
from application_status.quality.rules.contribution import Cell, Contribution, Counts


@dataclass(frozen=True, slots=True)
class Drift:
    """One amount that is wrong: of a counter, or of what was counted of an application."""

    ats_id: str
    day: str
    measure: str
    counted: object
    expected: object
    application_id: ApplicationId | None = None


def of_marker(change: Change, marker: Marker) -> Iterator[Drift]:
    """Yield where an application's marker differs from the application."""
    for name, counted, expected in (
        ("version", marker.version, change.version),
        ("client", marker.client_id, change.client_id),
        ("job", marker.job_id, change.job_id),
    ):
        if counted != expected:
            yield Drift("-", "-", name, counted, expected, change.application_id)
    labels, expected_labels = marker.unmapped_labels, change.unmapped_labels
    if labels != expected_labels:  # which may be personal, and drift is logged
        yield Drift("-", "-", "unmapped_labels", len(labels), len(expected_labels), change.application_id)
    yield from _differing(marker.contribution, change.contribution, change.application_id)


def of_orphan(application_id: ApplicationId, marker: Marker) -> Iterator[Drift]:
    """Yield what is still counted of an application that isn't there."""
    yield from _differing(marker.contribution, {}, application_id)


def of_sums(counters: Contribution, sums: Contribution) -> Iterator[Drift]:
    """Yield where counters differ from the sums over the markers."""
    yield from _differing(counters, sums, None)


def of_counts(ats_id: str, counts: Counts) -> Iterator[Drift]:
    """Yield where an ATS's counters contradict each other.

    Each application is at one furthest stage and has one outcome, and each open one is at one stage. This holds in each
    row of counters at any time, as one write changes all of a row.
    """
    families: Counter[tuple[str, str]] = Counter()
    for (day, measure), amount in counts.items():
        families[day, measure.partition(":")[0]] += amount
    for day in sorted({day for day, _ in counts}):
        applications, still_open = counts.get((day, "applications"), 0), counts.get((day, "outcome:open"), 0)
        for family, expected in (("reached", applications), ("outcome", applications), ("open", still_open)):
            if families[day, family] != expected:
                yield Drift(ats_id, day, f"{family}:*", families[day, family], expected)


def _differing(
    counted: Mapping[Cell, int], expected: Mapping[Cell, int], application_id: ApplicationId | None
) -> Iterator[Drift]:
    for cell in sorted({*counted, *expected}):
        amounts = counted.get(cell, 0), expected.get(cell, 0)
        if amounts[0] != amounts[1]:
            yield Drift(cell.ats_id, cell.day, cell.measure, *amounts, application_id)
