"""A quality report: read from the counters, small cells hidden, each number with its population.

The unmapped labels, as rows of a report: whose they are, and how many applications have them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from application_status.quality.counters.read import QualityReader
from application_status.quality.reports.query import QualityQuery
from application_status.quality.rules.contribution import Counts
from application_status.quality.rules.disclosure import applied, merged, moved, of_cohorts, shown, totals
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import Number, activity, cohort, silence
from application_status.quality.rules.periods import Interval, Period, periods

ROWS_LIMIT = 400
"""How many periods a report may have, of all whom it is about together."""

_KINDS = {"cohort": cohort, "activity": activity, "silence": silence}


class Subject(TypedDict, total=False):
    """Whom numbers are about: an ATS, a client, a job of a client, or all where none is named."""

    Ats: str
    Client: str
    Job: str


@dataclass(frozen=True, slots=True)
class Row:
    """The numbers about a subject in a period."""

    of: Subject
    first: date
    last: date
    numbers: Sequence[Number]


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The rows of a report.

    `hidden`: how many ATSs, jobs or labels are left out since they have too few applications. `cut`: how many labels
    are left out since others are more frequent. `too_many`: how many periods there would be where these are more than
    ROWS_LIMIT; then there is no row.
    """

    rows: Sequence[Row]
    hidden: int = 0
    cut: int = 0
    too_many: int = 0

    @property
    def amount(self) -> int:
        """How many numbers it has."""
        return sum(len(row.numbers) for row in self.rows)


def report(query: QualityQuery, reader: QualityReader, today: date) -> QualityReport:
    """Answer a question, however long the answer is."""
    groups, hidden = _groups(query, reader)
    found = [(of, period) for of, parts in groups for period in _periods(query, parts, today)]
    if too_many(query, len(found)):
        return QualityReport([], hidden, too_many=len(found))
    rows = [Row(of, period.first, period.last, list(_KINDS[query.kind](period.counts, today))) for of, period in found]
    return QualityReport(rows, hidden)


def too_many(query: QualityQuery, rows: int) -> bool:
    """Return whether a report over time would have too many rows; ATSs and jobs as a whole are a row each."""
    return query.interval is not Interval.ALL and rows > ROWS_LIMIT


def _periods(query: QualityQuery, parts: Sequence[Counts], today: date) -> Sequence[Period]:
    """Cut the counters of the parts of a whole into periods; what is silent today has none."""
    first, last = query.first or date.min, query.last or date.max
    if query.kind == "cohort":
        return periods([of_cohorts(each) for each in parts], applied, query.interval, first, last)
    if query.kind == "activity":
        return periods(parts, moved, query.interval, first, last)
    everything = merged(each for each in parts if totals(each).get("last_activity", 0) >= MINIMUM)
    days = [date.fromisoformat(day) for day, _ in everything]
    return [Period(min(days), today, everything)] if days else []


def _groups(query: QualityQuery, reader: QualityReader) -> tuple[Sequence[tuple[Subject, Sequence[Counts]]], int]:
    """Return whom the rows are about, each with the counters of its parts, and how many have too few applications."""
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
    """Return the same of a client; its parts are each visible job, and all hidden ones together."""
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
"""How many labels of an ATS a report lists."""

ALL_LABELS_LIMIT = 500
"""How many labels a report about several ATSs lists; so many fit into a reply, however long they are."""


def unmapped_report(query: QualityQuery, reader: QualityReader, today: date) -> QualityReport:
    """Return a row for each ATS with such labels, as of today: the most frequent ones.

    A label may be personal, so one of few applications is hidden.
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
