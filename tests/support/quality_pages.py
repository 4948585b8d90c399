"""Requests for quality reports as HTML and JSON, applications to count, and readers of the page."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from html import unescape
from typing import Any

from application_status.applications.rules.application import Application
from application_status.platform.values import AtsId, application_id
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.write import Counters
from application_status.quality.counting.stream import change
from support.histories import application, at, move
from support.world import ATS, BERLIN, OTHER_ATS, World, http_event, registration

SMALL_ATS = AtsId("small-ats")
STAFF = {"cognito:groups": "staff"}
OF_ATS = {"custom:ats_id": str(ATS)}
OF_CLIENT = {"custom:client_id": "client-1"}

_PATHS = (
    (("INTERVIEW", 6), ("OFFER", 9), ("HIRED", 12)),
    (("CONTACT", 3), ("REJECTED", 20)),
    ((None, 2),),
    (("PRE_INTERVIEW", 8), ("INTERVIEW", 15)),
    (),
)  # fmt: skip
UNKNOWN = ("Stage 3", "<b>Warten</b>")
_GROUPS = (  # number of applications by ATS, client and job
    (40, ATS, "client-1", "job-a"),
    (20, OTHER_ATS, "client-1", "job-b"),
    (3, ATS, "client-1", "job-small"),
    (2, ATS, "client-1", "job-tiny"),
    (25, ATS, "client-2", "job-c"),
    (3, SMALL_ATS, "client-3", "job-d"),
)


def count(world: World, groups: tuple[tuple[int, AtsId, str, str], ...] = _GROUPS) -> None:
    """Count applications of each ATS, client and job, on four days from 2022-07-01, and merge them into lists."""
    changes = [change(each, BERLIN) for each in _applications(groups)]
    for start in range(0, len(changes), 25):
        Counters(world.dynamodb, "QualityTable").apply(changes[start : start + 25])
    merge(world)


def merge(world: World) -> None:
    """Merge what is counted, so that lists have all members."""
    Merger(world.dynamodb, "QualityTable", 1).merge(datetime.now(BERLIN).date())


def _applications(groups: tuple[tuple[int, AtsId, str, str], ...]) -> Iterator[Application]:
    numbers = ((of, n) for of in groups for n in range(of[0]))
    for number, ((_, ats_id, client_id, job_id), n) in enumerate(numbers):
        day = n % 4
        path = _PATHS[n % len(_PATHS)]
        moves = [move(s, day + after, raw_status=f"{n}" if s else UNKNOWN[n % len(UNKNOWN)]) for s, after in path]
        registered = registration(ats_id=ats_id, client_id=client_id, job_id=job_id, applied_at=at(day))
        each = application(*moves, registered=registered)
        yield replace(each, application_id=application_id(f"51c3be16-0f93-41ed-9cc0-{number:012x}"), ats_id=ats_id)


def ask(
    world: World,
    claims: Mapping[str, str] | None = None,
    path: str = "/quality",
    *,
    method: str = "GET",
    accept: str = "text/html, */*",
    language: str = "en",
    **query: Any,
) -> dict[str, Any]:
    """Return the raw reply to a signed-in user; `from_` stands for from, a list for a parameter sent repeatedly."""
    token = {"Authorization": f"Bearer {world.id_token(claims)}"} if claims is not None and path == "/quality" else {}
    event = http_event(method, path, None, {"Accept": accept, "Accept-Language": language, **token}, None)
    values = {name.rstrip("_"): value if isinstance(value, list) else [value] for name, value in query.items()}
    event["multiValueQueryStringParameters"] = values or None
    if path != "/quality":
        event["requestContext"]["authorizer"] = {"claims": claims} if claims is not None else None
    return world.views(event, None)


def shown(world: World, claims: Mapping[str, str], **query: Any) -> str:
    """Return the page; the reply must be a 200."""
    reply = ask(world, claims, **query)
    assert reply["statusCode"] == 200, reply["body"]
    html: str = reply["body"]
    return html


def api(world: World, claims: Mapping[str, str], **query: Any) -> dict[str, Any]:
    """Return the API's reply to the same user."""
    reply = ask(world, claims, "/api/my/quality", **query)
    assert reply["statusCode"] == 200, reply["body"]
    body: dict[str, Any] = json.loads(reply["body"])
    return body


def section(html: str, name: str) -> str:
    """Return the markup of a section, or an empty text."""
    found = re.search(rf'<section class="card[^"]*" id="{name}".*?</section>', html, re.DOTALL)
    return found[0] if found else ""


def rows(html: str, name: str) -> dict[str, list[str]]:
    """Return the cells of a section's table by the heading of the row."""
    found = re.findall(r"<tr>\s*(<th scope=\"row\">.*?)</tr>", section(html, name), re.DOTALL)
    cells = [[_text(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in found]
    return {first: rest for first, *rest in cells}


def figures(html: str) -> dict[str, str]:
    """Return the key figures by name."""
    found = re.findall(r"<dt>([^<]+)</dt>\s*<dd><strong>([^<]+)</strong>", html)
    return {_text(name): _text(value) for name, value in found}


def about(html: str) -> str:
    """Return the subject of the page."""
    (found,) = re.findall(r'<span class="about">(.*?)</span>', html)
    return _text(found)


def _text(markup: str) -> str:
    return unescape(re.sub("<[^>]+>", "", markup)).strip()
