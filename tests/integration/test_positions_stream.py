"""A position with more applications than one page: copied page by page, repeated, interrupted, and exact."""

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from application_status.applications.positions import Positions
from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases
from application_status.functions.positions import PositionsSettings, make_handler
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.errors import Unavailable
from application_status.platform.values import ApplicationId, application_id, to_text
from support.counters import counters, expected_counters
from support.failed_records import set_aside
from support.signals import counted, position_signal, sent, signal, state
from support.streams import positions_copied, stream
from support.unreadable_items import FAILURES
from support.world import POSITION, SIGNALLED_APPLICATION, World, registration

APPLICATIONS = 60
PAGE = 25
CLOSED = ("position_closed", True)
SETTINGS = PositionsSettings("ApplicationsTable", "AliasesTable")


class Interrupted(DynamoDB):
    """The real client, until it has made as many updates of applications as allowed."""

    def __init__(self, client: Any, updates: int) -> None:
        super().__init__(boto.transport(client))
        self.left = updates

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        if request["TableName"] == "ApplicationsTable":
            if not self.left:
                raise Unavailable("interrupted")
            self.left -= 1
        return super().__call__(operation, **request)


@pytest.fixture
def crowd(world: World) -> list[ApplicationId]:
    """Sixty applications of one position."""
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    aliases = Aliases(position_profile_ids=(POSITION,))
    new = [
        application_id(f"51c3be16-0f93-41ed-9cc0-{number:012x}") for number in range(0x100, 0x100 + APPLICATIONS - 1)
    ]
    for each in new:
        registrations.register(each, registration(aliases=aliases))
    return [SIGNALLED_APPLICATION, *new]


def state_records(world: World) -> list[dict[str, Any]]:
    """Return the stream records of positions' states; moto also emits a record of a bare key before an item."""
    return [each for each in stream(world, "AliasesTable") if "Version" in each["dynamodb"]["NewImage"]]


def number_closed(world: World, crowd: list[ApplicationId]) -> int:
    return sum(world.stored(each).outcome == CLOSED for each in crowd)


def test_each_record_copies_one_page(
    world: World, crowd: list[ApplicationId], capsys: pytest.CaptureFixture[str]
) -> None:
    """25, 25 and the other 10 are updated; each page is noted in the row, whose change is the next record."""
    sent(world, position_signal(success=True))
    counts_by_page = []
    for number in range(3):
        records = state_records(world)
        assert len(records) == number + 1
        counted(capsys)
        world.dynamodb.operations.clear()
        world.positions({"Records": records[-1:]}, None)
        assert len(world.dynamodb.operations) <= PAGE + 2
        counts_by_page.append((counted(capsys)["ApplicationsNotified"], number_closed(world, crowd)))
    assert counts_by_page == [(25, 25), (25, 50), (10, 60)]
    assert len(state_records(world)) == 3


def test_midnight_stays_a_day_of_its_time_zone(world: World) -> None:
    """An application reads back what was reported of its position."""
    current = state("Closed", success=True, timestamp="2022-08-10T00:00:00+02:00")
    sent(world, position_signal(success=True) | {"current": current})
    positions_copied(world)
    (stored,) = world.stored(SIGNALLED_APPLICATION).positions.values()
    assert (to_text(stored.since), stored.day_offset, stored.ended) == ("2022-08-09T22:00:00.000Z", 120, True)


def test_all_are_updated_and_the_records_end(world: World, crowd: list[ApplicationId]) -> None:
    """There is one record for each page and none after the last."""
    positions_copied(world)
    sent(world, position_signal(success=True))
    seen = positions_copied(world)
    assert number_closed(world, crowd) == APPLICATIONS
    assert seen == len(stream(world, "AliasesTable"))
    assert len(state_records(world)) == 3


@pytest.mark.parametrize("batch", [1, 10])
def test_repeated_records_change_nothing(world: World, crowd: list[ApplicationId], batch: int) -> None:
    """Every record comes twice, in any batch; each application is written once for each new state."""
    versions = [world.stored(each).version for each in crowd]
    sent(world, position_signal(success=True))
    positions_copied(world, batch=batch, twice=True)
    assert number_closed(world, crowd) == APPLICATIONS
    assert [world.stored(each).version for each in crowd] == [version + 1 for version in versions]
    sent(world, position_signal(None, 11))
    positions_copied(world, batch=batch, twice=True)
    assert number_closed(world, crowd) == 0
    assert [world.stored(each).version for each in crowd] == [version + 2 for version in versions]


