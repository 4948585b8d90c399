"""The sections that are only about ATSs: integration health and unmapped labels."""

from collections.abc import Sequence

from application_status.quality.page.plots import count_bars
from application_status.quality.page.section import DRAWN, LISTED, Column, Section, Table, TableCell, table
from application_status.quality.page.words import Numbers, format_age, format_number, name_of
from application_status.quality.reports.report import QualityReport, Row
from application_status.quality.rules.durations import MINIMUM
from application_status.quality.rules.numbers import Number
from application_status.texts.texts import Texts

_HEALTH_COLUMNS = ("ats", "state", "last_seen", "requests", "refused")


def health(rows: Sequence[Row], unavailable: str, t: Texts) -> Section:
    """Return the section with each ATS's last request, the share refused, and the results; the silent ones first."""
    of = [(row, Numbers([row], t)) for row in rows]
    return Section(
        id="health",
        heading=t("quality.health.heading"),
        covers=t("quality.covers.requests"),
        says=t("quality.health.says") if len(rows) != 1 else _in_words(of[0][1]),
        family="last_seen",
        table=Table(
            [Column(t(f"quality.health.{key}")) for key in _HEALTH_COLUMNS],
            [_cells(row, numbers) for row, numbers in of[:LISTED]],
        )
        if len(rows) > 1
        else None,
        folded=table(
            [t("quality.health.ats"), t("quality.health.results")],
            [(_ats(row), ", ".join(_results(row, t))) for row, _ in of[:LISTED]],
        ),
        unavailable=unavailable or ("" if rows else t("quality.health.no_requests")),
        download="" if unavailable or not rows else "health",
        notes=[t("quality.health.more", shown=LISTED, amount=len(rows))] if len(rows) > LISTED else [],
        wide=True,
    )


def silent(rows: Sequence[Row], t: Texts) -> Sequence[str]:
    """Return a sentence for each ATS that has gone silent."""
    return [
        t("quality.health.silent_since", ats=_ats(row), ago=_last_seen(numbers))
        for row in rows
        for numbers in [Numbers([row], t)]
        if _is_silent(numbers)
    ]


def _cells(row: Row, numbers: Numbers) -> Sequence[TableCell]:
    t, name = numbers.t, name_of(row.of, "Ats")
    is_silent = _is_silent(numbers)
    return [
        TableCell(name or row.of["Ats"], id=row.of["Ats"] if name else ""),
        TableCell(t("quality.health.silent") if is_silent else t("quality.health.working"), warns=is_silent),
        TableCell(_last_seen(numbers)),
        TableCell(t.number(numbers.number("requests", "requests").population)),
        TableCell(_refused(numbers)),
    ]


def _in_words(numbers: Numbers) -> str:
    requests = numbers.number("requests", "requests").population
    return numbers.t("quality.health.says_one", ago=_last_seen(numbers), refused=_refused(numbers), requests=requests)


def _is_silent(numbers: Numbers) -> bool:
    return bool(numbers.number("silent", "flag").value)


def _last_seen(numbers: Numbers) -> str:
    return format_age(numbers.number("last_seen", "days").value or 0, numbers.t)


def _refused(numbers: Numbers) -> str:
    """Return the number of refused requests and their share, if there are requests."""
    count, share = numbers.number("refused", "requests"), numbers.number("refused", "share")
    text = numbers.t.number(count.value or 0)
    return text if share.value is None else f"{text} · {format_number(share, numbers.t)}"


def _results(row: Row, t: Texts) -> Sequence[str]:
    """Return the results of an ATS's requests: channel, result, and number."""
    return [
        f"{each.measure.partition(':')[2].replace(':', ' ')} {format_number(each, t)}"
        for each in row.numbers
        if each.measure.startswith("answered_with:")
    ]


def _ats(row: Row) -> str:
    return name_of(row.of, "Ats") or row.of["Ats"]


def unmapped(found: QualityReport, t: Texts) -> Section:
    """Return the section with the unmapped labels, the most frequent first."""
    labels: list[tuple[Number, str]] = [(each, _ats(row)) for row in found.rows for each in row.numbers]
    labels.sort(key=lambda label: label[0].population, reverse=True)
    counts = [(each.measure.partition(":")[2], ats, each) for each, ats in labels]
    notes = (
        [t("quality.unmapped.more", shown=LISTED, amount=total)] if (total := len(labels) + found.cut) > LISTED else []
    )
    if found.hidden:
        notes.append(t("quality.unmapped.hidden", count=found.hidden))
    return Section(
        id="unmapped",
        heading=t("quality.unmapped.heading"),
        covers=t("quality.covers.today"),
        says=t("quality.unmapped.says"),
        family="unmapped_label",
        plot=count_bars(
            t("quality.unmapped.plot"),
            [
                (label, f"{ats} · {format_number(number, t)}", number.population)
                for label, ats, number in counts[:DRAWN]
            ],
            t,
        ),
        folded=table(
            [t(f"quality.unmapped.{key}") for key in ("label", "ats", "applications")],
            [(label, ats, format_number(number, t)) for label, ats, number in counts[:LISTED]],
        ),
        unavailable="" if labels else t("quality.unmapped.none", minimum=MINIMUM),
        download="unmapped",
        notes=notes,
    )
