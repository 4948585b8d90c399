"""Polls the stream of a table and sends its records to the function that template.yaml maps to it."""

import threading
import time
from collections.abc import Iterable
from typing import Any

import boto3

from application_status.local.event_source_mapping import EventSourceMapping, Invoke
from application_status.local.repeated_calls import RepeatedCalls
from application_status.local.template import StreamMapping

_POLL_SECONDS = 0.25


class StreamPoller(RepeatedCalls):
    """A poller of one table's stream for one function, in a thread of its own."""

    def __init__(self, mapping: StreamMapping, invoke: Invoke, endpoint: str) -> None:
        super().__init__(self._poll, _POLL_SECONDS)
        self._mapping = EventSourceMapping(mapping, invoke, time.time)
        self._streams = boto3.client("dynamodbstreams", endpoint_url=endpoint)
        tables = boto3.client("dynamodb", endpoint_url=endpoint)
        self._stream = tables.describe_table(TableName=mapping.table)["Table"]["LatestStreamArn"]
        self._iterators = [self._iterator(shard) for shard in self._shards()]
        self._fed_until = 0.0
        self._fed = threading.Condition()

    def wait(self, moment: float, seconds: float) -> None:
        """Wait until records from before a moment (time.monotonic) are processed, for at most `seconds`."""
        with self._fed:
            self._fed.wait_for(lambda: self._fed_until >= moment, seconds)

    def drain(self) -> None:
        """Process the records that the stream has now."""
        for shard, iterator in enumerate(self._iterators):
            reply = self._streams.get_records(ShardIterator=iterator)
            self._iterators[shard] = reply["NextShardIterator"]
            self._mapping.feed(_as_event_record(record) for record in reply["Records"])

    def _poll(self) -> None:
        began = time.monotonic()
        self.drain()
        with self._fed:
            self._fed_until = began
            self._fed.notify_all()

    def _shards(self) -> list[str]:
        description = self._streams.describe_stream(StreamArn=self._stream)["StreamDescription"]
        return [shard["ShardId"] for shard in description["Shards"]]

    def _iterator(self, shard: str) -> str:
        position = {"StreamArn": self._stream, "ShardId": shard, "ShardIteratorType": "LATEST"}
        iterator: str = self._streams.get_shard_iterator(**position)["ShardIterator"]
        return iterator


def wait_until_processed(pollers: Iterable[StreamPoller], seconds: float) -> None:
    """Wait until all records written so far are processed, for at most `seconds`."""
    moment = time.monotonic()
    for poller in pollers:
        poller.wait(moment, moment + seconds - time.monotonic())


def _as_event_record(record: Any) -> dict[str, Any]:
    """Convert a record of the Streams API to a record of a Lambda event, in which times are numbers."""
    body = record["dynamodb"]
    written = body["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": {**body, "ApproximateCreationDateTime": written}}
