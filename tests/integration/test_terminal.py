"""What an operator's terminal gets: no command passes on control characters of labels, ids, paths or arguments."""

import ast
import io
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from application_status.access.register import TokenRegister
from application_status.applications.register import Registrations
from application_status.applications.rules.notes import Feedback, FeedbackReason
from application_status.cli import connections
from application_status.cli import main as command_line
from application_status.jobseeker.feedback import JobseekersNotes
from application_status.labels.overrides import OverrideRegister
from application_status.local.tables import TableServer
from application_status.platform import deadlines
from application_status.platform.escaping import printable
from application_status.platform.streams import FailedRecords
from application_status.platform.values import AtsId, application_id, now
from application_status.quality.counters.write import Counters
from application_status.quality.counting.stream import change
from support.command_line import words
from support.faults import Clock, fresh_client
from support.importing import importing
from support.oauth import created
from support.signals import sent, signal, state
from support.webhooks import PROVIDERS, local_kms, made_as
from support.world import APPLICATION, ATS, BERLIN, SIGNALLED_APPLICATION, World, registration

EVIL = "=B\u00f6se \x1b]0;!\x07\x1b[2J!\r!\n!\t\x7f\x85\x9b31m\u2028\u202e\u2066\u200b\U000e0041\\x1b \U0001f600"
HOSTILE_ATS = AtsId(f"ats {EVIL}")
CONNECTION = "gr-23456789"
NEW = application_id("51c3be16-0f93-41ed-9cc0-00000000beef")
CONTROLS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def world(server: TableServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Tables with the hostile text wherever the commands read one."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    client = fresh_client(server)
    world = World(client, kms=local_kms(server.url))
    made_as(world, CONNECTION.removeprefix("gr-"), created_by=EVIL)
    monkeypatch.setattr(connections, "PROVIDERS", PROVIDERS)
    register = TokenRegister(world.dynamodb, "TokensTable")
    register.add("a-token-of-the-hostile-ats", HOSTILE_ATS)
    created(register, HOSTILE_ATS)
    OverrideRegister(world.dynamodb, "TokensTable").change(ATS, {f"own {EVIL}": "OFFER"})
    Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable").register(NEW, registration(ats_id=HOSTILE_ATS))
    sent(world, signal(state(EVIL, 1)))
    world.report("REJECTED", RawStatus=f"own {EVIL}")
    failed = {"requestContext": {"functionArn": EVIL, "condition": EVIL}, "requestPayload": {}}
    quality = Counters(world.dynamodb, "QualityTable")
    changes = [change(world.stored(each), BERLIN) for each in (APPLICATION, SIGNALLED_APPLICATION, NEW)]
    quality.apply([replace(each, unmapped_labels=(EVIL,)) for each in changes])
    names = {"KeyId": {"S": "ats-names"}, "Names": {"M": {ATS: {"S": EVIL}}}}
    client.put_item(TableName="TokensTable", Item=names)
    notes = JobseekersNotes(world.dynamodb, "ApplicationsTable", "FeedbackTable")
    notes.send(world.stored(NEW), "applied", Feedback(FeedbackReason.OTHER, EVIL, now()))
    drifted = {":version": {"N": "7"}, ":ats": {"S": HOSTILE_ATS}}
    world.client.update_item(
        TableName="ApplicationsTable",
        Key={"AtsiApplicationId": {"S": SIGNALLED_APPLICATION}},
        UpdateExpression="SET Version = :version, AtsId = :ats",
        ExpressionAttributeValues=drifted,
    )
    with importing(world, server):
        FailedRecords("FailedRecordsBucket", endpoint_url=server.url).put("set-aside/1", failed)
        yield world
    client.close()


@pytest.fixture
def run(server: TableServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command: exit code, and what it printed, the log of the functions left out."""

    def run(*arguments: str, typed: str = "", tables: str = server.url) -> tuple[int, str, str]:
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = command_line.main(["--local-tables", tables, *arguments])
        out, err = capsys.readouterr()
        assert_harmless(out)
        assert "!\r!" not in err
        assert_harmless(err.replace("\r", ""))  # the progress bar's
        return code, out, err

    return run


def assert_harmless(text: str) -> None:
    assert {c for c in text if unicodedata.category(c) in CONTROLS} <= {"\n"}
    assert "!\n!" not in text


def test_no_command_prints_control_characters(world: World, run: Run, tmp_path: Path) -> None:
    """Over tables, folders and arguments full of them; what is printed is there, as escapes."""
    folder, shown = tmp_path / f"folder {EVIL}", printable(EVIL)
    report = tmp_path / "report.csv"
    report.write_text(f'atsiApplicationId,rawStatus,"{EVIL}"\n{APPLICATION},{EVIL[:4]},\n', encoding="utf-8")
    registrations, checkpoint = tmp_path / f"registrations {EVIL}", tmp_path / "checkpoint"
    registrations.write_text(f'{{"AtsiApplicationId": "{EVIL[:4]}", "{EVIL[:4]}": 1}}', encoding="utf-8")
    ran = {
        ("labels", "explain"): run("labels", "explain", f"own {EVIL}", "--ats", ATS),
        ("labels", "override"): run("labels", "override", "--ats", ATS, "--set", f"my {EVIL}", "HIRED"),
        ("labels", "unmapped"): run("labels", "unmapped"),
        ("tokens", "list"): run("tokens", "list"),
        ("tokens", "issue"): run("tokens", "issue", "--show", "--ats", EVIL),
        ("tokens", "adopt"): run("tokens", "adopt", "--ats", ATS, typed=EVIL),
        ("tokens", "revoke"): run("tokens", "revoke", EVIL),
        ("ats", "name"): run("ats", "name", ATS, EVIL),
        ("ats", "list"): run("ats", "list"),
        ("feedback", "list"): run("feedback", "list"),
        ("feedback", "close"): run("feedback", "close", EVIL, "interview"),
        ("clients", "list"): run("clients", "list"),
        ("clients", "create"): run("clients", "create", "--show", "--ats", EVIL),
        ("clients", "revoke"): run("clients", "revoke", EVIL),
        ("connections", "create"): run("connections", "create", "--provider", "lever", "--ats", EVIL, "--client", "c"),
        ("connections", "list"): run("connections", "list"),
        ("connections", "show"): run("connections", "show", CONNECTION),
        ("connections", "secret"): run("connections", "secret", CONNECTION, typed=EVIL),
        ("connections", "disable"): run("connections", "disable", EVIL),
        ("audit", "list"): run("audit", "list"),
        ("failures", "list"): run("failures", "list"),
        ("failures", "show"): run("failures", "show", "set-aside/1", "--payload"),
        ("failures", "redrive"): run("failures", "redrive", f"set-aside/{EVIL}"),
        ("import",): run("import", str(report), "--ats", ATS),
        ("files", "show"): run("files", "show", EVIL),
        ("analytics", "verify"): run("analytics", "verify"),
        ("analytics", "rebuild"): run("analytics", "rebuild"),
        ("facts", "export"): run("facts", "export", "--to", str(folder)),
        ("applications", "show"): run("applications", "show", SIGNALLED_APPLICATION),
        ("applications", "erase"): run("applications", "erase", EVIL),
        ("applications", "import"): run("applications", "import", str(registrations), "--checkpoint", str(checkpoint)),
        ("applications", "reapply-erasures"): run("applications", "reapply-erasures", "--from", EVIL),
        ("jobseeker", "export"): run("jobseeker", "export", f"nobody {EVIL}", "--to", str(tmp_path / "export")),
        ("jobseeker", "erase"): run("jobseeker", "erase", f"nobody {EVIL}", "--yes"),
        ("limits", "list"): run("limits", "list"),
        ("limits", "set"): run("limits", "set", "--ats", EVIL, "--per-second", "5"),
        ("limits", "unset"): run("limits", "unset", "--ats", EVIL),
        ("tables", "restore"): run("tables", "restore", "TokensTable", "--from", EVIL),
        ("users", "create"): run("users", "create", EVIL, "--staff"),
        ("users", "assign"): run("users", "assign", EVIL, "--staff"),
        ("users", "list"): run("users", "list"),
        ("users", "remove"): run("users", "remove", EVIL),
    }
    for query in ("funnel", "time-in-stage", "unmapped-labels"):
        ran["facts", "query"] = run("facts", "query", query, "--from", str(folder))
    OverrideRegister(world.dynamodb, "TokensTable").change(ATS, {f"own {EVIL}": "REJECTED/offer_declined"})
    ran["labels", "remap"] = run("labels", "remap", "--apply")
    assert {*ran} == {*words(command_line.commands)}
    of_stacks = {command: 2 for command in ran if command[0] == "users"}  # test_users_cli.py runs them for one
    refused = {
        **of_stacks,
        ("failures", "redrive"): 1,
        ("files", "show"): 1,
        ("tokens", "issue"): 2,
        ("clients", "create"): 2,
        ("tokens", "adopt"): 1,
        ("tokens", "revoke"): 1,
        ("clients", "revoke"): 1,
        ("ats", "name"): 1,
        ("feedback", "close"): 2,
        ("connections", "create"): 2,
        ("connections", "secret"): 1,
        ("connections", "disable"): 1,
        ("applications", "erase"): 2,
        ("applications", "import"): 1,
        ("applications", "reapply-erasures"): 1,
        ("jobseeker", "export"): 1,
        ("jobseeker", "erase"): 1,
        ("limits", "set"): 2,
        ("limits", "unset"): 2,
        ("tables", "restore"): 1,
    }
    assert {command: code for command, (code, _, _) in ran.items() if code} == {**refused, ("analytics", "verify"): 1}
    silent = {
        ("labels", "explain"),
        ("ats", "name"),
        ("tokens", "adopt"),
        ("connections", "secret"),
        ("limits", "list"),
        ("import",),  # prints the beginning of the column's name
        ("files", "show"),  # prints it in lower case
        *of_stacks,
    }
    assert {command for command, (_, out, err) in ran.items() if shown.lstrip("=") not in out + err} == silent
    assert "'=B\u00f6s" in Path(f"{registrations}.refused.csv").read_text(encoding="utf-8")
    assert f""","'{shown}",""" in ran["facts", "query"][1]


@pytest.mark.usefixtures("world")
def test_no_error_prints_control_characters(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither about the arguments, nor by a command."""
    checkpoint, folder = tmp_path / EVIL, tmp_path / f"folder {EVIL}"
    checkpoint.write_text("no checkpoint")
    folder.mkdir()
    (folder / "x.parquet").write_text(EVIL)
    for code, arguments in [
        (2, ["labels", EVIL]), (2, ["labels", "unmapped", EVIL]), (2, ["labels", "unmapped", f"--{EVIL[1:]}"]),
        (2, ["facts", "query", EVIL, "--from", "x"]),
        (1, ["labels", "override", "--ats", ATS, "--set", "Stage 3", EVIL]),
        (1, ["labels", "override", "--ats", ATS, "--unset", EVIL]),
        (1, ["labels", "remap", "--apply", "--checkpoint", str(checkpoint)]),
        (1, ["facts", "query", "funnel", "--from", str(tmp_path / f"nowhere {EVIL}")]),
        (1, ["facts", "query", "funnel", "--from", str(folder)]),
        (1, ["facts", "export", "--to", str(checkpoint / "below")]),
        (1, ["labels", "override", "--ats", ATS, "--set", "x\udcff", "OFFER"]),
    ]:  # fmt: skip
        found, out, err = run(*arguments)
        assert (found, out) == (code, "")
        assert ("B\u00f6se " in err) == ("x\udcff" not in arguments)
    monkeypatch.setattr(deadlines, "time", Clock())
    code, _, err = run("tokens", "list", tables=f"http://127.0.0.1:1/{EVIL}")
    assert (code, "B\u00f6se " in err) == (1, True)


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_terminal_that_is_not_utf8_gets_escapes(server: TableServer, tmp_path: Path, encoding: str) -> None:
    """In a process of its own, and strict, as a pipe is under LC_ALL=C."""
    environment = {**os.environ, "PYTHONIOENCODING": f"{encoding}:strict", "LC_ALL": "C", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "application_status.cli.main", "--local-tables", server.url]
    for arguments in (["labels", "unmapped"], ["labels", "override", "--ats", ATS], ["labels", "remap"], ["--help"],
                      ["labels", "explain", "--help"], ["tokens", "revoke", "B\u00f6se"]):  # fmt: skip
        done = subprocess.run([*command, *arguments], env=environment, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == ("revoke" in arguments)
        assert b"Traceback" not in done.stderr
        assert_harmless(done.stdout.decode(encoding))
        if arguments[-1] in {"unmapped", ATS}:
            o, face = {
                "ascii": (rb"\xf6", rb"\U0001f600"), "latin-1": (b"\xf6", rb"\U0001f600"),
                "utf-8": ("\u00f6".encode(), "\U0001f600".encode()),
            }[encoding]  # fmt: skip
            assert b"B" + o + b"se \\x1b]0;!\\x07" in done.stdout
            assert face in done.stdout


def test_nothing_else_of_the_command_line_prints() -> None:
    """One module writes to the terminal; a new command that prints by itself fails here."""
    folder = Path(command_line.__file__).parent
    printing = {
        file.name
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name) and node.id == "print")
        or (isinstance(node, ast.Attribute) and node.attr in {"stdout", "stderr", "__stdout__", "__stderr__"})
    }
    assert printing == {"output.py"}
