"""A signal's way to the tables: which application it means, how its label reads, and what is recorded.

The mutations: one signal, or a batch of which everything right is recorded, whatever else it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import GraphQLError

from application_status.applications.aliases import AliasTable
from application_status.applications.positions import Positions
from application_status.applications.record import Applications
from application_status.applications.rules.report import Channel, Interpretation, Report, Transition
from application_status.intake.seek.rules import (
    APPLICATION_COMPLETE,
    POSITION_STATUS_UPDATE,
    POSITIONS_LIMIT,
    Signal,
    SignalState,
    signal,
)
from application_status.labels.overrides import Overrides
from application_status.labels.rules.interpretation import interpret_signal, is_end_of_position
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.errors import FieldError, InvalidFields, UnknownApplication
from application_status.platform.http.endpoint import PROBLEMS
from application_status.platform.telemetry import add_metric, answered, logger
from application_status.platform.values import ApplicationId, AtsId, now


@dataclass(frozen=True, slots=True)
class Receiver:
    """Records signals. Those nobody here can place are dropped, as the contract says, but counted and logged."""

    applications: Applications
    aliases: AliasTable
    positions: Positions
    overrides: Overrides
    vocabulary: Vocabulary

    def receive(self, ats_id: AtsId, signal: Signal) -> None:
        """Record a signal; Unavailable where it has to be sent again."""
        if signal.type_code == POSITION_STATUS_UPDATE:
            self._record_position(ats_id, signal)
            return
        application_id = self._application(ats_id, signal)
        if application_id is None:
            _drop("unknown-alias")
            return
        if signal.current is None:  # ApplicationComplete: what has an alias is registered, and so APPLIED already
            add_metric("Unchanged")
            logger.info("unchanged", extra=answered("unchanged"), application=application_id)
            return
        report = self._report(ats_id, application_id, signal.current, signal.previous)
        try:
            recorded = self.applications.record(report)
        except UnknownApplication:
            _drop("unknown-application")
            return
        add_metric(recorded.receipt.capitalize())
        if recorded.folded:
            add_metric("Folded", recorded.folded)
        logger.info(
            recorded.receipt,
            extra=answered(recorded.receipt),
            application=application_id,
            reported=report.interpretation.status,
            mapping=report.interpretation.mapping,
            status=recorded.status,
            version=recorded.version,
        )

    def _application(self, ats_id: AtsId, signal: Signal) -> ApplicationId | None:
        found = self.aliases.by_token(signal.token, ats_id) if signal.token else None
        if found is None and signal.profile_id:
            return self.aliases.by_profile(signal.profile_id, ats_id)
        return found

    def _report(
        self, ats_id: AtsId, application_id: ApplicationId, current: SignalState, previous: SignalState | None
    ) -> Report:
        """Return what to record: the state entered, and with it the state left, if that was sent."""
        received_at = now()
        before = None
        if previous:
            before = Transition(
                channel=Channel.SIGNALS,
                interpretation=self._read(ats_id, previous),
                effective_at=previous.effective_at,
                day_offset=previous.day_offset,
                received_at=received_at,
                tiebreaker=previous.tiebreaker,
                from_previous=True,
            )
        return Report(
            application_id=application_id,
            ats_id=ats_id,
            channel=Channel.SIGNALS,
            interpretation=self._read(ats_id, current),
            received_at=received_at,
            effective_at=current.effective_at,
            day_offset=current.day_offset,
            tiebreaker=current.tiebreaker,
            previous=before,
        )

    def _read(self, ats_id: AtsId, state: SignalState) -> Interpretation:
        return interpret_signal(state.label, state.phase, state.success, self.vocabulary, self.overrides.of(ats_id))

    def _record_position(self, ats_id: AtsId, signal: Signal) -> None:
        state = signal.current
        if state is None:
            return
        ended = is_end_of_position(state.label, state.success, self.vocabulary, self.overrides.of(ats_id))
        if ended is None:
            _drop("unmapped")
            return
        news = []
        for position in signal.position_profile_ids:
            try:
                news.append(self.positions.record_state(ats_id, position, state.of_position(ended=ended)))
            except LookupError:
                add_metric("SignalDropped")
        if not news:
            logger.warning("dropped", extra=answered("unknown-position"))
            return
        add_metric("PositionStateRecorded", sum(news))
        outcome = "recorded" if any(news) else "unchanged"
        logger.info("heard", extra=answered(outcome), ended=ended, known=len(news), news=sum(news))


def _drop(reason: str) -> None:
    add_metric("SignalDropped")
    logger.warning("dropped", extra=answered(reason))


_SIGNALS_PER_REQUEST, _POSITIONS_PER_REQUEST = 100, 300


@dataclass(frozen=True, slots=True)
class SignalMutations:
    """An authenticated ATS, sending."""

    receiver: Receiver
    ats_id: AtsId

    def send_signal(self, given: Mapping[str, Any]) -> bool:
        """Record a signal, or raise InvalidFields."""
        return _true_unless(self._send(given, "/input"))

    def send_signals(self, given: Mapping[str, Any]) -> bool:
        """Record all signals that are right; then raise InvalidFields with what is wrong with the others."""
        signals = enumerate(given["signals"])
        return _true_unless([wrong for place, each in signals for wrong in self._send(each, f"/input/signals/{place}")])

    def send_application_signal(self, given: Mapping[str, Any]) -> bool:
        """Record an ApplicationComplete, sent by the older mutation; its schemeId is not needed."""
        if given["typeCode"] != APPLICATION_COMPLETE:
            _refuse()
            expected = f"Input should be {APPLICATION_COMPLETE}", APPLICATION_COMPLETE
            raise InvalidFields((FieldError("/input/typeCode", *expected),))
        return self.send_signal({"typeCode": APPLICATION_COMPLETE, "token": given["token"]})

    def _send(self, given: Mapping[str, Any], place: str) -> list[FieldError]:
        """Record a signal; return what is wrong with it, each pointer under the signal's own place."""
        try:
            checked = signal(given, now())
        except InvalidFields as refused:
            _refuse()
            return [replace(wrong, pointer=f"{place}{wrong.pointer}") for wrong in refused.errors]
        self.receiver.receive(self.ats_id, checked)
        return []


