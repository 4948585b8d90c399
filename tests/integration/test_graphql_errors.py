"""What is wrong with what was sent: each place of each signal is named, and all that is right is recorded."""

from typing import Any

import pytest

from support.signals import MANY, ONE, complete, position_signal, post, refused, sent, signal, state, statuses
from support.world import SIGNAL_TOKEN, World


def step(**changes: Any) -> dict[str, Any]:
    return {"status": {"label": "Interview", "index": 3, "total": 14} | changes}


@pytest.mark.parametrize(
    ("wrong", "places"),
    [
        (signal(typeCode="applicationStatusUpdate"), ["typeCode"]),
        (signal(typeCode=""), ["typeCode"]),
        ({"typeCode": "ApplicationStatusUpdate", "token": "a"}, ["current"]),
        (signal() | {"current": None}, ["current"]),
        (position_signal(None) | {"current": None}, ["current"]),
        (signal(state(**step(label=""))), ["current/status/label"]),
        (signal(state(**step(label=" \n\u00a0"))), ["current/status/label"]),
        (signal(state(**step(label="x" * 201))), ["current/status/label"]),
        (signal(state(**step(index=-1))), ["current/status/index"]),
        (signal(state(**step(index=10_000, total=10_000))), ["current/status/index", "current/status/total"]),
        (signal(state(**step(total=2))), ["current/status/total"]),
        (signal(state(phase={"label": "", "index": 1, "total": 1})), ["current/phase/label"]),
        (signal(state(phase={"label": "x", "index": -1, "total": -2})), ["current/phase/index", "current/phase/total"]),
        (signal(state(phase={"label": "x", "index": 0, "total": -1})), ["current/phase/total"]),
        (signal(previous=state(**step(index=-1))), ["previous/status/index"]),
        (signal(previous=state(phase={"label": "x", "index": 2, "total": 1})), ["previous/phase/total"]),
        (signal(state(timestamp="2999-01-01T00:00:00Z")), ["current/timestamp"]),
        (signal(state(timestamp="0001-01-01T00:00:00+14:00")), ["current/timestamp"]),
        (signal(previous=state(timestamp="2999-01-01T00:00:00Z")), ["previous/timestamp"]),
        (signal(timestamp="2999-01-01T00:00:00Z"), ["timestamp"]),
        (signal(timestamp="0001-01-01T00:00:00+14:00"), ["timestamp"]),
        (signal(timestamp="2022-08-01T12:00:00"), ["timestamp"]),
        (signal(timestamp="2022-02-30T12:00:00Z"), ["timestamp"]),
        (signal(timestamp="20220801T120000Z"), ["timestamp"]),
        (signal(timestamp=""), ["timestamp"]),
        (signal(state(timestamp="yesterday")), ["current/timestamp"]),
        (signal(token=None), ["token"]),
        (signal(token=""), ["token"]),
        (signal(token="x" * 201), ["token"]),
        (signal(token=f"{SIGNAL_TOKEN} "), ["token"]),
        (signal(token=f" {SIGNAL_TOKEN}"), ["token"]),
        (signal(token=f"{SIGNAL_TOKEN}\n"), ["token"]),
        (signal(token="global PublicTest"), ["token"]),
        (signal(token="a\u00a0b"), ["token"]),
        (signal(token="a\0b"), ["token"]),
        (signal(token="tok\ufffdn"), ["token"]),
        (complete(token="t\u00f6ken"), ["token"]),
        (signal(candidateApplicationProfileId=""), ["candidateApplicationProfileId"]),
        (signal(positionProfileIds=["x"] * 11), ["positionProfileIds"]),
        (signal(positionProfileIds=""), ["positionProfileIds"]),
        (position_signal(None, positionProfileIds=["x" * 201]), ["positionProfileIds"]),
        (position_signal(None, positionProfileIds=[]), ["positionProfileIds"]),
        (position_signal(None, positionProfileIds=None), ["positionProfileIds"]),
        (signal(state(**step(label="")), typeCode="?", token=None), ["typeCode", "token", "current/status/label"]),
    ],
)  # fmt: skip
def test_each_wrong_place_is_named(world: World, wrong: dict[str, Any], places: list[str]) -> None:
    """A single signal and a batch name it; the batch's other signals are recorded; a repetition gets the same reply."""
    before = world.contents()
    reply = post(world, {"query": ONE, "variables": {"input": wrong}})
    assert (reply.status, reply.body["data"]) == (200, {"sendSignal": None})
    assert refused(reply) == [f"/input/{place}" for place in places]
    assert world.contents() == before
    batch = [signal(state("Screening", 1)), wrong, signal(state("Offer", 2)), wrong]
    for _ in range(2):
        reply = post(world, {"query": MANY, "variables": {"input": {"signals": batch}}})
        assert (reply.status, reply.body["data"]) == (200, {"sendSignals": None})
        assert refused(reply) == [f"/input/signals/{number}/{place}" for number in (1, 3) for place in places]
        assert statuses(world) == ["PRE_INTERVIEW", "OFFER"]


