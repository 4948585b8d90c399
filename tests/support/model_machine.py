"""A state machine that sends messages to the service and to the model, and compares what both say."""

import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import Context
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any

import pytest
import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)

from application_status.applications import record
from application_status.applications.record import UnknownApplications
from application_status.applications.rules import application as rules
from application_status.applications.rules.report import NATIVE
from application_status.applications.scan import AllApplications
from application_status.intake import side_by_side
from application_status.intake.files.imports import Imports
from application_status.platform.dynamodb.boto import transport
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.telemetry import logger
from application_status.platform.values import now, to_text
from application_status.quality.counters.generations import generations
from application_status.quality.counters.merge import Merger
from application_status.quality.counters.rebuilds import Rebuilds
from application_status.quality.counters.write import Counters
from application_status.quality.counting.rebuild import Scan
from support.counters import read, reader_of, stored, truth
from support.dynamodb_in_memory import Memory
from support.files import LOST_REPLY, Killed, Station, Steps
from support.messages import (
    APPLIED_AT,
    CLIENT,
    JOBSEEKER,
    LABELS,
    STATUSES_OF_INDEED,
    Ashby,
    Batch,
    Disposition,
    Dispositions,
    Erasure,
    File,
    Greenhouse,
    Lever,
    Message,
    Place,
    Recruitee,
    Registration,
    Report,
    Row,
    Signal,
    Signals,
    State,
    Trial,
    When,
)
from support.model import STATUSES, Application, Limits, Model
from support.native_flow import SECRET
from support.world import (
    ATS,
    BERLIN,
    OTHER_ATS,
    OTHER_TOKEN,
    TOKEN,
    World,
    http_event,
)

START = datetime(2026, 11, 20, 9, tzinfo=UTC)
FIRST = APPLIED_AT - timedelta(hours=29, minutes=30)  # so that no time is midnight, which would be a day
"""The earliest effective time."""

APPLICATIONS = tuple(f"51c3be16-0f93-41ed-9cc0-00000000000{n}" for n in (4, 5, 6))
SECOND_IDS = tuple(f"51c3be16-0f93-41ed-9cc0-00000000001{n}" for n in (4, 5))
IDS = (*APPLICATIONS, *APPLICATIONS, *APPLICATIONS, *SECOND_IDS)
ALIASES = tuple(
    (kind, value)
    for kind, values in {
        "Token": ("token-1", "token-2"),
        "ApplyId": ("apply-1", "apply-2"),
        "Greenhouse": ("7001", "7002"),
        "Recruitee": ("41", "42"),
        "Ashby": ("8001", "8002"),
        "Lever": ("9001", "9002"),
        "AtsiApplicationId": SECOND_IDS,
    }.items()
    for value in values
)
NAMES = {
    "LEAD": "noted", "APPLIED": "applied", "CONTACT": "in_contact", "PRE_INTERVIEW": "in_review",
    "INTERVIEW": "interview", "POST_INTERVIEW": "after_interview", "OFFER": "offer", "HIRED": "hired",
    "REJECTED": "no_longer_considered",
}  # fmt: skip
"""The statuses in the jobseeker's words."""

