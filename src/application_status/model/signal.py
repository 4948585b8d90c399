"""Selection Signals: what each says, and how its label is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from application_status.model.report import FINAL_SUCCESS, SIGNAL_PLACE_LENGTH, Reading, Success, label_key, order_key
from application_status.model.status import Outcome, Status
from application_status.model.vocabulary import Meaning, Vocabulary

# In the order of their characters, and after the "#" that follows a place without one.
_CORRECTIONS: dict[Success | None, str] = {Success.NOT_FINAL: "*", Success.PLACED: "+", Success.NOT_PLACED: "-"}
_FINAL = (Status.HIRED, Status.REJECTED)


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
    def place(self) -> str:
        """What decides between states of the same moment: the index, then `success`: missing, null, true, false."""
        return f"{self.index:0{SIGNAL_PLACE_LENGTH}}{_CORRECTIONS.get(self.success, '')}"

    @property
    def order(self) -> str:
        """Text whose order is that of states; whether one is an ending, `success` alone says."""
        order = order_key(self.effective_at, self.day_offset, self.place, ends=self.success in FINAL_SUCCESS)
        return f"{order}{label_key(self.label)}"


def read_state(state: SignalState, vocabulary: Vocabulary, overrides: Mapping[str, str]) -> Reading:
    """Read a state; `success` decides whether it is final, the label all else.

    An unmapped label is read by its phase, though never as final: a phase is too coarse for that.
    """
    meaning = vocabulary.meaning(state.label, overrides)
    if meaning.status is None and state.phase:
        phase = vocabulary.meaning(state.phase, overrides)
        if phase.status not in _FINAL:
            meaning = phase
    status, outcome = _judge(state.success, meaning)
    return Reading(
        status=status,
        raw_status=state.label,
        raw_phase=state.phase,
        outcome=outcome if status is Status.REJECTED else None,
        mapping=f"{meaning.rule}@{meaning.version}",
        success=state.success,
    )


def read_raw_status(status: Status, raw_status: str, meaning: Meaning) -> Reading:
    """Read a report that names its status itself: the label can only tell how a rejection came about."""
    if status is not Status.REJECTED or meaning.status is not Status.REJECTED:
        return Reading(status=status, raw_status=raw_status)
    mapping = f"{meaning.rule}@{meaning.version}"
    return Reading(status=status, raw_status=raw_status, outcome=meaning.outcome, mapping=mapping)


def is_end_of_position(state: SignalState, vocabulary: Vocabulary, overrides: Mapping[str, str]) -> bool | None:
    """Whether a position's state is its end. Without `success` the label tells; None where nobody knows it."""
    if state.success is not None:
        return state.success is not Success.NOT_FINAL
    status = vocabulary.meaning(state.label, overrides).status
    return None if status is None else status in _FINAL


def _judge(success: Success | None, meaning: Meaning) -> tuple[Status | None, Outcome | None]:
    if success is Success.PLACED:
        return Status.HIRED, None
    if success is Success.NOT_PLACED:
        return Status.REJECTED, meaning.outcome if meaning.status is Status.REJECTED else Outcome.ENDED_UNKNOWN
    if success is Success.NOT_FINAL and meaning.status in _FINAL:
        return None, None
    return meaning.status, meaning.outcome
