"""Counters equal the sum over the table, whatever happens: runs made up by Hypothesis, the same each time."""

import random
import sys
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import boto3
import pytest
import time_machine
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from moto import mock_aws

from application_status.applications import items
from application_status.applications.record import UnknownApplications
from application_status.applications.rules.application import Application
from application_status.applications.rules.status import Status
from application_status.applications.scan import AllApplications
from application_status.labels.rules.remap import remap
from application_status.labels.rules.vocabulary import Vocabulary
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.errors import Unavailable
from application_status.platform.values import ApplicationId, application_id, from_text, now, to_text
from application_status.quality.counters import archive
from application_status.quality.counters import merge as merges
from application_status.quality.counters import write as quality
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.read import QualityReader
from application_status.quality.counters.rebuilds import _SHAPE, RebuildOvertaken, Rebuilds
from application_status.quality.counters.write import Change, Counters
from application_status.quality.counting import stream as handler
from application_status.quality.counting.retention import Limits, Retention
from application_status.quality.counting.stream import change_of
from support.counters import heads_and_members, read, totals_and_markers, truth
from support.dynamodb_in_memory import Agreeing, Memory
from support.proof import Figure, amount
from support.signals import position_signal, sent, signal, state
from support.unreliable_stream import CALM, SHARDS, Deliveries, Fate, Fates, Killed, Trial, Unsteady
from support.world import (
    APPLICATION,
    ATS,
    BERLIN,
    FOREIGN_APPLICATION,
    OTHER_TOKEN,
    POSITION,
    SIGNAL_TOKEN,
    SIGNALLED_APPLICATION,
    TOKEN,
    World,
    answer,
    http_event,
)

