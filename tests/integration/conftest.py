"""The service over moto, in this process."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from support import World


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"))
