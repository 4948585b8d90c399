"""Changes, divided into transactions: each counts whole applications, or one application's change in parts.

Counting: counters and markers change together, in one transaction, if no marker has changed meanwhile.

So a change counts once, however often and in whatever order its record arrives.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.errors import ConditionFailed
from application_status.platform.randomness import RANDOM
from application_status.platform.values import ApplicationId
from application_status.quality.counters.generations import generations
from application_status.quality.counters.items import NOTHING, Marker, attribute, counter_key, marker_item
from application_status.quality.counters.read import QualityReader
from application_status.quality.rules.contribution import Cell, Contribution, difference

_ACTIONS_PER_TRANSACTION = 100
_MEASURES_PER_ACTION = 150  # an update expression has at most 4 KB

type Rows = Mapping[tuple[str, str], Mapping[str, int]]
"""(ATS, day) -> measure -> amount."""


@dataclass(frozen=True, slots=True)
class Change:
    """An application's version and what it contributes in it; a removed application contributes nothing."""

    application_id: ApplicationId
    version: int
    contribution: Contribution
    client_id: str | None = None
    job_id: str | None = None
    unmapped_labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CounterUpdate:
    """One change on its way from what was counted to what is to be counted."""

    change: Change
    counted: Marker
    target: Marker

    @property
    def added(self) -> Contribution:
        """What the counters get."""
        return difference(self.target.contribution, self.counted.contribution)

    @property
    def rows(self) -> Rows:
        """The counter rows that get it."""
        return rows_of(self.added)


def next_step(change: Change, counted: Marker) -> CounterUpdate:
    """Go all the way where it fits into a transaction; else as far as fits, leaving the version for a further step."""
    target = Marker(
        version=change.version,
        revision=counted.revision + 1,
        contribution=change.contribution,
        client_id=change.client_id,
        job_id=change.job_id,
        unmapped_labels=change.unmapped_labels,
    )
    step = CounterUpdate(change, counted, target)
    rows = list(step.rows)
    if len(rows) < _ACTIONS_PER_TRANSACTION:
        return step
    first = set(rows[: _ACTIONS_PER_TRANSACTION - 1])
    partial = {cell: n for cell, n in counted.contribution.items() if (cell.ats_id, cell.day) not in first}
    partial |= {cell: n for cell, n in change.contribution.items() if (cell.ats_id, cell.day) in first}
    return replace(step, target=replace(target, version=counted.version, contribution=partial))


def transactions(steps: Iterable[CounterUpdate]) -> Iterator[list[CounterUpdate]]:
    """Divide steps into groups that each fit into one transaction: an action a marker and one a counter row.

    Those of the same rows stand together, so that few rows are written twice.
    """
    group: list[CounterUpdate] = []
    rows: dict[tuple[str, str], set[str]] = {}
    for step in sorted(steps, key=lambda step: sorted(step.rows)):
        fuller = rows | {row: rows.get(row, set()) | measures.keys() for row, measures in step.rows.items()}
        if group and not _fit(len(group) + 1, fuller):
            yield group
            group, fuller = [], {row: set(measures) for row, measures in step.rows.items()}
        group.append(step)
        rows = fuller
    if group:
        yield group


def _fit(markers: int, rows: Mapping[tuple[str, str], set[str]]) -> bool:
    return markers + len(rows) <= _ACTIONS_PER_TRANSACTION and all(
        len(measures) <= _MEASURES_PER_ACTION for measures in rows.values()
    )


def rows_of(contribution: Contribution) -> Rows:
    """Return a contribution by the counter rows it is in."""
    rows: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for cell, amount in contribution.items():
        rows[cell.ats_id, cell.day][cell.measure] = amount
    return rows


CHANGES_PER_CALL = 100
"""The most changes that `Counters.apply` takes: BatchGetItem's limit."""


