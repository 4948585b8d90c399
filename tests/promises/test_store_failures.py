"""Each call to DynamoDB of each request fails, once or with all later ones: what callers get, and what is stored."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count, product
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import pytest
import time_machine
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from application_status.applications.record import UnknownApplications
from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases
from application_status.platform import deadlines
from support import signals
from support.api_requests import CASES, PAGES, Case
from support.counters import read, reader_of
from support.dynamodb_in_memory import Memory
from support.faults import Clock
from support.proof import IN_FULL, Figure
from support.signals import position_signal, signal, state
from support.world import (
    APPLICATION,
    FOREIGN_APPLICATION,
    HTTP_FUNCTIONS,
    POSITION,
    TEMPLATE,
    World,
    registration,
    sample_event,
    set_last_use,
)

OPENAPI = Path(__file__).parents[2] / "src" / "application_status" / "api_docs" / "openapi.json"
BEFORE, START, LATER = (f"2026-11-22T{time}:00Z" for time in ("09:50", "10:00", "10:20"))
SECONDS = 5.0
_REPORTS_OF_A_BATCH, _LONGEST_FAILURE = 3, 1.5
_SECONDS_OF_A_BATCH = SECONDS + (_REPORTS_OF_A_BATCH - 1) * _LONGEST_FAILURE
"""A batch writes its reports at the same time; the clock of this test counts their calls one after the other."""

_OF_REQUESTS = {"TokensTable", "SandboxRequestsTable"}
"""The tables that count and log requests; so do rows of a connection's activity, and of the parked events of a day."""

_OF_WRITES = {"Versions", "UpdatedAt"}
"""The attributes that depend on the order of the reports of a batch, of which one is sent again."""

_OPERATIONS = {
    "batch_get_item", "batch_write_item", "delete_item", "get_item", "put_item", "query", "scan",
    "transact_write_items", "update_item",
}  # fmt: skip


class Failure(NamedTuple):
    """What a call to DynamoDB meets, how many seconds it takes, and whether the call is carried out."""

    error: Exception
    seconds: float = 0.01
    is_carried_out: bool = False


def _refused(code: str, status: int = 400, *reasons: str) -> Failure:
    more = {"CancellationReasons": [{"Code": each} for each in reasons]} if reasons else {}
    reply: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return Failure(ClientError(reply, ""))


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
# The rest of that list is about requests that a program forms wrongly, which no state of the store causes.
FAILURES: Mapping[str, Failure] = {
    # Too much load: on a table or an index, on a partition, on the account.
    "throttled": _refused("ThrottlingException"),
    "table throttled": _refused("ProvisionedThroughputExceededException"),
    "account throttled": _refused("RequestLimitExceeded"),
    # The store fails.
    "internal error": _refused("InternalServerError", 500),
    "unavailable": _refused("ServiceUnavailable", 503),
    # Another request changes the same item.
    "conflict": _refused("TransactionConflictException"),
    "transaction cancelled": _refused("TransactionCanceledException", 400, "None", "TransactionConflict"),
    # Somebody broke the permissions or the credentials of the function: not retried, and mended later.
    "access denied": _refused("AccessDeniedException"),
    "credentials expired": _refused("ExpiredTokenException"),
    # The network: before the call, and after it was carried out.
    "no connection": Failure(ConnectTimeoutError(endpoint_url=""), 0.5),
    "reply lost": Failure(ReadTimeoutError(endpoint_url=""), _LONGEST_FAILURE, is_carried_out=True),
}


@dataclass
class FailingStore:
    """A client of tables in memory, of which a call and perhaps all later ones fail; calls are counted from 1."""

    tables: Memory
    clock: Clock
    failure: Failure | None = None
    first: int = 0
    lasts: bool = False
    calls: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def plan(self, first: int = 0, failure: Failure | None = None, *, lasts: bool = False) -> None:
        """Plan failures from now on; without any, calls pass."""
        self.first, self.failure, self.lasts = first, failure, lasts
        self.calls.clear()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.tables, name)
        return partial(self._call, name, found) if name in _OPERATIONS else found

    def _call(self, name: str, call: Any, **request: Any) -> Any:
        with self._lock:
            self.calls.append(name)
            number = len(self.calls)
        fails = self.failure and (number == self.first or (self.lasts and 0 < self.first <= number))
        if not self.failure or not fails:
            return call(**request)
        self.clock.now += self.failure.seconds
        if self.failure.is_carried_out:
            call(**request)
        raise self.failure.error


