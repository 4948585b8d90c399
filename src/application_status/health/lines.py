"""A batch of log lines, as CloudWatch Logs hands it over, read: each line becomes the request that it tells of."""

import gzip
import json
import re
import zlib
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

_NAME = re.compile(r"[0-9A-Za-z._:-]{1,64}")
_OUTCOME = re.compile(r"[a-z-]{1,64}")
_UNREADABLE = (KeyError, TypeError, ValueError, OverflowError, OSError, EOFError, RecursionError, zlib.error)


@dataclass(frozen=True, slots=True)
class Batch:
    """The requests that a batch tells of, the number of lines that tell of none, and an id made of the readable lines'.

    The same lines make the same id, however often they come.
    """

    id: str
    requests: tuple[Answered, ...]
    unreadable: int


def batch(event: Any) -> Batch:
    """Read an event; never raises: what can't be read as a whole counts as one unreadable line.

    A control message, by which CloudWatch Logs checks that somebody is there, is an empty batch.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """
    read: dict[str, Answered] = {}
    unreadable = 0
    try:
        content = json.loads(gzip.decompress(b64decode(event["awslogs"]["data"], validate=True)))
        lines = [] if content["messageType"] == "CONTROL_MESSAGE" else list(content["logEvents"])
    except _UNREADABLE:
        lines, unreadable = [], 1
    for line in lines:
        try:
            read[_matching(_NAME, line["id"])] = _request(line)
        except _UNREADABLE:
            unreadable += 1
    return Batch(sha256(" ".join(read).encode()).hexdigest(), tuple(read.values()), unreadable)


def _request(line: Mapping[str, Any]) -> Answered:
    """Read a line that `telemetry.answered` made; its moment is that of the log event, in milliseconds since 1970."""
    told, milliseconds = json.loads(line["message"]), line["timestamp"]
    return Answered(
        ats_id=AtsId(_matching(_NAME, told["ats"])),
        channel=Channel(told["channel"]),
        outcome=_matching(_OUTCOME, told["outcome"]),
        at=instant(datetime.fromtimestamp(milliseconds / 1000, UTC)),
    )


def _matching(expression: re.Pattern[str], value: Any) -> str:
    match = expression.fullmatch(value)
    if match is None:
        raise ValueError(expression.pattern)
    return match[0]
