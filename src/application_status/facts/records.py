"""Stream records, read: each becomes what its change tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from application_status.model.facts import Fact, erased, facts
from application_status.model.identifiers import ApplicationId
from application_status.store import items
from application_status.store.apart import one_by_one
from application_status.store.dynamodb import Item
from application_status.store.firehose import BYTES_PER_RECORD


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record: the facts that are new or changed."""

    facts: Sequence[Fact]

    def data(self) -> bytes:
        """Return the facts as JSON documents in a row, which Firehose takes as one record and converts one by one.

        Raises ValueError where they are more than Firehose takes.
        https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
        """
        data = "".join(fact.to_json() for fact in self.facts).encode()
        if len(data) > BYTES_PER_RECORD:
            raise ValueError(f"{len(data)} bytes of facts in one record")
        return data


def stream_record(record: Mapping[str, Any], zone: ZoneInfo) -> StreamRecord:
    """Read a record of the applications' stream; any exception where it can't be read or converted.

    A removed application was erased, as of the version after its last. Where the old image can't be read, all facts
    count as new: they may be sent twice.
    """
    body = record["dynamodb"]
    if record["eventName"] == "REMOVE":
        return StreamRecord([_erased(body["OldImage"], later=1)])
    now = facts_of(body["NewImage"], zone)
    images = [body["OldImage"]] if "OldImage" in body else []
    before = one_by_one(images, lambda image: facts_of(image, zone), lambda *_: None)
    known = {fact for _, told in before for fact in told}
    return StreamRecord([fact for fact in now if fact not in known])


def facts_of(item: Item, zone: ZoneInfo) -> Sequence[Fact]:
    """Return what an item tells; any exception where it can't be read or converted."""
    return [_erased(item)] if items.is_tombstone(item) else list(facts(items.application(item), zone))


def _erased(item: Item, *, later: int = 0) -> Fact:
    return erased(ApplicationId(item["AtsiApplicationId"]["S"]), int(item["Version"]["N"]) + later)
