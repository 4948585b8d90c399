"""The sandbox's positions: each has one application, which is told at once, as no function hears of it by a stream."""

from datetime import UTC, datetime, timedelta
from typing import override

from application_status.model.identifiers import AtsId
from application_status.model.instant import now
from application_status.model.report import order_time
from application_status.model.signal import SignalState
from application_status.store import items
from application_status.store.aliases import position
from application_status.store.positions import Positions

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SandboxPositions(Positions):
    """Tells the application of a position. Nothing is kept of the position itself, which thus need not expire."""

    @override
    def hear(self, ats_id: AtsId, position_profile_id: str, state: SignalState, *, ended: bool) -> bool:
        """Tell the application how its position stands; False where as new or newer was heard.

        The moment at which the state took effect, in milliseconds, is its version. Raises LookupError where the ATS has
        no application for the position.
        """
        alias = position(ats_id, position_profile_id)
        found = self._members(alias, after=None, limit=1)
        if not found:
            raise LookupError(position_profile_id)
        told = {
            "Alias": {"S": alias},
            "AtsId": {"S": ats_id},
            "State": {"M": items.position_state(state, ended=ended, received_at=now())},
            "Version": {"N": str((order_time(state.order) - _EPOCH) // timedelta(milliseconds=1))},
        }
        return self._tell_one(found[0], told)
