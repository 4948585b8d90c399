"""Names of ATSs: set by the command line, and shown beside their ids in reports."""

import csv
import io
import json
from collections.abc import Callable, Iterator

import pytest

from application_status.access.names import AtsNames
from application_status.cli.main import main
from application_status.local.tables import TableServer
from application_status.platform.values import AtsId
from support.faults import Clock, fresh_client
from support.quality_pages import OF_ATS, OF_CLIENT, STAFF, api, ask, count
from support.world import ATS, OTHER_ATS, World

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a command: exit code, standard output, standard error."""
    world = World(fresh_client(server))

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["--local-tables", server.url, *arguments])
        return code, *capsys.readouterr()

    yield run
    world.close()


def test_operator_names_atss(run: Run) -> None:
    """A name may be changed; an ATS without one is not listed."""
    assert run("ats", "list", "--json")[1] == "[]\n"
    assert run("ats", "name", ATS, "Workday") == (0, f"{ATS} has the name Workday.\n", "")
    assert run("ats", "name", OTHER_ATS, "=Übersicht")[0] == 0
    assert run("ats", "name", ATS, "SAP SuccessFactors")[0] == 0
    assert json.loads(run("ats", "list", "--json")[1]) == [
        {"ats": ATS, "name": "SAP SuccessFactors"},
        {"ats": OTHER_ATS, "name": "=Übersicht"},
    ]


def test_token_is_issued_with_a_name(run: Run) -> None:
    """For one ATS; a list of ATSs has no name."""
    assert run("tokens", "issue", "--ats", "workday", "--name", "Workday", "--show")[0] == 0
    assert json.loads(run("ats", "list", "--json")[1]) == [{"ats": "workday", "name": "Workday"}]
    code, _, error = run("tokens", "issue", "--from", __file__, "--name", "Workday", "--show")
    assert (code, "--name" in error) == (2, True)


@pytest.mark.parametrize("name", ["", " ", "A ", "x" * 101, "A\nB", "\u202eA"])
def test_wrong_name_is_refused(run: Run, name: str) -> None:
    """The message says what a name may be."""
    code, out, error = run("ats", "name", ATS, name)
    assert (code, out) == (1, "")
    assert "1 to 100 printable characters" in error


def test_reports_have_the_names(world: World) -> None:
    """In all rows about the ATS, in JSON and CSV, and in what the report is about; others have none."""
    count(world)
    AtsNames(world.dynamodb, "TokensTable").set(ATS, "Workday")
    for query in ({"by": "ats", "from_": "2022-07-01"}, {"kind": "unmapped"}, {"kind": "silence", "by": "ats"}):
        found = {row["Ats"]: row.get("AtsName") for row in api(world, STAFF, **query)["Rows"]}
        assert (found[ATS], found.get(OTHER_ATS)) == ("Workday", None)
    assert api(world, OF_ATS)["Of"] == {"Ats": ATS, "AtsName": "Workday"}
    assert api(world, STAFF)["Of"] == {}
    text = ask(world, OF_ATS, "/api/my/quality", accept="text/csv", kind="silence")["body"]
    assert {each["ats_name"] for each in csv.DictReader(io.StringIO(text))} == {"Workday"}


def test_report_without_rows_is_about_somebody(world: World) -> None:
    """The names of the client and the job are there."""
    count(world)
    assert api(world, OF_CLIENT)["Rows"] == []
    assert api(world, OF_CLIENT)["Of"] == {"Client": "client-1", "Company": "Example GmbH"}
    found = api(world, STAFF, client="client-1", job="job-tiny")
    assert found["Rows"] == []
    assert found["Of"] == {
        "Client": "client-1", "Company": "Example GmbH", "Job": "job-tiny", "JobTitle": "Python Developer",
    }  # fmt: skip
    assert api(world, STAFF, client="nobody")["Of"] == {"Client": "nobody"}


def test_names_are_kept_for_a_minute(world: World) -> None:
    """A new name is shown within 60 seconds."""
    clock = Clock()
    names = AtsNames(world.dynamodb, "TokensTable", clock.monotonic)
    assert names.all() == {}
    AtsNames(world.dynamodb, "TokensTable").set(AtsId("a"), "A")
    clock.sleep(59)
    assert names.all() == {}
    clock.sleep(2)
    assert names.all() == {"a": "A"}
