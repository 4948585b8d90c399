"""`application-status facts`: a folder of Parquet, and queries on it."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest

from application_status.applications.scan import AllApplications, Key
from application_status.cli.main import main
from application_status.facts.rules import COLUMNS
from application_status.local.tables import TableServer
from application_status.platform.dynamodb.client import Item
from application_status.platform.errors import Unavailable
from support.faults import fresh_client
from support.unreadable_items import FAILURES, poison
from support.world import APPLICATION, ATS, OTHER_ATS, World

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command over a world of three applications: exit code, standard output, standard error."""
    World(fresh_client(server)).report("INTERVIEW", BusinessDate="2022-07-03T09:00:00Z")

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--local-tables", server.url, "facts", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def test_exported_facts_can_be_asked(run: Run, tmp_path: Path) -> None:
    """The folder is made, an export replaces the one before, and a query prints CSV."""
    folder = tmp_path / "a" / "b"
    for _ in range(2):
        code, out, _ = run("export", "--to", folder)
        assert (code, out) == (0, f"{folder / 'facts.parquet'}\n")
    assert [path.name for path in folder.iterdir()] == ["facts.parquet"]
    code, out, err = run("query", "funnel", "--from", folder)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, err) == (0, "")
    assert [(row["ats"], row["applied_day"], row["applications"]) for row in rows] == [
        (ATS, "2022-07-01", "2"), (OTHER_ATS, "2022-07-01", "1")
    ]  # fmt: skip
    assert (rows[0]["stage_interview"], rows[0]["stage_applied"], rows[0]["outcome_open"]) == ("1", "1", "2")
    out = run("query", "time-in-stage", "--from", folder)[1]
    assert f"{ATS},2022-07-01,APPLIED,left,48,1" in out.splitlines()


def test_export_has_the_columns_of_athenas_table(run: Run, tmp_path: Path) -> None:
    """The exported files can be stored beside those of Firehose."""
    run("export", "--to", tmp_path)
    found = duckdb.connect().read_parquet(str(tmp_path / "facts.parquet"))
    types = {"VARCHAR": "string", "BIGINT": "bigint", "BOOLEAN": "boolean"}
    assert {name: types[str(kind)] for name, kind in zip(found.columns, found.types, strict=True)} == COLUMNS


def test_days_are_cut_in_the_time_zone_given(run: Run, tmp_path: Path) -> None:
    """9 o'clock in UTC is the evening in Auckland, and the night before in Honolulu."""
    run("export", "--to", tmp_path, "--time-zone", "Pacific/Honolulu")
    assert f"{ATS},2022-06-30,2," in run("query", "funnel", "--from", tmp_path)[1]


def test_failed_export_leaves_what_was_there(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The former file is kept, and no partial or temporary file is left."""
    run("export", "--to", tmp_path)
    page = AllApplications.page
    before = (tmp_path / "facts.parquet").read_bytes()

    def half(applications: AllApplications, start: Key | None) -> tuple[Sequence[Item], Key | None]:
        if start:
            raise Unavailable
        return page(applications, start)[0], {"AtsiApplicationId": {"S": "-"}}

    monkeypatch.setattr(AllApplications, "page", half)
    code, _, err = run("export", "--to", tmp_path)
    assert code == 1
    assert "application-status: can't reach the local service" in err
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("facts.parquet", before)]


@pytest.mark.parametrize("failure", FAILURES)
def test_application_that_cant_be_converted_is_named_and_the_others_are_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    """Exit code 1, and the file."""
    poison(monkeypatch, failure, APPLICATION)
    code, out, err = run("export", "--to", tmp_path)
    assert (code, out) == (1, f"{tmp_path / 'facts.parquet'}\n")
    assert f"can't be read: {APPLICATION} ({failure})\n" in err
    assert "Geheimnis" not in err
    rows = list(csv.DictReader(io.StringIO(run("query", "funnel", "--from", tmp_path)[1])))
    assert [(row["ats"], row["applications"]) for row in rows] == [(ATS, "1"), (OTHER_ATS, "1")]


def test_folder_without_facts_is_named(run: Run, tmp_path: Path) -> None:
    """Exit code 1, and what to do."""
    code, out, err = run("query", "funnel", "--from", tmp_path / "nowhere")
    assert (code, out) == (1, "")
    assert f"there is no Parquet file in {tmp_path / 'nowhere'}" in err
    (tmp_path / "other.parquet").write_text("PAR1")
    code, out, err = run("query", "funnel", "--from", tmp_path)
    assert (code, out) == (1, "")
    assert f"the Parquet files in {tmp_path} have no facts" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["export"], ["export", "--to", "x", "--time-zone", "Mars/Base"], ["export", "--to", "x", "--time-zone", "../x"],
        ["query", "--from", "x"], ["query", "everything", "--from", "x"],
    ],
    ids=str,
)  # fmt: skip
def test_wrong_arguments_are_explained(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Exit code 2, before anything is called."""
    assert main(["facts", *arguments]) == 2
    assert "Usage: application-status" in capsys.readouterr().err
