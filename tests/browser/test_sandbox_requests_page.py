"""The page of the requests with a test token, of the running local service, as an integrator uses it."""

import json
import re
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from browser.windows import LONG_WORD, Window, looks_right
from local.process import LocalService
from support.world import TEST_TOKEN, TOKEN

SECONDS = 20


def post(service: LocalService, path: str, content: Any = None) -> Any:
    """Send a request with the test token; return the reply's content, also of a refusal."""
    body = json.dumps(content).encode() if content is not None else b""
    headers = {"X-AtsiToken": TEST_TOKEN, "Content-Type": "application/json"}
    try:
        with urlopen(Request(service.url + path, body, headers), timeout=SECONDS) as reply:  # noqa: S310  # loopback
            return json.load(reply)
    except HTTPError as error:
        with error:
            return json.load(error)


@pytest.fixture(scope="module")
def application(service: LocalService) -> str:
    """An application of the sandbox, of which a status with a long label was recorded and another one refused."""
    of = post(service, "/api/sandbox/applications")["AtsiApplicationId"]
    for _ in range(10):
        post(service, "/api/application-status", {"AtsiApplicationId": of, "Status": "OFFER", "RawStatus": LONG_WORD})
    post(service, "/api/application-status", {"AtsiApplicationId": of, "Status": "Hird"})
    rejected = {"AtsiApplicationId": of, "Status": "REJECTED", "RawStatus": "Withdrawn by applicant"}
    post(service, "/api/application-status/batch", {"Reports": [rejected, {}]})
    return str(of)


def filled(window: Window, service: LocalService, token: str = TEST_TOKEN, **more: Any) -> Page:
    """Open the page, enter a token by keyboard, and send the form."""
    page = window(f"{service.url}/sandbox/requests", **more)
    page.locator("#token").focus()
    page.keyboard.type(token)
    page.keyboard.press("Enter")
    return page


def test_integrator_sees_how_requests_were_understood(window: Window, service: LocalService, application: str) -> None:
    """Without JavaScript; the token is in no address."""
    page = filled(window, service, java_script_enabled=False)
    batch = page.get_by_role("article", name="POST /api/application-status/batch 207")
    expect(batch).to_contain_text(application)
    expect(batch).to_contain_text("candidate_withdrew")
    expect(batch).to_contain_text("invalid-fields")
    refused = page.get_by_role("article", name="POST /api/application-status 422")
    expect(refused).to_contain_text("send HIRED, if you mean that")
    refused.get_by_text("What was received").click()
    expect(refused.locator("pre")).to_contain_text('"Status": "Hird"')
    assert page.url == f"{service.url}/sandbox/requests"


def test_integrator_turns_pages(window: Window, service: LocalService, application: str) -> None:
    """The token stays in its field."""
    page = filled(window, service)
    expect(page.get_by_role("heading", level=2)).to_have_text(re.compile("1[0-9]+ requests"))
    page.get_by_role("button", name="Older requests").click()
    expect(page.get_by_role("article", name="POST /api/sandbox/applications 201")).to_have_count(1)
    page.get_by_role("button", name="Newer requests").click()
    expect(page.get_by_role("article", name="POST /api/application-status/batch 207")).to_have_count(1)
    assert application


def test_wrong_token_is_explained(window: Window, service: LocalService) -> None:
    """A live one, too, as an alert beside the form."""
    page = filled(window, service, "nonsense")
    expect(page.get_by_role("alert")).to_contain_text("not valid")
    page.locator("#token").fill(TOKEN)
    page.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("live token")


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 768, 1200, 1920])
@pytest.mark.parametrize("locale", ["en", "de"])
def test_page_with_requests_looks_right(
    window: Window, service: LocalService, application: str, locale: str, width: int, colors: str
) -> None:
    """With a long label, in any window."""
    page = filled(window, service, locale=locale, width=width, colors=colors)
    assert application
    expect(page.locator("article.request")).to_have_count(10)
    looks_right(page, width, colors)
