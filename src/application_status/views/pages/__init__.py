"""Pages for integrators: the API's description in a reader (Swagger UI 5.35.0), and each problem type's."""

import html
import re
from pathlib import Path
from string import Template

from application_status.errors import UnknownPath
from application_status.gateway.problems import Reply
from application_status.gateway.request import Request
from application_status.views.problem_types import PROBLEM_TYPES

DOCS_PATH, FILE_PATH, PROBLEM_PATH = "/docs", "/docs/{File}", "/problems/{Type}"

_FOLDER = Path(__file__).parent
_HTML, _JAVASCRIPT = "text/html; charset=utf-8", "text/javascript; charset=utf-8"
_FILES = {
    "openapi.json": ("openapi.json", "application/json"),
    "start.js": ("start.js", _JAVASCRIPT),
    "swagger-ui-bundle.js": ("swagger-ui/swagger-ui-bundle.js", _JAVASCRIPT),
    "swagger-ui.css": ("swagger-ui/swagger-ui.css", "text/css; charset=utf-8"),
}
_HEADERS = {
    "Cache-Control": "max-age=3600",
    # https://www.w3.org/TR/CSP3/: everything comes from here; Swagger UI has its icons in data: addresses.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_TYPES = {each.type: each for each in PROBLEM_TYPES}


def docs_page(_: Request) -> Reply:
    """Return the page that shows the API's description."""
    return _page(_read("docs.html"), _HTML)


def docs_file(request: Request) -> Reply:
    """Return a file that the page needs; UnknownPath for any other."""
    name, media_type = _FILES.get(request.path_parameters.get("File", ""), (None, ""))
    if name is None:
        raise UnknownPath
    return _page(_read(name), media_type)


def problem_page(request: Request) -> Reply:
    """Return what a problem's `type` leads to: its cause and its cure; UnknownPath for an unknown one."""
    problem = _TYPES.get(request.path_parameters.get("Type", ""))
    if problem is None:
        raise UnknownPath
    text = Template(_read("problem.html")).substitute(
        type=problem.type, status=problem.status, cause=_sentence(problem.cause), cure=_sentence(problem.cure)
    )
    return _page(text, _HTML)


def _sentence(markdown: str) -> str:
    text = html.escape(markdown[0].upper() + markdown[1:], quote=False)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", text)


def _page(body: str, media_type: str) -> Reply:
    return {"statusCode": 200, "headers": {"Content-Type": media_type, **_HEADERS}, "body": body}


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
