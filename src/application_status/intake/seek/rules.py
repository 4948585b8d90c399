"""Validate a signal's GraphQL input and convert it; all invalid fields are reported together."""

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
_TOKEN_RULE = f"1 to {_ALIAS_LIMIT} visible ASCII characters, without white space"
_IDS_RULE = f"at most {POSITIONS_LIMIT} ids, of 1 to {_ALIAS_LIMIT} characters"
_LABEL_LIMITS = {"status": 200, "phase": 100}
# In their sort order, and after the "#" that follows an index without a suffix.
_CORRECTIONS: dict[Success | None, str] = {Success.NOT_FINAL: "*", Success.PLACED: "+", Success.NOT_PLACED: "-"}
_INDEX_DIGITS = 4
_SUCCESS = {True: Success.PLACED, False: Success.NOT_PLACED, None: Success.NOT_FINAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalState:
    """A state in the sender's process: the labels of its status and phase, its index, and when it took effect.

    `day_offset` is set if only the day was sent; see Transition.
    """

    label: str
    phase: str | None
    index: int
    success: Success | None
    effective_at: datetime
    day_offset: int | None = None

    @property
    def tiebreaker(self) -> str:
        """What sorts states with the same time: the index, then `success`: missing, null, true, false."""
        return f"{self.index:0{_INDEX_DIGITS}}{_CORRECTIONS.get(self.success, '')}"

    @property
    def order(self) -> str:
        """A text that sorts states; only `success` decides whether a state is an ending."""
        order = order_key(self.effective_at, self.day_offset, self.tiebreaker, ends=self.success in FINAL_SUCCESS)
        return f"{order}{label_key(self.label)}"

    def of_position(self, *, ended: bool) -> PositionReport:
        """Return the state as a report about a position."""
        return PositionReport(self.label, self.success, ended, self.effective_at, self.day_offset, self.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A validated signal; `current` is None only for ApplicationComplete."""

    type_code: str
    token: str | None
    profile_id: str | None
    position_profile_ids: tuple[str, ...]
    current: SignalState | None
    previous: SignalState | None


def signal(given: Mapping[str, Any], received_at: datetime) -> Signal:
    """Validate a signal.

    Raises:
        InvalidFields: fields are missing or invalid; the error has one entry per field.
    """
    wrong = [*_type_errors(given), *_alias_errors(given)]
    for name in ("current", "previous"):
        if given.get(name):
            wrong += _state_errors(given[name], f"/{name}", received_at)
    if given.get("timestamp") is not None:
        wrong += _moment_errors(given["timestamp"], "/timestamp", received_at)
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


def _type_errors(given: Mapping[str, Any]) -> list[FieldError]:
    if given["typeCode"] not in _TYPE_CODES:
        return [FieldError("/typeCode", "Input is not a type code", f"one of {', '.join(_TYPE_CODES)}")]
    if given["typeCode"] != APPLICATION_COMPLETE and not given.get("current"):
        return [FieldError("/current", f"Field required with {given['typeCode']}", "the state entered")]
    return []


def _alias_errors(given: Mapping[str, Any]) -> list[FieldError]:
    positions = given.get("positionProfileIds") or []
    token, profile = given.get("token"), given.get("candidateApplicationProfileId")
    wrong = []
    if token is not None and not _TOKEN.fullmatch(token):
        wrong.append(FieldError("/token", "Input is empty, too long or contains other characters", _TOKEN_RULE))
    if profile is not None and not 0 < len(profile) <= _ALIAS_LIMIT:
        expected = f"1 to {_ALIAS_LIMIT} characters"
        wrong.append(FieldError("/candidateApplicationProfileId", f"Input has {len(profile)} characters", expected))
    if len(positions) > POSITIONS_LIMIT or any(not 0 < len(each) <= _ALIAS_LIMIT for each in positions):
        wrong.append(FieldError("/positionProfileIds", "Input has too many ids, or one of a wrong length", _IDS_RULE))
    if given["typeCode"] == POSITION_STATUS_UPDATE and not positions:
        wrong.append(FieldError("/positionProfileIds", "Field required with PositionStatusUpdate", _IDS_RULE))
    elif given["typeCode"] != POSITION_STATUS_UPDATE and token is None and profile is None:
        wrong.append(FieldError("/token", "Field required, or candidateApplicationProfileId", _TOKEN_RULE))
    return wrong


def _state_errors(state: Mapping[str, Any], pointer: str, received_at: datetime) -> list[FieldError]:
    wrong = _moment_errors(state["timestamp"], f"{pointer}/timestamp", received_at)
    for part, limit in _LABEL_LIMITS.items():
        step = state.get(part)
        if not step:
            continue
        label, index, total = step["label"], step["index"], step["total"]
        if not label.strip() or len(label) > limit:
            wrong.append(
                FieldError(f"{pointer}/{part}/label", "Input is blank or too long", f"1 to {limit} characters")
            )
        if not 0 <= index <= _PLACES_LIMIT:
            wrong.append(FieldError(f"{pointer}/{part}/index", f"Input is {index}", f"0 to {_PLACES_LIMIT}"))
        if not index <= total <= _PLACES_LIMIT:
            wrong.append(
                FieldError(f"{pointer}/{part}/total", f"Input is {total}", f"the index or more, up to {_PLACES_LIMIT}")
            )
    return wrong


def _moment_errors(text: str, pointer: str, received_at: datetime) -> list[FieldError]:
    try:
        sent_moment(text, received_at)
    except ValueError as error:
        return [FieldError(pointer, f"Input {error}", "when it happened")]
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
