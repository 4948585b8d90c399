"""A signal's way to the tables: which application it means, how its label reads, and what is recorded."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from application_status.errors import UnknownApplication
from application_status.model.identifiers import ApplicationId, AtsId
from application_status.model.instant import now
from application_status.model.report import Reading, Report
from application_status.model.signal import SignalState, is_end_of_position, read_state
from application_status.model.vocabulary import Vocabulary
from application_status.signals.message import POSITION_STATUS_UPDATE, Signal
from application_status.store.aliases import Aliases
from application_status.store.applications import Applications, Recorded
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
        """Record a signal; HistoryFull where there is no room for it, Unavailable where it has to be tried again."""
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
        reports = self._reports(ats_id, application_id, signal.current, signal.previous)
        try:
            recorded = [self._record(report) for report in reports][-1]
        except UnknownApplication:
            _drop("unknown-application")
            return
        logger.info(
            recorded.receipt,
            extra=answered(recorded.receipt),
            application=application_id,
            reported=reports[-1].reading.status,
            mapping=reports[-1].reading.mapping,
            status=recorded.status,
            version=recorded.version,
        )

    def _record(self, report: Report) -> Recorded:
        recorded = self.applications.record(report)
        count(recorded.receipt.capitalize())
        return recorded

    def _application(self, ats_id: AtsId, signal: Signal) -> ApplicationId | None:
        found = self.aliases.by_token(signal.token, ats_id) if signal.token else None
        if found is None and signal.profile_id:
            return self.aliases.by_profile(signal.profile_id, ats_id)
        return found

    def _reports(
        self, ats_id: AtsId, application_id: ApplicationId, current: SignalState, previous: SignalState | None
    ) -> list[Report]:
        """Return what to record: one report with what came before it, or two where only the former is understood."""
        whose: _Whose = {"application_id": application_id, "ats_id": ats_id, "received_at": now()}
        report = self._report(whose, current)
        if previous is None:
            return [report]
        before = replace(self._report(whose, previous), afterwards=True)
        if report.reading.status is None and before.reading.status is not None:
            return [before, report]
        return [replace(report, previous=before.transition())]

    def _report(self, whose: "_Whose", state: SignalState) -> Report:
        reading = self._read(whose["ats_id"], state)
        return Report(**whose, reading=reading, effective_at=state.effective_at, place=state.place)

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


class _Whose(TypedDict):
    """What all reports of a signal share."""

    application_id: ApplicationId
    ats_id: AtsId
    received_at: datetime


def _drop(reason: str) -> None:
    count("SignalDropped")
    logger.warning("dropped", extra=answered(reason))
