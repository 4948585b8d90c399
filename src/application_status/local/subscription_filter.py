"""A stand-in for subscription filters of CloudWatch Logs: sends matching log lines to a function.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
"""

import base64
import gzip
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, override

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from application_status.local.event_source_mapping import Invoke
from application_status.local.repeated_calls import RepeatedCalls
from application_status.local.template import LogSubscription
from application_status.platform.telemetry import logger

_POLL_SECONDS = 0.25
_INVOCATIONS = 3

type LogEvent = dict[str, Any]


class SubscriptionFilter(logging.Handler):
    """A log handler that sends matching lines to one function, in a thread of its own."""

    def __init__(self, subscription: LogSubscription, invoke: Invoke) -> None:
        super().__init__()
        self.setFormatter(LambdaPowertoolsFormatter(utc=True))
        self._subscription = subscription
        self._invoke = invoke
        self._waiting: SimpleQueue[LogEvent] = SimpleQueue()
        self._number = 0
        self._calls = RepeatedCalls(self.drain, _POLL_SECONDS)

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if vars(record).get(self._subscription.field) is None:
            return
        self._number += 1
        event_id = f"{record.created:.6f}-{self._number}"
        self._waiting.put({"id": event_id, "timestamp": int(record.created * 1000), "message": self.format(record)})

    def start(self) -> None:
        """Start the thread, and receive log lines."""
        logger.addHandler(self)
        self._calls.start()

    def stop(self) -> None:
        """Stop after the current batch."""
        logger.handlers.remove(self)
        self._calls.stop()

    def drain(self) -> None:
        """Send the waiting lines as one batch, with up to three attempts, as Lambda's asynchronous invocations."""
        lines: list[LogEvent] = []
        with suppress(Empty):
            while True:
                lines.append(self._waiting.get_nowait())
        for _ in range(_INVOCATIONS if lines else 0):
            with suppress(Exception):
                self._invoke(as_event(lines))
                return


def as_event(lines: Sequence[LogEvent], message_type: str = "DATA_MESSAGE") -> dict[str, Any]:
    """Return the event of CloudWatch Logs for log lines.

    https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
    """
    content = {
        "messageType": message_type,
        "owner": "000000000000",
        "logGroup": "local",
        "logStream": "local",
        "subscriptionFilters": ["local"],
        "logEvents": lines,
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(content).encode())).decode()}}
