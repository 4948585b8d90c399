"""Simultaneous calls in threads, each to a container of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from application_status.applications.record import UnknownApplications
from application_status.functions.batch import make_handler as make_batch
from application_status.functions.registry import RegistrySettings
from application_status.functions.registry import make_handler as make_registry
from application_status.functions.webhook import make_handler as make_webhook
from application_status.platform.dynamodb.client import DynamoDB
from support.world import Answer, answer, batch_settings, webhook_settings

CROWD = 50


def all_at_once[Result](*calls: Callable[[], Result]) -> list[Result]:
    """Make calls at the same moment, each in a thread of its own; return the results in order."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result:
        start.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def report_all(
    clients: Sequence[DynamoDB], events: Sequence[Any], unknown: UnknownApplications = UnknownApplications.REJECT
) -> list[Answer]:
    """Send each event to a webhook container of its own, all at once."""
    settings = webhook_settings(unknown)
    return _answers([make_webhook(dynamodb, settings) for dynamodb in clients], events)


def batch_all(clients: Sequence[DynamoDB], events: Sequence[Any]) -> list[Answer]:
    """Send each event to a container for batches of its own, all at once."""
    return _answers([make_batch(dynamodb, batch_settings()) for dynamodb in clients], events)


def register_all(clients: Sequence[DynamoDB], events: Sequence[Any]) -> list[Answer]:
    """Send each event to a registry container of its own, all at once."""
    settings = RegistrySettings("ApplicationsTable", "AliasesTable", "FeedbackTable")
    return _answers([make_registry(dynamodb, settings) for dynamodb in clients], events)


def _answers(handlers: Sequence[Callable[[Any, Any], Any]], events: Sequence[Any]) -> list[Answer]:
    calls = [lambda h=handler, e=event: answer(h(e, None)) for handler, event in zip(handlers, events, strict=False)]
    return all_at_once(*calls)
