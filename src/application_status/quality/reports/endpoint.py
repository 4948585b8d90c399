"""The endpoints of the quality reports: read the query, build the report from the counters, reply in JSON or CSV."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Literal, TypedDict
from zoneinfo import ZoneInfo

from application_status.access.names import AtsNames
from application_status.platform.dynamodb.client import Cache, DynamoDB, side_by_side
from application_status.platform.errors import FieldError, InvalidFields, Unavailable
from application_status.platform.http.endpoint import Reply, Request, reply
from application_status.platform.telemetry import logger
from application_status.quality.counters.generations import generations
from application_status.quality.counters.items import ALL_ATSS
from application_status.quality.counters.read import MemberName, MergedMeanwhile, QualityReader
from application_status.quality.reports.benchmark import benchmark_report
from application_status.quality.reports.definitions import DEFINITIONS
from application_status.quality.reports.formats import CSV, as_csv_page, as_json, media_type, sendable
from application_status.quality.reports.query import Caller, QualityQuery, quality_query
from application_status.quality.reports.report import (
    SORTED_MEMBERS,
    QualityReport,
    Subject,
    company,
    names_of_atss,
    report,
    sorted_page,
    subject,
    unmapped_report,
    with_name,
)

type HealthReport = Callable[[QualityQuery, datetime], QualityReport]
"""Builds the report of `kind=health`, about the requests of ATSs, as of a moment."""

type Benchmarks = Cache[tuple[date, date | None, date | None], QualityReport]
"""Benchmarks by the day on which they were built, and the first and last day of their period."""

_ATTEMPTS = 3
_BENCHMARK_SECONDS = 60 * 60


@dataclass(frozen=True, slots=True)
class ReportSource:
    """The source of all reports: the Quality table, the time zone of its days, the health report, and ATSs' names.

    `benchmarks` keeps those of the last hour by their day and period.
    """

    dynamodb: DynamoDB
    table: str
    zone: ZoneInfo
    health: HealthReport
    ats_names: AtsNames
    benchmarks: Benchmarks = field(default_factory=lambda: Cache(_BENCHMARK_SECONDS))

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
                return build(ReportBuilder(reader, self.health, now, self.ats_names.all(), self.benchmarks))
        raise Unavailable("merges wrote rows during each attempt to read them")

    def company(self, client_id: str) -> str:
        """Return the newest name of a client; empty if no counted application has one.

        Raises:
            Unavailable: merges wrote rows during each attempt.
        """
        return self.built(self.now(), lambda builder: company(client_id, builder.reader)).get("Company", "")


@dataclass(frozen=True, slots=True)
class ReportBuilder:
    """A builder of the reports of one request, which reads each row once; `now` is in the reporting time zone."""

    reader: QualityReader
    health: HealthReport
    now: datetime
    ats_names: Mapping[str, str]
    benchmarks: Benchmarks

    def report(self, query: QualityQuery) -> QualityReport:
        """Build the report of a query, of any size."""
        found = self._without_names(query)
        rows = [replace(row, of=with_name(row.of, self.ats_names)) for row in found.rows]
        of = Subject() if query.kind == "benchmark" else with_name(subject(query, self.reader), self.ats_names)
        return sorted_page(query, replace(found, rows=rows, of=of))

    def _without_names(self, query: QualityQuery) -> QualityReport:
        today = self.now.date()
        match query.kind:
            case "health":
                return self.health(query, self.now)
            case "unmapped":
                return unmapped_report(query, self.reader, today)
            case "benchmark":
                return self._benchmark(query, today)
            case _:
                return report(query, self.reader, today, self.ats_names)

    def _benchmark(self, query: QualityQuery, today: date) -> QualityReport:
        of = (today, query.first, query.last)
        found = self.benchmarks.get(of)
        if found is None:
            start = self.benchmarks.clock()
            found = benchmark_report(query, self.reader, today)
            self.benchmarks.keep(of, found, read_at=start)
        return found

    def names(
        self, kind: Literal["ats", "client", "job"], text: str, of: QualityQuery, limit: int = 50
    ) -> Sequence[MemberName]:
        """Return the members whose names begin with a text, or whose id it is, sorted by name; at most `limit`.

        They are all ATSs, the clients of the query's ATS or of all, or the jobs of the query's client.
        """
        match kind:
            case "ats":
                return names_of_atss(self.reader.ats_ids(), self.ats_names, text)[:limit]
            case "client":
                return self.reader.names_of_clients(of.ats or ALL_ATSS, text, limit)
            case "job":
                return self.reader.names_of_jobs(of.client or "", text, limit)

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
    if found.unsorted:
        most = f"the list has more than {SORTED_MEMBERS[query.by]} members, so it can't be sorted"
        raise InvalidFields((FieldError("/sort", most, "no sort, or a search"),))
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
