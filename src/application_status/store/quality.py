"""Counting: counters and markers change together, in one transaction, if no marker has changed meanwhile.

So a change counts once, however often and in whatever order its record arrives.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from application_status.errors import ConditionFailed
from application_status.model.identifiers import ApplicationId
from application_status.model.quality import Cell, difference
from application_status.randomness import RANDOM
from application_status.store.dynamodb import DynamoDB, Item
from application_status.store.generations import generations
from application_status.store.quality_items import (
    NOTHING,
    Marker,
    attribute,
    counter_key,
    marker_item,
)
from application_status.store.quality_reader import QualityReader
from application_status.store.quality_steps import Change, Step, next_step, rows_of, transactions

CHANGES_PER_CALL = 100
"""The most changes that `Quality.count` takes: BatchGetItem's limit."""


class Quality:
    """Counts changes. Counters are spread over so many `shards`, since one partition takes 1,000 write units a second.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
    """

    def __init__(self, dynamodb: DynamoDB, table: str, shards: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._shards = shards
        self._announced: set[tuple[int, str]] = set()

    def count(self, changes: Sequence[Change]) -> list[Change]:
        """Count at most CHANGES_PER_CALL changes, one an application; return those that counted, not those overtaken.

        Raises Unavailable; then a part may be counted, and counting all again is right.
        """
        live, *_building = [
            self.count_in(generation, changes) for generation in generations(self._dynamodb, self._table).counted
        ]
        return live

    def count_in(self, generation: int, changes: Sequence[Change]) -> list[Change]:
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

    def _write(self, generation: int, group: Sequence[Step]) -> bool:
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

    def _put_marker(self, generation: int, step: Step) -> Item:
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
