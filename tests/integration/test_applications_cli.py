"""`application-status applications`: what an operator does with applications."""

import json
from collections.abc import Iterator

import pytest

from application_status.applications import items
from application_status.cli.main import main
from application_status.local.tables import TableServer
from support.faults import fresh_client
from support.world import APPLICATION, ATS, SIGNALLED_APPLICATION, World


@pytest.fixture
def world(server: TableServer) -> Iterator[World]:
    client = fresh_client(server)
    yield World(client)
    client.close()


def erase(server: TableServer, *ids: str) -> int:
    return main(["--local-tables", server.url, "applications", "erase", *ids])


def test_applications_are_erased(world: World, server: TableServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Several at once, in any spelling, with their aliases; doing it again is fine."""
    for said in ("is erased", "was erased"):
        assert erase(server, APPLICATION.upper(), SIGNALLED_APPLICATION) == 0
        out = capsys.readouterr().out
        assert f"{APPLICATION} {said}" in out
        assert f"{SIGNALLED_APPLICATION} {said}" in out
        assert all(items.is_tombstone(world.item(each)) for each in (APPLICATION, SIGNALLED_APPLICATION))
        assert world.client.scan(TableName="AliasesTable")["Items"] == []


def test_wrong_id_stops_before_anything_is_erased(
    world: World, server: TableServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and a sentence with the id."""
    before = world.contents()
    assert erase(server, APPLICATION, "job-1") == 2
    assert "job-1 is not a UUID" in capsys.readouterr().err
    assert world.contents() == before


def test_application_is_shown_with_its_history(
    world: World, server: TableServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest report first; --json has the same."""
    world.report("INTERVIEW", BusinessDate="2022-07-03T09:00:00Z")
    world.report("REJECTED", RawStatus="Absage", BusinessDate="2022-07-04T00:00:00+02:00")
    capsys.readouterr()
    show = ["--local-tables", server.url, "applications", "show", APPLICATION.upper()]
    assert main([*show, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["application"], shown["ats"], shown["status"], shown["label"]) == (
        APPLICATION, ATS, "REJECTED", "Absage"
    )  # fmt: skip
    assert [(each["effective"], each["status"]) for each in shown["history"]][:2] == [
        ("2022-07-04", "REJECTED"), ("2022-07-03T09:00:00.000Z", "INTERVIEW")
    ]  # fmt: skip
    assert main(show) == 0
    out = capsys.readouterr().out
    assert f"application      {APPLICATION}\n" in out
    assert out.index("Absage", out.index("EFFECTIVE")) < out.index("INTERVIEW")


def test_missing_and_erased_applications_are_said(
    world: World, server: TableServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and which of both it is."""
    show = ["--local-tables", server.url, "applications", "show"]
    world.erase(APPLICATION)
    for shown, sentence in ((APPLICATION, "was erased at 20"), (APPLICATION[:-1] + "9", "there is no application 51")):
        capsys.readouterr()
        assert main([*show, shown]) == 1
        assert sentence in capsys.readouterr().err
