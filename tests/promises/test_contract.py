"""The local service does what docs/openapi.yaml says: schemathesis makes up requests, right and wrong ones."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import yaml

from application_status.local import demo
from local.process import LocalService
from openapi.document import document
from support.proof import IN_FULL, Figure, amount

UNSIGNED = "      security:\n      - AWS_IAM: []\n"

SERVICE_OPTIONS = ("--requests-per-second=0",)  # invalid tokens would be refused with 429 instead of 401

OF_ATS = (
    *("sendReport", "sendReportOfAts", "sendReportBatch", "listApplications", "getApplication", "createFile"),
    *("getFile", "getQuality"),
)
OF_TESTER = ("createSandboxApplication", "listSandboxRequests")
OF_SENDER = ("executeGraphql", "queryGraphql")
OF_CLIENT = ("getMyQuality", "getConnection")
OF_JOBSEEKER = ("listMyApplications", "getMyApplication")
OF_BOARD = (
    *("registerApplication", "eraseApplication", "addAliases", "listFeedback", "closeFeedback", "getBoardQuality"),
)
OF_ALL = (
    *("createAccessToken", "createAccessTokenForIndeed", "deliverWebhook", "getQualityDefinitions", "getHealth"),
    "checkHealth",
)
WITH_TOKEN = (*OF_ATS, *OF_TESTER, *OF_SENDER, *OF_CLIENT, *OF_JOBSEEKER)
OF_REGISTRATION = ("registerApplication", "getApplication", "addAliases", "eraseApplication")
"""A registration and what it leads to. Without reports, as every chain would begin with one."""
OF_SANDBOX = ("createSandboxApplication", "sendReport", "getApplication", "listApplications")
"""The same of a sandbox application."""
OF_LISTS = ("createFile", "getFile", *OF_JOBSEEKER, "listFeedback")
"""Files and lists, and what they lead to."""
OF_FILES = ("createFile", "getFile")
"""A file, and what asks about it."""
OF_CONNECTIONS = {"deliverWebhook", "getConnection"}
"""What asks about connections, of which the demo data has none."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of schemathesis did: its requests, how many of each operation were accepted, its chains of links."""

    cases: int
    accepted: Mapping[str, int]
    chains: int = 0
    followed: Counter[str] = field(default_factory=Counter)