@dataclass(slots=True)
class RequestSize:
    """Counts what all fields of a request would send together; it takes a sender's place and records nothing."""

    signals: int = 0
    positions: int = 0

    def send_signal(self, given: Mapping[str, Any]) -> bool:
        """Count a signal."""
        self.signals += 1
        positions = given.get("positionProfileIds") or ()
        if given["typeCode"] == POSITION_STATUS_UPDATE and len(positions) <= POSITIONS_LIMIT:
            self.positions += len(positions)
        return True

    def send_signals(self, given: Mapping[str, Any]) -> bool:
        """Count a batch."""
        return all(self.send_signal(each) for each in given["signals"])

    def send_application_signal(self, given: Mapping[str, Any]) -> bool:
        """Count a signal."""
        return self.send_signal(given)

    def error(self) -> GraphQLError | None:
        """Return what is wrong with a request that would send too many; None where it may be executed."""
        if self.signals <= _SIGNALS_PER_REQUEST and self.positions <= _POSITIONS_PER_REQUEST:
            return None
        return GraphQLError(
            f"The request has {self.signals} signals with {self.positions} positionProfileIds; it may have "
            f"{_SIGNALS_PER_REQUEST} with {_POSITIONS_PER_REQUEST}. Nothing was recorded; send several requests."
        )


def _refuse() -> None:
    add_metric("SignalRefused")
    logger.warning("refused", extra=answered(PROBLEMS[InvalidFields].type))


def _true_unless(wrong: list[FieldError]) -> bool:
    if wrong:
        raise InvalidFields(tuple(wrong))
    return True
