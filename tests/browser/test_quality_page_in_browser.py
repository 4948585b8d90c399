"""A client, an ATS's user and the board's staff read the quality page of the running local service."""

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import batched
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import ApplicationId, now, to_text
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.write import Change, Counters
from application_status.quality.rules.contribution import Cell
from browser.windows import Window, looks_right
from local.process import LocalService, wait_for
from support.quality_pages import OF_ATS, STAFF
from support.world import ATS, BERLIN, TOKEN

type Open = Callable[..., Page]


def send(service: LocalService, method: str, path: str, body: Mapping[str, Any]) -> None:
    """Send JSON as the board's Apply system, or as the ATS with the contract's token."""
    headers = {"Content-Type": "application/json", "X-AtsiToken": TOKEN}
    request = Request(service.url + path, json.dumps(body).encode(), headers, method=method)  # noqa: S310  # loopback
    urlopen(request, timeout=20).close()  # noqa: S310


def user(claims: Mapping[str, str]) -> str:
    """Return the user of the local user pool whose id token has these claims."""
    ((claim, own_id),) = claims.items()
    return own_id if claims == STAFF else f"{claim.removeprefix('custom:').removesuffix('_id')}/{own_id}"


@pytest.fixture
def opened(window: Window, service: LocalService) -> Open:
    """Opens the page for a signed-in user."""

    def open_page(claims: Mapping[str, str], query: str = "", **more: Any) -> Page:
        headers = {"Authorization": f"Bearer {service.id_token(user(claims))}"}
        return window(f"{service.url}/quality{query}", extra_http_headers=headers, **more)

    return open_page


def register(service: LocalService, client: str, job: str) -> list[str]:
    """Register five applications of now for a job, and return their ids."""
    ids = [str(uuid.uuid4()) for _ in range(5)]
    of = {"AtsId": ATS, "ClientId": client, "JobId": job, "JobseekerId": "j", "JobTitle": "T", "Company": "C"}
    for each in ids:
        send(service, "PUT", f"/api/applications/{each}", {**of, "AppliedAt": to_text(now())})
    return ids


def test_report_of_an_ats_changes_the_funnel(opened: Open, service: LocalService) -> None:
    """Registered and reported over HTTP, counted from the stream, and read without JavaScript by its client alone."""
    ids = register(service, "fresh", "job-1")
    page = opened({"custom:client_id": "fresh"}, java_script_enabled=False)
    funnel = page.get_by_role("region", name="How far applications got")

    def reads(text: str) -> bool:
        page.reload()
        return text in funnel.inner_text()

    wait_for(lambda: reads("5 · 100%"))
    expect(funnel).to_contain_text("0 · 0%")
    send(service, "POST", "/api/application-status", {"AtsiApplicationId": ids[0], "Status": "INTERVIEW"})
    wait_for(lambda: reads("1 · 20%"))
    expect(page.locator(".figures")).to_contain_text("Reached an interview")
    funnel.locator("summary").first.click()
    expect(funnel.get_by_role("row", name="Interview 1 20%").first).to_be_visible()
    others = opened({"custom:client_id": "muster"}, java_script_enabled=False)
    expect(others.get_by_role("heading", level=1)).to_have_text("Applicant quality Muster Klinik AG")


def test_filters_work_by_keyboard_without_javascript(opened: Open) -> None:
    """Tab by tab through the choices, and back to everything by its link."""
    page = opened(STAFF, java_script_enabled=False, locale="en-US")
    page.get_by_role("main").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#ats")).to_be_focused()
    page.keyboard.type("workday")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Workday")
    assert page.url.partition("?")[2] == "interval=week&typed=client+job&ats=workday"
    page.get_by_role("link", name="30 days").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Other days").focus()
    page.keyboard.press("Enter")
    page.locator("#interval").focus()
    page.keyboard.type("month")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    today = now().astimezone(BERLIN).date()
    days = f"from={today - timedelta(days=29)}&to={today}"
    expect(page.get_by_role("region", name="Activity over time")).to_contain_text("by month")
    assert page.url.partition("?")[2] == f"ats=workday&{days}&interval=month"
    page.get_by_role("link", name="Clear").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Applicant quality All ATSs")


def test_values_of_a_column_are_shown_on_hover_and_on_focus(opened: Open) -> None:
    """In all rows of the chart, with the days in place of those of the axis."""
    page = opened(STAFF, java_script_enabled=False)
    chart = page.get_by_role("region", name="Activity over time").locator("figure")
    week = chart.locator(".period").nth(3)
    expect(week.locator("text").first).to_be_hidden()
    week.hover()
    expect(week.locator("text").first).to_be_visible()
    expect(chart.locator(".days")).to_be_hidden()
    page.mouse.move(0, 0)
    expect(week.locator("text").first).to_be_hidden()
    week.focus()
    expect(week.locator("text").last).to_be_visible()
    words = str(week.get_attribute("aria-label"))
    assert str(week.locator("text").last.text_content()) in words
    assert f"Applied {week.locator('text').first.text_content()}" in words


