"""Applications expire: nothing that names them stays but a tombstone, and all that they were counted for stays."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
import time_machine
from moto import mock_aws

from application_status.applications import items
from application_status.applications.record import UnknownApplications
from application_status.applications.register import Registrations
from application_status.applications.scan import AllApplications
from application_status.functions.retention import RetentionSettings
from application_status.functions.retention import make_handler as make_retention
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.values import ApplicationId, now
from application_status.quality.counters.journal import additions
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.rebuilds import RebuildOvertaken, Rebuilds
from application_status.quality.counters.write import Counters
from application_status.quality.counting import retention
from application_status.quality.counting.drift import Drift
from application_status.quality.counting.rebuild import Scan
from application_status.quality.counting.verification import Verifier
from support.counters import Tally, counted, expected_counters, read, reader_of
from support.expiry import add_many_aliases, expire_all
from support.signals import complete, position_signal, sent, signal, state
from support.streams import deliver, positions_copied, stream
from support.world import (
    APPLICATION,
    ATS,
    BERLIN,
    FOREIGN_APPLICATION,
    OTHER_TOKEN,
    PROFILE,
    RETENTION_DAYS,
    SIGNAL_TOKEN,
    SIGNALLED_APPLICATION,
    World,
    answer,
    http_event,
    registration,
)

APPLICATIONS = (APPLICATION, SIGNALLED_APPLICATION, FOREIGN_APPLICATION)
CLIENTS = ("client-1", "client-3")
ENDED, STILL_OPEN = RETENTION_DAYS + 1, 402


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """One application has ended by a signal, one by a report without a client, and two are open; all are counted."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    with mock_aws():
        world = World(boto3.client("dynamodb"), UnknownApplications.ACCEPT)
        sent(world, signal(state("Stage 3", 5)), signal(state("Hired", 6, success=True)))
        world.report("REJECTED", AtsiApplicationId=REPORTED, BusinessDate="2022-07-20T09:00:00Z")
        world.report("INTERVIEW", AtsiApplicationId=FOREIGN_APPLICATION, headers={"X-AtsiToken": OTHER_TOKEN})
        count(world)
        merge(world)  # a new job joins its list with a merge
        yield world


REPORTED = ApplicationId("51c3be16-0f93-41ed-9cc0-000000000009")


def count(world: World) -> None:
    """Count all changes of the applications, and those of a replay."""
    assert world.analytics({"Records": [*stream(world, "ApplicationsTable")]}, None) == {"batchItemFailures": []}


def totals(world: World) -> Tally:
    """Return all totals that are reported, without the list of unmapped labels."""
    return {cell: n for cell, n in read(reader_of(world), CLIENTS).items() if cell[0] != "label"}


def merge(world: World, generation: int = 1) -> None:
    while Merger(world.dynamodb, "QualityTable", generation).merge(now().date()):
        continue


