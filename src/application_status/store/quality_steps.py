"""Changes, divided into transactions: each counts whole applications, or one application's change in parts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from application_status.model.identifiers import ApplicationId
from application_status.model.quality import Contribution, difference
from application_status.store.quality_items import Marker

_ACTIONS_PER_TRANSACTION = 100
_MEASURES_PER_ACTION = 150  # an update expression has at most 4 KB

type Rows = Mapping[tuple[str, str], Mapping[str, int]]
"""(ATS, day) -> measure -> amount."""


@dataclass(frozen=True, slots=True)
class Change:
    """An application's version and what it contributes in it; a removed application contributes nothing."""

    application_id: ApplicationId
    version: int
    contribution: Contribution
    client_id: str | None = None
    job_id: str | None = None
    unmapped_labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One change on its way from what was counted to what is to be counted."""

    change: Change
    counted: Marker
    target: Marker

    @property
    def added(self) -> Contribution:
        """What the counters get."""
        return difference(self.target.contribution, self.counted.contribution)

    @property
    def rows(self) -> Rows:
        """The counter rows that get it."""
        return rows_of(self.added)


def next_step(change: Change, counted: Marker) -> Step:
    """Go all the way where it fits into a transaction; else as far as fits, leaving the version for a further step."""
    target = Marker(
        version=change.version,
        revision=counted.revision + 1,
        contribution=change.contribution,
        client_id=change.client_id,
        job_id=change.job_id,
        unmapped_labels=change.unmapped_labels,
    )
    step = Step(change, counted, target)
    rows = list(step.rows)
    if len(rows) < _ACTIONS_PER_TRANSACTION:
        return step
    first = set(rows[: _ACTIONS_PER_TRANSACTION - 1])
    partial = {cell: n for cell, n in counted.contribution.items() if (cell.ats_id, cell.day) not in first}
    partial |= {cell: n for cell, n in change.contribution.items() if (cell.ats_id, cell.day) in first}
    return replace(step, target=replace(target, version=counted.version, contribution=partial))


def transactions(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Divide steps into groups that each fit into one transaction: an action a marker and one a counter row.

    Those of the same rows stand together, so that few rows are written twice.
    """
    group: list[Step] = []
    rows: dict[tuple[str, str], set[str]] = {}
    for step in sorted(steps, key=lambda step: sorted(step.rows)):
        fuller = rows | {row: rows.get(row, set()) | measures.keys() for row, measures in step.rows.items()}
        if group and not _fit(len(group) + 1, fuller):
            yield group
            group, fuller = [], {row: set(measures) for row, measures in step.rows.items()}
        group.append(step)
        rows = fuller
    if group:
        yield group


def _fit(markers: int, rows: Mapping[tuple[str, str], set[str]]) -> bool:
    return markers + len(rows) <= _ACTIONS_PER_TRANSACTION and all(
        len(measures) <= _MEASURES_PER_ACTION for measures in rows.values()
    )


def rows_of(contribution: Contribution) -> Rows:
    """Return a contribution by the counter rows it is in."""
    rows: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for cell, amount in contribution.items():
        rows[cell.ats_id, cell.day][cell.measure] = amount
    return rows
