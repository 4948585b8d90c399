"""The pump: reads a table's stream and feeds it to the function that the template maps to it."""

import threading
import time
from collections.abc import Iterable
from typing import Any

import boto3

from application_status.local.event_source_mapping import EventSourceMapping, Invoke
from application_status.local.template import StreamMapping

_POLL_SECONDS = 0.25


class Pump:
    """Feeds one table's stream to one function until stopped."""

    def __init__(self, mapping: StreamMapping, invoke: Invoke, endpoint: str) -> None:
        self._mapping = EventSourceMapping(mapping, invoke, time.time)
        self._streams = boto3.client("dynamodbstreams", endpoint_url=endpoint)
        tables = boto3.client("dynamodb", endpoint_url=endpoint)
        self._stream = tables.describe_table(TableName=mapping.table)["Table"]["LatestStreamArn"]
        self._iterators = [self._iterator(shard) for shard in self._shards()]
        self._stopped = threading.Event()
        self._fed_until = 0.0
        self._fed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start pumping."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the batch in hand."""
        self._stopped.set()
        self._thread.join()

    def wait(self, moment: float, seconds: float) -> None:
        """Wait until what was in the stream at a moment (of time.monotonic) has been fed, at most so long."""
        with self._fed:
            self._fed.wait_for(lambda: self._fed_until >= moment, seconds)

    def drain(self) -> None:
        """Feed what the stream has, once."""
        for shard, iterator in enumerate(self._iterators):
            reply = self._streams.get_records(ShardIterator=iterator)
            self._iterators[shard] = reply["NextShardIterator"]
            self._mapping.feed(_as_event_record(record) for record in reply["Records"])

    def _run(self) -> None:
        while not self._stopped.wait(_POLL_SECONDS):
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


def settle(pumps: Iterable[Pump], seconds: float) -> None:
    """Wait until all that has been written so far is fed to the functions, at most so long."""
    moment = time.monotonic()
    for pump in pumps:
        pump.wait(moment, moment + seconds - time.monotonic())


def _as_event_record(record: Any) -> dict[str, Any]:
    """Turn a record of the Streams API into a record of a Lambda event: times are numbers there."""
    body = record["dynamodb"]
    written = body["ApproximateCreationDateTime"].timestamp()
    return {**record, "dynamodb": {**body, "ApproximateCreationDateTime": written}}
