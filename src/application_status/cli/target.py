"""The target of a command: a deployed stack, or the local service."""

import getpass
import re
from functools import cached_property
from threading import Lock
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from application_status.access.audit import AuditLog
from application_status.platform import kms
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB, DynamoDBError
from application_status.platform.settings import read
from application_status.platform.values import AtsId
from application_status.quality.counting.stream import AnalyticsSettings

LOCAL_TABLES = "http://127.0.0.1:4566"
LOCAL_API = "http://127.0.0.1:3000"
_LOCAL_ANALYTICS = {"QUALITY_TABLE": "QualityTable", "REPORTING_TIME_ZONE": "Europe/Berlin"}
_LOCAL_TOKEN_DAYS = 365
_READS = ("BatchGet", "Describe", "Get", "Head", "List", "Query", "Scan")
"""How the names of all operations begin that change nothing."""

_ATS_ID = re.compile(r"[0-9A-Za-z._:-]{1,64}")


class Target:
    """A deployed stack by its name, or the local service by the addresses of its tables and its API.

    Before the first call of a command that changes anything, through a client of this class, an entry is written to the
    audit log.
    """

    def __init__(self, stack: str | None, local_tables: str, local_api: str = LOCAL_API) -> None:
        self.name = f"the stack {stack}" if stack else f"the local service at {local_tables}"
        self.stack = stack
        self._local_api = local_api.rstrip("/")
        local = {"endpoint_url": local_tables, "region_name": "us-east-1"}
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
        self._where: dict[str, Any] = {} if stack else local | keys
        self._is_recorded = False
        self._recording = Lock()

    @cached_property
    def dynamodb(self) -> DynamoDB:
        """The client of the target's tables."""
        return DynamoDB(boto.transport(self._recorded(boto.client(**self._where))))

    @cached_property
    def kms(self) -> Any:
        """The client of the target's keys."""
        return self._recorded(kms.client(**self._where))

    @cached_property
    def s3(self) -> Any:
        """The client of the target's buckets."""
        return self.client("s3")

    def client(self, service: str, **options: Any) -> Any:
        """Return a client of another service of AWS; the options are those of `boto3.client`."""
        return self._recorded(boto3.client(service, **self._where, **options))

    @cached_property
    def operator(self) -> str:
        """The ARN of the operator, or the user of the operating system for the local service."""
        if self.stack is None:
            return getpass.getuser()
        arn: str = boto3.client("sts").get_caller_identity()["Arn"]
        return arn

    def table(self, logical_id: str) -> str:
        """Return the name of a table or bucket: from the stack, or its logical id locally."""
        return logical_id if self.stack is None else _physical_id(self.stack, logical_id)

    def restored(self, table: str) -> str:
        """Return the name of a table that AWS restored, or of a former one.

        Raises:
            LookupError: there is no such table.
        """
        try:
            self.dynamodb("DescribeTable", TableName=table)
        except DynamoDBError as error:
            if error.code != "ResourceNotFoundException":
                raise
            raise LookupError(f"there is no table {table} in this account and region; check --from") from error
        return table

    def key(self, logical_id: str) -> str:
        """Return the id of a KMS key: from the stack, or its alias locally."""
        return f"alias/{logical_id}" if self.stack is None else _physical_id(self.stack, logical_id)

    def bucket(self, logical_id: str) -> str | None:
        """Return the name of a bucket, or None if the target does not have it, e.g. because it delivers no facts."""
        if self.stack is None:
            names = [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]]
            return logical_id if logical_id in names else None
        try:
            return _physical_id(self.stack, logical_id)
        except LookupError:
            return None

    def token_days(self) -> int:
        """Return after how many days a token expires by default."""
        return _LOCAL_TOKEN_DAYS if self.stack is None else int(self._output(self.stack, "TokenDays"))

    def api_url(self) -> str:
        """Return the base URL of the API."""
        return self._local_api if self.stack is None else self._output(self.stack, "ApiUrl")

    def _output(self, stack: str, name: str) -> str:
        (described,) = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        values = {each["OutputKey"]: str(each["OutputValue"]) for each in described.get("Outputs", ())}
        if name not in values:
            raise LookupError(f"{self.name} has no output {name}; deploy this release")
        return values[name]

    def analytics(self) -> AnalyticsSettings:
        """Return the settings of the analytics function: as deployed, or the template's defaults locally."""
        if self.stack is None:
            return read(AnalyticsSettings, _LOCAL_ANALYTICS)
        return read(AnalyticsSettings, _environment(self.stack, "AnalyticsFunction"))

    @cached_property
    def cognito(self) -> Any:
        """The client of the stack's user pool."""
        return self.client("cognito-idp")

    @cached_property
    def user_pool_id(self) -> str:
        """The id of the stack's user pool, which is the last part of its address.

        Raises:
            LookupError: there is no such stack, or it is the local service.
        """
        if self.stack is None:
            raise LookupError("the local service has no user pool of Cognito")
        return _environment(self.stack, "SignInFunction")["USER_POOL_ISSUER"].rpartition("/")[2]

    def _recorded(self, client: Any) -> Any:
        command = click.get_current_context()

        def record(model: Any, **_: Any) -> None:
            if not model.name.startswith(_READS):
                self.record(command)

        client.meta.events.register("before-call", record)
        return client

    def record(self, command: click.Context) -> None:
        """Write the command's entry in the audit log, if it is not written yet."""
        with self._recording:  # calls from other threads wait until the entry is written
            if not self._is_recorded:
                log = AuditLog(boto.connect(**self._where), self.table("AuditTable"))
                log.add(self.operator, command.command_path.partition(" ")[2], command.params)
                self._is_recorded = True


pass_target = click.make_pass_decorator(Target)
"""Decorates a command, whose first argument is then the target."""


def ats_id(text: str) -> AtsId:
    """Return a text as the id of an ATS.

    Raises:
        ValueError: it is not valid.
    """
    if not _ATS_ID.fullmatch(text):
        raise ValueError(f"'{text}' is not the id of an ATS: 1 to 64 letters, digits and . _ : -")
    return AtsId(text)


class AtsIdType(click.ParamType[AtsId]):
    """The id of an ATS, as an argument."""

    name = "id"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> AtsId:
        """Return the id; refuse one that is not valid."""
        try:
            return ats_id(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


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
            "AWS_DEFAULT_REGION, or deploy this release"
        ) from error
    name: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return name
