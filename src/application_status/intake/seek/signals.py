"""Record signals: find the application or position, interpret the label, store the result.

SignalReceiver   records one signal
SignalMutations  the schema's mutations, for one ATS
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from application_status.applications.aliases import AliasTable
from application_status.applications.positions import Positions
from application_status.applications.record import Applications
from application_status.applications.rules.report import Channel, Interpretation, Report, Transition
from application_status.intake.recorded import log_recorded, note
from application_status.intake.seek.rules import (
    APPLICATION_COMPLETE,
    POSITION_STATUS_UPDATE,
    Signal,
    SignalState,
    signal,
)
from application_status.intake.side_by_side import record_until_failure
from application_status.labels.overrides import OverrideLookup
from application_status.labels.rules.interpretation import interpret_signal, is_end_of_position
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.errors import FieldError, InvalidFields, UnknownApplication
from application_status.platform.http.endpoint import PROBLEMS
from application_status.platform.telemetry import add_metric, logger, result_fields
from application_status.platform.values import ApplicationId, AtsId, now


@dataclass(frozen=True, slots=True)
class SignalReceiver:
    """Record signals.

    A signal that matches no application or position is dropped, counted and logged, as the contract requires.
    """

    applications: Applications
    aliases: AliasTable
    positions: Positions
    overrides: OverrideLookup
    vocabulary: Vocabulary

    def receive(self, ats_id: AtsId, signal: Signal) -> None:
        """Record a signal.

        Raises:
            Unavailable: the store failed; the signal must be sent again.
        """
        if signal.type_code == POSITION_STATUS_UPDATE:
            self._record_position(ats_id, signal)
            return
        application_id = self._application(ats_id, signal)
        if application_id is None:
            _drop("unknown-alias", "No application of your ATS has this token or profile id.", signal)
            return
        if signal.current is None:  # ApplicationComplete: an application with an alias is registered, so it is APPLIED
            add_metric("Unchanged")
            logger.info("unchanged", extra=result_fields("unchanged"), application=application_id)
            note("unchanged", "The application has the status APPLIED since it was made.", _id(signal))
            return
        report = self._report(ats_id, application_id, signal.current, signal.previous)
        try:
            recorded = self.applications.record(report)
        except UnknownApplication:
            _drop("unknown-application", "The application of this token or profile id was erased.", signal)
            return
        log_recorded(report, recorded)

    def _application(self, ats_id: AtsId, signal: Signal) -> ApplicationId | None:
        found = self.aliases.by_token(signal.token, ats_id) if signal.token else None
        if found is None and signal.profile_id:
            return self.aliases.by_profile(signal.profile_id, ats_id)
        return found

    def _report(
        self, ats_id: AtsId, application_id: ApplicationId, current: SignalState, previous: SignalState | None
    ) -> Report:
        """Return the report to record: the state entered and, if it was sent, the previous state."""
        received_at = now()
        before = None
        if previous:
            before = Transition(
                channel=Channel.SIGNALS,
                interpretation=self._interpret(ats_id, previous),
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
            interpretation=self._interpret(ats_id, current),
            received_at=received_at,
            effective_at=current.effective_at,
            day_offset=current.day_offset,
            tiebreaker=current.tiebreaker,
            previous=before,
        )

    def _interpret(self, ats_id: AtsId, state: SignalState) -> Interpretation:
        return interpret_signal(state.label, state.phase, state.success, self.vocabulary, self.overrides.of(ats_id))

    def _record_position(self, ats_id: AtsId, signal: Signal) -> None:
        state = signal.current
        if state is None:
            return
        ended = is_end_of_position(state.label, state.success, self.vocabulary, self.overrides.of(ats_id))
        if ended is None:
            _drop("unmapped", f'The label "{state.label}" does not say whether the position ended.', signal)
            return
        changed = []
        for position in signal.position_profile_ids:
            try:
                changed.append(self.positions.record_state(ats_id, position, state.of_position(ended=ended)))
            except LookupError:
                add_metric("SignalDropped")
                note("dropped", "No application of your ATS has this position.", position)
        if not changed:
            logger.warning("dropped", extra=result_fields("unknown-position"))
            return
        add_metric("PositionStateRecorded", sum(changed))
        result = "recorded" if any(changed) else "unchanged"
        logger.info(
            "position state", extra=result_fields(result), ended=ended, known=len(changed), changed=sum(changed)
        )
        note(result, f"The position {'ended' if ended else 'is open'}.", _id(signal))


def _drop(result: str, reason: str, signal: Signal) -> None:
    add_metric("SignalDropped")
    logger.warning("dropped", extra=result_fields(result))
    note("dropped", reason, _id(signal))


def _id(signal: Signal) -> str:
    """Return the id by which a signal names its application or position, as sent."""
    return signal.token or signal.profile_id or ", ".join(signal.position_profile_ids)


@dataclass(frozen=True, slots=True)
class SignalMutations:
    """The schema's mutations, for an authenticated ATS."""

    receiver: SignalReceiver
    ats_id: AtsId

    def send_signal(self, given: Mapping[str, Any]) -> bool:
        """Record a signal.

        Raises:
            InvalidFields: the signal is not valid.
        """
        return self._record([given], ["/input"])

    def send_signals(self, given: Mapping[str, Any]) -> bool:
        """Record all valid signals.

        Raises:
            InvalidFields: some signals are not valid; the others were recorded.
        """
        return self._record(given["signals"], [f"/input/signals/{place}" for place in range(len(given["signals"]))])

    def send_application_signal(self, given: Mapping[str, Any]) -> bool:
        """Record an ApplicationComplete sent through the deprecated mutation; its schemeId is ignored.

        Raises:
            InvalidFields: the signal is not valid.
        """
        if given["typeCode"] != APPLICATION_COMPLETE:
            _refuse()
            raise InvalidFields((FieldError("/input/typeCode", "Input is another type code", APPLICATION_COMPLETE),))
        return self.send_signal({"typeCode": APPLICATION_COMPLETE, "token": given["token"]})

    def _record(self, given: Sequence[Mapping[str, Any]], pointers: Sequence[str]) -> bool:
        """Record the valid signals; `pointers` say where each is in the request.

        Raises:
            InvalidFields: some are not valid; the pointers of its errors begin at the root of the request.
        """
        wrong: list[FieldError] = []
        valid: list[Signal] = []
        for each, pointer in zip(given, pointers, strict=True):
            try:
                valid.append(signal(each, now()))
            except InvalidFields as refused:
                _refuse()
                wrong += [replace(error, pointer=f"{pointer}{error.pointer}") for error in refused.errors]
        record_until_failure(valid, _subject, _effective_at, partial(self.receiver.receive, self.ats_id))
        if wrong:
            raise InvalidFields(tuple(wrong))
        return True


def _subject(signal: Signal) -> Hashable:
    """Return what the application or the position is found by; two aliases of one application may be two subjects.

    Signals of one application may be recorded in any order and at the same time; in order, fewer of them are late.
    """
    if signal.type_code == POSITION_STATUS_UPDATE:
        return signal.position_profile_ids
    return signal.token, signal.profile_id


def _effective_at(signal: Signal) -> datetime | None:
    return signal.current.effective_at if signal.current else None


def _refuse() -> None:
    add_metric("SignalRefused")
    logger.warning("refused", extra=result_fields(PROBLEMS[InvalidFields].type))
