"""`application-status failures`: lists events that functions could not process, shows them, and sends them again.

They are in the bucket of failed records, as JSON with the function's ARN, what went wrong, and the event:

set-aside/<function>/     records of a stream that a function could not read or convert (platform/streams.py)
aws/lambda/<mapping>/     batches of a stream that Lambda gave up
aws/lambda/async/         events that Lambda gave up after asynchronous calls

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import click
from botocore.config import Config
from botocore.exceptions import ClientError

from application_status.cli.output import json_option, print_error, print_json, print_line, print_table, progress_bar
from application_status.cli.target import Target, pass_target
from application_status.platform.streams import sequence_number

_PREFIXES = ("set-aside/", "aws/lambda/")
_ALIAS = "live"
_LONGEST_INVOCATION = Config(read_timeout=120, retries={"total_max_attempts": 1, "mode": "standard"})
_READS_AT_ONCE = 16


@dataclass(frozen=True)
class _Failure:
    """An object of the bucket."""

    key: str
    etag: str
    document: Mapping[str, Any]

    @property
    def function(self) -> str:
        """The name of the function, from its ARN."""
        arn: str = self.document["requestContext"]["functionArn"]
        return arn.partition(":function:")[2].partition(":")[0] or arn

    @property
    def why(self) -> str:
        """The type of the error if it is known, else why Lambda gave the event up."""
        error = self.document.get("failure", {}).get("error")
        response = self.document.get("responsePayload")
        if error is None and isinstance(response, dict):
            error = response.get("errorType")
        return str(error or self.document["requestContext"]["condition"])

    @property
    def where(self) -> str | None:
        """The lines of code that raised the error, if they are known."""
        at: str | None = self.document.get("failure", {}).get("at")
        return at

    @cached_property
    def event(self) -> Any:
        """The event to send again."""
        document = self.document
        return document["requestPayload"] if "requestPayload" in document else json.loads(document["payload"])

    def records(self) -> Iterator[tuple[str | None, str, str]]:
        """Yield the kind of change, the sequence number and the key of each record of a stream."""
        for record in self.event.get("Records", ()):
            keys = record.get("dynamodb", {}).get("Keys", {})
            named = ", ".join(str(part) for value in keys.values() for part in value.values())
            yield record.get("eventName"), sequence_number(record), named


class _Bucket:
    """The bucket of failed records."""

    def __init__(self, target: Target) -> None:
        self._s3 = target.s3
        self._lambda = target.client("lambda", config=_LONGEST_INVOCATION)
        self._name = target.table("FailedRecordsBucket")

    def listed(self) -> list[tuple[str, str]]:
        """Return the key of each object, and when it was written, the oldest first."""
        pages = self._s3.get_paginator("list_objects_v2")
        found = [
            (each["LastModified"].isoformat(timespec="seconds"), each["Key"])
            for prefix in _PREFIXES
            for page in pages.paginate(Bucket=self._name, Prefix=prefix)
            for each in page.get("Contents", ())
        ]
        return [(key, at) for at, key in sorted(found)]

    def read(self, key: str) -> _Failure | None:
        """Return an object; None if there is none with this key."""
        try:
            found = self._s3.get_object(Bucket=self._name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"NoSuchKey", "404"}:
                raise
            return None
        return _Failure(key, found["ETag"], json.loads(found["Body"].read()))

    def redrive(self, failure: _Failure) -> str | None:
        """Send an event to its function again, and delete the object if that succeeded; else return what happened.

        A function that fails for the same record writes the object again, with another time, and reports success.
        """
        payload = json.dumps(failure.event).encode()
        try:
            reply = self._lambda.invoke(FunctionName=failure.function, Qualifier=_ALIAS, Payload=payload)
        except ClientError as error:
            return f"{failure.function} can't be called: {error.response['Error']['Code']}"
        answer = json.loads(reply["Payload"].read() or b"null")
        if "FunctionError" in reply:
            return f"{failure.function} failed: {answer.get('errorType', reply['FunctionError'])}"
        if isinstance(answer, dict) and answer.get("batchItemFailures"):
            return f"{failure.function} could not reach its store; run the command again later"
        again = self.read(failure.key)
        if again and again.etag != failure.etag:
            return f"{failure.function} set it aside again: {again.why}"
        self._s3.delete_object(Bucket=self._name, Key=failure.key)
        return None


@click.group("failures")
def commands() -> None:
    """List events that functions could not process, show them, and send them again."""


@commands.command("list")
@json_option
@pass_target
def _list(target: Target, *, as_json: bool) -> None:
    """List the events that functions could not process, the oldest first."""
    bucket = _Bucket(target)
    found, rows = bucket.listed(), []
    with ThreadPoolExecutor(_READS_AT_ONCE) as pool, progress_bar("events", len(found)) as progress:
        for (key, at), failure in zip(found, pool.map(bucket.read, [key for key, _ in found]), strict=True):
            if failure:  # else another operator has just sent it again
                rows.append((at, failure.function, failure.why, len([*failure.records()]) or None, key))
            progress.update(1)
    print_table(("at", "function", "why", "records", "key"), rows, as_json=as_json)


@commands.command("show")
@click.argument("key")
@click.option("--payload", is_flag=True, help="Print the event, too, which contains personal data.")
@json_option
@pass_target
def _show(target: Target, key: str, *, payload: bool, as_json: bool) -> None:
    """Show what went wrong with an event, and the ids in it."""
    failure = _Bucket(target).read(key)
    if failure is None:
        raise _missing(key)
    about = {"function": failure.function, "why": failure.why, "where": failure.where}
    columns, records = ("change", "sequence", "key"), [*failure.records()]
    event = {"event": failure.event} if payload else {}
    if as_json:
        print_json(about | {"records": [dict(zip(columns, each, strict=True)) for each in records]} | event)
        return
    for name, value in about.items():
        print_line(f"{name:<16} {'-' if value is None else value}")
    print_line("")
    print_table(columns, records, as_json=False)
    if payload:
        print_json(failure.event)


@commands.command("redrive")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--all", "every", is_flag=True, help="Send all that are in the bucket now.")
@click.option("--dry-run", is_flag=True, help="Only print what would be sent.")
@pass_target
def _redrive(target: Target, keys: Sequence[str], *, every: bool, dry_run: bool) -> int:
    """Send events to their functions again; safe to repeat. Exit code 1 if one fails again.

    An event that succeeds is removed from the bucket.
    """
    if bool(keys) == every:
        raise click.UsageError("Send keys of `failures list`, or --all.")
    bucket = _Bucket(target)
    wanted = [key for key, _ in bucket.listed()] if every else keys
    succeeded = failed = 0
    with progress_bar("events", len(wanted)) as progress:
        for key in wanted:
            failure = bucket.read(key)
            if failure is None and not every:
                raise _missing(key)
            if failure and dry_run:
                print_line(f"{failure.function}  {key}")
            elif failure and (problem := bucket.redrive(failure)):
                print_error(f"{key}: {problem}")
                failed += 1
            elif failure:
                succeeded += 1
            progress.update(1)
    print_line(
        f"{len(wanted)} events would be sent again"
        if dry_run
        else f"{succeeded} events succeeded, {failed} failed again"
    )
    return 1 if failed else 0


def _missing(key: str) -> LookupError:
    return LookupError(f"there is no failed record {key}; it was sent again, or `failures list` has the right key")
