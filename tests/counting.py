"""Counters beside what they should be, the command line over a World, and doors that stop on the way."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from application_status.cli import main as command_line
from application_status.cli.target import Target
from application_status.model.application import Application
from application_status.model.quality import Cell, contribution
from application_status.store import items
from application_status.store.boto import transport
from application_status.store.dynamodb import DynamoDB
from application_status.store.generations import generations
from application_status.store.quality_reader import QualityReader
from support import APPLICATION, BERLIN, World

type Run = Callable[..., tuple[int, str, str]]


WRITES = frozenset({"BatchWriteItem", "PutItem", "TransactWriteItems", "UpdateItem"})


class SteppedDynamoDB(DynamoDB):
    """The real door, which does something else before one of its calls."""

    def __init__(self, client: Any) -> None:
        super().__init__(transport(client))
        self.plan(0, lambda: None)

    def plan(self, call: int, step: Callable[[], object], *, writes_alone: bool = False) -> None:
        """Plan what is done before a call, or a write, counted from now on and from 1; 0 is never reached."""
        self.calls, self.at, self.step, self.writes_alone = 0, call, step, writes_alone

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        self.calls += operation in WRITES or not self.writes_alone
        if self.calls == self.at:
            self.at = 0
            self.step()
        return super().__call__(operation, **request)


def command(dynamodb: DynamoDB, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs `application-status analytics` through a door: exit code, output without logs, errors."""
    target = Target(None, "nowhere")
    target.dynamodb = dynamodb
    monkeypatch.setattr(command_line, "Target", lambda *_: target)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = command_line.main(["analytics", *arguments])
        out, err = capsys.readouterr()
        return code, "".join(line for line in out.splitlines(keepends=True) if not line.startswith("{")), err

    return run


def record(image: dict[str, Any], *, name: str = "MODIFY") -> dict[str, Any]:
    """Return a record of the applications' stream."""
    images = {"OldImage" if name == "REMOVE" else "NewImage": image}
    return {
        "eventName": name,
        "dynamodb": {**images, "SequenceNumber": "1", "ApproximateCreationDateTime": 1_659_093_971},
    }


def deliver(world: World, application_id: str = APPLICATION) -> None:
    """Hand an application as it is to the analytics function, as the stream would."""
    assert world.analytics({"Records": [record(world.item(application_id))]}, None) == {"batchItemFailures": []}


def stored(world: World) -> list[Application]:
    """Return all applications."""
    found = world.client.scan(TableName="ApplicationsTable", ConsistentRead=True)["Items"]
    return [items.application(item) for item in found]


def expected(world: World, zone: ZoneInfo = BERLIN) -> Counter[Cell]:
    """Return the sum of the applications' contributions."""
    total: Counter[Cell] = Counter()
    for application in stored(world):
        total.update(contribution(application, zone))
    return total


def counted(world: World) -> Counter[Cell]:
    """Return the counters that reports read."""
    live = generations(DynamoDB(transport(world.client)), "QualityTable").live
    reader = QualityReader(DynamoDB(transport(world.client)), "QualityTable", live)
    return Counter(
        {Cell(ats, *cell): amount for ats in reader.ats_ids() for cell, amount in reader.of_ats(ats).items()}
    )


def kept_generations(world: World) -> set[str]:
    """Return the generations of which there are items."""
    scopes = [item["Scope"]["S"] for item in world.client.scan(TableName="QualityTable")["Items"]]
    return {scope.split("#")[1] for scope in scopes if scope != "generation"}