def schemathesis(service: LocalService, folder: Path, callers: Mapping[str, str], *options: str) -> Run:
    """Test operations with the header of each, or without one."""
    folder.mkdir()
    described, config = folder / "openapi.yaml", folder / "schemathesis.toml"
    text = yaml.safe_dump(document(strict=True), sort_keys=False)
    described.write_text(text.replace(UNSIGNED, ""), encoding="utf-8")  # signatures aren't checked locally
    settings = [Path(__file__).with_name("schemathesis.toml").read_text(encoding="utf-8")]
    for name, header in callers.items():
        if header:
            key, _, value = header.partition(": ")
            settings.append(f'[[operations]]\ninclude-operation-id = "{name}"\nheaders."{key}" = "{value}"\n')
    config.write_text("\n".join(settings), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)]
    command += ["run", str(described), "--url", service.url, "--report-json-path", str(folder / "found.json")]
    command += [*options, *(f"--include-operation-id={name}" for name in callers)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    rates = found["valid_rates"]
    accepted = {name: sum(phase["accepted"] for phase in phases.values()) for name, phases in rates.items()}
    return Run(found["test_cases"]["generated"], accepted)


def followed(service: LocalService, folder: Path, callers: Mapping[str, str], chains: int) -> Run:
    """Follow the links of replies in a number of chains, with right requests alone: wrong ones lead nowhere."""
    events = folder.with_suffix(".ndjson")
    options = ("--phases=stateful", "--mode=positive", f"--max-examples={chains}", f"--report-ndjson-path={events}")
    run = schemathesis(service, folder, callers, *options)
    ended = [json.loads(line).get("ScenarioFinished") for line in events.read_text(encoding="utf-8").splitlines()]
    recorded = [each["recorder"] for each in ended if each and "cases" in each["recorder"]]
    succeeded = Counter(
        f"{case['value']['method']} {case['value']['path']}"
        for each in recorded
        for name, case in each["cases"].items()
        if case.get("is_transition_applied")
        and (each["interactions"][name].get("response") or {}).get("status_code", 500) < 400
    )
    return Run(run.cases, run.accepted, len(recorded), succeeded)


def of_callers(service: LocalService) -> dict[str, str]:
    """Return all operations with the header of who may call them."""
    client, jobseeker = (service.id_token(each) for each in ("client/example", f"jobseeker/{demo.JOBSEEKER_ID}"))
    return {
        **dict.fromkeys(OF_ATS, f"X-AtsiToken: {demo.TOKEN}"),
        **dict.fromkeys(OF_TESTER, f"X-AtsiToken: {demo.TEST_TOKEN}"),
        **dict.fromkeys(OF_SENDER, f"Authorization: Bearer {demo.TOKEN}"),
        **dict.fromkeys(OF_CLIENT, f"Authorization: Bearer {client}"),
        **dict.fromkeys(OF_JOBSEEKER, f"Authorization: Bearer {jobseeker}"),
        **dict.fromkeys((*OF_BOARD, *OF_ALL), ""),
    }


def operations() -> dict[str, str]:
    """Return the ids of all operations, by method and path."""
    return {
        f"{method.upper()} {path}": operation["operationId"]
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    }


def test_replies(service: LocalService, tmp_path: Path, figure: Figure) -> None:
    """Each reply is as docs/openapi.yaml describes it, also to wrong requests and to those without a token.

    In full with all values at the bounds of the schemas, too. Wrong requests are refused, and some of the right ones
    succeed at each operation.
    """
    assert set(of_callers(service)) == set(operations().values())
    examples = amount(5, 1000)
    all_requests = (f"--phases={phases()}", f"--max-examples={examples}")
    with at_once(service) as services, ThreadPoolExecutor(len(services)) as pool:

        def of_share(number: int) -> list[Run]:
            runs = []
            for names in groups()[number :: len(services)]:
                callers = of_callers(services[number])  # with new tokens, as they are valid for 15 minutes
                folder, some = tmp_path / f"from-{names[0]}", {name: callers[name] for name in names}
                runs.append(schemathesis(services[number], folder, some, *all_requests))
            return runs

        known = [*chain.from_iterable(pool.map(of_share, range(len(services))))]
    accepted = {operations()[name]: count for run in known for name, count in run.accepted.items()}
    assert {name for name, count in accepted.items() if not count} == OF_CONNECTIONS
    assert accepted.keys() == of_callers(service).keys()
    without = dict.fromkeys(WITH_TOKEN, "")
    checked = "--exclude-checks=positive_data_acceptance"  # nothing is accepted without a token
    options = ("--phases=examples,fuzzing", f"--max-examples={amount(3, 100)}", checked)
    unknown = schemathesis(service, tmp_path / "unknown", without, *options)
    assert not any(unknown.accepted.values()), unknown.accepted
    cases = sum(run.cases for run in (*known, unknown))
    figure(f"0 failures in {cases:,} requests, up to {examples:,} examples of each of {len(accepted)} operations")


def groups() -> list[Sequence[str]]:
    """Return the operations that are tested together: in full each alone, as erasures leave nothing to ask about."""
    names = [*operations().values()]
    return [OF_FILES, *([name] for name in names if name not in OF_FILES)] if IN_FULL else [names]


@contextmanager
def at_once(service: LocalService) -> Iterator[list[LocalService]]:
    """Return the service; in full with another one, so that two operations are tested at a time."""
    if not IN_FULL:
        yield [service]
        return
    another = LocalService(options=SERVICE_OPTIONS)
    try:
        another.wait_until_running()
        yield [service, another]
    finally:
        another.end(signal.SIGTERM)


def phases() -> str:
    """Return the kinds of requests: the bounds of the schemas in full only, as they are most of a short run's time."""
    return "examples,fuzzing" + ",coverage" * amount(0, 1)


def test_links(service: LocalService, tmp_path: Path, figure: Figure) -> None:
    """What a reply of the API leads to works: what is created can be reported about, read back and erased."""
    callers, chains = of_callers(service), amount(15, 300)
    live = followed(service, tmp_path / "live", {name: callers[name] for name in OF_REGISTRATION}, chains)
    of_tester = dict.fromkeys(OF_SANDBOX, f"X-AtsiToken: {demo.TEST_TOKEN}")
    callers = of_callers(service)  # with new tokens
    others = {name: callers[name] for name in OF_LISTS}
    sandbox = followed(service, tmp_path / "sandbox", of_tester | others, chains)
    read_back = "GET /api/application-status/{AtsiApplicationId}"
    assert live.followed.keys() >= {read_back, "DELETE /api/applications/{AtsiApplicationId}"}, live.followed
    assert sandbox.followed.keys() >= {read_back, "POST /api/application-status"}, sandbox.followed
    links = live.followed.total() + sandbox.followed.total()
    figure(f"0 failures in {live.chains + sandbox.chains:,} stateful scenarios, {links:,} links followed")
