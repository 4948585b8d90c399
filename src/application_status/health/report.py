"""Builds the report of integration health: the results of each ATS's requests, and the time since the last one."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial

from application_status.health.counts import Health
from application_status.health.rules import PATTERN, HealthDay, is_accepted, is_silent
from application_status.platform.dynamodb.client import side_by_side
from application_status.platform.values import AtsId
from application_status.quality.reports.query import QualityQuery
from application_status.quality.reports.report import QualityReport, Row, days_of, too_many
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import Number
from application_status.quality.rules.periods import Interval

DAYS_LIMIT, DAYS_LIMIT_OF_ALL = 400, 100
"""The most days of a report about one ATS, and about all ATSs."""


def health_report(query: QualityQuery, health: Health, now: datetime) -> QualityReport:
    """Return a row for each ATS and period with requests, those of silent ATSs first.

    Without periods, each ATS that ever sent a request has a row.
    """
    limit = DAYS_LIMIT if query.ats else DAYS_LIMIT_OF_ALL
    if days_of(query) > limit:
        return QualityReport([], too_long=limit)
    first, last = query.first or date.min, query.last or date.max
    ats_ids = [AtsId(query.ats)] if query.ats else health.ats_ids()
    found = side_by_side([partial(_days, health, ats_id, first, last, now.date()) for ats_id in ats_ids])
    silent = {ats_id for ats_id, (_, latest) in zip(ats_ids, found, strict=True) if is_silent(latest, now)}
    rows = [
        Row({"Ats": ats_id}, begin, end, [*_results(days), *_state(latest, now, is_silent=ats_id in silent)])
        for ats_id, (of_ats, latest) in zip(ats_ids, found, strict=True)
        if latest
        for begin, end, days in _periods(query, of_ats)
    ]
    if too_many(query, len(rows)):
        return QualityReport([], too_many=len(rows))
    return QualityReport(sorted(rows, key=lambda row: (row.of["Ats"] not in silent, row.of["Ats"])))


def _days(
    health: Health, ats_id: AtsId, first: date, last: date, today: date
) -> tuple[Sequence[HealthDay], Sequence[HealthDay]]:
    """Return an ATS's days with requests in a period, and those of the four weeks up to its last request."""
    days = health.read(ats_id, first, last)
    if days and last >= today and days[-1].day - first >= PATTERN:
        return days, [day for day in days if days[-1].day - day.day < PATTERN]
    return days, health.latest(ats_id)


def _periods(
    query: QualityQuery, days: Sequence[HealthDay]
) -> Iterator[tuple[date | None, date | None, Sequence[HealthDay]]]:
    """Yield the first and last day with requests of each period, and its days; without requests, one of all days."""
    found: dict[date, list[HealthDay]] = defaultdict(list)
    for day in days:
        found[query.interval.start(day.day)].append(day)
    for of_period in found.values():
        yield of_period[0].day, of_period[-1].day, of_period
    if not found and query.interval is Interval.ALL:
        yield None, None, []


def _results(days: Sequence[HealthDay]) -> Iterator[Number]:
    results: Counter[str] = Counter()
    refused = 0
    for day in days:
        for (channel, result), amount in day.counts.items():
            results[f"{channel}:{result}"] += amount
            refused += 0 if is_accepted(result) else amount
    total = results.total()
    yield Number("requests", "requests", total, total)
    yield Number("refused", "requests", refused, total)
    yield Number("refused", "share", round(refused / total, 4) if total >= MINIMUM else None, total)
    for name, amount in sorted(results.items()):
        yield Number(f"answered_with:{name}", "requests", amount, total)


def _state(latest: Sequence[HealthDay], now: datetime, *, is_silent: bool) -> Iterator[Number]:
    """Yield how the ATS is doing now; its population are the requests of its latest days."""
    requests = sum(sum(day.counts.values()) for day in latest)
    yield Number("last_seen", "days", round((now - latest[-1].last_seen) / timedelta(days=1), 2), requests)
    yield Number("silent", "flag", int(is_silent), requests)
