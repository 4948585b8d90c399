"""`application-status applications import`: registers applications from a file.

The file is CSV, whose columns are the fields of a registration, or JSON Lines, whose lines are registrations.
"""

import csv
import time
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import file_digest
from itertools import batched, chain
from pathlib import Path
from typing import IO, Any, NamedTuple, TextIO

import click

from application_status.applications.register import RegistrationResult, Registrations
from application_status.applications.registry import BODY_LIMIT_BYTES, RegistrationMessage, parse_registration
from application_status.applications.rules.registration import Registration
from application_status.applications.rules.report import NATIVE
from application_status.applications.scan import AllApplications
from application_status.cli.checkpoint import Checkpoint
from application_status.cli.output import print_error, print_line, private_file, progress_bar
from application_status.cli.target import Target, pass_target
from application_status.intake.files import csv_format
from application_status.intake.files.upload import BLOCK_BYTES, UTF_8, RefusedFile, Upload
from application_status.intake.side_by_side import record_each
from application_status.platform.errors import InvalidFields, Refusal, Unavailable
from application_status.platform.escaping import printable, spreadsheet_cell
from application_status.platform.http.body import ignored_fields, parsed_object
from application_status.platform.values import ApplicationId, application_id

_CHECKPOINT = Path(".application-status-import.json")
_AT_ONCE = 50
_NAMED, _SHOWN_LENGTH = 20, 200
_ID = "AtsiApplicationId"
_FIELDS = [_ID, *(str(each.alias) for each in RegistrationMessage.model_fields.values() if each.is_required())]
_OPTIONAL_FIELDS = ("Link", "Location")
_LISTS = ("Token", "CandidateApplicationProfileId", "PositionProfileIds", "ApplyId", _ID)
_NATIVE_IDS = ("ApplicationId", "CandidateId", "JobId", "ExternalId")
_PATHS: Mapping[str, tuple[str, ...]] = {
    ".".join(path).lower(): path
    for path in [
        *((name,) for name in (*_FIELDS, *_OPTIONAL_FIELDS)),
        *(("Aliases", kind) for kind in _LISTS),
        *(("Aliases", provider.capitalize(), name) for provider in NATIVE for name in _NATIVE_IDS),
    ]
}
"""The known columns: the name in lower case, and the path of the field."""

type _Body = dict[str, Any]


class _Line(NamedTuple):
    """A line with its number, from 1: what it has, or why it can't be read."""

    number: int
    content: _Body | str


class _Refused(NamedTuple):
    line: int
    reason: str
    shown_id: str


class _Parsed(NamedTuple):
    line: int
    application_id: ApplicationId
    registration: Registration


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--refused",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A new file for the refused lines.  [default: the name of FILE with .refused.csv]",
)
@click.option(
    "--per-second",
    type=click.IntRange(1, 5000),
    default=100,
    show_default=True,
    metavar="N",
    help="At most N registrations a second.",
)
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    default=_CHECKPOINT,
    show_default=True,
    help="The file with the progress, from which an interrupted run resumes.",
)
@pass_target
def command(target: Target, file: Path, refused: Path | None, per_second: int, checkpoint: Path) -> int:
    """Register the applications of a file: CSV in UTF-8, or JSON Lines.

    The fields are those of a registration in the API. Columns can have any order; Aliases.Token and the other lists
    are separated by spaces. Refused lines are written to a file with their reasons, and the others are registered.
    An interrupted run resumes; it is safe to repeat a whole file.
    """
    listed = refused or file.with_name(f"{file.name}.refused.csv")
    applications, aliases = target.table("ApplicationsTable"), target.table("AliasesTable")
    with file.open("rb") as content:
        used = {
            "table": f"{target.name}, {AllApplications(target.dynamodb, applications).identity()}",
            "file": file_digest(content, "sha256").hexdigest(),
            "refused lines": str(listed),
        }
        content.seek(0)
        kept = Checkpoint(checkpoint, used)
        lines = _lines(content)
        first = next(lines)
        run = _Run(Registrations(target.dynamodb, applications, aliases), per_second, kept, kept.start())
        with (
            private_file(listed, run.refused_bytes) as list_of_refused,
            progress_bar("bytes", file.stat().st_size) as progress,
        ):
            for _ in run.batches(chain([first], lines), list_of_refused):
                progress.update(content.tell() - progress.amount())
    kept.keep(None)
    for result, amount in run.results.items():
        print_line(f"{amount:>8}  {result}")
    if not run.results["refused"]:
        listed.unlink()
        return 0
    print_error(f"The refused lines of {file} are in {listed}, with their numbers and reasons.")
    return 1


