"""Unit tests do no I/O: sockets are off. The template is expanded once, by SAM's own translator, without AWS."""

import json
import os
import subprocess
from typing import Any

import pytest
from pytest_socket import disable_socket

from prerequisites import ROOT, SAM_PYTHON

# Building puts an S3 address where the code lies; the translator wants to see one.
EXPAND = """
import json, sys
from pathlib import Path
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

class NoManagedPolicies:
    def load(self):
        return {}

template = yaml_parse(Path(sys.argv[1]).read_text(encoding="utf-8"))
template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
print(json.dumps(transform(template, json.loads(sys.argv[2]), NoManagedPolicies())))
"""


@pytest.fixture(autouse=True)
def _no_sockets() -> None:
    disable_socket()


def expand(**parameters: str) -> dict[str, Any]:
    command = [str(SAM_PYTHON), "-c", EXPAND, str(ROOT / "template.yaml"), json.dumps(parameters)]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "eu-central-1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    template: dict[str, Any] = json.loads(done.stdout)
    return template


@pytest.fixture(scope="session")
def expanded() -> dict[str, Any]:
    return expand()


@pytest.fixture(scope="session")
def with_canary() -> dict[str, Any]:
    return expand(Canary="Canary10Percent10Minutes")


@pytest.fixture
def resources(expanded: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = expanded["Resources"]
    return found


@pytest.fixture
def api(resources: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = resources["Api"]["Properties"]["Body"]
    return body
