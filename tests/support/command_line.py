"""Running `application-status analytics` over a World: exit code, output and errors."""

from collections.abc import Callable

import pytest

from application_status.cli import main as command_line
from application_status.cli.target import Target
from application_status.platform.dynamodb.client import DynamoDB

type Run = Callable[..., tuple[int, str, str]]


def command(dynamodb: DynamoDB, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs `application-status analytics` with a client: exit code, output without logs, errors."""
    target = Target(None, "nowhere")
    target.dynamodb = dynamodb
    monkeypatch.setattr(command_line, "Target", lambda *_: target)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = command_line.main(["analytics", *arguments])
        out, err = capsys.readouterr()
        return code, "".join(line for line in out.splitlines(keepends=True) if not line.startswith("{")), err

    return run
