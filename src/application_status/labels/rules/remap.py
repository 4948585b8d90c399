"""Interpret an application's stored labels again, with a new vocabulary or new overrides."""

from collections.abc import Mapping
from dataclasses import replace

from application_status.applications.rules.application import Application
from application_status.applications.rules.report import NATIVE, Channel, Interpretation, Transition
from application_status.applications.rules.status import Status
from application_status.labels.rules.dispositions import DispositionStatus, interpret_disposition
from application_status.labels.rules.interpretation import interpret_raw_status, interpret_signal
from application_status.labels.rules.vocabulary import Vocabulary

_OF_EVENTS = (*NATIVE, Channel.FILE)  # their labels are interpreted by interpret_event


def remap(application: Application, vocabulary: Vocabulary, overrides: Mapping[str, str]) -> Application:
    """Return the application with its labels interpreted again; the same object if no status or outcome changes."""
    transitions = {
        key: replace(transition, interpretation=_interpret(transition, vocabulary, overrides))
        for key, transition in application.transitions.items()
    }
    changed = {
        key: each
        for key, each in transitions.items()
        if _status_and_outcome(each) != _status_and_outcome(application.transitions[key])
    }
    if not changed:
        return application
    return application.with_head({**application.transitions, **changed}, application.registration)


def _interpret(transition: Transition, vocabulary: Vocabulary, overrides: Mapping[str, str]) -> Interpretation:
    interpretation = transition.interpretation
    if transition.channel is Channel.INDEED and interpretation.raw_phase:
        given = DispositionStatus(interpretation.raw_phase)
        return interpret_disposition(given, interpretation.raw_status, vocabulary, overrides)
    if interpretation.raw_status is None:
        return interpretation
    if transition.channel in _OF_EVENTS and interpretation.mapping is None:
        return interpretation  # the event or row itself said what it means
    if transition.channel in (Channel.SIGNALS, *_OF_EVENTS):
        return interpret_signal(
            interpretation.raw_status, interpretation.raw_phase, interpretation.success, vocabulary, overrides
        )
    status = interpretation.status or Status.APPLIED
    return interpret_raw_status(
        status, interpretation.raw_status, vocabulary.meaning(interpretation.raw_status, overrides)
    )


def _status_and_outcome(transition: Transition) -> tuple[object, object]:
    return transition.interpretation.status, transition.interpretation.outcome