class _Run:
    """A run of the command, perhaps the rest of an interrupted one."""

    def __init__(
        self,
        registrations: Registrations,
        per_second: int,
        checkpoint: Checkpoint,
        start: Mapping[str, Any] | None,
    ) -> None:
        self._registrations = registrations
        self._per_second = per_second
        self._checkpoint = checkpoint
        self._last_line: int = start["line"] if start else 0
        self._ignored: set[str] = set()
        self.refused_bytes: int | None = start["refused_bytes"] if start else None
        names = [*map(str, RegistrationResult), "refused"]
        self.results = Counter(dict(start["results"] if start else dict.fromkeys(names, 0)))

    def batches(self, lines: Iterable[_Line], list_of_refused: TextIO) -> Iterator[None]:
        """Register the lines that are not done yet, and yield after each batch, when it is safe to stop.

        Raises:
            Unavailable: the store failed; the batch is done again by the next run.
        """
        writer = csv.writer(list_of_refused, lineterminator="\n")
        if not list_of_refused.tell():
            writer.writerow(("Line", "Reason", _ID))
            self._keep(list_of_refused)
        left = (each for each in lines if each.number > self._last_line)
        for batch in batched(left, min(_AT_ONCE, self._per_second), strict=False):
            begun = time.monotonic()
            parsed = [self._parsed(each) for each in batch]
            refused = [each for each in parsed if isinstance(each, _Refused)]
            for result in self._register([each for each in parsed if isinstance(each, _Parsed)]):
                if isinstance(result, _Refused):
                    refused.append(result)
                else:
                    self.results[result] += 1
            writer.writerows(map(_cells, sorted(refused)))
            self.results["refused"] += len(refused)
            self._last_line = batch[-1].number
            self._keep(list_of_refused)
            yield
            time.sleep(max(0.0, begun + len(batch) / self._per_second - time.monotonic()))

    def _keep(self, list_of_refused: TextIO) -> None:
        list_of_refused.flush()
        state = {"line": self._last_line, "results": self.results, "refused_bytes": list_of_refused.tell()}
        self._checkpoint.keep(state)

    def _parsed(self, line: _Line) -> _Parsed | _Refused:
        if isinstance(line.content, str):
            return _Refused(line.number, line.content, "")
        body = dict(line.content)
        sent_id = body.pop(_ID, None)
        for name in ignored_fields(RegistrationMessage, body):
            self._note_ignored(name, line.number)
        try:
            if not isinstance(sent_id, str):
                return _Refused(line.number, f"{_ID} is missing, or no text; send a UUID.", "")
            return _Parsed(line.number, application_id(sent_id), parse_registration(body))
        except InvalidFields as error:
            wrong = [f"{each.pointer[1:].replace('/', '.')}: {each.detail} ({each.expected})" for each in error.errors]
            return _Refused(line.number, "; ".join(wrong), str(sent_id))
        except ValueError as error:
            return _Refused(line.number, f"{_ID} is {error}; send a UUID.", str(sent_id))

    def _note_ignored(self, name: str, line: int) -> None:
        if name not in self._ignored and len(self._ignored) < _NAMED:
            self._ignored.add(name)
            print_error(f"{name}, first on line {line}, is no field of a registration and is ignored.")

    def _register(self, parsed: list[_Parsed]) -> list[RegistrationResult | _Refused]:
        """Register applications at the same time, and the lines of one application one after the other."""

        def register(each: _Parsed) -> RegistrationResult | _Refused | Unavailable:
            try:
                return self._registrations.register(each.application_id, each.registration)
            except Refusal as refusal:
                return _Refused(each.line, str(refusal), each.application_id)
            except Unavailable as unavailable:
                return unavailable

        results = record_each(parsed, lambda each: each.application_id, lambda _: None, register)
        for result in results:
            if isinstance(result, Unavailable):
                raise result
        return [each for each in results if not isinstance(each, Unavailable)]


