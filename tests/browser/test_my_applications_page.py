"""A jobseeker reads, unfolds and leafs through the applications, in any colours and on a small screen."""

import json
from collections.abc import Callable
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Site
from browser.windows import LONG_WORD, Window, looks_right
from support.world import TOKEN

LONG_LINK = f"https://{'jobs-of-a-very-long-name.' * 8}test/{'1' * 700}"

type Open = Callable[..., Page]

MARKUP = "<script>document.title = 'run'</script>"
MARKUP_IN_QUOTES = "\"'><img src=x onerror=\"document.title = 'run'\">&amp;{{ 7 * 7 }}"


@pytest.fixture
def opened(window: Window, site: Site) -> Open:
    """Opens a jobseeker's page."""
    return lambda jobseeker_id, **more: window(site.page(jobseeker_id), **more)


def test_report_of_an_ats_shows_on_the_page(opened: Open, site: Site) -> None:
    """Sent over HTTP, read without JavaScript, and opened by keyboard."""
    of = site.add(1, "ada", ("CONTACT", 24))
    page = opened("ada", java_script_enabled=False)
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Python Developer"))
    expect(card).to_contain_text("The employer contacted you")
    expect(card).to_contain_text("No update for 24 days")
    headers = {"Content-Type": "application/json", "X-AtsiToken": TOKEN}
    body = json.dumps({"AtsiApplicationId": of, "Status": "INTERVIEW", "RawStatus": "1st round"}).encode()
    urlopen(Request(f"{site.url}/api/application-status", body, headers), timeout=20).close()  # noqa: S310  # loopback
    page.reload()
    expect(card).to_contain_text("Interview \N{EN DASH} today")
    expect(card).not_to_contain_text("No update")
    expect(card).not_to_contain_text("1st round")
    expect(card.get_by_label("Step 3 of 5 reached")).to_be_visible()
    card.get_by_role("link", name="Python Developer").focus()
    page.keyboard.press("Enter")
    timeline = page.locator(".timeline span")
    expect(timeline).to_have_text(["Applied", "The employer contacted you", "Interview"])
    page.get_by_role("link", name="All my applications").click()
    expect(card).to_be_visible()


def test_jobseeker_says_what_is_wrong(opened: Open, site: Site) -> None:
    """With the keyboard alone, and without JavaScript; the browser asks for a reason, and the page says thank you."""
    site.add(6, "hal", ("INTERVIEW", 2))
    page = opened("hal", java_script_enabled=False)
    page.get_by_role("link", name="Python Developer").click()
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.get_by_role("status")).to_have_count(0)  # no reason is chosen
    page.get_by_role("radio", name="The date is wrong").press("Space")
    page.get_by_label("In your own words").fill("It was <b>yesterday</b>.")
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Thank you.")
    expect(page.locator("blockquote")).to_have_text("It was <b>yesterday</b>.")
    expect(page.get_by_role("button", name="Send")).to_have_count(0)


def test_finished_application_goes_to_the_archive_and_back(opened: Open, site: Site) -> None:
    """From the list; the filters show where it is."""
    site.add(7, "ivy", ("REJECTED", 3), job_title="Ended")
    site.add(8, "ivy", job_title="Open")
    page = opened("ivy", java_script_enabled=False)
    titles = page.get_by_role("heading", level=3)
    page.get_by_role("button", name="Archive of Ended").click()
    expect(page.get_by_role("status")).to_have_text("The application is in your archive now.")
    expect(titles).to_have_text(["Open"])
    page.get_by_role("link", name="Archive 1").click()
    expect(titles).to_have_text(["Ended"])
    page.get_by_role("button", name="Take back from the archive of Ended").click()
    expect(page.get_by_text("Your archive is empty.")).to_be_visible()
    page.get_by_role("link", name="All 2").click()
    page.get_by_role("searchbox").fill("end")
    page.get_by_role("searchbox").press("Enter")
    expect(titles).to_have_text(["Ended"])


