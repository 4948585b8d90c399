"""The handler of the health function: counts the results of requests from CloudWatch Logs.

`health_log` makes the handler; `batch` reads an event. Each log line has the result of one request or signal, or how
many reports of a batch or of a file have which result.
"""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from application_status.applications.rules.report import Channel
from application_status.health.counts import Health
from application_status.health.rules import RequestResult, by_day
from application_status.platform.deadlines import deadline
from application_status.platform.outages import one_by_one
from application_status.platform.telemetry import add_metric, begin, flush, logger
from application_status.platform.values import AtsId, instant

_NAME = re.compile(r"[0-9A-Za-z._:-]{1,64}")
_RESULT = re.compile(r"[a-z-]{1,64}")
_MOST = 1_000_000  # more than the rows of a block
_YEARS = range(1900, 9999)  # of which every day exists in every time zone


@dataclass(frozen=True, slots=True)
class LogBatch:
    """The requests in a batch of log lines, and the number of unreadable lines.

    The id is a digest of the readable lines' ids: a repeated batch has the same id.
    """

    id: str
    requests: tuple[RequestResult, ...]
    unreadable: int


def batch(event: Any) -> LogBatch:
    """Read an event; an event that is unreadable as a whole counts as one unreadable line.

    A control message, which CloudWatch Logs sends to test the destination, is an empty batch.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """
    unreadable: list[Exception] = []

    def failed(_: object, error: Exception) -> None:
        unreadable.append(error)

    lines = [line for _, found in one_by_one([event], _lines, failed) for line in found]
    read = dict(named for _, named in one_by_one(lines, _named_requests, failed))
    requests = tuple(chain.from_iterable(read.values()))
    return LogBatch(sha256(" ".join(read).encode()).hexdigest(), requests, len(unreadable))


def _lines(event: Any) -> list[Any]:
    content = json.loads(gzip.decompress(b64decode(event["awslogs"]["data"], validate=True)))
    return [] if content["messageType"] == "CONTROL_MESSAGE" else list(content["logEvents"])


def _named_requests(line: Mapping[str, Any]) -> tuple[str, list[RequestResult]]:
    return _matching(_NAME, line["id"]), _requests(line)


def _requests(line: Mapping[str, Any]) -> list[RequestResult]:
    """Read a line of `telemetry.result_fields` or `results_fields`.

    The log event has its time in milliseconds since 1970.
    """
    content, at = json.loads(line["message"]), instant(datetime.fromtimestamp(line["timestamp"] / 1000, UTC))
    if at.year not in _YEARS:
        raise ValueError(f"a line of the year {at.year}")
    results = content["results"] if "results" in content else {content["result"]: 1}
    return [
        RequestResult(
            ats_id=AtsId(_matching(_NAME, content["ats"])),
            channel=Channel(content["channel"]),
            result=_matching(_RESULT, result),
            at=at,
            amount=_amount(amount),
        )
        for result, amount in results.items()
    ]


def _amount(value: Any) -> int:
    if type(value) is not int or not 0 < value <= _MOST:
        raise ValueError(f"an amount of at most {_MOST}")
    return value


def _matching(expression: re.Pattern[str], value: Any) -> str:
    match = expression.fullmatch(value)
    if match is None:
        raise ValueError(expression.pattern)
    return match[0]


_STORE_SECONDS = 45.0

type LogHandler = Callable[[Any, Any], None]


def health_log(health: Health, zone: ZoneInfo) -> LogHandler:
    """Return the handler of the log lines that the template's subscription filters select.

    It raises Unavailable if DynamoDB fails; Lambda then invokes it again with the same lines.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """

    def count_lines(event: Any, context: Any) -> None:
        begin(getattr(context, "aws_request_id", None))
        received = batch(event)
        try:
            if received.unreadable:
                add_metric("Unreadable", received.unreadable)
                logger.error("unreadable", lines=received.unreadable)  # without their contents
            with deadline(_STORE_SECONDS):
                health.add(received.id, by_day(received.requests, zone))
        finally:
            flush()

    return count_lines
