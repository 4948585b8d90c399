"""The examples of docs/integrating.md, run as they are printed over a network that fails."""

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

APPLICATION = demo.SAMPLES[0].application_id
RETRIED: tuple[Fate, ...] = ("unavailable", "throttled", "lost reply", "answered")


@dataclass(frozen=True)
class Tool:
    """What runs the examples of a language, from a file of the name given."""

    command: tuple[str, ...]
    file: str
    fates: tuple[Fate, ...] = RETRIED


NODE = compute_driver_executable()[0]  # Playwright's wheel has a Node.js

REQUIRED = {
    "bash": Tool(("bash",), "report.sh", ("unavailable", "throttled", "answered")),  # curl takes a lost reply as final
    "python": Tool((sys.executable,), "report.py"),
    "javascript": Tool((NODE,), "report.mjs"),
}
OPTIONAL = {
    "java": Tool(("java",), "Report.java"),
    "csharp": Tool(("dotnet", "run"), "Report.cs"),
}
TOOLS = REQUIRED | {language: tool for language, tool in OPTIONAL.items() if shutil.which(tool.command[0])}


@dataclass(frozen=True)
class Run:
    """How an example ended, with a good token and with a wrong one."""

    done: subprocess.CompletedProcess[str]
    network: Network
    refused: subprocess.CompletedProcess[str]
    refused_network: Network


@pytest.fixture(scope="module")
def runs(service: LocalService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """Run all of them at once, each over a network of its own."""

    folders = tmp_path_factory.mktemp("examples")

    def run(language: str) -> Run:
        tool, folder = TOOLS[language], folders / language
        folder.mkdir()
        networks = Network(service.port, tool.fates), Network(service.port, ("answered",))
        good, bad = (
            example(language, folder, network, token)
            for network, token in zip(networks, (demo.TOKEN, "wrong"), strict=True)
        )
        return Run(good, networks[0], bad, networks[1])

    with ThreadPoolExecutor(len(TOOLS)) as runners:
        yield dict(zip(TOOLS, runners.map(run, TOOLS), strict=True))


def example(language: str, folder: Path, network: Network, token: str) -> subprocess.CompletedProcess[str]:
    tool = TOOLS[language]
    (code,) = re.findall(rf"```{language}\n(.*?)```", guide(), re.DOTALL)
    (folder / tool.file).write_text(code, encoding="utf-8")
    with unreliable(network):
        environment = os.environ | {"STATUS_URL": f"http://127.0.0.1:{network.port}", "ATSI_TOKEN": token}
        command = [*tool.command, tool.file]
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
        )


def guide() -> str:
    return (ROOT / "docs/integrating.md").read_text(encoding="utf-8")


def test_sandbox_works_as_printed(service: LocalService, tmp_path: Path) -> None:
    """All commands of the section, in one shell: an application is made, reported about, signalled, and read back."""
    section = guide().partition("## Try it in the sandbox\n")[2].partition("\n## ")[0]
    script = "sleep 1\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))  # a reader takes longer to paste each
    environment = os.environ | {"STATUS_URL": service.url}
    command = ["bash", "-e", "-c", script]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    made, reported, signalled, found = objects(done.stdout)
    assert (made["Status"], reported["Result"], signalled) == ("APPLIED", "recorded", {"data": {"sendSignal": True}})
    assert {each["AtsiApplicationId"] for each in (reported, found)} == {made["AtsiApplicationId"]}
    assert [each["Status"] for each in found["Transitions"]] == ["INTERVIEW", "OFFER"]
    assert f"export ATSI_TEST_TOKEN={demo.TEST_TOKEN}\n" in script


def objects(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while text:
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


def test_tools(capsys: pytest.CaptureFixture[str]) -> None:
    """Says which examples are run here; those in curl, Python and JavaScript are always."""
    with capsys.disabled():
        print(f"\nexamples run: {', '.join(TOOLS)}; not run: {', '.join(OPTIONAL.keys() - TOOLS) or 'none'}")  # noqa: T201
    assert set(re.findall(r"```(\w+)\n", guide())) - {"sh", "text"} == REQUIRED.keys() | OPTIONAL.keys()


@pytest.mark.parametrize("language", TOOLS)
def test_example_sends_again_until_it_is_answered(runs: dict[str, Run], language: str) -> None:
    """After 429, 503 and a reply that got lost; the same bytes each time, and not before Retry-After is over.

    It may be late: the examples run at once, and each reports its own moment.
    """
    run = runs[language]
    assert run.done.returncode == 0, run.done.stdout + run.done.stderr
    assert re.search("recorded|unchanged|late", run.done.stdout)
    assert len(run.network.bodies) == len(TOOLS[language].fates)
    assert len(set(run.network.bodies)) == 1
    assert min(run.network.pauses()[:2]) >= 1


@pytest.mark.parametrize("language", TOOLS)
def test_example_does_not_repeat_what_stays_wrong(runs: dict[str, Run], language: str) -> None:
    """A 401 is shown and ends it."""
    run = runs[language]
    assert run.refused.returncode != 0
    assert "/problems/unauthenticated" in run.refused.stdout + run.refused.stderr
    assert len(run.refused_network.bodies) == 1


def test_each_example_made_one_transition(service: LocalService, runs: dict[str, Run]) -> None:
    """However often it was sent: BusinessDate makes it the same; the guide's last curl shows it."""
    reported = {each for run in runs.values() for each in run.network.bodies}
    assert sum(len(run.network.bodies) for run in runs.values()) > len(reported) == len(runs)
    (curl,) = re.findall(r'```sh\n(curl "\$STATUS_URL.*?)\n```', guide())
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
