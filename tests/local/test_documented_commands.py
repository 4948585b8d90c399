"""Every command that the documents print works: each document's are run in its order, in a short form."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from application_status.local import demo
from local.process import free_port, wait_for
from prerequisites import ROOT

PAST = {"CHANGELOG.md", "decisions.md"}  # what they print was right when it was written
DOCUMENTS = sorted(path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")) if path.name not in PAST)

NOT_RUN = {
    r"^make run\b": "runs until Ctrl-C: it is the service that the other commands talk to",
    r"^make test\b": "runs these tests",
    r"^make prove\b": "takes hours, and these tests run it in short",
    r"^make check\b": "CI runs it before the tests",
    r"^make lock\b": "make check compares with what it would write",
    r"^make bench( |$)": "needs valgrind: .ci/run runs it with SHORT=1",
    r"^make bench-bulk\b": "builds the functions: .ci/run runs it with SHORT=1",
    r"^make build\b": "make test builds for this machine first",
    r"^make deploy\b": "needs an AWS account: tests/deploy deploys to a stand-in",
    r"^make audit\b": "needs PyPI's advisories",
    r"^make sam-": "needs Docker: tests/runtime runs the functions in Lambda's runtime",
    r"^make screenshots\b": "writes the pictures of the documents, which differ with a machine's fonts",
    r"^make clean\b": "removes what the tests need",
    r"^python3 report\.py": "the reader has saved it: test_integrating.py runs the programs",
    r"^(aws|sam) ": "needs an AWS account",
    r"\busers (create|assign|list|remove)\b": "needs a stack with a user pool: test_users_cli.py runs them",
    r"\bfailures show\b": "there is no failed record: tests/integration shows some",
    r"\banalytics rebuild\b": "waits for a minute: tests/deploy runs it",
}
"""Why a command that this pattern matches is not run here."""

SHORT_FORMS = (
    (r"^make ", "make -o .venv/.ready -o .tools/sam/.ready "),  # make has made them before the tests
    (r"(?<= )bench-(quality|limits)", r"bench-\1 SHORT=1"),
    (r"^(\S+/python -m benchmarks\.labels)", r"\1 --short"),
    (r"https://status\.example\.com", "http://127.0.0.1:3000"),
    (r"<TEST_TOKEN>", demo.TEST_TOKEN),
    (r"--rate 50 --seconds 60", "--rate 5 --seconds 1"),
    (r"(local\.example_file)", r"\1 | sed -n 1,500p"),
    (r"--from <RESTORED>", "--from ApplicationsTable"),
    (r"^(\S+/pytest .*)", r"\1 --collect-only"),
    (r"^uv run ", "uv run --no-sync "),
    (r"((?:^|\s)(?:\.venv/bin/)?application-status)(?: --stack \S+)? ", r"\1 --local-tables $TABLES_URL "),
    (
        r"(labels override|facts export|tokens issue|tables restore|limits set|(jobseeker|applications) erase)$",
        r"\1 --help",
    ),  # only mentioned
    (r"(applications import|files show)$", r"\1 --help"),  # likewise
    (r"(?<=tokens revoke )<ID>", "$(first tokens)"),
    (r"(?<=clients revoke )<CLIENT_ID>", "$(first clients)"),
    (r"(?<=connections )(\w+) <CONNECTION>", r"\1 $(first_connection)"),
    (r"(?<=applications show )<ID>", demo.SAMPLES[1].application_id),
    (r"(?<=applications erase )<ID>(\.\.\.)?", demo.SAMPLES[2].application_id),
    (r"(?<=jobseeker erase )<JOBSEEKER> --yes", "--help"),  # it would erase what the next documents need
    (r"<JOBSEEKER>", demo.JOBSEEKER_ID),
    (r"<FILE_ID>", "$(first_file)"),
    (r"\bFORMER-TABLE\b", "ApplicationsTable"),
    (r"\bFOLDER\b", "facts"),
)
"""What is replaced in the other commands, one after the other, so that each works here and takes seconds."""

APPLICATIONS = """AtsiApplicationId,AtsId,ClientId,JobId,JobseekerId,JobTitle,Company,AppliedAt
0d0a6a3e-6a4f-4a35-9a0c-5b1c2f0a1001,workday,client-1,job-1,p-93f1,Python Developer,Example GmbH,2024-07-01T09:00:00Z
"""
HISTORY = """atsiApplicationId,rawStatus,status,businessDate
0d0a6a3e-6a4f-4a35-9a0c-5b1c2f0a1001,Absage,REJECTED,2024-07-20
"""
"""What docs/backfill.md imports."""

FIRST = """first() {
    application-status --local-tables "$TABLES_URL" "$1" list --ats workday | sed -n '2s/ .*//p'
}
first_file() {
    application-status --local-tables "$TABLES_URL" import report.csv --ats workday | sed -n 's/^file  *//p'
}
first_connection() {
    application-status --local-tables "$TABLES_URL" connections list | sed -n '/ active /{s/ .*//p;q}'
}"""

_GROUP = (
    "applications|jobseeker|tokens|clients|connections|limits|users|labels|analytics|facts|failures|files|tables|audit"
)
_PROGRAM = re.compile(
    rf"(?:[A-Z_]+=\S* )*(?:make|uv|application-status|{_GROUP}|curl|aws|sam|jq|python3?|pytest|pip|git|docker|npm|npx"
    rf"|brew|apt-get|pre-commit|\.venv/\S+|\./\S+) \S"
)
_FENCED_OR_IN_LINE = re.compile(r"^```(\w*)\n(.*?)^```$|`([^`]+)`", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"\n(?=\S)")  # where a command of a block ends: its further lines are indented


def commands(document: Path) -> list[str]:
    """Return a document's commands: those of blocks in `sh`, and what looks like one within the text."""
    found = []
    for language, block, in_line in _FENCED_OR_IN_LINE.findall(document.read_text(encoding="utf-8")):
        if language == "sh":
            found += _INDENTED.split(block.rstrip())
        elif in_line and _PROGRAM.match(text := " ".join(in_line.split())):
            found.append(re.sub(rf"^(?={_GROUP})", "application-status ", text))
    return found


