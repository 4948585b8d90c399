"""The pages of the sign-in: what went wrong, and signing out. In English or German, without scripts."""

from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import urlsplit

from application_status.access.sessions import SIGN_IN_PATH
from application_status.platform.errors import Refusal, Unauthenticated
from application_status.platform.http.endpoint import PROBLEMS, Problem, Reply, Request, refusal_headers, retry_later
from application_status.platform.http.html import Pages
from application_status.platform.http.negotiation import preferred_language


class _Words(NamedTuple):
    sign_in: str
    not_signed_in: str
    again: str
    unavailable: str
    sign_out: str
    confirm: str
    signed_out: str


_WORDS = {
    "en": _Words(
        sign_in="Sign in",
        not_signed_in=(
            "You are not signed in: the sign-in took too long, was cancelled, or began in another browser. "
            "If this happens again, check that your browser accepts cookies."
        ),
        again="Sign in again",
        unavailable="Signing in is not possible right now. Please try again in a moment.",
        sign_out="Sign out",
        confirm="Do you want to sign out?",
        signed_out="You are signed out.",
    ),
    "de": _Words(
        sign_in="Anmelden",
        not_signed_in=(
            "Sie sind nicht angemeldet: Die Anmeldung hat zu lange gedauert, wurde abgebrochen oder in einem anderen "
            "Browser begonnen. Wenn das wieder geschieht, prüfen Sie, ob Ihr Browser Cookies annimmt."
        ),
        again="Erneut anmelden",
        unavailable="Die Anmeldung ist gerade nicht möglich. Bitte versuchen Sie es gleich noch einmal.",
        sign_out="Abmelden",
        confirm="Möchten Sie sich abmelden?",
        signed_out="Sie sind abgemeldet.",
    ),
}


class SignInPages:
    """The pages; after signing out, the browser is led to the login pages at `login_url`."""

    def __init__(self, login_url: str) -> None:
        login = urlsplit(login_url)
        # Browsers apply form-action to redirects too: https://www.w3.org/TR/CSP3/#directive-form-action
        self._pages = Pages("application_status.sign_in", form_action=f"'self' {login.scheme}://{login.netloc}")

    def sign_out(self, request: Request, *, signed_in: bool) -> Reply:
        """Return the page that asks whether to sign out, or, without a session, says that the user is signed out."""
        words = _WORDS[preferred_language(request, _WORDS)]
        text, again = (words.confirm, "") if signed_in else (words.signed_out, words.sign_in)
        headers = {"Referrer-Policy": "same-origin"}  # without a referrer, browsers send "Origin: null" with the form
        return self._page(HTTPStatus.OK, words.sign_out, text, again, request, **headers)

    def refused(self, error: Refusal, request: Request) -> Reply:
        """Return the page for a refused request."""
        words = _WORDS[preferred_language(request, _WORDS)]
        text = words.not_signed_in if isinstance(error, Unauthenticated) else str(error)
        headers = refusal_headers(error, "Bearer")
        return self._page(PROBLEMS[type(error)].status, words.sign_in, text, words.again, request, **headers)

    def failed(self, problem: Problem, request: Request) -> Reply:
        """Return the page for a failed request."""
        words = _WORDS[preferred_language(request, _WORDS)]
        return self._page(problem.status, words.sign_in, words.unavailable, words.again, request, **retry_later())

    def _page(self, status: int, title: str, text: str, again: str, request: Request, **headers: str) -> Reply:
        """Return a page with a link to the sign-in, or, if `again` is empty, with a button that signs out."""
        language = preferred_language(request, _WORDS)
        return self._pages.reply(
            status,
            "sign-in.html",
            {"Content-Language": language, "Vary": "Accept-Language"} | headers,
            title=title,
            text=text,
            again=again,
            address=f"{request.prefix}{SIGN_IN_PATH}",
        )
