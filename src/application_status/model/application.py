"""An application, and what a report does to it: the service's semantics in one place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum

from application_status.errors import HistoryFull
from application_status.model.identifiers import ApplicationId, AtsId
from application_status.model.report import Report, Transition
from application_status.model.status import Outcome, Status

HISTORY_LIMIT = 256
"""The most transitions an application keeps; real ones have fewer than 30."""

_LABELS_LIMIT = 10


class Receipt(StrEnum):
    """What became of a report: it took the head, it was known, or it joined the history only.

    It joins the history only when it is older than the head (late), or when nobody knows its label (unmapped).
    """

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    LATE = "late"
    UNMAPPED = "unmapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aliases:
    """What signals may call an application, or the job ads of its position."""

    tokens: tuple[str, ...] = ()
    candidate_application_profile_ids: tuple[str, ...] = ()
    position_profile_ids: tuple[str, ...] = ()

    @property
    def by_kind(self) -> Mapping[str, tuple[str, ...]]:
        """The aliases of each kind, by the kind's name in a registration."""
        return {
            "Token": self.tokens,
            "CandidateApplicationProfileId": self.candidate_application_profile_ids,
            "PositionProfileIds": self.position_profile_ids,
        }

    def with_all(self, others: "Aliases") -> "Aliases":
        """Return these and the others, each once and sorted, so that the order in which they came does not matter."""
        return self._combined(others, set.union)

    def without(self, others: "Aliases") -> "Aliases":
        """Return those of these that are not among the others."""
        return self._combined(others, set.difference)

    def _combined(self, others: "Aliases", combine: Callable[[set[str], set[str]], set[str]]) -> "Aliases":
        names = [each.name for each in fields(self)]
        return Aliases(
            **{name: tuple(sorted(combine(set(getattr(self, name)), set(getattr(others, name))))) for name in names}
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
    aliases: Aliases = Aliases()


@dataclass(frozen=True, slots=True)
class Position:
    """How a position of the application stands, as last heard: since when, and whether that is its end."""

    ended: bool
    since: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application as stored.

    `head` is the key of the newest transition with a known status, None while the application is only registered.
    `positions` has what was heard of its positions, by the positions' digests.
    """

    application_id: ApplicationId
    ats_id: AtsId
    status: Status
    version: int
    raw_status: str | None = None
    head: str | None = None
    transitions: Mapping[str, Transition] = field(default_factory=dict)
    resend_keys: frozenset[str] = frozenset()
    registration: Registration | None = None
    positions: Mapping[str, Position] = field(default_factory=dict)

    def receive(self, report: Report) -> tuple[Receipt, Transition]:
        """Decide what a report does here; HistoryFull when a further transition can't be kept."""
        transition = report.transition()
        if self._knows(report, transition):
            return Receipt.UNCHANGED, transition
        if len(self.transitions) >= HISTORY_LIMIT:
            raise HistoryFull(HISTORY_LIMIT)
        if transition.status is None:
            return Receipt.UNMAPPED, transition
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
        return report.reading.status is self.status and report.reading.raw_status in (None, self.raw_status)

    def in_order(self) -> tuple[Transition, ...]:
        """Return the transitions, oldest first."""
        return tuple(self.transitions[key] for key in sorted(self.transitions))

    @property
    def unmapped_labels(self) -> tuple[str, ...]:
        """The labels that nobody knows, in the order in which they took effect, each once; the first ten."""
        labels = [each.raw_status for each in self.in_order() if each.status is None and each.raw_status]
        return tuple(dict.fromkeys(labels))[:_LABELS_LIMIT]

    @property
    def outcome(self) -> tuple[Outcome, bool]:
        """How the application stands, and whether that is only inferred from its position."""
        if self.position_ended_at:
            return Outcome.POSITION_CLOSED, True
        return self._own_outcome, False

    @property
    def position_ended_at(self) -> datetime | None:
        """When its position ended, where only that tells why an application ended that is open by its own reports.

        The end must be newer than the newest report with a known status, or than the application itself.
        """
        if self._own_outcome is not Outcome.OPEN:
            return None
        last = self.registration.applied_at if self.registration else None
        if self.head:
            last = self.transitions[self.head].effective_at
        ends = [position.since for position in self.positions.values() if position.ended]
        return min((end for end in ends if last is None or end > last), default=None)

    @property
    def _own_outcome(self) -> Outcome:
        head = self.transitions[self.head] if self.head else None
        return (head.reading.outcome if head else None) or Outcome.of(self.status)
