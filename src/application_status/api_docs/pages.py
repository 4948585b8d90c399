"""The pages for integrators: those in `site/`, in the frame of the portal, and a page for each problem type.

`tools/portal.py` renders the pages in `site/` from the documents. Their links are relative to /docs.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from http import HTTPStatus
from pathlib import Path

from markupsafe import Markup, escape

from application_status.api_docs.description import address, description
from application_status.api_docs.problem_types import PROBLEM_TYPES
from application_status.platform.errors import UnknownPath
from application_status.platform.http.endpoint import Reply, Request
from application_status.platform.http.html import Frame, Link, Pages

DOCS_PATH, FILE_PATH, PROBLEM_PATH = "/docs", "/docs/{File}", "/problems/{Type}"

_START = "start"
_NAVIGATION = {
    _START: "Start",
    "guide": "Guide",
    "reference": "Reference",
    "graphql": "GraphQL",
    "files": "Files",
    "semantics": "Semantics",
    "vocabulary": "Vocabulary",
    "errors": "Errors",
    "sandbox": "Sandbox",
    "changelog": "Changelog",
    "versions": "Versions",
    "support": "Support",
}
_EXAMPLE_ADDRESS = "https://status.example.com"
"""What the documents have as the service's address; a page shows the address at which it was asked for."""

_SITE = Path(__file__).parent / "site"
_NAMES = frozenset(path.stem for path in _SITE.glob("*.html"))
_PAGES = Pages("application_status.api_docs.pages")
_CACHED = {"Cache-Control": "max-age=3600"}
_TYPES = {each.type: each for each in PROBLEM_TYPES}


def docs_page(request: Request) -> Reply:
    """Reply with the portal's first page."""
    return _page(request, _START)


def docs_file(request: Request) -> Reply:
    """Reply with a page of the portal, or with the API's description.

    Raises:
        UnknownPath: there is no such page.
    """
    name = request.path_parameters.get("File", "")
    if name == "openapi.json":
        headers = {"Content-Type": "application/json", "X-Content-Type-Options": "nosniff", **_CACHED}
        return {"statusCode": HTTPStatus.OK, "headers": headers, "body": description(request)}
    if name not in _NAMES or name == _START:
        raise UnknownPath(_near(name, DOCS_PATH, _NAMES - {_START}), request.prefix)
    return _page(request, name)


def problem_page(request: Request) -> Reply:
    """Reply with the page that a problem's `type` links to: its cause and its fix.

    Raises:
        UnknownPath: there is no such type.
    """
    name = request.path_parameters.get("Type", "")
    problem = _TYPES.get(name)
    if problem is None:
        raise UnknownPath(_near(name, PROBLEM_PATH.partition("/{")[0], _TYPES), request.prefix)
    frame = _frame(request, "errors")
    return _PAGES.reply(
        request, HTTPStatus.OK, "problem.html", _CACHED, frame=frame, title=problem.type, problem=problem
    )


def _near(name: str, folder: str, names: Iterable[str]) -> list[str]:
    return [f"{folder}/{each}" for each in get_close_matches(name.lower(), names)]


def _page(request: Request, name: str) -> Reply:
    text = (_SITE / f"{name}.html").read_text(encoding="utf-8")
    title, _, body = text.removeprefix("<h1>").partition("</h1>\n")
    body = body.replace(_EXAMPLE_ADDRESS, escape(address(request)))
    content = {"title": Markup(title), "body": Markup(body)}  # noqa: S704  # rendered from our own documents
    return _PAGES.reply(request, HTTPStatus.OK, "page.html", _CACHED, frame=_frame(request, name), **content)


def _frame(request: Request, current: str) -> Frame:
    docs = f"{request.prefix}{DOCS_PATH}"
    links = [
        Link(text, docs if name == _START else f"{docs}/{name}", name in {current, current.partition("-")[0]})
        for name, text in _NAVIGATION.items()
    ]
    return Frame(links, "")
