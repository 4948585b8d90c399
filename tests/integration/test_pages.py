"""Pages for integrators: the portal, the API's description, and what each problem's type leads to."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import yaml

from application_status.api_docs.problem_types import PROBLEM_TYPES
from application_status.platform.errors import UnknownPath
from application_status.platform.http.endpoint import PROBLEMS, Request
from application_status.platform.http.html import Brand, Pages
from local.process import ROOT
from portal import SITE, site
from support.world import HOST, TEMPLATE, World, answer, http_event

NAMES = sorted(path.stem for path in SITE.glob("*.html"))
ADDRESSES = [f"/docs/{name}" for name in NAMES if name != "start"] + ["/docs"]
OWN = {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'self'"}
LARGEST_PAGE_BYTES = 60_000


def get(world: World, path: str, stage: str = "") -> dict[str, Any]:
    event = http_event("GET", path, None, {}, None)
    event["requestContext"]["path"] = stage + path
    return world.views(event, None)


def page(world: World, path: str) -> str:
    """Return a page, which is HTML for anybody, under a policy that allows its own style alone."""
    reply = get(world, path)
    headers = reply["headers"]
    assert (reply["statusCode"], headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    text: str = reply["body"]
    style = re.search("<style>(.*?)</style>", text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy: Mapping[str, str] = OWN | {"style-src": f"'sha256-{digest}'"}
    assert dict(each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";")) == policy
    assert headers["Cache-Control"] == "max-age=3600"
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert not re.search(r"<script|<img|<link|\sstyle=|\son\w+=", text), "the page needs nothing else"
    return text


def test_site_has_exactly_the_pages_that_are_rendered() -> None:
    """A page whose document is gone is gone, too; test_openapi.py compares their texts."""
    assert {path.stem for path in site()} == set(NAMES)


@pytest.mark.parametrize("address", ADDRESSES)
def test_page_is_small_and_its_links_lead_somewhere(world: World, address: str) -> None:
    """Below the stage's path, too; a link to a part of a page leads to an id that is there once."""
    assert page(world, address).count("<h1>") == 1
    text = get(world, address, "/v1")["body"]
    assert len(text.encode()) <= LARGEST_PAGE_BYTES
    for link in sorted(set(re.findall(r'href="([^"]+)"', text))):
        target = urlsplit(urljoin(f"https://{HOST}/v1{address}", unescape(link)))
        if target.netloc == HOST:
            stage, path = target.path[:3], target.path[3:]
            there = get(world, path)
            assert (stage, there["statusCode"]) == ("/v1", 200), link
            assert not target.fragment or there["body"].count(f'id="{target.fragment}"') == 1, link


def test_start_page_shows_the_address_of_this_service(world: World) -> None:
    """To be copied; the example's address is in no page."""
    assert f"export STATUS_URL=https://{HOST}/v1\n" in get(world, "/docs", "/v1")["body"]
    assert not [name for name in ADDRESSES if "status.example.com" in get(world, name)["body"]]


def test_navigation_marks_where_the_reader_is(world: World) -> None:
    """Also on a page below one of the navigation, and on the page of a problem."""
    marked = r'<a href="([^"]+)" aria-current="page">'
    for address, current in {
        "/docs": "/docs",
        "/docs/errors": "/docs/errors",
        "/docs/guide-signals": "/docs/guide",
        "/problems/throttled": "/docs/errors",
    }.items():
        assert re.findall(marked, page(world, address)) == [current]


def test_repository_s_own_parts_are_left_out(world: World) -> None:
    """An integrator has no `make run`, and none of its tokens."""
    for address in ADDRESSES:
        if "changelog" not in address:
            text = get(world, address)["body"]
            assert not re.search(r"repository -->|make run|node01nwh2px2exa8a1d7006h0cnbof7", text), address


def test_brand_is_the_job_board_s() -> None:
    """Pages are rendered ahead, and have the name, the colour and the logo of the job board that serves them."""
    pages = Pages("application_status.api_docs.pages", brand=Brand("Jobs", "#aa0000", "https://cdn.test/logo.svg"))
    event = http_event("GET", "/docs", token=None)
    text = pages.reply(Request.from_event(event), 200, "page.html", title="Start", body="")["body"]
    assert all(part in text for part in ("Jobs</p>", "#aa0000", 'src="https://cdn.test/logo.svg"'))


def test_description_is_the_one_in_the_docs(world: World) -> None:
    """Whichever of the two a tool is given; the one served has the service's own address."""
    shown = json.loads(get(world, "/docs/openapi.json")["body"])
    written = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text(encoding="utf-8"))
    assert shown == written | {"servers": [{"url": f"https://{HOST}"}]}


@pytest.mark.parametrize("path", ["/docs", "/docs/openapi.json"])
def test_address_does_not_depend_on_the_client_s_headers(world: World, path: str) -> None:
    """Else a cache could keep another one, to which others then send their tokens; only the local service has HTTP."""
    forged = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.test", "Host": "evil.test"}
    event = http_event("GET", path, None, forged, None)
    text = world.views(event, None)["body"]
    assert f"https://{HOST}" in text
    assert f"http://{HOST}" not in text
    assert "evil.test" not in text
    event["requestContext"]["domainName"] = "127.0.0.1:3000"
    assert "http://127.0.0.1:3000" in world.views(event, None)["body"]


@pytest.mark.parametrize("kind", [each.type for each in PROBLEM_TYPES])
def test_type_of_a_problem_leads_to_its_page(world: World, kind: str) -> None:
    """It has its name, its status, its cause and its fix."""
    problem = next(each for each in PROBLEM_TYPES if each.type == kind)
    text = page(world, f"/problems/{kind}")
    plain = unescape(re.sub("<[^>]+>", "", text)).lower()
    for part in (kind, problem.status, problem.cause, problem.fix):
        assert part.replace("`", "").lower() in plain
    assert "`" not in text
    assert f"<p>{problem.cause[0].upper()}" in text or problem.cause.startswith("`")
    assert urljoin(f"/v1/problems/{kind}", "../docs/errors") == "/v1/docs/errors"
    assert f'href="../problems/{kind}"' in get(world, "/docs/errors")["body"]


@pytest.mark.parametrize("path", ["/docs/start", "/docs/start.html", "/docs/..", "/problems/unknown"])
def test_other_paths_are_a_404(world: World, path: str) -> None:
    """Other files of the package and other types are not served."""
    reply = answer(get(world, path))
    assert (reply.status, reply.body["type"]) == (404, "/problems/unknown-path")
    gateways = json.loads(TEMPLATE.gateway_response("MISSING_AUTHENTICATION_TOKEN").body)
    assert (reply.body["title"], reply.body["status"]) == (gateways["title"], gateways["status"])
    assert PROBLEMS[UnknownPath].title == gateways["title"]


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/docs/Sandbx", "Did you mean /docs/sandbox?"),
        ("/problems/invalid-field", "Did you mean /problems/invalid-fields"),
        ("/docs/nonsense", "not exist. /docs describes"),
    ],
)
def test_near_page_is_named(world: World, path: str, meant: str) -> None:
    """To those who mistype it, or follow an old link."""
    assert meant in str(get(world, path)["body"])


def test_every_path_of_the_views_has_an_answer(world: World) -> None:
    """None of the template's paths is missing from the handler's table."""
    paths = [route.path for route in TEMPLATE.routes() if route.function == "ViewsFunction"]
    assert {get(world, path)["statusCode"] for path in paths} <= {200, 401, 403, 404}
