"""The facts of an application: flat, pseudonymous records for SQL queries that the counters do not answer.

A fact is identified by its application, kind and subject. It may be delivered several times: the one with the highest
version is current.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from application_status.applications.rules.application import Application, is_too_early
from application_status.applications.rules.report import Transition, day_of, digest
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.values import ApplicationId
from application_status.quality.rules.contribution import applied_on, entered_at

COLUMNS = {
    "fact_id": "string",
    "application": "string",
    "version": "bigint",
    "kind": "string",
    "subject": "string",
    "ats": "string",
    "client": "string",
    "job": "string",
    "applied_day": "string",
    "status": "string",
    "stage_rank": "bigint",
    "outcome": "string",
    "mapping": "string",
    "raw_label": "string",
    "effective_ms": "bigint",
    "effective_day": "string",
    "received_ms": "bigint",
    "has_business_date": "boolean",
    "day_only": "boolean",
    "entered_ms": "bigint",
    "entered_day": "string",
}
"""The columns of the facts and their Hive types; docs/facts.md explains them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGEST_LENGTH = 22  # 132 bits


class FactKind(StrEnum):
    """The kind of a fact: the registration of an application, one of its transitions or positions, or its erasure."""

    APPLIED = "applied"
    TRANSITION = "transition"
    POSITION = "position"
    ERASED = "erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A fact without its id; facts that differ only in their version are equal."""

    application: str
    version: int = field(compare=False)
    kind: FactKind
    subject: str = ""
    ats: str | None = None
    client: str | None = None
    job: str | None = None
    applied_day: str | None = None
    status: Status | None = None
    stage_rank: int | None = None
    outcome: Outcome | None = None
    mapping: str | None = None
    raw_label: str | None = None
    effective_ms: int | None = None
    effective_day: str | None = None
    received_ms: int | None = None
    has_business_date: bool | None = None
    day_only: bool | None = None
    entered_ms: int | None = None
    entered_day: str | None = None

    def to_json(self) -> str:
        """Return the fact as JSON, without unknown values; its id is a digest of the content."""
        content = {name: value for name, value in asdict(self).items() if value is not None}
        fact_id = digest(json.dumps(content), length=_DIGEST_LENGTH)
        return json.dumps({"fact_id": fact_id, **content}, separators=(",", ":"))


def facts(application: Application, zone: ZoneInfo) -> Iterator[Fact]:
    """Yield the facts of an application in its current version; days are cut in the given time zone."""
    registration = application.registration
    common = Fact(
        application=pseudonym(application.application_id),
        version=application.version,
        kind=FactKind.APPLIED,
        ats=application.ats_id,
        client=registration.client_id if registration else None,
        job=registration.job_id if registration else None,
        applied_day=applied_on(application, zone).isoformat(),
    )
    if registration:
        status = Status.APPLIED
        applied = replace(common, status=status, stage_rank=status.rank, outcome=Outcome.of(status))
        applied = _at(applied, registration.applied_at, registration.applied_at.astimezone(zone).date())
        yield replace(applied, entered_ms=applied.effective_ms, entered_day=applied.effective_day)
    for key, transition in application.transitions.items():
        fact = _of_transition(replace(common, subject=key), transition)
        fact = _at(fact, transition.effective_at, transition.day(zone))
        if transition.status and not is_too_early(transition, registration):
            moment, day = entered_at(transition, application, zone)
            fact = replace(fact, entered_ms=_milliseconds(moment), entered_day=day.isoformat())
        yield fact
    for position_digest, position in application.positions.items():
        outcome = Outcome.POSITION_CLOSED if position.ended else Outcome.OPEN
        day_only = position.day_offset is not None
        fact = replace(common, kind=FactKind.POSITION, subject=position_digest, outcome=outcome, day_only=day_only)
        yield _at(fact, position.since, day_of(position.since, position.day_offset, zone))


def erased(application_id: ApplicationId, version: int) -> Fact:
    """Return the fact that an application was erased, with the version after its last."""
    return Fact(application=pseudonym(application_id), version=version, kind=FactKind.ERASED)


def pseudonym(application_id: ApplicationId) -> str:
    """Return the pseudonym of an application: a digest of its id."""
    return digest(application_id, length=_DIGEST_LENGTH)


def _of_transition(common: Fact, transition: Transition) -> Fact:
    status, interpretation = transition.status, transition.interpretation
    return replace(
        common,
        kind=FactKind.TRANSITION,
        status=status,
        stage_rank=status.rank if status and status.is_stage else None,
        outcome=interpretation.outcome or (Outcome.of(status) if status else None),
        mapping=interpretation.mapping,
        raw_label=None if status or transition.from_previous else interpretation.raw_status,
        received_ms=_milliseconds(transition.received_at),
        has_business_date=transition.has_business_date,
        day_only=transition.day_offset is not None,
    )


def _at(fact: Fact, moment: datetime, day: date) -> Fact:
    return replace(fact, effective_ms=_milliseconds(moment), effective_day=day.isoformat())


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)
