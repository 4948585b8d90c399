"""Windows of Chromium, of which any complaint fails the test, and what every page must be in them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

type Window = Callable[..., Page]

LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"

_TAGS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_GROUND = {"light": "rgb(245, 246, 248)", "dark": "rgb(18, 22, 28)"}
_STICKS_OUT = """() => [...document.querySelectorAll('main > *, .card')].flatMap(box => {
    const end = box.getBoundingClientRect().right - parseFloat(getComputedStyle(box).paddingRight);
    const parts = [...box.querySelectorAll('*:not(.scroll *):not(.unseen)')];
    return parts.filter(each => each.getBoundingClientRect().right > end + 0.5).map(each => each.outerHTML);
})"""
_OVERLAPS = """() => [...document.querySelectorAll('.plot')].flatMap(plot => {
    const parts = [...plot.querySelectorAll('span, text, svg:not(:has(text))')].map(each => {
        const content = document.createRange();
        content.selectNodeContents(each);
        return [each.textContent.trim(), (each.matches('svg') ? each : content).getBoundingClientRect()];
    });
    return parts.flatMap(([text, a], number) => parts.slice(number + 1)
        .filter(([, b]) => a.left < b.right && b.left < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom)
        .map(([other]) => [text, other]));
})"""


@contextmanager
def windows(browser: Browser) -> Iterator[Window]:
    """Open addresses, each in a window of its own; fail where Chromium complained, of the policy for example."""
    contexts, complaints = [], []

    def open_window(address: str, *, status: int = 200, width: int = 1200, colors: Any = "light", **more: Any) -> Page:
        viewport: Any = {"width": width, "height": 800}
        contexts.append(browser.new_context(viewport=viewport, color_scheme=colors, **{"locale": "en"} | more))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        reply = page.goto(address)
        assert reply is not None
        assert reply.status == status
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert [each for each in complaints if not each.startswith("Failed to load resource")] == []


def accessible(page: Page, *, targets: bool = True) -> None:
    """Assert that axe finds nothing wrong by the standards and its best practices, contrast and targets included."""
    options = {"runOnly": _TAGS, "rules": {"target-size": {"enabled": targets}}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    assert found.violations_count == 0, found.generate_report()
    assert found.response["passes"]


def fits(page: Page, width: int) -> None:
    """Assert that the page is as wide as its window."""
    assert page.evaluate("document.documentElement.scrollWidth") == width


def looks_right(page: Page, width: int, colors: str) -> None:
    """Assert that a page fits, that nothing sticks out or overlaps, that its colours are those asked for, and axe."""
    fits(page, width)
    assert page.evaluate(_STICKS_OUT) == []
    assert page.evaluate(_OVERLAPS) == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == _GROUND[colors]
    accessible(page)
