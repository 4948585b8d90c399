"""Requests to the sandbox, as an integrator sends them, and readers of their effect in the tables."""

from collections.abc import Mapping
from typing import Any

from support.world import TEST_TOKEN, Answer, World, answer, http_event

TABLES = ("SandboxAliasesTable", "SandboxApplicationsTable")
PATH = "/api/sandbox/applications"


def create(world: World, body: Any = None, token: str | None = TEST_TOKEN) -> Answer:
    """Send a request to create an application."""
    return answer(world.sandbox(http_event("POST", PATH, body, token=token), None))


def created(world: World, token: str = TEST_TOKEN) -> dict[str, Any]:
    """Create an application; the reply must be a 201."""
    reply = create(world, token=token)
    assert reply.status == 201, reply.body
    return reply.body


def report(world: World, of: str, status: str, *, token: str = TEST_TOKEN, path: str = "", **fields: Any) -> Answer:
    """Send a report of an application, on either path."""
    body = {"AtsiApplicationId": of, "Status": status, **fields}
    return answer(world.webhook(http_event("POST", path or "/api/application-status", body, token=token), None))


def read_back(world: World, of: str, token: str = TEST_TOKEN) -> Answer:
    """Read an application back."""
    return answer(world.views(http_event("GET", f"/api/application-status/{of}", token=token), None))


def rows(world: World) -> list[Mapping[str, Any]]:
    """Return all sandbox applications and aliases, without the daily counts."""
    found = [item for table in TABLES for item in world.client.scan(TableName=table)["Items"]]
    return [item for item in found if "Made" not in item]
