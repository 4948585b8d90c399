"""Reads the counters of an ATS from its rows, those of a client from the markers of its applications."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from application_status.platform.dynamodb.client import DynamoDB, Item, batch_get, pages
from application_status.platform.values import ApplicationId
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.items import Marker
from application_status.quality.rules.contribution import Counts


class QualityReader:
    """A reader of one generation of the counters."""

    def __init__(self, dynamodb: DynamoDB, table: str, generation: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._generation = generation

    def shards(self) -> dict[str, int]:
        """Return the number of shards of each ATS that has counters."""
        scope = {":key": {"S": f"ats#{self._generation}"}}
        found = self._query("#key = :key", {"#key": "Scope"}, scope, ConsistentRead=True)
        return {item["Part"]["S"]: int(item["Shards"]["N"]) for item in found}

    def ats_ids(self) -> list[str]:
        """Return the ids of the ATSs that have counters."""
        return sorted(self.shards())

    def of_ats(self, ats_id: str) -> Counts:
        """Return the counters of an ATS, with consistent reads; empty if it has none."""
        counts: Counter[tuple[str, str]] = Counter()
        for shard in range(self.shards().get(ats_id, 0)):
            scope = quality_items.counter_scope(self._generation, ats_id, shard)
            for item in self._query("#key = :key", {"#key": "Scope"}, {":key": {"S": scope}}, ConsistentRead=True):
                counts.update({(item["Part"]["S"], name): n for name, n in quality_items.amounts(item).items()})
        return {key: amount for key, amount in counts.items() if amount}

    def of_client(self, client_id: str) -> dict[str, Counts]:
        """Return the counters of a client by job; seconds old at most, as an index is eventually consistent."""
        jobs: dict[str, Counter[tuple[str, str]]] = {}
        key = {":key": {"S": quality_items.index_key(self._generation, client_id)}}
        for item in self._query("Client = :key", {}, key, IndexName=quality_items.CLIENT_INDEX):
            counts = jobs.setdefault(item["Job"]["S"], Counter())
            for cell, amount in quality_items.contribution(item["Contribution"]).items():
                counts[cell.day, cell.measure] += amount
        return dict(jobs)

    def unmapped_labels(self, ats_id: str) -> Counter[str]:
        """Return the number of an ATS's applications by unmapped label; seconds old at most, as an index is."""
        key = {":key": {"S": quality_items.index_key(self._generation, ats_id)}}
        found = self._query("UnmappedAt = :key", {}, key, IndexName=quality_items.UNMAPPED_INDEX)
        return Counter(label for item in found for label in quality_items.unmapped_labels(item))

    def markers(self, ids: Iterable[ApplicationId]) -> dict[ApplicationId, Marker]:
        """Return the markers of at most 100 applications; those without one are left out."""
        keys = [quality_items.marker_key(self._generation, application_id) for application_id in ids]
        return _markers(batch_get(self._dynamodb, self._table, keys))

    def all_markers(self) -> Iterator[Mapping[ApplicationId, Marker]]:
        """Yield all markers, page by page."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "FilterExpression": "begins_with(#scope, :markers)",
            "ExpressionAttributeNames": {"#scope": "Scope"},
            "ExpressionAttributeValues": {":markers": {"S": quality_items.marker_scope(self._generation, "")}},
            "ConsistentRead": True,
        }
        for page in pages(self._dynamodb, "Scan", request):
            yield _markers(page)

    def _query(self, condition: str, names: dict[str, str], values: Item, **more: Any) -> Iterator[Item]:
        request = {"TableName": self._table, "KeyConditionExpression": condition, "ExpressionAttributeValues": values}
        request |= more | ({"ExpressionAttributeNames": names} if names else {})
        for page in pages(self._dynamodb, "Query", request):
            yield from page


def _markers(items: Iterable[Item]) -> dict[ApplicationId, Marker]:
    return {quality_items.application_of(item): quality_items.marker(item) for item in items}
