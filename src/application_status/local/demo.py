"""The demo data of the local service: tokens, an OAuth client, sample applications, ATSs' profiles, and the employers.

`seed` stores the tokens, the client and the samples. `demo_board.py` simulates the other applications from profiles and
employers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from application_status.access import clients
from application_status.access.register import TokenRegister
from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases, Registration
from application_status.applications.rules.report import Channel
from application_status.platform.values import AtsId, application_id, now

TOKEN = "node01nwh2px2exa8a1d7006h0cnbof7.node0"  # noqa: S105  # the ATSi contract's published sample
TEST_TOKEN = "atsi_test_demo0001_TryTheServiceWithThisTokenOfTheLocalDemo0003i9xHe"  # noqa: S105  # the sandbox's
CLIENT_ID = "atsi_client_live_DemoClient000001"
CLIENT_SECRET = "atsi_secret_TryTheServiceWithThisSecretOfTheLocalDemo00001"  # noqa: S105  # the local service's
ATS_ID = AtsId("demo-ats")
JOBSEEKER_ID = "jobseeker-1"
_NO_ALIASES = Aliases()
_DAYS_APART = 8


@dataclass(frozen=True, slots=True)
class _Sample:
    application_id: str
    job_title: str
    company: str
    aliases: Aliases = _NO_ALIASES


_SEEK_SAMPLE = Aliases(  # from the published sample of the Selection Signals contract
    tokens=("globalPublicTest-WfRFAhG25YC8ADe3QvxAVz",),
    position_profile_ids=("seekAnzPublicTest:positionProfile:jobAd:27cuZeA47",),
)

SAMPLES = (
    _Sample("51c3be16-0f93-41ed-9cc0-9092222d7333", "Python Developer", "Example GmbH"),
    _Sample("0a7e3f52-6b1d-4c1e-9d55-0c8a4f6f2b01", "Data Engineer", "Example GmbH", _SEEK_SAMPLE),
    _Sample("0a7e3f52-6b1d-4c1e-9d55-0c8a4f6f2b02", "Pflegefachkraft (m/w/d)", "Muster Klinik AG"),
)


LOCATIONS = {
    "Example GmbH": "Berlin",
    "Muster Klinik AG": "Köln",
    "Nordlicht Logistik GmbH": "Hamburg",
    "Hofmann Maschinenbau AG": "Augsburg",
    "Alpenbank AG": "München",
    "Hanse Versicherung AG": "Bremen",
    "Sommer Backwaren GmbH": "Leipzig",
    "Steuerkanzlei Lindner": "Erfurt",
    "Quantenwerk Software SE": "Karlsruhe",
    "Lumen Games GmbH": "Potsdam",
    "Kaufhaus Reinhardt KG": "Dortmund",
    "Seeblick Hotels GmbH": "Konstanz",
}
"""The place of each company."""


def seed(tokens: TokenRegister, registrations: Registrations) -> None:
    """Store the tokens, the client and the sample applications."""
    tokens.add(TOKEN, ATS_ID)
    tokens.add(TEST_TOKEN, ATS_ID)
    tokens.add_client(CLIENT_ID, CLIENT_SECRET, clients.public_key(CLIENT_SECRET), ATS_ID)
    for number, sample in enumerate(SAMPLES, start=1):
        registration = Registration(
            ats_id=ATS_ID,
            client_id=sample.company.split()[0].lower(),
            job_id=f"job-{number}",
            jobseeker_id=JOBSEEKER_ID,
            job_title=sample.job_title,
            company=sample.company,
            applied_at=now() - timedelta(days=_DAYS_APART * number),
            link=job_ad(f"job-{number}"),
            location=LOCATIONS[sample.company],
            aliases=sample.aliases,
        )
        registrations.register(application_id(sample.application_id), registration)


def job_ad(job_id: str) -> str:
    """Return the address of a job ad, which is made up."""
    return f"https://www.example.com/jobs/{job_id}"


type Paths = Sequence[tuple[int, str]]
"""Paths of an ATS's applications with weights; a step is a status with an optional label, or a signal's label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtsProfile:
    """The name and the reporting pattern of an ATS; `description` completes the sentence "the ATS ...".

    Medians: `days_a_step` from one step to the next, `report_delay_hours` from a step to its report. Shares of the
    reports: `late` (days late), `repeated`, and `refused` (then sent correctly).
    """

    name: str
    description: str
    channel: Channel = Channel.ATSI
    paths: Paths
    days_a_step: float
    report_delay_hours: float
    late: float
    repeated: float
    refused: float
    silent_since_days: float = 0.0


