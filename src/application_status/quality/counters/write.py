"""Exactly-once counting: a transaction updates counters together with the markers of the applications counted.

A transaction fails if one of its markers has changed since it was read. So each change counts once, however often and
in whatever order its stream record arrives. `Counters.apply` is the entry; the functions before it plan transactions.
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
from application_status.quality.counters.items import NOT_COUNTED, Marker, attribute, counter_key, marker_item
from application_status.quality.counters.read import QualityReader
from application_status.quality.rules.contribution import Cell, Contribution, difference

_ACTIONS_PER_TRANSACTION = 100
_MEASURES_PER_ACTION = 150  # an update expression may have 4 KB

type Rows = Mapping[tuple[str, str], Mapping[str, int]]
"""(ATS, day) -> measure -> amount."""


@dataclass(frozen=True, slots=True)
class Change:
    """An application's version and its contribution, which is empty for a removed application."""

    application_id: ApplicationId
    version: int
    contribution: Contribution
    client_id: str | None = None
    job_id: str | None = None
    unmapped_labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CounterUpdate:
    """The step of one application from the marker that was read to the marker that is written."""

    change: Change
    counted: Marker
    target: Marker

    @property
    def added(self) -> Contribution:
        """The amounts to add to the counters."""
        return difference(self.target.contribution, self.counted.contribution)

    @property
    def rows(self) -> Rows:
        """The amounts to add, by counter row."""
        return rows_of(self.added)


def counter_update(change: Change, counted: Marker) -> CounterUpdate:
    """Return the update that counts a change; if it exceeds a transaction, a part of it that keeps the old version."""
    target = Marker(
        version=change.version,
        revision=counted.revision + 1,
        contribution=change.contribution,
        client_id=change.client_id,
        job_id=change.job_id,
        unmapped_labels=change.unmapped_labels,
    )
    update = CounterUpdate(change, counted, target)
    rows = list(update.rows)
    if len(rows) < _ACTIONS_PER_TRANSACTION:
        return update
    first = set(rows[: _ACTIONS_PER_TRANSACTION - 1])
    partial = {cell: n for cell, n in counted.contribution.items() if (cell.ats_id, cell.day) not in first}
    partial |= {cell: n for cell, n in change.contribution.items() if (cell.ats_id, cell.day) in first}
    return replace(update, target=replace(target, version=counted.version, contribution=partial))


def transactions(updates: Iterable[CounterUpdate]) -> Iterator[list[CounterUpdate]]:
    """Group updates into transactions; a transaction has an action for each marker and for each counter row.

    Updates of the same rows are grouped together, so that few rows are written twice.
    """
    group: list[CounterUpdate] = []
    rows: dict[tuple[str, str], set[str]] = {}
    for update in sorted(updates, key=lambda update: sorted(update.rows)):
        fuller = rows | {row: rows.get(row, set()) | measures.keys() for row, measures in update.rows.items()}
        if group and not _fit(len(group) + 1, fuller):
            yield group
            group, fuller = [], {row: set(measures) for row, measures in update.rows.items()}
        group.append(update)
        rows = fuller
    if group:
        yield group


def _fit(markers: int, rows: Mapping[tuple[str, str], set[str]]) -> bool:
    return markers + len(rows) <= _ACTIONS_PER_TRANSACTION and all(
        len(measures) <= _MEASURES_PER_ACTION for measures in rows.values()
    )


def rows_of(contribution: Contribution) -> Rows:
    """Return a contribution by counter row."""
    rows: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for cell, amount in contribution.items():
        rows[cell.ats_id, cell.day][cell.measure] = amount
    return rows


CHANGES_PER_CALL = 100
"""The most changes that `Counters.apply` takes: the limit of BatchGetItem."""


class Counters:
    """Counts changes, in counters spread over `shards`, as a partition takes 1,000 write units a second.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
    """

    def __init__(self, dynamodb: DynamoDB, table: str, shards: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._shards = shards
        self._registered: set[tuple[int, str]] = set()

    def apply(self, changes: Sequence[Change]) -> list[Change]:
        """Count at most CHANGES_PER_CALL changes, one for each application; return those newer than what was counted.

        Raises:
            Unavailable: dynamoDB failed. Some changes may be counted; it is safe to count all again.
        """
        live, *_building = [
            self.apply_in(generation, changes) for generation in generations(self._dynamodb, self._table).counted
        ]
        return live

    def apply_in(self, generation: int, changes: Sequence[Change]) -> list[Change]:
        """Count changes in one generation; otherwise as `apply`."""
        counted: list[Change] = []
        pending = list(changes)
        while pending:
            markers = self.markers(generation, [change.application_id for change in pending])
            updates = [counter_update(change, markers.get(change.application_id, NOT_COUNTED)) for change in pending]
            pending = []
            newer = [update for update in updates if update.change.version > update.counted.version]
            for group in transactions(newer):
                written = self._write(generation, group)
                done = [update.change for update in group if written and update.target.version == update.change.version]
                counted += done
                pending += [update.change for update in group if update.change not in done]
        return counted

    def markers(self, generation: int, ids: Iterable[ApplicationId]) -> dict[ApplicationId, Marker]:
        """Return the markers of at most CHANGES_PER_CALL applications; those without one are left out."""
        return QualityReader(self._dynamodb, self._table, generation).markers(ids)

    def _write(self, generation: int, group: Sequence[CounterUpdate]) -> bool:
        """Write updates in one transaction; return False if one of their markers has changed since it was read."""
        total: Counter[Cell] = Counter()
        for update in group:
            total.update(update.added)
        rows = rows_of(difference(total, {}))
        for ats_id in {ats_id for ats_id, _ in rows}:
            self._register_ats(generation, ats_id)
        shard = RANDOM.randrange(self._shards)
        actions = [self._put_marker(generation, update) for update in group] + [
            self._add(counter_key(generation, ats_id, shard, day), amounts) for (ats_id, day), amounts in rows.items()
        ]
        try:
            self._dynamodb("TransactWriteItems", TransactItems=actions)
        except ConditionFailed:
            return False
        return True

    def _register_ats(self, generation: int, ats_id: str) -> None:
        """Store that an ATS has counters, and their number of shards."""
        if (generation, ats_id) in self._registered:
            return
        with suppress(ConditionFailed):  # it has as many shards or more
            self._dynamodb(
                "UpdateItem",
                TableName=self._table,
                Key={"Scope": {"S": f"ats#{generation}"}, "Part": {"S": ats_id}},
                UpdateExpression="SET Shards = :shards",
                ConditionExpression="attribute_not_exists(Shards) OR Shards < :shards",
                ExpressionAttributeValues={":shards": {"N": str(self._shards)}},
            )
        self._registered.add((generation, ats_id))

    def _put_marker(self, generation: int, update: CounterUpdate) -> Item:
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": marker_item(generation, update.change.application_id, update.target),
            "ConditionExpression": "attribute_not_exists(#scope)",
            "ExpressionAttributeNames": {"#scope": "Scope"},
        }
        if update.counted.revision:
            put["ConditionExpression"] = "#revision = :counted"
            put["ExpressionAttributeNames"] = {"#revision": "Revision"}
            put["ExpressionAttributeValues"] = {":counted": {"N": str(update.counted.revision)}}
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
