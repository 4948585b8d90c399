"""Storage of the integration health: the results of requests by ATS and day, in the Quality table.

    Scope              Part     attributes
    health             <ats>    none; the ATS has days
    health#<ats>       <day>    a number for each <channel>:<result>, e.g. atsi:recorded; LastSeen S
    health-batch#<id>  <part>   ExpiresAt N

The counts of a batch of log lines and the batch's own row are written in one transaction, so that a repeated batch
counts once. A large batch is divided into several transactions, each with a row of its own.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import batched, chain

from application_status.applications.rules.report import Channel
from application_status.health.rules import PATTERN, HealthDay
from application_status.platform.dynamodb.client import DynamoDB, Item, pages
from application_status.platform.errors import ConditionFailed
from application_status.platform.values import AtsId, from_text, now, to_text

_ALL = "health"
_DAYS_PER_TRANSACTION = 99
_BATCH_LIFE = timedelta(days=100)
"""Longer than the bucket of failed records keeps an event that can be sent again: 90 days."""


class Health:
    """The store of the integration health."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._announced: set[AtsId] = set()

    def add(self, batch_id: str, days: Sequence[HealthDay]) -> None:
        """Add the days of a batch, once; the same id must have the same days in the same order.

        Raises:
            Unavailable: dynamoDB failed. Some days may be added; it is safe to add all again.
        """
        for day in days:
            self._announce(day.ats_id)
            self._set_last_seen(day)
        for part, group in enumerate(batched(days, _DAYS_PER_TRANSACTION, strict=False)):
            try:
                self._dynamodb(
                    "TransactWriteItems",
                    TransactItems=[self._put_batch(batch_id, part), *(self._add(day) for day in group)],
                )
            except ConditionFailed:
                continue  # the batch was added before

    def read(self, ats_id: AtsId, from_day: date, to_day: date) -> list[HealthDay]:
        """Return the days of an ATS from the first to the last, oldest first, without days that have no requests."""
        values = {":from": {"S": from_day.isoformat()}, ":to": {"S": to_day.isoformat()}}
        found = self._query(
            "#scope = :scope AND Part BETWEEN :from AND :to", {":scope": {"S": _scope(ats_id)}, **values}
        )
        return [_day(ats_id, item) for item in found]

    def latest(self, ats_id: AtsId) -> list[HealthDay]:
        """Return the days with requests of the four weeks up to the last one, oldest first; empty if there is none."""
        request = {
            "TableName": self._table,
            "KeyConditionExpression": "#scope = :scope",
            "ExpressionAttributeNames": {"#scope": "Scope"},
            "ExpressionAttributeValues": {":scope": {"S": _scope(ats_id)}},
            "ScanIndexForward": False,
            "Limit": PATTERN.days,
        }
        days = [_day(ats_id, item) for item in reversed(self._dynamodb("Query", **request)["Items"])]
        return [day for day in days if days[-1].day - day.day < PATTERN]

    def ats_ids(self) -> list[AtsId]:
        """Return the ids of all ATSs that have sent a request."""
        return [AtsId(item["Part"]["S"]) for item in self._query("#scope = :scope", {":scope": {"S": _ALL}})]

    def _query(self, condition: str, values: Item) -> Iterator[Item]:
        request = {
            "TableName": self._table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": {"#scope": "Scope"},
            "ExpressionAttributeValues": values,
        }
        return chain.from_iterable(pages(self._dynamodb, "Query", request))

    def _announce(self, ats_id: AtsId) -> None:
        """Store that an ATS has days."""
        if ats_id not in self._announced:
            self._dynamodb("PutItem", TableName=self._table, Item=_announcement(ats_id))
            self._announced.add(ats_id)

    def _set_last_seen(self, day: HealthDay) -> None:
        """Advance LastSeen of a day; it never goes back."""
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._table,
                Key=_key(day),
                ConditionExpression="attribute_not_exists(LastSeen) OR LastSeen < :seen",
                UpdateExpression="SET LastSeen = :seen",
                ExpressionAttributeValues={":seen": {"S": to_text(day.last_seen)}},
            )
        except ConditionFailed:
            return

    def _put_batch(self, batch_id: str, part: int) -> Item:
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    "Scope": {"S": f"health-batch#{batch_id}"},
                    "Part": {"S": str(part)},
                    "ExpiresAt": {"N": str(int((now() + _BATCH_LIFE).timestamp()))},
                },
                "ConditionExpression": "attribute_not_exists(#scope)",
                "ExpressionAttributeNames": {"#scope": "Scope"},
            }
        }

    def _add(self, day: HealthDay) -> Item:
        named = list(enumerate(day.counts.items()))
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(day),
                "UpdateExpression": "ADD " + ", ".join(f"#c{i} :c{i}" for i, _ in named),
                "ExpressionAttributeNames": {f"#c{i}": f"{channel}:{result}" for i, ((channel, result), _) in named},
                "ExpressionAttributeValues": {f":c{i}": {"N": str(amount)} for i, (_, amount) in named},
            }
        }


def first_items(days: Sequence[HealthDay]) -> Iterator[Item]:
    """Yield the items of days, for a table without integration health."""
    yield from (_announcement(ats_id) for ats_id in sorted({day.ats_id for day in days}))
    for day in days:
        counts = {f"{channel}:{result}": {"N": str(amount)} for (channel, result), amount in day.counts.items()}
        yield {**_key(day), **counts, "LastSeen": {"S": to_text(day.last_seen)}}


def _announcement(ats_id: AtsId) -> Item:
    return {"Scope": {"S": _ALL}, "Part": {"S": ats_id}}


def _scope(ats_id: AtsId) -> str:
    return f"health#{ats_id}"


def _key(day: HealthDay) -> Item:
    return {"Scope": {"S": _scope(day.ats_id)}, "Part": {"S": day.day.isoformat()}}


def _day(ats_id: AtsId, item: Item) -> HealthDay:
    counts = {}
    for name, value in item.items():
        channel, colon, result = name.partition(":")
        if colon:
            counts[Channel(channel), result] = int(value["N"])
    return HealthDay(ats_id, date.fromisoformat(item["Part"]["S"]), counts, from_text(item["LastSeen"]["S"]))
