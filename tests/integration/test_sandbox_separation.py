"""Two worlds: what a live token can't see of the sandbox, a test token of live data, and what is counted of neither."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application_status.access import rules as tokens
from application_status.access.register import TokenRegister
from support.log_lines import batch, picked
from support.sandbox import created, read_back, report, rows
from support.signals import position_signal, send, sent, signal, state
from support.streams import positions_copied, stream
from support.world import (
    APPLICATION,
    OTHER_ATS,
    POSITION,
    PROFILE,
    SIGNAL_TOKEN,
    SIGNALLED_APPLICATION,
    TEST_TOKEN,
    TOKEN,
    World,
    http_event,
)

UNKNOWN = "51c3be16-0f93-41ed-9cc0-00000000dead"
LIVE = ("AliasesTable", "ApplicationsTable", "QualityTable", "TokensTable")


@pytest.fixture(autouse=True)
def _streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto's streams don't answer at an account's own endpoint."""
    monkeypatch.setenv("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled")


def replies(world: World, of: str, token: str) -> list[dict[str, Any]]:
    """Return what is answered to reports on either path and to reading back, as bytes but for the request's id."""
    body = {"AtsiApplicationId": of, "Status": "OFFER"}
    asked: list[tuple[Callable[[Any, Any], dict[str, Any]], dict[str, Any]]] = [
        (world.webhook, http_event("POST", "/api/application-status", body, token=token)),
        (world.webhook, http_event("POST", "/qs-api/public/atsi/v1/demo-ats", body, token=token)),
        (world.views, http_event("GET", f"/api/application-status/{of}", token=token)),
    ]
    for _, event in asked:
        event["requestContext"]["requestId"] = "the-same"
    return [handler(event, None) for handler, event in asked]


def live(world: World) -> list[Any]:
    """Return all that is in the live tables."""
    return [world.client.scan(TableName=table)["Items"] for table in LIVE]


def test_neither_world_can_be_probed_from_the_other(world: World) -> None:
    """404, the bytes of an unknown application's, both ways; a test token is told what it sees, whatever the id."""
    of = created(world)["AtsiApplicationId"]
    before = live(world), rows(world)
    unknown, unknown_in_sandbox = replies(world, UNKNOWN, TOKEN), replies(world, UNKNOWN, TEST_TOKEN)
    assert {reply["statusCode"] for reply in (*unknown, *unknown_in_sandbox)} == {404}
    for each, tested in zip(unknown, unknown_in_sandbox, strict=True):
        problem, in_sandbox = json.loads(each["body"]), json.loads(tested["body"])
        assert problem["type"] == "/problems/unknown-application"
        assert problem["detail"] == "You have no application with this AtsiApplicationId."
        hint = " A test token sees only the applications that you create with POST /api/sandbox/applications; "
        assert in_sandbox == problem | {"detail": f"{problem['detail']}{hint}send a live token for all others."}
    assert replies(world, of, TOKEN) == unknown
    assert replies(world, APPLICATION, TEST_TOKEN) == unknown_in_sandbox
    assert (live(world), rows(world)) == before


def test_sandbox_of_another_ats_can_not_be_probed(world: World) -> None:
    """A test token sees its own ATS's applications alone."""
    other = tokens.generate(test=True)
    TokenRegister(world.dynamodb, "TokensTable").add(other, OTHER_ATS)
    made = created(world, other)
    before = rows(world)
    assert replies(world, made["AtsiApplicationId"], TEST_TOKEN) == replies(world, UNKNOWN, TEST_TOKEN)
    sent(world, signal(token=made["Aliases"]["Token"][0]), token=TEST_TOKEN)
    ended = position_signal(success=False, positionProfileIds=made["Aliases"]["PositionProfileIds"])
    sent(world, ended, token=TEST_TOKEN)
    assert rows(world) == before
    sent(world, signal(token=made["Aliases"]["Token"][0]), ended, token=other)
    assert read_back(world, made["AtsiApplicationId"], other).body["Version"] == 3


