"""Imports files that are uploaded to a table server, by the real handler, as in the local service."""

from collections.abc import Iterator
from contextlib import contextmanager

from application_status.applications.record import UnknownApplications
from application_status.functions.file_import import FileImportSettings, make_handler
from application_status.local.queue_poller import QueuePoller
from application_status.local.tables import TableServer, create_buckets
from application_status.local.template import Template
from application_status.platform import s3, sqs
from support.world import BERLIN, World

_LOCAL = Template()


@contextmanager
def importing(world: World, server: TableServer) -> Iterator[None]:
    """Run the import for the buckets and queues of a server, in a thread."""
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
    poller.start()
    try:
        yield
    finally:
        poller.stop()
        for client in clients:
            client.close()