def test_replayed_old_records_do_not_bring_back_an_old_state(world: World, crowd: list[ApplicationId]) -> None:
    """A replay of all records, in any order, ends with the newest state."""
    for day, success in enumerate([False, None, True], start=10):
        sent(world, position_signal(success, day))
        positions_copied(world)
    records = stream(world, "AliasesTable")
    before = [world.item(each) for each in crowd]
    for each in (records[::-1], records):
        assert world.positions({"Records": each}, None) == {"batchItemFailures": []}
    positions_copied(world)
    assert [world.item(each) for each in crowd] == before
    assert number_closed(world, crowd) == APPLICATIONS


def test_newer_state_of_a_position_replaces_one_still_being_copied(world: World, crowd: list[ApplicationId]) -> None:
    """The position reopens when its end has reached the first page; in the end all applications are open."""
    sent(world, position_signal(success=True))
    world.positions({"Records": state_records(world)[:1]}, None)
    assert number_closed(world, crowd) == PAGE
    sent(world, position_signal(None, 11))
    positions_copied(world)
    assert number_closed(world, crowd) == 0
    assert {next(iter(world.stored(each).positions.values())).version for each in crowd} == {2}


@pytest.mark.parametrize("updates", [0, 1, 24, 25, 26, 49, 59])
def test_interrupted_telling_goes_on_from_the_record_it_names(
    world: World, crowd: list[ApplicationId], updates: int
) -> None:
    """The store fails in the middle of a page: that record comes again, and every application is updated once."""
    positions_copied(world)
    seen = len(stream(world, "AliasesTable"))
    sent(world, position_signal(success=True))
    handler, failures = make_handler(Interrupted(world.client, updates), SETTINGS, set_aside()), 0
    while records := stream(world, "AliasesTable", skip=seen)[:2]:
        failed = handler({"Records": records}, None)["batchItemFailures"]
        if not failed:
            seen += len(records)
            continue
        failures += 1
        numbers = [each["dynamodb"]["SequenceNumber"] for each in records]
        seen += numbers.index(failed[0]["itemIdentifier"])
        assert number_closed(world, crowd) == updates
        handler = world.positions
    assert failures == 1
    assert number_closed(world, crowd) == APPLICATIONS
    assert {world.stored(each).version for each in crowd} == {2}


def test_records_before_the_failed_one_are_not_repeated(world: World, crowd: list[ApplicationId]) -> None:
    """The reply has the sequence number of the first record that could not be processed."""
    sent(world, position_signal(success=True))
    members = [each for each in stream(world, "AliasesTable") if each["dynamodb"]["Keys"]["Member"]["S"] in crowd]
    handler = make_handler(Interrupted(world.client, 3), SETTINGS, set_aside())
    reply = handler({"Records": members}, None)
    assert reply == {"batchItemFailures": [{"itemIdentifier": members[3]["dynamodb"]["SequenceNumber"]}]}
    assert number_closed(world, crowd) == 3


@pytest.mark.parametrize(
    "broken", [{"dynamodb": None}, {"dynamodb": {"NewImage": {"Alias": {"S": "position#a#b"}}}}, {}, None]
)
@pytest.mark.parametrize("place", [0, 1, -1])
def test_unreadable_record_is_set_aside(world: World, broken: Any, place: int) -> None:
    """The records around it are processed."""
    sent(world, position_signal(success=True))
    records = stream(world, "AliasesTable")
    records.insert(place % (len(records) + 1), broken)
    assert world.positions({"Records": records}, None) == {"batchItemFailures": []}
    assert world.kept.records() == [broken]
    assert world.stored(SIGNALLED_APPLICATION).outcome == CLOSED


