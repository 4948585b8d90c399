"""An integrator reads the API's description and what a problem means."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Site

type Open = Callable[..., Page]

# Swagger UI's markup has neither all landmarks nor all levels of headings, which these don't ask for.
BY_THE_STANDARD = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
COLOURS = pytest.mark.parametrize("colours", ["light", "dark"])


@pytest.fixture
def opened(browser: Browser, site: Site) -> Iterator[Open]:
    """Opens a page in a window of its own; what Chromium complains of, the policy included, fails the test."""
    contexts, complaints = [], []

    def open_page(path: str, colours: Any = "light", width: int = 1200) -> Page:
        contexts.append(browser.new_context(color_scheme=colours, viewport={"width": width, "height": 800}))
        page: Page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        reply = page.goto(f"{site.url}{path}")
        assert reply is not None
        assert reply.status == 200
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def test_description_is_shown_by_who_may(opened: Open) -> None:
    """With what to send and what is answered."""
    page = opened("/docs")
    groups = page.locator("h3.opblock-tag")
    expect(groups).to_have_text(["For ATSs", "For the board's systems", "For signed-in users", "For anybody"])
    report = page.locator("#operations-For_ATSs-report")
    report.get_by_role("button", name="Report an application's status").click()
    expect(report).to_contain_text("Idempotency-Key")
    expect(report).to_contain_text("AtsiApplicationId")
    expect(report).to_contain_text("unknown-application")


@COLOURS
@pytest.mark.parametrize("width", [360, 1200])
def test_description_is_accessible(opened: Open, colours: str, width: int) -> None:
    """Folded and unfolded, in the colours that are preferred; nothing sticks out."""
    page = opened("/docs", colours, width)
    expect(page.locator(".opblock").first).to_be_visible()
    expect(page.locator("html")).to_have_class("dark-mode" if colours == "dark" else "")
    look(page, width)
    page.locator(".opblock-summary-control").first.click()
    expect(page.locator(".opblock.is-open .responses-inner")).to_be_visible()
    look(page, width)


def look(page: Page, width: int) -> None:
    found = Axe().run(page, options=BY_THE_STANDARD)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == width


@COLOURS
def test_problem_is_explained(opened: Open, colours: str) -> None:
    """By its cause and its cure, and the description is a link away."""
    page = opened("/problems/throttled", colours, 360)
    expect(page.get_by_role("heading", name="Cure")).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("link", name="The API").click()
    expect(page.locator(".opblock").first).to_be_visible()
