"""Somebody signs in and out in a browser: the pages of the sign-in, and the cookies that Chromium really keeps."""

from playwright.sync_api import expect

from browser.windows import Window
from local.process import LocalService


def test_page_leads_to_the_login_and_back(window: Window, service: LocalService) -> None:
    """Without JavaScript: choose a user, see the page asked for, sign out, and be asked to sign in again."""
    page = window(f"{service.url}/quality?interval=month", java_script_enabled=False)
    page.get_by_role("link", name="client/example").click()
    expect(page).to_have_url(f"{service.url}/quality?interval=month")
    expect(page.get_by_role("heading", level=1)).to_have_text("Applicant quality Example GmbH")
    page.context.clear_cookies(name="__Host-id-token")  # as if it had expired
    page.reload()
    expect(page).to_have_url(f"{service.url}/quality?interval=month")
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    assert page.context.cookies() == []
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_text("Choose a made-up user")).to_be_visible()


def test_script_of_a_page_sees_no_token(window: Window, service: LocalService) -> None:
    """The cookies are HttpOnly."""
    page = window(f"{service.url}/sign-in/staff")
    assert page.evaluate("document.cookie") == ""
