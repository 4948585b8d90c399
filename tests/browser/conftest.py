"""The page in a real browser: the local gateway before the functions, over moto, and one Chromium for all tests."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws
from playwright.sync_api import Browser

from application_status.applications.register import Registrations
from application_status.local.gateway import Gateway
from application_status.platform.values import ApplicationId, application_id, now, to_text
from browser.windows import Window, windows
from chromium import chromium
from local.process import free_port
from support.world import TEMPLATE, World, registration


@dataclass
class Site:
    """The service at an address, and what the board's Apply system and an ATS did before."""

    url: str
    world: World

    def page(self, jobseeker_id: str) -> str:
        """Return the page's address, which signs a jobseeker in."""
        return f"{self.url}/sign-in/jobseeker/{jobseeker_id}"

    def add(self, number: int, jobseeker_id: str, *reports: tuple[str, int], **content: Any) -> ApplicationId:
        """Register an application of 60 days ago, and report each status so many days ago."""
        of = application_id(f"0a7e3f52-6b1d-4c1e-9d55-{number:012x}")
        content = {"applied_at": now() - timedelta(days=60)} | content
        registrations = Registrations(self.world.dynamodb, "ApplicationsTable", "AliasesTable")
        registrations.register(of, registration(jobseeker_id=jobseeker_id, **content))
        for status, days_ago in reports:
            when = to_text(now() - timedelta(days=days_ago))
            assert self.world.report(status, AtsiApplicationId=of, BusinessDate=when).status == 200
        return of


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    turn = threading.Lock()

    def one_at_a_time(handler: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def take_turn(event: Any, context: Any) -> Any:
            with turn:
                return handler(event, context)

        return take_turn

    with mock_aws():
        port = free_port()
        world = World(boto3.client("dynamodb"), pool_url=f"http://127.0.0.1:{port}")
        functions = {
            "MyApplicationsFunction": world.my_applications,
            "SignInFunction": world.sign_in,
            "ViewsFunction": world.views,
            "WebhookFunction": world.webhook,
        }
        handlers = {name: one_at_a_time(handler) for name, handler in functions.items()}
        with Gateway(TEMPLATE, handlers, port) as gateway:
            gateway.sign_in_at(world.pool)
            serving = threading.Thread(target=gateway.serve_forever)
            serving.start()
            yield Site(gateway.url, world)
            gateway.shutdown()
            serving.join()


@pytest.fixture
def window(browser: Browser) -> Iterator[Window]:
    with windows(browser) as window:
        yield window


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser
