"""An example of a file: 10,000 status changes of 2,000 applications of the demo's ATS, as Excel saves CSV.

`python -m application_status.local.example_file` writes it to standard output, and the local service has it at
/example.csv. It has changes with a day, with a time, and without either (as things stand), labels in four languages
with and without a status, repeated rows, and a few rows with mistakes. It is the same file for a whole day (UTC).
"""

import csv
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from http import HTTPStatus
from io import StringIO
from itertools import chain
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from application_status.applications.rules.application import Application
from application_status.applications.rules.registration import Registration
from application_status.applications.rules.status import Status
from application_status.local.demo import ATS_ID, client_of
from application_status.platform.errors import Refusal
from application_status.platform.http.endpoint import Reply, Request, refusal
from application_status.platform.values import ApplicationId, application_id, now

APPLICATIONS = 2_000
ROWS_EACH = 5

PATH = "/example.csv"
"""Where the local service has the file."""

_SEED = 10_000
_BERLIN = ZoneInfo("Europe/Berlin")
_BYTE_ORDER_MARK = "\ufeff"
_COMPANY, _JOBS = "Baltic Shipping GmbH", ("Deckhand", "Ship's Cook", "Marine Engineer", "Harbour Clerk")
_DAYS_AGO = 100  # the latest applications of the file: outside the reports' default period until they are asked for
_SPREAD_DAYS = 90
_MOST_DAYS_A_STEP = 18
_MISTAKE_EVERY = 163  # rows
_LANGUAGES = 4


class Change(NamedTuple):
    """A row: the columns of the file."""

    application: str
    label: str
    status: str
    date: str


_COLUMNS = Change("atsiApplicationId", "rawStatus", "status", "businessDate")

# Labels in English, German, French and Dutch (_LANGUAGES).
_STAGES: Mapping[str, tuple[Status, Sequence[str]]] = {
    "received": (
        Status.APPLIED,
        ("Applied", "Bewerbung eingegangen", "Candidature reçue", "Sollicitatie ontvangen"),
    ),
    "review": (Status.PRE_INTERVIEW, ("In review", "In Prüfung", "Présélection", "Telefonische screening")),
    "interview": (Status.INTERVIEW, ("First interview", "Vorstellungsgespräch", "Entretien", "Sollicitatiegesprek")),
    "trial": (Status.POST_INTERVIEW, ("Trial day", "Schnuppertag", "Journée d'essai", "Meeloopdag")),
    "offer": (Status.OFFER, ("Offer extended", "Angebot unterbreitet", "Offre envoyée", "Aanbod gedaan")),
    "hired": (Status.HIRED, ("Hired", "Eingestellt", "Embauché", "Aangenomen")),
    "rejected": (Status.REJECTED, ("Not selected", "Absage", "Candidature refusée", "Afgewezen")),
    "withdrew": (
        Status.REJECTED,
        (
            "Withdrawn by candidate",
            "Absage durch Bewerber",
            "Désistement du candidat",
            "Teruggetrokken door kandidaat",
        ),
    ),
    "closed": (Status.REJECTED, ("Position filled", "Absage; Stelle besetzt", "Poste pourvu", "Vacature vervuld")),
    "pool": (Status.LEAD, ("Talent pool", "Talentpool", "Vivier", "Talentenpool")),
}
_PATHS: Sequence[tuple[int, str]] = (
    (14, "received rejected"),
    (6, "received withdrew"),
    (20, "received review rejected"),
    (6, "received review closed"),
    (4, "received review pool"),
    (18, "received review interview rejected"),
    (5, "received interview withdrew"),
    (6, "received interview trial rejected"),
    (9, "received interview offer hired"),
    (7, "received review interview offer hired"),
    (5, "received review interview trial"),
)


def applications(today: date) -> Iterator[Application]:
    """Yield the applications of the file as the board registers them."""
    for number in range(APPLICATIONS):
        registration = Registration(
            ats_id=ATS_ID,
            client_id=client_of(_COMPANY),
            job_id=f"job-at-sea-{1 + number % len(_JOBS)}",
            jobseeker_id=f"jobseeker-{10_000 + number}",
            job_title=_JOBS[number % len(_JOBS)],
            company=_COMPANY,
            applied_at=datetime.combine(_applied_on(number, today), time(6), UTC),
        )
        yield Application(
            application_id=_id(number), ats_id=ATS_ID, status=Status.APPLIED, version=1, registration=registration
        )


def content(today: date) -> str:
    """Return the file of a day."""
    text = StringIO()
    text.write(_BYTE_ORDER_MARK)
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    rows = chain.from_iterable(_changes(number, today) for number in range(APPLICATIONS))
    writer.writerow(_COLUMNS)
    for number, row in enumerate(rows, start=1):
        is_mistake = not number % _MISTAKE_EVERY
        writer.writerow(_MISTAKES[number // _MISTAKE_EVERY % len(_MISTAKES)](row) if is_mistake else row)
    return text.getvalue()


def _id(number: int) -> ApplicationId:
    return application_id(f"00000000-0000-4000-9000-{number:012x}")


def _applied_on(number: int, today: date) -> date:
    return today - timedelta(days=_DAYS_AGO + number % _SPREAD_DAYS)


def _changes(number: int, today: date) -> Iterator[Change]:
    """Yield the rows of an application: its path, how things stand, and repeated rows."""
    rng = random.Random(_SEED + number)  # noqa: S311  # the same file each time
    (path,) = rng.choices([path for _, path in _PATHS], [often for often, _ in _PATHS])
    (moment,) = rng.choices((_as_day, _as_local_time, _as_utc), (6, 3, 1))
    language, has_status = rng.randrange(_LANGUAGES), rng.choice((True, False))
    day, rows = _applied_on(number, today), []
    for step in path.split():
        status, labels = _STAGES[step]
        at = datetime.combine(day, time(8, rng.randrange(60)), UTC)
        rows.append(Change(_id(number), labels[language], status if has_status else "", moment(at)))
        day += timedelta(days=rng.randint(1, _MOST_DAYS_A_STEP))
    rows.append(rows[-1]._replace(date=""))
    yield from rows[:ROWS_EACH]
    yield from (rng.choice(rows) for _ in range(ROWS_EACH - len(rows)))


def _as_day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _as_local_time(at: datetime) -> str:
    return at.astimezone(_BERLIN).isoformat()


def _as_utc(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


_MISTAKES: Sequence[Callable[[Change], Sequence[str]]] = (
    lambda row: row._replace(application=f"{row.application[:-4]}ffff"),  # an application that is not registered
    lambda row: row._replace(application=row.application[:-1]),
    lambda row: row._replace(status="Interviewing"),
    lambda row: row._replace(label=""),
    lambda row: row._replace(date="02.11.2026"),
    lambda row: row._replace(date="1900-01-01"),
    lambda row: row._replace(date="2126-11-02"),
    lambda row: row[:2],
)
"""Mistakes that senders make."""


def serve(today: date) -> Callable[[Mapping[str, Any], Any], Reply]:
    """Return the handler of PATH, which has the file of a day."""

    def handler(event: Mapping[str, Any], _context: Any) -> Reply:
        request = Request.from_event(event)
        try:
            request.require_method("GET", "HEAD")
        except Refusal as error:
            return refusal(error, request)
        headers = {"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "no-store"}
        return {"statusCode": HTTPStatus.OK, "headers": headers, "body": content(today)}

    return handler


if __name__ == "__main__":
    sys.stdout.buffer.write(content(now().date()).encode())
