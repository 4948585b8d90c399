"""The pages of the sign-in: what went wrong, and signing out. In English or German, without scripts."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from application_status.access.sessions import SIGN_IN_PATH
from application_status.platform.errors import Forbidden, Refusal, Unauthenticated
from application_status.platform.http.endpoint import PROBLEMS, Problem, Reply, Request, refusal_headers, retry_later
from application_status.platform.http.html import Pages
from application_status.platform.http.negotiation import preferred_texts
from application_status.texts.texts import LANGUAGES

_REFUSED = {Unauthenticated: "sign_in.not_signed_in", Forbidden: "sign_in.other_site"}


class SignInPages:
    """The pages; after signing out, the browser is led to the login pages at `login_url`."""

    def __init__(self, login_url: str) -> None:
        login = urlsplit(login_url)
        # Browsers apply form-action to redirects too: https://www.w3.org/TR/CSP3/#directive-form-action
        self._pages = Pages(
            "application_status.sign_in", form_action=f"'self' {login.scheme}://{login.netloc}", languages=LANGUAGES
        )

    def sign_out(self, request: Request, *, signed_in: bool) -> Reply:
        """Return the page that asks whether to sign out, or, without a session, says that the user is signed out."""
        t = preferred_texts(request)
        text, again = (t("sign_in.confirm"), "") if signed_in else (t("sign_in.signed_out"), t("sign_in.title"))
        headers = {"Referrer-Policy": "same-origin"}  # without a referrer, browsers send "Origin: null" with the form
        return self._page(request, HTTPStatus.OK, headers, title=t("sign_in.sign_out"), text=text, again=again)

    def refused(self, error: Refusal, request: Request) -> Reply:
        """Return the page for a refused request."""
        t, key = preferred_texts(request), _REFUSED.get(type(error))
        text = t(key) if key else str(error)
        status, headers = PROBLEMS[type(error)].status, refusal_headers(error, "Bearer")
        return self._page(request, status, headers, title=t("sign_in.title"), text=text, again=t("sign_in.again"))

    def failed(self, problem: Problem, request: Request) -> Reply:
        """Return the page for a failed request."""
        t = preferred_texts(request)
        texts = {"title": t("sign_in.title"), "text": t("sign_in.failed"), "again": t("sign_in.again")}
        return self._page(request, problem.status, retry_later(), **texts)

    def _page(self, request: Request, status: int, headers: Mapping[str, str], **texts: str) -> Reply:
        """Return a page with a link to the sign-in, or, if the text `again` is empty, with a button that signs out."""
        content: dict[str, Any] = {"address": f"{request.prefix}{SIGN_IN_PATH}", **texts}
        return self._pages.reply(request, status, "sign-in.html", headers, **content)
