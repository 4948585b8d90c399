"""Stream functions: process a batch of DynamoDB stream records, set failed ones aside in S3, and report to Lambda.

stream_handler  wraps each stream function: limits its time, writes metrics, and returns the record to retry from
Batch           the records of an invocation, which of them failed, and where processing stopped
Sink            sends what it derives from each record to another system
SetAside        writes failed records to S3

A record that fails because of its content is set aside in S3, with its payload, and processing continues. If the store
or S3 is down, processing stops at the first unprocessed record, and Lambda sends the batch again from there. Lambda
writes the records that it gives up on to the same bucket, with the prefix aws/lambda/.
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
    begin,
    error_fields,
    flush,
    hiding_error_messages,
    logger,
)
from application_status.platform.values import now, to_text

_STORE_SECONDS = 40.0
_SET_ASIDE_SECONDS = 8.0  # leaves time for one more call before the function's time-out
_S3_CONNECT_SECONDS, _S3_READ_SECONDS = 0.5, 2
_MAX_NUMBER_LENGTH = 40  # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
_WHOLE_BATCH = ""

type StreamHandler = Callable[[Any, Any], dict[str, list[dict[str, str]]]]
"""A Lambda handler of stream records, which returns the sequence number of the record to retry from."""


@dataclass(slots=True)
class Batch:
    """The records of an invocation, each identified by its index from 0.

    `failures` has the errors of records that failed because of their content. `end` is the index of the first record
    that an outage left unprocessed; Lambda sends it and the records after it again.
    """

    records: Sequence[Any]
    failures: dict[int, Exception] = field(default_factory=dict)
    end: int = field(init=False)

    def __post_init__(self) -> None:
        self.end = len(self.records)

    def process_each[Given, Made](
        self, given: Iterable[tuple[int, Given]], make: Callable[[Given], Made]
    ) -> Iterator[tuple[int, Made]]:
        """Yield the index of each record with the result of `make`; skip records that fail, and end at an outage."""
        for index, one in given:
            try:
                made = make(one)
            except Exception as error:  # noqa: BLE001  # no error of one record may stop the others
                if is_outage(error):
                    self.stop(index, error)
                    return
                self.failures[index] = error
            else:
                yield index, made

    def unprocessed(self) -> Sequence[Any]:
        """Return the records from `end` on."""
        return self.records[self.end :]

    def stop(self, index: int, error: Exception) -> None:
        """End the batch before the record with this index, because of an outage."""
        logger.warning("unavailable", records=len(self.records), done=index, extra=error_fields(error))
        self.end = min(self.end, index)


class Sink[Message]:
    """Sends a message for each record to another system, at least once.

    If several sinks send the same batch and one of them fails, Lambda sends the batch again from there. A sink then
    skips the records that it has just sent, so an outage of one sink does not repeat the messages of another. A new
    container does not remember them and repeats them once.
    """

    def __init__(self, read: Callable[[Any], Message | None], send: Callable[[Sequence[Message]], int]) -> None:
        """Set `read`, which returns a record's message or None, and `send`.

        `read` raises any exception for a record that it can't read. `send` returns how many messages were accepted,
        counted from the first.
        """
        self._read = read
        self._send = send
        self._sent: set[str] = set()

    def send(self, batch: Batch) -> None:
        """Send the messages of a batch; stop it at the first record whose message was not accepted."""
        numbers = [sequence_number(record) for record in batch.records]
        self._sent &= set(numbers)
        new = [(index, record) for index, record in enumerate(batch.records) if numbers[index] not in self._sent]
        messages = [(index, message) for index, message in batch.process_each(new, self._read) if message is not None]
        accepted = self._send([message for _, message in messages])
        self._sent |= {numbers[index] for index, _ in messages[:accepted]} - {_WHOLE_BATCH}
        for index, _ in messages[accepted:][:1]:
            batch.stop(index, Unavailable())


class FailedRecords:
    """The S3 bucket of failed records; the client is created for the first record, as few invocations have one."""

    def __init__(self, bucket: str, **client_options: Any) -> None:
        self._bucket = bucket
        self._client_options = client_options

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        """Write a document as JSON, replacing an object with the same key.

        Raises:
            BotoCoreError: S3 did not reply.
            ClientError: S3 returned an error.
        """
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


class SetAsideSettings(NamedTuple):
    """Environment of each stream function: FAILED_RECORDS_BUCKET."""

    failed_records_bucket: str


class SetAside:
    """Write each failed record to S3 as an event that can be sent to its function again."""

    def __init__(self, failed_records: FailedRecords) -> None:
        self._failed_records = failed_records

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Create one from the environment's SetAsideSettings.

        Raises:
            SettingsError: a setting is missing.
        """
        return cls(FailedRecords(read(SetAsideSettings, environ).failed_records_bucket))

    def failures_of(self, batch: Batch, function: str, arn: str) -> None:
        """Write the failed records before the batch's end to S3.

        If one can't be written, the batch ends before it, so Lambda sends it again and it is not lost.
        """
        until, written = time.monotonic() + _SET_ASIDE_SECONDS, 0
        for index in sorted(index for index in batch.failures if index < batch.end):
            record, error = batch.records[index], batch.failures[index]
            if time.monotonic() > until:
                batch.stop(index, Unavailable())
                break
            try:
                self._put(function, arn, record, error)
            except Exception as problem:  # noqa: BLE001  # no error may lose the record
                batch.stop(index, problem)
                break
            written += 1
            # never the record's content
            logger.error("set aside", sequence_number=sequence_number(record), extra=error_fields(error))
        if written:
            add_metric("SetAside", written)

    def _put(self, function: str, arn: str, record: Any, error: Exception) -> None:
        """Write one record, in an object with the same members as those that Lambda writes for failed batches.

        The key depends only on the record, so a record that is sent again replaces its own object.
        https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
        """
        number = sequence_number(record)
        has_number = number.isascii() and number.isdecimal() and len(number) <= _MAX_NUMBER_LENGTH
        digest = sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:16]
        document = {
            "timestamp": to_text(now()),  # a later failure of the record differs from this one
            "requestContext": {"functionArn": arn, "condition": "SetAside"},
            "failure": error_fields(error),
            "payload": json.dumps({"Records": [record]}),
        }
        name = f"{number}-{digest}" if has_number else digest
        self._failed_records.put(f"set-aside/{function}/{name}.json", document)


def stream_handler(function: str, process: Callable[[Batch], None], set_aside: SetAside) -> StreamHandler:
    """Return a Lambda handler that processes a batch, sets failed records aside, and returns where to retry from.

    `process` records failures and outages in the batch. If it raises an error instead, each record is processed alone
    to find the one that causes it.
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
    """Process all records together or, if that raises an error, each one alone.

    Raises:
        Exception: an outage, or an error that an empty batch causes too, so that no record is the cause.
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

    def process_alone(record: Any) -> None:
        single = Batch((record,))
        process(single)
        for failure in single.failures.values():
            raise failure
        if single.unprocessed():
            raise Unavailable

    batch = Batch(records)
    deque(batch.process_each(enumerate(records), process_alone), maxlen=0)
    return batch


def sequence_number(record: Any) -> str:
    """Return a record's sequence number, or an empty text without one, for which Lambda retries the whole batch."""
    try:
        return str(record["dynamodb"]["SequenceNumber"])
    except (KeyError, TypeError):
        return _WHOLE_BATCH
