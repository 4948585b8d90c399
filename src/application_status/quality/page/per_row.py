"""The sections with a row for each period, ATS or job."""

from collections.abc import Callable, Mapping
from typing import Literal

from application_status.applications.rules.status import Status
from application_status.quality.page.plots import bars, strips
from application_status.quality.page.section import DRAWN, LISTED, TOO_FEW, About, Section, Table, TableCell, cut, table
from application_status.quality.page.words import Numbers, dated, named, period
from application_status.quality.reports.report import QualityReport, Row
from application_status.quality.rules.numbers import Unit
from application_status.quality.rules.periods import Interval

_KINDS: Mapping[str, tuple[Literal["Ats", "Job"], str]] = {"by-ats": ("Ats", "ATS"), "by-job": ("Job", "job")}
_TOO_MANY = "Too many rows to show: choose a longer interval or a shorter period."
_COMPARED: Mapping[str, tuple[str, Unit]] = {
    "Applications": ("applications", "applications"),
    "With feedback": ("feedback", "share"),
    "Reached interview": ("reached:INTERVIEW", "share"),
    "Hired": ("outcome:hired", "applications"),
    "Median first response": ("first_response:median", "days"),
}


def over_time(found: QualityReport, interval: Interval, about: About) -> Section:
    """Return what happened over time; a row is a period, or more days where few applications moved."""
    rows = found.rows
    each = [Numbers([row]) for row in rows]
    entered = {
        status: [numbers.number(f"entered:{status}", "entries").value or 0 for numbers in each] for status in Status
    }
    seen = [status for status in Status if any(entered[status])]
    return Section(
        id="over-time",
        heading="Over time",
        basis=about.activity,
        families=("entered", "reports"),
        plot=strips(
            "Entries into each status over time",
            [(named(s), f"highest {max(entered[s]):,.0f}", entered[s]) for s in seen],
            (dated(rows[0].first), dated(rows[-1].last)) if rows else ("", ""),
        ),
        table=table(
            ("Days", *(named(status) for status in seen), "Reports"),
            [
                [period(row), *(of.said(f"entered:{s}", "entries") for s in seen), of.said("reports", "reports")]
                for row, of in zip(rows, each, strict=True)
            ],
        ),
        instead=_TOO_MANY if found.too_many else "" if rows else TOO_FEW,
        downloads=() if found.too_many else ("over-time",),
        notes=(
            f"A column stands for a row of the table: a {interval} or, where few applications moved, more.",
            "So the axis is no scale of time, and each status has a scale of its own.",
            "An application counts each time it enters a status, so entries add up to other numbers than the funnel's.",
        ),
        wide=True,
    )


def comparison(name: str, found: QualityReport, address: Callable[..., str], about: About) -> Section:
    """Compare ATSs or jobs, the largest first; each leads to the page about it."""
    compared = sorted(((row, Numbers([row])) for row in found.rows), key=_size, reverse=True)
    of_what, kind = _KINDS[name]
    whole = f"Cohort: all applications of each job. The sections above have only those applied for {about.days}."
    rows = [
        [
            TableCell(row.of[of_what], address(**{of_what.lower(): row.of[of_what]})),
            *(TableCell(numbers.said(*measure)) for measure in _COMPARED.values()),
        ]
        for row, numbers in compared[:LISTED]
    ]
    drawn = [
        (row.of[of_what], f"{of.said('reached:INTERVIEW', 'share')} of {of.said('applications', 'applications')}", of)
        for row, of in compared[:DRAWN]
    ]
    notes = cut("largest", len(compared))
    if found.hidden:
        notes.append(f"Not shown: {found.hidden:,} with too few applications, or that would give such a one away.")
    return Section(
        id="comparison",
        heading=f"By {kind}",
        basis=whole if name == "by-job" else about.cohort,
        families=("reached", "feedback", "outcome", "first_response"),
        plot=bars(
            f"The share of applications that reached an interview, by {kind}",
            [(label, text, of.share("reached:INTERVIEW")) for label, text, of in drawn],
        ),
        table=Table((f"By {kind}", *_COMPARED), rows),
        instead="" if rows else TOO_FEW,
        downloads=(name,),
        notes=notes,
        wide=True,
        unfolded=True,
    )


def _size(compared: tuple[Row, Numbers]) -> float:
    return compared[1].number("applications", "applications").value or 0
