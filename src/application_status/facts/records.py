"""Stream records, read: each becomes what its change tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from application_status.model.facts import Fact, erased, facts
from application_status.store import items


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
    if record["eventName"] == "REMOVE":
        gone = items.application(body["OldImage"])
        return StreamRecord(body["SequenceNumber"], [erased(gone.application_id, gone.version + 1)])
    known = set(facts(items.application(body["OldImage"]), zone)) if "OldImage" in body else set()
    told = facts(items.application(body["NewImage"]), zone)
    return StreamRecord(body["SequenceNumber"], [fact for fact in told if fact not in known])
