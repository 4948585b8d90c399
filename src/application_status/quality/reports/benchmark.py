"""Builds the benchmark: the results of all ATSs together, to compare one ATS, client or job with.

Callers may learn nothing from it about another ATS or client. So it has shares in whole percent and times in half days
alone, without any amount, and only if there are enough ATSs, none of which has most of the applications. Each number is
about such a group, too. It exists for the presets of periods alone, because periods of any length could be subtracted
from one another.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from application_status.quality.counters.read import QualityReader
from application_status.quality.reports.query import QualityQuery
from application_status.quality.reports.report import QualityReport, Row, Subject, periods_of_large_atss
from application_status.quality.rules.disclosure import applications_in_cohort
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import Number, cohort
from application_status.quality.rules.totals import by_measure, merged

LEAST_APPLICATIONS = 100
"""The least number of applications behind each number of a benchmark."""

_LEAST_ATSS = 5
_LARGEST_SHARE = 0.5


def benchmark_report(query: QualityQuery, reader: QualityReader, today: date) -> QualityReport:
    """Return the shares and times of all ATSs together in one row; no row if they may not be disclosed."""
    of_all = query.model_copy(update={"kind": "cohort", "ats": None, "client": None, "by": "ats"})
    counts = [period.counts for _, period in periods_of_large_atss(of_all, reader, today)]
    if not _is_disclosed([applications_in_cohort(by_measure(each)) for each in counts]):
        return QualityReport([])
    of_each = zip(*(cohort(each, today) for each in counts), strict=True)
    numbers = [
        _rounded(number, [each.population for each in of_atss])
        for number, of_atss in zip(cohort(merged(counts), today), of_each, strict=True)
        if number.unit in {"share", "days"}
    ]
    return QualityReport([Row(Subject(), query.first, query.last, numbers)])


def _is_disclosed(populations: Sequence[int]) -> bool:
    """Return whether a group of ATSs with so many applications is large enough, and no ATS stands out."""
    large = [each for each in populations if each >= MINIMUM]
    total = sum(large)
    is_large = len(large) >= _LEAST_ATSS and total >= LEAST_APPLICATIONS
    return is_large and max(large) <= _LARGEST_SHARE * total


def _rounded(number: Number, populations: Sequence[int]) -> Number:
    """Return a number without what it is about exactly; its value is None unless its own population is disclosed.

    `populations` are those of each ATS: most ATSs may not report at all what a number is about.
    """
    value = number.value if _is_disclosed(populations) else None
    if value is not None:
        value = round(value, 2) if number.unit == "share" else round(2 * value) / 2
    return replace(number, value=value, population=LEAST_APPLICATIONS)
