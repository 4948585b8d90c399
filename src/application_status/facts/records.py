"""Stream records, read: each becomes what its change tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from application_status.model.facts import Fact, erased, facts
from application_status.model.identifiers import ApplicationId
from application_status.store import items
from application_status.store.dynamodb import Item


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record: its place in the shard, and the facts that are new or changed."""

    sequence_number: str
    facts: Sequence[Fact]

    def data(self) -> bytes:
        """Return the facts as JSON documents in a row, which Firehose takes as one record and converts one by one.

        https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
        """
        return "".join(fact.to_json() for fact in self.facts).encode()


def stream_record(record: Mapping[str, Any], zone: ZoneInfo) -> StreamRecord:
    """Read a record of the applications' stream; KeyError, TypeError or ValueError where it isn't one.

    A removed application was erased, as of the version after its last.
    """
    body = record["dynamodb"]
    known = facts_of(body["OldImage"], zone) if "OldImage" in body else []
    if record["eventName"] == "REMOVE":
        told: Sequence[Fact] = [_erased(body["OldImage"], later=1)]
    else:
        told = facts_of(body["NewImage"], zone)
    return StreamRecord(body["SequenceNumber"], [fact for fact in told if fact not in set(known)])


def facts_of(item: Item, zone: ZoneInfo) -> Sequence[Fact]:
    """Return what an item tells; KeyError, TypeError or ValueError where it isn't one of ours."""
    return [_erased(item)] if items.is_tombstone(item) else list(facts(items.application(item), zone))


def _erased(item: Item, *, later: int = 0) -> Fact:
    return erased(ApplicationId(item["AtsiApplicationId"]["S"]), int(item["Version"]["N"]) + later)
