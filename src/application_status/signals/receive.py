"""A signal's way to the tables: which application it means, how its label reads, and what is recorded."""

from dataclasses import dataclass

from application_status.errors import UnknownApplication
from application_status.model.identifiers import ApplicationId, AtsId
from application_status.model.instant import now
from application_status.model.report import Reading, Report, Transition
from application_status.model.signal import SignalState, is_end_of_position, read_state
from application_status.model.vocabulary import Vocabulary
from application_status.signals.message import POSITION_STATUS_UPDATE, Signal
from application_status.store.aliases import Aliases
from application_status.store.applications import Applications
from application_status.store.overrides import Overrides
from application_status.store.positions import Positions
from application_status.telemetry import answered, count, logger


@dataclass(frozen=True, slots=True)
class Receiver:
    """Records signals. Those nobody here can place are dropped, as the contract says, but counted and logged."""

    applications: Applications
    aliases: Aliases
    positions: Positions
    overrides: Overrides
    vocabulary: Vocabulary

    def receive(self, ats_id: AtsId, signal: Signal) -> None:
        """Record a signal; Unavailable where it has to be sent again."""
        if signal.type_code == POSITION_STATUS_UPDATE:
            self._hear(ats_id, signal)
            return
        application_id = self._application(ats_id, signal)
        if application_id is None:
            _drop("unknown-alias")
            return
        if signal.current is None:  # ApplicationComplete: what has an alias is registered, and so APPLIED already
            count("Unchanged")
            logger.info("unchanged", extra=answered("unchanged"), application=application_id)
            return
        report = self._report(ats_id, application_id, signal.current, signal.previous)
        try:
            recorded = self.applications.record(report)
        except UnknownApplication:
            _drop("unknown-application")
            return
        count(recorded.receipt.capitalize())
        if recorded.folded:
            count("Folded", recorded.folded)
        logger.info(
            recorded.receipt,
            extra=answered(recorded.receipt),
            application=application_id,
            reported=report.reading.status,
            mapping=report.reading.mapping,
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
                reading=self._read(ats_id, previous),
                effective_at=previous.effective_at,
                day_offset=previous.day_offset,
                received_at=received_at,
                place=previous.place,
                afterwards=True,
            )
        return Report(
            application_id=application_id,
            ats_id=ats_id,
            reading=self._read(ats_id, current),
            received_at=received_at,
            effective_at=current.effective_at,
            day_offset=current.day_offset,
            place=current.place,
            previous=before,
        )

    def _read(self, ats_id: AtsId, state: SignalState) -> Reading:
        return read_state(state, self.vocabulary, self.overrides.of(ats_id))

    def _hear(self, ats_id: AtsId, signal: Signal) -> None:
        state = signal.current
        if state is None:
            return
        ended = is_end_of_position(state, self.vocabulary, self.overrides.of(ats_id))
        if ended is None:
            _drop("unmapped")
            return
        news = []
        for position in signal.position_profile_ids:
            try:
                news.append(self.positions.hear(ats_id, position, state, ended=ended))
            except LookupError:
                count("SignalDropped")
        if not news:
            logger.warning("dropped", extra=answered("unknown-position"))
            return
        count("PositionHeard", sum(news))
        outcome = "recorded" if any(news) else "unchanged"
        logger.info("heard", extra=answered(outcome), ended=ended, known=len(news), news=sum(news))


def _drop(reason: str) -> None:
    count("SignalDropped")
    logger.warning("dropped", extra=answered(reason))