ids = st.sampled_from(IDS)
labels = st.sampled_from(LABELS)
statuses = st.sampled_from(STATUSES)
moments = st.builds(
    lambda hours, ms: FIRST + timedelta(hours=hours, milliseconds=ms), st.integers(0, 60), st.integers(0, 1)
)
days = st.builds(
    lambda day, offset: When(datetime(2026, 11, 17 + day, tzinfo=UTC) - timedelta(minutes=offset), offset),
    st.integers(0, 2),
    st.sampled_from([0, 120, -300]),
)
times = moments.map(When) | days
reports = st.builds(
    Report,
    ids,
    statuses,
    st.none() | st.sampled_from(["Stage 3", " STAGE 3", "On-site", "Candidate withdrew", " "]),
    st.none() | times,
    st.none() | st.sampled_from(["k1", "k2", "k3"]),
)
of_others = st.builds(lambda application, status: Report(application, status, is_foreign=True), ids, statuses)
batches = st.builds(lambda given: Batch(tuple(given)), st.lists(reports, min_size=1, max_size=5))
of_one = st.builds(
    lambda application, given: Batch(tuple(Report(application, *each) for each in given)),
    st.sampled_from(APPLICATIONS),
    st.lists(st.tuples(statuses, st.sampled_from([None, "On-site"]), st.none() | times), min_size=3, max_size=8),
)
states = st.builds(
    State,
    labels,
    st.integers(1, 3),
    st.sampled_from(["missing", "missing", "null", "true", "false"]),
    times,
    st.sampled_from([None, None, "Interview", "Hired", "Quuxify"]),
)
signals = st.builds(
    lambda given: Signals(tuple(given)),
    st.lists(
        st.builds(Signal, st.sampled_from(["token-1", "token-2"]), states, st.none() | states), min_size=1, max_size=3
    ),
)
dispositions = st.builds(
    lambda given: Dispositions(tuple(given)),
    st.lists(
        st.builds(
            Disposition,
            st.sampled_from(["apply-1", "apply-2", *APPLICATIONS]),
            st.sampled_from(list(STATUSES_OF_INDEED)),
            labels,
            times,
        ),
        min_size=1,
        max_size=3,
    ),
)
files = st.builds(
    lambda given: File(tuple(given)),
    st.lists(st.builds(Row, ids, labels, st.none() | statuses, st.none() | times), min_size=1, max_size=4),
)
actions = st.sampled_from(
    [*["candidate_stage_change"] * 4, "hire_candidate", "reject_candidate", "unhire_candidate", "offer_created"]
)
subtypes = st.sampled_from(["stage_changed", "stage_changed", "disqualified", "requalified"])
standings = st.sampled_from(["Active", "Active", "Archived", "Hired"])
lever_events = st.sampled_from(
    [*["candidateStageChange"] * 4, "archived", "archived", "restored", "candidateHired", "candidateDeleted"]
)
aliases = st.frozensets(st.sampled_from(ALIASES), max_size=3)
registrations = st.builds(
    Registration, st.sampled_from(IDS), st.none() | st.sampled_from(["Koch", "Bäcker"]), aliases
).filter(lambda each: each.title or each.aliases)
registrations = registrations.filter(lambda each: len({kind for kind, _ in each.aliases}) == len(each.aliases))
erasures = st.builds(Erasure, ids)
calls = st.integers(1, 6)
_OK, _CREATED = 200, 201


class Stage:
    """A World in memory that all runs share, with an import of files and a connection of webhooks for each provider."""

    def __init__(self, unknown: UnknownApplications, client: Callable[[Memory], Any] = lambda memory: memory) -> None:
        self.memory, self.steps = Memory(), Steps()
        tables = client(self.memory)
        world = World(self.steps.of(tables), unknown)
        for table in ("ApplicationsTable", "AliasesTable"):
            for key in list(self.memory.tables[table]):
                world.client.delete_item(TableName=table, Key=self.memory.keys(table, key))
        connections = {
            each.capitalize(): (each, world.connections.create(each, ATS, CLIENT, secret=SECRET, created_by="operator"))
            for each in NATIVE
        }
        station = Station(world, self.steps)
        station.imports = Imports(DynamoDB(transport(tables)), "FilesTable")  # what senders do does not fail
        self.place = Place(world, station, connections)
        self.world = world
        self._empty = {name: dict(table) for name, table in self.memory.tables.items()}

    def reset(self) -> None:
        """Empty the tables and the streams."""
        self.memory.tables = {name: dict(table) for name, table in self._empty.items()}
        self.memory.streams.clear()

    @contextmanager
    def failing(self, call: int, fault: BaseException, *, is_after: bool = True) -> Iterator[Steps]:
        """Let a call to the tables fail."""
        self.steps.calls, self.steps.at, self.steps.fault, self.steps.is_after = 0, call, fault, is_after
        self.steps.action = lambda: None
        self.steps.runs = True
        try:
            yield self.steps
        finally:
            self.steps.runs, self.steps.at, self.steps.fault = False, 0, None
            self.steps.revive()

    @contextmanager
    def interrupted(self, call: int, action: Callable[[], object]) -> Iterator[None]:
        """Let something happen before a call to the tables."""

        def act() -> None:
            self.steps.runs = False
            Context().run(action)  # without the deadline of the request that it interrupts

        self.steps.calls, self.steps.at, self.steps.action, self.steps.runs = 0, call, act, True
        try:
            yield
        finally:
            self.steps.runs, self.steps.at = False, 0

    def version(self, application: str) -> int | None:
        """Return the version of an item, None if there is none."""
        item = self.memory.tables["ApplicationsTable"].get((application,))
        return int(item["Version"]["N"]) if item else None

    def read(self, application: str, token: str) -> Any:
        """Return what an ATS reads of an application, or the status code."""
        event = http_event("GET", f"/api/application-status/{application}", token=token)
        reply = self.world.views(event, None)
        if reply["statusCode"] != 200:
            return reply["statusCode"]
        body = json.loads(reply["body"])
        found = {name: body[name] for name in ("Status", "RawStatus", "Version", "AppliedAt")}
        transitions = [{name: each[name] for name in _VIEWED} for each in body["Transitions"]]
        return found | {"Transitions": transitions}

    def listed(self) -> dict[str, str]:
        """Return the applications that the jobseeker sees, with their statuses."""
        event = http_event("GET", "/api/my/applications", token=None)
        event["requestContext"]["authorizer"] = {"claims": {"custom:jobseeker_id": JOBSEEKER}}
        body = json.loads(self.world.my_applications(event, None)["body"])
        return {each["AtsiApplicationId"]: each["JobseekerStatus"] for each in body["Applications"]}

    def ids_given(self) -> list[Any]:
        """Return the records of the stream of new ids by which webhooks name applications."""
        return [
            each
            for each in self.memory.streams["AliasesTable"]
            if each["eventName"] != "REMOVE" and _IDS_OF_WEBHOOKS.match(each["dynamodb"]["NewImage"]["Alias"]["S"])
        ]


