"""The home page as HTML: no scripts, and the look of the jobseekers' page."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from application_status.gateway.problems import Reply
from application_status.local import demo
from application_status.local.caller import Answer, Sent
from application_status.local.employers import OPENINGS
from application_status.local.senders import SENDERS
from application_status.model.instant import from_text
from application_status.model.quality_report import STEPS
from application_status.model.status import Outcome, Status

_PACKAGES = {"application_status.applicant": "page.css", "application_status.local": "home.css"}
_STYLE = "".join(
    files(each).joinpath("templates", name).read_text(encoding="utf-8") for each, name in _PACKAGES.items()
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",  # without a referrer, the form would come from nowhere
    "X-Content-Type-Options": "nosniff",
}

_TEMPLATES = Environment(
    loader=PackageLoader("application_status.local"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["moment"] = lambda text: f"{from_text(text):%d %b %Y, %H:%M}"
_PAGE = _TEMPLATES.get_template("home.html")

_CLIENTS = dict(list({each.client_id: each.company for each in OPENINGS}.items())[:3])


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of the funnel: how many applications, the share of all in percent, and what the report changed."""

    name: str
    amount: int
    percent: float
    change: int


def home_page(*, chosen: str, application: Answer, sent: Sent | None, curl: str, funnel: Mapping[str, int]) -> Reply:
    """Return the page, about the application that was chosen and perhaps what was sent of it."""
    html = _PAGE.render(
        style=_STYLE,
        token=demo.TOKEN,
        jobseeker=demo.JOBSEEKER_ID,
        senders=SENDERS,
        clients=_CLIENTS,
        samples=demo.SAMPLES,
        statuses=list(Status),
        chosen=chosen,
        application=application.body if application.status == HTTPStatus.OK else None,
        sent=sent,
        curl=curl,
        ats=demo.ATS_ID,
        groups=_groups(funnel, sent.before if sent else funnel),
    )
    return {"statusCode": HTTPStatus.OK, "headers": _HEADERS, "body": html}


def _groups(funnel: Mapping[str, int], before: Mapping[str, int]) -> dict[str, list[Bar]]:
    """Return the rows of the funnel: which stage was reached, and how it stands."""
    total = funnel["applications"]

    def bar(name: str, measure: str) -> Bar:
        amount = funnel[measure]
        return Bar(name, amount, round(100 * amount / total, 1), amount - before[measure])

    return {
        "Reached, ever": [bar(step, f"reached:{step}") for step in STEPS],
        "Stand now": [bar(outcome.replace("_", " "), f"outcome:{outcome}") for outcome in Outcome],
    }
