"""Events that API Gateway's REST APIs never send; tests/promises/test_raw_events.py makes up many more."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from support.world import HTTP_FUNCTIONS, TEMPLATE, TOKEN, World, http_event

LONGEST_REPLY_BYTES = 1_000_000


def http_api_event(method: str, path: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html"""
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "kind=cohort",
        "cookies": ["a=b"],
        "headers": {"x-atsitoken": TOKEN, "authorization": f"Bearer {TOKEN}", "content-type": "application/json"},
        "queryStringParameters": {"kind": "cohort"},
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1"},
            "requestId": "id",
            "authorizer": {"jwt": {"claims": {"custom:jobseeker_id": "jobseeker-1"}, "scopes": None}},
        },
        "body": "{}",
        "isBase64Encoded": False,
    }


def load_balancers_event(method: str, path: str) -> dict[str, Any]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html"""
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:::targetgroup/x"}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {"kind": "cohort"},
        "headers": {"x-atsitoken": TOKEN, "authorization": f"Bearer {TOKEN}", "content-type": "application/json"},
        "body": "{}",
        "isBase64Encoded": False,
    }


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    with mock_aws():
        yield World(boto3.client("dynamodb"))


def answered(world: World, function: str, event: Any) -> int:
    """Send an event as the runtime does; return the status of the reply, which can be sent back."""
    handler: Callable[[Any, Any], Any] = getattr(world, HTTP_FUNCTIONS[function])
    reply = handler(event, None)
    assert reply.keys() - {"multiValueHeaders"} == {"statusCode", "headers", "body"}
    assert isinstance(reply["statusCode"], int)
    assert all(type(text) is str and text.isascii() for header in reply["headers"].items() for text in header)
    sent = json.dumps(reply, ensure_ascii=False).encode()
    assert len(sent) < LONGEST_REPLY_BYTES
    if reply["headers"].get("Content-Type", "").endswith("json"):
        json.loads(reply["body"])
    status: int = reply["statusCode"]
    return status


@pytest.mark.parametrize("function", HTTP_FUNCTIONS)
@pytest.mark.parametrize("event", [None, True, 1, "x", [], [[]], {}, {"requestContext": None}], ids=str)
def test_what_is_no_request_is_an_unknown_path(shared: World, function: str, event: Any) -> None:
    """It has no resource."""
    assert answered(shared, function, event) == 404


@pytest.mark.parametrize("function", HTTP_FUNCTIONS)
@pytest.mark.parametrize("shape", [http_api_event, load_balancers_event])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_other_gateways_events_are_unknown_paths(
    shared: World, function: str, shape: Callable[[str, str], Any], method: str
) -> None:
    """A function reads the events of a REST API alone; another's lack the resource, and nothing is read or written."""
    route = next(route.path for route in TEMPLATE.routes() if route.function == function)
    shared.dynamodb.operations.clear()
    assert answered(shared, function, shape(method, route)) == 404
    assert shared.dynamodb.operations == []


@pytest.mark.parametrize("function", HTTP_FUNCTIONS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "TRACE"])
@pytest.mark.parametrize("resource", ["/", "/api", "/unknown/{Id}", "{proxy+}", "\ud800"])
def test_unknown_resource_is_no_failure(shared: World, function: str, method: str, resource: str) -> None:
    """API Gateway sends a function what its routes lead there, and nothing else."""
    claims = {"custom:jobseeker_id": "jobseeker-1"}
    event = http_event(method, "/api/quality") | {
        "resource": resource,
        "requestContext": {"authorizer": {"claims": claims}},
    }
    assert answered(shared, function, event) < 500
    if function == "ViewsFunction":
        assert answered(shared, function, event) == 404


def test_missing_values_are_missing(shared: World) -> None:
    """A token of null is no token "None", and the header without values is no header."""
    nothing: list[Any] = [[], [None], None, [[]], 5]
    for broken in nothing:
        event = http_event("POST", "/api/application-status", {}, token=None)
        event["multiValueHeaders"] |= {"X-AtsiToken": broken}
        assert answered(shared, "WebhookFunction", event) == 401
        event = http_event("GET", "/api/quality")
        event["multiValueQueryStringParameters"] = {"kind": broken}
        assert answered(shared, "ViewsFunction", event) == 200


def test_broken_base64_is_a_malformed_body(shared: World) -> None:
    """As is a body that is not encoded though it should be, or can't be UTF-8; one that can be read gets the 404."""
    good = json.dumps({"AtsiApplicationId": "51c3be16-0f93-41ed-9cc0-00000000dead", "Status": "INTERVIEW"})
    encoded = base64.b64encode(good.encode()).decode()
    for body, is_base64, status in (
        (encoded, True, 404), (encoded[:-1], True, 400), ("é", True, 400), ("\ud800", True, 400), ("*", True, 400),
        ("", True, 400), (encoded, False, 400), (good, True, 400), (good, False, 404),
        ("\ud800", False, 400), (None, False, 400), ({"Status": "HIRED"}, False, 400),
    ):  # fmt: skip
        event = http_event("POST", "/api/application-status") | {"body": body, "isBase64Encoded": is_base64}
        assert answered(shared, "WebhookFunction", event) == status, body