_COMPLETE: Paths = (
    (10, ""),
    (6, "CONTACT"),
    (15, "REJECTED Not a fit"),
    (4, "REJECTED"),
    (4, "REJECTED Withdrawn by candidate"),
    (8, "CONTACT > REJECTED Not a fit"),
    (9, "CONTACT > PRE_INTERVIEW > REJECTED Not a fit"),
    (3, "CONTACT > REJECTED Position filled"),
    (13, "CONTACT > PRE_INTERVIEW > INTERVIEW > REJECTED Rejected after interview"),
    (3, "PRE_INTERVIEW > INTERVIEW > REJECTED Withdrawn by candidate"),
    (8, "CONTACT > INTERVIEW > POST_INTERVIEW > REJECTED Rejected after interview"),
    (2, "INTERVIEW > CONTACT > INTERVIEW > POST_INTERVIEW"),
    (2, "REJECTED Not a fit > INTERVIEW > OFFER > HIRED"),
    (3, "CONTACT > INTERVIEW > OFFER > REJECTED Offer declined by candidate"),
    (7, "CONTACT > PRE_INTERVIEW > INTERVIEW > POST_INTERVIEW > OFFER > HIRED"),
    (3, "INTERVIEW > OFFER > HIRED"),
    (1, "CONTACT > INTERVIEW > OFFER > HIRED > OFFER > REJECTED Offer declined by candidate"),
)
_SLOW: Paths = (
    (30, ""),
    (20, "PRE_INTERVIEW"),
    (14, "REJECTED Absage"),
    (12, "PRE_INTERVIEW > REJECTED Absage"),
    (8, "REJECTED Absage durch Bewerber"),
    (9, "PRE_INTERVIEW > INTERVIEW > REJECTED Absage"),
    (5, "PRE_INTERVIEW > INTERVIEW > REJECTED Absage durch Bewerber"),
    (3, "PRE_INTERVIEW > REJECTED Stelle besetzt"),
    (5, "PRE_INTERVIEW > INTERVIEW > OFFER > HIRED"),
    (2, "INTERVIEW > OFFER > REJECTED Angebot abgelehnt"),
)
_ENDINGS: Paths = (
    (40, ""),
    (28, "REJECTED"),
    (14, "REJECTED Absage"),
    (6, "REJECTED Absage durch Bewerber"),
    (4, "REJECTED Stelle besetzt"),
    (12, "HIRED"),
    (1, "HIRED > REJECTED Absage durch Bewerber"),
)
_OWN_WORDS: Paths = (
    (12, ""),
    (14, "Talent Community"),
    (12, "Application review > Bar Raiser"),
    (10, "Application review > Recruiter screen > Tier 1"),
    (9, "Recruiter screen > Culture Add > Application unsuccessful"),
    (7, "Recruiter screen > Onsite interview > Silver Medalist"),
    (1, "Talent Community > Hold until Q3"),
    (1, "Application review > Moved to next intake"),
    (1, "Recruiter screen > Keep warm"),
    (12, "Application review > Application unsuccessful"),
    (8, "Recruiter screen > Bar Raiser > Onsite interview > Application unsuccessful"),
    (4, "Recruiter screen > Candidate withdrew"),
    (3, "Recruiter screen > Onsite interview > Debrief > Application unsuccessful"),
    (6, "Recruiter screen > Onsite interview > Debrief > Offer extended > Hired"),
    (2, "Onsite interview > Offer extended > Offer declined by candidate"),
    (2, "Application review > Requisition closed"),
)

