"""Prints the output of all commands, with control characters escaped, as labels and names come from senders.

print_line, print_error   one line
print_table, print_json   a listing: aligned columns, or JSON
print_row                 a row of CSV
private_file              a file for what others must not read
print_unreadable          the applications that a command left out
progress_bar              a progress bar, on a terminal
"""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from application_status.applications.scan import Unreadable
from application_status.platform.escaping import printable, spreadsheet_cell

_NAMED = 20
_UNLIMITED = 100_000  # columns: Rich neither wraps nor cuts a row, so ids can be copied and piped

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
"""The option of every command that prints a listing."""


def print_line(line: object) -> None:
    """Print a line on standard output."""
    _write(printable(str(line)), sys.stdout)


def print_error(line: object) -> None:
    """Print a line on standard error."""
    _write(printable(str(line)), sys.stderr)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, as_json: bool) -> None:
    """Print rows below the columns' names, each on one line.

    With `as_json`, each row becomes an object with the columns' names in lower case, and its values keep their types.
    None is `-` in a table.
    """
    rows = list(rows)
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[place], int) for row in rows)
        table.add_column(Text(column.upper()), justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*[Text(printable("-" if value is None else str(value))) for value in row])
    console = Console(file=StringIO(), force_terminal=sys.stdout.isatty(), width=_UNLIMITED)
    with console.capture() as rendered:
        console.print(table)
    for line in rendered.get().splitlines():
        _write(line.rstrip(), sys.stdout)


def print_json(value: Any) -> None:
    r"""Print a value as JSON; other characters than visible ASCII are escaped, as in \u001b."""
    _write(json.dumps(value, indent=2, default=str), sys.stdout)


def print_row(cells: Iterable[object]) -> None:
    """Print a row of CSV on standard output, with cells that are safe in a spreadsheet."""
    row = StringIO()
    safe = (spreadsheet_cell(cell) if isinstance(cell, str) else cell for cell in cells)
    csv.writer(row, lineterminator="").writerow(safe)
    print_line(row.getvalue())


@contextmanager
def private_file(path: Path, kept_bytes: int | None = None) -> Iterator[TextIO]:
    """Create a file that only its owner can read, or continue one of which only the first bytes are kept.

    Raises:
        FileExistsError: there is a file with this name that is not to be continued.
    """
    is_new = os.O_EXCL if kept_bytes is None else 0
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | is_new, 0o600)
    except FileExistsError:
        raise FileExistsError(f"{path} exists; name a new file") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.truncate(min(kept_bytes or 0, path.stat().st_size))
        file.seek(0, os.SEEK_END)
        yield file


def print_unreadable(unreadable: Unreadable) -> int:
    """Print the ids of applications that can't be read, and the types of error; return 1 if there are any, else 0."""
    for application_id, error in sorted(unreadable.items())[:_NAMED]:
        print_error(f"can't be read: {application_id} ({error})")
    if unreadable:
        print_error(f"applications that can't be read and were left out: {len(unreadable)}")
    return 1 if unreadable else 0


class Counted(NamedTuple):
    """A progress bar: `update` adds to it, from any thread, and `amount` returns the sum."""

    update: Callable[[int], None]
    amount: Callable[[], int]


@contextmanager
def progress_bar(unit: str, total: int | None = None) -> Iterator[Counted]:
    """Count things of a unit; while it runs, show a bar on standard error if that is a terminal."""
    progress = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = progress.add_task(unit, total=total)
    with progress:
        yield Counted(lambda more: progress.advance(task, more), lambda: int(progress.tasks[0].completed))


def _write(line: str, stream: TextIO) -> None:
    """Write a line; characters that the terminal's encoding lacks are escaped."""
    encoding = stream.encoding or "utf-8"
    stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
