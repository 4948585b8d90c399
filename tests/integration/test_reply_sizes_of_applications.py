"""No reply about applications is larger than 1 MB, however much has been reported of them."""

import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from application_status.applications import items
from application_status.applications.rules.application import HISTORY_LIMIT, Application
from application_status.applications.rules.report import Channel, Interpretation, Transition
from application_status.applications.rules.status import Status
from application_status.jobseeker.page import TIMELINE_LIMIT
from application_status.platform.values import application_id, now, to_text
from integration.test_reply_sizes import FILLERS, size
from support.world import ATS, TOKEN, World, http_event, registration

ME = "me"


def full(number: int, of: str, statuses: tuple[Status, Status], **reading: Any) -> Application:
    """Return an application that has changed as often as one can."""
    transitions = {}
    for place in range(HISTORY_LIMIT):
        moment = now() - timedelta(minutes=HISTORY_LIMIT - place)
        each = Transition(
            channel=Channel.ATSI,
            interpretation=Interpretation(status=statuses[place % 2], **reading),
            effective_at=moment,
            received_at=moment,
            tiebreaker="5",
        )
        transitions[each.key] = each
    return Application(
        application_id=application_id(f"0a7e3f52-6b1d-4c1e-9d55-{number:012x}"), ats_id=ATS, status=statuses[1],
        version=HISTORY_LIMIT, head=max(transitions), transitions=transitions,
        raw_status=reading.get("raw_status"),
        registration=registration(
            jobseeker_id=ME, job_title=of * 200, company=of * 200, applied_at=now() - timedelta(days=99)
        ),
    )  # fmt: skip


def store(world: World, applications: Iterable[Application]) -> None:
    for each in applications:
        item = items.application_item(each, updated_at=to_text(now()))
        world.client.put_item(TableName="ApplicationsTable", Item=item)


def test_application_that_is_read_back_fits(world: World) -> None:
    """With 256 transitions whose labels are as long as JSON can make them."""
    label = "\x01" * 200
    of = full(1, "T", (Status.PRE_INTERVIEW, Status.POST_INTERVIEW), raw_status=label, raw_phase=label)
    store(world, [of])
    reply = world.views(http_event("GET", f"/api/application-status/{of.application_id}", token=TOKEN), None)
    assert reply["statusCode"] == 200
    assert size(reply) > 600_000
    assert len(json.loads(reply["body"])["Transitions"]) == HISTORY_LIMIT


@pytest.fixture(params=FILLERS)
def much(world: World, request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Fifty applications of a jobseeker with 256 changes each, and names as long as they may be."""
    store(world, (full(n, FILLERS[request.param], (Status.INTERVIEW, Status.REJECTED)) for n in range(50)))

    def read(path: str, language: str, **query: str) -> dict[str, Any]:
        claims = {"custom:jobseeker_id": ME}
        headers = {"Accept-Language": language, "Authorization": f"Bearer {world.id_token(claims)}"}
        event = http_event("GET", path, None, headers, None)
        event["requestContext"]["authorizer"] = {"claims": claims}
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
        reply = world.my_applications(event, None)
        assert reply["statusCode"] == 200
        return reply

    return read


def test_jobseekers_pages_fit(much: Callable[..., dict[str, Any]]) -> None:
    """An application's page shows the first change and the last ones, and how many are between; JSON has all."""
    of = application_id(f"0a7e3f52-6b1d-4c1e-9d55-{1:012x}")
    between = {"en": "227 further changes are not shown", "de": "227 weitere Änderungen werden nicht angezeigt"}
    for language, more in between.items():
        page = much("/my/applications", language)
        assert size(page) > 80_000
        assert page["body"].count('<li class="card') > 45  # moto ends an index's page by the size of whole items
        one_page = much("/my/applications", language, application=of)
        size(one_page)
        assert one_page["body"].count("<li><time") == TIMELINE_LIMIT
        assert more in one_page["body"]
    assert size(much("/api/my/applications", "de")) > 50_000
    one = much(f"/api/my/applications/{of}", "de")
    size(one)
    assert len(json.loads(one["body"])["Timeline"]) == HISTORY_LIMIT + 1
