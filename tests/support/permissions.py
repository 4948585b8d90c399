"""The permissions of each function's role in template.yaml, and those that a call to DynamoDB takes."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from application_status.local.template import Template
from application_status.platform.dynamodb.client import DynamoDB

_TEMPLATE = Template({"FactsDelivery": "on", "EventDelivery": "on"})
_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


class Permission(NamedTuple):
    """An action and the resource it is done to: a table, `Table/index/Name`, `Table/stream` or `Bucket/*`."""

    action: str
    resource: str


_KEEP_WHAT_FAILED = {
    Permission("s3:ListBucket", "FailedRecordsBucket"),
    Permission("s3:PutObject", "FailedRecordsBucket/*"),
}


def allowed(function: str) -> set[Permission]:
    """Return what a function's role in the template allows."""
    resources = _TEMPLATE._resources  # noqa: SLF001  # the local service has no roles, so that nothing else reads them
    role = resources[resources[function]["Properties"]["Role"]["Fn::GetAtt"].partition(".")[0]]
    found = set()
    for either in role["Properties"]["Policies"]:
        policy = either["Fn::If"][1] if "Fn::If" in either else either  # everything optional is switched on here
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement.keys() - {"Condition"} == {"Effect", "Action", "Resource"}, statement
            assert ("Condition" in statement) is (statement["Action"] == "kms:Decrypt"), statement
            assert statement["Effect"] == "Allow", statement
            actions, resources_named = _as_list(statement["Action"]), _as_list(statement["Resource"])
            found |= {Permission(action, _name(resource)) for action in actions for resource in resources_named}
    return found


def of_lambda(function: str) -> set[Permission]:
    """Return what Lambda itself does under a function's role: writes logs, reads stream and queue, keeps what failed.

    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    found = {Permission(f"logs:{each}", _logs(function)) for each in ("CreateLogStream", "PutLogEvents")}
    for mapping in _TEMPLATE.stream_mappings():
        if mapping.function == function:
            stream = f"{mapping.table}/stream"
            found |= {
                Permission(f"dynamodb:{each}", stream) for each in ("DescribeStream", "GetRecords", "GetShardIterator")
            }
            found |= {Permission("dynamodb:ListStreams", f"{stream}/*"), *_KEEP_WHAT_FAILED}
    for mapping in _of_queues(function):
        queue = mapping["EventSourceArn"]["Fn::GetAtt"].removesuffix(".Arn")
        found |= {
            Permission(f"sqs:{each}", queue) for each in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
        }
    if "EventInvokeConfig" in _TEMPLATE._resources[function]["Properties"]:  # noqa: SLF001
        found |= _KEEP_WHAT_FAILED
    return found


def needed(operation: str, request: Mapping[str, Any]) -> Iterator[Permission]:
    """Yield the permissions that a call takes; a transaction takes those of its actions.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    """
    if operation == "TransactWriteItems":
        for action in request["TransactItems"]:
            ((name, content),) = action.items()
            yield Permission(f"dynamodb:{_ACTIONS[name]}", content["TableName"])
    elif "RequestItems" in request:
        for table in request["RequestItems"]:
            yield Permission(f"dynamodb:{operation}", table)
    else:
        index = f"/index/{request['IndexName']}" if "IndexName" in request else ""
        yield Permission(f"dynamodb:{operation}", request["TableName"] + index)


class UnderRole(DynamoDB):
    """A function's client: it passes on the calls that the function's role allows, and keeps what they took."""

    def __init__(self, dynamodb: DynamoDB, function: str, used: set[Permission]) -> None:
        self._dynamodb = dynamodb
        self._function = function
        self._allowed = allowed(function)
        self._used = used

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        calls = set(needed(operation, request))
        if not calls <= self._allowed:
            pytest.fail(f"the role of {self._function} in template.yaml does not allow {calls - self._allowed}")
        self._used |= calls
        return self._dynamodb(operation, **request)


def _of_queues(function: str) -> Iterator[Any]:
    for _, mapping in _TEMPLATE._of_type("AWS::Lambda::EventSourceMapping"):  # noqa: SLF001
        if mapping["FunctionName"]["Ref"] == f"{function}.Alias":
            yield mapping


def _logs(function: str) -> str:
    logs: str = _TEMPLATE._resources[function]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]  # noqa: SLF001
    return logs


def _name(resource: Any) -> str:
    ((intrinsic, argument),) = resource.items()
    text = f"${{{argument}}}" if intrinsic == "Fn::GetAtt" else argument
    text = re.sub(r"^arn:.*:schedule/\$\{(\w+)\}", r"\1", text)
    return re.sub(r"\$\{(\w+)\.(Arn|StreamArn)\}", lambda m: m[1] + ("/stream" if m[2] == "StreamArn" else ""), text)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
