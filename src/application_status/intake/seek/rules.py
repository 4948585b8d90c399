"""A signal, from GraphQL's coerced input to values that make sense; a list of everything that doesn't."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from application_status.applications.rules.application import PositionReport
from application_status.applications.rules.report import FINAL_SUCCESS, Success, label_key, order_key
from application_status.platform.errors import FieldError, InvalidFields
from application_status.platform.values import sent_moment

APPLICATION_COMPLETE = "ApplicationComplete"
APPLICATION_STATUS_UPDATE = "ApplicationStatusUpdate"
POSITION_STATUS_UPDATE = "PositionStatusUpdate"

_TYPE_CODES = (APPLICATION_COMPLETE, APPLICATION_STATUS_UPDATE, POSITION_STATUS_UPDATE)
POSITIONS_LIMIT = 10
_ALIAS_LIMIT, _PLACES_LIMIT = 200, 9999
_TOKEN = re.compile(rf"[!-~]{{1,{_ALIAS_LIMIT}}}")
_LABEL_LIMITS = {"status": 200, "phase": 100}
# In the order of their characters, and after the "#" that follows a place without one.
_CORRECTIONS: dict[Success | None, str] = {Success.NOT_FINAL: "*", Success.PLACED: "+", Success.NOT_PLACED: "-"}
_INDEX_DIGITS = 4
_SUCCESS = {True: Success.PLACED, False: Success.NOT_PLACED, None: Success.NOT_FINAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalState:
    """A state of the sender's process: its label, the label of the phase above it, and its place.

    `day_offset` is not None where the sender gave the day alone; see Transition.
    """

    label: str
    phase: str | None
    index: int
    success: Success | None
    effective_at: datetime
    day_offset: int | None = None

    @property
    def tiebreaker(self) -> str:
        """What decides between states of the same moment: the index, then `success`: missing, null, true, false."""
        return f"{self.index:0{_INDEX_DIGITS}}{_CORRECTIONS.get(self.success, '')}"

    @property
    def order(self) -> str:
        """Text whose order is that of states; whether one is an ending, `success` alone says."""
        order = order_key(self.effective_at, self.day_offset, self.tiebreaker, ends=self.success in FINAL_SUCCESS)
        return f"{order}{label_key(self.label)}"

    def of_position(self, *, ended: bool) -> PositionReport:
        """Return the state as a report of a position, which it ends or not."""
        return PositionReport(self.label, self.success, ended, self.effective_at, self.day_offset, self.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A signal. `current` is None on ApplicationComplete alone."""

    type_code: str
    token: str | None
    profile_id: str | None
    position_profile_ids: tuple[str, ...]
    current: SignalState | None
    previous: SignalState | None


def signal(given: Mapping[str, Any], received_at: datetime) -> Signal:
    """Check a signal; InvalidFields with an entry for each field that is wrong."""
    wrong = [*_wrong_type(given), *_wrong_aliases(given)]
    for name in ("current", "previous"):
        if given.get(name):
            wrong += _wrong_state(given[name], f"/{name}", received_at)
    if given.get("timestamp") is not None:
        wrong += _wrong_moment(given["timestamp"], "/timestamp", received_at)
    if wrong:
        raise InvalidFields(tuple(wrong))
    complete = given["typeCode"] == APPLICATION_COMPLETE
    return Signal(
        type_code=given["typeCode"],
        token=given.get("token"),
        profile_id=given.get("candidateApplicationProfileId"),
        position_profile_ids=tuple(dict.fromkeys(given.get("positionProfileIds") or ())),
        current=None if complete else _state(given["current"], received_at),
        previous=_state(given["previous"], received_at) if given.get("previous") and not complete else None,
    )


