"""The list of refused rows: a CSV file for the sender, which a spreadsheet can open safely."""

import csv
import io
from collections.abc import Iterable
from typing import NamedTuple

from application_status.intake.files.csv_format import Layout, Row
from application_status.platform.escaping import printable, spreadsheet_cell

HEADER = "\ufeffLine,Reason,AtsiApplicationId,RawStatus,Status,BusinessDate\r\n".encode()
"""The first line of the whole list, with the byte order mark by which spreadsheets recognise UTF-8."""

_CELL_LENGTH = 200


class Refused(NamedTuple):
    """A row and the reason for which it was refused."""

    row: Row
    reason: str


def refused_rows(refused: Iterable[Refused], layout: Layout) -> bytes:
    """Return the lines of refused rows; the whole list is HEADER and all such parts.

    Cells are as received, as far as they could be read, but on one line, with at most 200 characters, and with an
    apostrophe before what would be a formula.
    """
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    places = (layout.application_id, layout.raw_status, layout.status, layout.business_date)
    for row, reason in refused:
        cells = ["" if row.cells is None or place is None else _shown(row.cells[place]) for place in places]
        writer.writerow([row.line, spreadsheet_cell(printable(reason)), *cells])
    return lines.getvalue().encode()


def _shown(cell: str) -> str:
    text = cell if len(cell) <= _CELL_LENGTH else f"{cell[: _CELL_LENGTH - 3]}..."
    return spreadsheet_cell(printable(text))
