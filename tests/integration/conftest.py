"""The service over moto, in this process; tables on a server; and what is logged."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import boto3
import pytest
from moto import mock_aws
from moto.moto_api._internal.models import moto_api_backend

from application_status.applications.record import UnknownApplications
from application_status.local.tables import TableServer
from support.faults import fresh_client, table_server
from support.log_lines import log
from support.world import World

__all__ = ["log"]

type NewWorld = Callable[..., World]


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"))


@pytest.fixture(params=["boto3", "deployed transport"])
def new_world(request: pytest.FixtureRequest) -> Iterator[NewWorld]:
    """Make an empty World, with the webhook over boto3, in this process, or over its own transport, to a server."""
    worlds: list[World] = []

    def make(unknown: UnknownApplications = UnknownApplications.REJECT) -> World:
        if request.param == "boto3":
            moto_api_backend.reset()
            worlds.append(World(boto3.client("dynamodb"), unknown))
        else:
            server = request.getfixturevalue("server")
            worlds.append(World(fresh_client(server), unknown, endpoint=server.url))
        return worlds[-1]

    with mock_aws() if request.param == "boto3" else nullcontext():
        yield make
    for world in worlds:
        world.close()


@pytest.fixture(scope="module")
def server() -> Iterator[TableServer]:
    with table_server() as server:
        yield server
