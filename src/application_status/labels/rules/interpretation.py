"""What a sender's label means: the interpretation of a signal, and of a rejection's label."""

from collections.abc import Mapping

from application_status.applications.rules.report import Interpretation, Success
from application_status.applications.rules.status import Outcome, Status
from application_status.labels.rules.vocabulary import Meaning, Vocabulary

_FINAL = (Status.HIRED, Status.REJECTED)


def interpret_signal(
    label: str, phase: str | None, success: Success | None, vocabulary: Vocabulary, overrides: Mapping[str, str]
) -> Interpretation:
    """Interpret a signal's state: `success` decides whether it is final, the label everything else.

    Where the label is unmapped its phase is interpreted, but never as final: a phase is too coarse for that.
    """
    meaning = vocabulary.meaning(label, overrides)
    if meaning.status is None and phase:
        of_phase = vocabulary.meaning(phase, overrides)
        if of_phase.status not in _FINAL:
            meaning = of_phase
    status, outcome = _status_and_outcome(success, meaning)
    return Interpretation(
        status=status,
        raw_status=label,
        raw_phase=phase,
        outcome=outcome if status is Status.REJECTED else None,
        mapping=f"{meaning.rule}@{meaning.version}",
        success=success,
    )


def interpret_raw_status(status: Status, raw_status: str, meaning: Meaning) -> Interpretation:
    """Interpret a report that names its status: its label can only refine a rejection."""
    if status is not Status.REJECTED or meaning.status is not Status.REJECTED:
        return Interpretation(status=status, raw_status=raw_status)
    mapping = f"{meaning.rule}@{meaning.version}"
    return Interpretation(status=status, raw_status=raw_status, outcome=meaning.outcome, mapping=mapping)


def is_end_of_position(
    label: str, success: Success | None, vocabulary: Vocabulary, overrides: Mapping[str, str]
) -> bool | None:
    """Return whether a position's state is its end: by `success`, or without it by the label; None if unmapped."""
    if success is not None:
        return success is not Success.NOT_FINAL
    status = vocabulary.meaning(label, overrides).status
    return None if status is None else status in _FINAL


def _status_and_outcome(success: Success | None, meaning: Meaning) -> tuple[Status | None, Outcome | None]:
    if success is Success.PLACED:
        return Status.HIRED, None
    if success is Success.NOT_PLACED:
        return Status.REJECTED, meaning.outcome if meaning.status is Status.REJECTED else Outcome.ENDED_UNKNOWN
    if success is Success.NOT_FINAL and meaning.status in _FINAL:
        return None, None
    return meaning.status, meaning.outcome
