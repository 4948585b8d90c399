"""The operators' command line, in this process: against local tables and against a deployed stack's."""

import io
from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from application_status.access import rules as tokens
from application_status.access.tokens import TokenLookup
from application_status.cli.main import main
from application_status.local.tables import TableServer
from application_status.platform import deadlines
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import AtsId
from support.faults import Clock, fresh_client
from support.world import TEMPLATE, TOKEN

STACK = """{"Resources": {"TokensTable": {"Type": "AWS::DynamoDB::Table", "Properties": {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "KeyId", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "KeyId", "KeyType": "HASH"}]}}}}"""

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
    """The token alone on standard output, so that it can be piped; everything else on standard error."""
    code, out, err = run("issue", "--ats", "workday")
    token = out.strip()
    assert (code, tokens.key_id(token)) == (0, token[10:18])
    assert err == f"This is the only time the token is shown. Its id is {token[10:18]}.\n"
    assert lookup.owner(token) == "workday"
    code, listed, err = run("list")
    assert (code, err) == (0, "")
    assert token[10:18] in listed
    assert not any(secret in listed for secret in (token, token[-49:], token[-49:-6], tokens.sha256(token)))


def test_list_shows_states(run: Run, lookup: TokenLookup) -> None:
    """The list has one row for each token: id, ATS, kind, state, dates; --ats selects one ATS."""
    _, live, _ = run("issue", "--ats", "workday", "--days", "30")
    _, revoked, _ = run("issue", "--ats", "greenhouse", "--test")
    assert run("revoke", revoked[10:18]) == (0, f"{revoked[10:18]} is revoked; it stops working within 60 s.\n", "")
    header, *rows = (line.split() for line in run("list")[1].splitlines())
    assert header == ["ID", "ATS", "KIND", "STATE", "CREATED", "EXPIRES"]
    assert [row[:4] for row in rows] == [
        [live[10:18], "workday", "live", "live"],
        [revoked[10:18], "greenhouse", "test", "revoked"],
    ]
    assert rows[0][5].endswith("Z")
    assert rows[1][5] == "never"
    assert [line.split()[0] for line in run("list", "--ats", "greenhouse")[1].splitlines()] == ["ID", revoked[10:18]]
    assert (lookup.owner(live.strip()), lookup.owner(revoked.strip())) == ("workday", None)


def test_adopted_token_works(lookup: TokenLookup, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read from standard input, as a command line is seen by others; only its id is printed."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n"))
    assert run("adopt", "--ats", "workday") == (0, f"opaque-{tokens.sha256(TOKEN)[:16]}\n", "")
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
    live, test = ([run("issue", "--ats", "workday", *kind)[1].strip() for _ in range(2)] for kind in ([], ["--test"]))
    assert [token[:10] for token in (*live, *test)] == ["atsi_live_"] * 2 + ["atsi_test_"] * 2
    assert {lookup.owner(token) for token in (*live, *test)} == {"workday"}
    ids = ", ".join(token[10:18] for token in test)
    refusal = f"application-status: workday has 2 live test tokens ({ids}); revoke one first\n"
    assert run("issue", "--ats", "workday", "--test") == (1, "", refusal)
    assert run("issue", "--ats", "workday")[2].startswith("application-status: workday has 2 live tokens (")


@pytest.mark.usefixtures("lookup")
def test_third_live_token_is_refused(run: Run) -> None:
    """Exit code 1; the sentence names the two, and one of them revoked makes room."""
    ids = [run("issue", "--ats", "workday")[1][10:18] for _ in range(2)]
    code, out, err = run("issue", "--ats", "workday")
    assert (code, out) == (1, "")
    assert err == f"application-status: workday has 2 live tokens ({ids[0]}, {ids[1]}); revoke one first\n"
    run("revoke", ids[0])
    assert run("issue", "--ats", "workday")[0] == 0


@pytest.mark.usefixtures("lookup")
def test_unknown_id_cannot_be_revoked(run: Run) -> None:
    """Exit code 1 and a sentence."""
    assert run("revoke", "nobody") == (1, "", "application-status: there is no token with the id nobody\n")


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
    """argparse's exit code 2, before anything is called."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: application-status" in capsys.readouterr().err


def test_stack_option_finds_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """--stack finds the table's name in CloudFormation; a missing stack is an error that names it."""
    with mock_aws():
        boto3.client("cloudformation").create_stack(StackName="status-dev", TemplateBody=STACK)
        assert main(["--stack", "status-dev", "tokens", "issue", "--ats", "workday"]) == 0
        token = capsys.readouterr().out.strip()
        (table,) = boto3.client("dynamodb").list_tables()["TableNames"]
        assert TokenLookup(boto.connect(), table).owner(token) == AtsId("workday")
        assert main(["--stack", "status-prod", "tokens", "list"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("application-status: ")
    assert "status-prod" in err
