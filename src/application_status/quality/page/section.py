"""The parts of a section of the quality page."""

from collections.abc import Sequence
from dataclasses import dataclass

from application_status.platform.errors import FieldError
from application_status.quality.page.plots import Bars, Spans, Strips
from application_status.quality.page.words import display_name, format_day
from application_status.quality.reports.query import QualityQuery
from application_status.quality.rules.definitions import DEFINITIONS, Definition

TOO_FEW = "Too few applications: numbers about fewer than five are not shown."

DRAWN, LISTED = 12, 100
"""The most rows of a plot, and of its table."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Texts on which applications and days a page's numbers cover; `days` fits "applied for ..."."""

    days: str
    subgroups: str
    cohort: str
    activity: str
    both: str

    @classmethod
    def of(cls, query: QualityQuery) -> "Basis":
        """Return the texts for the subject and period of a query; a job has no period."""
        subgroups = "" if query.ats or query.client else "ATSs"
        if query.first is None or query.last is None:
            return cls(
                days="at any time",
                subgroups=subgroups,
                cohort="Cohort: all applications of the job, with their status today.",
                activity="Activity: all changes of the job's applications.",
                both="Applications: all of the job (cohort). Entries and reports: all of these (activity).",
            )
        days = f"from {format_day(query.first)} to {format_day(query.last)}"
        return cls(
            days=days,
            subgroups=subgroups,
            cohort=f"Cohort: applications applied for {days}, with their status today.",
            activity=f"Activity: changes {days}, whenever the applications were applied for.",
            both=f"Applications: those applied for {days} (cohort). Entries and reports: those of the same days, "
            "whenever the applications were applied for (activity).",
        )


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a table, with a link if it has one; `id` is shown beside a name."""

    text: str
    link: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; the first cell of each row is its heading."""

    columns: Sequence[str]
    rows: Sequence[Sequence[TableCell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section: a plot, its table, definitions, and the names of the queries to download as CSV.

    `empty_text` is shown instead of the plot and table if there is no data. `pages` are links to other pages of a list.
    `wide` is over the full width, `expanded` shows the table unfolded.
    """

    id: str
    heading: str
    basis: str
    families: Sequence[str]
    downloads: Sequence[str]
    plot: Bars | Spans | Strips
    table: Table
    notes: Sequence[str] = ()
    pages: Sequence[TableCell] = ()
    empty_text: str = ""
    wide: bool = False
    expanded: bool = False

    @property
    def definitions(self) -> Sequence[tuple[str, Definition]]:
        """The definitions of its numbers, by name."""
        return [(display_name(family), DEFINITIONS[family]) for family in self.families]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of plain texts."""
    return Table(columns, [[TableCell(text) for text in row] for row in rows])


def not_shown(too_large: FieldError) -> str:
    """Return why a report is not shown, and what to choose instead."""
    return f"Not shown: {too_large.detail}. Choose {too_large.expected}."


def cut_note(which: str, amount: int) -> list[str]:
    """Return a note that a table is cut to the largest, busiest or most frequent rows; empty if it is not."""
    return [f"The {LISTED} {which} of {amount:,}."] if amount > LISTED else []
