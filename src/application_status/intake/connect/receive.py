"""Record the events of native webhooks: find the application, interpret the label, store or park the result.

Model: tests/promises/models/promotion.pml
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Self

from application_status.applications.aliases import Account, AliasTable, NativeAlias
from application_status.applications.parked import ParkedEvent, ParkedEvents
from application_status.applications.positions import Positions
from application_status.applications.read import stored_application
from application_status.applications.record import Applications
from application_status.applications.register import Registrations
from application_status.applications.rules.application import PositionReport, ReportResult
from application_status.applications.rules.registration import Aliases, NativeIds, Registration
from application_status.applications.rules.report import Interpretation, Report, digest, order_key
from application_status.applications.rules.status import Status
from application_status.intake.connect.events import (
    Change,
    Ended,
    Event,
    Ignored,
    Linked,
    Merged,
    PositionEnded,
    Test,
    past,
)
from application_status.labels.overrides import OverrideLookup
from application_status.labels.rules.interpretation import interpret_event
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import AliasTaken, TooManyAliases, UnknownApplication
from application_status.platform.telemetry import add_metric, logger, result_fields
from application_status.platform.values import ApplicationId

_NOBODY = ApplicationId("")
_UNMAPPED_TIEBREAKER = "000"
_IDENTITY_LENGTH = 22  # 132 bits


class EventResult(StrEnum):
    """What became of an event; the first four are those of a report."""

    RECORDED = "recorded"
    UNCHANGED = "unchanged"
    LATE = "late"
    UNMAPPED = "unmapped"
    PARKED = "parked"
    """No alias names its application yet."""
    DROPPED = "dropped"
    """No alias names its application, and it can't be parked: its label is unmapped, or the day's limit is reached."""
    ENDED = "ended"
    """The ATS said before that it will report nothing more about the application."""
    NOTED = "noted"
    """It changed ids, the end of reports, or a position, but no status."""
    IGNORED = "ignored"
    """It says nothing about applications."""
    TEST = "test"


class Received(NamedTuple):
    """What became of an event, how its label was interpreted, if it has one, and the application that it changed."""

    result: EventResult
    interpretation: Interpretation | None = None
    application_id: ApplicationId | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """Record the events of native webhooks."""

    dynamodb: DynamoDB
    applications_table: str
    applications: Applications
    registrations: Registrations
    aliases: AliasTable
    parked: ParkedEvents
    positions: Positions
    overrides: OverrideLookup
    vocabulary: Vocabulary

    @classmethod
    def over(cls, dynamodb: DynamoDB, applications_table: str, aliases_table: str, tokens_table: str) -> Self:
        """Return a receiver that uses these tables."""
        applications = Applications(dynamodb, applications_table)
        registrations = Registrations(dynamodb, applications_table, aliases_table)
        return cls(
            dynamodb=dynamodb,
            applications_table=applications_table,
            applications=applications,
            registrations=registrations,
            aliases=AliasTable(dynamodb, aliases_table),
            parked=ParkedEvents(dynamodb, aliases_table, applications, registrations),
            positions=Positions(dynamodb, aliases_table, applications_table),
            overrides=OverrideLookup(dynamodb, tokens_table),
            vocabulary=Vocabulary.load(),
        )

    def receive(self, account: Account, event: Event, received_at: datetime) -> Received:
        """Record an event of an account.

        Raises:
            Unavailable: the store failed; the event can be sent again.
        """
        received = self._receive(account, event, received_at)
        is_report = str(received.result) in set(ReportResult)
        add_metric(received.result.capitalize() if is_report else f"Event{received.result.capitalize()}")
        extra = {**result_fields(received.result), "event_type": event.name}
        if received.application_id:
            extra["application"] = received.application_id
        if isinstance(event, Ignored):
            extra["reason"] = event.reason
        logger.info(received.result, extra=extra)
        return received

    def _receive(self, account: Account, event: Event, received_at: datetime) -> Received:
        match event:
            case Change():
                return self._change(account, event, received_at)
            case Ended():
                result = _noted(self._end(account, ids) for ids in event.ids)
            case Merged():
                result = self._merge(account, event)
            case Linked():
                result = self._link(account, event, received_at)
            case PositionEnded():
                result = self._position(account, event, received_at)
            case Test():
                result = EventResult.TEST
            case Ignored():
                result = EventResult.IGNORED
        return Received(result)

    def _change(self, account: Account, event: Change, received_at: datetime) -> Received:
        interpretation = self._interpret(account, event)
        report = _report(account, event, interpretation, received_at)
        alias = self.aliases.native(account, event.ids)
        if alias is None:
            parked = ParkedEvent(ids=event.ids, received_at=received_at, report=report)
            has_meaning = interpretation.status is not None or event.is_open
            can_be_parked = has_meaning and self.parked.park(account, parked)
            return Received(EventResult.PARKED if can_be_parked else EventResult.DROPPED, interpretation)
        if alias.ended:
            return Received(EventResult.ENDED, interpretation)
        report = replace(report, application_id=alias.application_id)
        try:
            if event.is_open and interpretation.status is None:
                report = self.registrations.reopening(report)
            recorded = self.applications.record(report)
        except UnknownApplication:  # it was erased
            return Received(EventResult.DROPPED, interpretation)
        if recorded.folded:
            add_metric("Folded", recorded.folded)
        return Received(EventResult(recorded.result), interpretation, alias.application_id)

    def _interpret(self, account: Account, event: Change) -> Interpretation:
        rejects = event.status is Status.REJECTED and event.outcome is None
        if event.label is None or not (event.status is None or rejects):
            return Interpretation(status=event.status, raw_status=event.label, outcome=event.outcome)
        overrides = self.overrides.of(account.ats_id)
        return interpret_event(
            event.label,
            rejects=rejects,
            may_end=event.label_may_end,
            vocabulary=self.vocabulary,
            overrides=overrides,
        )

    def _end(self, account: Account, ids: NativeIds) -> bool:
        """Store that nothing more will be reported about an application, or all applications of a candidate."""
        ending = self._of_application(account, ids) if ids.application else self._of_all_applications(account, ids)
        for row in ending:
            self.aliases.end(row)
        return bool(ending)

    def _of_application(self, account: Account, ids: NativeIds) -> list[NativeAlias]:
        """Return the alias of an application's own id, empty if the board did not register it."""
        return self.aliases.natives(account.unique_aliases(ids)[0])

    def _of_all_applications(self, account: Account, ids: NativeIds) -> list[NativeAlias]:
        """Return the aliases of a candidate's applications; those of the candidate last, as a repetition needs them."""
        own = [
            (application_id, each)
            for application_id, registration in self._of_candidate(account, ids)
            for each in registration.aliases.native
            if (each.provider, each.candidate) == (ids.provider, ids.candidate)
        ]
        unique = [(application_id, alias) for application_id, each in own for alias in account.unique_aliases(each)]
        shared = [(application_id, alias) for application_id, each in own for alias in account.shared_aliases(each)]
        return [
            row
            for application_id, alias in (*unique, *shared)
            for row in self.aliases.natives(alias)
            if row.application_id == application_id
        ]

    def _merge(self, account: Account, event: Merged) -> EventResult:
        """Give the applications of a merged candidate the id of the candidate that is kept."""

        def kept(registration: Registration) -> Aliases:
            gone = event.gone.provider, event.gone.candidate
            own = [each for each in registration.aliases.native if (each.provider, each.candidate) == gone]
            return Aliases(native=tuple(each._replace(candidate=event.kept.candidate) for each in own))

        of_candidate = self._of_candidate(account, event.gone)
        merged = [application_id for application_id, _ in of_candidate if self._add_aliases(application_id, kept)]
        for row in self._candidates(account, event.gone):
            if row.application_id in merged:
                self.aliases.merge(row)
        return _noted(map(bool, merged))

    def _link(self, account: Account, event: Linked, received_at: datetime) -> EventResult:
        alias = self.aliases.native(account, event.known)
        if alias is None:
            parked = ParkedEvent(ids=event.known, received_at=received_at, also=event.also)
            return EventResult.PARKED if self.parked.park(account, parked) else EventResult.DROPPED
        return _noted([self._add_aliases(alias.application_id, lambda _: Aliases(native=(event.also,)))])

    def _add_aliases(self, application_id: ApplicationId, more: Callable[[Registration], Aliases]) -> bool:
        """Add aliases; return False if the application was erased, or can't have them."""
        try:
            self.registrations.add_aliases(application_id, more)
        except (UnknownApplication, AliasTaken, TooManyAliases) as refused:
            logger.warning("aliases not added", error=type(refused).__name__)
            return False
        return True

    def _position(self, account: Account, event: PositionEnded, received_at: datetime) -> EventResult:
        moment = past(event.effective_at, received_at) or received_at
        order = order_key(moment, None, _UNMAPPED_TIEBREAKER, ends=event.ended)
        report = PositionReport(event.label, None, event.ended, moment, None, order)
        try:
            changed = self.positions.record_state(account.ats_id, account.position(event.ids.job), report)
        except LookupError:
            return EventResult.DROPPED
        return EventResult.NOTED if changed else EventResult.UNCHANGED

    def _of_candidate(self, account: Account, ids: NativeIds) -> list[tuple[ApplicationId, Registration]]:
        """Return the registered applications of a candidate, without those that a merge gave to another."""
        rows = [row for row in self._candidates(account, ids) if not row.merged]
        stored = [stored_application(self.dynamodb, self.applications_table, row.application_id) for row in rows]
        return [(each.application_id, each.registration) for each in stored if each and each.registration]

    def _candidates(self, account: Account, ids: NativeIds) -> list[NativeAlias]:
        """Return the aliases by which applications have this candidate."""
        only = NativeIds(ids.provider, candidate=ids.candidate)
        return [row for alias in account.shared_aliases(only) for row in self.aliases.natives(alias)]


def _noted(changed: Iterable[bool]) -> EventResult:
    return EventResult.NOTED if any([*changed]) else EventResult.DROPPED


def _report(account: Account, event: Change, interpretation: Interpretation, received_at: datetime) -> Report:
    """Return the report of an event, without its application."""
    ordered_at = past(event.ordered_at, received_at)
    return Report(
        application_id=_NOBODY,
        ats_id=account.ats_id,
        channel=account.provider,
        interpretation=interpretation,
        received_at=received_at,
        tiebreaker=str(interpretation.status.rank) if interpretation.status else _UNMAPPED_TIEBREAKER,
        effective_at=past(event.effective_at, received_at),
        idempotency_key=digest(event.identity, length=_IDENTITY_LENGTH),
        ordered_at=ordered_at,
        is_decision=ordered_at is None,
        is_snapshot=event.is_snapshot,
    )
