"""The operators' command line, in this process: against local tables and against a deployed stack's."""

import getpass
import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError, ProfileNotFound
from moto import mock_aws

from application_status.access import rules as tokens
from application_status.access.tokens import TokenLookup
from application_status.cli.main import main
from application_status.cli.output import progress_bar
from application_status.cli.target import Target
from application_status.local.tables import TableServer
from application_status.platform import deadlines
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB, DynamoDBError
from application_status.platform.errors import Unavailable
from application_status.platform.values import AtsId, from_text, now
from support.faults import Clock, fresh_client
from support.world import TEMPLATE, TOKEN, World

STACK = json.dumps(
    {
        "Resources": {
            table["TableName"]: {"Type": "AWS::DynamoDB::Table", "Properties": table | {"TableName": f"of-{number}"}}
            for number, table in enumerate(TEMPLATE.tables())
            if table["TableName"] in {"AuditTable", "TokensTable"}
        },
        "Outputs": {"TokenDays": {"Value": "90"}},
    }
)

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def lookup(server: TableServer) -> Iterator[TokenLookup]:
    """A fresh container over the tables that the command line works on."""
    client = fresh_client(server)
    for table in TEMPLATE.tables():
        client.create_table(**table)
    yield TokenLookup(DynamoDB(boto.transport(client)), "TokensTable")
    client.close()


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command: exit code, standard output, standard error."""

    def run(*arguments: str, local: str = server.url) -> tuple[int, str, str]:
        code = main(["--local-tables", local, "tokens", *arguments])
        return code, *capsys.readouterr()

    return run


def test_issued_token_works_and_is_shown_once(lookup: TokenLookup, run: Run) -> None:
    """With --show, the token alone is on standard output, so that it can be piped."""
    code, out, err = run("issue", "--ats", "workday", "--show", "--never")
    token = out.strip()
    assert (code, tokens.key_id(token)) == (0, token[10:18])
    assert err == f"The token {token[10:18]} of workday is issued; it expires never.\n"
    assert lookup.owner(token) == "workday"
    code, listed, err = run("list")
    assert (code, err) == (0, "")
    assert token[10:18] in listed
    assert not any(secret in listed for secret in (token, token[-49:], token[-49:-6], tokens.sha256(token)))


def test_token_is_not_shown_by_default(lookup: TokenLookup, run: Run) -> None:
    """A terminal may be shared or recorded: exit code 2, and nothing is issued."""
    code, out, err = run("issue", "--ats", "workday")
    assert (code, out) == (2, "")
    assert "Choose where to store the token: --out, --secret, --secret-prefix or --show." in err
    assert json.loads(run("list", "--json")[1]) == []
    assert lookup.owner("") is None


def test_token_is_written_to_a_new_file_of_the_operator(lookup: TokenLookup, run: Run, tmp_path: Path) -> None:
    """Nobody else can read the file; a file that exists is not touched, and no token is issued for it."""
    file = tmp_path / "token"
    code, out, err = run("issue", "--ats", "workday", "--out", str(file))
    assert (code, out, stat.S_IMODE(file.stat().st_mode)) == (0, "", 0o600)
    text = file.read_text()
    assert lookup.owner(text.strip()) == "workday"
    assert text.strip() not in err
    assert run("issue", "--ats", "greenhouse", "--out", str(file))[0] == 1
    assert file.read_text() == text
    assert [each["ats"] for each in json.loads(run("list", "--json")[1])] == ["workday"]


def test_many_tokens_are_issued_from_a_file(lookup: TokenLookup, run: Run, tmp_path: Path) -> None:
    """One for each line; an ATS that has two already is named and left out, with exit code 1."""
    ids, file = tmp_path / "ids", tmp_path / "tokens.csv"
    ids.write_text("ats-1\n\nats-2\nats-1\n full \n")
    for _ in range(2):
        run("issue", "--ats", "full", "--show")
    code, out, err = run("issue", "--from", str(ids), "--out", str(file))
    assert (code, out) == (1, "")
    assert "application-status: full has 2 live tokens (" in err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    issued = dict(line.split(",") for line in file.read_text().splitlines())
    assert [(ats, lookup.owner(token)) for ats, token in issued.items()] == [("ats-1", "ats-1"), ("ats-2", "ats-2")]
    ids.write_text("a b\n")
    assert run("issue", "--from", str(ids), "--out", str(tmp_path / "other"))[0] == 1
    assert not (tmp_path / "other").exists()


def test_file_without_a_token_is_removed(lookup: TokenLookup, run: Run, tmp_path: Path) -> None:
    """No ATS got one."""
    for _ in range(2):
        run("issue", "--ats", "full", "--show")
    assert run("issue", "--ats", "full", "--out", str(tmp_path / "token"))[0] == 1
    assert [*tmp_path.iterdir()] == []
    assert lookup.owner("none") is None


def test_tokens_are_stored_as_secrets(lookup: TokenLookup, run: Run, server: TableServer) -> None:
    """One secret an ATS; a secret that exists gets a new value."""
    secrets = boto3.client("secretsmanager", endpoint_url=server.url)
    values = []
    for _ in range(2):
        code, out, err = run("issue", "--ats", "workday", "--secret-prefix", "status/")
        values.append(secrets.get_secret_value(SecretId="status/workday")["SecretString"])
        assert (code, out, values[-1] in err) == (0, "", False)
    assert [lookup.owner(value) for value in values] == ["workday"] * 2
    assert values[0] != values[1]


def test_token_that_cannot_be_stored_is_revoked(lookup: TokenLookup, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be a live token that nobody has."""

    def fails(*_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "CreateSecret")

    monkeypatch.setattr("application_status.cli.credentials._put_secret", fails)
    assert run("issue", "--ats", "workday", "--secret", "name")[0] == 1
    assert [each["state"] for each in json.loads(run("list", "--json")[1])] == ["revoked"]
    assert lookup.owner("none") is None


