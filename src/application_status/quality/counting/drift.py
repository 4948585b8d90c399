"""Drift: differences between the Quality table and the applications that it is derived from."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from application_status.platform.values import ApplicationId
from application_status.quality.counters.items import Marker
from application_status.quality.counters.write import Change
from application_status.quality.rules.contribution import Cell, Counts


@dataclass(frozen=True, slots=True)
class Drift:
    """One wrong amount of the totals, or one wrong value of an application's marker.

    `of` is an ATS, a client, a job or a label of an ATS; `time` is a day, a month, or empty for the whole life.
    """

    of: str
    time: str
    measure: str
    counted: object
    expected: object
    application_id: ApplicationId | None = None


def of_marker(change: Change, marker: Marker) -> Iterator[Drift]:
    """Yield the differences between an application's marker and the application."""
    for name, counted, expected in (
        ("version", marker.version, change.version),
        ("client", marker.client_id, change.client_id),
        ("job", marker.job_id, change.job_id),
    ):
        if counted != expected:
            yield Drift("-", "-", name, counted, expected, change.application_id)
    labels, expected_labels = marker.unmapped_labels, change.unmapped_labels
    if labels != expected_labels:  # labels may be personal data, and drift is logged: log their number only
        yield Drift("-", "-", "unmapped_labels", len(labels), len(expected_labels), change.application_id)
    yield from _differing(marker.contribution, change.contribution, change.application_id)


def of_orphan(application_id: ApplicationId, marker: Marker) -> Iterator[Drift]:
    """Yield the amounts of a marker whose application does not exist."""
    yield from _differing(marker.contribution, {}, application_id)


def of_counts(ats_id: str, counts: Counts) -> Iterator[Drift]:
    """Yield the days on which an ATS's totals contradict each other.

    Each application has one furthest stage and one outcome, and each open one is open at one stage. This holds for each
    day at any time, as one write updates a whole row.
    """
    families: Counter[tuple[str, str]] = Counter()
    for (day, measure), amount in counts.items():
        families[day, measure.partition(":")[0]] += amount
    for day in sorted({day for day, _ in counts}):
        applications, still_open = counts.get((day, "applications"), 0), counts.get((day, "outcome:open"), 0)
        for family, expected in (("reached", applications), ("outcome", applications), ("open", still_open)):
            if families[day, family] != expected:
                yield Drift(ats_id, day, f"{family}:*", families[day, family], expected)


def of_life(ats_id: str, life: Mapping[str, int], years: Mapping[str, int]) -> Iterator[Drift]:
    """Yield the differences between an ATS's totals over its whole life and the sums over its years."""
    for measure in sorted({*life, *years}):
        amounts = life.get(measure, 0), years.get(measure, 0)
        if amounts[0] != amounts[1]:
            yield Drift(ats_id, "", measure, *amounts)


def _differing(
    counted: Mapping[Cell, int], expected: Mapping[Cell, int], application_id: ApplicationId | None
) -> Iterator[Drift]:
    for cell in sorted({*counted, *expected}):
        amounts = counted.get(cell, 0), expected.get(cell, 0)
        if amounts[0] != amounts[1]:
            yield Drift(cell.ats_id, cell.day, cell.measure, *amounts, application_id)