def test_wrong_field_is_described_as_in_a_problem(world: World) -> None:
    """It has a JSON pointer, the error and what is expected; the message has the first error and counts the others."""
    wrong = signal(state(**step(index=10_000, total=10_000)), typeCode="?")
    (error,) = post(world, {"query": MANY, "variables": {"input": {"signals": [complete(), wrong]}}}).body["errors"]
    codes = "one of ApplicationComplete, ApplicationStatusUpdate, PositionStatusUpdate"
    said = f"input.signals[1].typeCode: Input is not a type code; expected: {codes} (and 2 more, see extensions)"
    assert (error["message"], error["path"]) == (said, ["sendSignals"])
    at = "/input/signals/1/current/status"
    assert [(each["pointer"], each["detail"], each["expected"]) for each in error["extensions"]["errors"]] == [
        ("/input/signals/1/typeCode", "Input is not a type code", codes),
        (f"{at}/index", "Input is 10000", "0 to 9999"),
        (f"{at}/total", "Input is 10000", "the index or more, up to 9999"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"typeCode": None}, {"token": 7}, {"positionProfileIds": [None]}, {"positionProfileIds": {}}, {"current": "x"},
        {"timestamp": 1659355200}, {"unknown": 1}, {"current": state(timestamp=None)},
        {"current": state(success="true")}, {"current": state(success=1)},
        {"current": state(**step(index="3"))}, {"current": state(**step(index=1.5))}, {"current": state(status=None)},
        {"current": state(**step(label=None))}, {"current": state(**step(index=2**31))}, {"current": state(phase="x")},
        {"current": state(**step(index=10**400))}, {"previous": []}, {"current": state(**step(label=["Interview"]))},
    ],
)  # fmt: skip
def test_variables_that_dont_fit_the_schema_are_refused(world: World, changes: dict[str, Any]) -> None:
    """Before anything is executed, so that no signal of the batch is recorded."""
    before = world.contents()
    for body in (
        {"query": ONE, "variables": {"input": signal() | changes}},
        {"query": MANY, "variables": {"input": {"signals": [signal(), signal() | changes]}}},
    ):
        reply = post(world, body)
        assert (reply.status, reply.body.get("data")) == (400, None)
        assert {each["extensions"]["code"] for each in reply.body["errors"]} == {"BAD_USER_INPUT"}
    assert world.contents() == before


@pytest.mark.parametrize(("index", "total"), [(0, 14), (0, 1), (0, 0), (13, 14), (14, 14), (9999, 9999)])
def test_places_may_be_counted_from_0_or_from_1(world: World, index: int, total: int) -> None:
    """Of statuses and of phases; the contract only recommends 1."""
    place = {"label": "Interview", "index": index, "total": total}
    sent(world, signal(state(status=place, phase=place), previous=state("New", 1, status=place | {"label": "New"})))
    assert "INTERVIEW" in statuses(world)


def test_a_hundred_signals_are_a_batch_and_one_more_is_none(world: World) -> None:
    """Beyond the limit nothing is recorded."""
    signals = [signal()] * 101
    before = world.contents()
    reply = post(world, {"query": MANY, "variables": {"input": {"signals": signals}}})
    (error,) = reply.body["errors"]
    assert (reply.status, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert error["message"].startswith("The request has 101 signals")
    assert world.contents() == before
    sent(world, *signals[:100])
    assert statuses(world) == ["INTERVIEW"]
