"""Builds the report of integration health: the results of each ATS's requests, and the time since the last one."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from application_status.health.counts import Health
from application_status.health.rules import HealthDay
from application_status.platform.dynamodb.client import side_by_side
from application_status.platform.values import AtsId
from application_status.quality.reports.query import QualityQuery
from application_status.quality.reports.report import QualityReport, Row, days_of, too_many
from application_status.quality.rules.numbers import Number

DAYS_LIMIT, DAYS_LIMIT_OF_ALL = 400, 100
"""The most days of a report about one ATS, and about all ATSs."""


def health_report(query: QualityQuery, health: Health, now: datetime) -> QualityReport:
    """Return a row for each ATS and period with requests."""
    limit = DAYS_LIMIT if query.ats else DAYS_LIMIT_OF_ALL
    if days_of(query) > limit:
        return QualityReport([], too_long=limit)
    ats_ids = [AtsId(query.ats)] if query.ats else health.ats_ids()
    first, last = query.first or date.min, query.last or date.max
    found: dict[tuple[str, date], list[HealthDay]] = defaultdict(list)
    for days in side_by_side([partial(health.read, ats_id, first, last) for ats_id in ats_ids]):
        for day in days:
            found[day.ats_id, query.interval.start(day.day)].append(day)
    if too_many(query, len(found)):
        return QualityReport([], too_many=len(found))
    return QualityReport(
        [
            Row({"Ats": ats_id}, days[0].day, days[-1].day, list(_numbers(days, now)))
            for (ats_id, _), days in found.items()
        ]
    )


def _numbers(days: Sequence[HealthDay], now: datetime) -> Iterator[Number]:
    results: Counter[str] = Counter()
    for day in days:
        results.update({f"{channel}:{result}": amount for (channel, result), amount in day.counts.items()})
    total = results.total()
    yield Number("requests", "requests", total, total)
    for name, amount in sorted(results.items()):
        yield Number(f"answered_with:{name}", "requests", amount, total)
    since_last = now - max(day.last_seen for day in days)
    yield Number("last_seen", "days", round(since_last / timedelta(days=1), 2), total)
