"""Pages for integrators: the API's description in a reader, and what each problem's type leads to."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
import yaml

from application_status.api_docs.problem_types import PROBLEM_TYPES
from application_status.platform.errors import UnknownPath
from application_status.platform.http.endpoint import PROBLEMS
from local.process import ROOT
from support.world import TEMPLATE, World, answer, http_event

STRICT = {  # of the page that needs scripts
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
    "connect-src": "'self'", "base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
}  # fmt: skip


def get(world: World, path: str) -> dict[str, Any]:
    return world.views(http_event("GET", path, token=None), None)


def page(world: World, path: str, policy: Mapping[str, str]) -> str:
    """Return a page, which is HTML for anybody, under a strict policy."""
    reply = get(world, path)
    headers = reply["headers"]
    assert (reply["statusCode"], headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert dict(each.strip().split(" ", 1) for each in headers["Content-Security-Policy"].split(";")) == policy
    assert headers["Cache-Control"] == "max-age=3600"
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    text: str = reply["body"]
    assert not re.search(r"<script>|\sstyle=|\son\w+=", text), "inline, so the policy stops it"
    return text


def test_docs_come_whole_from_here(world: World) -> None:
    """Script, style and description lie beside the page, also where the API has a stage in its path."""
    text = page(world, "/docs", STRICT)
    assert "<style" not in text
    links = [each for each in re.findall(r'(?:src|href)="([^"]+)"', text) if each != "data:,"]
    types = {}
    for each in {*links, "docs/openapi.json"}:
        stage, _, rest = urljoin("https://host/v1/docs", each).removeprefix("https://host/").partition("/")
        assert stage == "v1"
        path = f"/{rest}"
        reply = get(world, path)
        assert reply["statusCode"] == 200
        assert reply["headers"]["X-Content-Type-Options"] == "nosniff"
        assert len(reply["body"].encode()) < 5_000_000, "Lambda's reply has 6 MB, escaped"
        types[path] = reply["headers"]["Content-Type"].partition(";")[0]
    assert types == {
        "/docs/docs.css": "text/css",
        "/docs/openapi.json": "application/json",
        "/docs/start.js": "text/javascript",
        "/docs/swagger-ui-bundle.js": "text/javascript",
        "/docs/swagger-ui.css": "text/css",
    }
    assert '"openapi.json"' in get(world, "/docs/start.js")["body"]


def test_description_is_the_one_in_the_docs(world: World) -> None:
    """Whichever of the two a tool is given."""
    shown = json.loads(get(world, "/docs/openapi.json")["body"])
    assert shown == yaml.safe_load((ROOT / "docs/openapi.yaml").read_text(encoding="utf-8"))
    assert urljoin("https://host/v1/docs/openapi.json", shown["servers"][0]["url"]) == "https://host/v1/"


@pytest.mark.parametrize("kind", [each.type for each in PROBLEM_TYPES])
def test_type_of_a_problem_leads_to_its_page(world: World, kind: str) -> None:
    """It has its name, its status, its cause and its fix."""
    problem = next(each for each in PROBLEM_TYPES if each.type == kind)
    style = re.search("<style>(.*?)</style>", get(world, f"/problems/{kind}")["body"], re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    own = {"default-src": "'none'", "style-src": f"'sha256-{digest}'", "base-uri": "'none'", "form-action": "'none'"}
    text = page(world, f"/problems/{kind}", own | {"frame-ancestors": "'self'"})
    plain = unescape(re.sub("<[^>]+>", "", text)).lower()
    for part in (kind, problem.status, problem.cause, problem.fix):
        assert part.replace("`", "").lower() in plain
    assert "`" not in text
    assert f"<p>{problem.cause[0].upper()}" in text or problem.cause.startswith("`")
    assert urljoin(f"/v1/problems/{kind}", "../docs") == "/v1/docs"


@pytest.mark.parametrize("path", ["/docs/__init__.py", "/docs/docs.html", "/docs/..", "/problems/unknown"])
def test_other_paths_are_a_404(world: World, path: str) -> None:
    """Other files of the package and other types are not served."""
    reply = answer(get(world, path))
    assert (reply.status, reply.body["type"]) == (404, "/problems/unknown-path")
    gateways = json.loads(TEMPLATE.gateway_response("MISSING_AUTHENTICATION_TOKEN").body)
    assert (reply.body["title"], reply.body["status"]) == (gateways["title"], gateways["status"])
    assert PROBLEMS[UnknownPath].title == gateways["title"]


def test_every_path_of_the_views_has_an_answer(world: World) -> None:
    """None of the template's paths is missing from the handler's table."""
    paths = [route.path for route in TEMPLATE.routes() if route.function == "ViewsFunction"]
    assert {get(world, path)["statusCode"] for path in paths} <= {200, 401, 403, 404}