ATS_PROFILES: Mapping[AtsId, AtsProfile] = {
    AtsId("demo-ats"): AtsProfile(
        name="Demo ATS",
        description="reports every stage within the hour",
        paths=_COMPLETE, days_a_step=2.5, report_delay_hours=0.2, late=0.03, repeated=0.03, refused=0.01
    ),
    AtsId("workday"): AtsProfile(
        name="Workday",
        description="reports late and sends many reports twice",
        paths=_SLOW, days_a_step=13, report_delay_hours=40, late=0.25, repeated=0.3, refused=0.03
    ),
    AtsId("personio"): AtsProfile(
        name="Personio",
        description="reports final statuses only",
        paths=_ENDINGS, days_a_step=14, report_delay_hours=5, late=0.1, repeated=0.05, refused=0.02
    ),
    AtsId("greenhouse"): AtsProfile(
        name="Greenhouse",
        description="uses stage names that are unmapped",
        channel=Channel.SIGNALS,
        paths=_OWN_WORDS, days_a_step=5, report_delay_hours=1, late=0.08, repeated=0.1, refused=0.06
    ),
    AtsId("icims"): AtsProfile(
        name="iCIMS",
        description="stopped reporting weeks ago",
        paths=_COMPLETE, days_a_step=4, report_delay_hours=3, late=0.05, repeated=0.1, refused=0.2, silent_since_days=33
    ),
}  # fmt: skip


_SMALLEST_SHARE = 0.15  # so few that reports hide the third job of an employer


@dataclass(frozen=True, slots=True)
class Opening:
    """A job; `share` is its weight among all jobs."""

    ats_id: AtsId
    client_id: str
    job_id: str
    job_title: str
    company: str
    share: float


# Weight, company, ATS, and jobs, the most popular first. The first three jobs are those of the samples.
_EMPLOYERS: Sequence[tuple[int, str, str, Sequence[str]]] = (
    (10, "Example GmbH", "demo-ats", ("Python Developer", "Data Engineer")),
    (11, "Muster Klinik AG", "demo-ats", ("Pflegefachkraft (m/w/d)", "Physiotherapeut (m/w/d)", "Chefarzt (m/w/d)")),
    (6, "Example GmbH", "demo-ats", ("Product Manager", "Werkstudent IT (m/w/d)", "Head of Legal")),
    (8, "Nordlicht Logistik GmbH", "demo-ats", ("Logistics Planner", "Lagerfachkraft (m/w/d)", "Fleet Manager")),
    (11, "Hofmann Maschinenbau AG", "workday", ("Konstrukteur (m/w/d)", "Industriemechaniker (m/w/d)", "Buyer")),
    (9, "Alpenbank AG", "workday", ("Kundenberater (m/w/d)", "Risk Analyst", "Compliance Officer")),
    (6, "Hanse Versicherung AG", "workday", ("Schadenregulierer (m/w/d)", "Actuary")),
    (7, "Sommer Backwaren GmbH", "personio", ("Verkäufer (m/w/d)", "Bäcker (m/w/d)", "Filialleitung (m/w/d)")),
    (5, "Steuerkanzlei Lindner", "personio", ("Steuerberater (m/w/d)", "Steuerfachangestellte (m/w/d)")),
    (9, "Quantenwerk Software SE", "greenhouse", ("Backend Engineer", "Product Designer", "Site Reliability Engineer")),
    (6, "Lumen Games GmbH", "greenhouse", ("Gameplay Programmer", "3D Artist", "Community Manager")),
    (6, "Kaufhaus Reinhardt KG", "icims", ("Sales Assistant", "Store Manager", "Visual Merchandiser")),
    (6, "Seeblick Hotels GmbH", "icims", ("Rezeptionist (m/w/d)", "Koch (m/w/d)", "Event Manager")),
)


def client_of(company: str) -> str:
    """Return the client id of a company."""
    return company.split(maxsplit=1)[0].lower()


def _openings() -> list[Opening]:
    found: list[Opening] = []
    for share, company, ats, titles in _EMPLOYERS:
        for place, title in enumerate(titles):
            part = _SMALLEST_SHARE if place == 2 else share * (0.6, 0.4)[place]  # noqa: PLR2004  # the third job
            job_id = f"job-{len(found) + 1}"
            found.append(Opening(AtsId(ats), client_of(company), job_id, title, company, part))
    return found


OPENINGS = tuple(_openings())

CLIENTS: Mapping[str, str] = dict(list({each.client_id: each.company for each in OPENINGS}.items())[:3])
"""Three clients, and their companies."""

USERS: Mapping[str, str] = {
    f"jobseeker/{JOBSEEKER_ID}": "has applied for jobs",
    **{f"ats/{name}": profile.description for name, profile in ATS_PROFILES.items()},
    **{f"client/{name}": f"recruits for {company}" for name, company in CLIENTS.items()},
    "staff": "works for the job board",
}
"""The users who can sign in, and a description of each."""
