"""`application-status users`: the accounts in a user pool (moto's Cognito), and their assignments."""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from application_status.access.assignments import Assignment, Assignments, Role
from application_status.access.audit import AuditLog
from application_status.cli import main as command_line
from application_status.cli.target import Target
from application_status.platform.values import now
from support.world import TEMPLATE, RecordingDynamoDB

EMAIL = "recruiter@example.com"

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """A stack with a user pool; commands are for it."""
    with mock_aws():
        client = boto3.client("dynamodb")
        for table in TEMPLATE.tables():
            client.create_table(**table)
        target = Target("stack", "")
        target.dynamodb = RecordingDynamoDB(client)
        target.cognito = boto3.client("cognito-idp")
        target.user_pool_id = target.cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
        monkeypatch.setattr(Target, "table", lambda _self, logical_id: logical_id)
        yield target


@pytest.fixture
def run(target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setattr(command_line, "Target", lambda *_: target)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = command_line.main(["users", *arguments])
        return code, *capsys.readouterr()

    return run


def sub(target: Target, name: str = EMAIL) -> str:
    found = target.cognito.admin_get_user(UserPoolId=target.user_pool_id, Username=name)
    return next(str(each["Value"]) for each in found["UserAttributes"] if each["Name"] == "sub")


def assigned(target: Target) -> dict[str, Assignment]:
    return dict(Assignments(target.dynamodb, "UsersTable").all())


def listed(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("list", "--json")[1])
    return found


@pytest.mark.parametrize(
    ("options", "to"),
    [
        (["--client", "client-1"], Assignment(Role.CLIENT, "client-1")),
        (["--ats", "workday"], Assignment(Role.ATS, "workday")),
        (["--jobseeker", "p-1"], Assignment(Role.JOBSEEKER, "p-1")),
        (["--staff"], Assignment(Role.STAFF)),
    ],
)
def test_created_user_is_assigned(run: Run, target: Target, options: list[str], to: Assignment) -> None:
    """By the sub, which no later user gets; the address counts as verified, as the board knows it."""
    code, out, _ = run("create", EMAIL, *options)
    assert code == 0
    assert EMAIL in out
    assert assigned(target) == {sub(target): to}
    (row,) = listed(run)
    assert row == {"user": sub(target), "account": EMAIL, "state": "enabled", "role": to.role, "id": to.id or None}


@pytest.mark.parametrize(
    "options",
    [[], ["--client", "a", "--ats", "b"], ["--staff", "--client", "a"], ["--client", ""], ["--ats", "x" * 65]],
)
def test_user_is_assigned_to_exactly_one(run: Run, target: Target, options: list[str]) -> None:
    """Otherwise nothing is created."""
    code, _, err = run("create", EMAIL, *options)
    assert code == 2
    assert "assigned to" in err or "1 to 64 characters" in err
    assert target.cognito.list_users(UserPoolId=target.user_pool_id)["Users"] == []


def test_existing_user_is_not_created_again(run: Run, target: Target) -> None:
    """The assignment stays as it was, and the error says what to do."""
    run("create", EMAIL, "--client", "client-1")
    code, _, err = run("create", EMAIL, "--staff")
    assert (code, "users assign" in err) == (1, True)
    assert assigned(target) == {sub(target): Assignment(Role.CLIENT, "client-1")}


@pytest.mark.parametrize("by", ["address", "sub"])
def test_assignment_is_replaced(run: Run, target: Target, by: str) -> None:
    run("create", EMAIL, "--client", "client-1")
    assert run("assign", EMAIL if by == "address" else sub(target), "--staff")[0] == 0
    assert assigned(target) == {sub(target): Assignment(Role.STAFF)}


def test_user_of_the_board_s_provider_is_assigned_before_the_first_sign_in(run: Run, target: Target) -> None:
    """Also if the provider's sub is an e-mail address; the list says that there is no account yet."""
    assert run("assign", "Board_a@example.com", "--ats", "workday")[0] == 0
    assert assigned(target) == {"Board_a@example.com": Assignment(Role.ATS, "workday")}
    assert listed(run)[0]["state"] == "none yet"


def test_unknown_address_is_not_assigned(run: Run, target: Target) -> None:
    code, _, err = run("assign", EMAIL, "--staff")
    assert (code, "users create" in err) == (1, True)
    assert assigned(target) == {}


def test_removed_user_is_gone(run: Run, target: Target) -> None:
    """The assignment and the account; removing again says that there is none."""
    run("create", EMAIL, "--client", "client-1")
    own = sub(target)
    assert run("remove", EMAIL)[0] == 0
    assert assigned(target) == {}
    assert target.cognito.list_users(UserPoolId=target.user_pool_id)["Users"] == []
    assert "There is no account." in run("remove", own)[1]


@pytest.mark.parametrize("arguments", [["list"], ["create", EMAIL, "--staff"], ["assign", EMAIL, "--staff"]])
def test_local_service_has_no_users(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["users", *arguments]) != 0
    assert "local service" in capsys.readouterr().err


def test_no_command_prints_control_characters(run: Run) -> None:
    """An id can come from a provider."""
    evil = "Board_\x1b]0;x\x07\u202e"
    for arguments in (["assign", evil, "--ats", evil], ["list"], ["remove", evil], ["create", f'{evil}"@x', "--staff"]):
        out = "".join(run(*arguments)[1:])
        assert out
        assert not {*out} & {*evil[6:]} - {*"]0;x"}


def digest(text: str) -> str:
    return f"SHA-256 {hashlib.sha256(text.encode()).hexdigest()[:16]}"


@pytest.mark.parametrize(
    ("command", "arguments", "given"),
    [
        ("create", ["--jobseeker", "p-1"], {"email": digest(EMAIL), "jobseeker": digest("p-1")}),
        ("assign", ["--jobseeker", "p-1"], {"user": digest(EMAIL), "jobseeker": digest("p-1")}),
        ("assign", ["--client", "client-2"], {"user": digest(EMAIL), "client": "client-2"}),
        ("remove", [], {"user": digest(EMAIL)}),
    ],
)
def test_change_is_in_the_audit_log(
    run: Run,
    target: Target,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    arguments: list[str],
    given: dict[str, str],
) -> None:
    """Who did what; of persons it has a digest."""
    if command != "create":
        run("create", EMAIL, "--client", "client-1")
    monkeypatch.setattr(Target, "operator", "arn:operator")
    monkeypatch.delattr(target, "dynamodb")  # then the command makes its own clients, which write the log
    monkeypatch.delattr(target, "cognito")
    assert run(command, EMAIL, *arguments)[0] == 0
    (entry,) = AuditLog(target.dynamodb, "AuditTable").since(now().date())
    assert entry[1:] == ("arn:operator", f"users {command}", given)


def test_listing_users_is_not_in_the_audit_log(run: Run, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(target, "dynamodb")
    monkeypatch.delattr(target, "cognito")
    assert run("list")[0] == 0
    assert [*AuditLog(target.dynamodb, "AuditTable").since(now().date())] == []