def rebuild(world: World, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Rebuild the counters; something happens before the scan."""
    rebuilds = Rebuilds(world.dynamodb, "QualityTable")
    rebuilds.start(BERLIN.key, 2)
    started = rebuilds.current()
    assert started
    meanwhile()
    applications = AllApplications(world.dynamodb, "ApplicationsTable")
    scan = Scan(applications, Counters(world.dynamodb, "QualityTable"), rebuilds, BERLIN)
    scan.run(started, lambda _: None)
    merge(world, started.generation)
    rebuilds.switch(started)
    for _ in rebuilds.delete_former():
        continue
    assert not scan.unreadable


def verified(world: World, generation: int = 1) -> list[Drift]:
    """Return what the command `analytics verify` finds."""
    applications = AllApplications(world.dynamodb, "ApplicationsTable")
    return Verifier(applications, world.dynamodb, "QualityTable", generation, BERLIN).verify_all(lambda _: None)


def is_expired(world: World, of: str) -> bool:
    return world.item(of).get("Expired") == {"BOOL": True}


def naming(world: World, text: str) -> list[Any]:
    """Return the items of all tables that have a text in them."""
    return [item for table in world.contents() for item in table if text in str(item)]


def test_ended_applications_expire_first(world: World) -> None:
    """After the days of the parameter; the open ones after those of the other, from their last change or applying."""
    assert expire_all(world, days=0) == 1
    assert is_expired(world, APPLICATION)  # made in 2022, and never reported
    assert expire_all(world, days=RETENTION_DAYS - 2) == 0
    assert expire_all(world, days=ENDED) == 2
    assert is_expired(world, SIGNALLED_APPLICATION)
    assert is_expired(world, REPORTED)
    assert expire_all(world, days=STILL_OPEN - 3) == 0
    assert expire_all(world, days=STILL_OPEN) == 1


def test_only_a_tombstone_and_an_empty_marker_name_it(world: World) -> None:
    """No alias, jobseeker or label stays, and the archive has no id."""
    positions_copied(world)
    expire_all(world, days=ENDED)
    tombstone, marker = naming(world, SIGNALLED_APPLICATION)
    assert tombstone == {
        "AtsiApplicationId": {"S": SIGNALLED_APPLICATION},
        "ErasedAt": tombstone["ErasedAt"],
        "Version": {"N": "4"},
        "Expired": {"BOOL": True},
    }
    assert (marker["Version"], len(marker)) == ({"N": "4"}, 5)
    for text in (SIGNAL_TOKEN, PROFILE, "Stage 3"):
        assert naming(world, text) == []
    expire_all(world)
    assert naming(world, "jobseeker-1") == []


@pytest.mark.parametrize("is_merged", [True, False])
def test_totals_stay_exactly_as_they_were(world: World, *, is_merged: bool) -> None:
    """Of ATSs, clients and jobs, before and after a rebuild; verifications find nothing to report."""
    world.report("OFFER", AtsiApplicationId=FOREIGN_APPLICATION, headers={"X-AtsiToken": OTHER_TOKEN})
    count(world)
    if is_merged:
        merge(world)
    before, truth = totals(world), counted(world)
    assert truth == expected_counters(world)
    assert expire_all(world) == 4
    count(world)
    assert totals(world) == before
    assert counted(world) == truth
    assert verified(world) == []
    rebuild(world)
    assert totals(world) == before
    assert counted(world) == truth
    assert verified(world, 2) == []
    with time_machine.travel(now() + timedelta(days=500)):
        assert world.verification({}, None) == {"verified": 4, "drift": 0}


def test_verify_finds_what_the_archive_lacks(world: World) -> None:
    """A row that is lost makes the totals of its ATS, client and job wrong."""
    expire_all(world)
    row = next(row for row in naming(world, "'archive'") if "client-3" in str(additions([row])))
    world.client.delete_item(TableName="QualityTable", Key={name: row[name] for name in ("Scope", "Part")})
    assert {each.of for each in verified(world)} >= {ATS, "client client-3", "job job-1 of client-3"}


def test_names_of_clients_and_jobs_survive_a_rebuild(world: World) -> None:
    """Also where all their applications have expired."""
    expire_all(world)
    rebuild(world)
    (job,) = reader_of(world).jobs("client-3", None, 10).members
    assert (job.id, job.name) == ("job-1", "Python Developer")


def test_two_rebuilds_add_the_archive_once_each(world: World) -> None:
    """The archive is no generation's, so that it outlives each of them."""
    before = totals(world)
    expire_all(world, days=ENDED)
    rebuild(world)
    expire_all(world)
    rebuild(world)
    assert totals(world) == before
    assert verified(world, 3) == []


def test_further_applications_join_the_rows_of_the_archive(world: World) -> None:
    """Applications of one job and month share a row."""
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    for number in range(3):
        registrations.register(ApplicationId(f"{APPLICATION[:-1]}{number}"), registration())
    count(world)
    before = totals(world)
    assert expire_all(world, days=0) == 4
    assert len(naming(world, "'archive'")) == 1
    assert totals(world) == before
    assert verified(world) == []
    rebuild(world)
    assert totals(world) == before


def test_nothing_expires_during_a_rebuild(world: World) -> None:
    """Also if the rebuild begins just before the transaction."""
    before = totals(world)
    rebuilds = Rebuilds(world.dynamodb, "QualityTable")

    class Meanwhile(DynamoDB):
        def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
            if operation == "TransactWriteItems":
                rebuilds.start(BERLIN.key, 1)
            return super().__call__(operation, **request)

    settings = RetentionSettings("ApplicationsTable", "AliasesTable", "QualityTable", RETENTION_DAYS, 400)
    real, world.retention = world.retention, make_retention(Meanwhile(boto.transport(world.client)), settings)
    assert expire_all(world) == 0
    world.retention = real
    assert expire_all(world) == 0
    started = rebuilds.current()
    assert started
    rebuild(world)
    assert expire_all(world) == 4
    assert totals(world) == before


@pytest.mark.parametrize("interrupted_after", range(4))
def test_interrupted_rebuild_adds_each_row_of_the_archive_once(
    world: World, monkeypatch: pytest.MonkeyPatch, interrupted_after: int
) -> None:
    """Each page in one transaction with the progress; merges of the new generation may come in between."""
    monkeypatch.setattr("application_status.quality.counters.archive._ROWS_PER_PAGE", 1)
    before = totals(world)
    expire_all(world)
    rebuilds = Rebuilds(world.dynamodb, "QualityTable")
    rebuilds.start(BERLIN.key, 1)
    calls = 0

    class Interrupted(DynamoDB):
        def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
            nonlocal calls
            if operation == "TransactWriteItems":
                if calls == interrupted_after:
                    raise KeyboardInterrupt
                calls += 1
            return super().__call__(operation, **request)

    started = rebuilds.current()
    assert started
    with pytest.raises(KeyboardInterrupt):
        Rebuilds(Interrupted(boto.transport(world.client)), "QualityTable").add_archive(started)
    merge(world, 2)
    with pytest.raises(RebuildOvertaken):
        rebuilds.switch(started)
    rebuild(world)
    assert totals(world) == before


@pytest.mark.parametrize("step", range(12))
def test_interrupted_expiry_leaves_all_or_nothing(world: World, step: int) -> None:
    """Whatever call fails, an application is there as a whole, or expired as a whole."""
    before = totals(world)

    class Interrupted(DynamoDB):
        calls = 0

        def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
            self.calls += 1
            if self.calls == step + 1:
                raise KeyboardInterrupt
            return super().__call__(operation, **request)

    limits = retention.Limits(timedelta(days=RETENTION_DAYS), timedelta())
    tables = "ApplicationsTable", "AliasesTable", "QualityTable"
    with time_machine.travel(now() + timedelta(days=ENDED)):
        expiring = retention.Retention(Interrupted(boto.transport(world.client)), *tables, limits)
        try:
            expiring.expire(world.item(SIGNALLED_APPLICATION))
        except KeyboardInterrupt:
            assert not is_expired(world, SIGNALLED_APPLICATION)
            assert naming(world, PROFILE)
    assert totals(world) == before
    assert verified(world) == []
    expire_all(world)
    assert totals(world) == before


def test_change_meanwhile_keeps_the_application_and_its_aliases(world: World) -> None:
    """A report between the reading of the item and the transaction wins."""

    class Meanwhile(DynamoDB):
        def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
            if operation == "TransactWriteItems":
                sent(world, signal(state("Interview", 7), token=None, candidateApplicationProfileId=PROFILE))
            return super().__call__(operation, **request)

    settings = RetentionSettings("ApplicationsTable", "AliasesTable", "QualityTable", RETENTION_DAYS, 0)
    real, world.retention = world.retention, make_retention(Meanwhile(boto.transport(world.client)), settings)
    expire_all(world, days=ENDED)
    world.retention = real
    assert world.stored(SIGNALLED_APPLICATION).status == "INTERVIEW"
    assert naming(world, PROFILE)
    count(world)
    assert counted(world)
    assert verified(world) == []


def test_change_that_is_not_counted_yet_waits(world: World) -> None:
    """What the marker counted is archived, so the marker has to be as new as the application."""
    sent(world, signal(state("Stage 9", 7)))
    expire_all(world, days=ENDED)
    assert not is_expired(world, SIGNALLED_APPLICATION)
    count(world)
    expire_all(world, days=ENDED)
    assert is_expired(world, SIGNALLED_APPLICATION)


def test_repeated_status_prolongs_nothing(world: World) -> None:
    """A sender that repeats an ending every night does not keep the application for ever."""
    with time_machine.travel(now() + timedelta(days=100)):
        an_hour_ago = (now() - timedelta(hours=1)).isoformat()
        again = world.report("REJECTED", AtsiApplicationId=REPORTED, BusinessDate=an_hour_ago)
        assert again.body["Result"] == "recorded"
    count(world)
    expire_all(world, days=ENDED)
    assert is_expired(world, REPORTED)


def test_end_of_the_position_counts_as_a_change(world: World) -> None:
    """An application whose position has ended is kept as long as one that ended itself."""
    sent(world, signal(state("Interview", 7)))
    with time_machine.travel(now() + timedelta(days=10)):
        sent(world, position_signal(success=True))
        positions_copied(world)
    count(world)
    expire_all(world, days=RETENTION_DAYS + 5)
    assert not is_expired(world, SIGNALLED_APPLICATION)
    expire_all(world, days=RETENTION_DAYS + 12)
    assert is_expired(world, SIGNALLED_APPLICATION)


def test_late_messages_about_it_change_nothing(world: World) -> None:
    """They are answered as for an erased application, in every order of late and replayed stream records."""
    expire_all(world)
    count(world)
    before = world.contents()
    assert world.report("OFFER", AtsiApplicationId=REPORTED).status == 404
    sent(world, signal(state("Interview", 8)), complete(), position_signal(success=True))
    again = {
        "AtsId": ATS, "ClientId": "client-3", "JobId": "job-1", "JobseekerId": "jobseeker-1", "JobTitle": "Developer",
        "Company": "Example GmbH", "AppliedAt": "2022-07-01T09:00:00Z",
    }  # fmt: skip
    assert answer(world.registry(http_event("PUT", f"/api/applications/{REPORTED}", again), None)).status == 410
    count(world)
    for record in reversed(stream(world, "ApplicationsTable")):
        world.analytics({"Records": [record]}, None)
    assert world.contents() == before
    assert world.erase(SIGNALLED_APPLICATION).status == 204
    assert world.contents() == before


def with_many_aliases(world: World) -> None:
    """Give APPLICATION more aliases than one transaction can delete, and count it."""
    add_many_aliases(world)
    deliver(world)
    assert len(naming(world, APPLICATION)) > 120


def test_application_with_many_aliases_expires(world: World) -> None:
    """In several transactions."""
    with_many_aliases(world)
    expire_all(world)
    assert len(naming(world, APPLICATION)) == 2


def test_change_meanwhile_keeps_many_aliases(world: World) -> None:
    """They are deleted only as long as the application has not changed."""
    with_many_aliases(world)
    item, aliases = world.item(APPLICATION), naming(world, APPLICATION)
    world.report("OFFER")
    limits = retention.Limits(timedelta(days=1), timedelta(days=1))
    expiring = retention.Retention(world.dynamodb, "ApplicationsTable", "AliasesTable", "QualityTable", limits)
    with time_machine.travel(now() + timedelta(days=3)):
        assert not expiring.expire(item)
    assert len(naming(world, APPLICATION)) == len(aliases)


def test_unreadable_application_does_not_stop_the_others(world: World) -> None:
    """It is counted as unreadable and stays."""
    key = items.key(SIGNALLED_APPLICATION)
    world.client.update_item(
        TableName="ApplicationsTable", Key=key, UpdateExpression="SET #s = :x",
        ExpressionAttributeNames={"#s": "Status"}, ExpressionAttributeValues={":x": {"S": "NONE"}},
    )  # fmt: skip
    expire_all(world, days=ENDED)
    assert is_expired(world, REPORTED)


def test_nothing_expires_without_limits(world: World) -> None:
    """The defaults of the parameters are zero: the table is not even read."""
    settings = RetentionSettings("ApplicationsTable", "AliasesTable", "QualityTable", 0, 0)
    world.retention = make_retention(world.dynamodb, settings)
    world.dynamodb.operations.clear()
    assert expire_all(world, days=36_500) == 0
    assert world.dynamodb.operations == []
