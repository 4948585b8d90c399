"""The parts of a section of the quality page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from application_status.platform.http.html import Link
from application_status.quality.page.plots import Bars, Spans, Timeline
from application_status.quality.reports.query import QualityQuery
from application_status.quality.reports.report import ROWS_LIMIT, QualityReport
from application_status.texts.texts import Texts

DRAWN, LISTED = 12, 100
"""The most rows of a plot, and of its table."""


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a table, with a link if it has one; `id` is shown beside a name, `warns` makes it stand out."""

    text: str
    link: str = ""
    id: str = ""
    warns: bool = False


class Column(NamedTuple):
    """The heading of a column: the address that sorts the table by it, and its order if it is sorted so."""

    text: str
    address: str = ""
    order: Literal["", "ascending", "descending"] = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of each row is its heading, and `in_words` says what each row means, if it does."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[TableCell]]
    in_words: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section: a sentence, numbers, their definitions, and the name of the query to download as CSV; empty for none.

    `covers` says which applications and days it is about. `family` is that of its first number, whose definition the
    section leads to. It shows the plot and the table, and `folded` on demand. `unavailable` is shown instead of them. A
    section `is_empty` if it has too few applications. `tabs` are links to other lists, and `pages` to other pages of
    the list.
    """

    id: str
    heading: str
    covers: str
    says: str
    family: str
    download: str
    plot: Bars | Spans | Timeline | None = None
    table: Table | None = None
    folded: Table | None = None
    notes: Sequence[str] = ()
    tabs: Sequence[Link] = ()
    pages: Sequence[Link] = ()
    unavailable: str = ""
    is_empty: bool = False
    wide: bool = False


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], in_words: Sequence[str] = ()) -> Table:
    """Return a table of plain texts."""
    cells = [[TableCell(text) for text in row] for row in rows]
    return Table([Column(text) for text in columns], cells, in_words)


def why_unavailable(query: QualityQuery, found: QualityReport, t: Texts) -> str:
    """Return why a report has no rows and what to choose instead, if it would be too large."""
    if found.too_long:
        key = "quality.too_long_of_one" if query.ats else "quality.too_long"
        return t(key, days=found.too_long)
    return t("quality.too_many", rows=ROWS_LIMIT) if found.too_many else ""
