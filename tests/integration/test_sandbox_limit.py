"""How many applications of the sandbox an ATS may make on a day."""

from typing import Any

import pytest
import time_machine

from application_status.access import rules as tokens
from application_status.access.register import TokenRegister
from application_status.intake.sandbox.create import CREATIONS_A_DAY
from support.sandbox import create, created, report, rows
from support.signals import counted
from support.world import ATS, OTHER_ATS, TEST_TOKEN, World

DAY = "2026-11-22T"


def counts(world: World) -> list[Any]:
    """Return the counts of what was made."""
    found = world.client.scan(TableName="SandboxAliasesTable")["Items"]
    return sorted(
        (each["Alias"]["S"], each["Member"]["S"], each["Made"]["N"], each["ExpiresAt"]["N"])
        for each in found
        if "Made" in each
    )


def nearly_all_made(world: World, left: int, ats: str = ATS) -> None:
    """Make all the applications of the day but a few, as far as their count goes."""
    world.client.put_item(
        TableName="SandboxAliasesTable",
        Item={
            "Alias": {"S": f"made#{ats}#2026-11-22"},
            "Member": {"S": "-"},
            "Made": {"N": str(CREATIONS_A_DAY - left)},
        },
    )


def test_each_is_counted_until_the_end_of_its_day(world: World) -> None:
    """The count is by ATS and UTC day, and expires by itself."""
    other = tokens.generate(test=True)
    TokenRegister(world.dynamodb, "TokensTable").add(other, OTHER_ATS)
    with time_machine.travel(f"{DAY}23:59:59.999Z", tick=False) as moment:
        created(world)
        created(world)
        created(world, other)
        moment.shift(0.001)
        created(world)
    assert counts(world) == [
        ("made#demo-ats#2026-11-22", "-", "2", "1795392000"),
        ("made#demo-ats#2026-11-23", "-", "1", "1795478400"),
        ("made#other-ats#2026-11-22", "-", "1", "1795392000"),
    ]


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("00:00:00Z", 86_400), ("09:30:00.001Z", 52_200), ("23:59:59Z", 1), ("23:59:59.999Z", 1)],
)
def test_beyond_the_limit_none_is_made_until_the_next_day(
    world: World, capsys: pytest.CaptureFixture[str], time: str, seconds: int
) -> None:
    """429 with the seconds until then; those that are there work on."""
    with time_machine.travel(f"{DAY}{time}", tick=False) as moment:
        nearly_all_made(world, 1)
        made = created(world)
        before = rows(world), counts(world)
        counted(capsys)
        for _ in range(2):
            reply = create(world)
            assert (reply.status, reply.headers["Retry-After"]) == (429, str(seconds))
            assert reply.headers["Content-Type"] == "application/problem+json"
            assert (reply.body["type"], reply.body["status"]) == ("/problems/daily-limit-reached", 429)
            assert f"{CREATIONS_A_DAY} sandbox applications" in reply.body["detail"]
        assert counted(capsys) == {"Sandbox.DailyLimitReached": 2, "Sandbox.Refused": 2}
        assert (rows(world), counts(world)) == before
        assert report(world, made["AtsiApplicationId"], "INTERVIEW").status == 200
        moment.shift(seconds)
        created(world)


def test_tokens_of_an_ats_share_its_limit(world: World) -> None:
    """Another token, as in a rotation, gives no more; another ATS has its own."""
    register, second, other = (
        TokenRegister(world.dynamodb, "TokensTable"),
        tokens.generate(test=True),
        tokens.generate(test=True),
    )
    register.add(second, ATS)
    register.add(other, OTHER_ATS)
    with time_machine.travel(f"{DAY}09:00:00Z", tick=False):
        nearly_all_made(world, 1)
        created(world, second)
        assert [create(world, token=token).status for token in (TEST_TOKEN, second, other)] == [429, 429, 201]


def test_a_wrong_body_is_not_counted(world: World) -> None:
    """It makes none."""
    assert create(world, "[").status == 400
    assert counts(world) == []
