"""`application-status import` and `files show`: upload a file, follow its import, save its refused rows."""

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from application_status.cli import files
from application_status.cli import main as command_line
from application_status.intake.files.file import FileId, State
from application_status.intake.files.imports import FILES_A_DAY, Imports
from application_status.local.tables import TableServer
from support.faults import fresh_client
from support.importing import importing
from support.world import APPLICATION, ATS, FOREIGN_APPLICATION, World

HEADER = "atsiApplicationId,rawStatus,status,businessDate\n"
ROW = f"{APPLICATION},Second interview,INTERVIEW,2026-11-02\n"
FOREIGN_ROW = f"{FOREIGN_APPLICATION},=cmd(),HIRED,2026-11-02\n"

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def world(server: TableServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files, "_POLL_SECONDS", 0.01)
    client = fresh_client(server)
    world = World(client)
    with importing(world, server):
        yield world
    client.close()


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command: exit code, standard output, standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = command_line.main(["--local-tables", server.url, *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def imported(run: Run, content: str | bytes, *options: str, code: int = 0) -> Any:
    """Import a file, and return what the command printed."""
    path = Path("report.csv")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found, out, err = run("import", str(path), "--ats", ATS, "--json", *options)
    assert found == code, err
    return json.loads(out)


def test_file_is_imported(world: World, run: Run) -> None:
    """Its rows are recorded, and the counts are printed, also later."""
    printed = imported(run, HEADER + ROW + FOREIGN_ROW)
    assert (printed["state"], printed["rows"], printed["recorded"], printed["refused"]) == ("completed", 2, 1, 1)
    assert world.stored().status == "INTERVIEW"
    code, out, _ = run("files", "show", printed["file"].upper())
    shown = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (code, shown["state"], shown["recorded"], shown["reason"]) == (0, "completed", "1", "-")


@pytest.mark.usefixtures("world")
def test_refused_rows_are_saved(run: Run) -> None:
    """In a new file that nobody else can read, with line and reason, and safe in a spreadsheet."""
    printed = imported(run, HEADER + ROW + FOREIGN_ROW, "--refused", "refused.csv")
    assert stat.S_IMODE(Path("refused.csv").stat().st_mode) == 0o600
    text = Path("refused.csv").read_text(encoding="utf-8-sig")
    assert "3," in text
    assert "'=cmd()" in text
    code, _, err = run("files", "show", printed["file"], "--refused", "again.csv")
    assert (code, Path("again.csv").read_text(encoding="utf-8-sig")) == (0, text)
    assert "again.csv lists 1 of 1 refused rows" in err


@pytest.mark.usefixtures("world")
def test_no_file_is_written_without_refused_rows(run: Run) -> None:
    """The command says that there are none."""
    path = Path("report.csv")
    path.write_text(HEADER + ROW)
    code, _, err = run("import", str(path), "--ats", ATS, "--refused", "refused.csv")
    assert (code, Path("refused.csv").exists(), "no rows are refused" in err) == (0, False, True)


def test_list_that_does_not_exist_is_not_saved(world: World, server: TableServer, run: Run) -> None:
    """It is deleted after 30 days, and an import that fails has none; the command says so, and writes no file."""
    printed = imported(run, HEADER + FOREIGN_ROW)
    boto3.client("s3", endpoint_url=server.url).delete_object(
        Bucket="FilesBucket", Key=f"refused/{printed['file']}.csv"
    )
    show = ("files", "show", printed["file"], "--refused", "refused.csv")
    code, _, err = run(*show)
    assert (code, Path("refused.csv").exists(), "kept for 30 days" in err) == (1, False, True)
    world.dynamodb(
        "UpdateItem",
        TableName="FilesTable",
        Key={"FileId": {"S": printed["file"]}, "Part": {"S": "file"}},
        UpdateExpression="SET #state = :failed REMOVE RefusedRowsListed",
        ExpressionAttributeNames={"#state": "State"},
        ExpressionAttributeValues={":failed": {"S": State.FAILED}},
    )
    code, _, err = run(*show)
    assert (code, Path("refused.csv").exists(), "the import failed" in err) == (0, False, True)


def test_the_same_file_again_is_a_duplicate(world: World, run: Run) -> None:
    """It names the first one, and succeeds, as nothing is missing."""
    first = imported(run, HEADER + ROW)
    version = world.stored().version
    again = imported(run, HEADER + ROW)
    assert (again["state"], again["duplicate_of"]) == ("duplicate", first["file"])
    assert world.stored().version == version


@pytest.mark.usefixtures("world")
def test_refused_file_is_a_failure(run: Run) -> None:
    """Exit code 1, and why."""
    printed = imported(run, b"PK\x03\x04", code=1)
    assert (printed["state"], bool(printed["reason"])) == ("refused", True)
    assert imported(run, b"", code=1)["state"] == "refused"


def test_test_file_goes_to_the_sandbox(world: World, run: Run) -> None:
    """Its rows can't reach live applications."""
    printed = imported(run, HEADER + ROW, "--test")
    assert (printed["kind"], printed["refused"]) == ("test", 1)
    assert world.stored().status == "APPLIED"


@pytest.mark.usefixtures("world")
def test_large_file_is_uploaded_in_parts(run: Run) -> None:
    """S3 then sends an event for the whole; here two are sent, and the rows count once."""
    content = HEADER.replace("\n", ",note\n") + ROW.replace("\n", f",{'x' * 15_000}\n") * 600
    printed = imported(run, content)
    assert (printed["state"], printed["rows"], printed["ignored_columns"]) == ("completed", 600, "note")
    assert printed["recorded"] + printed["unchanged"] == 600


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("path", ["-", ".", "missing.csv"])
def test_what_is_no_file_is_refused(run: Run, path: str) -> None:
    """A usage error that says what to send instead."""
    code, _, err = run("import", path, "--ats", ATS)
    assert (code, f"'{path}' is not a file. Name a CSV file" in err) == (2, True)


@pytest.mark.usefixtures("world")
def test_too_large_file_is_refused(run: Run) -> None:
    """Before it is uploaded."""
    with Path("report.csv").open("wb") as file:
        file.truncate(1024**3 + 1)
    code, _, err = run("import", "report.csv", "--ats", ATS)
    assert (code, "larger than 1 GiB" in err) == (2, True)


@pytest.mark.usefixtures("world")
def test_existing_file_is_not_replaced(run: Run) -> None:
    """The refused rows need a new one; nothing is imported before that is known."""
    Path("report.csv").write_text(HEADER + ROW)
    code, _, err = run("import", "report.csv", "--ats", ATS, "--refused", "report.csv")
    assert (code, "'report.csv' exists" in err) == (2, True)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("file_id", ["00000000-0000-4000-8000-000000000000", "x"])
def test_unknown_file_is_said(run: Run, file_id: str) -> None:
    """Exit code 1, and how long files are kept."""
    code, _, err = run("files", "show", file_id)
    assert (code, err) == (1, f"application-status: there is no file {file_id}; files are kept for 90 days\n")


def test_daily_limit_is_said(world: World, run: Run) -> None:
    """It is the ATS's, whoever uploads."""
    imports = Imports(world.dynamodb, "FilesTable")
    for _ in range(FILES_A_DAY):
        imports.create(ATS, is_test=False)
    Path("report.csv").write_text(HEADER + ROW)
    code, _, err = run("import", "report.csv", "--ats", ATS)
    assert (code, f"has created {FILES_A_DAY} files today" in err) == (1, True)


def test_interrupting_does_not_stop_the_import(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 130, and how to see the rest."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    Path("report.csv").write_text(HEADER + ROW)
    code, _, err = run("import", "report.csv", "--ats", ATS)
    monkeypatch.undo()
    file_id = FileId(err.partition("the import goes on; `application-status files show ")[2].partition("`")[0])
    assert code == 130
    imports = Imports(world.dynamodb, "FilesTable")
    while not (file := imports.read(file_id)) or not file.state.is_final:
        pass
    assert file.state is State.COMPLETED
