"""Takes the screenshots of the README from a running `make run`, after reporting two statuses."""

import json
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import Page

from application_status.local import demo
from chromium import chromium

_URL = "http://127.0.0.1:3000"
_FOLDER = Path(__file__).parents[1] / "docs" / "images"


def main() -> None:
    """Write docs/images/my-applications.png and docs/images/quality.png."""
    for sample, status in zip(demo.SAMPLES, ("INTERVIEW", "PRE_INTERVIEW"), strict=False):
        _report(sample.application_id, status)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 760, "height": 825})
        page.goto(f"{_URL}/sign-in/jobseeker/{demo.JOBSEEKER_ID}")
        _shoot(page, "my-applications")
        page.set_viewport_size({"width": 1180, "height": 884})
        page.goto(f"{_URL}/sign-in/ats/{demo.ATS_ID}")
        _shoot(page, "quality")


def _report(application_id: str, status: str) -> None:
    body = json.dumps({"AtsiApplicationId": application_id, "Status": status}).encode()
    headers = {"X-AtsiToken": demo.TOKEN, "Content-Type": "application/json"}
    urlopen(Request(f"{_URL}/api/application-status", body, headers)).close()  # noqa: S310  # the service's own address


def _shoot(page: Page, name: str) -> None:
    page.screenshot(path=_FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
