"""The service over moto, in this process; tables on a server; and what is logged."""

from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO

import boto3
import pytest
from moto import mock_aws

from application_status.local.tables import TableServer
from application_status.platform.telemetry import logger
from support.faults import table_server
from support.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"))


@pytest.fixture(scope="module")
def server() -> Iterator[TableServer]:
    with table_server() as server:
        yield server


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What goes to standard output, which is the log in Lambda."""
    with redirect_stdout(StringIO()) as out:
        for handler in logger.handlers:
            monkeypatch.setattr(handler, "stream", out)
        yield out
