"""Answers questions about applicant quality: from the request to the counters, and back as JSON or CSV."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
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
"""Makes the report about the ATSs' requests, as of a moment."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Where the reports come from: the Quality table, and the report about requests. Days are cut in the time zone."""

    dynamodb: DynamoDB
    table: str
    zone: ZoneInfo
    health: HealthReport

    def now(self) -> datetime:
        """Return the present moment in the reporting time zone."""
        return datetime.now(self.zone)

    def as_of(self, now: datetime) -> "Reporting":
        """Return the reports of one request, made from the counters that are live."""
        generation = generations(self.dynamodb, self.table).live
        return Reporting(_ReadOnce(self.dynamodb, self.table, generation), self.health, now)


@dataclass(frozen=True, slots=True)
class Reporting:
    """Makes the reports of one request; `now` is in the reporting time zone."""

    reader: QualityReader
    health: HealthReport
    now: datetime

    def report(self, query: QualityQuery) -> QualityReport:
        """Answer a question, however long the answer is."""
        match query.kind:
            case "health":
                return self.health(query, self.now)
            case "unmapped":
                return unmapped_report(query, self.reader, self.now.date())
            case _:
                return report(query, self.reader, self.now.date())


class _ReadOnce(QualityReader):
    """Keeps what it has read: the reports of a page are all made of the same counters."""

    def __init__(self, dynamodb: DynamoDB, table: str, generation: int) -> None:
        super().__init__(dynamodb, table, generation)
        self._shards: dict[str, int] | None = None
        self._of_ats: dict[str, Counts] = {}
        self._of_client: dict[str, dict[str, Counts]] = {}

    def shards(self) -> dict[str, int]:
        if self._shards is None:
            self._shards = super().shards()
        return self._shards

    def of_ats(self, ats_id: str) -> Counts:
        if ats_id not in self._of_ats:
            self._of_ats[ats_id] = super().of_ats(ats_id)
        return self._of_ats[ats_id]

    def of_client(self, client_id: str) -> dict[str, Counts]:
        if client_id not in self._of_client:
            self._of_client[client_id] = super().of_client(client_id)
        return self._of_client[client_id]


def quality(request: Request, asking: Caller, reports: Reports) -> Reply:
    """Answer a question for a quality report.

    Raises InvalidFields, also where the reply would be too large, Forbidden, or NotAcceptable where it is wanted in
    neither JSON nor CSV.
    """
    now = reports.now()
    query = quality_query(request, asking, now.date())
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
    """Return what each number of the reports means."""
    meanings: dict[str, DefinitionReply] = {
        name: {"Definition": each.definition, "Population": each.population, "Censoring": each.censoring}
        for name, each in DEFINITIONS.items()
    }
    return reply(200, meanings, **{"Cache-Control": "max-age=3600"})
