"""Reading an application's labels anew, with another vocabulary or other overrides."""

from collections.abc import Mapping
from dataclasses import replace

from application_status.model.application import Application
from application_status.model.report import Reading, Transition
from application_status.model.signal import SignalState, read_raw_status, read_state
from application_status.model.status import Status
from application_status.model.vocabulary import Vocabulary


def remap(application: Application, vocabulary: Vocabulary, overrides: Mapping[str, str]) -> Application:
    """Return the application with its labels read anew; the very same where no status or outcome changes."""
    transitions = {
        key: replace(transition, reading=_read(transition, vocabulary, overrides))
        for key, transition in application.transitions.items()
    }
    changed = {key: each for key, each in transitions.items() if _says(each) != _says(application.transitions[key])}
    if not changed:
        return application
    return application.with_head({**application.transitions, **changed}, application.registration)


def _read(transition: Transition, vocabulary: Vocabulary, overrides: Mapping[str, str]) -> Reading:
    reading = transition.reading
    if reading.raw_status is None:
        return reading
    if transition.signal_index is None:
        status = reading.status or Status.APPLIED
        return read_raw_status(status, reading.raw_status, vocabulary.meaning(reading.raw_status, overrides))
    state = SignalState(
        label=reading.raw_status,
        phase=reading.raw_phase,
        index=transition.signal_index,
        success=reading.success,
        effective_at=transition.effective_at,
    )
    return read_state(state, vocabulary, overrides)


def _says(transition: Transition) -> tuple[object, object]:
    return transition.reading.status, transition.reading.outcome
