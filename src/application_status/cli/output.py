"""Prints the output of all commands, with control characters escaped, as labels come from senders."""

import csv
import sys
from collections.abc import Iterable
from io import StringIO
from typing import TextIO

from application_status.platform.escaping import printable, spreadsheet_cell


def print_line(line: object) -> None:
    """Print a line on standard output."""
    _print(line, sys.stdout)


def print_error(line: object) -> None:
    """Print a line on standard error."""
    _print(line, sys.stderr)


def print_row(cells: Iterable[object]) -> None:
    """Print a row of CSV on standard output, with cells that are safe in a spreadsheet."""
    row = StringIO()
    safe = (spreadsheet_cell(cell) if isinstance(cell, str) else cell for cell in cells)
    csv.writer(row, lineterminator="").writerow(safe)
    print_line(row.getvalue())


def _print(line: object, stream: TextIO) -> None:
    """Write a line; characters that the terminal's encoding lacks are escaped too."""
    encoding = stream.encoding or "utf-8"
    stream.write(printable(str(line)).encode(encoding, "backslashreplace").decode(encoding) + "\n")
