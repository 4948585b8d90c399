"""The endpoints of the quality reports: read the query, build the report from the counters, reply in JSON or CSV."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TypedDict
from zoneinfo import ZoneInfo

from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.http.endpoint import Reply, Request, reply
from application_status.platform.telemetry import logger
from application_status.quality.counters.generations import generations
from application_status.quality.counters.read import QualityReader
from application_status.quality.reports.formats import CSV, as_csv, as_json, media_type, sendable
from application_status.quality.reports.query import Caller, QualityQuery, quality_query
from application_status.quality.reports.report import QualityReport, report, unmapped_report
from application_status.quality.rules.contribution import Counts
from application_status.quality.rules.definitions import DEFINITIONS

type HealthReport = Callable[[QualityQuery, datetime], QualityReport]
"""Builds the report of `kind=health`, about the requests of ATSs, as of a moment."""


@dataclass(frozen=True, slots=True)
class ReportSource:
    """The source of all reports: the Quality table, the time zone of its days, and the health report."""

    dynamodb: DynamoDB
    table: str
    zone: ZoneInfo
    health: HealthReport

    def now(self) -> datetime:
        """Return the current time in the reporting time zone."""
        return datetime.now(self.zone)

    def as_of(self, now: datetime) -> "ReportBuilder":
        """Return a builder for the reports of one request, from the live generation of the counters."""
        generation = generations(self.dynamodb, self.table).live
        return ReportBuilder(_ReadOnce(self.dynamodb, self.table, generation), self.health, now)


@dataclass(frozen=True, slots=True)
class ReportBuilder:
    """A builder of the reports of one request, which reads each counter once; `now` is in the reporting time zone."""

    reader: QualityReader
    health: HealthReport
    now: datetime

    def report(self, query: QualityQuery) -> QualityReport:
        """Build the report of a query, of any size."""
        match query.kind:
            case "health":
                return self.health(query, self.now)
            case "unmapped":
                return unmapped_report(query, self.reader, self.now.date())
            case _:
                return report(query, self.reader, self.now.date())


class _ReadOnce(QualityReader):
    """A reader that reads the same counters once, as the reports of a page are built from them."""

    def __init__(self, dynamodb: DynamoDB, table: str, generation: int) -> None:
        super().__init__(dynamodb, table, generation)
        self._shards = cache(super().shards)
        self._of_ats = cache(super().of_ats)
        self._of_client = cache(super().of_client)

    def shards(self) -> dict[str, int]:
        return self._shards()

    def of_ats(self, ats_id: str) -> Counts:
        return self._of_ats(ats_id)

    def of_client(self, client_id: str) -> dict[str, Counts]:
        return self._of_client(client_id)


def quality(request: Request, caller: Caller, reports: ReportSource) -> Reply:
    """Reply with a quality report.

    Raises:
        InvalidFields: a parameter is wrong, or the report would be too large.
        Forbidden: the query is not about the caller.
        NotAcceptable: `Accept` allows neither JSON nor CSV.
    """
    now = reports.now()
    query = quality_query(request, caller, now.date())
    kind = media_type(request)
    found = reports.as_of(now).report(query)
    logger.info("reported", kind=query.kind, rows=len(found.rows))
    parameter, expected = query.narrower
    if kind == CSV:
        return sendable(found, as_csv, parameter, expected)
    return sendable(found, lambda report: as_json(query, report, now, request.request_id), parameter, expected)


class DefinitionReply(TypedDict):
    """What a family of measures means."""

    Definition: str
    Population: str
    Censoring: str


def definitions() -> Reply:
    """Reply with the definitions of all numbers."""
    meanings: dict[str, DefinitionReply] = {
        name: {"Definition": each.definition, "Population": each.population, "Censoring": each.censoring}
        for name, each in DEFINITIONS.items()
    }
    return reply(200, meanings, **{"Cache-Control": "max-age=3600"})
