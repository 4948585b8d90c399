"""Renders the pages of the portal for integrators from the documents, for `make openapi`.

A page is HTML without its frame, which application_status/api_docs/pages.py puts around it. Links between documents
become links between pages, relative to /docs. A link to a document that the portal does not have becomes plain text.
What a document has between `<!-- repository -->` and `<!-- /repository -->` is only for readers of the repository.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from application_status.api_docs.problem_types import PROBLEM_TYPES
from page import Page
from reference import pages as reference_pages

_ROOT = Path(__file__).parents[1]
SITE = _ROOT / "src/application_status/api_docs/site"
START = _ROOT / "docs/start.md"
SAMPLES = _ROOT / "docs/samples"

_START = "start"


class Document(NamedTuple):
    """A document, the name of its page, and the sections that are pages of their own: heading to name."""

    path: str
    name: str
    sections: Mapping[str, str] = {}


_DOCUMENTS = (
    Document("docs/start.md", _START),
    Document(
        "docs/integrating.md",
        "guide",
        {
            "Selection Signals": "guide-signals",
            "Indeed's dispositions": "guide-dispositions",
            "Files": "files",
            "Access tokens": "guide-access-tokens",
            "Try it in the sandbox": "sandbox",
        },
    ),
    Document("docs/files.md", "files-format"),
    Document("docs/semantics.md", "semantics"),
    Document("docs/vocabulary.md", "vocabulary"),
    Document("docs/problems.md", "errors"),
    Document("docs/versioning.md", "versions"),
    Document("docs/support.md", "support"),
    Document("docs/backfill.md", "history"),
    Document("docs/quality.md", "quality"),
    Document("docs/registering.md", "registering"),
    Document("docs/connect/greenhouse.md", "connect-greenhouse"),
    Document("docs/connect/ashby.md", "connect-ashby"),
    Document("docs/connect/recruitee.md", "connect-recruitee"),
    Document("docs/connect/lever.md", "connect-lever"),
    Document("CHANGELOG.md", "changelog", {"[1.0.0] - 2026-11-26": "changelog-1.0.0"}),
)
_OTHER_PAGES = {
    "docs/openapi.yaml": "openapi.json",
    "src/application_status/intake/seek/schema.graphql": "graphql",
    "src/application_status/intake/indeed/schema.graphql": "graphql",
}
_NOT_SERVED = {
    "docs/connect", "docs/events.md", "docs/jobseekers.md", "docs/operations.md", "docs/performance.md", "docs/samples",
    "src/application_status/labels/rules/vocabulary.toml", "tests/data",
}  # fmt: skip
"""What the board's own people read in the repository, with everything in these folders."""

