"""Reads template.yaml, for the tables, queues, routes, settings and gateway responses of the local service."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).parents[3] / "template.yaml"

_TABLE_PARTS = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
_FILTER = re.compile(r'\{ \$\.(\w+) = "\*" \}')
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
_PARAMETER = re.compile(r"\$\{([\w:]+)\}")
_PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "local",
    "AWS::URLSuffix": "localhost",
}


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the API: its path with {parameters}, its method or `any`, its function, its authorizer or None."""

    path: str
    method: str
    function: str
    authorizer: str | None

    def takes(self, method: str) -> bool:
        """Return whether requests with this method come here, if no other route of the path has just this method."""
        return self.method == "any" or self.method.upper() == method  # methods are case-sensitive


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """An event source mapping from a table's stream to a function; ages in seconds."""

    function: str
    table: str
    batch_size: int
    bisect: bool
    maximum_retry_attempts: int
    maximum_record_age_seconds: int
    report_batch_item_failures: bool


@dataclass(frozen=True, slots=True)
class QueueMapping:
    """An event source mapping from a queue to a function."""

    function: str
    queue: str
    batch_size: int


@dataclass(frozen=True, slots=True)
class LogSubscription:
    """A function's subscription to log lines that have a field."""

    function: str
    field: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """A function that is called again and again, and the seconds between two calls."""

    function: str
    seconds: float


@dataclass(frozen=True, slots=True)
class GatewayResponse:
    """An error response of the gateway itself.

    In the body, `$context.requestId` is a placeholder for the request's id, and `$context.error.messageString` for the
    error as a JSON string.
    """

    status: int
    headers: Mapping[str, str]
    body: str


class Template:
    """The template with its parameters' defaults, or the values given; each resource is named by its logical id.

    Resources whose condition is false are left out.
    """

    def __init__(self, parameters: Mapping[str, str] | None = None, path: Path = PATH) -> None:
        content = read_template(path)
        defaults = {name: str(each["Default"]) for name, each in content["Parameters"].items()}
        self._values = {**_PSEUDO, **defaults, **(parameters or {})}
        self._conditions: Mapping[str, Any] = content["Conditions"]
        self._resources: Mapping[str, Any] = {
            name: each for name, each in content["Resources"].items() if self._exists(each.get("Condition"))
        }
        self._globals: Mapping[str, Any] = content["Globals"]["Function"]

    def tables(self) -> Iterator[dict[str, Any]]:
        """Yield each table as a CreateTable request, without backup, encryption and expiry."""
        for name, properties in self._of_type("AWS::DynamoDB::Table"):
            stream = properties.get("StreamSpecification")
            yield {
                "TableName": name,
                **{part: properties[part] for part in _TABLE_PARTS if part in properties},
                **({"StreamSpecification": {"StreamEnabled": True, **stream}} if stream else {}),
            }

    def buckets(self) -> list[str]:
        """Return the names of the buckets."""
        return [name for name, _ in self._of_type("AWS::S3::Bucket")]

    def uploads(self) -> list[dict[str, Any]]:
        """Return what buckets send to queues, each as a PutBucketNotificationConfiguration request."""
        return [
            {
                "Bucket": name,
                "NotificationConfiguration": {
                    "QueueConfigurations": [
                        {
                            "QueueArn": _queue_arn(each["Queue"]),
                            "Events": [each["Event"]],
                            "Filter": {"Key": {"FilterRules": each["Filter"]["S3Key"]["Rules"]}},
                        }
                        for each in properties["NotificationConfiguration"]["QueueConfigurations"]
                    ]
                },
            }
            for name, properties in self._of_type("AWS::S3::Bucket")
            if "NotificationConfiguration" in properties
        ]

    def queues(self) -> list[dict[str, Any]]:
        """Return each queue as a CreateQueue request; queues of dead letters come before those that name them."""
        requests = [
            {"QueueName": name, "Attributes": _queue_attributes(properties)}
            for name, properties in self._of_type("AWS::SQS::Queue")
        ]
        return sorted(requests, key=lambda each: "RedrivePolicy" in each["Attributes"])

    def kms_keys(self) -> list[str]:
        """Return the names of the KMS keys."""
        return [name for name, _ in self._of_type("AWS::KMS::Key")]

    def handlers(self) -> dict[str, str]:
        """Return each function's handler, as module.name."""
        return {name: properties["Handler"] for name, properties in self._functions()}

    def environment(self, function: str) -> dict[str, str]:
        """Return a function's environment variables; a table's name is its logical id, and so is a queue's URL.

        Raises:
            NotImplementedError: the local service can't resolve a value.
        """
        own = self._resources[function]["Properties"]["Environment"]["Variables"]
        variables = {**self._globals["Environment"]["Variables"], **own}
        return {name: self._resolve(value) for name, value in variables.items()}

    def routes(self) -> list[Route]:
        """Return the API's routes, those first that API Gateway prefers.

        It prefers a fixed part of a path to a {parameter}, and a method to any.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
        """
        routes = [
            Route(event["Path"], event["Method"], function, event.get("Auth", {}).get("Authorizer"))
            for function, event in self._events("Api")
        ]
        return sorted(
            routes, key=lambda route: ([part.startswith("{") for part in route.path.split("/")], route.method == "any")
        )

    def stream_mappings(self) -> list[StreamMapping]:
        """Return the functions' stream sources."""
        return [
            StreamMapping(
                function=function,
                table=_resource(event["Stream"]),
                batch_size=event["BatchSize"],
                bisect=event["BisectBatchOnFunctionError"],
                maximum_retry_attempts=event["MaximumRetryAttempts"],
                maximum_record_age_seconds=event["MaximumRecordAgeInSeconds"],
                report_batch_item_failures="ReportBatchItemFailures" in event["FunctionResponseTypes"],
            )
            for function, event in self._events("DynamoDB")
        ]

    def queue_mappings(self) -> list[QueueMapping]:
        """Return the functions' queues."""
        return [
            QueueMapping(
                function=properties["FunctionName"]["Ref"].removesuffix(".Alias"),
                queue=_resource(properties["EventSourceArn"]),
                batch_size=properties["BatchSize"],
            )
            for _, properties in self._of_type("AWS::Lambda::EventSourceMapping")
        ]

    def log_subscriptions(self) -> list[LogSubscription]:
        """Return the functions' log sources, each once, because all functions share one log here."""
        found = [
            LogSubscription(function, _FILTER.fullmatch(event["FilterPattern"])[1])  # type: ignore[index]
            for function, event in self._events("CloudWatchLogs")
        ]
        return list(dict.fromkeys(found))

    def schedules(self) -> list[Schedule]:
        """Return the functions' schedules; each must be a rate."""
        found = []
        for function, event in self._events("Schedule"):
            number, unit = _RATE.fullmatch(self._resolve(event["Schedule"])).groups()  # type: ignore[union-attr]
            found.append(Schedule(function, int(number) * _SECONDS[unit]))
        return found

    def gateway_response(self, kind: str, status: int = 0) -> GatewayResponse:
        """Return a gateway response by its type, e.g. DEFAULT_4XX; `status` is used if the response has none."""
        ((_, api),) = self._of_type("AWS::Serverless::Api")
        response = api["GatewayResponses"][kind]
        headers = response["ResponseParameters"]["Headers"]
        return GatewayResponse(
            status=response.get("StatusCode", status),
            headers={name: value.strip("'") for name, value in headers.items()},
            body=self._resolve(response["ResponseTemplates"]["application/json"]),
        )

    def _functions(self) -> Iterator[tuple[str, Any]]:
        return self._of_type("AWS::Serverless::Function")

    def _events(self, kind: str) -> Iterator[tuple[str, Any]]:
        for function, properties in self._functions():
            for event in properties.get("Events", {}).values():
                if event["Type"] == kind:
                    yield function, event["Properties"]

    def _of_type(self, kind: str) -> Iterator[tuple[str, Any]]:
        for name, resource in self._resources.items():
            if resource["Type"] == kind:
                yield name, resource["Properties"]

    def _exists(self, condition: str | None) -> bool:
        """Return whether a resource with this condition is created; one without a condition always is."""
        return condition is None or self._holds(self._conditions[condition])

    def _holds(self, condition: Mapping[str, Any]) -> bool:
        ((intrinsic, argument),) = condition.items()
        match intrinsic:
            case "Fn::Equals":
                left, right = map(self._resolve, argument)
                return left == right
            case "Fn::Not":
                return not self._holds(argument[0])
            case "Fn::And":
                return all(map(self._holds, argument))
            case "Fn::Or":
                return any(map(self._holds, argument))
            case "Fn::Condition":
                return self._exists(argument)
        raise NotImplementedError(f"the local service can't resolve {json.dumps(condition)}")

    def _resolve(self, value: Any) -> str:
        """Resolve a value; an attribute of a resource, e.g. its ARN, is its name: `UserPool.Arn`."""
        if not isinstance(value, Mapping):
            return str(value)
        ((intrinsic, argument),) = value.items()
        match intrinsic:
            case "Ref":
                return self._values.get(str(argument), str(argument))
            case "Fn::GetAtt":
                return str(argument)
            case "Fn::If":
                condition, then, otherwise = argument
                return self._resolve(then if self._exists(condition) else otherwise)
            case "Fn::Sub":
                text, own = argument if isinstance(argument, list) else (argument, {})
                return _PARAMETER.sub(lambda found: self._resolve(own.get(found[1], {"Ref": found[1]})), text)
        raise NotImplementedError(f"the local service can't resolve {json.dumps(value)}")


