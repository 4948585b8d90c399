"""An integrator reads the portal: finds the own way, copies a program, and looks up what a problem means."""

import pytest
from playwright.sync_api import expect

from browser.conftest import Site
from browser.windows import Window, looks_right
from portal import SITE

NAMES = sorted(path.stem for path in SITE.glob("*.html"))


@pytest.mark.parametrize("name", NAMES)
def test_page_is_accessible(window: Window, site: Site, name: str) -> None:
    """With all that it folds unfolded, nothing sticks out, and axe finds nothing wrong."""
    page = window(f"{site.url}/docs/{name}" if name != "start" else f"{site.url}/docs", width=360)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.name = ''; each.open = true })")
    looks_right(page, 360, "light")


def test_program_is_unfolded_alone(window: Window, site: Site) -> None:
    """The start page shows the program of one language at a time, with the service's own address above it."""
    page = window(f"{site.url}/docs")
    expect(page.get_by_text(f"export STATUS_URL={site.url}\n")).to_be_visible()
    python, go = (page.locator("details", has=page.locator(f"summary:text-is('{each}')")) for each in ("Python", "Go"))
    python.locator("summary").click()
    expect(python.get_by_text("from urllib.request import")).to_be_visible()
    go.locator("summary").click()
    expect(go.get_by_text("package main")).to_be_visible()
    expect(python.get_by_text("from urllib.request import")).to_be_hidden()


def test_own_way_is_found(window: Window, site: Site) -> None:
    """From the table of the start page to the section that it names, and back by the navigation."""
    page = window(f"{site.url}/docs")
    page.get_by_role("link", name="Selection Signals").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Selection Signals")
    page.get_by_role("link", name="Start").click()
    page.get_by_role("link", name="Retries").first.click()
    expect(page.get_by_role("heading", name="Retries")).to_be_in_viewport()


def test_problem_is_explained(window: Window, site: Site) -> None:
    """The index leads to the page of each type, which leads back."""
    page = window(f"{site.url}/docs/errors", width=360)
    page.get_by_role("link", name="/problems/throttled").click()
    expect(page.get_by_role("heading", name="How to fix it")).to_be_visible()
    looks_right(page, 360, "light")
    page.get_by_role("link", name="All errors").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Errors")
