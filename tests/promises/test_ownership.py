"""Applications that change their owner while the old and the new one report, compared version by version."""

import logging
import random
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import boto3
import pytest

from application_status.applications import items
from application_status.applications.register import Registrations
from application_status.functions.batch import make_handler as make_batch
from application_status.functions.signals import make_handler as make_signals
from application_status.functions.webhook import make_handler as make_webhook
from application_status.platform import deadlines
from application_status.platform.dynamodb import boto
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.telemetry import logger, metrics
from application_status.platform.values import ApplicationId, AtsId, application_id, to_text
from support import dispositions, signals
from support.concurrency import all_at_once
from support.faults import Clock
from support.proof import Figure, amount
from support.world import (
    ATS,
    OTHER_ATS,
    OTHER_TOKEN,
    TEMPLATE,
    TOKEN,
    World,
    answer,
    batch_settings,
    http_event,
    registration,
    signals_settings,
    webhook_settings,
)

REPORTS = amount(480, 10_000)
APPLICATIONS = [application_id(f"{number:032}") for number in range(amount(6, 60))]
TOKENS = {ATS: TOKEN, OTHER_ATS: OTHER_TOKEN}
START = datetime(2026, 1, 1, tzinfo=UTC)
REQUEST_SIZE = 10


@pytest.fixture
def world(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The template's tables, where each application has a tracking token of both ATSs; no call ends early."""
    monkeypatch.setattr(boto, "READ_SECONDS", 60)
    monkeypatch.setattr(deadlines, "time", Clock())
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)  # a container's own; here many share a process
    level = logger.log_level
    logger.setLevel(logging.CRITICAL)
    world = World(boto3.client("dynamodb", endpoint_url=endpoint))
    registrations = Registrations(world.dynamodb, "ApplicationsTable", "AliasesTable")
    for each in APPLICATIONS:
        registrations.register(each, registration())
        for ats in TOKENS:
            row = {"Alias": f"token#{ats}-{each}", "Member": "-", "AtsId": ats, "AtsiApplicationId": each}
            world.client.put_item(TableName="AliasesTable", Item={name: {"S": text} for name, text in row.items()})
    yield world
    logger.setLevel(level)
    for table in TEMPLATE.tables():
        world.client.delete_table(TableName=table["TableName"])


class Sender:
    """Reports of one ATS through one intake.

    Attributes:
        accepted, refused: the labels of the reports that the service said it has recorded, or does not know. Signals
            are in neither, as their reply is the same for both.
    """

    def __init__(self, dynamodb: DynamoDB, intake: str, ats: AtsId, first: int, amount: int) -> None:
        self.ats, self._intake, self._numbers = ats, intake, range(first, first + amount)
        self._chance = random.Random(first)  # noqa: S311  # no secret
        self._webhook = make_webhook(dynamodb, webhook_settings())
        self._batch = make_batch(dynamodb, batch_settings())
        self._signals = make_signals(dynamodb, signals_settings())
        self.accepted: set[str] = set()
        self.refused: set[str] = set()

    def __call__(self) -> None:
        size = 1 if self._intake == "report" else REQUEST_SIZE
        for first in self._numbers[::size]:
            numbers = range(first, min(first + size, self._numbers.stop))
            of = {f"Interview {number}": self._chance.choice(APPLICATIONS) for number in numbers}
            getattr(self, f"_send_{self._intake}")(of)

    def _at(self) -> str:
        """Return a time; about half of the reports are late."""
        return to_text(START + timedelta(milliseconds=self._chance.randrange(10**10)))

    def _body(self, label: str, of: ApplicationId) -> dict[str, Any]:
        return {"AtsiApplicationId": of, "Status": "INTERVIEW", "RawStatus": label, "BusinessDate": self._at()}

    def _note(self, label: str, status: int) -> None:
        assert status in {200, 404}
        (self.accepted if status == 200 else self.refused).add(label)

    def _send_report(self, of: Mapping[str, ApplicationId]) -> None:
        ((label, application),) = of.items()
        event = http_event("POST", "/api/application-status", self._body(label, application), token=TOKENS[self.ats])
        self._note(label, answer(self._webhook(event, None)).status)

    def _send_batch(self, of: Mapping[str, ApplicationId]) -> None:
        body = {"Reports": [self._body(*each) for each in of.items()]}
        event = http_event("POST", "/api/application-status/batch", body, token=TOKENS[self.ats])
        for label, result in zip(of, answer(self._batch(event, None)).body["Results"], strict=True):
            self._note(label, result["Problem"]["status"] if "Problem" in result else 200)

    def _send_signals(self, of: Mapping[str, ApplicationId]) -> None:
        given = [
            signals.signal(signals.state(label, timestamp=self._at()), token=f"{self.ats}-{application}")
            for label, application in of.items()
        ]
        body = {"query": signals.MANY, "variables": {"input": {"signals": given}}}
        reply = answer(self._signals(signals.event(body, token=TOKENS[self.ats]), None))
        assert reply.body == signals.TRUE_MANY

    def _send_dispositions(self, of: Mapping[str, ApplicationId]) -> None:
        given = [
            dispositions.about(
                {"indeedApplyID": application}, rawDispositionStatus=label, statusChangeDateTime=self._at()
            )
            for label, application in of.items()
        ]
        body = {"query": dispositions.SEND, "variables": {"input": {"dispositions": given}}}
        reply = answer(self._signals(signals.event(body, token=TOKENS[self.ats]), None))
        failed = [each["identifiedBy"]["indeedApplyID"] for each in dispositions.result(reply)[1]]
        for label, application in of.items():  # failures are in the order sent, but an application may be there twice
            if failed.count(application) in {0, list(of.values()).count(application)}:
                self._note(label, 404 if application in failed else 200)