_VIEWED = (
    *("Status", "RawStatus", "EffectiveAt", "EffectiveDay", "TimeSource", "ReceivedAt", "Late", "FromPrevious"),
    "Folded",
)
_IDS_OF_WEBHOOKS = re.compile(r"native#(?P<provider>\w+)#[^#]+#[^#]+#(application|candidate-job)#(?P<id>\w+)")


@cache
def shared_stage(unknown: UnknownApplications) -> Stage:
    """Return the stage of all runs, as functions take long to make."""
    return Stage(unknown)


class AgreesWithTheModel(RuleBasedStateMachine):
    """Three applications in whatever senders and the board send about them, in each way that it can arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Message] = []
        self.number = 0

    @initialize(
        unknown=st.sampled_from(UnknownApplications),
        history=st.sampled_from([14, 256]),
        keys=st.sampled_from([2, 64]),
    )
    def begin(self, unknown: UnknownApplications, history: int, keys: int) -> None:
        self.patches = pytest.MonkeyPatch()
        for module in (rules, record):
            self.patches.setattr(module, "HISTORY_LIMIT", history)
        self.patches.setattr(record, "RESEND_KEYS_LIMIT", keys)
        self.clock = time_machine.travel(START, tick=False)
        self.time = self.clock.start()
        self.stage = self.made_stage(unknown)
        self.model = Model(unknown is UnknownApplications.ACCEPT, Limits(history=history, keys=keys))
        self.delivered = self.counted = 0
        everything = frozenset(each for each in ALIASES if each[1].endswith("1"))
        self.send(Registration(APPLICATIONS[0], "Koch", everything))

    def made_stage(self, unknown: UnknownApplications) -> Stage:
        """Return an empty stage."""
        stage = shared_stage(unknown)
        stage.reset()
        return stage

    def teardown(self) -> None:
        try:
            if not sys.exception():
                self.finish()
        finally:
            self.clock.stop()
            self.patches.undo()

    # What is sent, and how.

    def send(self, message: Message, meanwhile: AbstractContextManager[Any] | None = None) -> None:
        """Send a message; the reply and all that can be read are as the model says."""
        self.time.shift(timedelta(seconds=1))
        self.sent.append(message)
        exchange = message.at(self.stage.place, now())
        with meanwhile or nullcontext():
            got = exchange.send()
        expected = exchange.reply(self.model)
        is_first = isinstance(message, Registration) and expected == _CREATED
        assert got == expected or (meanwhile and is_first and got == _OK), message  # it may find its own write
        self.check()

    @rule(message=reports | batches | of_one | signals | dispositions | files)
    def report(self, message: Message) -> None:
        self.send(message)

    @rule(message=of_others | st.builds(Trial, ids))
    def report_of_another(self, message: Message) -> None:
        """Another ATS's token, and a test token."""
        self.send(message)

    @rule(application=st.sampled_from(["7001", "7002"]), action=actions, label=labels, moment=moments)
    def greenhouse(self, application: str, action: str, label: str, moment: datetime) -> None:
        self.number += 1
        self.send(Greenhouse(application, action, label, self.unlike_others(moment), self.number))

    @rule(candidate=st.sampled_from(["41", "42"]), subtype=subtypes, label=labels, moment=moments)
    def recruitee(self, candidate: str, subtype: str, label: str, moment: datetime) -> None:
        self.number += 1
        self.send(Recruitee(candidate, subtype, label, self.unlike_others(moment), self.number))

    @rule(
        application=st.sampled_from(["8001", "8001", "8002"]),
        events=st.lists(st.tuples(standings, labels, moments, st.integers(0, 2)), min_size=1, max_size=4),
    )
    def ashby(self, application: str, events: list[tuple[str, str, datetime, int]]) -> None:
        for standing, label, moment, hours in events:
            self.number += 1
            before = timedelta(hours=hours)
            self.send(Ashby(application, standing, label, self.unlike_others(moment), before, self.number))

    @rule(
        application=st.sampled_from(["9001", "9001", "9002"]),
        events=st.lists(
            st.tuples(lever_events, labels.filter(lambda each: " " not in each), st.integers(0, 2)),
            min_size=1,
            max_size=4,
        ),
    )
    def lever(self, application: str, events: list[tuple[str, str, int]]) -> None:
        """Events of three hours: those of one hour come a moment after each other."""
        first = now().replace(minute=17, second=0, microsecond=0) - timedelta(hours=4)
        for event, label, hours in events:
            self.number += 1
            moment = self.unlike_others(first + timedelta(hours=hours))
            self.send(Lever(application, event, label, moment, self.number))

    @rule(
        events=st.lists(
            st.tuples(st.sampled_from(["Interview", "Offer", "Zorblax"]), st.integers(0, 5)), min_size=3, max_size=6
        ),
        title=st.sampled_from(["Koch", "Bäcker"]),
    )
    def snapshots_in_any_order(self, events: list[tuple[str, int]], title: str) -> None:
        """Snapshots that repeat each other, and then a registration, which changes no status."""
        for label, hours in events:
            self.greenhouse("7001", "candidate_stage_change", label, FIRST + timedelta(hours=40 + hours))
        self.send(Registration(APPLICATIONS[0], title, frozenset()))

    def unlike_others(self, moment: datetime) -> datetime:
        """Return a time that no other event has, as nothing orders parked events of the same time."""
        return moment + timedelta(milliseconds=10 * self.number)

    @rule(message=registrations)
    def register_or_add_aliases(self, message: Message) -> None:
        self.send(message)

    @rule(message=erasures)
    def erase(self, message: Message) -> None:
        self.send(message)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Send something again, whatever came between."""
        self.send(data.draw(st.sampled_from(self.sent)))

    @rule(hours=st.sampled_from([0.001, 1, 26, 24 * 14]))
    def wait(self, hours: float) -> None:
        self.time.shift(timedelta(hours=hours))

    @rule(message=reports | of_one | signals | dispositions | files | registrations | erasures, call=calls)
    def lose_the_stores_reply(self, message: Message, call: int) -> None:
        """The service repeats the call, and the sender gets the reply that it would have had."""
        self.send(message, self.stage.failing(call, LOST_REPLY))

    @rule(
        message=reports | of_one | signals | dispositions | registrations | erasures, call=calls, is_after=st.booleans()
    )
    def kill(self, message: Message, call: int, *, is_after: bool) -> None:
        """The container dies before or after a call; the sender sends all of it again."""
        self.time.shift(timedelta(seconds=1))
        exchange = message.at(self.stage.place, now())
        with self.stage.failing(call, Killed(), is_after=is_after) as steps, suppress(Killed):
            exchange.send()
        is_dead = steps.calls >= call
        amounts = range(len(exchange.effects) + 1) if is_dead else [len(exchange.effects)]

        def applied(model: Model, amount: int) -> None:
            for effect in exchange.effects[:amount]:
                effect(model)

        self.settle([partial(applied, amount=each) for each in amounts])
        self.send(message)

    @rule(message=files, call=st.integers(1, 12), is_after=st.booleans())
    def kill_the_import(self, message: Message, call: int, *, is_after: bool) -> None:
        """The queue delivers the message again."""
        self.send(message, self.stage.failing(call, Killed(), is_after=is_after))

    @rule(
        first=reports | of_one | signals | dispositions | files | registrations | erasures,
        second=reports | of_one | signals | dispositions | files | registrations | erasures,
        call=calls,
    )
    def race(self, first: Message, second: Message, call: int) -> None:
        """Another request is handled before a call of the first one."""
        if isinstance(first, File) and isinstance(second, File):
            return  # an ATS's files are imported one after the other, so the second would wait for the first
        self.time.shift(timedelta(seconds=1))
        one, other = (each.at(self.stage.place, now()) for each in (first, second))
        replies: list[Any] = []
        with self.stage.interrupted(call, lambda: replies.append(other.send())):
            got = one.send()
        replies = replies or [other.send()]

        def interleaved(model: Model, before: int) -> None:
            answers = [effect(model) for effect in one.effects[:before]]
            reply = other.reply(model)
            answers += [effect(model) for effect in one.effects[before:]]
            assert (got, replies[0]) == (one.expected(answers), reply), (got, replies[0], one.expected(answers), reply)

        places = range(len(one.effects) + 1)
        self.settle([partial(interleaved, before=each) for each in places])

    def settle(self, possible: Sequence[Callable[[Model], Any]]) -> None:
        """Continue with the first of several possible models that agrees with the service."""
        failures: list[AssertionError] = []
        before = self.model
        for change in possible:
            self.model = before.copy()
            try:
                change(self.model)
                self.check()
            except AssertionError as error:
                failures.append(error)
            else:
                return
        raise ExceptionGroup("no order of these requests leads to this", failures)

    # The streams.

    @rule(start=st.integers(0, 10), amount=st.integers(1, 10))
    def deliver_ids_again(self, start: int, amount: int) -> None:
        """Records of new ids are delivered again, also from long ago."""
        self.deliver_ids(self.stage.ids_given()[: self.delivered][start : start + amount])

    @rule(amount=st.integers(1, 10))
    def deliver_ids_given(self, amount: int) -> None:
        """The stream brings the records of new ids, whose events are then recorded."""
        self.deliver_ids(self.stage.ids_given()[self.delivered : self.delivered + amount])
        self.delivered += amount

    def deliver_ids(self, records: Sequence[Any]) -> None:
        assert self.stage.world.positions({"Records": list(records)}, None) == {"batchItemFailures": []}
        for each in records:
            row = each["dynamodb"]["NewImage"]
            named = _IDS_OF_WEBHOOKS.match(row["Alias"]["S"])
            assert named
            self.model.replay(ATS, f"{named['provider'].capitalize()} {named['id']}", row["AtsiApplicationId"]["S"])
        self.check()

    # What must hold.

    def check(self) -> None:
        """Compare all applications with what their ATS and their jobseeker read, and with what is stored."""
        self.time.shift(timedelta(seconds=1))  # the reports of a batch are received a millisecond apart
        for each in (*APPLICATIONS, *SECOND_IDS):
            self.check_one(each)
        expected = {
            name: _name_of(each)
            for name, each in self.model.applications.items()
            if each.applied_at and not each.is_erased
        }
        assert self.stage.listed() == expected

    def check_one(self, application: str) -> None:
        first = self.model.second_ids.get(application, application)
        model = self.model.applications.get(first)
        if first == application:
            assert self.stage.version(application) == (model.version if model else None), application
        owned = model if model and not model.is_erased else None
        token = OTHER_TOKEN if owned and owned.ats == OTHER_ATS else TOKEN
        assert self.stage.read(application, token) == (_read(owned) if owned else 404), application

    def finish(self) -> None:
        """In the end the counters are those of the model's applications, and of what is stored."""
        self.count()
        self.time.shift(timedelta(minutes=11))
        live = generations(self.stage.world.dynamodb, "QualityTable").live
        merger = Merger(self.stage.world.dynamodb, "QualityTable", live)
        while merger.merge(now().date()):
            continue
        reader = reader_of(self.stage.world, now().date())
        assert read(reader, [CLIENT]) == truth(stored(self.stage.world))
        counted = {ats: found for ats, life in reader.lives_of_atss().items() if (found := _shares(life))}
        expected: dict[str, Counter[str]] = {}
        for each in self.model.applications.values():
            if not each.is_erased:
                expected.setdefault(each.ats, Counter()).update(_numbers(each))
        assert counted == expected

    @rule()
    def count(self) -> None:
        """The stream brings the changes to the counters."""
        records = self.stage.memory.streams["ApplicationsTable"]
        new, self.counted = records[self.counted :], len(records)
        assert self.stage.world.analytics({"Records": new}, None) == {"batchItemFailures": []}

    @rule()
    def rebuild(self) -> None:
        """The counters are made anew."""
        dynamodb = self.stage.world.dynamodb
        rebuilds = Rebuilds(dynamodb, "QualityTable")
        rebuilds.start(BERLIN.key, 1)
        rebuild = rebuilds.current()
        assert rebuild
        scan = Scan(
            AllApplications(dynamodb, "ApplicationsTable"), Counters(dynamodb, "QualityTable"), rebuilds, BERLIN
        )
        scan.run(rebuild, lambda _: None)
        rebuilds.switch(rebuild)
        for _ in rebuilds.delete_former():
            continue


