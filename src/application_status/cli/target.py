"""The target of a command: a deployed stack, or the local service."""

import argparse
import re
from functools import cached_property

import boto3

from application_status.platform.dynamodb.boto import connect
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.settings import read
from application_status.platform.values import AtsId
from application_status.quality.counting.stream import AnalyticsSettings

LOCAL_TABLES = "http://127.0.0.1:4566"
_LOCAL_ANALYTICS = {"QUALITY_TABLE": "QualityTable", "REPORTING_TIME_ZONE": "Europe/Berlin"}
_ATS_ID = re.compile(r"[0-9A-Za-z._:-]{1,64}")


class Target:
    """A deployed stack by its name, or the local service by the address of its tables."""

    def __init__(self, stack: str | None, local_tables: str) -> None:
        self.name = f"the stack {stack}" if stack else f"the local service at {local_tables}"
        self._stack = stack
        self._local_tables = local_tables

    @cached_property
    def dynamodb(self) -> DynamoDB:
        """The client of the target's tables."""
        if self._stack:
            return connect()
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        return connect(endpoint_url=self._local_tables, region_name="us-east-1", **keys)

    def table(self, logical_id: str) -> str:
        """Return the name of a table: from the stack, or its logical id locally."""
        return logical_id if self._stack is None else _physical_id(self._stack, logical_id)

    def analytics(self) -> AnalyticsSettings:
        """Return the settings of the analytics function: as deployed, or the template's defaults locally."""
        if self._stack is None:
            return read(AnalyticsSettings, _LOCAL_ANALYTICS)
        function = _physical_id(self._stack, "AnalyticsFunction")
        deployed = boto3.client("lambda").get_function_configuration(FunctionName=function, Qualifier="live")
        return read(AnalyticsSettings, deployed["Environment"]["Variables"])


def _physical_id(stack: str, logical_id: str) -> str:
    stacks = boto3.client("cloudformation")
    found = stacks.describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
    name: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return name


def ats_id(text: str) -> AtsId:
    """Parse the id of an ATS, as an argument."""
    if not _ATS_ID.fullmatch(text):
        raise argparse.ArgumentTypeError("1 to 64 letters, digits and . _ : -")
    return AtsId(text)
