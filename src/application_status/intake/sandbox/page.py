"""The page `/sandbox/requests`, on which an integrator sees the newest requests with a test token.

The token comes in the body of a form. It is in no address, cookie or log, and in the page only in the form's field.
"""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from application_status.access.sessions import DOCS_PAGE
from application_status.access.tokens import TokenLookup
from application_status.intake.sandbox.request_log import RequestLog, own_requests
from application_status.platform.errors import Forbidden, Refusal, TooManyRequests, Unauthenticated
from application_status.platform.http.endpoint import (
    PROBLEMS,
    Problem,
    Reply,
    Request,
    refusal_headers,
    retry_later,
)
from application_status.platform.http.forms import form_fields
from application_status.platform.http.html import Frame, Link, Pages
from application_status.platform.http.negotiation import preferred_texts
from application_status.texts.texts import LANGUAGES

REQUESTS_PAGE = "/sandbox/requests"
PAGE_SIZE = 10
"""How many requests the page shows at once."""

_PAGES = Pages("application_status.intake.sandbox", form_action="'self'", languages=LANGUAGES)
_FORM_BYTES = 4096
_SHOWN_CHARACTERS, _SHOWN_NOTES = 400, 3
_REFUSED = {
    Unauthenticated: "sandbox_requests.not_valid",
    Forbidden: "sandbox_requests.live",
    TooManyRequests: "sandbox_requests.throttled",
}


def requests_page(request: Request, tokens: TokenLookup, log: RequestLog) -> Reply:
    """Reply with a form for the test token or, if the form was sent, with the requests.

    Raises:
        BodyTooLarge, UnsupportedMediaType: the form is too large, or is no form.
        Forbidden, TooManyRequests, Unauthenticated: as for `GET /api/sandbox/requests`.
    """
    if request.method == "GET":
        return _page(request)
    token, first = _sent(request)
    found = own_requests(replace(request, headers={"x-atsitoken": (token,)}, query={}), tokens, log)
    after = first + PAGE_SIZE
    return _page(
        request,
        token=token,
        found=found,
        shown=found[first:after],
        newer=max(first - PAGE_SIZE, 0) if first else None,
        older=after if after < len(found) else None,
    )


def refused(error: Refusal, request: Request) -> Reply:
    """Return the page's reply to a refused request: the form again, and what is wrong."""
    key = _REFUSED.get(type(error))
    text = preferred_texts(request)(key) if key else str(error)
    return _page(request, PROBLEMS[type(error)].status, refusal_headers(error, "X-AtsiToken"), wrong=text)


def failed(problem: Problem, request: Request) -> Reply:
    """Return the page's reply to a failed request."""
    return _page(request, problem.status, retry_later(), wrong=preferred_texts(request)("layout.failed"))


def _sent(request: Request) -> tuple[str, int]:
    """Return the token in the form, and the place of the first request to show."""
    form = form_fields(request, _FORM_BYTES)
    first = form.get("from", "0")
    return form.get("token", ""), int(first) if first.isdecimal() and first.isascii() else 0


def _page(request: Request, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None, **own: Any) -> Reply:
    """Return the page with the form and, if the content has them, with requests or with what is wrong."""
    t = preferred_texts(request)
    content: dict[str, Any] = {
        "title": t("sandbox_requests.title"),
        "moment": lambda text: f"{text[:10]} {text[11:19]} UTC",
        "limit": _SHOWN_CHARACTERS,
        "notes": _SHOWN_NOTES,
        "token": "",
        "wrong": "",
        "found": None,
        "shown": (),
        "newer": None,
        "older": None,
    }
    frame = Frame((Link(t("layout.docs"), f"{request.prefix}{DOCS_PAGE}", current=False),), "")
    return _PAGES.reply(request, status, "requests.html", headers, frame=frame, **content | own)
