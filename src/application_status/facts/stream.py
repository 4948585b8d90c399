"""Sends the facts that changed, from the applications' stream, to Firehose.

`stream_record` reads one record; `facts_of` derives the facts of an item; `fact_sink` sends them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from application_status.applications import items
from application_status.facts.firehose import BYTES_PER_RECORD, Firehose
from application_status.facts.rules import Fact, erased, facts
from application_status.platform.dynamodb.client import Item
from application_status.platform.outages import one_by_one
from application_status.platform.streams import Sink
from application_status.platform.telemetry import add_metric


@dataclass(frozen=True, slots=True)
class FactsRecord:
    """The facts of a stream record that are new or changed."""

    facts: Sequence[Fact]

    def data(self) -> bytes:
        """Return the facts as concatenated JSON documents: one record, of which Firehose converts each document.

        Raises:
            ValueError: the facts exceed the size of a record.

        https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
        """
        data = "".join(fact.to_json() for fact in self.facts).encode()
        if len(data) > BYTES_PER_RECORD:
            raise ValueError(f"{len(data)} bytes of facts in one record")
        return data


def stream_record(record: Mapping[str, Any], zone: ZoneInfo) -> FactsRecord:
    """Read a record of the applications' stream; raises any exception if it can't be read or converted.

    A removed application counts as erased, with the version after its last. If the old image can't be read, all facts
    count as new, so some may be sent twice.
    """
    body = record["dynamodb"]
    if record["eventName"] == "REMOVE":
        return FactsRecord([_erased(body["OldImage"], later=1)])
    now = facts_of(body["NewImage"], zone)
    images = [body["OldImage"]] if "OldImage" in body else []
    before = one_by_one(images, lambda image: facts_of(image, zone), lambda *_: None)
    known = {fact for _, former in before for fact in former}
    return FactsRecord([fact for fact in now if fact not in known])


def facts_of(item: Item, zone: ZoneInfo) -> Sequence[Fact]:
    """Return the facts of an item; raises any exception if it can't be read or converted."""
    if items.first_id(item):
        return []
    return [_erased(item)] if items.is_tombstone(item) else list(facts(items.application(item), zone))


def _erased(item: Item, *, later: int = 0) -> Fact:
    return erased(items.id_of(item), int(item["Version"]["N"]) + later)


def fact_sink(firehose: Firehose, stream: str, zone: ZoneInfo) -> Sink[tuple[int, bytes]]:
    """Return the sink that sends the facts of the applications' stream to Firehose."""

    def read(record: Any) -> tuple[int, bytes] | None:
        found = stream_record(record, zone)
        return (len(found.facts), found.data()) if found.facts else None

    def send(changed: Sequence[tuple[int, bytes]]) -> int:
        accepted = firehose.put(stream, [data for _, data in changed])
        add_metric("FactsSent", sum(amount for amount, _ in changed[:accepted]))
        return accepted

    return Sink(read, send)
