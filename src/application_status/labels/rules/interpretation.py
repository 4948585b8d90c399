"""Interpret a signal, a position's state, or the label of a rejection as a status and an outcome."""

from collections.abc import Mapping

from application_status.applications.rules.report import Interpretation, Success
from application_status.applications.rules.status import ENDS, Outcome, Status
from application_status.labels.rules.vocabulary import Meaning, Vocabulary


def interpret_signal(
    label: str, phase: str | None, success: Success | None, vocabulary: Vocabulary, overrides: Mapping[str, str]
) -> Interpretation:
    """Interpret a signal: `success` decides whether its state is final, the label decides the rest.

    For an unmapped label the phase is interpreted instead, but never as final, because a phase is too coarse for that.
    """
    meaning = vocabulary.meaning(label, overrides)
    if meaning.status is None and phase:
        of_phase = vocabulary.meaning(phase, overrides)
        if of_phase.status not in ENDS:
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
    """Interpret the label of a report that has a status: it can only refine the outcome of a rejection."""
    if status is not Status.REJECTED or meaning.status is not Status.REJECTED:
        return Interpretation(status=status, raw_status=raw_status)
    mapping = f"{meaning.rule}@{meaning.version}"
    return Interpretation(status=status, raw_status=raw_status, outcome=meaning.outcome, mapping=mapping)


def interpret_event(
    label: str, *, rejects: bool, may_end: bool, vocabulary: Vocabulary, overrides: Mapping[str, str]
) -> Interpretation:
    """Interpret the label of an ATS's webhook: a stage, or the reason of a rejection (`rejects`).

    Without `may_end`, a stage is never final. The interpretation has the `success` that a signal would have, from which
    its label can be interpreted again.
    """
    success = Success.NOT_PLACED if rejects else None if may_end else Success.NOT_FINAL
    return interpret_signal(label, None, success, vocabulary, overrides)


def is_end_of_position(
    label: str, success: Success | None, vocabulary: Vocabulary, overrides: Mapping[str, str]
) -> bool | None:
    """Return whether a state ends its position, by `success` or else by the label; None if the label is unmapped."""
    if success is not None:
        return success is not Success.NOT_FINAL
    status = vocabulary.meaning(label, overrides).status
    return None if status is None else status in ENDS


def _status_and_outcome(success: Success | None, meaning: Meaning) -> tuple[Status | None, Outcome | None]:
    if success is Success.PLACED:
        return Status.HIRED, None
    if success is Success.NOT_PLACED:
        return Status.REJECTED, meaning.outcome if meaning.status is Status.REJECTED else Outcome.ENDED_UNKNOWN
    if success is Success.NOT_FINAL and meaning.status in ENDS:
        return None, None
    return meaning.status, meaning.outcome
