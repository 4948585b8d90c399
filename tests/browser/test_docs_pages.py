"""An integrator reads the API's description and what a problem means."""

import pytest
from playwright.sync_api import expect

from browser.conftest import Site
from browser.windows import Window, accessible, fits, looks_right

# Swagger UI's markup has neither all landmarks nor all levels of headings, which these don't ask for.
BY_THE_STANDARD = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
COLORS = pytest.mark.parametrize("colors", ["light", "dark"])


def test_description_is_shown_by_who_may(window: Window, site: Site) -> None:
    """The page groups the operations by caller, and shows what to send and what the replies are."""
    page = window(f"{site.url}/docs")
    groups = page.locator("h3.opblock-tag")
    expect(groups).to_have_text(["For ATSs", "For the board's systems", "For signed-in users", "Public"])
    report = page.locator("#operations-For_ATSs-report")
    report.get_by_role("button", name="Report an application's status").click()
    expect(report).to_contain_text("Idempotency-Key")
    expect(report).to_contain_text("AtsiApplicationId")
    expect(report).to_contain_text("unknown-application")


@COLORS
@pytest.mark.parametrize("width", [360, 1200])
def test_description_is_accessible(window: Window, site: Site, colors: str, width: int) -> None:
    """Folded and unfolded, in the colours that are preferred; nothing sticks out."""
    page = window(f"{site.url}/docs", colors=colors, width=width)
    expect(page.locator(".opblock").first).to_be_visible()
    expect(page.locator("html")).to_have_class("dark-mode" if colors == "dark" else "")
    accessible(page, BY_THE_STANDARD)
    fits(page, width)
    page.locator(".opblock-summary-control").first.click()
    expect(page.locator(".opblock.is-open .responses-inner")).to_be_visible()
    accessible(page, BY_THE_STANDARD)
    fits(page, width)


@COLORS
def test_problem_is_explained(window: Window, site: Site, colors: str) -> None:
    """The page has its cause, its fix and a link to the description."""
    page = window(f"{site.url}/problems/throttled", colors=colors, width=360)
    expect(page.get_by_role("heading", name="How to fix it")).to_be_visible()
    looks_right(page, 360, colors)
    page.get_by_role("link", name="The API").click()
    expect(page.locator(".opblock").first).to_be_visible()
