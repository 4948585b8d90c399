"""The home page as HTML, without scripts: a tour in three steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from application_status.applications.rules.status import Outcome, Status
from application_status.local import demo
from application_status.local.api_client import Answer, Sent
from application_status.local.hire import CONNECTED_CLIENT, CONNECTIONS
from application_status.platform.http.endpoint import Reply, Request
from application_status.platform.http.html import Pages
from application_status.platform.values import from_text
from application_status.quality.rules.numbers import STEPS

_PAGES = Pages("application_status.local", form_action="'self'")
_HEADERS = {
    "Referrer-Policy": "same-origin",  # without a referrer, browsers send "Origin: null" with the form
}


@dataclass(frozen=True, slots=True)
class FunnelBar:
    """A row of the funnel: number of applications, percentage of all, and the change by the report."""

    name: str
    amount: int
    percent: float
    change: int


def home_page(  # noqa: PLR0913  # what the page shows
    request: Request, *, chosen: str, application: Answer, sent: Sent | None, curl: str, funnel: Mapping[str, int]
) -> Reply:
    """Reply with the page, for the application chosen and the report sent, if any."""
    return _PAGES.reply(
        request,
        HTTPStatus.OK,
        "home.html",
        _HEADERS,
        title="Application status",
        prefix=request.prefix,
        token=demo.TOKEN,
        test_token=demo.TEST_TOKEN,
        client_id=demo.CLIENT_ID,
        client_secret=demo.CLIENT_SECRET,
        jobseeker=demo.JOBSEEKER_ID,
        ats_profiles=demo.ATS_PROFILES,
        clients=demo.CLIENTS,
        connections=CONNECTIONS,
        connected_client=CONNECTED_CLIENT,
        samples=demo.SAMPLES,
        statuses=list(Status),
        chosen=chosen,
        application=application.body if application.status == HTTPStatus.OK else None,
        sent=sent,
        curl=curl,
        ats=demo.ATS_ID,
        groups=_groups(funnel, sent.before if sent else funnel),
        moment=lambda text: f"{from_text(text):%d %b %Y, %H:%M}",
    )


def _groups(funnel: Mapping[str, int], before: Mapping[str, int]) -> dict[str, list[FunnelBar]]:
    """Return the rows of the funnel by group; empty without numbers."""
    if not funnel:
        return {}
    total = funnel["applications"]

    def bar(name: str, measure: str) -> FunnelBar:
        amount = funnel[measure]
        return FunnelBar(name, amount, round(100 * amount / total, 1), amount - before.get(measure, amount))

    return {
        "Stage reached": [bar(step, f"reached:{step}") for step in STEPS],
        "Outcome today": [bar(outcome.replace("_", " "), f"outcome:{outcome}") for outcome in Outcome],
    }
