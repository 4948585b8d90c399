"""The store of the promises: ministack, whose conditional writes are correct under concurrent requests, or memory."""

from collections.abc import Iterator

import pytest

from support import ministack
from support.log_lines import log
from support.proof import figure

__all__ = ["figure", "log"]


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with ministack.running() as address:
        yield address
