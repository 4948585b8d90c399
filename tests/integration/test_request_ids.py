"""Each log line of a request has the ids that find it: the reply's request id, Lambda's own, and the caller's trace."""

import json
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest

from support.faults import fresh_client, table_server
from support.world import EVENTS, HTTP_FUNCTIONS, TEMPLATE, World, answer, sample_event

REQUEST, INVOCATION = "request-7", "invocation-7"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SAMPLES = [
    f"{each.parent.name}/{each.stem}" for each in sorted(EVENTS.glob("*/*.json")) if each.parent.name in HTTP_FUNCTIONS
]


def call(world: World, name: str, log: StringIO, **headers: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Send a sample request with these headers; return the reply and the log lines of the request."""
    event = sample_event(name)
    event["headers"] = event.get("headers", {}) | headers
    event["multiValueHeaders"] = {header: [value] for header, value in event["headers"].items()}
    event.setdefault("requestContext", {})["requestId"] = REQUEST
    log.truncate(log.seek(0))
    handler = getattr(world, HTTP_FUNCTIONS[name.partition("/")[0]])
    reply = handler(event, SimpleNamespace(aws_request_id=INVOCATION))
    return reply, [line for line in map(json.loads, log.getvalue().splitlines()) if "_aws" not in line]


def test_every_function_behind_the_api_has_a_sample() -> None:
    """Add a new function to HTTP_FUNCTIONS."""
    assert {route.function for route in TEMPLATE.routes()} == HTTP_FUNCTIONS.keys()
    assert {name.partition("/")[0] for name in SAMPLES} == HTTP_FUNCTIONS.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_line_of_a_request_has_its_ids(name: str, monkeypatch: pytest.MonkeyPatch, log: StringIO) -> None:
    """Whether the request succeeds, is refused, or the tables can't be reached, with retries."""
    monkeypatch.setattr("application_status.platform.deadlines._FIRST_PAUSE_SECONDS", 0.0)
    lines = []
    with table_server() as server:
        world = World(fresh_client(server), endpoint=server.url)
        lines += call(world, name, log, traceparent=TRACE)[1]
        refused, found = call(world, name, log, traceparent=TRACE, **{"X-AtsiToken": "unknown", "Authorization": ""})
        lines += found
    failed, found = call(world, name, log, traceparent=TRACE)
    lines += found
    world.close()
    for reply in (refused, failed):
        if reply["statusCode"] >= 400 and "problem+json" in reply["headers"]["Content-Type"]:
            assert answer(reply).body["requestId"] == REQUEST
    ids = {(line.get("correlation_id"), line.get("function_request_id"), line.get("traceparent")) for line in lines}
    assert ids <= {(REQUEST, INVOCATION, TRACE)}
    if name == "WebhookFunction/report":
        assert {"recorded", "refused", "retry", "failed"} <= {line["message"] for line in lines}


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        TRACE.upper(),
        TRACE.replace("00-", "ff-", 1),
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
        f"{TRACE}\nForged",
        f"{TRACE}-more",
    ],
)
def test_malformed_trace_is_left_out(world: World, log: StringIO, malformed: str) -> None:
    """The request is answered as without it."""
    reply, lines = call(world, "WebhookFunction/report", log, traceparent=malformed)
    assert reply["statusCode"] == 200
    assert lines
    assert all("traceparent" not in line for line in lines)


def test_ids_of_a_request_are_not_on_the_lines_of_the_next(world: World, log: StringIO) -> None:
    """A container serves many requests."""
    call(world, "WebhookFunction/report", log, traceparent=TRACE)
    _, lines = call(world, "WebhookFunction/report", log)
    assert lines
    assert all("traceparent" not in line for line in lines)
