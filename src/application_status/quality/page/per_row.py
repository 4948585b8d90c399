"""The sections with a row for each period, or for each ATS, client or job of a list."""

from collections.abc import Callable, Mapping, Sequence

from application_status.applications.rules.status import Status
from application_status.platform.errors import FieldError
from application_status.quality.page.plots import bars, strips
from application_status.quality.page.section import (
    DRAWN,
    TOO_FEW,
    Basis,
    Section,
    Table,
    TableCell,
    not_shown,
    table,
)
from application_status.quality.page.words import Numbers, display_name, format_day, format_period, name_of, with_id
from application_status.quality.reports.query import QualityQuery
from application_status.quality.reports.report import CLIENTS_PAGE_ROWS, MEMBERS, PAGE_ROWS, QualityReport, Row
from application_status.quality.rules.numbers import Unit
from application_status.quality.rules.periods import Interval

_WORDS = {"ats": ("ATS", "ATSs"), "client": ("client", "clients"), "job": ("job", "jobs")}
_COMPARED: Mapping[str, tuple[str, Unit]] = {
    "Applications": ("applications", "applications"),
    "With feedback": ("feedback", "share"),
    "Reached interview": ("reached:INTERVIEW", "share"),
    "Hired": ("outcome:hired", "applications"),
    "Median first response": ("first_response:median", "days"),
}


def over_time(found: QualityReport, too_large: FieldError | None, interval: Interval, basis: Basis) -> Section:
    """Return the section with the entries into each status over time."""
    rows = found.rows
    each = [Numbers([row]) for row in rows]
    entered = {
        status: [numbers.number(f"entered:{status}", "entries").value or 0 for numbers in each] for status in Status
    }
    seen = [status for status in Status if any(entered[status])]
    return Section(
        id="over-time",
        heading="Over time",
        basis=basis.activity,
        families=("entered", "reports"),
        plot=strips(
            "Entries into each status over time",
            [(display_name(s), f"highest {max(entered[s]):,.0f}", entered[s]) for s in seen],
            (format_day(first), format_day(last))
            if rows and (first := rows[0].first) and (last := rows[-1].last)
            else ("", ""),
        ),
        table=table(
            ("Days", *(display_name(status) for status in seen), "Reports"),
            [
                [format_period(row), *(of.text(f"entered:{s}", "entries") for s in seen), of.text("reports", "reports")]
                for row, of in zip(rows, each, strict=True)
            ],
        ),
        empty_text=not_shown(too_large) if too_large else "" if rows else TOO_FEW,
        downloads=() if too_large else ("over-time",),
        notes=(
            f"Each column is a row of the table: a {interval}, or more days where there were few entries.",
            "So the axis is not to scale. Each status has its own vertical scale.",
            "An application counts each time it enters a status, so the sums differ from the funnel.",
        ),
        wide=True,
    )


def comparison(
    query: QualityQuery, found: QualityReport, link: Callable[[str], str], pages: Sequence[TableCell], basis: Basis
) -> Section:
    """Return the section with a page of the ATSs, clients or jobs, the largest first.

    `link` returns the address of a member's page. `pages` are links to other pages of the list.
    """
    compared = sorted(((row, Numbers([row])) for row in found.rows), key=_size, reverse=True)
    of, (word, plural) = MEMBERS[query.by], _WORDS[query.by or ""]
    rows = [
        [
            TableCell(name or row.of[of], link(row.of[of]), row.of[of] if name else ""),
            *(TableCell(numbers.text(*measure)) for measure in _COMPARED.values()),
        ]
        for row, numbers in compared
        for name in [name_of(row.of, of)]
    ]
    limit = CLIENTS_PAGE_ROWS if query.by == "client" else PAGE_ROWS
    notes = [f"The {plural} are in pages of up to {limit}, in the order of their ids."] if pages else []
    if found.hidden:
        notes.append(f"Not shown: {found.hidden:,} {plural} with too few applications, or needed to hide those.")
    return Section(
        id="comparison",
        heading=f"By {word}",
        basis=_basis(query, word, basis),
        families=("reached", "feedback", "outcome", "first_response"),
        plot=bars(
            f"The share of applications that reached an interview, by {word}",
            [
                (
                    with_id(name_of(row.of, of), row.of[of]),
                    f"{numbers.text('reached:INTERVIEW', 'share')} of {numbers.text('applications', 'applications')}",
                    numbers.share("reached:INTERVIEW"),
                )
                for row, numbers in compared[:DRAWN]
            ],
        ),
        table=Table((f"By {word}", *_COMPARED), rows),
        empty_text="" if rows else TOO_FEW if query.by == "ats" else _none(word, of_page=bool(pages)),
        downloads=(f"by-{query.by}",),
        notes=notes,
        pages=pages,
        wide=True,
        expanded=True,
    )


def _basis(query: QualityQuery, word: str, basis: Basis) -> str:
    if query.by == "ats":
        return basis.cohort
    whose = "each client at this ATS" if query.by == "client" else "each job"
    return (
        f"Cohort: all applications of {whose}, with their status today. The sections above have only those applied for "
        f"{basis.days}. The numbers are up to date; a new {word} joins the list within a day."
    )


def _none(word: str, *, of_page: bool) -> str:
    where = " on this page" if of_page else ""
    return f"No {word} to show{where}: a {word} is listed once it has five applications, at most a day later."


def _size(compared: tuple[Row, Numbers]) -> float:
    return compared[1].number("applications", "applications").value or 0