@pytest.mark.parametrize("failure", FAILURES)
def test_record_that_fails_in_any_way_is_set_aside_and_the_others_are_updated(
    world: World, crowd: list[ApplicationId], monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    """Among the records of new applications of a position that has ended."""
    sent(world, position_signal(success=True))
    records = [each for each in stream(world, "AliasesTable") if each["dynamodb"]["Keys"]["Member"]["S"] in crowd[:5]]
    notify_one = Positions._notify_one  # noqa: SLF001  # where the store's part begins

    def notifying(self: Positions, application_id: ApplicationId, state: Item) -> bool:
        if application_id == records[2]["dynamodb"]["Keys"]["Member"]["S"]:
            FAILURES[failure]()
        return notify_one(self, application_id, state)

    monkeypatch.setattr(Positions, "_notify_one", notifying)
    assert world.positions({"Records": records}, None) == {"batchItemFailures": []}
    assert world.kept.records() == [records[2]]
    assert number_closed(world, crowd) == 4


def test_application_that_can_not_be_updated_does_not_block_others(
    world: World, crowd: list[ApplicationId], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All other applications are updated, also on later pages; the record is set aside."""
    sent(world, position_signal(success=True))
    notify_one = Positions._notify_one  # noqa: SLF001  # where the store's part begins

    def notifying(self: Positions, application_id: ApplicationId, state: Item) -> bool:
        if application_id == crowd[3]:
            raise KeyError
        return notify_one(self, application_id, state)

    monkeypatch.setattr(Positions, "_notify_one", notifying)
    seen = 0
    while records := state_records(world)[seen:]:
        assert world.positions({"Records": records}, None) == {"batchItemFailures": []}
        seen += len(records)
    assert number_closed(world, crowd) == APPLICATIONS - 1
    assert len(world.kept.records()) == 1


def test_record_that_cant_be_set_aside_comes_again(world: World, crowd: list[ApplicationId]) -> None:
    """S3 fails: the answer names it."""
    sent(world, position_signal(success=True))
    members = [each for each in stream(world, "AliasesTable") if each["dynamodb"]["Keys"]["Member"]["S"] in crowd[:3]]
    broken = {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "7"}}
    world.kept.fails_at = (1,)
    records = [members[0], broken, members[1]]
    assert world.positions({"Records": records}, None) == {"batchItemFailures": [{"itemIdentifier": "7"}]}
    assert world.positions({"Records": records[1:]}, None) == {"batchItemFailures": []}
    assert world.kept.records() == [broken]
    assert number_closed(world, crowd) == 2


def test_other_records_of_the_table_mean_nothing(world: World) -> None:
    """Tokens, profiles and removals come along; each is passed over."""
    records = [each for each in stream(world, "AliasesTable") if each["dynamodb"]["Keys"]["Member"]["S"] == "-"]
    removal = {"eventName": "REMOVE", "dynamodb": {"Keys": records[0]["dynamodb"]["Keys"], "SequenceNumber": "1"}}
    world.dynamodb.operations.clear()
    assert world.positions({"Records": [*records, removal]}, None) == {"batchItemFailures": []}
    assert world.dynamodb.operations == []


def test_counters_follow_the_end_and_its_undoing_exactly(world: World, crowd: list[ApplicationId]) -> None:
    """After each step they equal the sum over the table, however the streams were cut."""
    steps: list[Callable[[], None]] = [
        lambda: sent(world, position_signal(success=True, day=10)),
        lambda: sent(world, signal(state("Interview", 11))),
        lambda: sent(world, position_signal(None, 12)),
        lambda: sent(world, signal(state("Blue folder", 12)), position_signal(success=False, day=13)),
        lambda: sent(world, signal(state("Hired", 14, success=True), previous=state("Offer", 13))),
    ]
    expected = [APPLICATIONS, APPLICATIONS - 1, 0, APPLICATIONS, APPLICATIONS - 1]
    seen = 0
    for step, inferred in zip(steps, expected, strict=True):
        step()
        positions_copied(world, twice=True)
        records = stream(world, "ApplicationsTable", skip=seen)
        for size in (7, 100):
            for batch in itertools.batched(records, size, strict=False):
                assert world.analytics({"Records": list(batch)}, None) == {"batchItemFailures": []}
        seen += len(records)
        assert counters(world.client) == expected_counters(world)
        assert sum(n for cell, n in counters(world.client).items() if cell.measure == "inferred") == inferred
        assert number_closed(world, crowd) == inferred
    measures = Counter[str]()
    for cell, amount in counters(world.client).items():
        measures[cell.measure] += amount
    assert measures["outcome:hired"] == 1
