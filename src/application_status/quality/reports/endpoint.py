"""The endpoints of the quality reports: read the query, build the report from the counters, reply in JSON or CSV."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypedDict
from zoneinfo import ZoneInfo

from application_status.platform.dynamodb.client import DynamoDB, side_by_side
from application_status.platform.errors import Unavailable
from application_status.platform.http.endpoint import Reply, Request, reply
from application_status.platform.telemetry import logger
from application_status.quality.counters.generations import generations
from application_status.quality.counters.read import MergedMeanwhile, QualityReader
from application_status.quality.reports.definitions import DEFINITIONS
from application_status.quality.reports.formats import CSV, as_csv_page, as_json, media_type, sendable
from application_status.quality.reports.query import Caller, QualityQuery, quality_query
from application_status.quality.reports.report import QualityReport, report, unmapped_report

type HealthReport = Callable[[QualityQuery, datetime], QualityReport]
"""Builds the report of `kind=health`, about the requests of ATSs, as of a moment."""

_ATTEMPTS = 3


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

    def built[Built](self, now: datetime, build: Callable[["ReportBuilder"], Built]) -> Built:
        """Return what `build` makes from the reports of one moment, in the live generation of the counters.

        It is made again if a merge wrote rows meanwhile.

        Raises:
            Unavailable: merges wrote rows during each attempt.
        """
        for _ in range(_ATTEMPTS):
            generation = generations(self.dynamodb, self.table).live
            reader = QualityReader(self.dynamodb, self.table, generation, now.date())
            with suppress(MergedMeanwhile):
                return build(ReportBuilder(reader, self.health, now))
        raise Unavailable("merges wrote rows during each attempt to read them")


@dataclass(frozen=True, slots=True)
class ReportBuilder:
    """A builder of the reports of one request, which reads each row once; `now` is in the reporting time zone."""

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

    def reports(self, queries: Mapping[str, QualityQuery]) -> dict[str, QualityReport]:
        """Build several reports: those that read rows of their own at the same time, the others after one another."""
        apart = [name for name, query in queries.items() if query.kind == "health" or query.by == "client"]
        groups = [[name for name in queries if name not in apart], *([name] for name in apart)]
        self.reader.read_journal()
        calls = [partial(self._reports, {name: queries[name] for name in group}) for group in groups]
        return {name: found for group in side_by_side(calls) for name, found in group.items()}

    def _reports(self, queries: Mapping[str, QualityQuery]) -> dict[str, QualityReport]:
        return {name: self.report(query) for name, query in queries.items()}


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
    found = reports.built(now, lambda builder: builder.report(query))
    logger.info("reported", kind=query.kind, rows=len(found.rows))
    if kind == CSV:
        return sendable(query, found, lambda report: as_csv_page(report, request))
    return sendable(query, found, lambda report: as_json(query, report, now, request))


class DefinitionReply(TypedDict):
    """What a family of measures means."""

    Definition: str
    Population: str
    Censoring: str


def definitions() -> Reply:
    """Reply with the definitions of all numbers."""
    meanings: dict[str, DefinitionReply] = {
        name: {"Definition": each.definition, "Population": each.population, "Censoring": each.censoring or "None."}
        for name, each in DEFINITIONS.items()
    }
    return reply(200, meanings, **{"Cache-Control": "max-age=3600"})