@pytest.mark.parametrize(
    "options",
    [
        ["--show"], ["--ats", "a", "--from", "ids", "--show"], ["--ats", "a", "--out", "x", "--show"],
        ["--from", "ids", "--secret", "name"], ["--ats", "a", "--show", "--days", "3", "--never"],
        ["--from", "nowhere", "--show"],
    ],
    ids=str,
)  # fmt: skip
def test_options_that_exclude_each_other_are_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """Exit code 2, before anything is called."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ids").write_text("a\n")
    assert run("issue", *options, local="http://127.0.0.1:1")[:2] == (2, "")


def test_list_shows_states(run: Run, lookup: TokenLookup) -> None:
    """One row a token: id, ATS, kind, state, creation, issuer, day of the last use, expiry; --ats selects one ATS."""
    _, live, _ = run("issue", "--ats", "workday", "--days", "30", "--show")
    _, revoked, _ = run("issue", "--ats", "greenhouse", "--test", "--never", "--show")
    assert run("revoke", revoked[10:18]) == (0, f"{revoked[10:18]} is revoked; it stops working within 60 s.\n", "")
    assert (lookup.owner(live.strip()), lookup.owner(revoked.strip())) == ("workday", None)
    header, *rows = (line.split() for line in run("list")[1].splitlines())
    assert header == ["ID", "ATS", "KIND", "STATE", "CREATED", "ISSUER", "USED", "EXPIRES"]
    assert [row[:4] + row[5:7] for row in rows] == [
        [live[10:18], "workday", "live", "live", getpass.getuser(), now().date().isoformat()],
        [revoked[10:18], "greenhouse", "test", "revoked", getpass.getuser(), "-"],
    ]
    assert rows[0][7].endswith("Z")
    assert rows[1][7] == "-"
    assert [line.split()[0] for line in run("list", "--ats", "greenhouse")[1].splitlines()] == ["ID", revoked[10:18]]


def test_tokens_expire_by_default(run: Run, lookup: TokenLookup) -> None:
    """After the template's days; --days and --never choose otherwise."""
    for options in ([], ["--days", "3"], ["--never"]):
        run("issue", "--ats", f"ats{len(options)}{options[:1] == ['--never']}", "--show", *options)
    expiries = [each["expires"] for each in json.loads(run("list", "--json")[1])]
    days = [each and (from_text(each) - now() + timedelta(minutes=1)).days for each in expiries]
    assert days == [365, 3, None]
    assert lookup.owner("none") is None


def test_adopted_token_works(lookup: TokenLookup, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read from standard input, as a command line is seen by others; only its id is printed."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n"))
    code, out, err = run("adopt", "--ats", "workday")
    assert (code, out) == (0, f"opaque-{tokens.sha256(TOKEN)[:16]}\n")
    assert err.startswith("It expires at 20")
    assert lookup.owner(TOKEN) == "workday"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [("", "visible ASCII"), ("two words\n", "visible ASCII"), (f"{TOKEN}\n", "already stored")],
)
def test_token_that_cannot_be_adopted(
    lookup: TokenLookup, run: Run, monkeypatch: pytest.MonkeyPatch, typed: str, sentence: str
) -> None:
    """A sentence and exit code 1; the sentence doesn't repeat the token."""
    monkeypatch.setattr("sys.stdin", io.StringIO(TOKEN))
    run("adopt", "--ats", "greenhouse")
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    code, out, err = run("adopt", "--ats", "workday")
    assert (code, out) == (1, "")
    assert err.startswith("application-status: ")
    assert sentence in err
    assert "two words" not in err
    assert TOKEN not in err
    assert lookup.owner(TOKEN) == "greenhouse"


