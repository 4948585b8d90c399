"""The sections with a row for each period, ATS or job."""

from collections.abc import Callable, Mapping, Sequence

from application_status.model.durations import MINIMUM
from application_status.model.periods import Interval
from application_status.model.quality_report import Unit
from application_status.model.status import Status
from application_status.views.quality_page.plots import bars, strips
from application_status.views.quality_page.section import COHORT, TODAY, TOO_FEW, Cell, Section, Table, table
from application_status.views.quality_page.words import Numbers, named, period, said
from application_status.views.report import Report, Row

_DRAWN, _LISTED = 12, 100
_KINDS = {
    "by-ats": ("Ats", "ATS", COHORT),
    "by-job": ("Job", "job", "Cohort: all applications of each job, whatever period is chosen."),
}
_COMPARED: Mapping[str, tuple[str, Unit]] = {
    "Applications": ("applications", "applications"),
    "With feedback": ("feedback", "share"),
    "Reached interview": ("reached:INTERVIEW", "share"),
    "Hired": ("outcome:hired", "applications"),
    "Median first response": ("first_response:median", "days"),
}


def over_time(rows: Sequence[Row], interval: Interval) -> Section:
    """Return what happened in each period."""
    each = [Numbers([row]) for row in rows]
    entered = {
        status: [numbers.number(f"entered:{status}", "entries").value or 0 for numbers in each] for status in Status
    }
    seen = [status for status in Status if any(entered[status])]
    return Section(
        id="over-time",
        heading="Over time",
        basis=f"Activity: what happened in each {interval}, whenever applied for.",
        families=("entered", "reports"),
        plot=strips(
            f"Entries into each status by {interval}",
            [row.first for row in rows],
            interval,
            [(named(s), f"at most {max(entered[s]):,.0f} a {interval}", entered[s]) for s in seen],
        ),
        table=table(
            ("Days", *(named(status) for status in seen), "Reports"),
            [
                [period(row), *(of.said(f"entered:{s}", "entries") for s in seen), of.said("reports", "reports")]
                for row, of in zip(rows, each, strict=True)
            ],
        ),
        instead="" if rows else TOO_FEW,
        downloads=("over-time",),
        notes=("Each status has a scale of its own.",),
        wide=True,
    )


def health(rows: Sequence[Row]) -> Section:
    """Return what became of each ATS's requests."""
    totals = [Numbers([row]).number("requests", "requests") for row in rows]
    most = max((total.value or 0 for total in totals), default=0)
    atss = [(row.of["Ats"], said(total), (total.value or 0) / most) for row, total in zip(rows, totals, strict=True)]
    return Section(
        id="health",
        heading="Integration health",
        basis="Activity: the requests that came in during the period.",
        families=("requests", "answered_with", "last_seen"),
        plot=bars(
            "Requests by ATS" if len(rows) > 1 else "Requests by what they were answered with",
            atss if len(rows) > 1 else [share for row in rows for share in _answers(row)],
        ),
        table=table(
            ("ATS", "Requests", "Last seen", "Answered with"),
            [
                (ats, count, f"{Numbers([row]).said('last_seen', 'days')} ago", _answered(row))
                for row, (ats, count, _) in zip(rows, atss, strict=True)
            ],
        ),
        instead="" if rows else "No requests in the period.",
        downloads=("health",),
    )


def unmapped(found: Report) -> Section:
    """Return the labels that nobody knows, the most frequent first."""
    labels = [(each, row.of["Ats"]) for row in found.rows for each in row.numbers]
    labels.sort(key=lambda label: label[0].population, reverse=True)
    most = max((number.population for number, _ in labels), default=0)
    told = [(number.measure.partition(":")[2], ats, said(number), number.population / most) for number, ats in labels]
    return Section(
        id="unmapped",
        heading="Labels nobody knows",
        basis=TODAY,
        families=("unmapped_label",),
        plot=bars(
            "How many applications have each label",
            [(label, f"{ats} · {count}", share) for label, ats, count, share in told[:_DRAWN]],
        ),
        table=table(("Label", "ATS", "Applications"), [(label, ats, count) for label, ats, count, _ in told[:_LISTED]]),
        instead="" if told else f"None that {MINIMUM} applications have.",
        downloads=("unmapped",),
        notes=[f"Not shown: {found.hidden:,} of too few applications."] if found.hidden else [],
    )


def comparison(name: str, found: Report, address: Callable[..., str]) -> Section:
    """Compare ATSs or jobs, the largest first; each leads to the page about it."""
    compared = sorted(((row, Numbers([row])) for row in found.rows), key=_size, reverse=True)
    of_what, kind, basis = _KINDS[name]
    rows = [
        [
            Cell(row.of[of_what], address(**{of_what.lower(): row.of[of_what]})),
            *(Cell(numbers.said(*measure)) for measure in _COMPARED.values()),
        ]
        for row, numbers in compared[:_LISTED]
    ]
    drawn = [
        (row.of[of_what], f"{of.said('reached:INTERVIEW', 'share')} of {of.said('applications', 'applications')}", of)
        for row, of in compared[:_DRAWN]
    ]
    notes = [f"The {_LISTED} largest of {len(compared)}."] if len(compared) > _LISTED else []
    if found.hidden:
        notes.append(f"Not shown: {found.hidden:,} with too few applications, or that would give such a one away.")
    return Section(
        id="comparison",
        heading=f"By {kind}",
        basis=basis,
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


def _answers(row: Row) -> list[tuple[str, str, float]]:
    """Return each answer of an ATS's requests, how many got it, and the share to draw."""
    answers = [each for each in row.numbers if each.measure.startswith("answered_with:")]
    return [
        (each.measure.partition(":")[2].replace(":", " "), said(each), (each.value or 0) / each.population)
        for each in answers
    ]


def _answered(row: Row) -> str:
    return ", ".join(f"{name} {count}" for name, count, _ in _answers(row))
