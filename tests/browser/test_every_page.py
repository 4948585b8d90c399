"""What every page must be, in each of its languages: in any window, in any colours, on paper, and by keyboard alone."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, Request, Response

from browser.pages import VISITS, Visit
from browser.windows import accessible, fits, looks_right, windows
from local.process import LocalService

WIDTHS = (320, 360, 768, 1200, 1920)
ZOOMED = 640  # a window of 1280 px at 200 %
PAPER = 680  # A4 without the margins
MOST_BYTES = 60 * 1024

_SPACED = """() => {
    const style = new CSSStyleSheet();
    style.replaceSync(`* { line-height: 1.5; letter-spacing: .12em; word-spacing: .16em; } p { margin-bottom: 2em; }`
        .replaceAll(';', ' !important;'));
    document.adoptedStyleSheets = [style];
}"""
_CONTROLS = """() => {
    const first = new Set();
    const isStop = radio => document.querySelector(`[name="${radio.name}"]:checked`) ? radio.checked
        : !first.has(radio.name) && first.add(radio.name);
    window.controls = [...document.querySelectorAll('*')].filter(each => each.tabIndex >= 0 && each.checkVisibility())
        .filter(each => each.type != 'radio' || isStop(each));
    return window.controls.length;
}"""
_FOCUSED = """() => {
    const focused = document.activeElement, style = getComputedStyle(focused), box = focused.getBoundingClientRect();
    const isOutlined = style.outlineStyle != 'none' && parseFloat(style.outlineWidth) >= 2;
    const isInWindow = box.width && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const number = focused == document.body ? null : window.controls.indexOf(focused);
    return [number, isOutlined && isInWindow ? '' : focused.outerHTML];
}"""
_LOST_IN_THE_GROUND = """() => {
    const ground = getComputedStyle(document.body).backgroundColor;
    const isLost = style => style.fill == ground && style.stroke == 'none';
    return [...document.querySelectorAll('svg :is(rect, circle, path, text)')]
        .filter(each => isLost(getComputedStyle(each))).map(each => each.outerHTML);
}"""

EACH = [(name, language) for name, visit in VISITS.items() for language in visit.languages]


class Shown(NamedTuple):
    """A page in a language, its size in bytes, and the kinds of what its window has loaded."""

    page: Page
    visit: Visit
    language: str
    size: int
    loaded: list[str]


@pytest.fixture(scope="module")
def shown(request: pytest.FixtureRequest, browser: Browser, service: LocalService) -> Iterator[Shown]:
    """A page in a language, which the tests share."""
    name, language = request.param
    visit, loaded = VISITS[name], list[Request]()
    with windows(browser) as window:
        page = window(f"{service.url}/sign-in/{visit.user}" if visit.user else service.url, locale=language)
        page.on("request", lambda sent: loaded.append(sent))  # noqa: PLW0108  # Playwright needs a function
        reply = page.goto(f"{service.url}{visit.path}")
        assert isinstance(reply, Response)
        assert reply.status == visit.status
        kinds = [each.resource_type for each in loaded if not each.redirected_to]
        yield Shown(page, visit, language, len(reply.body()), kinds)


@pytest.fixture
def opened(shown: Shown) -> Iterator[Page]:
    """The page as it was at first."""
    page = shown.page
    page.set_viewport_size({"width": 1200, "height": 800})
    page.emulate_media(media="screen", color_scheme="light", forced_colors="none")
    yield page
    page.evaluate("() => { document.documentElement.style.fontSize = ''; document.adoptedStyleSheets = [] }")


pages = pytest.mark.parametrize("shown", EACH, indirect=True, ids=[f"{name}-{language}" for name, language in EACH])


@pages
def test_page_says_its_language_and_needs_no_script(shown: Shown) -> None:
    """It has one heading of the first level, the brand in its title, and a link that skips to the content."""
    page = shown.page
    assert page.locator("html").get_attribute("lang") == shown.language
    assert page.locator("script").count() == 0
    assert page.locator("h1").count() == 1
    assert page.title().endswith(" · Application status")
    assert page.locator("a").first.get_attribute("href") == "#content"


@pages
def test_page_is_light(shown: Shown) -> None:
    """It is one request of at most 60 KB, uncompressed."""
    assert shown.loaded == ["document"]
    assert shown.size <= MOST_BYTES


@pages
@pytest.mark.parametrize("colors", ["light", "dark"])
def test_page_is_accessible(opened: Page, colors: str) -> None:
    """Axe finds nothing wrong, contrast included, on a wide and on a small screen; nothing sticks out or overlaps."""
    opened.emulate_media(color_scheme="dark" if colors == "dark" else "light")
    for width in (360, 1200):
        opened.set_viewport_size({"width": width, "height": 800})
        looks_right(opened, width, colors)


@pages
def test_page_keeps_forced_colours(opened: Page) -> None:
    """Axe finds nothing wrong in the reader's own colours, and every part of a chart can be seen."""
    opened.emulate_media(forced_colors="active")
    accessible(opened)
    assert opened.evaluate(_LOST_IN_THE_GROUND) == []


@pages
def test_page_fits_every_window(opened: Page) -> None:
    """From the smallest phone to a large screen, at 200 %, with twice as large text, and with more space in it."""
    for width in (*WIDTHS, ZOOMED):
        opened.set_viewport_size({"width": width, "height": 800})
        fits(opened, width)
    opened.set_viewport_size({"width": 1200, "height": 800})
    opened.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
    fits(opened, 1200)
    opened.evaluate("() => { document.documentElement.style.fontSize = '' }")
    opened.evaluate(_SPACED)
    for width in (360, 1200):
        opened.set_viewport_size({"width": width, "height": 800})
        fits(opened, width)


@pages
def test_page_prints(shown: Shown, opened: Page) -> None:
    """Black on white, whatever colours the screen has, without navigation and forms, on few sheets."""
    opened.emulate_media(media="print", color_scheme="dark")
    opened.set_viewport_size({"width": PAPER, "height": 800})
    fits(opened, PAPER)
    assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for each in opened.locator("nav, form, .skip, .sign-out").all():
        assert not each.is_visible()
    accessible(opened, targets=False)
    assert (
        len(re.findall(rb"/Type\s*/Page\b", opened.pdf(format="A4", prefer_css_page_size=True))) <= shown.visit.sheets
    )


@pages
def test_keyboard_is_enough(opened: Page) -> None:
    """Tab reaches every control once, in the order of the page, shows where it is, and leaves the page at its end."""
    opened.evaluate("document.activeElement.blur()")
    controls = opened.evaluate(_CONTROLS)
    reached: list[int] = []
    for _ in range(5 * controls):  # a date has a stop for each of its parts
        opened.keyboard.press("Tab")
        number, wrong = opened.evaluate(_FOCUSED)
        if number is None or number in reached[:-1]:
            break
        assert wrong == ""
        reached += [number] if reached[-1:] != [number] else []
    assert reached == list(range(controls))