def _shares(life: Any) -> Counter[str]:
    """Return the numbers of an ATS that the model has, too."""
    found = Counter[str]()
    for name, slots in life.items():
        family, _, what = name.partition(":")
        if family in {"applications", "reports", "reached"}:
            found[name] += sum(slots.values())
        elif family == "outcome":
            found[f"outcome:{what}" if what in {"open", "hired"} else "ended"] += sum(slots.values())
    return +found


def _numbers(application: Application) -> Counter[str]:
    """Return what an application counts for."""
    history, status = application.history.values(), application.status
    found = Counter({"applications": 1})
    found["reports"] = sum((each.folded or 0) + (not each.from_previous) for each in history)
    reached = {each.told.status for each in history if each.told.status and not application.is_too_early(each)}
    reached |= {"APPLIED"} if application.applied_at else set()
    reached -= {"REJECTED"} if status == "HIRED" else {"REJECTED", "HIRED"}
    furthest = max((STATUSES.index(str(each)) for each in reached), default=0)
    found[f"reached:{STATUSES[furthest]}"] = 1
    found[{"HIRED": "outcome:hired", "REJECTED": "ended"}.get(status, "outcome:open")] = 1
    return found


def _name_of(application: Application) -> str:
    stands = application.standing
    return "withdrawn" if stands.status == "REJECTED" and stands.withdrew else NAMES[str(stands.status)]


