"""The stand-in for subscription filters of CloudWatch Logs."""

from typing import Any

import pytest

from application_status.applications.rules.report import Channel
from application_status.health.stream import batch
from application_status.local.subscription_filter import SubscriptionFilter
from application_status.platform.telemetry import logger
from support.world import ATS, TEMPLATE


@pytest.mark.parametrize("channel", Channel)
def test_health_gets_each_line_of_a_channel_once(channel: Channel) -> None:
    """And can read it; lines of the sandbox, and lines without a caller, have no channel."""
    received: list[Any] = []
    filters = [SubscriptionFilter(each, received.append) for each in TEMPLATE.log_subscriptions()]
    fields = {"result": "recorded", "ats": ATS}
    for each in filters:
        logger.addHandler(each)
    try:
        logger.info("recorded", extra=fields | {"channel": channel})
        logger.info("recorded", extra=fields | {"sandbox": channel})
        logger.info("read")
    finally:
        for each in filters:
            logger.handlers.remove(each)
    for each in filters:
        each.drain()
    read = [batch(each) for each in received]
    assert [(request.ats_id, request.channel) for each in read for request in each.requests] == [(ATS, channel)]
    assert [each.unreadable for each in read] == [0]
