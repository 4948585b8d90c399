"""Restoring from a point in time: the table that AWS makes is copied into the stack's; what was erased stays erased."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from application_status.cli.main import main
from application_status.local.tables import TableServer
from support.faults import fresh_client
from support.world import APPLICATION, FOREIGN_APPLICATION, SIGNALLED_APPLICATION, World

type Run = Callable[..., str]


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> str:
        capsys.readouterr()
        assert main(["--local-tables", server.url, *arguments]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def world(server: TableServer) -> World:
    return World(fresh_client(server))


def restored(world: World, table: str) -> str:
    """Let the engine restore a table to now, as AWS does: to a new table."""
    world.client.update_continuous_backups(
        TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    name = f"{table}-restored"
    world.client.restore_table_to_point_in_time(
        SourceTableName=table, TargetTableName=name, RestoreDateTime=datetime.now(UTC)
    )
    return name


def test_what_was_lost_comes_back_and_what_was_erased_does_not(world: World, run: Run) -> None:
    """Newer items stay as they are; what was erased since the point in time stays erased."""
    source = restored(world, "ApplicationsTable")
    before = world.stored(SIGNALLED_APPLICATION)
    world.client.delete_item(TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": SIGNALLED_APPLICATION}})
    world.erase(APPLICATION)
    world.client.update_item(
        TableName="ApplicationsTable",
        Key={"AtsiApplicationId": {"S": FOREIGN_APPLICATION}},
        UpdateExpression="SET JobTitle = :newer",
        ExpressionAttributeValues={":newer": {"S": "newer"}},
    )
    for _ in range(2):
        run("tables", "restore", "ApplicationsTable", "--from", source)
    assert world.stored(SIGNALLED_APPLICATION) == before
    assert "ErasedAt" in world.item(APPLICATION)
    assert world.item(FOREIGN_APPLICATION)["JobTitle"] == {"S": "newer"}


def test_replaces_what_a_fault_wrote(world: World, run: Run) -> None:
    """With --replace the items of the point in time win, but not over a tombstone."""
    source = restored(world, "ApplicationsTable")
    good = world.item(SIGNALLED_APPLICATION)
    world.erase(APPLICATION)
    world.client.put_item(TableName="ApplicationsTable", Item={**good, "JobTitle": {"S": "spoilt"}})
    out = run("tables", "restore", "ApplicationsTable", "--from", source, "--replace")
    assert out == "items copied: 2; left as they were: 1\n"
    assert world.item(SIGNALLED_APPLICATION) == good
    assert "ErasedAt" in world.item(APPLICATION)


def test_erasure_again_has_a_newer_version(world: World, run: Run) -> None:
    """Of an application that came back from before its erasure, and has changed since."""
    before = world.item(APPLICATION)
    world.erase(APPLICATION)
    source = restored(world, "ApplicationsTable")
    erased = world.item(APPLICATION)
    world.client.put_item(TableName="ApplicationsTable", Item=before)
    for status in ("CONTACT", "INTERVIEW", "OFFER"):
        assert world.report(status).status == 200
    version = int(world.item(APPLICATION)["Version"]["N"])
    run("applications", "reapply-erasures", "--from", source)
    assert world.item(APPLICATION) == {**erased, "Version": {"N": str(version + 1)}}


def test_tables_with_two_keys_are_copied_whole(world: World, run: Run) -> None:
    """Aliases, and tokens."""
    for table in ("AliasesTable", "TokensTable"):
        source, before = restored(world, table), everything(world, table)
        for item in before:
            keys = {name: item[name] for name in ("Alias", "Member", "KeyId") if name in item}
            world.client.delete_item(TableName=table, Key=keys)
        run("tables", "restore", table, "--from", source)
        assert everything(world, table) == before


def everything(world: World, table: str) -> list[Any]:
    """Return all items of a table, in a fixed order."""
    return sorted(world.client.scan(TableName=table)["Items"], key=repr)


@pytest.mark.parametrize("command", [("tables", "restore", "TokensTable"), ("applications", "reapply-erasures")])
def test_missing_table_is_named(
    world: World, server: TableServer, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    """It is the one of --from, not one of the stack."""
    assert main(["--local-tables", server.url, *command, "--from", "nope"]) == 1
    assert "there is no table nope in this account and region; check --from" in capsys.readouterr().err
    world.close()
