"""The local service does what docs/openapi.yaml says: schemathesis makes up requests, right and wrong ones."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from application_status.local import demo
from local.process import LocalService
from openapi.document import document

AS_ATS = f"X-AtsiToken: {demo.TOKEN}"
AS_TESTER = f"X-AtsiToken: {demo.TEST_TOKEN}"
AS_SENDER = f"Authorization: Bearer {demo.TOKEN}"
AS_CLIENT = "Authorization: Bearer {}"
OF_ATS = ("sendReport", "sendReportOfAts", "getApplication", "createFile", "getQuality")
UNSIGNED = "      security:\n      - AWS_IAM: []\n"


def schemathesis(service: LocalService, folder: Path, operations: Sequence[str], *options: str) -> dict[str, int]:
    """Test operations; return how many requests to each of them were accepted."""
    described, found = folder / "openapi.yaml", folder / "found.json"
    text = yaml.safe_dump(document(strict=True), sort_keys=False)
    described.write_text(text.replace(UNSIGNED, ""), encoding="utf-8")  # signatures aren't checked locally
    command = [str(Path(sys.executable).with_name("schemathesis"))]
    command += ["--config-file", str(Path(__file__).with_name("schemathesis.toml"))]
    command += ["run", str(described), "--url", service.url, "--report-json-path", str(found), *options]
    command += [f"--include-operation-id={name}" for name in operations]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rates = json.loads(found.read_text(encoding="utf-8"))["valid_rates"]
    return {name: sum(phase["accepted"] for phase in phases.values()) for name, phases in rates.items()}


@pytest.mark.parametrize(
    ("header", "operations"),
    [
        (AS_ATS, OF_ATS),
        (AS_TESTER, ("createSandboxApplication",)),
        (AS_SENDER, ("executeGraphql",)),
        (AS_CLIENT, ("getMyQuality",)),
    ],
    ids=["ATS", "ATS with a test token", "sender of signals", "client"],
)
def test_who_may(service: LocalService, tmp_path: Path, header: str, operations: tuple[str, ...]) -> None:
    """Some requests succeed at every operation; wrong ones, also without the header, get the problem described."""
    header = header.format(service.id_token("client/example"))
    accepted = schemathesis(service, tmp_path, operations, f"--header={header}")
    assert len(accepted) == len(operations)
    assert all(accepted.values()), accepted


def test_who_may_not(service: LocalService, tmp_path: Path) -> None:
    """Any request without a token gets a 401 as described."""
    operations = (*OF_ATS, "getFile", "createSandboxApplication", "executeGraphql", "getMyQuality")
    accepted = schemathesis(service, tmp_path, operations, "--phases=examples,fuzzing")
    assert not any(accepted.values()), accepted


def test_unknown_connections(service: LocalService, tmp_path: Path) -> None:
    """Any delivery to a connection that does not exist, and any question about one, is answered as described."""
    accepted = schemathesis(service, tmp_path, ("deliverWebhook",), "--phases=examples,fuzzing")
    assert not any(accepted.values()), accepted
    header = f"--header={AS_CLIENT.format(service.id_token('client/example'))}"
    accepted = schemathesis(service, tmp_path, ("getConnection",), "--phases=examples,fuzzing", header)
    assert not any(accepted.values()), accepted


def test_unknown_files(service: LocalService, tmp_path: Path) -> None:
    """Any question about one is answered as described."""
    accepted = schemathesis(service, tmp_path, ("getFile",), f"--header={AS_ATS}")
    assert not any(accepted.values()), accepted


def test_clients(service: LocalService, tmp_path: Path) -> None:
    """They get access tokens with the credentials in the body; wrong requests get OAuth's errors as described."""
    accepted = schemathesis(service, tmp_path, ("createAccessToken", "createAccessTokenForIndeed"))
    assert len(accepted) == 2
    assert all(accepted.values()), accepted


def test_board(service: LocalService, tmp_path: Path) -> None:
    """The board can register, erase and read everything; the definitions are public."""
    accepted = schemathesis(
        service, tmp_path, ("registerApplication", "eraseApplication", "getBoardQuality", "getQualityDefinitions")
    )
    assert len(accepted) == 4
    assert all(accepted.values()), accepted