@pytest.mark.parametrize("kind", ["token", "candidateApplicationProfileId", "positionProfileIds"])
def test_aliases_are_known_in_their_own_world(world: World, kind: str) -> None:
    """Signals with the other's are dropped, without an error as the contract wants, and leave nothing."""
    made = created(world)["Aliases"]
    sandboxed = {
        "token": made["Token"][0],
        "candidateApplicationProfileId": made["CandidateApplicationProfileId"][0],
        "positionProfileIds": made["PositionProfileIds"],
    }
    lively = {"token": SIGNAL_TOKEN, "candidateApplicationProfileId": PROFILE, "positionProfileIds": [POSITION]}

    def is_recorded(aliases: dict[str, Any], token: str) -> bool:
        before = live(world), rows(world)
        if kind == "positionProfileIds":
            sent(world, position_signal(success=False, **{kind: aliases[kind]}), token=token)
        else:
            sent(world, signal(**{"token": None, kind: aliases[kind]}), token=token)
        return (live(world), rows(world)) != before

    assert not is_recorded(lively, TEST_TOKEN)
    assert not is_recorded(sandboxed, TOKEN)
    assert is_recorded(lively, TOKEN)
    assert is_recorded(sandboxed, TEST_TOKEN)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["create", "report", "by-ats", "signal", "position", "read", "quality", "nonsense"]),
        st.sampled_from(["INTERVIEW", "OFFER", "REJECTED", "HIRED", "Blue folder"]),
        st.integers(1, 20),
    ),
    max_size=12,
)


def act(world: World, made: dict[str, Any], token: str, what: str, label: str, day: int) -> None:
    """Do one thing that an integrator may do, in the sandbox or, with a live token, outside."""
    of, when = made["AtsiApplicationId"], {"BusinessDate": f"2022-08-{day:02}T12:00:00Z"}
    match what:
        case "create":
            created(world)
        case "report":
            report(world, of, label, token=token, **when)
        case "by-ats":
            report(world, of, label, token=token, path="/qs-api/public/atsi/v1/demo-ats")
        case "signal":
            send(world, signal(state(label, day), token=made["Aliases"]["Token"][0]), token=token)
        case "position":
            where = made["Aliases"]["PositionProfileIds"]
            send(world, position_signal(day % 2 == 0, day, positionProfileIds=where), token=token)
        case "read":
            read_back(world, of, token)
        case "quality":
            world.views(http_event("GET", "/api/quality", token=token), None)
        case _:
            report(world, "nonsense", label, token=token)
            send(world, {"typeCode": 5}, token=token)


def delivered(world: World, log: StringIO, seen: int) -> int:
    """Bring what happened to the positions, the analytics and the health, as the template's streams and filters do."""
    positions_copied(world)
    records = stream(world, "ApplicationsTable", skip=seen)
    assert world.analytics({"Records": records}, None) == {"batchItemFailures": []}
    world.health(batch(picked(log)), None)
    return seen + len(records)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_nothing_of_the_sandbox_reaches_live_data_or_numbers(world: World, log: StringIO, acts: list[Any]) -> None:
    """After any traffic the live tables, the counters and the health are what they were, to the byte."""
    world.report("CONTACT")
    seen = delivered(world, log, 0)
    before, made = live(world), created(world)
    for each in acts:
        act(world, made, TEST_TOKEN, *each)
    assert delivered(world, log, seen) == seen
    assert live(world) == before


@pytest.mark.parametrize("what", ["report", "by-ats", "signal", "position", "nonsense"])
def test_same_acts_with_a_live_token_change_the_live_tables(world: World, log: StringIO, what: str) -> None:
    """This shows that the property above would find a mistake."""
    aliases = {"Token": [SIGNAL_TOKEN], "PositionProfileIds": [POSITION]}
    made = {"AtsiApplicationId": SIGNALLED_APPLICATION, "Aliases": aliases}
    seen = delivered(world, log, 0)
    before, sandbox = live(world), rows(world)
    act(world, made, TOKEN, what, "OFFER", 10)
    delivered(world, log, seen)
    after = live(world)
    assert after[LIVE.index("QualityTable")] != before[LIVE.index("QualityTable")]
    assert rows(world) == sandbox
