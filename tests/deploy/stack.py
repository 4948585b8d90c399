"""A deployed stack: its resources by logical id, its functions by alias, its tables."""

import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3

from application_status.access.connections import ConnectionRegister, Created
from application_status.access.envelope import Envelope
from application_status.access.register import TokenRegister
from application_status.applications.register import Registrations
from application_status.applications.rules.report import Channel
from application_status.health.counts import Health
from application_status.platform.dynamodb.boto import connect
from application_status.platform.kms import DataKeys
from application_status.quality.rules.contribution import Cell
from support.counters import counters
from support.world import ALIASES, APPLICATION, ATS, SIGNALLED_APPLICATION, TEMPLATE, TEST_TOKEN, TOKEN, registration

ROOT = Path(__file__).parents[2]


class Stack:
    """What the tests do with a stack."""

    def __init__(self, endpoint: str, name: str) -> None:
        self.endpoint, self.name = endpoint, name
        self._lambda = boto3.client("lambda", endpoint_url=endpoint)
        self._tables = boto3.client("dynamodb", endpoint_url=endpoint)
        self._dynamodb = connect(endpoint_url=endpoint)
        formation = boto3.client("cloudformation", endpoint_url=endpoint)
        found = formation.describe_stack_resources(StackName=name)["StackResources"]
        self.resources: Mapping[str, str] = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}

    def seed(self) -> None:
        """Store tokens and applications straight in the tables."""
        tokens = TokenRegister(self._dynamodb, self.resources["TokensTable"])
        tokens.add(TOKEN, ATS)
        tokens.add(TEST_TOKEN, ATS)
        tables = self.resources["ApplicationsTable"], self.resources["AliasesTable"]
        registrations = Registrations(self._dynamodb, *tables)
        registrations.register(APPLICATION, registration())
        registrations.register(SIGNALLED_APPLICATION, registration(aliases=ALIASES, client_id="client-3"))

    def connection(self, provider: Channel, secret: str) -> Created:
        """Create a connection, whose secret the deployed key encrypts."""
        envelope = Envelope(DataKeys(boto3.client("kms", endpoint_url=self.endpoint)))
        table, key_id = self.resources["ConnectionsTable"], self.resources["SecretsKey"]
        register = ConnectionRegister(self._dynamodb, table, envelope, key_id)
        return register.create(provider, ATS, "client-1", secret=secret, created_by="me")

    def open_gateway(self) -> str:
        """Add the ANY methods that the stand-in drops from an OpenAPI document; return the API's address.

        The stand-in prefers ANY to any other method, so a path that has another one gets single methods in its place.
        """
        gateway = boto3.client("apigateway", endpoint_url=self.endpoint)
        api = self.resources["Api"]
        ids = {each["path"]: each["id"] for each in gateway.get_resources(restApiId=api, limit=500)["items"]}
        routes = TEMPLATE.routes()
        own = {route.path for route in routes if route.method != "any"}
        for route in (each for each in routes if each.path in ids):
            others = ("POST", "PUT") if route.path in own else ("ANY",)
            for method in others if route.method == "any" else (route.method.upper(),):
                where = {"restApiId": api, "resourceId": ids[route.path], "httpMethod": method}
                gateway.put_method(**where, authorizationType="NONE")
                function = self.resources[f"{route.function}Aliaslive"]
                uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
                gateway.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
        gateway.create_deployment(restApiId=api, stageName="v1")
        return f"{self.endpoint}/_aws/execute-api/{api}/v1"

    def invoke(self, function: str, event: Any) -> Any:
        """Call a function as API Gateway does: its alias `live`, over HTTP, and wait for the answer."""
        name = self.resources[function]
        self._lambda.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="live")
        reply = self._lambda.invoke(FunctionName=name, Qualifier="live", Payload=json.dumps(event).encode())
        content = json.loads(reply["Payload"].read())
        assert "FunctionError" not in reply, content
        return content

    def upload(self, created: Mapping[str, Any], content: bytes) -> None:
        """Upload a file with the form of its creation."""
        head = "".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in created["UploadFields"].items()
        )
        file = '--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
        body = f"{head}{file}".encode() + content + b"\r\n--b--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        with urlopen(Request(created["UploadUrl"], body, headers), timeout=20) as reply:  # noqa: S310  # loopback
            assert reply.status == HTTPStatus.NO_CONTENT

    def download(self, url: str) -> str:
        """Return what a signed address has."""
        with urlopen(url, timeout=20) as reply:  # noqa: S310  # loopback
            text: str = reply.read().decode()
            return text

    def until[T](self, read: Callable[[], T], is_done: Callable[[T], bool], seconds: float) -> T:
        """Return what is read as soon as it is done, or when the time is up."""
        end = time.monotonic() + seconds
        while not is_done(found := read()) and time.monotonic() < end:
            time.sleep(0.2)
        return found

    def open_filters(self) -> None:
        """Give the subscriptions patterns of words: the stand-in doesn't support JSON patterns."""
        logs = boto3.client("logs", endpoint_url=self.endpoint)
        for group in ("WebhookLogs", "SignalsLogs"):
            where = {"logGroupName": self.resources[group]}
            (found,) = logs.describe_subscription_filters(**where)["subscriptionFilters"]
            words = " ".join(re.findall(r"\w+", found["filterPattern"]))
            kept = {name: found[name] for name in ("filterName", "destinationArn")}
            logs.put_subscription_filter(**where, **kept, filterPattern=words)

    def mappings(self) -> list[Any]:
        """Return the event source mappings as the stand-in took them over."""
        found: list[Any] = self._lambda.list_event_source_mappings()["EventSourceMappings"]
        return found

    def counter(self, day: str, measure: str, *, at_least: int, seconds: float) -> int:
        """Return a counter of the demo ATS as soon as it is at least `at_least`, or its value after `seconds`."""
        until = time.monotonic() + seconds
        while True:
            amount = counters(self._tables, self.resources["QualityTable"])[Cell(ATS, day, measure)]
            if amount >= at_least or time.monotonic() > until:
                return amount
            time.sleep(0.1)

    def health(self, outcome: str, *, seconds: float) -> int:
        """Return how many of the demo ATS's reports ended so, as soon as one has, or none when the time is up."""
        until = time.monotonic() + seconds
        health = Health(self._dynamodb, self.resources["QualityTable"])
        while True:
            days = health.read(ATS, date.min, date.max)
            amount = sum(day.counts.get((Channel.ATSI, outcome), 0) for day in days)
            if amount or time.monotonic() > until:
                return amount
            time.sleep(0.1)
