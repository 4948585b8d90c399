"""Stream records: built by hand, read from moto, and delivered to the functions."""

from functools import cache
from itertools import batched
from typing import Any
from weakref import WeakKeyDictionary

import boto3

from support.world import APPLICATION, RecordingDynamoDB, World

_SEEN: WeakKeyDictionary[RecordingDynamoDB, int] = WeakKeyDictionary()


@cache
def _streams(endpoint: str | None) -> Any:
    return boto3.client("dynamodbstreams", endpoint_url=endpoint)


def record(image: dict[str, Any], *, name: str = "MODIFY") -> dict[str, Any]:
    """Return a record of the applications' stream."""
    images = {"OldImage" if name == "REMOVE" else "NewImage": image}
    return {
        "eventName": name,
        "dynamodb": {**images, "SequenceNumber": "1", "ApproximateCreationDateTime": 1_659_093_971},
    }


def deliver(world: World, application_id: str = APPLICATION) -> None:
    """Send an application in its current version to the analytics function, as the stream would."""
    assert world.analytics({"Records": [record(world.item(application_id))]}, None) == {"batchItemFailures": []}


def stream(world: World, table: str, *, skip: int = 0) -> list[dict[str, Any]]:
    """Return the records of a table's stream from a position on, as Lambda delivers them."""
    streams = _streams(world.endpoint)
    arn = world.client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    records: list[Any] = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        place = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**place)["ShardIterator"]
        while page := (reply := streams.get_records(ShardIterator=iterator))["Records"]:
            records += page
            iterator = reply["NextShardIterator"]
    for record in records:
        body = record["dynamodb"]
        body["ApproximateCreationDateTime"] = body["ApproximateCreationDateTime"].timestamp()
    return records[skip:]


def positions_copied(world: World, *, batch: int = 10, twice: bool = False) -> int:
    """Hand the aliases' stream to the positions until nothing is new; return how many records there were ever.

    It goes on where the last call ended, so that no record does by coming again what another should have done.
    """
    seen = _SEEN.get(world.dynamodb, 0)
    while new := stream(world, "AliasesTable", skip=seen):
        for records in batched(new, batch, strict=False):
            for _ in range(1 + twice):
                assert world.positions({"Records": [*records]}, None) == {"batchItemFailures": []}
        seen += len(new)
    _SEEN[world.dynamodb] = seen
    return seen
