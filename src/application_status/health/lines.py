"""A batch of log lines, as CloudWatch Logs hands it over, read: each line becomes the request that it tells of."""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from application_status.model.channel import Channel
from application_status.model.health import Answered
from application_status.model.identifiers import AtsId
from application_status.model.instant import instant
from application_status.store.apart import one_by_one

_NAME = re.compile(r"[0-9A-Za-z._:-]{1,64}")
_OUTCOME = re.compile(r"[a-z-]{1,64}")
_YEARS = range(1900, 9999)  # the days of these can be cut in any time zone


@dataclass(frozen=True, slots=True)
class Batch:
    """The requests that a batch tells of, the number of lines that tell of none, and an id made of the readable lines'.

    The same lines make the same id, however often they come.
    """

    id: str
    requests: tuple[Answered, ...]
    unreadable: int


def batch(event: Any) -> Batch:
    """Read an event: what can't be read as a whole counts as one unreadable line.

    A control message, by which CloudWatch Logs checks that somebody is there, is an empty batch.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """
    unreadable: list[Exception] = []

    def failed(_: object, error: Exception) -> None:
        unreadable.append(error)

    lines = [line for _, found in one_by_one([event], _lines, failed) for line in found]
    read = dict(named for _, named in one_by_one(lines, _named_request, failed))
    return Batch(sha256(" ".join(read).encode()).hexdigest(), tuple(read.values()), len(unreadable))


def _lines(event: Any) -> list[Any]:
    content = json.loads(gzip.decompress(b64decode(event["awslogs"]["data"], validate=True)))
    return [] if content["messageType"] == "CONTROL_MESSAGE" else list(content["logEvents"])


def _named_request(line: Mapping[str, Any]) -> tuple[str, Answered]:
    return _matching(_NAME, line["id"]), _request(line)


def _request(line: Mapping[str, Any]) -> Answered:
    """Read a line that `telemetry.answered` made; its moment is that of the log event, in milliseconds since 1970."""
    told, at = json.loads(line["message"]), instant(datetime.fromtimestamp(line["timestamp"] / 1000, UTC))
    if at.year not in _YEARS:
        raise ValueError(f"a line of the year {at.year}")
    return Answered(
        ats_id=AtsId(_matching(_NAME, told["ats"])),
        channel=Channel(told["channel"]),
        outcome=_matching(_OUTCOME, told["outcome"]),
        at=at,
    )


def _matching(expression: re.Pattern[str], value: Any) -> str:
    match = expression.fullmatch(value)
    if match is None:
        raise ValueError(expression.pattern)
    return match[0]
