"""Runs `application-status analytics` on the tables of a test, and lists all commands."""

from collections.abc import Callable, Iterator

import click
import pytest

from application_status.cli import main as command_line
from application_status.cli.target import Target
from application_status.platform.dynamodb.client import DynamoDB

type Run = Callable[..., tuple[int, str, str]]


def command(dynamodb: DynamoDB, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command; it returns the exit code, the output without logs, and the errors."""
    target = Target(None, "nowhere")
    target.dynamodb = dynamodb
    monkeypatch.setattr(command_line, "Target", lambda *_: target)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = command_line.main(["analytics", *arguments])
        out, err = capsys.readouterr()
        return code, "".join(line for line in out.splitlines(keepends=True) if not line.startswith("{")), err

    return run


def words(command: click.Command) -> Iterator[tuple[str, ...]]:
    """Yield every command below one, as its words."""
    if not isinstance(command, click.Group):
        yield ()
        return
    for name, below in command.commands.items():
        yield from ((name, *rest) for rest in words(below))
