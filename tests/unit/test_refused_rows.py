"""The list of refused rows: what a sender gets to find and mend them."""

import csv
import io

import pytest

from application_status.intake.files.csv_format import Layout, Row
from application_status.intake.files.refused import HEADER, Refused, refused_rows

LAYOUT = Layout(";", 5, 4, 0, 2, None)


def listed(*refused: Refused, layout: Layout = LAYOUT) -> list[list[str]]:
    text = (HEADER + refused_rows(refused, layout)).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def refused(line: int, *cells: str, reason: str = "It is wrong.") -> Refused:
    return Refused(Row(line, 100, cells or None, None, line + 1), reason)


def test_each_refused_row_is_a_line() -> None:
    """With its line number, the reason, and the cells as received; a cell that could not be read is empty."""
    assert listed(refused(3, "Phone", "x", "interview", "y", "string"), refused(7, reason="NUL bytes.")) == [
        ["\ufeffLine", "Reason", "AtsiApplicationId", "RawStatus", "Status", "BusinessDate"],
        ["3", "It is wrong.", "string", "Phone", "interview", ""],
        ["7", "NUL bytes.", "", "", "", ""],
    ]


def test_parts_make_one_list() -> None:
    """The header comes once, before all parts."""
    rows = [refused(line, "a", "b", "c", "d", "e") for line in range(2, 6)]
    assert refused_rows(rows[:2], LAYOUT) + refused_rows(rows[2:], LAYOUT) == refused_rows(rows, LAYOUT)
    assert refused_rows([], LAYOUT) == b""


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =cmd|' /C calc'!A0", "' =cmd|' /C calc'!A0"),
        ("\t=1", "\\t=1"),
        ("a\r\nb", "a\\r\\nb"),
        ("a\x1b[31m\u202eb", "a\\x1b[31m\\u202eb"),
        ('13" screen, or "so"; yes', '13" screen, or "so"; yes'),
        ("Größe", "Größe"),
        ("x" * 300, "x" * 197 + "..."),
    ],
    ids=range(11),
)
def test_cells_are_safe_in_a_spreadsheet_and_a_terminal(cell: str, expected: str) -> None:
    """No formula, no control characters, one line, and at most 200 characters."""
    for place in (0, 2, 4):
        cells = ["", "", "", "", ""]
        cells[place] = cell
        (_, (_, reason, *shown)) = listed(refused(2, *cells, reason=cell))
        assert shown[{4: 0, 0: 1, 2: 2}[place]] == expected
        assert reason == (expected if len(cell) < 300 else cell)
