"""Builds the rows of a quality report from the counters, without groups of too few applications.

`report` builds the reports over the counters; `unmapped_report` builds the list of unmapped labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from application_status.quality.counters.read import QualityReader
from application_status.quality.reports.query import QualityQuery
from application_status.quality.rules.contribution import Counts
from application_status.quality.rules.disclosure import (
    applications_in_activity,
    applications_in_cohort,
    cohort_days,
    merged,
    shown,
    totals,
)
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import Number, activity, cohort, silence
from application_status.quality.rules.periods import Interval, Period, periods

ROWS_LIMIT = 400
"""The most rows of a report over time."""

_KINDS = {"cohort": cohort, "activity": activity, "silence": silence}


class Subject(TypedDict, total=False):
    """The subject of numbers: an ATS, a client, a job of a client, or, without members, all ATSs."""

    Ats: str
    Client: str
    Job: str


@dataclass(frozen=True, slots=True)
class Row:
    """The numbers of a subject in a period."""

    of: Subject
    first: date
    last: date
    numbers: Sequence[Number]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The rows of a report, and what is left out.

    `hidden` is the number of ATSs, jobs or labels with too few applications, `cut` that of labels beyond the limit.
    `too_many` is the number of rows if it exceeds ROWS_LIMIT; `rows` is then empty.
    """

    rows: Sequence[Row]
    hidden: int = 0
    cut: int = 0
    too_many: int = 0

    @property
    def amount(self) -> int:
        """How many numbers the report has."""
        return sum(len(row.numbers) for row in self.rows)


def report(query: QualityQuery, reader: QualityReader, today: date) -> QualityReport:
    """Build the report of a query, of any size."""
    groups, hidden = _groups(query, reader)
    found = [(of, period) for of, subgroups in groups for period in _periods(query, subgroups, today)]
    if too_many(query, len(found)):
        return QualityReport([], hidden, too_many=len(found))
    rows = [Row(of, period.first, period.last, list(_KINDS[query.kind](period.counts, today))) for of, period in found]
    return QualityReport(rows, hidden)


def too_many(query: QualityQuery, rows: int) -> bool:
    """Return whether a report over time has too many rows."""
    return query.interval is not Interval.ALL and rows > ROWS_LIMIT


def _periods(query: QualityQuery, subgroups: Sequence[Counts], today: date) -> Sequence[Period]:
    """Group the counters of subgroups into periods; `silence` is as of today and has a single row."""
    first, last = query.first or date.min, query.last or date.max
    if query.kind == "cohort":
        return periods([cohort_days(each) for each in subgroups], applications_in_cohort, query.interval, first, last)
    if query.kind == "activity":
        return periods(subgroups, applications_in_activity, query.interval, first, last)
    counts = merged(each for each in subgroups if totals(each).get("last_activity", 0) >= MINIMUM)
    days = [date.fromisoformat(day) for day, _ in counts]
    return [Period(min(days), today, counts)] if days else []


def _groups(query: QualityQuery, reader: QualityReader) -> tuple[Sequence[tuple[Subject, Sequence[Counts]]], int]:
    """Return the subject of each row with the counters of its subgroups, and how many subjects are hidden."""
    if query.client:
        return _of_client(query, query.client, reader.of_client(query.client))
    wanted = [query.ats] if query.ats else reader.ats_ids()
    counts = {ats_id: reader.of_ats(ats_id) for ats_id in wanted}
    large = {ats_id: each for ats_id, each in counts.items() if _applications(each) >= MINIMUM}
    hidden = len(counts) - len(large)
    if query.ats or query.by == "ats":
        return [({"Ats": ats_id}, [each]) for ats_id, each in large.items()], hidden
    return [({}, list(large.values()))], hidden


def _of_client(
    query: QualityQuery, client: str, jobs: Mapping[str, Counts]
) -> tuple[Sequence[tuple[Subject, Sequence[Counts]]], int]:
    """Return the same for a client, whose subgroups are its visible jobs and all hidden jobs together."""
    visible = shown({job: _applications(counts) for job, counts in jobs.items()})
    if not query.of_jobs:
        rest = merged(counts for job, counts in jobs.items() if job not in visible)
        return [({"Client": client}, [*(jobs[job] for job in sorted(visible)), rest])], 0
    wanted = [job for job in sorted(jobs) if query.job in (None, job)]
    found = [(Subject(Client=client, Job=job), [jobs[job]]) for job in wanted if job in visible]
    return found, len(wanted) - len(found)


def _applications(counts: Counts) -> int:
    return sum(amount for (_, measure), amount in counts.items() if measure == "applications")


LABELS_LIMIT = 100
"""The most labels of an ATS in a report."""

ALL_LABELS_LIMIT = 500
"""The most labels of a report; so many fit into a reply even if all have the greatest length."""


def unmapped_report(query: QualityQuery, reader: QualityReader, today: date) -> QualityReport:
    """Build the report of unmapped labels as of today: a row for each ATS with its most frequent labels.

    A label of fewer than five applications is hidden, as it may be personal data.
    """
    found: list[tuple[str, str, int]] = []
    hidden = cut = 0
    for ats_id in [query.ats] if query.ats else reader.ats_ids():
        labels = reader.unmapped_labels(ats_id)
        shown = [(ats_id, label, amount) for label, amount in sorted(labels.items()) if amount >= MINIMUM]
        hidden += len(labels) - len(shown)
        cut += max(0, len(shown) - LABELS_LIMIT)
        found += sorted(shown, key=_amount, reverse=True)[:LABELS_LIMIT]
    listed = sorted(found, key=_amount, reverse=True)[:ALL_LABELS_LIMIT]
    rows: dict[str, list[Number]] = {ats_id: [] for ats_id, *_ in found}
    for ats_id, label, amount in listed:
        rows[ats_id].append(Number(f"unmapped_label:{label}", "applications", amount, amount))
    return QualityReport(
        [Row({"Ats": ats_id}, today, today, numbers) for ats_id, numbers in rows.items() if numbers],
        hidden,
        cut + len(found) - len(listed),
    )


def _amount(label: tuple[str, str, int]) -> int:
    return label[2]