@dataclass
class Tried:
    """A World in which a case is tried again and again from the same state."""

    case: Case
    clock: Clock

    def __post_init__(self) -> None:
        self.tables = Memory()
        self.store = FailingStore(self.tables, self.clock)
        with time_machine.travel(BEFORE, tick=False):
            self.world = World(self.store, UnknownApplications.ACCEPT, requests_per_second=1000)
            set_last_use(self.store, "2026-01-01")
            self.event = self.case.prepared(self.world)
        self.saved = self.tables.saved()
        self.function = next(
            route.function
            for route in TEMPLATE.routes()
            if route.path == self.event["resource"] and route.takes(self.event["httpMethod"])
        )

    def sent(self) -> Any:
        """Send the request; return the reply."""
        return getattr(self.world, HTTP_FUNCTIONS[self.function])(self.event, None)

    def begin(self) -> None:
        """Return to the state before the request, with new containers."""
        self.store.plan()
        self.tables.restore(self.saved)
        self.tables.streams.clear()
        self.world.restart()

    def stored(self) -> dict[tuple[str, ...], Any]:
        """Return the contents of all tables, but for what counts and logs requests, and the order of the writes."""
        tables = self.tables.tables.items()
        return {
            (name, *key): {attribute: value for attribute, value in row.items() if attribute not in _OF_WRITES}
            for name, rows in tables
            if name not in _OF_REQUESTS
            for key, row in rows.items()
            if key[-1] != "activity" and "Events" not in row
        }

    def differences(self, expected: Mapping[tuple[str, ...], Any]) -> list[Any]:
        """Return what is stored otherwise than expected."""
        found = {} if self.case.makes_new else self.stored()
        keys = [] if self.case.makes_new else sorted(found.keys() | expected.keys())
        return [(key, found.get(key), expected.get(key)) for key in keys if found.get(key) != expected.get(key)]


def is_refused_for_now(reply: Mapping[str, Any]) -> bool:
    """Return whether a reply asks to send the request, or a part of it, again after Retry-After."""
    if "Retry-After" not in reply["headers"]:
        return False
    if reply["statusCode"] == 207:
        found = [each["Problem"]["status"] for each in json.loads(reply["body"])["Results"] if "Problem" in each]
        return set(found) == {503}
    if reply["statusCode"] == 200:  # GraphQL has its own form of errors
        found = [each["extensions"]["code"] for each in json.loads(reply["body"])["errors"]]
        return set(found) == {"INTERNAL_SERVER_ERROR"}
    return bool(reply["statusCode"] == 503)


def check(tried: Tried, expected: int, stored: Mapping[tuple[str, ...], Any], seconds: float) -> None:
    """Send the request while the store fails, and again when it has recovered."""
    began = tried.clock.now
    reply = tried.sent()
    assert tried.clock.now - began <= seconds, f"it took {tried.clock.now - began} s"
    is_success = reply["statusCode"] in {expected, 200} and "Retry-After" not in reply["headers"]
    assert is_success or is_refused_for_now(reply), f"{reply['statusCode']} {reply['body'][:300]}"
    if is_success and (wrong := tried.differences(stored)):
        pytest.fail(f"success, but {wrong}")
    tried.store.plan()
    again = tried.sent()
    assert again["statusCode"] in {expected, 200}, f"then {again['statusCode']} {again['body'][:300]}"
    assert "Retry-After" not in again["headers"]
    if wrong := tried.differences(stored):
        pytest.fail(f"then {wrong}")


