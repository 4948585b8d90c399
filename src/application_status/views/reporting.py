"""The reports that a request asks for, all as of one moment; what they are made of is read once."""

from dataclasses import dataclass
from datetime import datetime

from application_status.model.quality import Counts
from application_status.settings import ViewsSettings
from application_status.store.dynamodb import DynamoDB
from application_status.store.generations import generations
from application_status.store.health import Health
from application_status.store.quality_reader import QualityReader
from application_status.views.health import health_report
from application_status.views.query import QualityQuery
from application_status.views.report import Report, report
from application_status.views.unmapped import unmapped_report


@dataclass(frozen=True, slots=True)
class Reporting:
    """Makes the reports of one request; `now` is in the reporting time zone."""

    reader: QualityReader
    health: Health
    now: datetime

    @classmethod
    def as_of(cls, now: datetime, dynamodb: DynamoDB, settings: ViewsSettings) -> "Reporting":
        """Report from the counters that are live."""
        generation = generations(dynamodb, settings.quality_table).live
        return cls(
            reader=_ReadOnce(dynamodb, settings.quality_table, generation),
            health=Health(dynamodb, settings.quality_table),
            now=now,
        )

    def report(self, query: QualityQuery) -> Report:
        """Answer a question, however long the answer is."""
        match query.kind:
            case "health":
                return health_report(query, self.health, self.now)
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
