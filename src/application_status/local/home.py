"""The home page of the local service: a form that sends a status as an ATS would, its effect, and links to all pages.

The form redirects (303) to an address that shows the result, so reloading the page does not send it again.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from application_status.local import demo
from application_status.local.api_client import ApiClient, Sent
from application_status.local.home_page import home_page
from application_status.local.stream_poller import StreamPoller, wait_until_processed
from application_status.platform.errors import Forbidden, Refusal
from application_status.platform.http.endpoint import Reply, Request, refusal

_FORM_LIMIT_BYTES = 64 * 1024
_REMEMBERED = 50
_PROCESSED_WITHIN_SECONDS = 3.0


class Home:
    """The home page; `pollers` are those to wait for before a sent report shows in the counters."""

    def __init__(self, url: str, pollers: Sequence[StreamPoller]) -> None:
        self._api = ApiClient(url)
        self._pollers = pollers
        port = urlsplit(url).port
        self._origins = {f"http://{host}:{port}" for host in ("127.0.0.1", "localhost")}
        self._sent: dict[str, Sent] = {}

    def answer(self, event: Mapping[str, Any], _context: Any) -> Reply:
        """Handle a proxy event."""
        request = Request.from_event(event)
        try:
            request.require_method("GET", "HEAD", "POST")
            return self._send(request) if request.method == "POST" else self._show(request)
        except Refusal as error:
            return refusal(error, request)

    def _show(self, request: Request) -> Reply:
        asked = {name: values[-1] for name, values in request.query.items()}
        application = asked.get("application", demo.SAMPLES[0].application_id)
        sent = self._sent.get(asked.get("sent", ""))
        return home_page(
            request,
            chosen=application,
            application=self._api.application(application),
            sent=sent,
            curl=self._api.curl(sent.content) if sent else "",
            funnel=sent.after if sent else self._api.funnel(),
        )

    def _send(self, request: Request) -> Reply:
        """Send the report of the form; the API validates it."""
        self._require_own_page(request)
        fields = parse_qs(request.body(_FORM_LIMIT_BYTES).decode(errors="replace"))
        given = {name: values[-1] for name, values in fields.items()}
        content = json.dumps(_report(given), ensure_ascii=False)
        before = self._api.funnel()
        answer = self._api.report(content)
        wait_until_processed(self._pollers, _PROCESSED_WITHIN_SECONDS)
        number = secrets.token_urlsafe(8)
        self._sent[number] = Sent(content, answer, before, self._api.funnel())
        while len(self._sent) > _REMEMBERED:
            self._sent.pop(next(iter(self._sent)))
        query = urlencode({"application": given.get("application", ""), "sent": number})
        headers = {"Location": f"{request.prefix}/?{query}#answer", "Cache-Control": "no-store"}
        return {"statusCode": HTTPStatus.SEE_OTHER, "headers": headers, "body": ""}

    def _require_own_page(self, request: Request) -> None:
        """Refuse forms of other sites' pages, by the Origin header that browsers send.

        https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin
        """
        if request.header("Origin") not in self._origins:
            raise Forbidden("This form was sent from another site. Use the form of this page, or call the API.")


def _report(given: Mapping[str, str]) -> dict[str, str]:
    """Return the report for the form's fields; a date is sent as midnight UTC."""
    label, day = given.get("label"), given.get("date")
    return {
        "AtsiApplicationId": given.get("application", ""),
        "Status": given.get("status", ""),
        **({"RawStatus": label} if label else {}),
        **({"BusinessDate": f"{day}T00:00:00Z"} if day else {}),
    }
