"""Signals that match no application: accepted, as the contract says, but counted and logged, and nothing written."""

import json
from collections import Counter
from datetime import timedelta
from io import StringIO
from itertools import batched
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.platform.values import from_text
from support.counters import expected_counters
from support.signals import (
    complete,
    counted,
    history,
    position_signal,
    post,
    send,
    sent,
    signal,
    stands,
    state,
)
from support.world import OTHER_TOKEN, POSITION, PROFILE, SIGNAL_TOKEN, SIGNALLED_APPLICATION, TOKEN, World

REGISTERED = from_text("2026-01-01T00:00:00.000Z")
UNKNOWN = "never-registered-tracking-token"
SECRETS = (SIGNAL_TOKEN, PROFILE, POSITION, UNKNOWN, "Geheimnis", TOKEN, OTHER_TOKEN)


def by_profile(profile: str) -> dict[str, Any]:
    return signal(state("Interview"), token=None, candidateApplicationProfileId=profile)


@pytest.mark.parametrize(
    ("dropped", "token"),
    [
        (signal(token=UNKNOWN), TOKEN),
        (complete(token=UNKNOWN), TOKEN),
        (by_profile(UNKNOWN), TOKEN),
        (by_profile(SIGNAL_TOKEN), TOKEN),
        (signal(token=PROFILE), TOKEN),
        (signal(token=POSITION), TOKEN),
        (signal(token=f"{SIGNAL_TOKEN}x"), TOKEN),
        (signal(token=UNKNOWN, candidateApplicationProfileId=UNKNOWN), TOKEN),
        (signal(), OTHER_TOKEN),
        (complete(), OTHER_TOKEN),
        (by_profile(PROFILE), OTHER_TOKEN),
        (position_signal(success=True), OTHER_TOKEN),
        (position_signal(success=True, positionProfileIds=UNKNOWN), TOKEN),
    ],
)
def test_unknown_and_foreign_aliases_are_dropped(
    world: World, capsys: pytest.CaptureFixture[str], dropped: dict[str, Any], token: str
) -> None:
    """`true`, as to the one who owns the application; only the counter differs."""
    before = world.contents()
    counted(capsys)
    sent(world, dropped, token=token)
    assert world.contents() == before
    assert counted(capsys) == {"SignalDropped": 1}


def test_each_dropped_signal_of_a_batch_counts(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Those between them are recorded."""
    sent(world, signal(token=UNKNOWN), signal(state("Offer")), position_signal(None, positionProfileIds=["a", "b"]))
    assert counted(capsys) == {"SignalDropped": 3, "Recorded": 1}
    assert stands(world) == ("OFFER", "open")


@pytest.mark.parametrize(("seconds", "status"), [(-1, "INTERVIEW"), (0, "APPLIED"), (86_400, "APPLIED")])
def test_token_is_good_for_180_days(capsys: pytest.CaptureFixture[str], seconds: int, status: str) -> None:
    """To the second, whether or not the table has removed its row by then; a profile id stays good."""
    with mock_aws():
        with time_machine.travel(REGISTERED, tick=False):
            world = World(boto3.client("dynamodb"))
        before = world.item(SIGNALLED_APPLICATION)
        with time_machine.travel(REGISTERED + timedelta(days=180, seconds=seconds), tick=False):
            sent(world, signal(state("Interview")))
        assert stands(world) == (status, "open")
        assert counted(capsys)["SignalDropped"] == (status == "APPLIED")
        assert (world.item(SIGNALLED_APPLICATION) == before) == (status == "APPLIED")
        sent(world, by_profile(PROFILE))
        assert stands(world) == ("INTERVIEW", "open")


def test_alias_whose_application_is_gone_is_dropped(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing comes back by a late signal."""
    world.client.delete_item(TableName="ApplicationsTable", Key={"AtsiApplicationId": {"S": SIGNALLED_APPLICATION}})
    before = world.contents()
    sent(world, signal())
    assert world.contents() == before
    assert counted(capsys) == {"SignalDropped": 1}


def test_known_profile_places_a_signal_with_an_unknown_token(world: World) -> None:
    """Either alias will do."""
    sent(world, signal(state("Interview"), token=UNKNOWN, candidateApplicationProfileId=PROFILE))
    assert stands(world) == ("INTERVIEW", "open")


def test_signal_beyond_the_history_finds_room(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where all that was sent before has a label of its own that is unmapped; what went is counted."""
    moments = [f"2022-08-01T{n // 60:02}:{n % 60:02}:30Z" for n in range(256)]
    folders = [signal(state(f"Folder {n:03}", timestamp=moment)) for n, moment in enumerate(moments)]
    for batch in batched(folders, 16, strict=True):
        sent(world, *batch)
    counted(capsys)
    sent(world, signal(state("Hired", 2, success=True)), folders[0], folders[1])
    assert counted(capsys) == {"Recorded": 1, "Folded": 1, "Unchanged": 2}
    assert stands(world) == ("HIRED", "hired")
    assert [each.raw_status for each in history(world)][:2] == ["Folder 000", "Folder 002"]
    amounts: Counter[str] = Counter()
    for cell, amount in expected_counters(world).items():
        amounts[cell.measure] += amount
    assert (amounts["reports"], amounts["unmapped"]) == (257, 256)


def test_logs_name_no_alias_label_or_token(world: World, log: StringIO) -> None:
    """Ids and results only, whether a signal is recorded, unmapped, dropped or refused."""
    labels = signal(state("Geheimnis", 1), previous=state("Geheimnis 2", 1))
    for each in (labels, signal(), by_profile(PROFILE), by_profile(UNKNOWN), position_signal(success=True)):
        assert send(world, each).status == 200
        assert send(world, each, token=OTHER_TOKEN).status == 200
    assert send(world, signal(state("Geheimnis" * 100))).body["errors"]
    assert post(world, {"query": "{ Geheimnis }"}).status == 400
    assert post(world, {"query": "{ vocabularyVersion }"}, token="Geheimnis").status == 401
    entries = [json.loads(line) for line in log.getvalue().splitlines()]
    messages = [each["message"] for each in entries if "message" in each]
    assert {"recorded", "unmapped", "dropped", "position state", "refused"} <= set(messages)
    assert messages.count("dropped") == 6
    assert [text for text in SECRETS if text in log.getvalue()] == []