def read_template(path: Path = PATH) -> dict[str, Any]:
    """Read a template; short forms of intrinsic functions become long ones: !Ref X is {"Ref": "X"}."""
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  # a SafeLoader
    return content


def pattern(path: str) -> re.Pattern[str]:
    """Return a pattern that matches a route's path, with a group for each {parameter}; {proxy+} matches the rest."""
    greedy = re.sub(r"\\{(\w+)\\\+\\}", r"(?P<\1>.+)", re.escape(path))
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", greedy))


def _queue_attributes(properties: Mapping[str, Any]) -> dict[str, str]:
    attributes = {}
    if "VisibilityTimeout" in properties:
        attributes["VisibilityTimeout"] = str(properties["VisibilityTimeout"])
    if redrive := properties.get("RedrivePolicy"):
        target = _queue_arn(redrive["deadLetterTargetArn"])
        attributes["RedrivePolicy"] = json.dumps(redrive | {"deadLetterTargetArn": target})
    return attributes


def _queue_arn(reference: Mapping[str, str]) -> str:
    return f"arn:aws:sqs:{_PSEUDO['AWS::Region']}:{_PSEUDO['AWS::AccountId']}:{_resource(reference)}"


def _resource(reference: Mapping[str, str]) -> str:
    """Return the resource whose attribute a value is: {"Fn::GetAtt": "Table.StreamArn"}."""
    return reference["Fn::GetAtt"].partition(".")[0]


class _Loader(yaml.CSafeLoader):
    """A loader that reads short forms of CloudFormation as long ones: !Ref X as {"Ref": "X"}."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    else:
        value = loader.construct_sequence(node, deep=True)  # type: ignore[arg-type]  # the short forms take lists
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)
