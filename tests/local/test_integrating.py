"""The programs of docs/samples and the commands of the guides, run as they are printed, over a network that fails."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from application_status.local import demo
from application_status.platform.values import from_text, instant
from local.process import ROOT, LocalService
from local.unreliable import Fate, Network, unreliable
from portal import SAMPLES, with_samples
from prerequisites import NODE as NODE_PROGRAMS

APPLICATION = demo.SAMPLES[0].application_id
RETRIED: tuple[Fate, ...] = ("unavailable", "throttled", "lost reply", "answered")


@dataclass(frozen=True)
class Tool:
    """The command that runs a program, and what becomes of its requests."""

    command: str
    fates: tuple[Fate, ...] = RETRIED


NODE = compute_driver_executable()[0]  # Playwright's wheel has a Node.js

TOOLS = {
    "report.sh": Tool("bash report.sh", ("unavailable", "throttled", "answered")),  # curl takes a lost reply as final
    "report.py": Tool(f"{sys.executable} report.py"),
    "report.ts": Tool(f"{NODE} report.ts"),
    "report.php": Tool("php report.php"),
    "report.go": Tool("go run report.go"),
    "Report.java": Tool("java Report.java"),
    "Report.cs": Tool("mcs -r:System.Net.Http.dll Report.cs && mono Report.exe"),
}


@dataclass(frozen=True)
class Run:
    """How a program ended, with a good token and with a wrong one."""

    done: subprocess.CompletedProcess[str]
    network: Network
    refused: subprocess.CompletedProcess[str]
    refused_network: Network


@pytest.fixture(scope="module")
def runs(service: LocalService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """Run all of them at once, each over a network of its own."""

    folders = tmp_path_factory.mktemp("examples")

    def run(sample: str) -> Run:
        tool, folder = TOOLS[sample], folders / sample
        folder.mkdir()
        shutil.copy(SAMPLES / sample, folder)
        networks = Network(service.port, tool.fates), Network(service.port, ("answered",))
        good, bad = (
            run_sample(tool, folder, network, token)
            for network, token in zip(networks, (demo.TOKEN, "wrong"), strict=True)
        )
        return Run(good, networks[0], bad, networks[1])

    with ThreadPoolExecutor(len(TOOLS)) as runners:
        yield dict(zip(TOOLS, runners.map(run, TOOLS), strict=True))


def run_sample(tool: Tool, folder: Path, network: Network, token: str) -> subprocess.CompletedProcess[str]:
    with unreliable(network):
        url = f"http://127.0.0.1:{network.port}"
        environment = os.environ | {
            "STATUS_URL": url, "ATSI_TOKEN": token, "APPLICATION_ID": APPLICATION, "GOCACHE": str(folder),
        }  # fmt: skip
        command = ["bash", "-c", tool.command]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200, check=False
        )


def guide(name: str = "integrating.md") -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_sandbox_works_as_printed(service: LocalService, tmp_path: Path) -> None:
    """All commands of the section, in one shell: an application is made, reported about, read back, and explained."""
    section = guide().partition("## Try it in the sandbox\n")[2].partition("\n## ")[0]
    script = "sleep 1\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))  # a reader takes longer to paste each
    environment = os.environ | {"STATUS_URL": service.url}
    command = ["bash", "-e", "-c", script]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    made, reported, signalled, found, requests = objects(done.stdout)
    assert (made["Status"], reported["Result"], signalled) == ("APPLIED", "recorded", {"data": {"sendSignal": True}})
    assert {each["AtsiApplicationId"] for each in (reported, found)} == {made["AtsiApplicationId"]}
    assert [each["Status"] for each in found["Transitions"]] == ["INTERVIEW", "OFFER"]
    newest = [each["Understood"] for each in requests["Requests"][:3]]
    assert [[note["Status"] for note in notes] for notes in newest] == [[], ["OFFER"], ["INTERVIEW"]]
    assert f"export ATSI_TEST_TOKEN={demo.TEST_TOKEN}\n" in script


def objects(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


def test_all_samples_are_run_and_shown() -> None:
    """The start page shows each program that is in the folder, as it is there."""
    programs = {path.name for path in SAMPLES.iterdir() if path.suffix != ".yaml"}
    assert programs == TOOLS.keys() == set(re.findall(r"\(samples/(.*?)\)", guide("start.md")))
    assert guide("start.md") == with_samples(guide("start.md"))


def test_first_report_works_as_printed(service: LocalService, tmp_path: Path) -> None:
    """With a test token: an application is created, reported about by the program in Python, and read back."""
    before, _, rest = guide("start.md").partition("**3. Report a status.**")
    create, read_back = (re.findall(r"```sh\n(.*?)```", text, re.DOTALL)[-1] for text in (before, rest))
    script = f"{create}{sys.executable} {SAMPLES / 'report.py'}\n{read_back}"
    environment = os.environ | {"STATUS_URL": service.url, "ATSI_TOKEN": demo.TEST_TOKEN}
    command = ["bash", "-e", "-c", script]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    made, found = objects(done.stdout.replace("recorded\n", "", 1))
    assert (made["Status"], found["Status"]) == ("APPLIED", "INTERVIEW")
    assert made["AtsiApplicationId"] == found["AtsiApplicationId"]
    assert f"export ATSI_TOKEN={demo.TEST_TOKEN}\n" in guide("start.md")


def test_types_of_the_sample_in_typescript_are_right(tmp_path: Path) -> None:
    """Node.js drops the types without checking them."""
    shutil.copy(SAMPLES / "report.ts", tmp_path)
    declared = 'declare module "node:process" { export const env: Record<string, string | undefined>; }'
    (tmp_path / "node.d.ts").write_text(declared, encoding="utf-8")
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--lib", "es2022,dom"]
    command = [str(NODE_PROGRAMS / "tsc"), *options, "node.d.ts", "report.ts"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("sample", TOOLS)
def test_sample_sends_again_until_it_is_answered(runs: dict[str, Run], sample: str) -> None:
    """After 429, 503 and a reply that got lost; the same bytes each time, and not before Retry-After is over.

    It may be late: the samples run at once, and each reports its own moment.
    """
    run = runs[sample]
    assert run.done.returncode == 0, run.done.stdout + run.done.stderr
    assert re.search("recorded|unchanged|late", run.done.stdout)
    assert len(run.network.bodies) == len(TOOLS[sample].fates)
    assert len(set(run.network.bodies)) == 1
    assert min(run.network.pauses()[:2]) >= 1


@pytest.mark.parametrize("sample", TOOLS)
def test_sample_does_not_repeat_what_stays_wrong(runs: dict[str, Run], sample: str) -> None:
    """A 401 is shown and ends it."""
    run = runs[sample]
    assert run.refused.returncode != 0
    assert "/problems/unauthenticated" in run.refused.stdout + run.refused.stderr
    assert len(run.refused_network.bodies) == 1


def test_each_sample_made_one_transition(service: LocalService, runs: dict[str, Run]) -> None:
    """However often it was sent: BusinessDate makes it the same; the guide's last curl shows it."""
    reported = {each for run in runs.values() for each in run.network.bodies}
    assert sum(len(run.network.bodies) for run in runs.values()) > len(reported) == len(runs)
    (curl,) = re.findall(r'```sh\n(curl "\$STATUS_URL/api/application-status/.*?)\n```', guide())
    environment = os.environ | {"STATUS_URL": service.url, "ATSI_TOKEN": demo.TOKEN}
    shown = subprocess.run(["bash", "-c", curl], env=environment, capture_output=True, check=True, timeout=20).stdout
    application = json.loads(shown)
    dates = {instant(from_text(json.loads(body)["BusinessDate"])) for body in reported}
    transitions = application["Transitions"]
    assert application["AtsiApplicationId"] == APPLICATION
    assert {each["RawStatus"] for each in transitions} == {"1st phone interview"}
    assert len(transitions) == len(dates)
    effective = {from_text(each["EffectiveAt"]).replace(microsecond=0) for each in transitions}
    assert effective == {date.replace(microsecond=0) for date in dates}
    assert max(dates) - min(dates) < timedelta(minutes=2) > datetime.now(UTC) - max(dates)