def test_finished_applications_stand_apart(opened: Open, site: Site) -> None:
    """Under a heading of their own, in jobseekers' words."""
    site.add(2, "ben", ("INTERVIEW", 9), ("REJECTED", 3), job_title="Ended")
    site.add(3, "ben", ("OFFER", 5), job_title="Open")
    page = opened("ben", locale="de-DE")
    expect(page.get_by_role("region", name="Laufend").get_by_role("heading", level=3)).to_have_text(["Open"])
    finished = page.get_by_role("region", name="Abgeschlossen")
    expect(finished.get_by_role("heading", level=3)).to_have_text(["Ended"])
    expect(finished).to_contain_text("Nicht mehr im Auswahlverfahren \N{EN DASH} vor 3 Tagen")


def test_what_others_wrote_stays_text(opened: Open, site: Site) -> None:
    """Titles and companies are escaped, and the policy blocks any script or style in them."""
    site.add(4, "eve", job_title=MARKUP, company=MARKUP_IN_QUOTES)
    page = opened("eve")
    expect(page.get_by_role("heading", level=3)).to_have_text(MARKUP)
    expect(page.locator(".employer")).to_have_text(MARKUP_IN_QUOTES)
    assert page.evaluate("document.querySelectorAll('script, img').length") == 0
    assert page.title() == "My applications · Application status"


def test_policy_allows_this_style_and_nothing_else(browser: Browser, site: Site) -> None:
    """A script or style that finds its way into the page does nothing."""
    site.add(5, "fay")
    page = browser.new_page()
    page.goto(site.page("fay"))
    max_width = "getComputedStyle(document.querySelector('main')).maxWidth"
    assert page.evaluate(max_width) == "704px"
    page.evaluate("""() => {
        for (const [tag, text] of [['script', 'document.title = "run"'], ['style', 'main { max-width: 1px }']]) {
            const added = document.createElement(tag);
            added.textContent = text;
            document.body.append(added);
        }
    }""")
    assert (page.title(), page.evaluate(max_width)) == ("My applications · Application status", "704px")
    page.close()


def test_older_applications_are_a_click_away(opened: Open, site: Site) -> None:
    """So are the newest ones again; the jobseeker stays signed in."""
    for number in range(0x100, 0x100 + 51):
        site.add(number, "gus")
    page = opened("gus", java_script_enabled=False)
    expect(page.get_by_role("heading", level=3)).to_have_count(50)
    page.get_by_role("link", name="Older applications").click()
    expect(page.get_by_role("heading", level=3)).to_have_count(1)
    page.get_by_role("link", name="Newest applications").click()
    expect(page.get_by_role("heading", level=3)).to_have_count(50)


@pytest.fixture(scope="module")
def crowded(site: Site) -> str:
    """A jobseeker with an application of every kind, and names that are hard to fit."""
    site.add(0x200, "kim", job_title="Applied")
    site.add(
        0x201, "kim", ("PRE_INTERVIEW", 3), job_title=LONG_WORD, company="X" * 200, location=LONG_WORD, link=LONG_LINK
    )
    site.add(0x202, "kim", ("INTERVIEW", 20), company=LONG_WORD)
    site.add(0x203, "kim", ("OFFER", 4), ("HIRED", 1), job_title="مهندس برمجيات")
    site.add(0x204, "kim", ("OFFER", 9), ("REJECTED", 2))
    return "kim"


@pytest.mark.parametrize(
    ("colors", "width", "locale"),
    [("light", 360, "de"), ("light", 1200, "en"), ("dark", 360, "en"), ("dark", 1200, "de")],
)
def test_page_is_accessible_and_fits(opened: Open, crowded: str, colors: str, width: int, locale: str) -> None:
    """axe finds nothing wrong, contrast included, and nothing sticks out: of the list, and of an application."""
    page = opened(crowded, colors=colors, width=width, locale=locale)
    looks_right(page, width, colors)
    page.get_by_role("link", name=LONG_WORD).click()
    page.locator("summary").click()
    looks_right(page, width, colors)
