"""What a sender reports: a transition, the report that carries it, and what a report is recognised by."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from application_status.model.identifiers import ApplicationId, AtsId
from application_status.model.instant import from_text, to_text
from application_status.model.status import Outcome, Status

SIGNAL_PLACE_LENGTH = 4
_TICK = timedelta(milliseconds=1)


class Success(StrEnum):
    """What a signal's `success` says; a signal without it says nothing (None)."""

    PLACED = "true"
    NOT_PLACED = "false"
    NOT_FINAL = "null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a sender said, as we read it: a status, None where nobody knows the label.

    `raw_status` and `raw_phase` are the sender's own labels. `outcome` and `mapping` (rule@version) are the
    vocabulary's; without them the status speaks for itself.
    """

    status: Status | None
    raw_status: str | None = None
    raw_phase: str | None = None
    outcome: Outcome | None = None
    mapping: str | None = None
    success: Success | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An application's entry into a status.

    `place` decides between transitions of the same moment: the status's rank, or a signal's own index, as a signal's
    status is our reading, which may change. `timed`: the sender said when; else the time of receipt counts.
    `afterwards`: told by a later report as what came before it.
    """

    reading: Reading
    effective_at: datetime
    received_at: datetime
    place: str
    timed: bool = True
    afterwards: bool = False

    @property
    def status(self) -> Status | None:
        """The status entered, None where nobody knows the sender's label."""
        return self.reading.status

    @property
    def raw_status(self) -> str | None:
        """The sender's own label."""
        return self.reading.raw_status

    @property
    def signal_index(self) -> int | None:
        """The signal's place in its sender's process, from 1; None for what is no signal."""
        index = self.place[:SIGNAL_PLACE_LENGTH]
        return int(index) if len(index) == SIGNAL_PLACE_LENGTH else None

    @property
    def key(self) -> str:
        """Identity and order in one, so that text order picks the head: effective time, place, label."""
        label = f"#{digest(self.raw_status, length=8)}" if self.raw_status else ""
        return f"{to_text(self.effective_at)}#{self.place}{label}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report about one application, checked. `effective_at` is None where the sender gave no time.

    `place` and `afterwards` as in Transition. `previous` is what the sender says came before.
    """

    application_id: ApplicationId
    ats_id: AtsId
    reading: Reading
    received_at: datetime
    place: str
    effective_at: datetime | None = None
    idempotency_key: str | None = None
    previous: Transition | None = None
    afterwards: bool = False

    @property
    def resend_key(self) -> str | None:
        """What a resend without an effective time is known by; a report with one is known by its transition's key."""
        if self.idempotency_key is None or self.effective_at is not None:
            return None
        reading = self.reading
        return digest(f"{reading.status}\n{self.idempotency_key}\n{reading.raw_status or ''}", length=16)

    def transition(self, *, after: str | None = None) -> Transition:
        """Return the transition to write; without an effective time it lies after the head key given."""
        effective = self.effective_at or self.received_at
        if after is not None:
            effective = max(effective, effective_time(after) + _TICK)
        return Transition(
            reading=self.reading,
            effective_at=effective,
            received_at=self.received_at,
            place=self.place,
            timed=self.effective_at is not None,
            afterwards=self.afterwards,
        )


def effective_time(key: str) -> datetime:
    """Return the effective time of a transition's key."""
    return from_text(key.partition("#")[0])


def digest(text: str, *, length: int) -> str:
    """Return so many characters of a text's SHA-256 in URL-safe base 64."""
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest())[:length].decode()
