"""Applications as boards see them: seeded lives, each a list of moments at which something becomes known."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from application_status.model.application import Application, Registration
from application_status.model.identifiers import AtsId, application_id
from application_status.model.report import Reading, Report
from application_status.model.status import Status

START = datetime(2026, 1, 1, tzinfo=UTC)
ATS_COUNT = 10
CLIENTS = 2_000

_PATHS = (  # how often, and through which statuses
    (30, ()),
    (30, (Status.REJECTED,)),
    (8, (Status.CONTACT, Status.REJECTED)),
    (8, (Status.PRE_INTERVIEW, Status.REJECTED)),
    (10, (Status.INTERVIEW, Status.REJECTED)),
    (4, (Status.CONTACT, Status.INTERVIEW, Status.POST_INTERVIEW, Status.REJECTED)),
    (6, (Status.INTERVIEW, Status.OFFER, Status.HIRED)),
    (4, (Status.CONTACT, Status.INTERVIEW, Status.OFFER, Status.HIRED)),
)
_MEAN_DAYS = 8.0


def life(number: int, chance: random.Random, days: int) -> Iterator[tuple[datetime, Application]]:
    """Yield an application's versions, each with the moment at which it was stored."""
    ats = min(int(chance.paretovariate(1.0)) - 1, ATS_COUNT - 1)  # the largest has half of all
    moment = START + timedelta(days=chance.uniform(0, days))
    client = f"client-{int(CLIENTS * chance.random() ** 2)}"
    now = Application(
        application_id=application_id(f"00000000-0000-0000-0000-{number:012x}"),
        ats_id=AtsId(f"ats-{ats}"),
        status=Status.APPLIED,
        version=1,
        registration=Registration(
            ats_id=AtsId(f"ats-{ats}"), client_id=client, job_id=f"{client}-job-{number % 20}", jobseeker_id="-",
            job_title="-", company="-", applied_at=moment,
        ),
    )  # fmt: skip
    yield moment, now
    (path,) = chance.choices([path for _, path in _PATHS], [often for often, _ in _PATHS])
    for status in path:
        moment += timedelta(days=chance.lognormvariate(0, 1) * _MEAN_DAYS / 1.65)
        report = Report(
            application_id=now.application_id, ats_id=now.ats_id, reading=Reading(status=status),
            place=str(status.rank), effective_at=moment, received_at=moment + timedelta(minutes=30),
        )  # fmt: skip
        _, transition = now.receive(report)
        now = replace(
            now, version=now.version + 1, status=status, head=transition.key,
            transitions={**now.transitions, transition.key: transition},
        )  # fmt: skip
        yield report.received_at, now
