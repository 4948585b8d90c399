"""Clients that report through every intake at the same time, and send again what fails, as the documents say.

Board     the applications of two ATSs, each with the ids that all intakes use
Sent      a report, and what the service answered
plan      what each client sends: turns of one request each, the same for the same seed
Client    sends its turns to containers of its own
Weather   the faults between a container and the tables
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Lock
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from application_status.access.connections import Created
from application_status.applications.register import Registrations
from application_status.applications.rules.registration import Aliases, NativeIds
from application_status.applications.rules.report import NATIVE, Channel
from application_status.applications.rules.status import Status
from application_status.functions.batch import make_handler as make_batch
from application_status.functions.connect import make_handler as make_connect
from application_status.functions.registry import RegistrySettings
from application_status.functions.registry import make_handler as make_registry
from application_status.functions.signals import make_handler as make_signals
from application_status.functions.webhook import make_handler as make_webhook
from application_status.intake.files.file import Counts, State
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.dynamodb.wire import CredentialsProvider, Wire, Wires
from application_status.platform.http.endpoint import LambdaHandler
from application_status.platform.values import ApplicationId, AtsId, application_id, now, to_text
from support import dispositions, lever_events, signals
from support.concurrency import all_at_once
from support.faulty_proxy import Fault, Proxy
from support.files import LOST_REPLY, NO_CONNECTION, Station, Steps, csv
from support.native_webhooks import body_of, signed
from support.webhooks import delivery
from support.world import (
    ATS,
    OTHER_ATS,
    OTHER_TOKEN,
    TOKEN,
    Answer,
    World,
    answer,
    batch_settings,
    connect_settings,
    http_event,
    registration,
    signals_settings,
    webhook_settings,
)

TOKENS = {ATS: TOKEN, OTHER_ATS: OTHER_TOKEN}
SECRET = lever_events.SECRET
_LABELS = {
    "Phone screen": Status.PRE_INTERVIEW,
    "Interview": Status.INTERVIEW,
    "Offer": Status.OFFER,
    "Zzz": None,  # unmapped
}
_INDEED = {Status.PRE_INTERVIEW: "SCREEN", Status.INTERVIEW: "INTERVIEW", Status.OFFER: "OFFER_MADE"}
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
_MOST_ATTEMPTS = 60
_REGISTRY = RegistrySettings("ApplicationsTable", "AliasesTable", "FeedbackTable")


@dataclass(slots=True)
class Sent:
    """A report; one that is `wrong` must be refused, and that of an unregistered webhook is `parked`.

    Attributes:
        place: the application's place among those of its ATS.
        at: the effective time, None if it has none.
        key: the Idempotency-Key, if it has one.
        deliveries: how often it may have reached the service.
        result, version: what the service answered at last; no version where the intake answers none.
    """

    number: int
    ats: AtsId
    application: ApplicationId
    place: int
    label: str
    status: Status | None
    at: datetime | None
    key: str | None = None
    wrong: bool = False
    parked: bool = False
    deliveries: int = 0
    result: str | None = None
    version: int | None = None

    @property
    def is_safe(self) -> bool:
        """Whether it may be repeated at any time."""
        return self.at is not None or self.key is not None


class Turn(NamedTuple):
    """A request with these reports, and whether all were accepted before."""

    intake: str
    reports: Sequence[Sent]
    is_repeated: bool = False


class Board:
    """The applications of both ATSs.

    A quarter of them gets reports without times, too. Those behind `shared` are of one client each, and get reports
    that nothing identifies; the last ones are registered without ids of Ashby.
    """

    def __init__(self, world: World, shared: int, clients: int, parked: int) -> None:
        self.shared, self.parked = shared, parked
        registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
        self.size = shared + clients + parked * clients
        for ats in TOKENS:
            for place in range(self.size):
                ids = tuple(native_ids(each, ats, place) for each in NATIVE if each is not Channel.ASHBY)
                if place < shared + clients:
                    ids += (native_ids(Channel.ASHBY, ats, place),)
                aliases = Aliases(tokens=(f"t-{ats}-{place}",), apply_ids=(f"a-{place}",), native=ids)
                registrations.register(application_of(ats, place), registration(ats_id=ats, aliases=aliases))

    def with_times_alone(self, place: int) -> bool:
        """Return whether all reports about an application have times."""
        return place < self.shared and place % 4 != 0


def application_of(ats: AtsId, place: int) -> ApplicationId:
    return application_id(str(UUID(int=(1 + list(TOKENS).index(ats)) * 10**9 + place)))


def native_ids(provider: Channel, ats: AtsId, place: int) -> NativeIds:
    """Return the ids of an application at a provider; Recruitee has ids of candidates and jobs alone."""
    number = str((1 + list(TOKENS).index(ats)) * 10**6 + place)
    if provider is Channel.RECRUITEE:
        return NativeIds(provider, candidate=number, job="1")
    return NativeIds(provider, application=number)


_INTAKES: dict[str, int] = {
    "report": 24,
    "batch": 6,
    "signals": 6,
    "dispositions": 5,
    "file": 1,
    "parked": 2,
    **dict.fromkeys(NATIVE, 3),
}
_SIZES = {"batch": (2, 20), "signals": (1, 8), "dispositions": (1, 8), "file": (20, 60), "parked": (3, 3)}


def plan(board: Board, amount: int, clients: int, seed: int) -> list[list[Turn]]:
    """Return the turns of each client; all of them have so many reports together."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    start, span = now() - timedelta(hours=56), timedelta(hours=50)
    turns: list[list[Turn]] = [[] for _ in range(clients)]
    parked = [0] * clients
    number, client = 0, 0
    while number < amount:
        client = (client + 1) % clients
        ats = list(TOKENS)[client % 2]
        if turns[client] and chance.random() < 0.04:
            again = chance.choice(turns[client])
            if again.intake != "parked" and all(each.is_safe and not each.wrong for each in again.reports):
                turns[client].append(again._replace(is_repeated=True))
                number += len(again.reports)
                continue
        intake = chance.choices(list(_INTAKES), list(_INTAKES.values()))[0]
        if intake == "parked" and parked[client] == board.parked:
            continue
        size = min(chance.randint(*_SIZES.get(intake, (1, 1))), amount - number)
        reports = []
        for place_in_turn in range(size):
            at = start + (number / amount + chance.uniform(-0.05, 0.05)) * span
            # Each number has its own millisecond, and none is midnight, which would be a day.
            at = at.replace(microsecond=1000 * (1 + number % 999)) + timedelta(seconds=number // 999 % 7)
            word = chance.choice(list(_LABELS)[: 3 if intake in {"report", "batch", "file", "dispositions"} else 4])
            each = Sent(number, ats, application_of(ats, 0), 0, f"{word} {number}", _LABELS[word], at)
            if intake == Channel.LEVER:
                each.label = each.label.replace(" ", "-")  # it sends ids
            _choose_application(each, board, chance, intake, client)
            if intake == "parked":
                each.parked, each.place = True, board.shared + clients + client * board.parked + parked[client]
                each.label, each.status = list(_LABELS.items())[place_in_turn]
            each.application = each.application if each.wrong else application_of(ats, each.place)
            reports.append(each)
            number += 1
        parked[client] += intake == "parked"
        turns[client].append(Turn(intake, reports))
    return turns


def _choose_application(report: Sent, board: Board, chance: random.Random, intake: str, client: int) -> None:
    """Give a report its application, and perhaps a fault; some reports of the ATSi contract get no time."""
    report.place = chance.randrange(board.shared)
    if intake in {"report", "batch"} and not board.with_times_alone(report.place) and chance.random() < 0.5:
        report.at, report.key = None, f"key-{report.number}"
    if intake == "report" and chance.random() < 0.1:
        report.place, report.at, report.key = board.shared + client, None, None
    elif intake != "parked" and chance.random() < 0.06:
        report.wrong = True
        report.application = _unknown(report) if chance.random() < 0.5 else _foreign(report)


def _unknown(report: Sent) -> ApplicationId:
    return application_id(str(UUID(int=10**12 + report.number)))


def _foreign(report: Sent) -> ApplicationId:
    (other,) = TOKENS.keys() - {report.ats}
    return application_of(other, report.place)


class Weather:
    """Faults of a network, and of the store behind it; some last for a number of calls.

    Attributes:
        faults: how many of each kind there were.
    """

    _KINDS: ClassVar = {
        Fault.PASS: 885, Fault.THROTTLE: 30, Fault.ERROR: 15, Fault.HTML: 3, Fault.RESET: 8, Fault.HANG_UP: 8,
        Fault.SILENCE: 3, Fault.ERROR_AFTER: 12, Fault.RESET_AFTER: 8, Fault.TRUNCATED_AFTER: 8, Fault.SILENCE_AFTER: 5,
        Fault.CUT_OFF_AFTER: 4, Fault.LATE: 6, Fault.LAST_AFTER: 5,
    }  # fmt: skip

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # no secret
        self._lock = Lock()
        self._lasting, self._left = Fault.PASS, 0
        self.faults: Counter[str] = Counter()
        self.is_over = False

    def __call__(self) -> Fault:
        """Return the fault of the next call."""
        with self._lock:
            if self.is_over:
                return Fault.PASS
            if self._left:
                self._left -= 1
            else:
                self._lasting = self._chance.choices(list(self._KINDS), list(self._KINDS.values()))[0]
                lasts = self._lasting is not Fault.PASS and self._chance.random() < 0.15
                self._left = self._chance.randint(2, 9) if lasts else 0
            if self._lasting is not Fault.PASS:
                self.faults[self._lasting.name] += 1
            return self._lasting


class Container:
    """Functions with the transports that are deployed, over a proxy of their own."""

    def __init__(self, world: World, proxy: Proxy) -> None:
        self._wires: list[Wire] = []
        self.client = boto.client(endpoint_url=proxy.url)
        over_boto = DynamoDB(boto.transport(self.client))
        self.over_wires = DynamoDB(Wires(partial(self._wire, proxy.url)))
        self.webhook = make_webhook(DynamoDB(self._wire(proxy.url)), webhook_settings())
        self.batch = make_batch(self.over_wires, batch_settings())
        self.signals = make_signals(over_boto, signals_settings())
        self.connect = make_connect(over_boto, world.kms, connect_settings())
        self.registry = make_registry(over_boto, _REGISTRY)

    def _wire(self, url: str) -> Wire:
        self._wires.append(Wire(url, "us-east-1", CredentialsProvider(_CREDENTIALS)))
        return self._wires[-1]

    def close(self) -> None:
        """Close the connections."""
        self.client.close()
        for each in self._wires:
            each.connection.close()


_FATES = {"answered": 88, "request lost": 3, "reply lost": 5, "sent twice at once": 3, "gateway failed": 1}


@dataclass
class Client:
    """An ATS's software, which sends until it gets an answer that says not to send again.

    Attributes:
        faults: how many of each kind there were between it and the service, and between the import and S3 and SQS.
    """

    world: World
    board: Board
    ats: AtsId
    seed: int
    containers: Sequence[Container]
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311  # no secret
        self._connections: dict[Channel, Created] = {
            each: self.world.connections.create(each, self.ats, "client-1", secret=SECRET, created_by="operator")
            for each in NATIVE
        }
        fault = self._chance.choice([LOST_REPLY, NO_CONNECTION])
        self._steps = Steps(every=self._chance.randint(5, 9), fault=fault, is_after=fault is LOST_REPLY, runs=True)
        self.station = Station(self.world, self._steps)
        self.station.start(self.containers[0].over_wires)

    def take(self, turn: Turn) -> None:
        """Send the reports of a turn, until each is accepted or refused; repeated ones must change nothing."""
        if not turn.is_repeated:
            self._send(turn)
            return
        again = [replace(each) for each in turn.reports]
        self._send(turn._replace(reports=again))
        for before, after in zip(turn.reports, again, strict=True):
            assert after.result in {"unchanged", "accepted"}, (before, after)
            assert (before.version or 0) <= (after.version or 0), (before, after)

    def _send(self, turn: Turn) -> None:
        match turn.intake:
            case "report":
                self._report(*turn.reports)
            case "batch":
                self._batch(turn.reports)
            case "signals":
                self._signals(turn.reports)
            case "dispositions":
                self._dispositions(turn.reports)
            case "file":
                self._file(turn)
            case "parked":
                self._parked(turn.reports)
            case provider:
                self._native(Channel(provider), *turn.reports)

    def exchange(self, function: str, event: Any, reports: Sequence[Sent]) -> Answer:
        """Send a request until it gets an answer that no repetition would change."""
        for _ in range(_MOST_ATTEMPTS):
            fate = self._chance.choices(list(_FATES), list(_FATES.values()))[0]
            self.faults[fate] += fate != "answered"
            if fate == "request lost":
                continue
            handlers: list[LambdaHandler] = [getattr(each, function) for each in self.containers]
            self._chance.shuffle(handlers)
            sent = handlers if fate == "sent twice at once" else handlers[:1]
            for each in reports:
                each.deliveries += len(sent)
            calls = [partial(_answered, handler, event) for handler in sent]
            answers = all_at_once(*calls) if len(calls) > 1 else [calls[0]()]
            if fate in {"reply lost", "gateway failed"}:
                continue
            found = answers[0]
            if found.status == 429 or found.status >= 500:
                assert found.headers["Retry-After"]
                continue
            if "INTERNAL_SERVER_ERROR" in str(found.body.get("errors")):
                continue
            return found
        raise AssertionError(f"given up: {reports}")

    def _report(self, report: Sent) -> None:
        headers = {"Idempotency-Key": report.key} if report.key else {}
        event = http_event("POST", "/api/application-status", _fields(report), headers, TOKENS[self.ats])
        found = self.exchange("webhook", event, [report])
        assert found.status == (404 if report.wrong else 200), found
        if not report.wrong:
            report.result, report.version = found.body["Result"], found.body["Version"]

    def _batch(self, reports: Sequence[Sent]) -> None:
        """Send a batch; afterwards what got a 503, or all of it."""
        pending = list(reports)
        while pending:
            bodies = [_fields(each) | ({"IdempotencyKey": each.key} if each.key else {}) for each in pending]
            event = http_event("POST", "/api/application-status/batch", {"Reports": bodies}, token=TOKENS[self.ats])
            found = self.exchange("batch", event, pending)
            assert found.status in {200, 207}, found
            failed = []
            for report, each in zip(pending, found.body["Results"], strict=True):
                status = each.get("Problem", {"status": 200})["status"]
                if status == 503:
                    failed.append(report)
                    continue
                assert status == (404 if report.wrong else 200), each
                if not report.wrong:
                    report.result, report.version = each["Reply"]["Result"], each["Reply"]["Version"]
            pending = pending if failed and self._chance.random() < 0.3 else failed

    def _signals(self, reports: Sequence[Sent]) -> None:
        given = [
            signals.signal(
                signals.state(each.label) | {"timestamp": to_text(each.at)},  # type: ignore[arg-type]  # all have one
                token=f"unknown-{each.number}" if each.wrong else f"t-{self.ats}-{each.place}",
            )
            for each in reports
        ]
        body = {"query": signals.MANY, "variables": {"input": {"signals": given}}}
        found = self.exchange("signals", signals.event(body, token=TOKENS[self.ats]), reports)
        assert (found.status, found.body) == (200, signals.TRUE_MANY)
        for each in reports:
            each.result = None if each.wrong else "accepted"

    def _dispositions(self, reports: Sequence[Sent]) -> None:
        given = [
            dispositions.disposition(
                _INDEED[each.status],  # type: ignore[index]  # all are mapped
                each.label,
                identifiedBy={"indeedApplyID": each.application if each.wrong else f"a-{each.place}"},
                statusChangeDateTime=to_text(each.at),  # type: ignore[arg-type]  # all have one
            )
            for each in reports
        ]
        body = {"query": dispositions.SEND, "variables": {"input": {"dispositions": given}}}
        found = self.exchange("signals", signals.event(body, token=TOKENS[self.ats]), reports)
        _, failed = dispositions.result(found)
        wrong = [each.application for each in reports if each.wrong]
        assert [each["identifiedBy"]["indeedApplyID"] for each in failed] == wrong
        for each in reports:
            each.result = None if each.wrong else "accepted"

    def _native(self, provider: Channel, report: Sent) -> None:
        body = _BODIES[provider](report, native_ids(provider, self.ats, report.place))
        headers = signed(provider, body, "another secret" if report.wrong else SECRET)
        if report.wrong and provider is Channel.LEVER:
            body = body.replace(b'"signature": "', b'"signature": "0')
        found = self.exchange("connect", delivery(self._connections[provider], body, headers), [report])
        assert found.status == (401 if report.wrong else 200), found
        if not report.wrong:
            (report.result,) = found.body["Results"]
            assert report.parked or report.result in {"recorded", "late", "unchanged", "unmapped"}, found

    def _parked(self, reports: Sequence[Sent]) -> None:
        """Send events of Ashby about an application whose ids the board adds before one of them."""
        place = self._chance.randrange(1, len(reports) + 1)
        for report in reports[:place]:
            self._native(Channel.ASHBY, report)
        ids = {"ApplicationId": native_ids(Channel.ASHBY, self.ats, reports[0].place).application}
        path = f"/api/applications/{reports[0].application}/aliases"
        added = self.exchange("registry", http_event("PATCH", path, {"Aliases": {"Ashby": ids}}, token=None), [])
        assert added.status == 200, added
        for report in reports[place:]:
            self._native(Channel.ASHBY, report)

    def _file(self, turn: Turn) -> None:
        """Upload a file; the counts of its rows are checked at the end."""
        rows = [
            f"{each.application},{each.label},{each.status},{to_text(each.at)}"  # type: ignore[arg-type]  # all have one
            for each in turn.reports
        ]
        # A file with the same bytes would be a duplicate, so a repeated one begins with another header.
        columns = "businessDate,again" if turn.is_repeated else "businessDate"
        header = f"atsiApplicationId,rawStatus,status,{columns}"
        content = csv(*(f"{each},{self._steps.calls}" if turn.is_repeated else each for each in rows), header=header)
        before = self._steps.calls
        file = self.station.imported(content, self.ats)
        self.faults["S3 and SQS"] += (self._steps.calls - before) // self._steps.every
        assert (file.state, file.rows, file.counts.rows) == (State.COMPLETED, len(rows), len(rows)), file
        wrong = sum(each.wrong for each in turn.reports)
        assert file.counts.refused == wrong
        if turn.is_repeated:
            assert file.counts == Counts(unchanged=len(rows))
        for each in turn.reports:
            each.deliveries += 1
            each.result = None if each.wrong else "accepted"
        self.counted.append((turn.reports, file.counts))

    counted: list[tuple[Sequence[Sent], Counts]] = field(default_factory=list)


def _answered(handler: LambdaHandler, event: Any) -> Answer:
    return answer(handler(event, None))


def _fields(report: Sent) -> dict[str, Any]:
    at = {"BusinessDate": to_text(report.at)} if report.at else {}
    return {"AtsiApplicationId": report.application, "Status": report.status, "RawStatus": report.label, **at}


def _greenhouse(report: Sent, ids: NativeIds) -> bytes:
    body = json.loads(body_of(Channel.GREENHOUSE, "candidate_stage_change"))
    application = body["payload"]["application"]
    application["id"] = int(ids.application)
    application["candidate"] |= {"id": 1, "external_id": None}
    application["current_stage"]["name"] = report.label
    application["last_activity_at"] = _time(report)
    return json.dumps(body).encode()


def _ashby(report: Sent, ids: NativeIds) -> bytes:
    body = json.loads(body_of(Channel.ASHBY, "candidateStageChange"))
    application = body["data"]["application"]
    application["id"] = ids.application
    application["updatedAt"] = _time(report)
    application["currentInterviewStage"]["title"] = report.label
    body["webhookActionId"] = f"action-{report.number}"
    return json.dumps(body).encode()


def _recruitee(report: Sent, ids: NativeIds) -> bytes:
    body = json.loads(body_of(Channel.RECRUITEE, "candidate_moved_stage_changed"))
    body |= {"id": report.number, "created_at": _time(report)}
    body["payload"]["candidate"]["id"] = int(ids.candidate)
    body["payload"]["offer"]["id"] = int(ids.job)
    body["payload"]["details"]["to_stage"]["name"] = report.label
    return json.dumps(body).encode()


def _lever(report: Sent, ids: NativeIds) -> bytes:
    body = json.loads(body_of(Channel.LEVER, "candidateStageChange"))
    body["data"] |= {"opportunityId": ids.application, "toStageId": report.label}
    at = report.at or datetime.now(UTC)
    return lever_events.signed_body(json.dumps(body).encode(), f"token-{report.number}", at)


def _time(report: Sent) -> str:
    return to_text(report.at or datetime.now(UTC))


_BODIES: dict[Channel, Callable[[Sent, NativeIds], bytes]] = {
    Channel.GREENHOUSE: _greenhouse,
    Channel.ASHBY: _ashby,
    Channel.RECRUITEE: _recruitee,
    Channel.LEVER: _lever,
}
"""The bodies of the event of each provider that tells a new stage."""


def all_of(turns: Sequence[Sequence[Turn]]) -> Iterator[Sent]:
    """Yield all reports once."""
    for each in turns:
        for turn in each:
            if not turn.is_repeated:
                yield from turn.reports
