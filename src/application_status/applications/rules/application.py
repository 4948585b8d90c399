"""An application, and the rules that decide what a report changes in it.

A report is first written as the newest of its application, on conditions that DynamoDB checks (see `record.py`). If a
condition fails, `Application.receive` decides what the report changes. Each rule that is also a condition has it next
to it, as a constant.

Model: tests/promises/models/folding.pml
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple

from application_status.applications.rules.notes import NO_NOTES, Notes
from application_status.applications.rules.registration import Registration
from application_status.applications.rules.report import (
    Channel,
    Folded,
    Interpretation,
    Report,
    Success,
    TimeSource,
    Transition,
    is_after_another,
    latest,
    order_time,
    same_label,
    tiebreaker_of,
)
from application_status.applications.rules.status import ENDS, Outcome, Status
from application_status.platform.values import ApplicationId, AtsId

HISTORY_LIMIT = 256
"""The maximum number of transitions in an application's history; real ones have fewer than 30."""

RESEND_KEYS_LIMIT = 64
"""The maximum number of Idempotency-Keys stored per application, the newest ones."""

MAY_BE_TOO_EARLY = frozenset({Status.LEAD, Status.CONTACT})
"""The statuses that are ignored if they are dated before the application date."""

_LABELS_LIMIT = 10


class ReportResult(StrEnum):
    """The result of a report: it became the head, it was already known, or it was only added to the history.

    It is only added to the history if it is older than the head (late) or its label is unmapped.
    """

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    LATE = "late"
    UNMAPPED = "unmapped"


@dataclass(frozen=True, slots=True)
class Position:
    """The last reported state of a position to which the application belongs.

    Attributes:
        ended: whether the state ends the position.
        since: when the state took effect.
        day_offset: as in Transition.
        received_at: when it was reported.
        version: the version of the position's state.
    """

    ended: bool
    since: datetime
    day_offset: int | None
    received_at: datetime
    version: int


class PositionReport(NamedTuple):
    """A report of a position's state: the sender's label and `success`, and whether they end the position.

    `order` is a text that sorts the reports of a position. `day_offset` is as in Transition.
    """

    label: str
    success: Success | None
    ended: bool
    effective_at: datetime
    day_offset: int | None
    order: str