def test_test_tokens_are_issued_beside_live_ones(lookup: TokenLookup, run: Run) -> None:
    """--test; an ATS has two of each, and the sentence says of which it has too many."""
    live, test = (
        [run("issue", "--ats", "workday", "--show", *kind)[1].strip() for _ in range(2)] for kind in ([], ["--test"])
    )
    assert [token[:10] for token in (*live, *test)] == ["atsi_live_"] * 2 + ["atsi_test_"] * 2
    assert {lookup.owner(token) for token in (*live, *test)} == {"workday"}
    ids = ", ".join(token[10:18] for token in test)
    refusal = f"application-status: workday has 2 live test tokens ({ids}); revoke one first\n"
    assert run("issue", "--ats", "workday", "--show", "--test") == (1, "", refusal)
    assert run("issue", "--ats", "workday", "--show")[2].startswith("application-status: workday has 2 live tokens (")


@pytest.mark.usefixtures("lookup")
def test_third_live_token_is_refused(run: Run) -> None:
    """Exit code 1; the sentence names the two, and one of them revoked makes room."""
    ids = [run("issue", "--ats", "workday", "--show")[1][10:18] for _ in range(2)]
    code, out, err = run("issue", "--ats", "workday", "--show")
    assert (code, out) == (1, "")
    assert err == f"application-status: workday has 2 live tokens ({ids[0]}, {ids[1]}); revoke one first\n"
    run("revoke", ids[0])
    assert run("issue", "--ats", "workday", "--show")[0] == 0


@pytest.mark.usefixtures("lookup")
def test_unknown_id_cannot_be_revoked(run: Run) -> None:
    """Exit code 1 and a sentence."""
    assert run("revoke", "nobody") == (
        1,
        "",
        "application-status: there is no token with the id nobody; `tokens list` has the ids\n",
    )


def test_service_that_does_not_run_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1 and a sentence, not a traceback."""
    monkeypatch.setattr(deadlines, "time", Clock())
    code, out, err = run("list", local="http://127.0.0.1:1")
    assert (code, out) == (1, "")
    assert "can't reach the local service at http://127.0.0.1:1. Is it running?" in err


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["tokens"], ["tokens", "issue"], ["tokens", "revoke"],
        *[["tokens", "issue", "--ats", ats] for ats in ("a b", "x" * 65, "a#b", "", "ä")],
        *[["tokens", "issue", "--ats", "workday", "--days", days] for days in ("0", "-1", "3651", "1.5", "x", "²", "")],
    ],
    ids=str,
)  # fmt: skip
def test_wrong_arguments_are_explained(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Exit code 2, before anything is called; a group of commands alone shows its help."""
    assert main(arguments) == 2
    assert "Usage: application-status" in capsys.readouterr().err


def test_listing_in_json_has_all_values(lookup: TokenLookup, run: Run) -> None:
    """One object a token, with the columns' names; all of it is visible ASCII."""
    token = run("issue", "--ats", "workday", "--show", "--never")[1].strip()
    code, out, err = run("list", "--json")
    (listed,) = json.loads(out)
    assert (code, err) == (0, "")
    assert (listed["id"], listed["ats"], listed["state"], listed["expires"]) == (token[10:18], "workday", "live", None)
    assert lookup.owner(token) == "workday"


