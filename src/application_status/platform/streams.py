"""Failed stream records, in S3: where Lambda, too, writes those that it gave up, below aws/lambda/.

What surrounds every stream function: bad records set aside, the time bounded, metrics, and the answer to Lambda.

A record that fails by itself is set aside in S3, with its payload, and the shard moves on. A failure of the store, or
of S3, stops at the first record that is not done: Lambda sends the batch again from there.
"""

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple, Self

import boto3
from botocore.config import Config

from application_status.platform.deadlines import deadline
from application_status.platform.errors import Unavailable
from application_status.platform.outages import is_outage
from application_status.platform.settings import read
from application_status.platform.telemetry import (
    add_metric,
    add_stack_dimension,
    begin,
    error_fields,
    flush,
    hiding_error_messages,
    logger,
)

_S3_CONNECT_SECONDS, _S3_READ_SECONDS = 0.5, 2


class SetAsideSettings(NamedTuple):
    """Environment of each stream function: FAILED_RECORDS_BUCKET, and STACK, as for the verification."""

    failed_records_bucket: str
    stack: str


class FailedRecords:
    """Keeps records; the client is made for the first one, as hardly any invocation has one."""

    def __init__(self, bucket: str, **client_options: Any) -> None:
        self._bucket = bucket
        self._client_options = client_options

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        """Write a document in JSON; the same key again replaces it. Raises botocore's errors."""
        self._client.put_object(
            Bucket=self._bucket, Key=key, Body=json.dumps(document).encode(), ContentType="application/json"
        )

    @cached_property
    def _client(self) -> Any:
        config = Config(
            connect_timeout=_S3_CONNECT_SECONDS,
            read_timeout=_S3_READ_SECONDS,
            retries={"total_max_attempts": 3, "mode": "standard"},
        )
        return boto3.client("s3", config=config, **self._client_options)


_STORE_SECONDS = 40.0
_SET_ASIDE_SECONDS = 8.0  # with what the last call may still take, within the function's time-out
_LONGEST_NUMBER = 40  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
_WHOLE_BATCH = ""

type StreamHandler = Callable[[Any, Any], dict[str, list[dict[str, str]]]]


@dataclass(slots=True)
class Batch:
    """The records of an invocation, each known by its place from 0 on.

    `failures` has the errors that records caused by themselves. Records from the place `end` on are not done: an outage
    stopped the function there, and they have to come again.
    """

    records: Sequence[Any]
    failures: dict[int, Exception] = field(default_factory=dict)
    end: int = field(init=False)

    def __post_init__(self) -> None:
        self.end = len(self.records)

    def process_each[Given, Made](
        self, given: Iterable[tuple[int, Given]], make: Callable[[Given], Made]
    ) -> Iterator[tuple[int, Made]]:
        """Yield what is made of each record, by its place; leave out those that fail, and end at an outage."""
        for place, one in given:
            try:
                made = make(one)
            except Exception as error:  # noqa: BLE001  # whatever one record causes must not stop the others
                if is_outage(error):
                    self.stop(place, error)
                    return
                self.failures[place] = error
            else:
                yield place, made

    def unprocessed(self) -> Sequence[Any]:
        """Return the records that are not done."""
        return self.records[self.end :]

    def stop(self, place: int, error: Exception) -> None:
        """Note that an outage kept the record at a place, and perhaps those behind it, from being done."""
        logger.warning("unavailable", records=len(self.records), done=place, extra=error_fields(error))
        self.end = min(self.end, place)


class SetAside:
    """Sets records aside: each becomes an object in S3, which can be fed to its function again.

    Metrics name the stack too, so that stacks of one account don't share an alarm.
    """

    def __init__(self, failed_records: FailedRecords, stack: str) -> None:
        self._failed_records = failed_records
        self._stack = stack

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Set aside as SetAsideSettings say."""
        settings = read(SetAsideSettings, environ)
        return cls(FailedRecords(settings.failed_records_bucket), settings.stack)

    def failures_of(self, batch: Batch, function: str, arn: str) -> None:
        """Set aside the records that failed by themselves, up to the first record that is not done.

        Where one can't be set aside, the batch ends before it: it comes again, and is never lost.
        """
        until, done = time.monotonic() + _SET_ASIDE_SECONDS, 0
        for place in sorted(place for place in batch.failures if place < batch.end):
            record, error = batch.records[place], batch.failures[place]
            if time.monotonic() > until:
                batch.stop(place, Unavailable())
                break
            try:
                self._put(function, arn, record, error)
            except Exception as problem:  # noqa: BLE001  # whatever it is, the record must not be lost
                batch.stop(place, problem)
                break
            done += 1
            logger.error("set aside", sequence_number=sequence_number(record), extra=error_fields(error))  # no contents
        if done:
            add_metric("SetAside", done)
            add_stack_dimension(self._stack)

    def _put(self, function: str, arn: str, record: Any, error: Exception) -> None:
        """Write one record's object, with the members that Lambda's own objects have for the function and the event.

        The same record always has the same key, so that it lies there once, however often it comes.
        https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
        """
        number = sequence_number(record)
        has_number = number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER
        digest = sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:16]
        document = {
            "requestContext": {"functionArn": arn, "condition": "SetAside"},
            "failure": error_fields(error),
            "payload": json.dumps({"Records": [record]}),
        }
        name = f"{number}-{digest}" if has_number else digest
        self._failed_records.put(f"set-aside/{function}/{name}.json", document)


def stream_handler(function: str, process: Callable[[Batch], None], set_aside: SetAside) -> StreamHandler:
    """Make a Lambda handler of what processes a batch, and notes in it which records fail and where it has to stop.

    What `process` raises is found by processing each record alone; before, an empty batch shows that records cause it.
    https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
    """

    def lambda_handler(event: Any, context: Any) -> dict[str, list[dict[str, str]]]:
        begin(getattr(context, "aws_request_id", None))
        try:
            with hiding_error_messages(), deadline(_STORE_SECONDS):
                batch = _processed(event["Records"], process)
                set_aside.failures_of(batch, function, getattr(context, "invoked_function_arn", function))
        finally:
            flush()
        return {"batchItemFailures": [{"itemIdentifier": sequence_number(each)} for each in batch.unprocessed()[:1]]}

    return lambda_handler


def _processed(records: Sequence[Any], process: Callable[[Batch], None]) -> Batch:
    """Process records together; where that raises, one at a time, so that each failure is found at its own record.

    Raises outages, and what an empty batch raises too: no record causes that.
    """
    batch = Batch(records)
    try:
        process(batch)
    except Exception as error:
        if is_outage(error):
            raise
        process(Batch(()))
    else:
        return batch

    def alone(record: Any) -> None:
        single = Batch((record,))
        process(single)
        for failure in single.failures.values():
            raise failure
        if single.unprocessed():
            raise Unavailable

    batch = Batch(records)
    deque(batch.process_each(enumerate(records), alone), maxlen=0)
    return batch


def sequence_number(record: Any) -> str:
    """Return a record's place in its shard; where it has none, an empty one, with which Lambda repeats the batch."""
    try:
        return str(record["dynamodb"]["SequenceNumber"])
    except (KeyError, TypeError):
        return _WHOLE_BATCH
