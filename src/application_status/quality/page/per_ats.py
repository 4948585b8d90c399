"""The sections about ATSs alone: their requests, and the unmapped labels."""

from collections.abc import Sequence

from application_status.quality.page.plots import bars
from application_status.quality.page.section import DRAWN, LISTED, About, Section, cut, table
from application_status.quality.page.words import Numbers, said
from application_status.quality.reports.report import QualityReport, Row
from application_status.quality.rules.durations import MINIMUM


def health(rows: Sequence[Row], about: About) -> Section:
    """Return what became of each ATS's requests."""
    heard = sorted(((row, Numbers([row])) for row in rows), key=_requests, reverse=True)
    most = max(map(_requests, heard), default=0)
    atss = [(each[0].of["Ats"], f"{_requests(each):,}", _requests(each) / most) for each in heard]
    return Section(
        id="health",
        heading="Integration health",
        basis=f"Activity: requests received {about.days}, also repeated and refused ones. Coverage has reports, by "
        "the day on which they took effect.",
        families=("requests", "answered_with", "last_seen"),
        plot=bars(
            "Requests by ATS" if len(rows) > 1 else "Requests by what they were answered with",
            atss[:DRAWN] if len(rows) > 1 else [share for row in rows for share in _answers(row)],
        ),
        table=table(
            ("ATS", "Requests", "Last seen", "Answered with"),
            [
                (ats, count, f"{numbers.said('last_seen', 'days')} ago", _answered(row))
                for (row, numbers), (ats, count, _) in zip(heard[:LISTED], atss, strict=False)
            ],
        ),
        instead="" if rows else "No requests in the period.",
        downloads=("health",),
        notes=cut("busiest", len(rows)),
    )


def unmapped(found: QualityReport, about: About) -> Section:
    """Return the unmapped labels, the most frequent first."""
    labels = [(each, row.of["Ats"]) for row in found.rows for each in row.numbers]
    labels.sort(key=lambda label: label[0].population, reverse=True)
    most = max((number.population for number, _ in labels), default=0)
    told = [(number.measure.partition(":")[2], ats, said(number), number.population / most) for number, ats in labels]
    notes = cut("most frequent", len(told) + found.cut)
    if found.hidden:
        notes.append(f"Not shown: {found.hidden:,} of too few applications.")
    return Section(
        id="unmapped",
        heading="Unmapped labels",
        basis="As of today, whatever period is chosen: applications, whenever the label was reported. Coverage has "
        f"reports {about.days}.",
        families=("unmapped_label",),
        plot=bars(
            "How many applications have each label",
            [(label, f"{ats} · {count}", share) for label, ats, count, share in told[:DRAWN]],
        ),
        table=table(("Label", "ATS", "Applications"), [(label, ats, count) for label, ats, count, _ in told[:LISTED]]),
        instead="" if told else f"None that {MINIMUM} applications have.",
        downloads=("unmapped",),
        notes=notes,
    )


def _requests(heard: tuple[Row, Numbers]) -> int:
    return heard[1].number("requests", "requests").population


def _answers(row: Row) -> list[tuple[str, str, float]]:
    """Return each answer of an ATS's requests, how many got it, and the share to draw."""
    answers = [each for each in row.numbers if each.measure.startswith("answered_with:")]
    return [
        (each.measure.partition(":")[2].replace(":", " "), said(each), (each.value or 0) / each.population)
        for each in answers
    ]


def _answered(row: Row) -> str:
    return ", ".join(f"{name} {count}" for name, count, _ in _answers(row))