RUNS, ON_MOTO, STEPS = amount(30, 1000), amount(1, 10), 40
SETTINGS = settings(
    max_examples=RUNS,
    derandomize=True,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
START = from_text("2022-09-01T09:00:00.000Z")
REGISTERED = (APPLICATION, SIGNALLED_APPLICATION, FOREIGN_APPLICATION)
UNREGISTERED = tuple(application_id(f"51c3be16-0f93-41ed-9cc0-00000000000{n}") for n in (4, 5))
CLIENTS = ("client-1", "client-3", "client-4")
TITLES = ("Koch (m/w/d)", "Bäcker (m/w/d)")
LABELS = ("Interview", "Hired", "Absage durch Bewerber", "Stage 3")
MEANINGS = ("INTERVIEW", "OFFER", "REJECTED/not_selected", "REJECTED/candidate_withdrew")

applications = st.sampled_from(REGISTERED + UNREGISTERED)
hours = st.integers(0, 1000)
days = st.integers(1, 28)
reports = st.tuples(applications, st.sampled_from(Status), st.none() | hours, st.none() | st.sampled_from(LABELS))
shards = st.integers(0, SHARDS - 1)
calls = st.sampled_from(["transact_write_items", "transact_write_items", "batch_get_item", "get_item"])
merge_calls = st.sampled_from(
    ["batch_write_item", "batch_write_item", "batch_get_item", "put_item", "query", "get_item", "update_item"]
)
fates = st.lists(st.tuples(calls, st.sampled_from(Fate)), max_size=5)
merge_fates = st.lists(
    st.tuples(merge_calls, st.sampled_from([each for each in Fate if each is not Fate.OVERTAKEN])), max_size=3
)
trials = st.builds(
    Trial,
    batch=st.sampled_from([1, 2, 100]),
    attempts=st.integers(0, 2),
    fates=fates,
    garbled=st.sampled_from([None, None, 0, 1, 2]),
)


class Exactness(RuleBasedStateMachine):
    """Five applications in all that may happen to them, to the records of it, to the functions, and to the store."""

    @initialize(actions=st.sampled_from([3, 100]), changes=st.sampled_from([2, 100]), entries=st.sampled_from([1, 99]))
    def begin(self, actions: int, changes: int, entries: int) -> None:
        self.patches = pytest.MonkeyPatch()
        self.patches.setattr(handler, "CHANGES_PER_CALL", changes)
        self.patches.setattr(quality, "_ACTIONS_PER_TRANSACTION", actions)
        self.patches.setattr(merges, "_MOST_ENTRIES", entries)
        self.patches.setattr(archive, "_ROWS_PER_PAGE", 1)
        self.clock = time_machine.travel(START, tick=False)
        self.time = self.clock.start()
        self.tables = Memory()
        self.client = self.made_client()
        self.world = World(self.client, UnknownApplications.ACCEPT)
        self.deliveries = Deliveries(
            self.tables.streams["ApplicationsTable"],
            Unsteady(self.client, self._overtake),
            lambda: self.time.shift(timedelta(milliseconds=1)),  # of two names, the one counted later is shown
        )
        self.erased: set[ApplicationId] = set()
        self.archived: list[Application] = []
        self.notified = 0
        self.live, self.building = 1, 0
        self.scanned: list[Change] | None = None

    def made_client(self) -> Any:
        """Return what the functions work with."""
        return self.tables

    # What happens to the applications.

    @rule(application=st.sampled_from(UNREGISTERED), title=st.sampled_from(TITLES))
    def register(self, application: ApplicationId, title: str) -> None:
        self.time.shift(timedelta(milliseconds=1))
        body = {
            "AtsId": ATS, "ClientId": "client-4", "JobId": f"job-{application[-1]}", "JobseekerId": "jobseeker-1",
            "JobTitle": title, "Company": "Example GmbH", "AppliedAt": "2022-08-01T09:00:00Z",
            "Aliases": {"Token": [f"token-{application}"], "PositionProfileIds": [POSITION]},
        }  # fmt: skip
        reply = answer(self.world.registry(http_event("PUT", f"/api/applications/{application}", body), None))
        assert reply.status in ({410} if application in self.erased else {200, 201})

    @rule(reports=st.lists(reports, min_size=1, max_size=4))
    def report(self, reports: list[tuple[ApplicationId, Status, int | None, str | None]]) -> None:
        for application, status, ago, label in reports:
            fields = {"AtsiApplicationId": application, **({"RawStatus": label} if label else {})}
            if ago is not None:
                fields["BusinessDate"] = to_text(now() - timedelta(hours=ago))
            headers = {"X-AtsiToken": OTHER_TOKEN if application == FOREIGN_APPLICATION else TOKEN}
            expected = 404 if application in self.erased else 200
            assert self.world.report(status, headers=headers, **fields).status == expected

    @rule(
        application=st.sampled_from((SIGNALLED_APPLICATION, *UNREGISTERED)),
        labels=st.lists(st.sampled_from(LABELS), min_size=1, max_size=2),
        day=days,
    )
    def signal(self, application: ApplicationId, labels: list[str], day: int) -> None:
        token = SIGNAL_TOKEN if application == SIGNALLED_APPLICATION else f"token-{application}"
        previous = {"previous": state(labels[1], 1)} if labels[1:] else {}
        sent(self.world, signal(state(labels[0], day), token=token, **previous))

    @rule(success=st.sampled_from([True, False, None]), day=days)
    def end_position_or_undo_it(self, success: bool | None, day: int) -> None:
        sent(self.world, position_signal(success, day))

    @rule()
    def copy_positions_to_applications(self) -> None:
        records = self.tables.streams["AliasesTable"][self.notified :]
        self.notified += len(records)
        assert self.world.positions({"Records": records}, None) == {"batchItemFailures": []}

    @rule(meanings=st.dictionaries(st.sampled_from(LABELS), st.sampled_from(MEANINGS)))
    def map_labels_again(self, meanings: dict[str, str]) -> None:
        table = AllApplications(self.world.dynamodb, "ApplicationsTable")
        for before in self._applications():
            after = remap(before, Vocabulary.load(), meanings)
            assert after is before or table.replace_interpretations(before, after)

    @rule(application=applications)
    def erase(self, application: ApplicationId) -> None:
        assert self.world.erase(application).status == 204
        self.erased.add(application)

    @rule(application=applications, fates=fates, is_counted=st.sampled_from([True, True, False]))
    def expire(self, application: ApplicationId, fates: Fates, *, is_counted: bool) -> None:
        """Let an application expire; it does not while its last change is not counted, or during a rebuild."""
        self.time.shift(timedelta(milliseconds=2))
        if is_counted:
            self.deliveries.deliver(int(application[-1]) % SHARDS, len(self.deliveries.stream), CALM)
        item = self.tables.tables["ApplicationsTable"].get((application,))
        if item is None or items.is_tombstone(item):
            return
        client, limit = self.deliveries.client, timedelta(milliseconds=1)
        tables = "ApplicationsTable", "AliasesTable", "QualityTable"
        expiring = Retention(DynamoDB(transport(client)), *tables, Limits(limit, limit))
        with client.meeting(fates), suppress(Unavailable, Killed):
            expiring.expire(item)
        if items.is_tombstone(self.tables.tables["ApplicationsTable"][application,]):
            self.archived.append(items.application(item))
            self.erased.add(application)

    @rule(hours=st.integers(1, 20))
    def wait(self, hours: int) -> None:
        self.time.shift(timedelta(hours=hours))

    # What happens to the records.

    @rule(shard=shards, amount=st.integers(1, 8), trial=trials)
    def deliver(self, shard: int, amount: int, trial: Trial) -> None:
        self.deliveries.deliver(shard, amount, trial)

    @rule(start=st.integers(0, 30), amount=st.integers(1, 8), trial=trials)
    def deliver_again(self, start: int, amount: int, trial: Trial) -> None:
        self.deliveries.feed(self.deliveries.stream[start : start + amount], trial)

    @rule(shard=shards)
    def lose(self, shard: int) -> None:
        self.deliveries.lose(shard)

    @precondition(lambda self: self.deliveries.failed)
    @rule(order=st.randoms(use_true_random=False), trial=trials)
    def replay(self, order: random.Random, trial: Trial) -> None:
        order.shuffle(self.deliveries.failed)
        self.deliveries.replay(trial)

    # Merges: the journal is added to the totals.

    @rule(fates=merge_fates, minutes=st.integers(0, 11))
    def merge(self, fates: Fates, minutes: int) -> None:
        """Merge, after so many minutes; an interrupted merge can be continued after ten."""
        self.time.shift(timedelta(minutes=minutes))
        for generation in filter(None, (self.live, self.building)):
            client = self.deliveries.client
            with client.meeting(fates), suppress(Unavailable, Killed):
                Merger(DynamoDB(transport(client)), "QualityTable", generation).merge(now().date())

    # A rebuild: a second generation is announced, the table is read, what was read is counted, and the readers switch.

    @precondition(lambda self: not self.building)
    @rule()
    def announce_a_generation(self) -> None:
        self.building = self.live + 1
        self._announce(
            Live={"N": str(self.live)}, Building={"N": str(self.building)}, Shape=_SHAPE, DaysIn={"S": BERLIN.key},
            ScanSegments={"N": "1"}, Progress={"M": {}}, ArchiveAfter={"M": {}},
        )  # fmt: skip

    @precondition(lambda self: self.building)
    @rule(fates=fates)
    def add_the_archive(self, fates: Fates) -> None:
        """Add a page or all; an interrupted rebuild continues where it was."""
        rebuild = Rebuilds(self.world.dynamodb, "QualityTable").current()
        assert rebuild
        client = self.deliveries.client
        with client.meeting(fates), suppress(Unavailable, Killed, RebuildOvertaken):
            Rebuilds(DynamoDB(transport(client)), "QualityTable").add_archive(rebuild)

    @precondition(lambda self: self.building and self.scanned is None)
    @rule()
    def scan(self) -> None:
        """Read the table; of an erased application, find the tombstone, which keeps its old records from counting."""
        self.scanned = [change_of(item, BERLIN) for item in self.tables.tables["ApplicationsTable"].values()]

    @precondition(lambda self: self.scanned)
    @rule(amount=st.integers(1, 5), fates=fates)
    def count_what_was_scanned(self, amount: int, fates: Fates) -> None:
        assert self.scanned
        client = self.deliveries.client
        with client.meeting(fates), suppress(Unavailable, Killed):
            Counters(DynamoDB(transport(client)), "QualityTable").apply_in(self.building, self.scanned[:amount])
            del self.scanned[:amount]

    @precondition(lambda self: self.is_built())
    @rule()
    def switch(self) -> None:
        self.live, self.building, self.scanned = self.building, 0, None
        self._announce(Live={"N": str(self.live)})

    def is_built(self) -> bool:
        """Return whether all is counted into the second generation."""
        return self.scanned == [] and "ArchiveAfter" not in self.tables.tables["QualityTable"]["generation", "current"]

    # What must hold.

    @invariant()
    def totals_and_journal_are_the_sum_of_the_markers(self) -> None:
        for generation, (counted, marked) in totals_and_markers(self.tables.tables["QualityTable"].values()).items():
            if generation >= self.live:  # the archive goes on without the former ones
                assert counted == marked, f"generation {generation}"

    @invariant()
    def readers_read_the_sum_of_the_markers(self) -> None:
        """Whatever is merged: what is read of the ATSs is what is stored and not merged yet."""
        reader = QualityReader(DynamoDB(transport(self.tables)), "QualityTable", self.live, now().date())
        found = {cell[1:]: amount for cell, amount in read(reader, ()).items() if cell[0] == "life"}
        _, marked = totals_and_markers(self.tables.tables["QualityTable"].values()).get(self.live, ({}, {}))
        assert found == {cell[1:]: n for cell, n in marked.items() if cell[0] == f"atss#{self.live}"}

    def teardown(self) -> None:
        """When all is delivered, the reader returns the exact counts in each generation that counts."""
        try:
            if not sys.exception():
                self._finish()
        finally:
            self.clock.stop()
            self.patches.undo()

    def _finish(self) -> None:
        self.deliveries.finish()
        if self.building and self.scanned is None:
            self.scan()
        while self.scanned:
            self.count_what_was_scanned(5, [])
        if self.building:
            self.add_the_archive([])
        expected = Counter(truth(self._applications()))
        expected.update({cell: n for cell, n in truth(self.archived).items() if cell[0] != "label"})
        for generation in (self.live, *filter(None, [self.building])):
            self.time.shift(timedelta(minutes=11))
            merger = Merger(self.world.dynamodb, "QualityTable", generation)
            while merger.merge(now().date()):
                continue
            reader = QualityReader(self.world.dynamodb, "QualityTable", generation, now().date())
            assert read(reader, CLIENTS) == expected
            for application in self._applications():
                if of := application.registration:
                    assert reader.job(of.client_id, of.job_id).name == of.job_title
        for scope, (head, members) in heads_and_members(self.tables.tables["QualityTable"].values()).items():
            assert head == members, scope

    def _applications(self) -> list[Application]:
        table = self.tables.tables["ApplicationsTable"].values()
        return [items.application(item) for item in table if not items.is_tombstone(item)]

    def _announce(self, **generations: Any) -> None:
        item = {"Scope": {"S": "generation"}, "Part": {"S": "current"}, **generations}
        self.client.put_item(TableName="QualityTable", Item=item)

    def _overtake(self) -> None:
        """Let another container count the newest records, and a rebuild begin or end."""
        self.deliveries.feed(self.deliveries.stream[-3:], CALM)
        if not self.building:
            self.announce_a_generation()
        elif self.scanned is None:
            self.scan()
        elif self.is_built():
            self.switch()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


class ExactnessOnMoto(Exactness):
    """The same, with each call answered by moto too."""

    def made_client(self) -> Any:
        self.moto = mock_aws()
        self.moto.start()
        return Agreeing(self.tables, boto3.client("dynamodb"))

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.moto.stop()


def test_counters_agree_with_the_table_after_every_step(figure: Figure) -> None:
    """Totals agree with what is counted of each application after every step, and with the table in the end.

    Steps change, erase and expire applications, lose and repeat records, merge and rebuild the counters, with faults in
    between. In some runs moto answers every call, too: the tables in memory must answer as it does.
    """
    run_state_machine_as_test(Exactness, settings=SETTINGS)
    run_state_machine_as_test(
        ExactnessOnMoto, settings=settings(SETTINGS, max_examples=ON_MOTO, phases=[Phase.generate])
    )
    figure(f"0 differences in {RUNS + ON_MOTO:,} runs of up to {STEPS} steps")
