"""The simulated board of the local service: 2,000 applications of the last 90 days, stored with their counters.

The applications of the example file (`example_file.py`) are stored, too, as they were registered.

`fill` stores them in the tables directly, since sending them as requests would keep the local service busy for minutes.
Status changes follow the profile of each ATS (`demo.py`) and the service's own rules, with a fixed random seed.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.applications.rules.registration import Registration
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Status
from application_status.health import counts as health
from application_status.health.rules import RequestResult, by_day
from application_status.intake.seek.rules import SignalState
from application_status.labels.rules.interpretation import interpret_raw_status, interpret_signal
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.local import example_file
from application_status.local.demo import ATS_PROFILES, LOCATIONS, OPENINGS, AtsProfile, job_ad
from application_status.platform.dynamodb.client import Item
from application_status.platform.values import ApplicationId, application_id, instant, now, to_text
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.merge import first_rows
from application_status.quality.counters.write import Change, additions_of, counter_update
from application_status.quality.counting.stream import change

APPLICATIONS = 2_000

_SEED = 260_000  # gives jobseeker-1 a varied list
_DAYS, _JOBSEEKERS = 90, 1_200
_SATURDAY = 5
_FIRST_GENERATION = 1

type Load = Callable[[str, Iterable[Item]], None]
"""Stores items in a table."""


@dataclass(frozen=True, slots=True)
class SimulatedApplication:
    """An application in its current version, and the results of the requests about it."""

    application: Application
    requests: Sequence[RequestResult]


def fill(load: Load, zone: ZoneInfo) -> None:
    """Store the applications, and the counters and integration health that follow from them."""
    today = now()
    simulated = list(simulated_applications(today))
    applications = [*(each.application for each in simulated), *example_file.applications(today.date())]
    load("ApplicationsTable", (items.application_item(each, updated_at=to_text(today)) for each in applications))
    load("QualityTable", _counted([change(each, zone) for each in applications], today.astimezone(zone).date()))
    load("QualityTable", health.first_items(by_day((request for each in simulated for request in each.requests), zone)))


def simulated_applications(today: datetime) -> Iterator[SimulatedApplication]:
    """Yield the applications in their current version; the same ones for the same `today`."""
    shares = [opening.share for opening in OPENINGS]
    for number in range(APPLICATIONS):
        rng = random.Random(_SEED + number)  # noqa: S311  # the same board each time
        (opening,) = rng.choices(OPENINGS, shares)
        registration = Registration(
            ats_id=opening.ats_id,
            client_id=opening.client_id,
            job_id=opening.job_id,
            jobseeker_id=f"jobseeker-{1 + int(_JOBSEEKERS * rng.random() ** 1.3)}",
            job_title=opening.job_title,
            company=opening.company,
            applied_at=_applied_at(rng, today),
            link=job_ad(opening.job_id),
            location=LOCATIONS[opening.company],
        )
        of = application_id(f"00000000-0000-4000-8000-{number:012x}")
        yield simulate(of, registration, ATS_PROFILES[opening.ats_id], rng, today)


def _applied_at(rng: random.Random, today: datetime) -> datetime:
    """Return a random time of the last 90 days; weekends have about half as many as other days."""
    moment, instead = (today - timedelta(days=rng.uniform(0, _DAYS)) for _ in range(2))
    return instant(instead if moment.weekday() >= _SATURDAY else moment)


def _counted(changes: Sequence[Change], today: date) -> Iterator[Item]:
    """Yield the items that the analytics function and a merge would write for the changes."""
    updates = [counter_update(each, quality_items.NOT_COUNTED) for each in changes]
    for update in updates:
        yield quality_items.marker_item(_FIRST_GENERATION, update.change.application_id, update.target)
    labels = Counter(label for update in updates for label in update.labels)
    for (ats_id, label), applications in labels.items():
        yield quality_items.label_item(_FIRST_GENERATION, ats_id, label, applications)
    yield from first_rows(_FIRST_GENERATION, additions_of(updates), today)


_SPREAD = 0.9  # sigma of a log-normal duration, whose 90th percentile is three times the median
_REFUSALS = ("invalid-fields", "unknown-application", "malformed-body")


def simulate(
    of: ApplicationId, registration: Registration, profile: AtsProfile, rng: random.Random, today: datetime
) -> SimulatedApplication:
    """Return an application with its reports until today applied."""
    application = Application(
        application_id=of, ats_id=registration.ats_id, status=Status.APPLIED, version=1, registration=registration
    )
    requests: list[RequestResult] = []
    last = today - timedelta(days=profile.silent_since_days)
    reports = _reports(application, registration.applied_at, profile, rng)
    for report in sorted(reports, key=lambda each: each.received_at):
        if report.received_at > last:
            break
        effect = application.receive(report)
        application = application.after(effect)
        outcomes: list[str] = [effect.result]
        if rng.random() < profile.refused:
            outcomes += rng.choices(_REFUSALS, (5, 3, 1))
        requests += [RequestResult(report.ats_id, profile.channel, outcome, report.received_at) for outcome in outcomes]
    return SimulatedApplication(application, requests)


def _reports(of: Application, moment: datetime, profile: AtsProfile, rng: random.Random) -> Iterator[Report]:
    """Yield the reports of an application's whole path, including those after today."""
    (path,) = rng.choices([path for _, path in profile.paths], [often for often, _ in profile.paths])
    for index, step in enumerate(path.split(" > ") if path else (), start=1):
        moment = instant(moment + timedelta(days=_duration(profile.days_a_step, rng)))
        delay = timedelta(hours=_duration(profile.report_delay_hours, rng))
        if rng.random() < profile.late:
            delay += timedelta(days=rng.uniform(2, 12))
        interpretation, tiebreaker = _interpret(profile.channel, step, index, moment)
        report = Report(
            application_id=of.application_id,
            ats_id=of.ats_id,
            channel=profile.channel,
            interpretation=interpretation,
            tiebreaker=tiebreaker,
            effective_at=moment,
            received_at=instant(moment + delay),
        )
        yield report
        if rng.random() < profile.repeated:
            yield replace(report, received_at=instant(report.received_at + timedelta(hours=rng.uniform(0, 30))))


def _duration(median: float, rng: random.Random) -> float:
    return median * math.exp(rng.gauss(0, _SPREAD))


def _interpret(channel: Channel, step: str, index: int, moment: datetime) -> tuple[Interpretation, str]:
    """Return the interpretation and the tiebreaker of a step of a path."""
    vocabulary = Vocabulary.load()
    if channel is Channel.SIGNALS:
        state = SignalState(label=step, phase=None, index=index, success=None, effective_at=moment)
        return interpret_signal(state.label, state.phase, state.success, vocabulary, {}), state.tiebreaker
    name, _, label = step.partition(" ")
    status = Status(name)
    meaning = vocabulary.meaning(label, {})
    return (interpret_raw_status(status, label, meaning) if label else Interpretation(status=status)), str(status.rank)