def _cells(refused: _Refused) -> list[Any]:
    cells = (refused.reason, refused.shown_id[:_SHOWN_LENGTH])
    return [refused.line, *(spreadsheet_cell(printable(cell)) for cell in cells)]


def _lines(file: IO[bytes]) -> Iterator[_Line]:
    """Read the registrations of a file.

    Raises:
        ValueError: the file is of another format, or has no registrations.
    """
    first = file.read(BLOCK_BYTES).removeprefix(BOM_UTF8).lstrip()
    file.seek(0)
    if first.startswith(b"["):
        raise ValueError(f"{file.name} is a JSON array; write JSON Lines, one object on each line")
    if first.startswith(b"{"):
        yield from _json_lines(file)
        return
    try:
        yield from _csv_lines(file)
    except RefusedFile as error:
        raise ValueError(f"{file.name}: {error}") from error


def _json_lines(file: IO[bytes]) -> Iterator[_Line]:
    number = 0
    while line := file.readline(BODY_LIMIT_BYTES + 1):
        number += 1
        is_too_long = len(line) > BODY_LIMIT_BYTES
        while is_too_long and line and not line.endswith(b"\n"):
            line = file.readline(BLOCK_BYTES)
        if is_too_long:
            yield _Line(number, "The line is longer than 8 KiB.")
        elif text := line.removeprefix(BOM_UTF8 if number == 1 else b"").strip():
            try:
                yield _Line(number, parsed_object(text))
            except ValueError as error:
                yield _Line(number, f"The line is {error}")


def _csv_lines(file: IO[bytes]) -> Iterator[_Line]:
    content = Upload(iter(lambda: file.read(BLOCK_BYTES), b"")).content()
    head = next(content).removeprefix(BOM_UTF8)
    header = [*head[: csv_format.ROW_LIMIT_BYTES].splitlines(keepends=True), b""][0]
    delimiter, names = _columns(header)
    layout = csv_format.Layout(delimiter, len(names), 0, 0)
    has_rows = False
    for row in csv_format.rows(chain([head[len(header) :]], content), 2, layout, UTF_8):
        has_rows = True
        if row.cells is None:
            yield _Line(row.line, str(row.problem))
        else:
            yield _Line(row.line, _body(names, row.cells))
    if not has_rows:
        raise RefusedFile("The file has no rows below the names of the columns.")


def _columns(header: bytes) -> tuple[str, list[str]]:
    """Return the delimiter and the names of the columns, known ones in the usual spelling.

    Raises:
        RefusedFile: required columns are missing, or a column comes twice.
    """
    text = header.decode(errors="replace")
    readings = [(delimiter, next(csv.reader([text], delimiter=delimiter), [])) for delimiter in ",;\t"]
    spelled = [(each, [_spelled(name.strip()) for name in names]) for each, names in readings]
    delimiter, names = max(spelled, key=lambda reading: len({*_FIELDS} & {*reading[1]}))
    missing = [name for name in _FIELDS if name not in names]
    if missing:
        raise RefusedFile(f"The first line has no column {', '.join(missing)}. Name the columns: {','.join(_FIELDS)}.")
    if "Aliases" in names:
        raise RefusedFile("The first line has a column Aliases. Use a column for each kind, such as Aliases.Token.")
    if twice := [name for name, amount in Counter(names).items() if amount > 1 and name.lower() in _PATHS]:
        raise RefusedFile(f"The first line has the column {', '.join(twice)} twice. Separate several values by spaces.")
    return delimiter, names


def _spelled(name: str) -> str:
    return ".".join(_PATHS.get(name.lower(), (name,)))


def _body(names: Iterable[str], cells: Iterable[str]) -> _Body:
    """Return a row as the object that the API gets; empty cells are left out."""
    body: _Body = {}
    for name, cell in zip(names, cells, strict=True):
        path = _PATHS.get(name.lower(), (name,))
        if name and cell.strip():
            within = body
            for part in path[:-1]:
                within = within.setdefault(part, {})
            is_list = path[:1] == ("Aliases",) and path[1] in _LISTS
            within[path[-1]] = cell.split() if is_list else cell.strip()
    return body
