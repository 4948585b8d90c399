"""The bounds of the report about integration health: the days of its period, and its calls side by side."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine

from application_status.applications.rules.report import Channel
from application_status.health.counts import Health
from application_status.health.report import health_report
from application_status.health.rules import HealthDay
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import AtsId, now
from application_status.quality.reports.query import QualityQuery
from support.quality_pages import OF_ATS, STAFF, api, ask
from support.world import ATS, BERLIN, OTHER_ATS, World


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel("2026-11-22T10:00:00Z"):
        yield


def add(world: World, *atss: AtsId, days: int = 1) -> None:
    """Add a request of each ATS on each of the last days."""
    moments = [now() - timedelta(days=each) for each in range(days)]
    counts = {(Channel.ATSI, "recorded"): 1}
    Health(world.dynamodb, "QualityTable").add(
        "a-batch",
        [HealthDay(ats, moment.astimezone(BERLIN).date(), counts, moment) for ats in atss for moment in moments],
    )


@pytest.mark.parametrize(
    ("claims", "query", "longest", "instead"),
    [
        (STAFF, {}, "2026-08-15", "at most 100 days, or one ATS"),
        (STAFF, {"ats": ATS}, "2025-10-19", "at most 400 days"),
        (OF_ATS, {}, "2025-10-19", "at most 400 days"),
    ],
    ids=["all ATSs", "one ATS, for staff", "one ATS"],
)  # fmt: skip
def test_period_is_bounded(
    world: World, claims: Mapping[str, str], query: dict[str, Any], longest: str, instead: str
) -> None:
    """A day more is a 422 that names the period that was sent, and the longest one."""
    add(world, ATS, OTHER_ATS, days=500)
    days = int(instead.split()[2])
    rows = api(world, claims, kind="health", from_=longest, **query)["Rows"]
    assert {row["Numbers"][0]["Value"] for row in rows} == {days}
    reply = ask(world, claims, "/api/my/quality", kind="health", from_="2025-10-01", **query)
    assert reply["statusCode"] == 422
    (error,) = json.loads(reply["body"])["errors"]
    whom = "one ATS" if days == 400 else "all ATSs"
    detail = (
        f"2025-10-01 to 2026-11-22 has 418 days, and a report about the health of {whom} covers at most {days} days"
    )
    assert error == {"pointer": "/from", "detail": detail, "expected": instead}
    world.dynamodb.operations.clear()
    a_day_more = date.fromisoformat(longest) - timedelta(days=1)
    assert ask(world, claims, "/api/my/quality", kind="health", from_=f"{a_day_more}", **query)["statusCode"] == 422
    assert world.dynamodb.operations == ["GetItem"]


def test_atss_are_read_side_by_side(world: World) -> None:
    """The calls of all ATSs are under way at the same time."""
    atss = [AtsId(f"ats-{number}") for number in range(5)]
    add(world, *atss)
    all_are_here = Barrier(len(atss), timeout=10)
    call = transport(world.client)

    def waiting(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if request["ExpressionAttributeValues"][":scope"]["S"] != "health":
            all_are_here.wait()
        return call(operation, request)

    today = now().astimezone(BERLIN)
    query = QualityQuery(kind="health").as_of(today.date())
    found = health_report(query, Health(DynamoDB(waiting), "QualityTable"), today)
    assert [row.of["Ats"] for row in found.rows] == atss
