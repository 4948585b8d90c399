"""Selection Signals as an ATS sends them, and readers of their effect in the tables."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from application_status.applications.rules.report import Transition
from application_status.applications.rules.status import Status
from support.world import (
    POSITION,
    SIGNAL_TOKEN,
    SIGNALLED_APPLICATION,
    TOKEN,
    Answer,
    World,
    answer,
    http_event,
)

ONE = "mutation ($input: SendSignalInput!) { sendSignal(input: $input) }"
MANY = "mutation ($input: SendSignalsInput!) { sendSignals(input: $input) }"
TRUE_ONE, TRUE_MANY = {"data": {"sendSignal": True}}, {"data": {"sendSignals": True}}


def state(label: str = "Interview", day: int = 1, /, **changes: Any) -> dict[str, Any]:
    """Return a state that took effect on a day of August 2022; one without `success`, but for the changes given."""
    status = {"label": label, "index": 3, "total": 14}
    return {"status": status, "timestamp": f"2022-08-{day:02}T12:00:00.000Z"} | changes


def signal(current: Any = None, **changes: Any) -> dict[str, Any]:
    """Return an ApplicationStatusUpdate, but for the changes given."""
    body = {"typeCode": "ApplicationStatusUpdate", "token": SIGNAL_TOKEN, "current": current or state()}
    return body | changes


def complete(**changes: Any) -> dict[str, Any]:
    """Return an ApplicationComplete, but for the changes given."""
    return {"typeCode": "ApplicationComplete", "token": SIGNAL_TOKEN} | changes


def position_signal(success: Any, day: int = 10, **changes: Any) -> dict[str, Any]:
    """Return a PositionStatusUpdate of a day of August 2022, but for the changes given."""
    current = state("Closed", day, success=success)
    return {"typeCode": "PositionStatusUpdate", "positionProfileIds": [POSITION], "current": current} | changes


def event(body: Any, headers: Mapping[str, str] | None = None, token: str | None = TOKEN) -> dict[str, Any]:
    """Return the proxy event of a GraphQL request; a body that isn't a str is written as JSON."""
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return http_event("POST", "/graphql", body, bearer | dict(headers or {}), token=None)


def post(world: World, body: Any, headers: Mapping[str, str] | None = None, token: str | None = TOKEN) -> Answer:
    """Send a GraphQL request."""
    return answer(world.signals(event(body, headers, token), None))


def send(world: World, *signals: Mapping[str, Any], token: str = TOKEN) -> Answer:
    """Send signals, several in one batch."""
    if len(signals) == 1:
        return post(world, {"query": ONE, "variables": {"input": signals[0]}}, token=token)
    return post(world, {"query": MANY, "variables": {"input": {"signals": signals}}}, token=token)


def sent(world: World, *signals: Mapping[str, Any], token: str = TOKEN) -> None:
    """Send signals that must be accepted; a test token may also be told that some were dropped."""
    reply = send(world, *signals, token=token)
    assert reply.status == 200, reply.body
    reply.body.pop("extensions", None)
    assert reply.body == (TRUE_ONE if len(signals) == 1 else TRUE_MANY)


def history(world: World, of: str = SIGNALLED_APPLICATION) -> list[Transition]:
    """Return an application's transitions, oldest first."""
    return list(world.stored(of).in_order())


def statuses(world: World) -> list[Status | None]:
    """Return the signalled application's statuses, oldest first."""
    return [each.status for each in history(world)]


def stands(world: World) -> tuple[str, str]:
    """Return the signalled application's status and outcome, which must be its own."""
    stored = world.stored(SIGNALLED_APPLICATION)
    assert not stored.outcome[1]
    return stored.status, stored.outcome[0]


def counted(capsys: pytest.CaptureFixture[str]) -> Counter[str]:
    """Return the metrics written since the last call."""
    total: Counter[str] = Counter()
    for entry in (json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line):
        for name in (each["Name"] for block in entry["_aws"]["CloudWatchMetrics"] for each in block["Metrics"]):
            total[name] += round(sum(entry[name]))
    return total


def refused(reply: Answer) -> Sequence[str]:
    """Return the pointers to the wrong fields in a reply."""
    (error,) = reply.body["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["errors"][0]["detail"] in error["message"]
    assert all([*each] == ["pointer", "detail", "expected"] for each in error["extensions"]["errors"])
    assert all(all(each.values()) for each in error["extensions"]["errors"])
    return [each["pointer"] for each in error["extensions"]["errors"]]