class Counters:
    """Counts changes. Counters are spread over so many `shards`, since one partition takes 1,000 write units a second.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
    """

    def __init__(self, dynamodb: DynamoDB, table: str, shards: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._shards = shards
        self._announced: set[tuple[int, str]] = set()

    def apply(self, changes: Sequence[Change]) -> list[Change]:
        """Count at most CHANGES_PER_CALL changes, one an application; return those that counted, not those overtaken.

        Raises Unavailable; then a part may be counted, and counting all again is right.
        """
        live, *_building = [
            self.apply_in(generation, changes) for generation in generations(self._dynamodb, self._table).counted
        ]
        return live

    def apply_in(self, generation: int, changes: Sequence[Change]) -> list[Change]:
        """Do so in one generation of the counters."""
        counted: list[Change] = []
        pending = list(changes)
        while pending:
            markers = self.markers(generation, [change.application_id for change in pending])
            steps = [next_step(change, markers.get(change.application_id, NOTHING)) for change in pending]
            pending = []
            for group in transactions([step for step in steps if step.change.version > step.counted.version]):
                written = self._write(generation, group)
                done = [step.change for step in group if written and step.target.version == step.change.version]
                counted += done
                pending += [step.change for step in group if step.change not in done]
        return counted

    def markers(self, generation: int, ids: Iterable[ApplicationId]) -> dict[ApplicationId, Marker]:
        """Return what was counted last of at most CHANGES_PER_CALL applications, where something was."""
        return QualityReader(self._dynamodb, self._table, generation).markers(ids)

    def _write(self, generation: int, group: Sequence[CounterUpdate]) -> bool:
        """Write steps in one transaction; False where somebody else has counted one of their applications meanwhile."""
        total: Counter[Cell] = Counter()
        for step in group:
            total.update(step.added)
        rows = rows_of(difference(total, {}))
        for ats_id in {ats_id for ats_id, _ in rows}:
            self._announce(generation, ats_id)
        shard = RANDOM.randrange(self._shards)
        actions = [self._put_marker(generation, step) for step in group] + [
            self._add(counter_key(generation, ats_id, shard, day), amounts) for (ats_id, day), amounts in rows.items()
        ]
        try:
            self._dynamodb("TransactWriteItems", TransactItems=actions)
        except ConditionFailed:
            return False
        return True

    def _announce(self, generation: int, ats_id: str) -> None:
        """Let readers know of an ATS, and over how many shards its counters are spread at most."""
        if (generation, ats_id) in self._announced:
            return
        with suppress(ConditionFailed):  # known, with as many shards or more
            self._dynamodb(
                "UpdateItem",
                TableName=self._table,
                Key={"Scope": {"S": f"ats#{generation}"}, "Part": {"S": ats_id}},
                UpdateExpression="SET Shards = :shards",
                ConditionExpression="attribute_not_exists(Shards) OR Shards < :shards",
                ExpressionAttributeValues={":shards": {"N": str(self._shards)}},
            )
        self._announced.add((generation, ats_id))

    def _put_marker(self, generation: int, step: CounterUpdate) -> Item:
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": marker_item(generation, step.change.application_id, step.target),
            "ConditionExpression": "attribute_not_exists(#scope)",
            "ExpressionAttributeNames": {"#scope": "Scope"},
        }
        if step.counted.revision:
            put["ConditionExpression"] = "#revision = :counted"
            put["ExpressionAttributeNames"] = {"#revision": "Revision"}
            put["ExpressionAttributeValues"] = {":counted": {"N": str(step.counted.revision)}}
        return {"Put": put}

    def _add(self, key: Item, amounts: Mapping[str, int]) -> Item:
        named = list(enumerate(amounts.items()))
        return {
            "Update": {
                "TableName": self._table,
                "Key": key,
                "UpdateExpression": "ADD " + ", ".join(f"#m{i} :a{i}" for i, _ in named),
                "ExpressionAttributeNames": {f"#m{i}": attribute(measure) for i, (measure, _) in named},
                "ExpressionAttributeValues": {f":a{i}": {"N": str(amount)} for i, (_, amount) in named},
            }
        }
