"""Count what a GraphQL request sends and asks for, before it is executed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from application_status.intake.indeed.dispositions import Payload, failed
from application_status.intake.indeed.rules import RATIONALE_LENGTH
from application_status.intake.seek.rules import POSITION_STATUS_UPDATE, POSITIONS_LIMIT

_REPORTS_PER_REQUEST, _POSITIONS_PER_REQUEST, _REPLY_LIMIT_BYTES = 100, 300, 400_000


@dataclass(slots=True)
class RequestSize:
    """Count the signals, positions and dispositions of a request, in place of the mutations, without recording any."""

    signals: int = 0
    positions: int = 0
    dispositions: int = 0

    def send_signal(self, given: Mapping[str, Any]) -> bool:
        """Count a signal."""
        self.signals += 1
        positions = given.get("positionProfileIds") or ()
        if given["typeCode"] == POSITION_STATUS_UPDATE and len(positions) <= POSITIONS_LIMIT:
            self.positions += len(positions)
        return True

    def send_signals(self, given: Mapping[str, Any]) -> bool:
        """Count the signals of a batch."""
        return all(self.send_signal(each) for each in given["signals"])

    def send_application_signal(self, given: Mapping[str, Any]) -> bool:
        """Count a signal."""
        return self.send_signal(given)

    def send_dispositions(self, given: Mapping[str, Any]) -> Payload:
        """Count dispositions; return the longest result that they can have, unless there are too many."""
        self.dispositions += len(given["dispositions"])
        failures = given["dispositions"] if self.reports <= _REPORTS_PER_REQUEST else ()
        longest = "x" * RATIONALE_LENGTH
        return {"numberGoodDispositions": 0, "failedDispositions": [failed(each, longest) for each in failures]}

    @property
    def reports(self) -> int:
        """The number of signals and dispositions."""
        return self.signals + self.dispositions

    def error(self, reply: Mapping[str, Any] | None) -> GraphQLError | None:
        """Return the error of a request that sends or asks for too much; None if it may be executed.

        `reply` is the data with which the request is answered if this object is in place of the mutations.
        """
        if self.dispositions and self.reports > _REPORTS_PER_REQUEST:
            return GraphQLError(
                f"The request has {self.dispositions} dispositions and {self.signals} signals; it may have "
                f"{_REPORTS_PER_REQUEST} of both together. Nothing was recorded; send several requests."
            )
        if self.signals > _REPORTS_PER_REQUEST or self.positions > _POSITIONS_PER_REQUEST:
            return GraphQLError(
                f"The request has {self.signals} signals with {self.positions} positionProfileIds; it may have "
                f"{_REPORTS_PER_REQUEST} with {_POSITIONS_PER_REQUEST}. Nothing was recorded; send several requests."
            )
        if self.dispositions and len(json.dumps(reply, ensure_ascii=False).encode()) > _REPLY_LIMIT_BYTES:
            return GraphQLError(
                f"The reply could have more than {_REPLY_LIMIT_BYTES} bytes. Nothing was recorded; ask for each field "
                "of failedDispositions once, or send several requests."
            )
        return None
