"""The integrations' health as rows of a report: what became of each ATS's requests, and when it was last heard."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from application_status.health.counts import Health
from application_status.health.rules import HealthDay
from application_status.platform.values import AtsId
from application_status.quality.reports.query import QualityQuery
from application_status.quality.reports.report import QualityReport, Row, too_many
from application_status.quality.rules.numbers import Number


def health_report(query: QualityQuery, health: Health, now: datetime) -> QualityReport:
    """Return a row for each ATS and period with requests."""
    found: dict[tuple[str, date], list[HealthDay]] = defaultdict(list)
    for ats_id in [query.ats] if query.ats else health.ats_ids():
        for day in health.read(AtsId(ats_id), query.first or date.min, query.last or date.max):
            found[ats_id, query.interval.start(day.day)].append(day)
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
    silent = now - max(day.last_seen for day in days)
    yield Number("last_seen", "days", round(silent / timedelta(days=1), 2), total)
