"""The sections with a row for each period, ATS or job."""

from collections.abc import Callable, Mapping
from typing import Literal

from application_status.applications.rules.status import Status
from application_status.quality.page.plots import bars, strips
from application_status.quality.page.section import (
    DRAWN,
    LISTED,
    TOO_FEW,
    Basis,
    Section,
    Table,
    TableCell,
    cut_note,
    table,
)
from application_status.quality.page.words import Numbers, display_name, format_day, format_period
from application_status.quality.reports.report import QualityReport, Row
from application_status.quality.rules.numbers import Unit
from application_status.quality.rules.periods import Interval

_KINDS: Mapping[str, tuple[Literal["Ats", "Job"], str]] = {"by-ats": ("Ats", "ATS"), "by-job": ("Job", "job")}
_TOO_MANY = "Too many rows to show. Choose a longer interval or a shorter period."
_COMPARED: Mapping[str, tuple[str, Unit]] = {
    "Applications": ("applications", "applications"),
    "With feedback": ("feedback", "share"),
    "Reached interview": ("reached:INTERVIEW", "share"),
    "Hired": ("outcome:hired", "applications"),
    "Median first response": ("first_response:median", "days"),
}


def over_time(found: QualityReport, interval: Interval, basis: Basis) -> Section:
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
        empty_text=_TOO_MANY if found.too_many else "" if rows else TOO_FEW,
        downloads=() if found.too_many else ("over-time",),
        notes=(
            f"Each column is a row of the table: a {interval}, or more days where there were few entries.",
            "So the axis is not to scale. Each status has its own vertical scale.",
            "An application counts each time it enters a status, so the sums differ from the funnel.",
        ),
        wide=True,
    )


def comparison(name: str, found: QualityReport, address: Callable[..., str], basis: Basis) -> Section:
    """Return the section that compares ATSs or jobs, the largest first, with links to their pages."""
    compared = sorted(((row, Numbers([row])) for row in found.rows), key=_size, reverse=True)
    of_what, kind = _KINDS[name]
    all_time = f"Cohort: all applications of each job. The sections above have only those applied for {basis.days}."
    rows = [
        [
            TableCell(row.of[of_what], address(**{of_what.lower(): row.of[of_what]})),
            *(TableCell(numbers.text(*measure)) for measure in _COMPARED.values()),
        ]
        for row, numbers in compared[:LISTED]
    ]
    drawn = [
        (row.of[of_what], f"{of.text('reached:INTERVIEW', 'share')} of {of.text('applications', 'applications')}", of)
        for row, of in compared[:DRAWN]
    ]
    notes = cut_note("largest", len(compared))
    if found.hidden:
        notes.append(f"Not shown: {found.hidden:,} with too few applications, or that would reveal such a one.")
    return Section(
        id="comparison",
        heading=f"By {kind}",
        basis=all_time if name == "by-job" else basis.cohort,
        families=("reached", "feedback", "outcome", "first_response"),
        plot=bars(
            f"The share of applications that reached an interview, by {kind}",
            [(label, text, of.share("reached:INTERVIEW")) for label, text, of in drawn],
        ),
        table=Table((f"By {kind}", *_COMPARED), rows),
        empty_text="" if rows else TOO_FEW,
        downloads=(name,),
        notes=notes,
        wide=True,
        expanded=True,
    )


def _size(compared: tuple[Row, Numbers]) -> float:
    return compared[1].number("applications", "applications").value or 0