class Mover:
    """An operator who gives applications to the other ATS, over and over.

    `owners` has the owner of each application from a version on.
    """

    def __init__(self, client: Any, until: Event) -> None:
        self._client, self._until = client, until
        self.owners = {each: [(1, ATS)] for each in APPLICATIONS}

    def __call__(self) -> None:
        while not self._until.is_set():
            for each, owners in self.owners.items():
                (next_owner,) = TOKENS.keys() - {owners[-1][1]}
                changed = self._client.update_item(
                    TableName="ApplicationsTable",
                    Key=items.key(each),
                    UpdateExpression="SET AtsId = :ats ADD Version :one",
                    ExpressionAttributeValues={":ats": {"S": next_owner}, ":one": {"N": "1"}},
                    ReturnValues="UPDATED_NEW",
                )
                owners.append((int(changed["Attributes"]["Version"]["N"]), next_owner))


def test_who_owns_an_application_is_decided_by_the_write(world: World, endpoint: str, figure: Figure) -> None:
    """No report of an ATS changes an application that belongs to another, even at the moment when its owner changes.

    Both ATSs send reports, batches, signals and dispositions about the same applications, while these change their
    owner over and over. The versions show who owned an application when a report was written.
    """
    intakes, of_each = ("report", "batch", "signals", "dispositions"), REPORTS // 8
    senders = [
        Sender(boto.connect(endpoint_url=endpoint), intake, ats, 1 + (2 * place + offset) * of_each, of_each)
        for place, intake in enumerate(intakes)
        for offset, ats in enumerate(TOKENS)
    ]
    done = Event()
    mover = Mover(world.client, done)

    def send_all() -> None:
        try:
            all_at_once(*senders)
        finally:
            done.set()

    calls: list[Callable[[], None]] = [send_all, mover]
    all_at_once(*calls)
    sender_of = {f"Interview {number}": each for each in senders for number in each._numbers}  # noqa: SLF001
    stored: defaultdict[str, int] = defaultdict(int)
    foreign = []
    for each in APPLICATIONS:
        versions, owners = zip(*mover.owners[each], strict=True)
        for transition in world.stored(each).transitions.values():
            label = str(transition.raw_status)
            stored[label] += 1
            if owners[bisect(versions, transition.version) - 1] != sender_of[label].ats:
                foreign.append((each, transition))
    assert foreign == []
    assert set(stored.values()) == {1}
    for sender in senders:
        assert sender.accepted <= stored.keys()
        assert not sender.refused & stored.keys()
    changes = sum(map(len, mover.owners.values())) - len(APPLICATIONS)
    assert 0.1 * REPORTS < len(stored) < 0.9 * REPORTS, "the owners changed too seldom"
    figure(
        f"{len(foreign)} foreign writes of {REPORTS:,} reports, while the owner changed {changes:,} times; "
        f"{REPORTS - len(stored):,} were refused"
    )
