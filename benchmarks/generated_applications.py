"""Generates applications with a random seed: their versions, with the times of storing them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from application_status.applications.rules.application import Application
from application_status.applications.rules.registration import Registration
from application_status.applications.rules.report import Channel, Interpretation, Report
from application_status.applications.rules.status import Outcome, Status
from application_status.platform.values import AtsId, application_id, instant

_PATHS: Sequence[tuple[int, Sequence[str]]] = (  # weight, and statuses; a rejection is given by its label
    (30, ()),
    (22, ("Not selected",)),
    (8, ("Candidate withdrew",)),
    (6, ("CONTACT", "Not selected")),
    (6, ("PRE_INTERVIEW", "Not selected")),
    (9, ("INTERVIEW", "Not selected")),
    (3, ("CONTACT", "INTERVIEW", "POST_INTERVIEW", "Not selected")),
    (2, ("Not selected", "INTERVIEW", "OFFER", "HIRED")),
    (2, ("INTERVIEW", "OFFER", "Candidate declined the offer")),
    (5, ("INTERVIEW", "OFFER", "HIRED")),
    (3, ("CONTACT", "INTERVIEW", "OFFER", "HIRED")),
    (4, ("Stage 3",)),
)
_REJECTIONS = {
    "Not selected": Outcome.NOT_SELECTED,
    "Candidate withdrew": Outcome.CANDIDATE_WITHDREW,
    "Candidate declined the offer": Outcome.OFFER_DECLINED,
}
_JOBS = ("Python Developer", "Data Engineer", "Pflegefachkraft (m/w/d)", "Logistics Planner", "Steuerberater (m/w/d)")
_MEDIAN_DAYS, _LATE = 5.0, 0.1


@dataclass(frozen=True, slots=True)
class Board:
    """A board with applications of `days` days; each ATS has half as many as the one before."""

    ats_ids: Sequence[str]
    clients: int
    start: datetime
    days: float

    def versions(self, number: int, chance: random.Random) -> Iterator[tuple[datetime, Application]]:
        """Yield the versions of an application, oldest first, with the time of storing."""
        moment = instant(self.start + timedelta(days=chance.uniform(0, self.days)))
        now = self._registered(number, chance, moment)
        yield moment, now
        (path,) = chance.choices([path for _, path in _PATHS], [often for often, _ in _PATHS])
        reports: list[Report] = []
        effective_at = moment
        for label in path:
            effective_at = instant(effective_at + timedelta(days=_MEDIAN_DAYS * chance.lognormvariate(0, 1)))
            reports.append(_report(now, label, effective_at))
        if chance.random() < _LATE:
            reports.reverse()  # the first report arrives late
        for report in reports:
            moment = max(moment, report.received_at)
            now = now.after(now.receive(report))
            yield moment, now

    def _registered(self, number: int, chance: random.Random, applied_at: datetime) -> Application:
        ats_id = self.ats_ids[min(int(chance.paretovariate(1)) - 1, len(self.ats_ids) - 1)]
        client = int(self.clients * chance.random() ** 2)
        return self._application(number, ats_id, f"client-{client}", f"job-{client}-{number % 5}", applied_at)

    def _application(self, number: int, ats_id: str, client_id: str, job_id: str, applied_at: datetime) -> Application:
        registration = Registration(
            ats_id=AtsId(ats_id),
            client_id=client_id,
            job_id=job_id,
            jobseeker_id=f"jobseeker-{number % 97}",
            job_title=_JOBS[(len(client_id) + number) % len(_JOBS)],
            company=f"Company of {client_id}",
            applied_at=applied_at,
        )
        return Application(
            application_id=application_id(f"00000000-0000-4000-8000-{number:012x}"),
            ats_id=registration.ats_id,
            status=Status.APPLIED,
            version=1,
            registration=registration,
        )


def _report(application: Application, label: str, moment: datetime) -> Report:
    status = Status.REJECTED if label in _REJECTIONS else Status(label) if label in Status else None
    return Report(
        application_id=application.application_id,
        ats_id=application.ats_id,
        channel=Channel.ATSI if status else Channel.SIGNALS,
        interpretation=Interpretation(status=status, raw_status=label, outcome=_REJECTIONS.get(label)),
        tiebreaker=str(status.rank) if status else "0",
        effective_at=moment,
        received_at=moment + timedelta(minutes=30),
    )
