"""The mutations: one signal, or a batch of which everything right is recorded, whatever else it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from application_status.errors import InvalidFields, Refusal
from application_status.gateway.problems import PROBLEMS
from application_status.model.identifiers import AtsId
from application_status.model.instant import now
from application_status.signals.message import (
    APPLICATION_COMPLETE,
    POSITION_STATUS_UPDATE,
    POSITIONS_LIMIT,
    Wrong,
    WrongSignalError,
    signal,
)
from application_status.signals.receive import Receiver
from application_status.telemetry import answered, count, logger

BAD_USER_INPUT = "BAD_USER_INPUT"
INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"

_SIGNALS_PER_REQUEST, _POSITIONS_PER_REQUEST = 100, 300


@dataclass(frozen=True, slots=True)
class Sender:
    """An authenticated ATS, sending."""

    receiver: Receiver
    ats_id: AtsId

    def send_signal(self, given: Mapping[str, Any]) -> bool:
        """Record a signal, or raise GraphQLError with what is wrong and where."""
        return _true_unless(self._send(given, "input"))

    def send_signals(self, given: Mapping[str, Any]) -> bool:
        """Record all signals that are right; then raise GraphQLError with what is wrong with the others, and where."""
        signals = enumerate(given["signals"])
        return _true_unless([wrong for place, each in signals for wrong in self._send(each, f"input.signals[{place}]")])

    def send_application_signal(self, given: Mapping[str, Any]) -> bool:
        """Record an ApplicationComplete, sent by the older mutation; its schemeId is not needed."""
        if given["typeCode"] != APPLICATION_COMPLETE:
            count("SignalRefused")
            _refused(InvalidFields)
            return _true_unless([Wrong("input.typeCode", f"should be {APPLICATION_COMPLETE}")])
        return self.send_signal({"typeCode": APPLICATION_COMPLETE, "token": given["token"]})

    def _send(self, given: Mapping[str, Any], place: str) -> list[Wrong]:
        try:
            self.receiver.receive(self.ats_id, signal(given, now()))
        except WrongSignalError as error:
            count("SignalRefused")
            _refused(InvalidFields)
            return [Wrong(f"{place}.{wrong.place}", wrong.message) for wrong in error.wrongs]
        return []


@dataclass(slots=True)
class Counter:
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


def _refused(reason: type[Refusal]) -> None:
    logger.warning("refused", extra=answered(PROBLEMS[reason].type))


def _true_unless(wrongs: list[Wrong]) -> bool:
    if not wrongs:
        return True
    first, others = wrongs[0], len(wrongs) - 1
    more = f" (and {others} more, see extensions)" if others else ""
    refused = [{"place": wrong.place, "message": wrong.message} for wrong in wrongs]
    raise GraphQLError(f"{first.place} {first.message}{more}", extensions={"code": BAD_USER_INPUT, "refused": refused})