def _read(application: Application) -> Any:
    """Return what an ATS reads of an application."""
    history = sorted(application.history.items())
    transitions = []
    for place, each in history:
        newer = (other for other_place, other in history if other_place > place and other.told.status)
        day = each.told.day_offset
        transitions.append(
            {
                "Status": each.told.status,
                "RawStatus": each.told.label,
                "EffectiveAt": to_text(each.effective),
                "EffectiveDay": None if day is None else (each.effective + timedelta(minutes=day)).date().isoformat(),
                "TimeSource": each.source,
                "ReceivedAt": to_text(each.received),
                "Late": any(other.received < each.received for other in newer),
                "FromPrevious": each.from_previous,
                "Folded": each.folded or 0,
            }
        )
    return {
        "Status": application.status,
        "RawStatus": application.standing.label,
        "Version": application.version,
        "AppliedAt": to_text(application.applied_at) if application.applied_at else None,
        "Transitions": transitions,
    }


@contextmanager
def quietly() -> Iterator[None]:
    """Leave out pauses, threads, log lines and metrics, which take most of the time."""
    level = logger.log_level
    logger.setLevel(logging.CRITICAL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.sleep", lambda _: None)
        patch.setattr(side_by_side, "_MOST_AT_ONCE", 1)
        patch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
        yield
    logger.setLevel(level)
