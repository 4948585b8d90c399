"""The home page of `make run` in a browser: look around, send a status, and see what it changes."""

from collections.abc import Callable
from typing import Any
from urllib.request import Request, urlopen

import jwt
import pytest
from playwright.sync_api import Page, expect

from application_status.local import demo
from browser.windows import LONG_WORD, Window, looks_right
from local.process import LocalService

type Open = Callable[..., Page]

MARKUP = "\"'></q><script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">&amp;{{ 7 * 7 }}"


@pytest.fixture
def opened(window: Window, service: LocalService) -> Open:
    """Opens the home page, without JavaScript unless a test asks for it."""
    return lambda **more: window(service.url, **{"java_script_enabled": False} | more)


def send(page: Page, sample: int, status: str, label: str = "", date: str = "") -> None:
    page.get_by_label("Application", exact=True).select_option(demo.SAMPLES[sample].application_id)
    page.get_by_label("Status", exact=True).select_option(status)
    page.get_by_label("The ATS's own label").fill(label)
    page.get_by_label("Date").fill(date)
    with page.expect_navigation():
        page.get_by_role("button", name="Send as demo-ats").click()


def row(page: Page, stage: str) -> str:
    """Return what the funnel says of a stage: perhaps a change, and the number."""
    name = page.get_by_role("rowheader", name=stage, exact=True)
    return page.get_by_role("row").filter(has=name).locator(".number").inner_text()


def test_status_shows_in_timeline_and_funnel(opened: Open) -> None:
    """Sent by the form, without JavaScript: the reply, the timeline's new entry, and the funnel's new numbers."""
    page = opened()
    expect(page.locator(".timeline li")).to_have_count(1)
    expect(page.get_by_role("heading", level=2)).to_have_text(
        ["1 Send a status", "2 Watch it counted", "3 See it as each person", "Tokens to try the API with"]
    )
    before = {stage: int(row(page, stage)) for stage in ("CONTACT", "INTERVIEW", "OFFER")}
    send(page, 0, "INTERVIEW", "1st round")
    expect(page.get_by_role("heading", name="Reply: 200")).to_be_in_viewport()
    expect(page.locator(".timeline li").last).to_contain_text("INTERVIEW")
    expect(page.locator(".timeline q")).to_have_text(["1st round"])
    after = {stage: row(page, stage) for stage in before}
    assert after == {
        "CONTACT": f"+1 {before['CONTACT'] + 1}",
        "INTERVIEW": f"+1 {before['INTERVIEW'] + 1}",
        "OFFER": f"{before['OFFER']}",
    }


def test_what_was_sent_stays_text(opened: Open) -> None:
    """A label is no markup, neither in the timeline nor in the reply or the curl."""
    page = opened(java_script_enabled=True)
    send(page, 1, "CONTACT", MARKUP)
    expect(page.locator(".timeline q")).to_have_text(MARKUP)
    expect(page.locator("#curl")).to_contain_text("{{ 7 * 7 }}")
    assert page.evaluate("document.querySelectorAll('script, img').length") == 0
    assert page.title() == "Application status on this machine · Application status"


def test_refusal_says_what_is_right(opened: Open) -> None:
    """A day that has not come is refused by the API, and the page shows its problem."""
    page = opened()
    send(page, 1, "CONTACT", date="2999-01-01")
    expect(page.get_by_role("heading", name="Reply: 422")).to_be_visible()
    expect(page.locator("pre").first).to_contain_text("/BusinessDate")


def test_keyboard_is_enough(opened: Open) -> None:
    """Tab leads from the top of the page to the form, and Enter sends it."""
    page = opened()
    page.get_by_role("link", name="My applications").focus()
    stops = 0
    while not page.locator("#label:focus").count():
        page.keyboard.press("Tab")
        stops += 1
        assert stops < 40
    page.keyboard.type("Typed")
    page.keyboard.press("Enter")
    expect(page.locator(".timeline q").last).to_have_text("Typed")


