"""The sections with a row for each period, or for each ATS, client or job of a list."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from application_status.applications.rules.status import Status
from application_status.platform.http.html import Link
from application_status.quality.page.form import PageQueries
from application_status.quality.page.plots import Series, timeline
from application_status.quality.page.section import Column, Section, Table, TableCell, table
from application_status.quality.page.words import Numbers, format_days, name_of
from application_status.quality.reports.query import QualityQuery
from application_status.quality.reports.report import CLIENTS_PAGE_ROWS, MEMBERS, PAGE_ROWS, QualityReport, Row
from application_status.quality.rules.numbers import Unit
from application_status.texts.texts import Texts

COMPARED: Mapping[str, tuple[str, Unit]] = {
    "applications": ("applications", "applications"),
    "feedback": ("feedback", "share"),
    "interview": ("reached:INTERVIEW", "share"),
    "hired": ("outcome:hired", "applications"),
    "first_response": ("first_response:median", "days"),
}
"""The measures of lists, by the name of the order that sorts by them."""


def over_time(query: QualityQuery, found: QualityReport, unavailable: str, t: Texts) -> Section:
    """Return the section with the entries into each status over time."""
    days = _days(found.rows)
    each = [Numbers([row], t) for row in found.rows]
    entered = {status: [of.number(f"entered:{status}", "entries").value or 0 for of in each] for status in Status}
    seen = [status for status in Status if any(entered[status])]
    names = [t(f"quality.status.{status}") for status in seen]
    interval = t(f"quality.interval.{query.interval}")
    series = [
        Series(name, t("quality.over_time.total", amount=sum(entered[status])), entered[status])
        for name, status in zip(names, seen, strict=True)
    ]
    return Section(
        id="over-time",
        heading=t("quality.over_time.heading"),
        covers=t("quality.covers.activity"),
        says=t("quality.over_time.says", interval=interval),
        family="entered",
        plot=timeline(t("quality.over_time.plot", interval=interval), series, days, t) if series else None,
        folded=table(
            (t("quality.over_time.days"), *names, t("quality.over_time.reports")),
            [
                [
                    format_days(*of_row, t),
                    *(of.text(f"entered:{status}", "entries") for status in seen),
                    of.text("reports", "reports"),
                ]
                for of_row, of in zip(days, each, strict=True)
            ],
        ),
        unavailable=unavailable,
        is_empty=not series,
        download="" if unavailable else "over-time",
        notes=[t("quality.over_time.same_scale")]
        + ([] if query.ats or query.client else [t("quality.over_time.first_day")]),
        wide=True,
    )


def _days(rows: Sequence[Row]) -> Sequence[tuple[date, date]]:
    """Return the days of each row, without those that the next one has, too.

    Several ATSs have different blocks of days, which belong to the period that has their first day.
    """
    days = [(row.first, row.last) for row in rows if row.first and row.last]
    cut = [(first, min(last, following - timedelta(days=1))) for (first, last), (following, _) in pairwise(days)]
    return [*cut, *days[-1:]]


class ListLinks(NamedTuple):
    """The links of a list: to the pages of its members, to its other pages, orders, and other lists.

    `following` is the id after which the next page begins, or None on the last one.
    """

    queries: PageQueries
    following: str | None
    can_sort: bool
    can_open: bool

    def member(self, by: str, member_id: str) -> str:
        """Return the address of a member's page; empty if the reader may not see it."""
        return self.queries.address(**{by: member_id}) if self.can_open or by == "job" else ""

    def sorted_by(self, key: str, text: str) -> Column:
        """Return the heading of a column, whose link sorts the list by it: names from A on, the largest numbers first.

        If the list is sorted so, the link reverses it. A list that can't be sorted has no links.
        """
        if not self.can_sort:
            return Column(text)
        query = self.queries.by_name[self.queries.list_name]
        first, other = (key, f"-{key}") if key == "name" else (f"-{key}", key)
        address = self.queries.address(by=self.queries.listed["by"], sort=other if query.sort == first else first)
        if query.sort in {key, f"-{key}"}:
            return Column(text, f"{address}#comparison", "ascending" if query.sort == key else "descending")
        return Column(text, f"{address}#comparison")

    def tabs(self, t: Texts) -> Sequence[Link]:
        """Return the links to the lists among which the reader can choose."""
        main, shown = self.queries.main, self.queries.by_name[self.queries.list_name].by
        if not self.can_open or main.ats or main.client:
            return ()
        return [
            Link(t(f"quality.list.heading.{by}"), f"{self.queries.address(by=other)}#comparison", by == shown)
            for by, other in (("ats", ""), ("client", "client"))
        ]

    def pages(self, t: Texts) -> Iterator[Link]:
        """Yield the links to the first and the next page of the list."""
        order = {name: value for name, value in self.queries.listed.items() if name != "after"}
        if self.queries.listed["after"]:
            yield Link(t("quality.list.first"), f"{self.queries.address(**order)}#comparison", current=False)
        if self.following:
            address = self.queries.address(**order, after=self.following)
            yield Link(t("quality.list.next"), f"{address}#comparison", current=False)


def comparison(query: QualityQuery, found: QualityReport, links: ListLinks, t: Texts) -> Section:
    """Return the section with a page of the ATSs, clients or jobs."""
    of, by = MEMBERS[query.by], query.by or ""
    return Section(
        id="comparison",
        heading=t(f"quality.list.heading.{by}"),
        covers=t("quality.covers.cohort") if by == "ats" else t("quality.covers.life"),
        says=t(f"quality.list.says.{by}"),
        family="applications",
        table=Table(
            [
                links.sorted_by("name", t(f"quality.list.name.{by}")),
                *(links.sorted_by(key, t(f"quality.list.{key}")) for key in COMPARED),
            ],
            [
                [
                    TableCell(name or row.of[of], links.member(by, row.of[of]), row.of[of] if name else ""),
                    *(TableCell(numbers.text(*measure)) for measure in COMPARED.values()),
                ]
                for row in found.rows
                for name, numbers in [(name_of(row.of, of), Numbers([row], t))]
            ],
        ),
        unavailable="" if found.rows else t(f"quality.list.none.{by}"),
        download=f"by-{by}" if found.rows else "",
        notes=list(_notes(query, found, t)),
        tabs=links.tabs(t),
        pages=list(links.pages(t)),
        wide=True,
    )


def _notes(query: QualityQuery, found: QualityReport, t: Texts) -> Iterator[str]:
    if found.unsorted:
        yield t("quality.list.pages", limit=CLIENTS_PAGE_ROWS if query.by == "client" else PAGE_ROWS)
    if found.hidden:
        yield t("quality.list.hidden", count=found.hidden)
