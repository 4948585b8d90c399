"""The audit log: every command that changes something leaves an entry, and no other does."""

import getpass
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from application_status.access.audit import AuditLog
from application_status.access.rules import generate
from application_status.applications import items
from application_status.applications.rules.notes import Feedback, FeedbackReason
from application_status.cli import connections
from application_status.cli import main as command_line
from application_status.cli.main import main
from application_status.intake.files.imports import Imports
from application_status.jobseeker.feedback import JobseekersNotes
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.local.tables import TableServer
from application_status.platform.errors import Unavailable
from application_status.platform.streams import FailedRecords
from application_status.platform.values import now
from support.command_line import words
from support.faults import fresh_client
from support.importing import importing
from support.log_lines import batch, line
from support.webhooks import PROVIDERS, SECRET, local_kms, made_as
from support.world import APPLICATION, ATS, ATS_CLIENT_ID, SIGNALLED_APPLICATION, TEMPLATE, World

NEWER = 'version = "newer"\n[exact]\n"Absage" = "REJECTED/candidate_withdrew"\n'
REGISTRATIONS = (
    "AtsiApplicationId,AtsId,ClientId,JobId,JobseekerId,JobTitle,Company,AppliedAt\n"
    "51c3be16-0f93-41ed-9cc0-00000000beef,demo-ats,client-1,job-1,jobseeker-1,Developer,Example,2026-07-01T09:00:00Z\n"
)
FAILED = "set-aside/1"
CONNECTION = "gr-23456789"
FILE = "00000000-0000-4000-8000-000000000000"
REPORT = f"atsiApplicationId,rawStatus\n{APPLICATION},Waits for Ms Weber\n"
LABEL = "Waits for Ms Weber"
DIGEST = f"SHA-256 {hashlib.sha256(b'jobseeker-1').hexdigest()[:16]}"

type Run = Callable[..., Any]


