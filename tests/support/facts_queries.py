"""The project's queries over a folder of facts, with results keyed as the counters are."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from application_status.cli import parquet
from application_status.quality.rules.contribution import Cell
from application_status.quality.rules.durations import bucket

_FAMILIES = {"left": "time_in", "position_closed": "closed"}


def funnel(folder: Path) -> dict[Cell, int]:
    """Return applications by stage and outcome, without noughts."""
    found: dict[Cell, int] = {}
    for row in _rows("funnel", folder):
        ats, day = row.pop("ats"), row.pop("applied_day")
        for column, amount in row.items():
            family, _, word = column.partition("_")
            measure = {"stage": f"reached:{word.upper()}", "outcome": f"outcome:{word}"}.get(family, column)
            found[Cell(ats, day, measure)] = amount
    return {cell: amount for cell, amount in found.items() if amount}


def time_in_stage(folder: Path) -> dict[Cell, int]:
    """Return entries into each status, and those that ended, by how, in the counters' buckets."""
    found: Counter[Cell] = Counter()
    for row in _rows("time-in-stage", folder):
        ats, day, status = row["ats"], row["entered_day"], row["status"]
        found[Cell(ats, day, f"entered:{status}")] += row["entries"]
        if row["ending"] in _FAMILIES:
            number = bucket(timedelta(hours=row["from_hours"]))
            found[Cell(ats, day, f"{_FAMILIES[row['ending']]}:{status}:{number}")] += row["entries"]
        else:
            assert row["from_hours"] is None
    return dict(found)


def unmapped(folder: Path) -> dict[tuple[str, str], tuple[int, str, str]]:
    """Return (ATS, label) -> amount, first day, last day."""
    rows = _rows("unmapped-labels", folder)
    return {(row["ats"], row["raw_label"]): (row["reports"], row["first_day"], row["last_day"]) for row in rows}


def of(counters: dict[Cell, int], *families: str) -> dict[Cell, int]:
    """Return the counters of some families of measures."""
    return {cell: amount for cell, amount in counters.items() if cell.measure.partition(":")[0] in families}


def assert_agree(folder: Path, counters: dict[Cell, int]) -> None:
    """Check every cell of what the queries answer against the counters."""
    assert funnel(folder) == of(counters, "applications", "reached", "outcome")
    assert time_in_stage(folder) == of(counters, "entered", "time_in", "closed")
    by_ats: Counter[str] = Counter()
    for (ats, _), (reports, _, _) in unmapped(folder).items():
        by_ats[ats] += reports
    assert by_ats == _by_ats(of(counters, "unmapped").items())


def _by_ats(cells: Iterable[tuple[Cell, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for cell, amount in cells:
        total[cell.ats_id] += amount
    return total


def _rows(query: str, folder: Path) -> list[dict[str, Any]]:
    columns, rows = parquet.ask(query, folder)
    return [dict(zip(columns, row, strict=True)) for row in rows]
