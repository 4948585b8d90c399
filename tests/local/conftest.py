"""The local service as a process, one for each file of tests."""

import signal
from collections.abc import Iterator

import pytest

from local.process import LocalService


@pytest.fixture(scope="module")
def service() -> Iterator[LocalService]:
    service = LocalService()
    try:
        service.line("Ctrl-C stops")
        yield service
    finally:
        if service.process.poll() is None:
            service.end(signal.SIGTERM)
