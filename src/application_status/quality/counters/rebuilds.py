"""The state of a rebuild, in one item of the Quality table; each step is one conditional write.

Live          N  the generation that reports read
Building      N  the generation being built; absent if there is none
Shape         N  the shape of its items, `_SHAPE`; a rebuild that a release with another one began is started over
DaysIn        S  the time zone of its days
ScanSegments  N  the number of segments of the scan
Progress      M  segment number -> the last key scanned, empty at the beginning; a finished segment is removed
ArchiveAfter  M  the key of the last row of the archive that is added, empty at the beginning; absent when all are added
Former        N  after the switch: the former generation, until its items are deleted

Model: tests/promises/models/rebuild.pml
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from application_status.applications.scan import Key, Segment
from application_status.platform.dynamodb.client import DynamoDB, Item, batch_delete, pages
from application_status.platform.errors import ConditionFailed, ServiceError
from application_status.quality.counters.archive import archive_page
from application_status.quality.counters.generations import KEY, generations
from application_status.quality.counters.items import generation_of
from application_status.quality.counters.journal import entry_key
from application_status.quality.counters.merge import LEASE, last_merge

_SHAPE = {"N": "2"}


_MERGE_PAUSE = timedelta(seconds=5)


class RebuildOvertaken(ServiceError):
    """Another rebuild has progressed further or started over."""

    def __init__(self) -> None:
        super().__init__("another rebuild has overtaken this one; run the command again to continue")


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A generation being built, with the last key of each segment that is not finished, and of the archive."""

    generation: int
    zone: str
    unfinished: Mapping[Segment, Key]
    archive_after: Key | None


class Rebuilds:
    """Starts, continues and finishes rebuilds."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def current(self) -> Rebuild | None:
        """Return the current rebuild, or None."""
        item = self._item()
        if "Building" not in item or item.get("Shape") != _SHAPE:
            return None
        total = int(item["ScanSegments"]["N"])
        return Rebuild(
            generation=int(item["Building"]["N"]),
            zone=item["DaysIn"]["S"],
            unfinished={Segment(int(n), total): key["M"] for n, key in sorted(item["Progress"]["M"].items())},
            archive_after=item["ArchiveAfter"]["M"] if "ArchiveAfter" in item else None,
        )

    def start(self, zone: str, segments: int) -> None:
        """Start the next generation, replacing one being built; from now on, changes count in it too.

        If another process starts one at the same time, that one is kept: `current` returns it.
        """
        current = generations(self._dynamodb, self._table)
        unchanged = "attribute_not_exists(Building)" if current.building is None else "Building = :current"
        values: dict[str, Item] = {
            ":live": {"N": str(current.live)},
            ":next": {"N": str(max(current.counted) + 1)},
            ":shape": _SHAPE,
            ":zone": {"S": zone},
            ":segments": {"N": str(segments)},
            ":nothing": {"M": {}},
            ":progress": {"M": {str(number): {"M": {}} for number in range(segments)}},
            **({":current": {"N": str(current.building)}} if current.building else {}),
        }
        with suppress(ConditionFailed):
            self._update(
                "SET Live = :live, Building = :next, Shape = :shape, DaysIn = :zone, ScanSegments = :segments, "
                "Progress = :progress, ArchiveAfter = :nothing",
                f"(attribute_not_exists(Live) OR Live = :live) AND attribute_not_exists(Former) AND {unchanged}",
                values,
            )

    def save(self, rebuild: Rebuild, segment: Segment, following: Key | None) -> None:
        """Store the last key scanned of a segment, or None when it is finished.

        Raises:
            RebuildOvertaken: another generation is being built.
        """
        values: dict[str, Item] = {":generation": {"N": str(rebuild.generation)}}
        update = "REMOVE Progress.#segment"
        if following:
            update = "SET Progress.#segment = :key"
            values[":key"] = {"M": following}
        try:
            self._update(update, "Building = :generation", values, {"#segment": str(segment.number)})
        except ConditionFailed:
            raise RebuildOvertaken from None

    def add_archive(self, rebuild: Rebuild) -> None:
        """Add the amounts of the archive to the generation being built.

        A transaction adds a page of rows, each as an entry of the journal, and stores how far the archive is added. So
        each row is added once, even if this is interrupted.

        Raises:
            RebuildOvertaken: another generation is being built, or another process adds the archive.
        """
        after = rebuild.archive_after
        while after is not None:
            rows, following = archive_page(self._dynamodb, self._table, after)
            entries = [{**row, **entry_key(rebuild.generation)} for row in rows]
            values = {":generation": {"N": str(rebuild.generation)}, ":after": {"M": after}}
            update = {
                "TableName": self._table,
                "Key": KEY,
                "UpdateExpression": "SET ArchiveAfter = :following" if following else "REMOVE ArchiveAfter",
                "ConditionExpression": "Building = :generation AND ArchiveAfter = :after",
                "ExpressionAttributeValues": values | ({":following": {"M": following}} if following else {}),
            }
            try:
                self._dynamodb(
                    "TransactWriteItems",
                    TransactItems=[
                        {"Update": update},
                        *({"Put": {"TableName": self._table, "Item": entry}} for entry in entries),
                    ],
                )
            except ConditionFailed:
                current = self.current()
                if not current or (current.generation, current.archive_after) != (rebuild.generation, following):
                    raise RebuildOvertaken from None
            after = following

    def switch(self, rebuild: Rebuild) -> None:
        """Switch reports to the new generation.

        Raises:
            RebuildOvertaken: another generation is being built, or a segment or the archive is not finished.
        """
        values: dict[str, Item] = {":generation": {"N": str(rebuild.generation)}, ":none": {"N": "0"}}
        try:
            self._update(
                "SET Former = Live, Live = :generation REMOVE Building, Shape, DaysIn, ScanSegments, Progress",
                "Building = :generation AND size(Progress) = :none AND attribute_not_exists(ArchiveAfter)",
                values,
            )
        except ConditionFailed:
            if generations(self._dynamodb, self._table).live != rebuild.generation:
                raise RebuildOvertaken from None

    def former(self) -> int | None:
        """Return the former generation, until it is deleted, or None."""
        item = self._item()
        return int(item["Former"]["N"]) if "Former" in item else None

    def wait_for_merge(self) -> None:
        """Wait until no process merges into the former generation: at most for the lease of a merge."""
        former = self.former()
        for _ in range(LEASE // _MERGE_PAUSE):
            if former is None or not last_merge(self._dynamodb, self._table, former).entries:
                return
            time.sleep(_MERGE_PAUSE.total_seconds())

    def delete_former(self) -> Iterator[int]:
        """Delete the items of all generations before the live one; yield the number deleted, page by page."""
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
        with suppress(ConditionFailed):  # another process has deleted them, and may have started the next
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