def test_comparison_leads_from_all_to_a_job(opened: Open) -> None:
    """Links alone are enough to look closer."""
    page = opened(STAFF, "?client=example")
    page.get_by_role("region", name="By job").get_by_role("rowheader").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("(job-1) at Example GmbH")
    page = opened(STAFF, f"?ats={ATS}")
    page.get_by_role("region", name="By client").get_by_role("link", name="Muster Klinik AG muster").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Applicant quality Muster Klinik AG")


@pytest.mark.parametrize("width", [360, 1200])
def test_links_lead_to_the_next_jobs_and_back(opened: Open, service: LocalService, width: int) -> None:
    """From the first hundred jobs to the last five; names and links fit."""
    cells = {Cell("ats", str(now().date()), name): 5 for name in ("applications", "entered:APPLIED")}
    store = DynamoDB(transport(service.dynamodb))
    for group in batched(range(105), 50, strict=False):
        of_jobs = [(f"paged-{width}-{number:03}", f"job-{number:03}") for number in group]
        changes = [
            Change(ApplicationId(each), 1, cells, f"paged-{width}", job, (), "Paged GmbH", f"Title of {job}", "2026")
            for each, job in of_jobs
        ]
        assert len(Counters(store, "QualityTable").apply(changes)) == len(group)
    merge(service)
    page = opened({"custom:client_id": f"paged-{width}"}, width=width)
    looks_right(page, width, "light")
    jobs = page.get_by_role("region", name="By job")
    expect(jobs.get_by_role("row")).to_have_count(101)
    jobs.get_by_role("link", name="Next page").click()
    expect(jobs.get_by_role("row")).to_have_count(6)
    expect(jobs.get_by_role("link", name="Title of job-104 job-104")).to_be_visible()
    expect(jobs.get_by_role("link", name="Next page")).to_have_count(0)
    jobs.get_by_role("link", name="First page").click()
    expect(jobs.get_by_role("row")).to_have_count(101)


def merge(service: LocalService) -> None:
    """Merge what is counted, so that lists have all members."""
    Merger(DynamoDB(transport(service.dynamodb)), "QualityTable", 1).merge(now().astimezone(BERLIN).date())


def test_table_is_downloaded(opened: Open) -> None:
    """The CSV is saved as a file, and the page stays open."""
    page = opened(OF_ATS)
    with page.expect_download() as downloading:
        page.get_by_role("region", name="Activity over time").get_by_role("link", name="Download as CSV").click()
    today = now().astimezone(BERLIN).date()
    name = f"applicant-quality-over-time-{ATS}-{today - timedelta(days=89)}-{today}.csv"
    assert downloading.value.suggested_filename == name
    assert (
        downloading.value.path()
        .read_text(encoding="utf-8")
        .startswith("\ufeffats,ats_name,client,company,job,job_title,from")
    )


@pytest.mark.parametrize("width", [320, 360])
@pytest.mark.parametrize("job", ["MAINTENANCE-WARM-UP-COMMUNITY-01", "W" * 64])
def test_long_ids_and_numbers_have_room(opened: Open, service: LocalService, width: int, job: str) -> None:
    """They wrap rather than run into what stands beside them."""
    register(service, f"of-{job}"[:64], job)
    page = opened({"custom:client_id": f"of-{job}"[:64]}, width=width)
    jobs = page.get_by_role("region", name="By job").locator("table")

    def is_listed() -> bool:
        merge(service)
        page.reload()
        return jobs.count() > 0

    wait_for(is_listed)
    expect(jobs).to_contain_text(job)
    looks_right(page, width, "light")


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize(
    ("claims", "query", "status"),
    [
        (STAFF, "", 200), (STAFF, "?client=example", 200), ({"custom:client_id": "nobody"}, "", 200),
        ({"custom:client_id": "muster"}, f"?from={now().date() - timedelta(days=12)}", 200),
        (STAFF, "?from=2026-02-01&to=2026-01-01&ats=a&client=b", 422), ({"custom:jobseeker_id": "j"}, "", 403),
    ],
    ids=["all", "client", "too few", "recent", "wrong", "forbidden"],
)  # fmt: skip
def test_page_is_accessible_and_fits(
    opened: Open, colors: str, width: int, claims: Mapping[str, str], query: str, status: int
) -> None:
    """axe finds nothing wrong, contrast included, nothing sticks out or overlaps; tables and definitions are open."""
    page = opened(claims, query, status=status, colors=colors, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    looks_right(page, width, colors)
