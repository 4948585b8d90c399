"""Imports files that are uploaded to a table server, by the real handler, as in the local service."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from application_status.applications.record import UnknownApplications
from application_status.functions.file_import import FileImportSettings, make_handler
from application_status.local.queue_poller import QueuePoller
from application_status.local.tables import TableServer, create_buckets
from application_status.local.template import Template
from application_status.platform import s3, sqs
from application_status.platform.telemetry import logger
from support.world import BERLIN, World

_LOCAL = Template()


@contextmanager
def importing(world: World, server: TableServer) -> Iterator[None]:
    """Run the import for the buckets and queues of a server, in a thread; it writes nothing to standard output."""
    create_buckets(_LOCAL, server.url)
    settings = FileImportSettings(
        "FilesTable",
        "FilesBucket",
        "FilesQueue",
        "TokensTable",
        "ApplicationsTable",
        "SandboxApplicationsTable",
        UnknownApplications.REJECT,
        BERLIN,
        1_000_000,
    )
    clients = s3.client(endpoint_url=server.url), sqs.client(endpoint_url=server.url)
    handler = make_handler(world.dynamodb, *clients, settings)
    (mapping,) = _LOCAL.queue_mappings()
    poller = QueuePoller(mapping, lambda event: handler(event, None), server.url)
    level = logger.log_level
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
        logger.setLevel(logging.CRITICAL)
        poller.start()
        try:
            yield
        finally:
            poller.stop()
            logger.setLevel(level)
            for client in clients:
                client.close()