@pytest.mark.parametrize(
    ("link", "path", "claims"),
    [
        ("My applications", "/my/applications", {"custom:jobseeker_id": "jobseeker-1"}),
        ("demo-ats", "/quality", {"custom:ats_id": "demo-ats"}),
        ("icims", "/quality", {"custom:ats_id": "icims"}),
        ("Example GmbH", "/quality", {"custom:client_id": "example"}),
        ("The board's staff", "/quality", {"cognito:groups": ["staff"]}),
    ],
)
def test_links_sign_in(opened: Open, service: LocalService, link: str, path: str, claims: dict[str, Any]) -> None:
    """Each link leads through the sign-in to the role's page; scripts see none of the cookies."""
    page = opened()
    page.get_by_role("link", name=link, exact=True).click()
    expect(page).to_have_url(f"{service.url}{path}")
    expect(page.get_by_role("heading", level=2).first).to_be_visible()
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies.keys() == {"__Host-id-token", "__Host-refresh-token", "user-pool"}
    assert all(cookie["httpOnly"] and cookie["sameSite"] == "Lax" for cookie in cookies.values())
    found = jwt.decode(cookies["__Host-id-token"]["value"], options={"verify_signature": False})
    roles = {name: value for name, value in found.items() if name.startswith(("custom:", "cognito:"))}
    assert roles == claims


def test_tour_works_below_the_stage(opened: Open, service: LocalService) -> None:
    """From the form to the page of each person, which stays below it, and to a connection."""
    page = opened()
    page.goto(f"{service.url}/v1")
    send(page, 0, "INTERVIEW")
    for link, path in (("My applications", "/my/applications"), ("Example GmbH", "/quality")):
        page.goto(f"{service.url}/v1")
        page.get_by_role("link", name=link, exact=True).click()
        expect(page).to_have_url(f"{service.url}/v1{path}")
    page.goto(f"{service.url}/v1")
    page.get_by_role("link", name="Greenhouse", exact=True).click()
    expect(page).to_have_url(f"{service.url}/v1/connections/gr-demo")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Greenhouse")


def test_another_link_changes_the_user(opened: Open, service: LocalService) -> None:
    """Without signing out before."""
    page = opened()
    for link, heading in (("Example GmbH", "Example GmbH"), ("demo-ats", "Demo ATS")):
        page.goto(service.url)
        page.get_by_role("link", name=link, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Applicant quality {heading}")


def test_jobseekers_page_is_the_first_jobseekers(opened: Open) -> None:
    """The page lists the samples, and both open and ended applications."""
    page = opened()
    page.get_by_role("link", name="My applications").click()
    for sample in demo.SAMPLES:
        expect(page.get_by_role("heading", name=sample.job_title).first).to_be_visible()
    expect(page.get_by_role("region", name="Finished").get_by_role("listitem").first).to_be_visible()


def test_other_links_lead_somewhere(opened: Open, service: LocalService) -> None:
    """Each is answered with 200; without a sign-in, a browser is led to the sign-in from a connection."""
    page = opened()
    addresses = {link.get_attribute("href") or "" for link in page.get_by_role("link").all()}
    plain = {address for address in addresses if not address.startswith("/sign-in/")}
    assert len(plain) >= 2
    for address in plain:
        request = Request(service.url + address, headers={"Accept": "text/html"})  # noqa: S310  # loopback
        with urlopen(request, timeout=20) as reply:  # noqa: S310  # the same
            assert reply.status == 200


@pytest.mark.parametrize(("colors", "width"), [("light", 360), ("light", 1200), ("dark", 360), ("dark", 1200)])
def test_page_is_accessible_and_fits(opened: Open, colors: str, width: int) -> None:
    """axe finds nothing wrong, contrast included, and nothing sticks out, after sending too."""
    page = opened(colors=colors, width=width, java_script_enabled=True)
    for _ in range(2):
        looks_right(page, width, colors)
        send(page, 2, "REJECTED" if colors == "dark" else "OFFER", f"{LONG_WORD} {width}")
