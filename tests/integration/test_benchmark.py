"""The benchmark: shares and times of all ATSs together, from which nobody learns about another ATS or client."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import time_machine

from application_status.platform.values import ApplicationId
from application_status.quality.counters.write import Change, Counters
from application_status.quality.rules.contribution import Cell
from support.dynamodb_in_memory import Memory
from support.quality_pages import STAFF, api, ask
from support.world import World

OF_CLIENT = {"custom:client_id": "client"}


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel("2026-11-27T10:00:00Z", tick=False):
        yield


@pytest.fixture
def world() -> World:
    return World(Memory())


def count(world: World, *amounts: int, day: str = "2026-11-02") -> None:
    """Count so many applications of one ATS after another; every third one has feedback and a response in 3 days."""
    for number, amount in enumerate(amounts):
        changes = []
        for each in range(amount):
            names = ["applications", "outcome:open", "feedback", "first_response:8"] if each % 3 == 0 else [
                "applications", "outcome:open", "waiting",
            ]  # fmt: skip
            cells = {Cell(f"ats-{number}", day, name): 1 for name in names}
            changes.append(Change(ApplicationId(f"{number}-{each}-{day}"), 1, cells, "client", "job"))
        for start in range(0, len(changes), 100):
            Counters(world.dynamodb, "QualityTable").apply(changes[start : start + 100])


def benchmark(world: World, claims: Mapping[str, str] = OF_CLIENT, **query: Any) -> dict[str, Any]:
    return api(world, claims, kind="benchmark", **query)


@pytest.mark.parametrize("claims", [OF_CLIENT, {"custom:ats_id": "ats-0"}, STAFF])
def test_benchmark_has_rounded_shares_and_times_alone(world: World, claims: Mapping[str, str]) -> None:
    """The same for each caller, without any amount; a number about fewer than 100 applications has no value."""
    count(world, 80, 61, 40, 30, 20)
    (row,) = benchmark(world, claims)["Rows"]
    assert (row["From"], row["To"]) == ("2026-08-30", "2026-11-27")
    numbers = {(each["Measure"], each["Unit"]): each["Value"] for each in row["Numbers"]}
    assert {each["Unit"] for each in row["Numbers"]} == {"share", "days"}
    assert {each["Population"] for each in row["Numbers"]} == {100}
    assert numbers["feedback", "share"] == 0.34  # 79 of 231
    assert all(value is None or value * 2 % 1 == 0 for (_, unit), value in numbers.items() if unit == "days")
    assert numbers["passed:APPLIED", "share"] is None
    assert benchmark(world, claims)["Of"] == {}


@pytest.mark.parametrize(
    ("amounts", "is_shown"),
    [
        ((20, 20, 20, 20, 20), True), ((40, 40, 40, 40), False), ((40, 40, 40, 40, 4), False),
        ((20, 20, 20, 20, 19), False), ((90, 25, 25, 20, 20), True), ((91, 25, 25, 20, 20), False),
    ],
)  # fmt: skip
def test_benchmark_needs_a_group_without_a_giant(world: World, amounts: tuple[int, ...], *, is_shown: bool) -> None:
    """Five ATSs with five applications each, 100 together, and none with more than half of them."""
    count(world, *amounts)
    assert bool(benchmark(world)["Rows"]) is is_shown


@pytest.mark.parametrize(("reporting", "is_shown"), [(range(1), False), (range(4), False), (range(5), True)])
def test_number_of_a_benchmark_needs_a_group_too(world: World, reporting: range, *, is_shown: bool) -> None:
    """It is hidden if only a few ATSs report what it is about, however many applications they have."""
    changes = [
        Change(ApplicationId(f"{number}-{each}"), 1, {Cell(f"ats-{number}", "2026-11-02", name): 1 for name in names})
        for number in range(5)
        for each in range(120)
        for names in [["applications", "reached:APPLIED", *(["open:APPLIED"] if number not in reporting else [])]]
    ]
    for start in range(0, len(changes), 100):
        Counters(world.dynamodb, "QualityTable").apply(changes[start : start + 100])
    (row,) = benchmark(world)["Rows"]
    (passed,) = [each["Value"] for each in row["Numbers"] if each["Measure"] == "passed:APPLIED"]
    assert passed == (0 if is_shown else None)


def test_benchmark_is_about_its_period(world: World) -> None:
    """Applications of other days are not in it, and do not make a group large enough."""
    count(world, 20, 20, 20, 20, 20, day="2026-07-15")
    assert benchmark(world)["Rows"] == []
    assert benchmark(world, from_="2026-07-01", to="2026-09-30")["Rows"]


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-10-29", "2026-11-27"), ("2026-08-30", "2026-11-27"), ("2026-10-01", "2026-11-27"),
     ("2026-07-01", "2026-09-30"), ("2026-01-01", "2026-11-27")],
)  # fmt: skip
def test_presets_have_a_benchmark(world: World, first: str, last: str) -> None:
    """30 and 90 days, this and the last quarter, and this year."""
    found = benchmark(world, from_=first, to=last)
    assert (found["From"], found["To"]) == (first, last)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from_": "2026-10-28"}, "/from"), ({"interval": "month"}, "/interval"), ({"by": "job"}, "/kind"),
        ({"job": "job"}, "/kind"), ({"after": "a"}, "/after"),
    ],
)  # fmt: skip
def test_other_benchmarks_are_refused(world: World, query: dict[str, Any], pointer: str) -> None:
    """Those of other periods could be subtracted; the reply names the periods that have one."""
    reply = ask(world, OF_CLIENT, "/api/my/quality", kind="benchmark", **query)
    assert (reply["statusCode"], f'"{pointer}"' in reply["body"]) == (422, True)
    assert pointer != "/from" or "2026-07-01 to 2026-09-30" in reply["body"]


def test_benchmark_is_kept_for_an_hour(world: World) -> None:
    """A container reads the rows of all ATSs once; a new one reads them anew."""
    count(world, 20, 20, 20, 20, 20)
    (first,) = benchmark(world)["Rows"]
    count(world, 200, 100, 100, 100, 100, day="2026-11-03")
    world.dynamodb.operations.clear()
    assert benchmark(world)["Rows"] == [first]
    assert len(world.dynamodb.operations) <= 2
    world.restart()
    assert benchmark(world)["Rows"] != [first]