_REPOSITORY = re.compile(r"<!-- repository -->.*?<!-- /repository -->\n?", re.DOTALL)
_SAMPLE = re.compile(r"(\(samples/([\w.]+)\).*?\n```\w+\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
_HREF = re.compile(r'(?<= href=")(?![a-z]+:|#)')
_SERVED_PATHS = {"/sandbox/requests", *(f"/problems/{each.type}" for each in PROBLEM_TYPES)}
"""Paths of the service that have a page: where a document names one, the portal links it."""


def with_samples(text: str) -> str:
    """Return a document in which the block after each link to a file in docs/samples has the file's content."""
    return _SAMPLE.sub(lambda found: found[1] + (SAMPLES / found[2]).read_text(encoding="utf-8"), text)


def site() -> dict[Path, str]:
    """Return the text of each page's file."""
    pages = [*rendered(_DOCUMENTS, _ROOT), *reference_pages().values()]
    texts = {SITE / f"{page.name}.html": page.body for page in pages}
    start = SITE / f"{_START}.html"
    return texts | {start: _HREF.sub("docs/", texts[start])}  # its address is /docs itself


class _Part(NamedTuple):
    """A part of a document that becomes a page, and the headings of the page's contents."""

    document: str
    name: str
    tokens: list[Token]
    contents: list[Token]

    @property
    def address(self) -> str:
        """The page's address, relative to /docs."""
        return "../docs" if self.name == _START else self.name


def rendered(documents: Sequence[Document], root: Path) -> Iterator[Page]:
    """Yield the pages of documents below a folder.

    Raises:
        ValueError: a link leads to nothing, or a document lacks a section that is to be a page.
    """
    markdown = MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable("table")
    parts = [part for document in documents for part in _parts(document, root, markdown)]
    addresses = {(part.document, ""): part.address for part in reversed(parts)}
    for part in parts:
        title, *sections = _headings(part.tokens)
        addresses[part.document, _id(title)] = part.address
        addresses |= {(part.document, _id(each)): f"{part.address}#{_id(each)}" for each in sections}
    for part in parts:
        for inline in (each for each in part.tokens if each.children):
            inline.children = list(_linked(inline.children or [], part, addresses))
        yield _page(part, markdown, addresses)


def _parts(document: Document, root: Path, markdown: MarkdownIt) -> list[_Part]:
    """Return the document's page, then those of its sections, whose headings are raised to the first level."""
    text = with_samples((root / document.path).read_text(encoding="utf-8"))
    tokens = markdown.parse(_REPOSITORY.sub("", text))
    _name_headings(tokens)
    contents = [each for each in _headings(tokens) if each.tag == "h2"]
    starts = [number for number, each in enumerate(tokens) if each.type == "heading_open" and each.tag in {"h1", "h2"}]
    rest, sections = [], []
    for begin, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        name = document.sections.get(tokens[begin + 1].content)
        if name is None:
            rest += tokens[begin:end]
        else:
            sections.append(_Part(document.path, name, tokens[begin:end], _raised(tokens[begin:end])))
    if len(sections) < len(document.sections):
        raise ValueError(f"{document.path} lacks a section of {list(document.sections)}")
    return [_Part(document.path, document.name, rest, contents), *sections]


def _raised(tokens: Sequence[Token]) -> list[Token]:
    """Raise the headings of a section by one level; return those of the second level."""
    for each in tokens:
        if each.type.startswith("heading_"):
            each.tag = f"h{int(each.tag[1]) - 1}"
    return [each for each in _headings(tokens) if each.tag == "h2"]


def _name_headings(tokens: Sequence[Token]) -> None:
    """Give each heading the id that GitHub gives it."""
    seen: dict[str, int] = {}
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open":
            name = re.sub(r"[^\w\- ]", "", _plain(inline).lower()).replace(" ", "-")
            number = seen[name] = seen.get(name, -1) + 1
            heading.attrSet("id", f"{name}-{number}" if number else name)
            heading.meta["text"] = _plain(inline)


def _headings(tokens: Sequence[Token]) -> list[Token]:
    return [each for each in tokens if each.type == "heading_open"]


def _id(heading: Token) -> str:
    return str(heading.attrs["id"])


def _text(heading: Token) -> str:
    return str(heading.meta["text"])


def _plain(inline: Token) -> str:
    return "".join(each.content if each.type in {"text", "code_inline"} else " " for each in inline.children or [])


def _linked(tokens: Sequence[Token], part: _Part, addresses: Mapping[tuple[str, str], str]) -> Iterator[Token]:
    """Lead the links to pages, drop those to what is not served, and make links of paths that have a page."""
    dropped = False
    for token in tokens:
        if token.type == "link_open":
            address = _address(str(token.attrs["href"]), part, addresses)
            dropped = address is None
            if address is not None:
                token.attrSet("href", address)
        if dropped and token.type in {"link_open", "link_close"}:
            dropped = token.type == "link_open"
        elif token.type == "code_inline" and token.content in _SERVED_PATHS:
            yield Token("link_open", "a", 1, attrs={"href": f"..{token.content}"})
            yield token
            yield Token("link_close", "a", -1)
        else:
            yield token


def _address(href: str, part: _Part, addresses: Mapping[tuple[str, str], str]) -> str | None:
    """Return the address of what a document links to, or None if that is not served."""
    if re.match("[a-z]+:", href):
        return href
    path, _, anchor = href.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(part.document), path)) if path else part.document
    address = _OTHER_PAGES.get(target) or addresses.get((target, anchor))
    if address is None:
        if any(target == each or target.startswith(f"{each}/") for each in _NOT_SERVED):
            return None
        raise ValueError(f"{part.document} links to {href}, which the portal does not have")
    return _seen_from(part, address)


def _seen_from(part: _Part, address: str) -> str:
    return address.removeprefix(part.address) if address.startswith(f"{part.address}#") else address


def _page(part: _Part, markdown: MarkdownIt, addresses: Mapping[tuple[str, str], str]) -> Page:
    """Return a page; its contents list the sections of its document, also those that are pages of their own."""
    title = _text(part.tokens[0])
    links = {_seen_from(part, addresses[part.document, _id(each)]): _text(each) for each in part.contents}
    entries = "".join(f'<li><a href="{address}">{escape(text)}</a></li>\n' for address, text in links.items())
    contents = f'<nav class="contents" aria-label="Contents">\n<ul>\n{entries}</ul>\n</nav>\n' if len(links) > 1 else ""
    body = markdown.renderer.render(part.tokens[3:], markdown.options, {})
    return Page(part.name, title, f"<h1>{escape(title)}</h1>\n{contents}{body}")


class _Renderer(RendererHTML):
    """HTML whose headings link to themselves, and whose tables scroll where they are too wide."""

    def heading_open(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        """Begin a heading, and the link around its text."""
        heading = tokens[idx]
        return f'<{heading.tag} id="{_id(heading)}"><a href="#{_id(heading)}">'

    def heading_close(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        """End both."""
        return f"</a></{tokens[idx].tag}>\n"

    def table_open(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        """Begin the part that scrolls, and name it after the heading above."""
        above = [each for each in tokens[:idx] if each.type == "heading_open"]
        name = f'aria-labelledby="{_id(above[-1])}"' if above else 'aria-label="Table"'
        return f'<div class="scroll" tabindex="0" role="group" {name}>\n<table>\n'

    def th_open(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        """Begin a heading of a column; a cell without text is none."""
        return _cell("th" if tokens[idx + 1].content else "td", tokens[idx])

    def th_close(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        """End it."""
        return "</th>\n" if tokens[idx - 1].content else "</td>\n"

    def td_open(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
        """Begin a cell."""
        return _cell("td", tokens[idx])

    def table_close(self, _tokens: Sequence[Token], _idx: int, _options: OptionsDict, _env: EnvType) -> str:
        """End the part that scrolls."""
        return "</table>\n</div>\n"


def _cell(tag: str, token: Token) -> str:
    """Return the begin of a cell; an aligned one has the class of numbers, as pages allow no style of their own."""
    return f'<{tag} class="number">' if token.attrs else f"<{tag}>"
