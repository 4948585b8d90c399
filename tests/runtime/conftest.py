"""The built functions under Lambda's runtime, over the tables that `make run` has."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, override

import pytest

from application_status.access.register import TokenRegister
from application_status.applications.register import Registrations
from application_status.local import demo, hire
from application_status.local.tables import TableServer
from application_status.platform import kms
from application_status.platform.dynamodb.boto import connect
from runtime.emulator import Function, running
from support.eventbridge import open_bus
from support.firehose import open_stream
from support.world import TEMPLATE

type Start = Callable[..., Function]


class _WithSchedules(TableServer):
    """A server that also keeps schedules, which `make run` has no use for."""

    @override
    def _wrong(self, environ: Mapping[str, Any]) -> str | None:
        is_schedule = environ["PATH_INFO"].split("/")[1] in {"schedules", "schedule-groups"}
        return None if is_schedule else super()._wrong(environ)


@pytest.fixture(scope="module")
def tables() -> Iterator[str]:
    """The demo's tables, a stream for facts and a bus for events, on a port of their own; yields where."""
    server = _WithSchedules(TEMPLATE, "127.0.0.1", 0)
    try:
        dynamodb = connect(endpoint_url=server.url)
        open_stream(endpoint_url=server.url)
        open_bus(endpoint_url=server.url)
        demo.seed(TokenRegister(dynamodb, "TokensTable"), Registrations(dynamodb, "ApplicationsTable", "AliasesTable"))
        hire.seed(dynamodb, kms.client(endpoint_url=server.url))
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
                for service in ("DYNAMODB", "EVENTBRIDGE", "FIREHOSE", "KMS", "S3", "SCHEDULER", "SQS")
            }
            return stack.enter_context(running(function, tmp_path / f"{function}.log", **endpoints | changes))

        yield started