class Effect(NamedTuple):
    """What a report changes in an application.

    `added` are the transitions to write, empty if all are known. `head` is the one that becomes the head. `history` is
    the whole new history if transitions change or are removed, None if they are only added. `seen_until` is the key of
    a repeated snapshot, as if it were a transition, that is newer than everything seen before.
    """

    result: ReportResult
    added: tuple[Transition, ...] = ()
    head: Transition | None = None
    history: Mapping[str, Transition] | None = None
    seen_until: str | None = None

    @classmethod
    def of_newest(cls, report: Report) -> "Effect":
        """Return the effect of a report that is newer than everything stored of its application, as most are."""
        current = report.transition()
        added = (*earlier_states(current, report.previous), current)
        head = next((each for each in reversed(added) if each.status), None)
        return cls(ReportResult.RECORDED if current.status else ReportResult.UNMAPPED, added, head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application as stored.

    `head` is the key of the newest transition with a known status, None while the application is only registered.
    `resend_keys` are the digests of its Idempotency-Keys, the newest last. `seen_until` is the newest key of a
    snapshot that repeated the head. `positions` are the last reported states of its positions, by digest. `notes` are
    the jobseeker's.
    """

    application_id: ApplicationId
    ats_id: AtsId
    status: Status
    version: int
    raw_status: str | None = None
    head: str | None = None
    transitions: Mapping[str, Transition] = field(default_factory=dict)
    resend_keys: tuple[str, ...] = ()
    seen_until: str | None = None
    registration: Registration | None = None
    positions: Mapping[str, Position] = field(default_factory=dict)
    notes: Notes = NO_NOTES

    def receive(self, report: Report) -> Effect:
        """Return what a report changes in the application."""
        if report.order is None:
            return self._receive_newest(report)
        if report.may_precede_end and not self.has_no_end:
            return Effect(ReportResult.UNCHANGED)
        if report.is_unchanged_if_repeated and self.repeats_newest(report.interpretation):
            key = report.transition().key
            is_mapped = report.interpretation.status is not None  # an unmapped label says nothing about the status
            is_newer = is_mapped and key > max(self.head or "", self.seen_until or "")
            return Effect(ReportResult.UNCHANGED, seen_until=key if is_newer else None)
        return Effect(ReportResult.UNCHANGED) if self.has_resend_key(report) else self._receive_at_its_time(report)

    def _receive_at_its_time(self, report: Report) -> Effect:
        current = report.transition()
        if report.is_snapshot and self._repeats_earlier(current):
            return Effect(ReportResult.UNCHANGED)
        reported = [*earlier_states(current, report.previous), current]
        added = [self._keeping_folded(each) for each in reported if not self.has_recorded(each)]
        if not added:
            return Effect(ReportResult.UNCHANGED)
        head = newest(added, self.registration)
        if head and not self.is_newest(head):
            head = None
        result = ReportResult.RECORDED if head else ReportResult.LATE
        confirmed = []
        if head and self.seen_until and not self.is_newer_than_snapshots(head):
            confirmed = [self._confirmed(self.seen_until, report.channel)]
            head, result = confirmed[0], ReportResult.LATE
        if current.status is None and added[-1].key == current.key:
            result = ReportResult.UNMAPPED
        return self._effect(result, [*added, *confirmed], head, is_confirmed=bool(confirmed))

    def _receive_newest(self, report: Report) -> Effect:
        if self.repeats_newest(report.interpretation) or self.has_resend_key(report):
            return Effect(ReportResult.UNCHANGED)
        if report.may_precede_end and not self.has_no_end:
            return Effect(ReportResult.UNCHANGED)
        transition = report.transition(after=self.head)
        if transition.status is None:
            return self._effect(ReportResult.UNMAPPED, [transition], None)
        return self._effect(ReportResult.RECORDED, [transition], transition)

    CHANGES_STATUS: ClassVar = "#status <> :status"
    CHANGES_STATUS_OR_LABEL: ClassVar = (
        "(#status <> :status OR attribute_not_exists(Head) OR NOT contains(Head, :label))"
    )

    def repeats_newest(self, interpretation: Interpretation) -> bool:
        """Return whether a report has the head's status, and its label if it has one.

        A report with an unmapped label is compared with the newest transition, because it is never the head.
        """
        if interpretation.status is None:
            last = self.transitions[max(self.transitions)] if self.transitions else None
            return last is not None and last.status is None and same_label(interpretation.raw_status, last.raw_status)
        return _says(interpretation, self.status, self.raw_status)

    def _repeats_earlier(self, snapshot: Transition) -> bool:
        """Return whether a snapshot has the status at its own time, and its label if it has one.

        Its time is before the newest transition, so it may be a delivery that was unchanged when it first came.
        """
        earlier = [each for each in self.in_order() if each.key < snapshot.key and (each.status or not snapshot.status)]
        if earlier:
            return _says(snapshot.interpretation, earlier[-1].status, earlier[-1].raw_status)
        return self.registration is not None and snapshot.status is Status.APPLIED and snapshot.raw_status is None

    HAS_NO_END: ClassVar = "NOT #status IN (:hired, :rejected)"

    @property
    def has_no_end(self) -> bool:
        """Whether the application is neither hired nor rejected; else a snapshot without a time may be an old one."""
        return self.status not in ENDS

    def reopened(self, report: Report) -> Interpretation:
        """Return the interpretation of a report that says that the application is open, in an unmapped stage.

        If the application has ended, it is back in the last status before its end: it must not look ended any longer.
        """
        if self.has_no_end or (report.order and not self.is_newest(report.transition())):
            return report.interpretation
        before = [each.status for each in self.in_order() if each.status and each.status not in ENDS]
        return replace(report.interpretation, status=[Status.APPLIED, *before][-1])

    RESEND_KEY_IS_UNKNOWN: ClassVar = "NOT contains(ResendKeys, :resend)"

    def has_resend_key(self, report: Report) -> bool:
        """Return whether the report's Idempotency-Key was received before."""
        return report.resend_key in self.resend_keys

    IS_NEWEST: ClassVar = "(attribute_not_exists(Head) OR Head <= :head)"

    def is_newest(self, transition: Transition) -> bool:
        """Return whether a transition is at least as new as the head."""
        return self.head is None or self.head <= transition.key

    IS_NEWER_THAN_SNAPSHOTS: ClassVar = "(attribute_not_exists(SeenUntil) OR SeenUntil <= :order)"

    def is_newer_than_snapshots(self, transition: Transition) -> bool:
        """Return whether a transition is not older than a snapshot that repeated the head."""
        return self.seen_until is None or self.seen_until <= transition.key

    def _confirmed(self, seen_until: str, channel: Channel) -> Transition:
        """Return the transition of the snapshot that repeated the head, which needs one if another comes in between.

        So the newest transition decides the status in every order of arrival.
        """
        head = self.transitions[self.head] if self.head else None
        moment = order_time(seen_until)
        return Transition(
            channel=head.channel if head else channel,
            interpretation=head.interpretation if head else Interpretation(status=self.status),
            effective_at=moment,
            received_at=max(moment, head.received_at) if head else moment,
            tiebreaker=tiebreaker_of(seen_until) or str(self.status.rank),
            time_source=TimeSource.PROXY,
            sorted_at=moment if is_after_another(seen_until) else None,
        )

    IS_UNKNOWN: ClassVar = "attribute_not_exists(Transitions.#key)"
    EARLIER_IS_UNKNOWN: ClassVar = "attribute_not_exists(Transitions.#earlier)"
    EARLIER_IS_NOT_FROM_PREVIOUS: ClassVar = "attribute_not_exists(Transitions.#earlier.FromPrevious)"

    def has_recorded(self, transition: Transition) -> bool:
        """Return whether a transition is in the history, or in a folded part of it."""
        stored = self.transitions.get(transition.key)
        if stored:
            return transition.precedence <= stored.precedence
        is_newest = transition.status and transition.key > (self.head or "")
        if is_newest and not is_too_early(transition, self.registration):
            return False
        return self._in_folded_range(transition)

    def _in_folded_range(self, transition: Transition) -> bool:
        """Return whether the reports around a transition may have been folded."""
        earlier = [key for key in self.transitions if key < transition.key]
        return bool(earlier) and self.transitions[max(earlier)].folded is not None

    IS_NOT_FOLDED: ClassVar = "attribute_not_exists(Folded)"

    @property
    def is_folded(self) -> bool:
        """Whether some reports were removed from the history and are only counted."""
        return any(each.folded for each in self.transitions.values())

    def _keeping_folded(self, transition: Transition) -> Transition:
        """Return a transition with the folded reports of the one with the same key that it replaces.

        One that is added within a folded range has none, but the range continues after it.
        """
        stored = self.transitions.get(transition.key)
        if stored:
            return replace(transition, folded=stored.folded)
        return replace(transition, folded=Folded(0, 0)) if self._in_folded_range(transition) else transition

    HAS_ROOM: ClassVar = "size(Transitions) <= :room"

    def has_room(self, added: int) -> bool:
        """Return whether the history has room for this many more transitions."""
        return len(self.transitions) <= HISTORY_LIMIT - added

    def _effect(
        self, result: ReportResult, added: Sequence[Transition], head: Transition | None, *, is_confirmed: bool = False
    ) -> Effect:
        after = {**self.transitions, **{each.key: each for each in added}}
        replaces_none = len(after) == len(self.transitions) + len(added)
        if replaces_none and not is_confirmed and self.has_room(len(added)) and not self.is_folded:
            return Effect(result, tuple(added), head)
        history = folded(after, self.registration) if len(after) > HISTORY_LIMIT else after
        return Effect(result, tuple(added), head, history)

    def after(self, effect: Effect) -> "Application":
        """Return the application's next version, after a report."""
        if not effect.added:
            return self
        written = {each.key for each in effect.added}
        history = effect.history or {**self.transitions, **{each.key: each for each in effect.added}}
        version = self.version + 1
        history = {key: replace(each, version=version) if key in written else each for key, each in history.items()}
        return replace(self.with_head(history, self.registration), version=version)

    def with_head(self, transitions: Mapping[str, Transition], registration: Registration | None) -> "Application":
        """Return the application with another history or registration, and the resulting head and status."""
        head = newest(transitions.values(), registration)
        return replace(
            self,
            transitions=transitions,
            registration=registration,
            head=head.key if head else None,
            status=(head.status if head else None) or Status.APPLIED,
            raw_status=head.raw_status if head else None,
        )

    def in_order(self) -> tuple[Transition, ...]:
        """Return the transitions, oldest first."""
        return tuple(self.transitions[key] for key in sorted(self.transitions))

    def changes(self) -> list[tuple[Transition, ...]]:
        """Return runs of transitions with the same status and label, oldest first: each a change and its confirmations.

        A LEAD or CONTACT dated before the application date is left out.
        """
        runs: list[tuple[Transition, ...]] = []
        for each in self.in_order():
            if is_too_early(each, self.registration):
                continue
            if runs and each.repeats(runs[-1][0]):
                runs[-1] = (*runs[-1], each)
            else:
                runs.append((each,))
        return runs

    @property
    def changed_at(self) -> datetime:
        """When the last change was received: a new status or label, the state of a position, or the application itself.

        Repetitions of a status and label are no changes, so a sender that repeats them every night prolongs nothing.
        """
        moments = [run[0].received_at for run in self.changes()]
        moments += [each.received_at for each in self.positions.values()]
        return max([*moments, self.registration.applied_at] if self.registration else moments)

    @property
    def unmapped_labels(self) -> tuple[str, ...]:
        """The first ten different unmapped labels, oldest first."""
        labels = [each.raw_status for each in self.in_order() if each.status is None and each.raw_status]
        return tuple(dict.fromkeys(labels))[:_LABELS_LIMIT]

    @property
    def outcome(self) -> tuple[Outcome, bool]:
        """The outcome, and whether it is only inferred from the end of the position."""
        if self.position_ended_at:
            return Outcome.POSITION_CLOSED, True
        return self._own_outcome, False

    @property
    def position_ended_at(self) -> datetime | None:
        """When the position ended, if that decides the outcome: the application's own reports leave it open.

        The end must be later than the newest report with a known status, or than the application date.
        """
        end = self.position_end
        return end.since if end else None

    @property
    def position_end(self) -> Position | None:
        """The state that ended the position, under the same conditions as `position_ended_at`."""
        if self._own_outcome is not Outcome.OPEN:
            return None
        last = self.registration.applied_at if self.registration else None
        if self.head:
            last = self.transitions[self.head].effective_at
        ends = [each for each in self.positions.values() if each.ended]
        return min(
            (end for end in ends if last is None or latest(end.since, end.day_offset) > last),
            key=lambda end: end.since,
            default=None,
        )

    @property
    def _own_outcome(self) -> Outcome:
        head = self.transitions[self.head] if self.head else None
        return (head.interpretation.outcome if head else None) or Outcome.of(self.status)


def _says(interpretation: Interpretation, status: Status | None, raw_status: str | None) -> bool:
    """Return whether a report has this status, and this label if it has one."""
    return interpretation.status is status and (
        interpretation.raw_status is None or same_label(interpretation.raw_status, raw_status)
    )


def earlier_states(current: Transition, previous: Transition | None) -> list[Transition]:
    """Return the report's `previous` state, if it is older than the report's own transition."""
    return [previous] if previous and previous.key < current.key else []


IS_NOT_TOO_EARLY = "(attribute_not_exists(AppliedAt) OR AppliedAt <= :latest)"


def is_too_early(transition: Transition, registration: Registration | None) -> bool:
    """Return whether a LEAD or CONTACT is dated before the application date, so it can't be about this application."""
    early = transition.has_business_date and transition.status in MAY_BE_TOO_EARLY
    return early and registration is not None and transition.latest < registration.applied_at


def newest(transitions: Iterable[Transition], registration: Registration | None) -> Transition | None:
    """Return the newest transition with a known status, which decides the application's status."""
    return max(
        (each for each in transitions if each.status and not is_too_early(each, registration)),
        key=lambda each: each.key,
        default=None,
    )


def folded(transitions: Mapping[str, Transition], registration: Registration | None) -> Mapping[str, Transition]:
    """Return a history within the limit, in which the transition before each removed one counts it.

    First, only the first and last of each run with the same status and label are kept. Then the oldest between the
    first and the last of all are removed. Each status's first entry, the first response and the head are always kept.
    """
    ordered = [transitions[key] for key in sorted(transitions)]
    essential = _essential(ordered, registration)
    kept: list[Transition] = []
    for each in ordered:
        if len(kept) > 1 and each.repeats(kept[-1]) and each.repeats(kept[-2]) and kept[-1].key not in essential:
            kept[-2:] = [_with_folded(kept[-2], kept[-1])]
        kept.append(each)
    excess = len(kept) - HISTORY_LIMIT
    result = kept[:1]
    for each in kept[1:]:
        if excess > 0 and each.key not in essential:
            result[-1] = _with_folded(result[-1], each)
            excess -= 1
        else:
            result.append(each)
    return {each.key: each for each in result}


def _essential(ordered: Sequence[Transition], registration: Registration | None) -> set[str]:
    """Return the keys of the transitions that are always kept."""
    firsts: dict[Status, Transition] = {}
    for each in ordered:
        if each.status and not is_too_early(each, registration):
            firsts.setdefault(each.status, each)
    essential = [ordered[-1], *firsts.values()]
    essential += [each for each in (newest(ordered, registration), first_response(ordered, registration)) if each]
    return {each.key for each in essential}


def first_response(ordered: Iterable[Transition], registration: Registration | None) -> Transition | None:
    """Return the employer's first response: the first transition beyond APPLIED, unless the candidate withdrew."""
    for each in ordered:
        beyond = each.status is not None and each.status.rank > Status.APPLIED.rank
        withdrew = each.interpretation.outcome is Outcome.CANDIDATE_WITHDREW
        if beyond and not withdrew and not is_too_early(each, registration):
            return each
    return None


def _with_folded(kept: Transition, removed: Transition) -> Transition:
    """Return a transition that counts a removed one, and the reports that were folded into that."""
    reports, unmapped = kept.folded or Folded(0, 0)
    if not removed.from_previous:
        reports, unmapped = reports + 1, unmapped + (removed.status is None)
    more = removed.folded or Folded(0, 0)
    return replace(kept, folded=Folded(reports + more.reports, unmapped + more.unmapped))
