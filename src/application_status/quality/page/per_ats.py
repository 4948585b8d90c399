"""The sections that are only about ATSs: integration health and unmapped labels."""

from collections.abc import Sequence

from application_status.platform.errors import FieldError
from application_status.quality.page.plots import bars
from application_status.quality.page.section import DRAWN, LISTED, Basis, Section, cut_note, not_shown, table
from application_status.quality.page.words import Numbers, format_number
from application_status.quality.reports.report import QualityReport, Row
from application_status.quality.rules.durations import MINIMUM


def health(rows: Sequence[Row], too_large: FieldError | None, basis: Basis) -> Section:
    """Return the section with each ATS's requests and their results."""
    by_ats = sorted(((row, Numbers([row])) for row in rows), key=_requests, reverse=True)
    most = max(map(_requests, by_ats), default=0)
    atss = [(each[0].of["Ats"], f"{_requests(each):,}", _requests(each) / most) for each in by_ats]
    return Section(
        id="health",
        heading="Integration health",
        basis=f"Activity: requests received {basis.days}, including repeated and refused ones. The section Coverage "
        "has reports, by the day on which they took effect.",
        families=("requests", "answered_with", "last_seen"),
        plot=bars(
            "Requests by ATS" if len(rows) > 1 else "Requests by result",
            atss[:DRAWN] if len(rows) > 1 else [share for row in rows for share in _results(row)],
        ),
        table=table(
            ("ATS", "Requests", "Last seen", "Results"),
            [
                (ats, count, f"{numbers.text('last_seen', 'days')} ago", _results_text(row))
                for (row, numbers), (ats, count, _) in zip(by_ats[:LISTED], atss, strict=False)
            ],
        ),
        empty_text=not_shown(too_large) if too_large else "" if rows else "No requests in the period.",
        downloads=() if too_large else ("health",),
        notes=cut_note("busiest", len(rows)),
    )


def unmapped(found: QualityReport, basis: Basis) -> Section:
    """Return the section with the unmapped labels, the most frequent first."""
    labels = [(each, row.of["Ats"]) for row in found.rows for each in row.numbers]
    labels.sort(key=lambda label: label[0].population, reverse=True)
    most = max((number.population for number, _ in labels), default=0)
    shares = [
        (number.measure.partition(":")[2], ats, format_number(number), number.population / most)
        for number, ats in labels
    ]
    notes = cut_note("most frequent", len(shares) + found.cut)
    if found.hidden:
        notes.append(f"Not shown: {found.hidden:,} labels of too few applications.")
    return Section(
        id="unmapped",
        heading="Unmapped labels",
        basis="As of today, not for the chosen period: applications, whenever the label was reported. The section "
        f"Coverage has reports {basis.days}.",
        families=("unmapped_label",),
        plot=bars(
            "Applications by label",
            [(label, f"{ats} · {count}", share) for label, ats, count, share in shares[:DRAWN]],
        ),
        table=table(
            ("Label", "ATS", "Applications"), [(label, ats, count) for label, ats, count, _ in shares[:LISTED]]
        ),
        empty_text="" if shares else f"No unmapped label of at least {MINIMUM} applications.",
        downloads=("unmapped",),
        notes=notes,
    )


def _requests(by_ats: tuple[Row, Numbers]) -> int:
    return by_ats[1].number("requests", "requests").population


def _results(row: Row) -> list[tuple[str, str, float]]:
    """Return the results of an ATS's requests: name, number as text, and share to draw."""
    results = [each for each in row.numbers if each.measure.startswith("answered_with:")]
    return [
        (each.measure.partition(":")[2].replace(":", " "), format_number(each), (each.value or 0) / each.population)
        for each in results
    ]


def _results_text(row: Row) -> str:
    return ", ".join(f"{name} {count}" for name, count, _ in _results(row))
