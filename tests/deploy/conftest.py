"""The built template with the optional facts and events, deployed by sam to an AWS stand-in that runs its functions."""

import os
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from deploy.stack import Stack
from prerequisites import BUILD, SAM
from support import ministack

_NAME = "application-status-test"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack, with a token and an application."""
    with ministack.running() as endpoint:
        _deploy(endpoint, tmp_path_factory.mktemp("deploy"))
        stack = Stack(endpoint, _NAME)
        stack.seed()
        yield stack


def _template() -> Path:
    """Write the built template without what the stand-in lacks: a login style, metric math and composite alarms.

    It does not convert a parameter to a number either, so the concurrency of imports is written in.
    """
    template = yaml.safe_load((BUILD / "template.yaml").read_text(encoding="utf-8"))
    template["Resources"] = {
        name: each
        for name, each in template["Resources"].items()
        if each["Type"] not in {"AWS::CloudWatch::CompositeAlarm", "AWS::Cognito::ManagedLoginBranding"}
        and "Metrics" not in each["Properties"]
    }
    template["Resources"]["FilesMapping"]["Properties"]["ScalingConfig"]["MaximumConcurrency"] = 4
    path = BUILD / "deployed.yaml"
    path.write_text(yaml.safe_dump(template), encoding="utf-8")
    return path


def _deploy(endpoint: str, folder: Path) -> None:
    architecture = "arm64" if platform.machine() in {"aarch64", "arm64"} else "x86_64"
    command = [
        str(SAM), "deploy", "--template-file", str(_template()), "--stack-name", _NAME, "--resolve-s3",
        "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset",
        "--parameter-overrides", f"Architecture={architecture}", "FactsDelivery=on", "EventDelivery=on",
    ]  # fmt: skip
    environment = {**os.environ, "AWS_ENDPOINT_URL": endpoint, "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
