"""What the commands print. All of it goes through here, so that senders' text reaches no terminal unescaped."""

import csv
import sys
from collections.abc import Iterable
from io import StringIO
from typing import TextIO

from application_status.platform.escaping import printable, spreadsheet_cell


def say(line: object) -> None:
    """Print a line on standard output."""
    _print(line, sys.stdout)


def say_error(line: object) -> None:
    """Print a line on standard error."""
    _print(line, sys.stderr)


def say_row(cells: Iterable[object]) -> None:
    """Print a row of CSV on standard output, without formulas for a spreadsheet."""
    row = StringIO()
    safe = (spreadsheet_cell(cell) if isinstance(cell, str) else cell for cell in cells)
    csv.writer(row, lineterminator="").writerow(safe)
    say(row.getvalue())


def _print(line: object, stream: TextIO) -> None:
    """Write a line; what the terminal's encoding does not have is escaped too."""
    encoding = stream.encoding or "utf-8"
    stream.write(printable(str(line)).encode(encoding, "backslashreplace").decode(encoding) + "\n")
