"""The handler of the merge function, which adds the journal of the counters to the totals."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aws_lambda_powertools.metrics import MetricUnit

from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.client import DynamoDB
from application_status.platform.telemetry import begin, flush, hiding_error_messages, logger, metrics
from application_status.quality.counters.generations import generations
from application_status.quality.counters.merge import Merger

_STORE_SECONDS = 280.0
_BEGIN_SECONDS = 200.0  # a merge that is cut off would have to wait for its lease

type Handler = Callable[[Any, Any], dict[str, int]]


def merging(dynamodb: DynamoDB, quality_table: str, zone: ZoneInfo, oldest: timedelta) -> Handler:
    """Return the handler of the scheduled function; it raises Unavailable if DynamoDB fails, and the next run goes on.

    A journal is merged if it is large, or if an entry is older than `oldest`, in parts until it is small again or the
    time is up. During a rebuild, the function also merges the journal of the generation that is built.
    """

    def lambda_handler(_event: Any, context: Any) -> dict[str, int]:
        begin(getattr(context, "aws_request_id", None))
        merged = 0
        try:
            with hiding_error_messages(), deadline(_STORE_SECONDS):
                until = time.monotonic() + _BEGIN_SECONDS
                for generation in generations(dynamodb, quality_table).counted:
                    merger = Merger(dynamodb, quality_table, generation)
                    while entries := merger.merge(datetime.now(zone).date(), oldest):
                        logger.info("merged", generation=generation, entries=entries)
                        merged += entries
                        if time.monotonic() >= until:
                            break
                metrics.add_metric(name="Merged", unit=MetricUnit.Count, value=merged)
        finally:
            flush()
        return {"merged": merged}

    return lambda_handler
