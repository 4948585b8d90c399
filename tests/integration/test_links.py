"""Addresses in replies work at the default endpoint, below the stage's path, and at a custom domain, at its root."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import boto3
import pytest
from moto import mock_aws

from application_status.local.template import Template, pattern
from application_status.platform.http.endpoint import UNKNOWN_PATH
from support import quality_pages
from support.world import HOST, TEMPLATE, TEST_TOKEN, World, http_event


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with mock_aws():
        world = World(boto3.client("dynamodb"))
        quality_pages.count(world)
        yield world


def at(endpoint: str, method: str, path: str, **more: Any) -> dict[str, Any]:
    """Return an event as the endpoint sends it.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    event = http_event(method, path, **more)
    event["requestContext"] |= {"path": endpoint + path, "stage": "v1"}
    return event


def leads_somewhere(endpoint: str, address: str) -> bool:
    """Return whether an absolute path is one of the API's below the endpoint."""
    path = urlsplit(address).path
    own = path.removeprefix(endpoint)
    paths = [route.path for route in TEMPLATE.routes() if route.path != UNKNOWN_PATH]
    return path.startswith(endpoint) and any(pattern(each).fullmatch(own) for each in paths)


@pytest.fixture(params=["", "/v1", "/board"], ids=["custom domain", "default endpoint", "base path"])
def endpoint(request: pytest.FixtureRequest) -> str:
    path: str = request.param
    return path


def test_problem_leads_to_its_page(world: World, endpoint: str) -> None:
    """Of refusals at every function."""
    replies = [
        world.webhook(at(endpoint, "POST", "/api/application-status", token=None), None),
        world.views(at(endpoint, "GET", "/api/quality", token=None), None),
        world.views(at(endpoint, "GET", "/problems/none", token=None), None),
        world.registry(at(endpoint, "PUT", "/api/applications/x", token=None), None),
        world.my_applications(at(endpoint, "GET", "/api/my/applications", token=None), None),
        world.my_applications(at(endpoint, "GET", "/my/applications", token=None), None),
        world.sandbox(at(endpoint, "POST", "/api/sandbox/applications", token=None), None),
    ]
    for reply in replies:
        kind = json.loads(reply["body"])["type"]
        assert kind.startswith(f"{endpoint}/problems/")
        assert world.views(at(endpoint, "GET", kind.removeprefix(endpoint), token=None), None)["statusCode"] == 200


def test_numbers_lead_to_their_definitions(world: World, endpoint: str) -> None:
    """In JSON and in CSV; the fragment is a member of what is there."""
    query = {"multiValueQueryStringParameters": {"from": ["2022-07-01"], "to": ["2022-07-31"]}}
    event = at(endpoint, "GET", "/api/quality") | query
    numbers = [each for row in json.loads(world.views(event, None)["body"])["Rows"] for each in row["Numbers"]]
    event = at(endpoint, "GET", "/api/quality", headers={"Accept": "text/csv"}) | query
    lines = csv.DictReader(io.StringIO(world.views(event, None)["body"]))
    found = {each["Definition"] for each in numbers} | {each["definition"] for each in lines}
    assert found
    definitions = json.loads(world.views(at(endpoint, "GET", "/api/quality/definitions"), None)["body"])
    for address in found:
        path, _, fragment = address.partition("#")
        assert path == f"{endpoint}/api/quality/definitions"
        assert fragment in definitions


def test_created_application_is_at_its_location(world: World, endpoint: str) -> None:
    """It can be read back there."""
    reply = world.sandbox(at(endpoint, "POST", "/api/sandbox/applications", token=TEST_TOKEN), None)
    path = reply["headers"]["Location"].removeprefix(endpoint)
    assert reply["headers"]["Location"] == endpoint + path
    assert world.views(at(endpoint, "GET", path, token=TEST_TOKEN), None)["statusCode"] == 200


@pytest.mark.parametrize(
    "path", ["/quality", "/my/applications", "/docs", "/problems/throttled", "/sign-out", "/sign-in/callback"]
)
def test_links_of_pages_lead_somewhere(world: World, endpoint: str, path: str) -> None:
    """Relative ones from the page's own address, others from the root: `href`, `src` and `action`."""
    token = world.id_token(
        {"custom:client_id": "client-1", "custom:jobseeker_id": "j"} if "my" in path else quality_pages.STAFF
    )
    event = at(endpoint, "GET", path, headers={"Accept": "text/html", "Cookie": f"__Host-id-token={token}"}, token=None)
    function = {
        "/my/applications": world.my_applications,
        "/sign-out": world.sign_in,
        "/sign-in/callback": world.sign_in,
    }
    html = function.get(path, world.views)(event, None)["body"]
    page = f"https://{HOST}{endpoint}{path}"
    addresses = re.findall(r'(?:href|src|action)="([^"]+)"', html)
    assert addresses or 'method="post"' in html
    for address in addresses:
        if not address.startswith(("data:", "#")):
            assert leads_somewhere(endpoint, urljoin(page, address.replace("&amp;", "&"))), address


@pytest.mark.parametrize(("parameters", "prefix"), [({}, "/v1"), ({"DomainName": "status.test"}, "")])
def test_gateway_s_own_problems_lead_to_their_pages(parameters: Mapping[str, str], prefix: str) -> None:
    """With a domain the default endpoint is off, so that one form is enough for each deployment."""
    for kind in (
        "UNAUTHORIZED",
        "MISSING_AUTHENTICATION_TOKEN",
        "THROTTLED",
        "REQUEST_TOO_LARGE",
        "DEFAULT_4XX",
        "DEFAULT_5XX",
    ):
        body = Template(parameters).gateway_response(kind, 400).body
        assert f'"type":"{prefix}/problems/' in body


@pytest.mark.parametrize(
    "path", ["//evil.test/quality", "/a b/quality", "/v1/\r\nx/quality", "/\\evil.test/quality", "x", 5, None]
)
def test_strange_prefix_is_none(world: World, path: Any) -> None:
    """No path of a request puts another host into an address."""
    event = http_event("GET", "/quality", None, {"Accept": "text/html"}, None)
    event["requestContext"]["path"] = path
    reply = world.views(event, None)
    assert reply["headers"]["Location"].startswith("/sign-in?")