_EXPECTED = {
    "typeCode": f"one of {', '.join(_TYPE_CODES)}",
    "token": f"the application's tracking token: 1 to {_ALIAS_LIMIT} visible ASCII characters, without white space",
    "candidateApplicationProfileId": f"your own id of the application, 1 to {_ALIAS_LIMIT} characters",
    "positionProfileIds": f"the ids of the positions: at most {POSITIONS_LIMIT}, of 1 to {_ALIAS_LIMIT} characters",
    "current": "the state that was entered",
    "timestamp": "when it happened: an RFC 3339 date-time with a zone, 2022-07-29T11:26:11.106Z",
    "label": "your own label of the status or phase",
    "index": "the place of the status or phase among all of your process",
    "total": "how many statuses or phases your process has",
}


def _wrong(pointer: str, detail: str) -> FieldError:
    return FieldError(pointer, detail, _EXPECTED[pointer.rpartition("/")[2]])


def _wrong_type(given: Mapping[str, Any]) -> list[FieldError]:
    if given["typeCode"] not in _TYPE_CODES:
        return [_wrong("/typeCode", f"Input should be one of {', '.join(_TYPE_CODES)}")]
    if given["typeCode"] != APPLICATION_COMPLETE and not given.get("current"):
        return [_wrong("/current", f"Field required with {given['typeCode']}")]
    return []


def _wrong_aliases(given: Mapping[str, Any]) -> list[FieldError]:
    positions = given.get("positionProfileIds") or []
    token, profile = given.get("token"), given.get("candidateApplicationProfileId")
    wrong = []
    if token is not None and not _TOKEN.fullmatch(token):
        detail = f"Input should be 1 to {_ALIAS_LIMIT} visible ASCII characters, without white space"
        wrong.append(_wrong("/token", detail))
    if profile is not None and not 0 < len(profile) <= _ALIAS_LIMIT:
        wrong.append(_wrong("/candidateApplicationProfileId", f"Input should have 1 to {_ALIAS_LIMIT} characters"))
    if len(positions) > POSITIONS_LIMIT or any(not 0 < len(each) <= _ALIAS_LIMIT for each in positions):
        detail = f"Input should be at most {POSITIONS_LIMIT} ids, of 1 to {_ALIAS_LIMIT} characters"
        wrong.append(_wrong("/positionProfileIds", detail))
    if given["typeCode"] == POSITION_STATUS_UPDATE and not positions:
        wrong.append(_wrong("/positionProfileIds", "Field required with PositionStatusUpdate"))
    elif given["typeCode"] != POSITION_STATUS_UPDATE and token is None and profile is None:
        wrong.append(_wrong("/token", "Field required, or candidateApplicationProfileId"))
    return wrong


def _wrong_state(state: Mapping[str, Any], pointer: str, received_at: datetime) -> list[FieldError]:
    wrong = _wrong_moment(state["timestamp"], f"{pointer}/timestamp", received_at)
    for part, limit in _LABEL_LIMITS.items():
        step = state.get(part)
        if not step:
            continue
        if not step["label"].strip() or len(step["label"]) > limit:
            wrong.append(_wrong(f"{pointer}/{part}/label", f"Input should have 1 to {limit} characters"))
        if not 0 <= step["index"] <= _PLACES_LIMIT:
            wrong.append(_wrong(f"{pointer}/{part}/index", f"Input should be 0 to {_PLACES_LIMIT}"))
        if not step["index"] <= step["total"] <= _PLACES_LIMIT:
            detail = f"Input should be at least the index, and at most {_PLACES_LIMIT}"
            wrong.append(_wrong(f"{pointer}/{part}/total", detail))
    return wrong


def _wrong_moment(text: str, pointer: str, received_at: datetime) -> list[FieldError]:
    try:
        sent_moment(text, received_at)
    except ValueError as error:
        return [_wrong(pointer, f"Input {error}")]
    return []


def _state(given: Mapping[str, Any], received_at: datetime) -> SignalState:
    phase = given.get("phase")
    moment = sent_moment(given["timestamp"], received_at)
    return SignalState(
        label=given["status"]["label"],
        phase=phase["label"] if phase else None,
        index=given["status"]["index"],
        success=_SUCCESS[given["success"]] if "success" in given else None,
        effective_at=moment.at,
        day_offset=moment.day_offset,
    )
