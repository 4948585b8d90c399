"""`application-status clients`: creating, listing and revoking OAuth clients."""

import getpass
import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from application_status.access.rules import sha256
from application_status.access.tokens import TokenLookup
from application_status.cli.main import main
from application_status.local.tables import TableServer
from application_status.platform.values import from_text, now
from support.faults import fresh_client
from support.oauth import GRANT, Credentials, access_token, ask
from support.world import ATS, ATS_CLIENT_ID, World

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def world(server: TableServer) -> Iterator[World]:
    world = World(fresh_client(server))
    yield world
    world.close()


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command: exit code, standard output, standard error."""

    def run(*arguments: str, local: str = server.url, group: str = "clients") -> tuple[int, str, str]:
        capsys.readouterr()  # metrics of the requests before
        code = main(["--local-tables", local, group, *arguments])
        return code, *capsys.readouterr()

    return run


def test_created_client_works_and_is_shown_once(world: World, run: Run) -> None:
    """With --show, standard output has its credentials alone, as JSON; the list has no secret."""
    code, out, err = run("create", "--ats", ATS, "--show", "--never")
    own = Credentials(**json.loads(out))
    assert (code, err) == (0, f"The client {own.client_id} of {ATS} is created; it expires never.\n")
    assert world.report("INTERVIEW", headers={"X-AtsiToken": access_token(world, own)}).status == 200
    listed = run("list")[1]
    assert own.client_id in listed
    assert not any(
        secret in listed for secret in (own.client_secret, own.client_secret[12:], sha256(own.client_secret))
    )


def test_client_is_written_to_a_new_file_or_a_secret(
    world: World, run: Run, server: TableServer, tmp_path: Path
) -> None:
    """The file is the operator's alone; one that exists is not touched, and no client is created for it."""
    file = tmp_path / "client.json"
    assert run("create", "--ats", ATS, "--test", "--out", str(file))[:2] == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert access_token(world, Credentials(**json.loads(file.read_text()))).startswith("atsi_at_test_")
    assert run("create", "--ats", ATS, "--out", str(file))[0] == 1
    assert run("create", "--ats", ATS, "--secret", "status/client")[:2] == (0, "")
    secrets = boto3.client("secretsmanager", endpoint_url=server.url)
    text = secrets.get_secret_value(SecretId="status/client")["SecretString"]
    assert access_token(world, Credentials(**json.loads(text))).startswith("atsi_at_live_")
    assert len(json.loads(run("list", "--json")[1])) == 3


def test_client_that_cannot_be_stored_is_revoked(world: World, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be a live client whose secret nobody has."""

    def fails(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "CreateSecret")

    monkeypatch.setattr("application_status.cli.credentials._put_secret", fails)
    assert run("create", "--ats", "workday", "--secret", "name")[0] == 1
    assert [each["state"] for each in json.loads(run("list", "--ats", "workday", "--json")[1])] == ["revoked"]
    assert access_token(world)


@pytest.mark.parametrize(
    "options", [[], ["--show", "--out", "x"], ["--show", "--days", "3", "--never"], ["--show", "--days", "0"]], ids=str
)
def test_options_that_exclude_each_other_are_refused(run: Run, options: list[str]) -> None:
    """Exit code 2, before anything is called."""
    assert run("create", "--ats", "workday", *options, local="http://127.0.0.1:1")[:2] == (2, "")


def test_third_client_is_refused(world: World, run: Run) -> None:
    """The message names the two live ones; the new secret is not shown."""
    assert world.report("INTERVIEW").status == 200
    run("create", "--ats", ATS, "--show")
    code, out, err = run("create", "--ats", ATS, "--show")
    assert (code, out) == (1, "")
    assert f"{ATS} has 2 live clients (" in err
    assert ATS_CLIENT_ID in err


def test_lists_are_apart(world: World, run: Run) -> None:
    """Clients are listed by their client_id, with the columns of tokens; `tokens list` has no clients."""
    own = Credentials(**json.loads(run("create", "--ats", "workday", "--test", "--days", "30", "--show")[1]))
    access_token(world, own)
    rows = json.loads(run("list", "--ats", "workday", "--json")[1])
    (row,) = rows
    assert (from_text(row.pop("expires")) - now()).days in (29, 30)
    assert row.pop("created")
    assert row == {
        "client_id": own.client_id, "ats": "workday", "kind": "test", "state": "live", "issuer": getpass.getuser(),
        "used": now().date().isoformat(),
    }  # fmt: skip
    assert [each["client_id"] for each in json.loads(run("list", "--json")[1])] == [ATS_CLIENT_ID, own.client_id]
    assert "atsi_client" not in run("list", group="tokens")[1]


def test_revoked_client_stops_working(world: World, run: Run) -> None:
    """With its access tokens, in a fresh environment at once; ids of tokens are refused."""
    token = access_token(world)
    assert run("revoke", ATS_CLIENT_ID) == (
        0, f"{ATS_CLIENT_ID} is revoked; it and its access tokens stop working within 60 s.\n", "",
    )  # fmt: skip
    assert TokenLookup(world.dynamodb, "TokensTable").owner(token) is None
    world.restart()
    assert ask(world, GRANT | Credentials()._asdict()).status == 401
    code, _, err = run("revoke", "demo0001")
    assert (code, "no client with the client_id demo0001; `clients list` has the ids" in err) == (1, True)
    assert run("revoke", ATS_CLIENT_ID, group="tokens")[0] == 1