@pytest.mark.usefixtures("lookup")
def test_rows_are_never_cut(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids can be copied from a narrow terminal; there the columns' names are bold."""
    monkeypatch.setenv("COLUMNS", "40")
    long = "ats." * 16
    run("issue", "--ats", long, "--show")
    header, row = run("list")[1].splitlines()
    assert long in row
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    bold, *rows = run("list")[1].splitlines()
    assert rows == [row]
    assert bold.replace("\x1b[1m", "").replace("\x1b[0m", "").rstrip() == header != bold


@pytest.mark.parametrize("address", ["", "here", "127.0.0.1:4566", "ftp://here", "http://"])
def test_wrong_address_of_the_tables_is_explained(run: Run, address: str) -> None:
    """Exit code 2, with an example."""
    code, out, err = run("list", local=address)
    assert (code, out) == (2, "")
    assert "is not the address of tables; `make run` prints it, e.g. http://127.0.0.1:4566\n" in err


@pytest.mark.parametrize(
    ("raised", "sentence"),
    [
        (NoRegionError(), "no AWS region is set; set AWS_DEFAULT_REGION"),
        (ProfileNotFound(profile="none"), "set AWS_PROFILE to one that `aws configure list-profiles` lists"),
        (NoCredentialsError(), "no AWS credentials are set; set AWS_PROFILE"),
        (
            ClientError({"Error": {"Code": "ExpiredToken"}}, "DescribeStackResource"),
            "which may have expired; sign in again",
        ),
        (DynamoDBError("ExpiredTokenException", "expired", 400, {}), "which may have expired; sign in again"),
        (DynamoDBError("ResourceNotFoundException", "", 400, {}), "lacks a table or function of this release; deploy"),
        (Unavailable("Scan failed 3 times"), "can't reach the stack status-dev. Scan failed 3 times; run the command"),
    ],
)
def test_what_to_do_about_aws_is_said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, raised: Exception, sentence: str
) -> None:
    """Exit code 1, and a sentence instead of a traceback."""

    def fails(*_: object) -> None:
        raise raised

    monkeypatch.setattr(Target, "table", fails)
    assert main(["--stack", "status-dev", "tokens", "list"]) == 1
    out, err = capsys.readouterr()
    assert (out, err.startswith("application-status: ")) == ("", True)
    assert sentence in err


@pytest.mark.parametrize("package", ["click", "duckdb", "rich"])
def test_missing_package_is_named(tmp_path: Path, package: str) -> None:
    """As after an installation without the operators' packages."""
    (tmp_path / f"{package}.py").write_text(f"raise ModuleNotFoundError('no', name='{package}')", encoding="utf-8")
    command = [sys.executable, "-m", "application_status.cli.main", "--version"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"application-status: the package {package} is not installed. Install what operators")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completes_commands(shell: str) -> None:
    """The shell's script is printed."""
    environment = os.environ | {"_APPLICATION_STATUS_COMPLETE": f"{shell}_source"}
    command = [str(Path(sys.executable).with_name("application-status"))]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert f"_APPLICATION_STATUS_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_on_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, terminal: bool
) -> None:
    """It counts in either case."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar("applications", 7) as progress:
        progress.update(3)
        progress.update(4)
        assert progress.amount() == 7
    out, err = capsys.readouterr()
    assert (out, "applications" in err) == ("", terminal)


def test_stack_option_finds_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """--stack finds the table's name in CloudFormation; a missing stack is an error that names it."""
    with mock_aws():
        boto3.client("cloudformation").create_stack(StackName="status-dev", TemplateBody=STACK)
        assert main(["--stack", "status-dev", "tokens", "issue", "--ats", "workday", "--show"]) == 0
        token = capsys.readouterr().out.strip()
        resources = boto3.client("cloudformation").describe_stack_resources(StackName="status-dev")["StackResources"]
        (table,) = (e["PhysicalResourceId"] for e in resources if e["LogicalResourceId"] == "TokensTable")
        assert TokenLookup(boto.connect(), table).owner(token) == AtsId("workday")
        assert main(["--stack", "status-dev", "tokens", "list", "--json"]) == 0
        (listed,) = json.loads(capsys.readouterr().out)
        assert listed["issuer"].startswith("arn:aws:")
        assert (from_text(listed["expires"]) - now() + timedelta(minutes=1)).days == 90
        assert main(["--stack", "status-dev", "audit", "list", "--json"]) == 0
        (entry,) = json.loads(capsys.readouterr().out)
        assert (entry["who"], entry["act"], entry["given"]["ats"]) == (listed["issuer"], "tokens issue", "workday")
        assert main(["--stack", "status-prod", "tokens", "list"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("application-status: Stack with id status-prod does not exist in us-east-1; check --stack, ")


def test_closed_pipe_ends_a_listing_silently(server: TableServer) -> None:
    """As for any program whose reader has read enough, e.g. `head -1`."""
    world = World(fresh_client(server))
    program = f"{sys.executable} -m application_status.cli.main --local-tables {server.url}"
    script = f"set -o pipefail; {program} tokens list | true; echo $?"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    world.close()
    assert done.stderr == ""
    assert done.stdout.strip() in {"0", "1"}
