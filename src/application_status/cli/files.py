"""`application-status import` and `application-status files`: imports a file, and shows what became of a file."""

import time
from itertools import chain
from pathlib import Path
from typing import Any

import click

from application_status.cli.output import json_option, print_error, print_json, print_line, private_file, progress_bar
from application_status.cli.target import AtsIdType, Target, pass_target
from application_status.intake.files.file import File, FileId, State
from application_status.intake.files.imports import Imports
from application_status.intake.files.upload import MAX_BYTES
from application_status.platform.errors import DailyLimitReached
from application_status.platform.s3 import Bucket, ObjectMissing
from application_status.platform.values import AtsId, now, to_text

_POLL_SECONDS = 1
_UNITS = {
    State.AWAITING_UPLOAD: "rows: the upload is noticed soon",
    State.WAITING: "rows: another file of this ATS comes first",
    State.READING: "rows: the file is read",
    State.IMPORTING: "rows",
}


def _check_file(_: click.Context, __: click.Parameter, path: Path) -> Path:
    if not path.is_file():
        raise click.BadParameter(f"'{path}' is not a file. Name a CSV file, plain or compressed with gzip.")
    if path.stat().st_size > MAX_BYTES:
        raise click.BadParameter(f"'{path}' is larger than {MAX_BYTES >> 30} GiB. Split it, or compress it.")
    return path


def _check_new(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    if path and path.exists():
        raise click.BadParameter(f"'{path}' exists; name a new file.")
    return path


_refused_option = click.option(
    "--refused",
    type=click.Path(path_type=Path),
    callback=_check_new,
    metavar="FILE",
    help="A new CSV file for the refused rows, which only you can read.",
)


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path), callback=_check_file, metavar="FILE")
@click.option("--ats", required=True, type=AtsIdType(), help="The id of the ATS that reports.")
@click.option("--test", is_flag=True, help="Import into the sandbox of the ATS.")
@_refused_option
@json_option
@pass_target
def import_command(  # noqa: PLR0913  # its options
    target: Target, path: Path, ats: AtsId, *, test: bool, refused: Path | None, as_json: bool
) -> int:
    """Import the status reports of a CSV FILE, as if the ATS had uploaded it. Exit code 1 if it is refused or fails.

    Interrupting the command after the upload does not stop the import.
    """
    imports = Imports(target.dynamodb, target.table("FilesTable"))
    try:
        file = imports.create(ats, is_test=test)
    except DailyLimitReached as error:
        raise click.ClickException(str(error)) from error
    _upload(target, path, file)
    how = f"`application-status files show {file.id}` shows how far it is"
    print_error(f"uploaded; {how}")
    try:
        file = _followed(imports, file)
    except KeyboardInterrupt:
        print_error(f"the import goes on; {how}")
        raise
    _print(file, as_json=as_json)
    if refused:
        _save_refused_rows(target, file, refused)
    return 1 if file.state in {State.REFUSED, State.FAILED} else 0


@click.group("files")
def commands() -> None:
    """Show what became of the files of ATSs."""


@commands.command("show")
@click.argument("file_id", metavar="FILE_ID")
@_refused_option
@json_option
@pass_target
def _show(target: Target, file_id: str, *, refused: Path | None, as_json: bool) -> None:
    """Show the state of a file, and what became of its rows so far."""
    file = _read(Imports(target.dynamodb, target.table("FilesTable")), FileId(file_id.lower()))
    _print(file, as_json=as_json)
    if refused:
        _save_refused_rows(target, file, refused)


def _read(imports: Imports, file_id: FileId) -> File:
    file = imports.read(file_id)
    if file is None:
        raise LookupError(f"there is no file {file_id}; files are kept for 90 days")
    return file


def _upload(target: Target, path: Path, file: File) -> None:
    with progress_bar("bytes uploaded", path.stat().st_size) as progress:
        target.s3.upload_file(str(path), target.table("FilesBucket"), file.upload_key, Callback=progress.update)


def _followed(imports: Imports, file: File) -> File:
    """Show a progress bar for each state until the file has ended, and return it as it is then."""
    while not file.state.is_final:
        state = file.state
        with progress_bar(_UNITS[state], file.rows) as progress:
            while file.state is state:
                time.sleep(_POLL_SECONDS)
                file = _read(imports, file.id)
                progress.update(file.counts.rows - progress.amount())
    return file


def _print(file: File, *, as_json: bool) -> None:
    speed = file.rows_per_second(now())
    about: dict[str, Any] = {
        "file": file.id,
        "ats": file.ats_id,
        "kind": file.kind,
        "state": file.state,
        "reason": file.reason,
        "duplicate_of": file.duplicate_of,
        "created": to_text(file.created_at),
        "uploaded": file.uploaded_at and to_text(file.uploaded_at),
        "ended": file.ended_at and to_text(file.ended_at),
        "bytes": file.bytes,
        "rows": file.rows,
        **file.counts._asdict(),
        "rows_per_second": speed and round(speed),
        "ignored_columns": ", ".join(file.ignored_columns or ()) or None,
    }
    if as_json:
        print_json(about)
        return
    for name, value in about.items():
        print_line(f"{name:<16} {'-' if value is None else value}")


def _save_refused_rows(target: Target, file: File, path: Path) -> None:
    if not file.refused_rows_listed:
        print_error(_why_not_listed(file))
        return
    listing = Bucket(target.s3, target.table("FilesBucket")).read(file.refused_rows_key)
    try:
        first = next(listing, b"")
    except ObjectMissing:
        raise LookupError("the list of refused rows is gone; it is kept for 30 days") from None
    with private_file(path) as written:
        for block in chain([first], listing):
            written.buffer.write(block)
    print_error(f"{path} lists {file.refused_rows_listed} of {file.counts.refused} refused rows")


def _why_not_listed(file: File) -> str:
    if not file.state.is_final:
        return "the refused rows are listed when the file has ended"
    return "the import failed, so its refused rows are not listed" if file.counts.refused else "no rows are refused"
