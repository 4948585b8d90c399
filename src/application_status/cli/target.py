"""The target of a command: a deployed stack, or the local service."""

import re
from functools import cached_property
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

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
        self.stack = stack
        self._local_tables = local_tables

    @cached_property
    def dynamodb(self) -> DynamoDB:
        """The client of the target's tables."""
        if self.stack:
            return connect()
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        return connect(endpoint_url=self._local_tables, region_name="us-east-1", **keys)

    def table(self, logical_id: str) -> str:
        """Return the name of a table: from the stack, or its logical id locally."""
        return logical_id if self.stack is None else _physical_id(self.stack, logical_id)

    def analytics(self) -> AnalyticsSettings:
        """Return the settings of the analytics function: as deployed, or the template's defaults locally."""
        if self.stack is None:
            return read(AnalyticsSettings, _LOCAL_ANALYTICS)
        return read(AnalyticsSettings, _environment(self.stack, "AnalyticsFunction"))

    @cached_property
    def cognito(self) -> Any:
        """The client of the stack's user pool."""
        return boto3.client("cognito-idp")

    @cached_property
    def user_pool_id(self) -> str:
        """The id of the stack's user pool, which is the last part of its address.

        Raises:
            LookupError: there is no such stack, or it is the local service.
        """
        if self.stack is None:
            raise LookupError("the local service has no user pool of Cognito")
        return _environment(self.stack, "SignInFunction")["USER_POOL_ISSUER"].rpartition("/")[2]


pass_target = click.make_pass_decorator(Target)
"""Decorates a command, whose first argument is then the target."""


class AtsIdType(click.ParamType[AtsId]):
    """The id of an ATS, as an argument."""

    name = "id"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> AtsId:
        """Return the id; refuse one that is not valid."""
        if not _ATS_ID.fullmatch(value):
            self.fail(f"{value!r} is not the id of an ATS: 1 to 64 letters, digits and . _ : -", param, ctx)
        return AtsId(value)


def _environment(stack: str, function: str) -> dict[str, str]:
    """Return the environment variables of a deployed function."""
    name = _physical_id(stack, function)
    deployed = boto3.client("lambda").get_function_configuration(FunctionName=name, Qualifier="live")
    variables: dict[str, str] = deployed["Environment"]["Variables"]
    return variables


def _physical_id(stack: str, logical_id: str) -> str:
    """Return the name of a resource of a stack.

    Raises:
        LookupError: there is no such stack here, or it lacks the resource.
    """
    stacks = boto3.client("cloudformation")
    try:
        found = stacks.describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise LookupError(
            f"{error.response['Error']['Message']} in {stacks.meta.region_name}; check --stack, AWS_PROFILE and "
            "AWS_REGION, or deploy this release"
        ) from error
    name: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return name
