"""The page of a connection of the running local service, from the command line over signed deliveries to a browser."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from application_status.cli.main import main
from browser.windows import LONG_WORD, Window, looks_right
from local.process import LocalService
from support.world import ATS

CREATED = re.compile(r"Connection: (\S+)\nURL: +http://127\.0\.0\.1:3000(\S+)\nSecret: +(\S+)\n")

type Open = Callable[..., Page]


def send(service: LocalService, path: str, content: Any, secret: str) -> int:
    """Send a delivery as Greenhouse does; return the status."""
    body = json.dumps(content).encode()
    headers = {"Signature": f"sha256 {hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}
    try:
        with urlopen(Request(service.url + path, body, headers, method="POST"), timeout=20) as reply:  # noqa: S310  # loopback
            status: int = reply.status
            return status
    except HTTPError as error:
        with error:
            return error.code


def moved(stage: str, application: int) -> dict[str, Any]:
    """Return a change of stage, as Greenhouse tells it."""
    told = {"id": application, "status": "active", "current_stage": {"id": 81, "name": stage}}
    return {"action": "candidate_stage_change", "payload": {"application": told}}


@pytest.fixture
def connection(service: LocalService, capsys: pytest.CaptureFixture[str]) -> str:
    """A connection that has sent a test, known and unmapped stages, and a wrong signature."""
    tables = f"http://127.0.0.1:{service.tables_port}"
    create = ["connections", "create", "--provider", "greenhouse", "--ats", str(ATS), "--client", "example"]
    capsys.readouterr()
    assert main(["--local-tables", tables, *create]) == 0
    found = CREATED.search(capsys.readouterr().out)
    assert found
    connection_id, path, secret = found.groups()
    ping = {"action": "ping", "payload": {"web_hook_id": 1, "event": "Candidate has changed stage", "active": True}}
    assert send(service, path, ping, secret) == 200
    for number, stage in enumerate(("Phone Interview", LONG_WORD)):
        assert send(service, path, moved(stage, number), secret) == 200
    assert send(service, path, ping, "another-secret") == 401
    return connection_id


@pytest.fixture
def opened(window: Window, service: LocalService) -> Open:
    """Opens a connection's page for a signed-in user."""

    def open_page(connection_id: str, user: str, **more: Any) -> Page:
        headers = {"Authorization": f"Bearer {service.id_token(user)}"}
        return window(f"{service.url}/connections/{connection_id}", extra_http_headers=headers, **more)

    return open_page


def test_customer_sees_that_it_works(opened: Open, connection: str) -> None:
    """Its own client and the staff do, without JavaScript; another client gets a notice."""
    for user in ("client/example", "staff"):
        page = opened(connection, user, java_script_enabled=False)
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"Greenhouse at Example GmbH ({connection})")
        labels = page.get_by_role("region", name="Stages and reasons")
        expect(labels.get_by_role("row").nth(1)).to_contain_text("Unmapped")
        expect(labels.get_by_role("row", name="Phone Interview")).to_contain_text("Interview")
        expect(page.get_by_role("region", name="Does it work?")).to_contain_text('begins with "sha256 "')
        expect(page.get_by_role("row", name="candidate_stage_change 2")).to_be_visible()
    opened(connection, "client/muster", status=404)


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_page_is_accessible_and_fits(opened: Open, connection: str, colors: str, width: int) -> None:
    """Axe finds nothing wrong, contrast included, and nothing sticks out, also of a long label."""
    looks_right(opened(connection, "client/example", colors=colors, width=width), width, colors)
