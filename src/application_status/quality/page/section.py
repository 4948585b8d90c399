"""What a section of the page is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from application_status.quality.page.plots import Bars, Spans, Strips
from application_status.quality.page.words import dated, named
from application_status.quality.reports.query import QualityQuery
from application_status.quality.rules.definitions import DEFINITIONS, Definition

TOO_FEW = "Too few to show: nothing is said about fewer than five applications."

DRAWN, LISTED = 12, 100
"""How many rows a plot and its table have at most."""


@dataclass(frozen=True, slots=True)
class About:
    """What the numbers of a page are about, in words; `days` says when, as in "applied for ..."."""

    days: str
    parts: str
    cohort: str
    activity: str
    both: str

    @classmethod
    def of(cls, whole: QualityQuery) -> "About":
        """Return the words for a page about an ATS, a client, a job or all ATSs, and a period; a job has none."""
        parts = "" if whole.ats or whole.job else "jobs" if whole.client else "ATSs"
        if whole.first is None or whole.last is None:
            return cls(
                days="at any time",
                parts=parts,
                cohort="Cohort: all applications of the job, and how they stand today.",
                activity="Activity: all that happened to the job's applications.",
                both="Applications: all of the job (cohort). Entries and reports: all of its applications' (activity).",
            )
        days = f"from {dated(whole.first)} to {dated(whole.last)}"
        return cls(
            days=days,
            parts=parts,
            cohort=f"Cohort: applications applied for {days}, and how they stand today.",
            activity=f"Activity: what happened {days}, whenever the applications were applied for.",
            both=f"Applications: those applied for {days} (cohort). Entries and reports: those of the same days, "
            "whenever the applications were applied for (activity).",
        )


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell of a table, and where it leads, if anywhere."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; each row begins with what it is about."""

    columns: Sequence[str]
    rows: Sequence[Sequence[TableCell]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page: a plot, its table, what they are about, and which questions' answers can be downloaded.

    `instead` is what is said where there is nothing to show; the table of an `unfolded` one is not to be opened first.
    """

    id: str
    heading: str
    basis: str
    families: Sequence[str]
    downloads: Sequence[str]
    plot: Bars | Spans | Strips
    table: Table
    notes: Sequence[str] = ()
    instead: str = ""
    wide: bool = False
    unfolded: bool = False

    @property
    def definitions(self) -> Sequence[tuple[str, Definition]]:
        """What its numbers mean, by name."""
        return [(named(family), DEFINITIONS[family]) for family in self.families]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of texts."""
    return Table(columns, [[TableCell(text) for text in row] for row in rows])


def cut(which: str, amount: int) -> list[str]:
    """Return a note where a table has not room for so many rows, which are the largest or the like."""
    return [f"The {LISTED} {which} of {amount:,}."] if amount > LISTED else []
