"""Stream records, read: each becomes what its change tells.

The facts: a change's way from the stream to Firehose, which keeps all facts in S3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from application_status.applications import items
from application_status.facts.firehose import BYTES_PER_RECORD, Firehose
from application_status.facts.rules import Fact, erased, facts
from application_status.platform.dynamodb.client import Item
from application_status.platform.errors import Unavailable
from application_status.platform.outages import one_by_one
from application_status.platform.streams import Batch, SetAside, StreamHandler, stream_handler
from application_status.platform.telemetry import add_metric
from application_status.platform.values import ApplicationId


@dataclass(frozen=True, slots=True)
class FactsRecord:
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


def stream_record(record: Mapping[str, Any], zone: ZoneInfo) -> FactsRecord:
    """Read a record of the applications' stream; any exception where it can't be read or converted.

    A removed application was erased, as of the version after its last. Where the old image can't be read, all facts
    add_metric as new: they may be sent twice.
    """
    body = record["dynamodb"]
    if record["eventName"] == "REMOVE":
        return FactsRecord([_erased(body["OldImage"], later=1)])
    now = facts_of(body["NewImage"], zone)
    images = [body["OldImage"]] if "OldImage" in body else []
    before = one_by_one(images, lambda image: facts_of(image, zone), lambda *_: None)
    known = {fact for _, told in before for fact in told}
    return FactsRecord([fact for fact in now if fact not in known])


def facts_of(item: Item, zone: ZoneInfo) -> Sequence[Fact]:
    """Return what an item tells; any exception where it can't be read or converted."""
    return [_erased(item)] if items.is_tombstone(item) else list(facts(items.application(item), zone))


def _erased(item: Item, *, later: int = 0) -> Fact:
    return erased(ApplicationId(item["AtsiApplicationId"]["S"]), int(item["Version"]["N"]) + later)


def facts_stream(firehose: Firehose, stream: str, zone: ZoneInfo, set_aside: SetAside) -> StreamHandler:
    """Make the handler of the applications' stream: it sends a batch's facts up to the first record it can't."""

    def read_one(record: Any) -> tuple[int, bytes]:
        told = stream_record(record, zone)
        return len(told.facts), told.data()

    def send_all(batch: Batch) -> None:
        read_ones = batch.process_each(enumerate(batch.records), read_one)
        telling = [(place, amount, data) for place, (amount, data) in read_ones if amount]
        taken = firehose.put(stream, [data for _, _, data in telling])
        add_metric("FactsSent", sum(amount for _, amount, _ in telling[:taken]))
        for place, _, _ in telling[taken:][:1]:
            batch.stop(place, Unavailable())

    return stream_handler("facts", send_all, set_aside)
