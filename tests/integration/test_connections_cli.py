"""`application-status connections`: creates, lists, changes and disables connections."""

import io
import json
import re
from collections.abc import Callable, Iterator

import boto3
import pytest

from application_status.access.envelope import Envelope
from application_status.applications.rules.report import Channel
from application_status.cli import connections
from application_status.cli.main import main
from application_status.local.tables import TableServer
from application_status.platform.kms import DataKeys
from support.faults import fresh_client
from support.webhooks import CLIENT, PING, PROVIDERS, deliver, local_kms, signed
from support.world import ATS, World, http_event

OF = ("--ats", str(ATS), "--client", CLIENT)
URL = re.compile(r"http://127\.0\.0\.1:3000(/connect/(\w+)/([a-z]{2}-[0-9a-z]{8})/[0-9A-Za-z]{43})")
GENERATED = re.compile(r"[0-9A-Za-z]{43}")

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def world(server: TableServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The functions over the tables and the key that the command line works on."""
    monkeypatch.setattr(connections, "PROVIDERS", PROVIDERS)
    client = fresh_client(server)
    yield World(client, providers=PROVIDERS, kms=local_kms(server.url))
    client.close()


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command: exit code, standard output, standard error."""

    def run(*arguments: str, given: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        capsys.readouterr()  # what the functions have logged
        code = main(["--local-tables", server.url, "connections", *arguments])
        return code, *capsys.readouterr()

    return run


def sent(world: World, path: str, secret: str) -> int:
    """Send a signed test to a connection's path in a new container; return the status."""
    world.restart()
    status: int = world.connect(http_event("POST", path, PING.decode(), signed(PING, secret), None), None)["statusCode"]
    return status


def created(run: Run, provider: str = "greenhouse") -> tuple[str, str, str]:
    """Create a connection; return its id, its path and what stands for the secret."""
    code, out, err = run("create", "--provider", provider, *OF)
    assert (code, err) == (0, "")
    match = URL.search(out)
    assert match
    return match[3], match[1], out.splitlines()[2].partition(":")[2].strip()


def test_created_connection_works(world: World, run: Run) -> None:
    """Its URL and secret are printed once, with the provider's checklist."""
    connection_id, path, secret = created(run)
    assert GENERATED.fullmatch(secret)
    assert sent(world, path, secret) == 200
    code, out, _ = run("show", connection_id)
    assert code == 0
    assert "1. In Greenhouse Recruiting, open Configure" in out
    assert "secret 1: added " in out
    for each in (secret, path.rpartition("/")[2]):
        assert each not in out + run("list")[1] + run("show", connection_id, "--json")[1]


def test_url_has_the_address_of_the_service(server: TableServer, capsys: pytest.CaptureFixture[str]) -> None:
    """`make run` may have another port."""
    where = ["--local-tables", server.url, "--local-api", "http://127.0.0.1:3001/"]
    assert main([*where, "connections", "create", "--provider", "greenhouse", *OF]) == 0
    out = capsys.readouterr().out
    assert "URL:        http://127.0.0.1:3001/connect/greenhouse/" in out
    assert re.search(r"Page:       http://127\.0\.0\.1:3001/connections/gr-[0-9a-z]{8}\n", out)


def test_secret_of_the_ats_is_added_from_standard_input(world: World, run: Run) -> None:
    """Not from an argument, which other users of the machine could see."""
    connection_id, path, text = created(run, "recruitee")
    assert text == f"Recruitee shows it; store it with `connections secret {connection_id}`"
    (row,) = json.loads(run("list", "--json")[1])
    assert (row["state"], row["secrets"]) == ("awaiting_secret", 0)
    assert sent(world, path, "anything-at-all") == 200, "a test"
    code, out, err = run("secret", connection_id, given="shown-by-the-ats\n")
    assert (code, out) == (0, "")
    assert err == f"The secret of {connection_id} is added; 1 secret is valid within 60 s.\n"
    (row,) = json.loads(run("list", "--json")[1])
    assert (row["state"], row["provider"], row["ats"], row["client"]) == ("active", "recruitee", str(ATS), CLIENT)


@pytest.mark.parametrize("given", ["", "short\n", "with a space\n", "x" * 513, "Übermut-Übermut\n"])
def test_what_can_be_no_secret_is_refused(run: Run, given: str) -> None:
    """And is not printed."""
    connection_id, _, _ = created(run)
    code, out, err = run("secret", connection_id, given=given)
    assert (code, out) == (1, "")
    received = f"application-status: received {len(given.strip())} characters; a secret has 8 to 512"
    assert err == f"{received}, all visible ASCII without spaces\n"


def test_secret_is_replaced(world: World, run: Run) -> None:
    """Add the second, change the ATS, remove the first."""
    connection_id, path, first = created(run)
    code, out, _ = run("secret", connection_id, "--generate")
    second = out.strip()
    assert code == 0
    assert GENERATED.fullmatch(second)
    assert [sent(world, path, each) for each in (first, second)] == [200, 200]
    assert run("secret", connection_id, "--show")[1].split() == [first, second]
    code, out, _ = run("secret", connection_id, "--remove", "1")
    assert (code, out) == (0, f"Secret 1 of {connection_id} is removed; 1 secret is valid within 60 s.\n")
    assert [sent(world, path, each) for each in (first, second)] == [401, 200]
    assert run("secret", connection_id, "--remove", "2")[0] == 1


def test_sixth_secret_and_repeated_ones_are_refused(run: Run) -> None:
    """A connection has five at most."""
    connection_id, _, first = created(run)
    assert run("secret", connection_id, given=first)[2].endswith("has this secret already\n")
    assert [run("secret", connection_id, "--generate")[0] for _ in range(5)] == [0, 0, 0, 0, 1]


def test_disabled_connection_stops_working(world: World, run: Run) -> None:
    """For ever, and without its secrets."""
    connection_id, path, secret = created(run)
    code, out, _ = run("disable", connection_id)
    assert (code, out) == (0, f"{connection_id} is disabled; it stops working within 60 s.\n")
    assert sent(world, path, secret) == 404
    assert json.loads(run("list", "--json")[1])[0]["state"] == "disabled"
    code, _, err = run("secret", connection_id, "--generate")
    assert (code, err) == (1, f"application-status: {connection_id} is disabled; create a new connection\n")


@pytest.mark.parametrize("command", ["show", "secret", "disable"])
def test_unknown_connection_is_said(run: Run, command: str) -> None:
    """With where to find the ids."""
    code, _, err = run(command, "gr-22222222", given="secret-of-the-ats")
    assert code == 1
    assert err == "application-status: there is no connection gr-22222222; `connections list` has the ids\n"


@pytest.mark.parametrize(
    "wrong",
    [
        ("create", "--provider", "workday", *OF),
        ("create", "--provider", "greenhouse", "--ats", "a b", "--client", CLIENT),
        ("secret", "gr-22222222", "--generate", "--show"),
        ("secret", "gr-22222222", "--remove", "0"),
    ],
)
def test_wrong_arguments_are_refused(run: Run, wrong: tuple[str, ...]) -> None:
    """With exit code 2."""
    assert run(*wrong)[0] == 2


def test_list_is_of_one_client_if_asked(run: Run) -> None:
    """Oldest first."""
    first, second = (created(run)[0] for _ in range(2))
    assert [each["id"] for each in json.loads(run("list", "--json", "--client", CLIENT)[1])] == [first, second]
    assert json.loads(run("list", "--json", "--client", "client-2")[1]) == []


def test_secrets_are_sealed_by_kms(world: World, run: Run, server: TableServer) -> None:
    """Neither the table nor the audit log has one, and the key's context is the connection."""
    connection_id, _, secret = created(run)
    run("secret", connection_id, given="shown-by-the-ats")
    run("secret", connection_id, "--show")
    stored = repr([world.client.scan(TableName=each)["Items"] for each in ("ConnectionsTable", "AuditTable")])
    assert secret not in stored
    assert "shown-by-the-ats" not in stored
    keys = DataKeys(boto3.client("kms", endpoint_url=server.url))
    connection = world.connections.get(connection_id)
    assert connection.sealed
    assert Envelope(keys).open(connection_id, connection.sealed) == (secret, "shown-by-the-ats")
    with pytest.raises(Exception, match="InvalidCiphertext"):
        Envelope(keys).open("gr-22222222", connection.sealed)


def test_deliveries_work_with_kms_itself(world: World, run: Run) -> None:
    """From the command line to a recorded event."""
    created(run)
    made = world.connections.create(Channel.GREENHOUSE, ATS, CLIENT, secret="made-by-hand", created_by="me")
    assert deliver(world, made, PING, signed(PING, "made-by-hand")).status == 200
