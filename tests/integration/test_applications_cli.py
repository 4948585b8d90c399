"""`application-status applications`: what an operator does with applications."""

from collections.abc import Iterator

import pytest

from application_status.applications import items
from application_status.cli.main import main
from application_status.local.tables import TableServer
from support.faults import fresh_client
from support.signals import contents
from support.world import APPLICATION, SIGNALLED_APPLICATION, World


@pytest.fixture
def world(server: TableServer) -> Iterator[World]:
    client = fresh_client(server)
    yield World(client)
    client.close()


def erase(server: TableServer, *ids: str) -> int:
    return main(["--local-tables", server.url, "applications", "erase", *ids])


def test_applications_are_erased(world: World, server: TableServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Several at once, in any spelling, with their aliases; doing it again is fine."""
    for _ in range(2):
        assert erase(server, APPLICATION.upper(), SIGNALLED_APPLICATION) == 0
        assert capsys.readouterr().out == f"{APPLICATION} is erased.\n{SIGNALLED_APPLICATION} is erased.\n"
        assert all(items.is_tombstone(world.item(each)) for each in (APPLICATION, SIGNALLED_APPLICATION))
        assert world.client.scan(TableName="AliasesTable")["Items"] == []


def test_wrong_id_stops_before_anything_is_erased(
    world: World, server: TableServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """argparse's exit code 2, and a sentence with the id."""
    before = contents(world)
    with pytest.raises(SystemExit) as stopped:
        erase(server, APPLICATION, "job-1")
    assert stopped.value.code == 2
    assert "job-1 is not a UUID" in capsys.readouterr().err
    assert contents(world) == before