@pytest.fixture
def world(server: TableServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.chdir(tmp_path)
    client = fresh_client(server)
    world = World(client, kms=local_kms(server.url))
    made_as(world, CONNECTION.removeprefix("gr-"))
    monkeypatch.setattr(connections, "PROVIDERS", PROVIDERS)
    world.report("REJECTED", RawStatus="Absage")
    notes = JobseekersNotes(world.dynamodb, "ApplicationsTable", "FeedbackTable")
    notes.send(world.stored(), "offer", Feedback(FeedbackReason.OTHER, "", now()))
    Path("applications.csv").write_text(REGISTRATIONS, encoding="utf-8")
    former = next(each for each in TEMPLATE.tables() if each["TableName"] == "ApplicationsTable")
    client.create_table(**former | {"TableName": "FormerTable"})
    client.put_item(
        TableName="FormerTable", Item=items.tombstone(APPLICATION, version=2, erased_at="2026-11-22T09:00:00.000Z")
    )
    failed = {"requestContext": {"functionArn": "HealthFunction", "condition": "x"}, "requestPayload": batch([line()])}
    monkeypatch.setattr(server, "functions", {"HealthFunction": lambda event: world.health(event, None)})
    Path("report.csv").write_text(REPORT, encoding="utf-8")
    created = {"FileId": {"S": Imports(world.dynamodb, "FilesTable").create(ATS, is_test=False).id}}
    file = client.get_item(TableName="FilesTable", Key={**created, "Part": {"S": "file"}})["Item"]
    client.put_item(TableName="FilesTable", Item=file | {"FileId": {"S": FILE}})
    with importing(world, server):
        FailedRecords("FailedRecordsBucket", endpoint_url=server.url).put(FAILED, failed)
        yield world
    client.close()


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command that succeeds; return the entries that it added."""

    def entries() -> list[Any]:
        capsys.readouterr()
        assert main(["--local-tables", server.url, "audit", "list", "--json"]) == 0
        return list(json.loads(capsys.readouterr().out))

    def run(*arguments: str, code: int = 0) -> list[Any]:
        before = entries()
        monkeypatch.setattr("sys.stdin", io.StringIO("a-token-issued-elsewhere\n"))
        assert main(["--local-tables", server.url, *arguments]) == code
        return entries()[len(before) :]

    return run


CHANGES: dict[str, tuple[list[str], dict[str, str]]] = {
    "applications import": (
        ["applications.csv", "--per-second", "5"],
        {"file": "applications.csv", "per_second": "5", "checkpoint": ".application-status-import.json"},
    ),
    "applications erase": ([APPLICATION, SIGNALLED_APPLICATION], {"ids": f"{APPLICATION} {SIGNALLED_APPLICATION}"}),
    "applications reapply-erasures": (["--from", "FormerTable"], {"former": "FormerTable"}),
    "jobseeker export": (["jobseeker-1", "--to", "jobseeker.json"], {"jobseeker_id": DIGEST, "to": "jobseeker.json"}),
    "jobseeker erase": (["jobseeker-1", "--yes"], {"jobseeker_id": DIGEST, "yes": "True"}),
    "ats name": (["workday", "Workday"], {"ats": "workday", "name": "Workday"}),
    "tokens issue": (["--ats", "workday", "--test", "--show"], {"ats": "workday", "test": "True", "show": "True"}),
    "tokens adopt": (["--ats", "workday", "--days", "7"], {"ats": "workday", "days": "7"}),
    "tokens revoke": (["demo0001"], {"key_id": "demo0001"}),
    "clients create": (["--ats", "workday", "--test", "--show"], {"ats": "workday", "test": "True", "show": "True"}),
    "clients revoke": ([ATS_CLIENT_ID], {"client_id": ATS_CLIENT_ID}),
    "connections create": (
        ["--provider", "greenhouse", "--ats", ATS, "--client", "client-1"],
        {"provider": "greenhouse", "ats": ATS, "client": "client-1"},
    ),
    "connections secret": ([CONNECTION, "--show"], {"connection_id": CONNECTION, "show": "True"}),
    "connections disable": ([CONNECTION], {"connection_id": CONNECTION}),
    "limits set": (["--ats", ATS, "--per-second", "200"], {"ats": ATS, "per_second": "200"}),
    "limits unset": (["--ats", ATS], {"ats": ATS}),
    "import": (["report.csv", "--ats", ATS], {"path": "report.csv", "ats": ATS}),
    "tables restore": (
        ["TokensTable", "--from", "TokensTable", "--replace"],
        {"table": "TokensTable", "source": "TokensTable", "replace": "True"},
    ),
    "labels override": (
        ["--ats", ATS, "--set", LABEL, "OFFER", "--set", "Stage 4", "HIRED"], {"ats": ATS, "meanings": "2 not recorded"}
    ),
    "labels remap": (["--apply"], {"apply": "True", "file": ".application-status-remap.json"}),
    "feedback close": ([APPLICATION, "offer"], {"application": APPLICATION, "status": "offer"}),
    "analytics rebuild": (["--segments", "2"], {"segments": "2"}),
    "failures redrive": (["--all"], {"every": "True"}),
}  # fmt: skip
"""Every command that changes something: what follows it, and what the log says of that."""

ON_A_STACK = {"users create", "users assign", "users list", "users remove"}
"""Commands for a deployed stack alone: tests/integration/test_users_cli.py."""

READS: dict[str, list[list[str]]] = {
    "applications show": [[APPLICATION]],
    "ats list": [[]],
    "tokens list": [[]],
    "clients list": [[]],
    "connections list": [[]],
    "connections show": [[CONNECTION]],
    "limits list": [[]],
    "labels explain": [["Absage", "--ats", ATS]],
    "labels override": [["--ats", ATS]],
    "labels unmapped": [[]],
    "labels remap": [[]],
    "analytics verify": [["--first", "0"]],
    "feedback list": [[]],
    "facts export": [["--to", "facts"]],
    "facts query": [["funnel", "--from", "facts"]],
    "failures list": [[]],
    "failures show": [[FAILED]],
    "failures redrive": [["--all", "--dry-run"]],
    "files show": [[FILE]],
    "audit list": [[]],
}
"""Every command that changes nothing, with what follows it."""


@pytest.mark.parametrize("act", CHANGES)
def test_act_is_logged(world: World, run: Run, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    """Who, when, what and on what: one entry a command, without secrets and texts of labels."""
    monkeypatch.setattr(Vocabulary, "load", classmethod(lambda _: Vocabulary(NEWER)))
    arguments, given = CHANGES[act]
    begun = now()
    (entry,) = run(*act.split(), *arguments)
    assert (entry["who"], entry["act"], entry["given"]) == (getpass.getuser(), act, given)
    assert f"{begun:%Y-%m-%dT%H}" <= entry["at"] <= f"{now() + timedelta(hours=1):%Y-%m-%dT%H}"
    stored = json.dumps(world.client.scan(TableName="AuditTable")["Items"])
    secrets = (LABEL, "atsi_test_", "atsi_secret_", "issued-elsewhere", "jobseeker-1", SECRET)
    assert not [each for each in secrets if each in stored]


def test_reading_is_not_logged(world: World, run: Run) -> None:
    """No command that only reads leaves an entry."""
    assert world.stored()
    for act, ways in READS.items():
        for arguments in ways:
            assert run(*act.split(), *arguments, code=act == "analytics verify") == [], act


def test_every_command_is_tested_here() -> None:
    """A new command has to be in one of the lists above."""
    assert {" ".join(each) for each in words(command_line.commands)} == CHANGES.keys() | READS.keys() | ON_A_STACK


def test_nothing_is_changed_without_an_entry(
    world: World, server: TableServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command fails if the log can't be written."""

    def fails(*_: object) -> None:
        raise Unavailable("throttled")

    monkeypatch.setattr(AuditLog, "add", fails)
    before = world.client.scan(TableName="TokensTable")["Items"]
    assert main(["--local-tables", server.url, "tokens", "issue", "--ats", "workday", "--show"]) == 1
    assert main(["--local-tables", server.url, "tokens", "revoke", "demo0001"]) == 1
    assert world.client.scan(TableName="TokensTable")["Items"] == before


def test_log_can_be_read_from_a_day_on(
    world: World, server: TableServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """Over several months, the oldest first; the last 30 days by default."""
    log = AuditLog(world.dynamodb, "AuditTable")
    for day in ("2026-07-31", "2026-08-01", "2026-10-15", "2026-12-01"):
        with time_machine.travel(f"{day}T12:00:00Z", tick=False):
            log.add("someone", day, {"label": generate(), "nothing": None})
    with time_machine.travel("2026-12-02T00:00:00Z", tick=False):
        for since, expected in (("2026-08-01", 3), ("2026-07-31", 4), ("2026-11-01", 1)):
            capsys.readouterr()
            assert main(["--local-tables", server.url, "audit", "list", "--since", since]) == 0
            rows = capsys.readouterr().out.splitlines()[1:]
            assert (len(rows), rows) == (expected, sorted(rows))
        capsys.readouterr()
        assert run("tokens", "list") == []
        assert main(["--local-tables", server.url, "audit", "list"]) == 0
        assert "2026-12-01T12:00:00.000Z  someone" in capsys.readouterr().out.splitlines()[1]
