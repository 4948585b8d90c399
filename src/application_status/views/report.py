"""A quality report: read from the counters, small cells hidden, each number with its population."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from application_status.errors import FieldError, InvalidFields
from application_status.model.disclosure import MINIMUM, applied, merged, moved, shown, totals
from application_status.model.periods import Period, periods
from application_status.model.quality import Counts
from application_status.model.quality_report import Number, activity, cohort, silence
from application_status.store.quality_reader import QualityReader
from application_status.views.query import QualityQuery

_ROWS_LIMIT = 400  # a reply may have 6 MB

_KINDS = {"cohort": cohort, "activity": activity, "silence": silence}
_SIZES = {"cohort": applied, "activity": moved}


@dataclass(frozen=True, slots=True)
class Row:
    """The numbers about an ATS, a client, a job, or all (None), of a period."""

    of: Mapping[str, str]
    first: date
    last: date
    numbers: Sequence[Number]


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of a report, and how many ATSs or jobs have none since they have too few applications."""

    rows: Sequence[Row]
    hidden: int


def report(query: QualityQuery, reader: QualityReader, today: date) -> Report:
    """Answer a question; InvalidFields where the answer would be too long."""
    groups, hidden = _groups(query, reader)
    rows = [
        Row(of, period.first, period.last, list(_KINDS[query.kind](period.counts, today)))
        for of, parts in groups
        for period in _periods(query, parts, today)
    ]
    return report_of(rows, hidden)


def report_of(rows: Sequence[Row], hidden: int = 0) -> Report:
    """Return the report of these rows; InvalidFields where they are too many."""
    if len(rows) > _ROWS_LIMIT:
        wrong = FieldError("/interval", f"the report would have {len(rows)} rows", f"at most {_ROWS_LIMIT} rows")
        raise InvalidFields((wrong,))
    return Report(rows, hidden)


def _periods(query: QualityQuery, parts: Sequence[Counts], today: date) -> Sequence[Period]:
    """Cut the counters into periods; what is silent today has none."""
    if query.kind == "silence":
        everything = merged(parts)
        days = [date.fromisoformat(day) for day, _ in everything]
        return [Period(min(days), today, everything)] if days else []
    return periods(parts, _SIZES[query.kind], query.interval, query.first or date.min, query.last or date.max)


def _groups(
    query: QualityQuery, reader: QualityReader
) -> tuple[Sequence[tuple[Mapping[str, str], Sequence[Counts]]], int]:
    """Return whom the rows are about, each with its counters, and how many have too few applications."""
    if query.client:
        jobs = reader.of_client(query.client)
        if not query.of_jobs:
            return [({"Client": query.client}, _large_enough([merged(jobs.values())]))], 0
        visible = shown({job: _applications(counts) for job, counts in jobs.items()})
        wanted = [job for job in sorted(jobs) if query.job in (None, job)]
        found = [({"Client": query.client, "Job": job}, [jobs[job]]) for job in wanted if job in visible]
        return found, len(wanted) - len(found)
    wanted = [query.ats] if query.ats else reader.ats_ids()
    counts = {ats_id: reader.of_ats(ats_id) for ats_id in wanted}
    large = {ats_id: each for ats_id, each in counts.items() if _applications(each) >= MINIMUM}
    hidden = len(counts) - len(large)
    if query.ats or query.by == "ats":
        return [({"Ats": ats_id}, [each]) for ats_id, each in large.items()], hidden
    return [({}, list(large.values()))], hidden


def _large_enough(parts: Sequence[Counts]) -> Sequence[Counts]:
    return [each for each in parts if _applications(each) >= MINIMUM]


def _applications(counts: Counts) -> int:
    return applied(totals(counts))
