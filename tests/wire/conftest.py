"""Both ways to the tables, over one ministack, each through a proxy that can do harm."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from application_status.platform import deadlines
from application_status.platform.dynamodb import boto, wire
from application_status.platform.dynamodb.client import Transport
from support import ministack
from support.faulty_proxy import Proxy, proxy
from support.world import TEMPLATE

ENVIRON = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


_closers: list[Callable[[], None]] = []


def over_boto(endpoint: str) -> Transport:
    client = boto.client(endpoint_url=endpoint)
    _closers.append(client.close)
    return boto.transport(client)


def over_wire(endpoint: str) -> wire.Wire:
    made = wire.Wire(endpoint, "us-east-1", wire.CredentialsProvider(ENVIRON))
    _closers.append(made.connection.close)
    return made


both = pytest.mark.parametrize("transport", [over_boto, over_wire], ids=["boto", "wire"])
type Transported = Callable[[str], Transport]


@pytest.fixture(scope="session")
def tables() -> Iterator[str]:
    with ministack.running() as address:
        yield address


@pytest.fixture
def client(tables: str) -> Iterator[Any]:
    """A plain client, with the template's tables there."""
    client = boto3.client("dynamodb", endpoint_url=tables)
    for table in TEMPLATE.tables():
        client.create_table(**table)
    yield client
    for table in TEMPLATE.tables():
        client.delete_table(TableName=table["TableName"])
    client.close()


@pytest.fixture
def way(tables: str, client: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """Start the proxy before the template's tables, with short time-outs and no pauses."""
    assert client.list_tables()["TableNames"]
    for module in (boto, wire):
        monkeypatch.setattr(module, "CONNECT_SECONDS", 0.1)
        monkeypatch.setattr(module, "READ_SECONDS", 0.4)
    monkeypatch.setattr(deadlines, "_FIRST_PAUSE_SECONDS", 0)
    with proxy(tables) as server:
        yield server
        while _closers:
            _closers.pop()()
