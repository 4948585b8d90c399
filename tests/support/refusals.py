"""Requests that the webhook refuses, and the checks that every refusal has in common."""

import base64
from typing import Any

from application_status.platform.http.endpoint import LambdaHandler
from support.world import APPLICATION, TOKEN, World, answer, http_event

PATH = "/api/application-status"
GOOD = f'{{"AtsiApplicationId":"{APPLICATION}","Status":"INTERVIEW"}}'


def raw_event(body: str | bytes | None, token: str | None = TOKEN, path: str = PATH, **headers: str) -> dict[str, Any]:
    """Return the event of a report with this body; bytes are in base64, as from API Gateway."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(body, bytes):
        return http_event("POST", path, base64.b64encode(body).decode(), named, token) | {"isBase64Encoded": True}
    return http_event("POST", path, body, named, token)


def with_header(event: dict[str, Any], name: str, *values: str) -> dict[str, Any]:
    """Return the event with a header replaced, in any case, by these values."""
    rest = {n: v for n, v in event["multiValueHeaders"].items() if n.lower() != name.lower()}
    multi = rest | ({name: list(values)} if values else {})
    return event | {"headers": {n: v[-1] for n, v in multi.items()}, "multiValueHeaders": multi}


def refused(
    world: World, event: dict[str, Any], status: int, problem: str, handler: LambdaHandler | None = None
) -> dict[str, Any]:
    """Send an event that must be refused, by the webhook or another handler; return its problem without the id."""
    before = world.contents()
    reply = answer((handler or world.webhook)(event, None))
    assert world.contents() == before, "a refusal has written"
    body = reply.body
    assert (reply.status, body["status"], body["type"]) == (status, status, f"/problems/{problem}"), body
    assert body.pop("requestId") == event["requestContext"]["requestId"]
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert body["title"]
    assert body["detail"]
    assert body.keys() <= {"type", "title", "status", "detail", "errors", "ignoredFields"}
    return body
