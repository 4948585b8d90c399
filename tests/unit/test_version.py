"""One version, that of pyproject.toml, in all places that show it."""

import tomllib

import pytest
import yaml

from application_status.cli.main import main
from prerequisites import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_command_line_prints_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is 0."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"application-status {PROJECT['version']}\n"


def test_api_is_described_with_the_version() -> None:
    """The version is the one in docs/openapi.yaml."""
    described = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text(encoding="utf-8"))
    assert described["info"]["version"] == PROJECT["version"]