def short_form(command: str) -> str | None:
    """Return how a command is run here; None where it is not, for the reason in NOT_RUN."""
    if any(re.search(pattern, command) for pattern in NOT_RUN):
        return None
    for pattern, replacement in SHORT_FORMS:
        command = re.sub(pattern, replacement, command)
    return command


@dataclass(frozen=True)
class Place:
    """A copy of the repository in which commands may write, and the environment that leads to a running `make run`.

    `done` has the commands that were run, and need not be run again: those of make, and those that only print help.
    """

    folder: Path
    environment: dict[str, str]
    url: str
    done: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("documents") / "repository"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    for name in (".venv", ".tools", ".python-version"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".curlrc").write_text("fail-with-body\n", encoding="utf-8")
    (folder / "ats-ids.txt").write_text("workday\n", encoding="utf-8")
    (folder / "report.csv").write_text("atsiApplicationId,rawStatus\n", encoding="utf-8")
    (folder / "overrides.csv").write_text("label,status,outcome\nStage 4,REJECTED,position_closed\n", encoding="utf-8")
    (folder / "applications.csv").write_text(APPLICATIONS, encoding="utf-8")
    (folder / "history.csv").write_text(HISTORY, encoding="utf-8")
    (folder / "secret.txt").write_text("a-secret-that-the-ats-shows\n", encoding="utf-8")
    (folder / "token.txt").write_text("a-token-given-out-elsewhere\n", encoding="utf-8")
    port, tables_port = free_port(), free_port()
    environment = os.environ | {
        "PATH": f"{folder}/.venv/bin:{os.environ['PATH']}",
        "CURL_HOME": str(folder),
        "TABLES_URL": f"http://127.0.0.1:{tables_port}",
        "STATUS_URL": f"http://127.0.0.1:{port}",
        "ATSI_TOKEN": demo.TOKEN,
    }
    command = ["make", "-o", ".venv/.ready", "run", f"PORT={port}", f"TABLES_PORT={tables_port}"]
    log = tmp_path_factory.mktemp("run") / "log"
    with log.open("w") as output:
        run = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, start_new_session=True)
    try:
        wait_for(lambda: "Ctrl-C stops" in log.read_text(encoding="utf-8"))
        yield Place(folder, environment, f"http://127.0.0.1:{port}")
    finally:
        os.killpg(run.pid, signal.SIGINT)
        run.wait(60)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_work(place: Place, document: Path) -> None:
    """Each exits with 0, those with curl too where the service refuses; in one shell, as a reader would run them."""
    lines = ["set -e", FIRST]
    for command in commands(document):
        if (short := short_form(command)) and short not in place.done:
            if short.startswith("make ") or short.endswith(" --help"):
                place.done.add(short)
            lines += [f"cat <<'.'\n$ {command}\n.", short]
    script = "\n".join(lines).replace("http://127.0.0.1:3000", place.url)
    done = subprocess.run(
        ["bash", "-c", script], cwd=place.folder, env=place.environment, text=True, check=False, timeout=600,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_blocks_say_what_they_are(document: Path) -> None:
    """Commands are in blocks of `sh`, so that none is overlooked; docs/start.md has a program in bash."""
    languages = [found[0] for found in _FENCED_OR_IN_LINE.findall(document.read_text(encoding="utf-8")) if found[1]]
    shells = {"", "shell", "console", "zsh", "bash"} - ({"bash"} if document.name == "start.md" else set())
    assert not shells & set(languages)


def test_commands_are_found_in_blocks_and_in_the_text(tmp_path: Path) -> None:
    """They are found with all their lines; names alone and blocks of other languages are left out."""
    document = tmp_path / "document.md"
    document.write_text(
        "`make\n  bench`, `make`, `facts query funnel` and `PYTHONPATH=tools .venv/bin/python -m x`\n"
        "```sh\ncurl x \\\n  -d '{}'\nmake run  # runs\n```\n```text\nmake love\n```\n",
        encoding="utf-8",
    )
    assert commands(document) == [
        "make bench",
        "application-status facts query funnel",
        "PYTHONPATH=tools .venv/bin/python -m x",
        "curl x \\\n  -d '{}'",
        "make run  # runs",
    ]
    assert [short_form(each) for each in ("make bench", "make bench-quality")] == [
        None,
        "make -o .venv/.ready -o .tools/sam/.ready bench-quality SHORT=1",
    ]
