"""The demo's employers: a dozen companies, the ATS that each works with, and the jobs that it advertises."""

from collections.abc import Sequence
from dataclasses import dataclass

from application_status.platform.values import AtsId

_SMALLEST_SHARE = 0.15  # so few apply for the last job of an employer that reports hide it


@dataclass(frozen=True, slots=True)
class Opening:
    """A job that somebody can apply for; `share` is how many do, beside the other openings' shares."""

    ats_id: AtsId
    client_id: str
    job_id: str
    job_title: str
    company: str
    share: float


# How many of a hundred apply there, and for what, the most wanted job first. The first three jobs are the samples'.
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
    """Return a company's id as a client."""
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
