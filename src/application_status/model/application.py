"""An application, its transitions, and what a report does to it: the service's semantics in one place."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from application_status.errors import HistoryFull
from application_status.model.identifiers import ApplicationId, AtsId
from application_status.model.instant import from_text, to_text
from application_status.model.status import Status

HISTORY_LIMIT = 256
"""The most transitions an application keeps; real ones have fewer than 30."""

_TICK = timedelta(milliseconds=1)


class Receipt(StrEnum):
    """What became of a report: it took the head, it was known, or it joined the history behind the head."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An application's entry into a status. `timed`: the sender said when; else the time of receipt counts."""

    status: Status
    effective_at: datetime
    received_at: datetime
    timed: bool
    raw_status: str | None = None

    @property
    def key(self) -> str:
        """Identity and order in one: effective time, then status, then label, so that text order picks the head."""
        label = f"#{_digest(self.raw_status, length=8)}" if self.raw_status else ""
        return f"{to_text(self.effective_at)}#{self.status.rank}{label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One status report, checked. `effective_at` is None when the sender gave no time."""

    application_id: ApplicationId
    ats_id: AtsId
    status: Status
    received_at: datetime
    raw_status: str | None = None
    effective_at: datetime | None = None
    idempotency_key: str | None = None

    @property
    def resend_key(self) -> str | None:
        """What a resend without an effective time is known by; a report with one is known by its transition's key."""
        if self.idempotency_key is None or self.effective_at is not None:
            return None
        return _digest(f"{self.status}\n{self.idempotency_key}\n{self.raw_status or ''}", length=16)

    def transition(self, *, after: str | None = None) -> Transition:
        """Return the transition to write; without an effective time it lies after the head key given."""
        effective = self.effective_at or self.received_at
        if after is not None:
            effective = max(effective, _time_of(after) + _TICK)
        return Transition(
            status=self.status,
            effective_at=effective,
            received_at=self.received_at,
            timed=self.effective_at is not None,
            raw_status=self.raw_status,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the board's Apply system knows of an application; ids are pseudonymous."""

    ats_id: AtsId
    client_id: str
    job_id: str
    jobseeker_id: str
    job_title: str
    company: str
    applied_at: datetime
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application as stored; `head` is the key of the newest transition, None while only registered."""

    application_id: ApplicationId
    ats_id: AtsId
    status: Status
    version: int
    raw_status: str | None = None
    head: str | None = None
    transitions: Mapping[str, Transition] = field(default_factory=dict)
    resend_keys: frozenset[str] = frozenset()
    registration: Registration | None = None

    def receive(self, report: Report) -> tuple[Receipt, Transition]:
        """Decide what a report does here; HistoryFull when a further transition can't be kept."""
        transition = report.transition()
        if self._knows(report, transition):
            return Receipt.UNCHANGED, transition
        if len(self.transitions) >= HISTORY_LIMIT:
            raise HistoryFull(HISTORY_LIMIT)
        if self.head is None or transition.key > self.head:
            return Receipt.RECORDED, transition
        if transition.timed:
            return Receipt.LATE, transition
        return Receipt.RECORDED, report.transition(after=self.head)

    def _knows(self, report: Report, transition: Transition) -> bool:
        if transition.timed:
            return transition.key in self.transitions
        if report.resend_key in self.resend_keys:
            return True
        return report.status is self.status and report.raw_status in (None, self.raw_status)

    def in_order(self) -> tuple[Transition, ...]:
        """Return the transitions, oldest first."""
        return tuple(self.transitions[key] for key in sorted(self.transitions))


def _digest(text: str, *, length: int) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest())[:length].decode()


def _time_of(key: str) -> datetime:
    return from_text(key.partition("#")[0])
