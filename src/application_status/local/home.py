"""The local service's home page: where everything is, and a form that sends a status as an ATS would.

Sending answers 303 to an address that shows what came of it, so that reloading sends nothing again.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from application_status.local import demo
from application_status.local.caller import Caller, Sent
from application_status.local.home_page import home_page
from application_status.local.pump import Pump, settle
from application_status.platform.errors import Forbidden, Refusal
from application_status.platform.http.endpoint import Reply, Request, refusal

_FORM_LIMIT_BYTES = 64 * 1024
_REMEMBERED = 50
_COUNTED_WITHIN_SECONDS = 3.0


class Home:
    """Answers GET and POST of the home page; the pumps are what brings a report to the counters."""

    def __init__(self, url: str, pumps: Sequence[Pump]) -> None:
        self._caller = Caller(url)
        self._pumps = pumps
        port = urlsplit(url).port
        self._origins = {f"http://{host}:{port}" for host in ("127.0.0.1", "localhost")}
        self._sent: dict[str, Sent] = {}

    def answer(self, event: Mapping[str, Any], _context: Any) -> Reply:
        """Answer a proxy event."""
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
            chosen=application,
            application=self._caller.application(application),
            sent=sent,
            curl=self._caller.curl(sent.content) if sent else "",
            funnel=sent.after if sent else self._caller.funnel(),
        )

    def _send(self, request: Request) -> Reply:
        """Send what the form says; what is wrong with it, the API tells."""
        self._require_own_page(request)
        fields = parse_qs(request.body(_FORM_LIMIT_BYTES).decode(errors="replace"))
        given = {name: values[-1] for name, values in fields.items()}
        content = json.dumps(_report(given), ensure_ascii=False)
        before = self._caller.funnel()
        answer = self._caller.report(content)
        settle(self._pumps, _COUNTED_WITHIN_SECONDS)
        number = secrets.token_urlsafe(8)
        self._sent[number] = Sent(content, answer, before, self._caller.funnel())
        while len(self._sent) > _REMEMBERED:
            self._sent.pop(next(iter(self._sent)))
        query = urlencode({"application": given.get("application", ""), "sent": number})
        headers = {"Location": f"/?{query}#answer", "Cache-Control": "no-store"}
        return {"statusCode": HTTPStatus.SEE_OTHER, "headers": headers, "body": ""}

    def _require_own_page(self, request: Request) -> None:
        """Let no other site's page send anything: a browser says where a form comes from.

        https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin
        """
        if request.header("Origin") not in self._origins:
            raise Forbidden("Send the form of this page; from elsewhere, call the API.")


def _report(given: Mapping[str, str]) -> dict[str, str]:
    """Return the report that the form's fields say; the day given begins at midnight UTC."""
    label, day = given.get("label"), given.get("date")
    return {
        "AtsiApplicationId": given.get("application", ""),
        "Status": given.get("status", ""),
        **({"RawStatus": label} if label else {}),
        **({"BusinessDate": f"{day}T00:00:00Z"} if day else {}),
    }
