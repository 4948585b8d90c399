"""The rebuild under way, in the Quality table's item of the generations: each step is one conditional write.

Live          N  the generation that reports read
Building      N  the generation being built, absent where none is
DaysIn        S  the time zone in which its days are cut
ScanSegments  N  in how many segments the applications are scanned into it
Progress      M  number of a segment -> the key after which its scan goes on, empty at its beginning; absent when done
Former        N  after the switch, the generation whose items are not deleted yet
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from application_status.applications.scan import Key, Segment
from application_status.platform.dynamodb.batches import batch_delete, pages
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.errors import ConditionFailed, ServiceError
from application_status.quality.counters.generations import KEY, generations
from application_status.quality.counters.items import generation_of


class RebuildOvertaken(ServiceError):
    """Somebody else rebuilds too, and has come further or begun anew."""

    def __init__(self) -> None:
        super().__init__("another rebuild has overtaken this one; run it again to see how things stand")


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A generation being built, and where the scan of each segment that is not done goes on."""

    generation: int
    zone: str
    unfinished: Mapping[Segment, Key]


class Rebuilds:
    """Announces, continues and ends rebuilds."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def current(self) -> Rebuild | None:
        """Return the rebuild under way."""
        item = self._item()
        if "Building" not in item:
            return None
        total = int(item["ScanSegments"]["N"])
        return Rebuild(
            generation=int(item["Building"]["N"]),
            zone=item["DaysIn"]["S"],
            unfinished={Segment(int(n), total): key["M"] for n, key in sorted(item["Progress"]["M"].items())},
        )

    def announce(self, zone: str, segments: int) -> None:
        """Announce the next generation, in place of one being built; from now on, changes count in it too.

        Somebody else's announcement at the same moment is as good: `current` tells which one it is.
        """
        seen = generations(self._dynamodb, self._table)
        unchanged = "attribute_not_exists(Building)" if seen.building is None else "Building = :seen"
        values: dict[str, Item] = {
            ":live": {"N": str(seen.live)},
            ":next": {"N": str(max(seen.counted) + 1)},
            ":zone": {"S": zone},
            ":segments": {"N": str(segments)},
            ":progress": {"M": {str(number): {"M": {}} for number in range(segments)}},
            **({":seen": {"N": str(seen.building)}} if seen.building else {}),
        }
        with suppress(ConditionFailed):
            self._update(
                "SET Live = :live, Building = :next, DaysIn = :zone, ScanSegments = :segments, Progress = :progress",
                f"(attribute_not_exists(Live) OR Live = :live) AND attribute_not_exists(Former) AND {unchanged}",
                values,
            )

    def save(self, rebuild: Rebuild, segment: Segment, following: Key | None) -> None:
        """Note where the scan of a segment goes on, or that it is done; RebuildOvertaken where it can't matter."""
        values: dict[str, Item] = {":generation": {"N": str(rebuild.generation)}}
        update = "REMOVE Progress.#segment"
        if following:
            update = "SET Progress.#segment = :key"
            values[":key"] = {"M": following}
        try:
            self._update(update, "Building = :generation", values, {"#segment": str(segment.number)})
        except ConditionFailed:
            raise RebuildOvertaken from None

    def switch(self, rebuild: Rebuild) -> None:
        """Let reports read the new generation; RebuildOvertaken where a segment is not done."""
        values: dict[str, Item] = {":generation": {"N": str(rebuild.generation)}, ":none": {"N": "0"}}
        try:
            self._update(
                "SET Former = Live, Live = :generation REMOVE Building, DaysIn, ScanSegments, Progress",
                "Building = :generation AND size(Progress) = :none",
                values,
            )
        except ConditionFailed:
            if generations(self._dynamodb, self._table).live != rebuild.generation:
                raise RebuildOvertaken from None

    def former(self) -> int | None:
        """Return the generation that has to be deleted."""
        item = self._item()
        return int(item["Former"]["N"]) if "Former" in item else None

    def delete_former(self) -> Iterator[int]:
        """Delete the items of all generations before the live one; yield how many, page by page."""
        live = generations(self._dynamodb, self._table).live
        request = {
            "TableName": self._table,
            "ProjectionExpression": "#scope, Part",
            "ExpressionAttributeNames": {"#scope": "Scope"},
        }
        for page in pages(self._dynamodb, "Scan", request):
            keys = [item for item in page if (generation_of(item) or live) < live]
            batch_delete(self._dynamodb, self._table, keys)
            yield len(keys)
        with suppress(ConditionFailed):  # somebody else has deleted them, and perhaps announced the next
            self._update("REMOVE Former", "Live = :live", {":live": {"N": str(live)}})

    def _item(self) -> Item:
        reply = self._dynamodb("GetItem", TableName=self._table, Key=KEY, ConsistentRead=True)
        return reply.get("Item", {})  # type: ignore[no-any-return]  # a reply is Any inside

    def _update(
        self, update: str, condition: str, values: Mapping[str, Item], names: Mapping[str, str] | None = None
    ) -> None:
        self._dynamodb(
            "UpdateItem",
            TableName=self._table,
            Key=KEY,
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeValues=values,
            **({"ExpressionAttributeNames": names} if names else {}),
        )
