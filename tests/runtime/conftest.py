"""The built functions under Lambda's runtime, over the tables that `make run` has."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from application_status.access.register import TokenRegister
from application_status.applications.register import Registrations
from application_status.local import demo
from application_status.local.tables import TableServer
from application_status.platform.dynamodb.boto import connect
from runtime.emulator import Function, running
from support.eventbridge import open_bus
from support.firehose import open_stream
from support.world import TEMPLATE

type Start = Callable[..., Function]


@pytest.fixture(scope="module")
def tables() -> Iterator[str]:
    """The demo's tables, a stream for facts and a bus for events, on a port of their own; yields where."""
    server = TableServer(TEMPLATE, "127.0.0.1", 0)
    try:
        dynamodb = connect(endpoint_url=server.url)
        open_stream(endpoint_url=server.url)
        open_bus(endpoint_url=server.url)
        demo.seed(TokenRegister(dynamodb, "TokensTable"), Registrations(dynamodb, "ApplicationsTable", "AliasesTable"))
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def start(tables: str, tmp_path: Path) -> Iterator[Start]:
    """Starts functions, which stop at the test's end."""
    with ExitStack() as stack:

        def started(function: str, **changes: str | None) -> Function:
            endpoints = {
                f"AWS_ENDPOINT_URL_{service}": tables
                for service in ("DYNAMODB", "EVENTBRIDGE", "FIREHOSE", "S3", "SCHEDULER")
            }
            return stack.enter_context(running(function, tmp_path / f"{function}.log", **endpoints | changes))

        yield started
