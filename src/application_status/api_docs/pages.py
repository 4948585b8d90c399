"""The pages for integrators: the API's description in Swagger UI 5.35.0, and a page for each problem type."""

from http import HTTPStatus
from pathlib import Path

from application_status.api_docs.problem_types import PROBLEM_TYPES
from application_status.platform.errors import UnknownPath
from application_status.platform.http.endpoint import Reply, Request
from application_status.platform.http.html import Pages

DOCS_PATH, FILE_PATH, PROBLEM_PATH = "/docs", "/docs/{File}", "/problems/{Type}"

_FOLDER = Path(__file__).parent
_HTML, _CSS, _JAVASCRIPT = (f"text/{each}; charset=utf-8" for each in ("html", "css", "javascript"))
_FILES = {
    "openapi.json": ("openapi.json", "application/json"),
    "docs.css": ("docs.css", _CSS),
    "start.js": ("start.js", _JAVASCRIPT),
    "swagger-ui-bundle.js": ("swagger-ui/swagger-ui-bundle.js", _JAVASCRIPT),
    "swagger-ui.css": ("swagger-ui/swagger-ui.css", _CSS),
}
_HEADERS = {
    "Cache-Control": "max-age=3600",
    # https://www.w3.org/TR/CSP3/: all from this origin; the icons of Swagger UI are data: URLs.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PAGES = Pages("application_status.api_docs.pages")
_CACHED = {"Cache-Control": "max-age=3600"}
_TYPES = {each.type: each for each in PROBLEM_TYPES}


def docs_page(_: Request) -> Reply:
    """Reply with the page that shows the API's description."""
    return _page(_read("docs.html"), _HTML)


def docs_file(request: Request) -> Reply:
    """Reply with a file of that page.

    Raises:
        UnknownPath: there is no such file.
    """
    name, media_type = _FILES.get(request.path_parameters.get("File", ""), (None, ""))
    if name is None:
        raise UnknownPath
    return _page(_read(name), media_type)


def problem_page(request: Request) -> Reply:
    """Reply with the page that a problem's `type` links to: its cause and its fix.

    Raises:
        UnknownPath: there is no such type.
    """
    problem = _TYPES.get(request.path_parameters.get("Type", ""))
    if problem is None:
        raise UnknownPath
    return _PAGES.reply(request, HTTPStatus.OK, "problem.html", _CACHED, title=problem.type, problem=problem)


def _page(body: str, media_type: str) -> Reply:
    return {"statusCode": 200, "headers": {"Content-Type": media_type, **_HEADERS}, "body": body}


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
