"""The mutations: one signal, or a batch of which everything right is recorded, whatever else it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from application_status.errors import InvalidFields, Refusal
from application_status.gateway.problems import PROBLEMS
from application_status.model.identifiers import AtsId
from application_status.model.instant import now
from application_status.signals.message import Wrong, WrongSignalError, signal
from application_status.signals.receive import Receiver
from application_status.telemetry import answered, count, logger

BAD_USER_INPUT = "BAD_USER_INPUT"
INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"

_BATCH_LIMIT = 100


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
        signals = given["signals"]
        if len(signals) > _BATCH_LIMIT:
            _refused(InvalidFields)
            return _true_unless([Wrong("input.signals", f"should be at most {_BATCH_LIMIT}; none was recorded")])
        return _true_unless(
            [wrong for place, each in enumerate(signals) for wrong in self._send(each, f"input.signals[{place}]")]
        )

    def _send(self, given: Mapping[str, Any], place: str) -> list[Wrong]:
        try:
            self.receiver.receive(self.ats_id, signal(given, now()))
        except WrongSignalError as error:
            count("SignalRefused")
            _refused(InvalidFields)
            return [Wrong(f"{place}.{wrong.place}", wrong.message) for wrong in error.wrongs]
        return []


def _refused(reason: type[Refusal]) -> None:
    logger.warning("refused", extra=answered(PROBLEMS[reason].type))


def _true_unless(wrongs: list[Wrong]) -> bool:
    if not wrongs:
        return True
    first, others = wrongs[0], len(wrongs) - 1
    more = f" (and {others} more, see extensions)" if others else ""
    refused = [{"place": wrong.place, "message": wrong.message} for wrong in wrongs]
    raise GraphQLError(f"{first.place} {first.message}{more}", extensions={"code": BAD_USER_INPUT, "refused": refused})
