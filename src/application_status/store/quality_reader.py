"""Reading the counters: of an ATS from its rows, of a client from its applications' markers."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from application_status.model.quality import Counts
from application_status.store import quality_items
from application_status.store.dynamodb import DynamoDB, Item


class QualityReader:
    """Reads one generation of the counters."""

    def __init__(self, dynamodb: DynamoDB, table: str, generation: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._generation = generation

    def ats_ids(self) -> list[str]:
        """Return the ATSs of which anything was counted."""
        return sorted(self._shards())

    def of_ats(self, ats_id: str) -> Counts:
        """Return an ATS's counters; none where nothing was counted."""
        counts: Counter[tuple[str, str]] = Counter()
        for shard in range(self._shards().get(ats_id, 0)):
            scope = quality_items.counter_scope(self._generation, ats_id, shard)
            for item in self._query("#key = :key", {"#key": "Scope"}, {":key": {"S": scope}}):
                counts.update({(item["Part"]["S"], name): n for name, n in quality_items.amounts(item).items()})
        return {key: amount for key, amount in counts.items() if amount}

    def of_client(self, client_id: str) -> dict[str, Counts]:
        """Return a client's counters by its jobs, up to some seconds old: the index is eventually consistent."""
        jobs: dict[str, Counter[tuple[str, str]]] = {}
        key = {":key": {"S": quality_items.client_key(self._generation, client_id)}}
        for item in self._query("Client = :key", {}, key, IndexName=quality_items.CLIENT_INDEX):
            counts = jobs.setdefault(item["Job"]["S"], Counter())
            for cell, amount in quality_items.contribution(item["Contribution"]).items():
                counts[cell.day, cell.measure] += amount
        return dict(jobs)

    def _shards(self) -> dict[str, int]:
        scope = {":key": {"S": f"ats#{self._generation}"}}
        found = self._query("#key = :key", {"#key": "Scope"}, scope, ConsistentRead=True)
        return {item["Part"]["S"]: int(item["Shards"]["N"]) for item in found}

    def _query(self, condition: str, names: dict[str, str], values: Item, **more: Any) -> Iterator[Item]:
        request = {"TableName": self._table, "KeyConditionExpression": condition, "ExpressionAttributeValues": values}
        request |= more | ({"ExpressionAttributeNames": names} if names else {})
        while True:
            reply = self._dynamodb("Query", **request)
            yield from reply["Items"]
            if "LastEvaluatedKey" not in reply:
                return
            request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]
