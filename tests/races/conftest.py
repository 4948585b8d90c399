"""Many containers at once: threads with a handler and a client each, over one ministack."""

from collections.abc import Iterator

import boto3
import pytest

from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.telemetry import metrics
from support import ministack
from support.concurrency import CROWD
from support.world import TEMPLATE, World


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with ministack.running() as address:
        yield address


@pytest.fixture(scope="session")
def clients(endpoint: str) -> list[DynamoDB]:
    """The real doors, time-outs included, one for each container."""
    return [connect(endpoint_url=endpoint) for _ in range(CROWD)]


@pytest.fixture
def world(endpoint: str) -> Iterator[World]:
    """The template's tables with two ATSs, as one client sees them."""
    client = boto3.client("dynamodb", endpoint_url=endpoint)
    yield World(client)
    for table in TEMPLATE.tables():
        client.delete_table(TableName=table["TableName"])


@pytest.fixture(autouse=True)
def _no_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics belong to a container, which does one thing at a time; here many share one process."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)
    monkeypatch.setattr(metrics, "flush_metrics", lambda: None)
