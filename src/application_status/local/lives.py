"""Seeded lives of applications: what their ATSs reported, and what became of it by the service's own rules."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from application_status.applications.rules.application import Application, Registration
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Status
from application_status.health.rules import Answered
from application_status.intake.seek.rules import SignalState
from application_status.labels.rules.interpretation import interpret_raw_status, interpret_signal
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.local.senders import Sender
from application_status.platform.values import ApplicationId, instant

_SPREAD = 0.9  # of the logarithm of a duration; the longest tenth takes three times the median
_REFUSALS = ("invalid-fields", "unknown-application", "malformed-body")


@dataclass(frozen=True, slots=True)
class Life:
    """An application as it stands, and what became of the requests about it."""

    application: Application
    requests: Sequence[Answered]


def life(of: ApplicationId, registration: Registration, sender: Sender, chance: random.Random, today: datetime) -> Life:
    """Return what has become of an application until today."""
    application = Application(
        application_id=of, ats_id=registration.ats_id, status=Status.APPLIED, version=1, registration=registration
    )
    requests: list[Answered] = []
    last = today - timedelta(days=sender.silent_since_days)
    reports = _reports(application, registration.applied_at, sender, chance)
    for report in sorted(reports, key=lambda each: each.received_at):
        if report.received_at > last:
            break
        effect = application.receive(report)
        application = application.after(effect)
        results: list[str] = [effect.result]
        if chance.random() < sender.refused:
            results += chance.choices(_REFUSALS, (5, 3, 1))
        requests += [Answered(report.ats_id, sender.channel, result, report.received_at) for result in results]
    return Life(application, requests)


def _reports(of: Application, moment: datetime, sender: Sender, chance: random.Random) -> Iterator[Report]:
    """Yield the reports of an application's whole path from its moment on, also of what lies ahead."""
    (path,) = chance.choices([path for _, path in sender.paths], [often for often, _ in sender.paths])
    for index, step in enumerate(path.split(" > ") if path else (), start=1):
        moment = instant(moment + timedelta(days=_duration(sender.days_a_step, chance)))
        told_after = timedelta(hours=_duration(sender.hours_until_told, chance))
        if chance.random() < sender.late:
            told_after += timedelta(days=chance.uniform(2, 12))
        interpretation, tiebreaker = _read(sender.channel, step, index, moment)
        report = Report(
            application_id=of.application_id,
            ats_id=of.ats_id,
            channel=sender.channel,
            interpretation=interpretation,
            tiebreaker=tiebreaker,
            effective_at=moment,
            received_at=instant(moment + told_after),
        )
        yield report
        if chance.random() < sender.repeated:
            yield replace(report, received_at=instant(report.received_at + timedelta(hours=chance.uniform(0, 30))))


def _duration(median: float, chance: random.Random) -> float:
    return median * math.exp(chance.gauss(0, _SPREAD))


def _read(channel: Channel, step: str, index: int, moment: datetime) -> tuple[Interpretation, str]:
    """Return what a step of a path says, and its place among others of the same moment."""
    vocabulary = Vocabulary.load()
    if channel is Channel.SIGNALS:
        state = SignalState(label=step, phase=None, index=index, success=None, effective_at=moment)
        return interpret_signal(state.label, state.phase, state.success, vocabulary, {}), state.tiebreaker
    name, _, label = step.partition(" ")
    status = Status(name)
    meaning = vocabulary.meaning(label, {})
    return (interpret_raw_status(status, label, meaning) if label else Interpretation(status=status)), str(status.rank)