@contextmanager
def stopped_clock() -> Iterator[Clock]:
    """Replace the clock of deadlines and retries by one that does not wait."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch, time_machine.travel(START, tick=False):
        patch.setattr(deadlines, "time", clock)
        patch.setattr("time.sleep", clock.sleep)
        yield clock


def operations() -> set[str]:
    """Return the operations of the API."""
    paths = json.loads(OPENAPI.read_text(encoding="utf-8"))["paths"].values()
    return {each["operationId"] for path in paths for each in path.values() if "operationId" in each}


def test_requests(figure: Figure) -> None:
    """When the database fails, a request succeeds or gets a 503 with Retry-After within 5 s, and can be sent again.

    Each call to DynamoDB of a request for each operation and page fails in eleven ways, once or with all later calls.
    """
    assert operations() == {case.operation for case in CASES}, "add requests of a new operation to CASES"
    kinds = list(product(FAILURES, (False, True)))
    turns, tries, calls = count(), 0, 0
    resources, failed = set(), list[str]()
    with stopped_clock() as clock:
        for case in (*CASES, *PAGES):
            tried = Tried(case, clock)
            resources.add(tried.event["resource"])
            tried.begin()
            expected = tried.sent()["statusCode"]
            assert expected < 400 or case in PAGES, f"{case.operation}, {case.name}"
            stored, made = tried.stored(), len(tried.store.calls)
            calls += made
            for number in range(1, made + 1):
                for kind, lasts in kinds if IN_FULL else [kinds[next(turns) * 7 % len(kinds)]]:
                    tried.begin()
                    tried.store.plan(number, FAILURES[kind], lasts=lasts)
                    try:
                        check(
                            tried,
                            expected,
                            stored,
                            _SECONDS_OF_A_BATCH if case.operation == "sendReportBatch" else SECONDS,
                        )
                    except (AssertionError, pytest.fail.Exception) as error:
                        when = f"{kind} {'from' if lasts else 'at'} call {number} of {tried.store.calls}"
                        failed.append(f"{case.operation}, {case.name}: {when}: {error}"[:2000])
                    tries += 1
    missed = {route.path for route in TEMPLATE.routes()} - resources
    assert not missed, "add requests of these routes to PAGES"
    assert not failed, "\n".join(failed)
    figure(f"{tries:,} of {tries:,}: {calls} calls of {len(CASES) + len(PAGES)} requests, {len(FAILURES)} failures")


def _streamed(table: str) -> Callable[[World], Any]:
    """Return what brings reports, signals and states of positions to a table, and its stream."""

    def prepared(world: World) -> Any:
        registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
        registrations.register(APPLICATION, registration(aliases=Aliases(position_profile_ids=(POSITION,))))
        world.report("INTERVIEW")
        signals.sent(world, signal(state("Stage 3", 5)), signal(state("Hired", 6)))
        signals.sent(world, position_signal(success=True))
        world.erase(FOREIGN_APPLICATION)
        return {"Records": list(world.client.streams[table])}

    return prepared


def _counted(world: World) -> Any:
    assert world.analytics(_streamed("ApplicationsTable")(world), None) == {"batchItemFailures": []}
    return sample_event("MergeFunction/scheduled")


JOBS: Mapping[str, tuple[str, Callable[[World], Any]]] = {
    "AnalyticsFunction": ("analytics", _streamed("ApplicationsTable")),
    "PositionsFunction": ("positions", _streamed("AliasesTable")),
    "MergeFunction": ("merge", _counted),
}
"""Functions that are not behind HTTP and write: the attribute of a World that has each, and what makes its event."""

OTHERS = {
    "DeliveryFunction": "it writes no table: integration/test_facts_handler.py and test_events.py fail its services",
    "FileImportFunction": "integration/test_file_import_faults.py fails its calls to all services",
    "HealthFunction": "integration/test_health_faults.py",
    "PreTokenFunction": "it reads one item, and a failure refuses the sign-in",
    "RetentionFunction": "integration/test_retention.py fails each of its calls",
    "VerificationFunction": "it writes only metrics",
}
"""The functions that are not behind HTTP whose failures are tested elsewhere, or lose nothing."""


@dataclass
class Job:
    """A World in which a function is invoked again and again from the same state."""

    function: str
    store: FailingStore

    def __post_init__(self) -> None:
        self.name, prepared = JOBS[self.function]
        with time_machine.travel(BEFORE, tick=False):
            self.world = World(self.store)
            self.event = prepared(self.world)
        self.saved = self.store.saved()

    def begin(self) -> None:
        """Return to the state before the invocation, with new containers."""
        self.store.plan()
        self.store.restore(self.saved)
        self.world.restart()

    def succeeds(self) -> bool:
        """Invoke the function; return whether Lambda takes all of the event for processed."""
        try:
            result = getattr(self.world, self.name)(self.event, None)
        except Exception:  # noqa: BLE001  # Lambda invokes it again
            return False
        return not result.get("batchItemFailures")

    def written(self) -> Any:
        """Return what is stored, without the times of the writes, and what the counters add up to."""
        others = {
            (name, *key): {attribute: value for attribute, value in row.items() if attribute != "UpdatedAt"}
            for name, rows in self.store.saved().items()
            if name != "QualityTable"
            for key, row in rows.items()
        }
        return others, read(reader_of(self.world), ("client-1", "client-3"))


def test_functions(figure: Figure) -> None:
    """When the database fails while streams are processed, records are processed again, and none is lost or set aside.

    Each call fails as in requests. What a function did not report for a repetition is as without the failure.
    """
    assert set(TEMPLATE.handlers()) == {*HTTP_FUNCTIONS, *JOBS, *OTHERS}, "add the new function to JOBS"
    kinds, turns, tries = list(product(FAILURES, (False, True))), count(), 0
    with stopped_clock() as clock:
        for function in JOBS:
            job = Job(function, FailingStore(Memory(), clock))
            job.begin()
            assert job.succeeds()
            expected, calls = job.written(), len(job.store.calls)
            for number in range(1, calls + 1):
                for kind, lasts in kinds if IN_FULL else [kinds[next(turns) * 7 % len(kinds)]]:
                    job.begin()
                    job.store.plan(number, FAILURES[kind], lasts=lasts)
                    what = f"{function}: {kind} {'from' if lasts else 'at'} call {number} of {job.store.calls}"
                    is_done = job.succeeds()
                    job.store.plan()
                    assert not is_done or job.written() == expected, what
                    with time_machine.travel(LATER, tick=False):
                        assert job.succeeds(), what
                    assert job.written() == expected, what
                    assert not job.world.kept.objects, what
                    tries += 1
    figure(f"{tries:,} of {tries:,}: {len(JOBS)} functions, {len(FAILURES)} failures")
