"""The tables and buckets, in a moto server of this process.

moto loses updates under threads, so it gets one request at a time.
"""

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from application_status.local.engine import quicken
from application_status.local.template import Template
from application_status.store.dynamodb import Item

_REGION = "us-east-1"


class TableServer:
    """A moto server with the template's tables and buckets."""

    def __init__(self, template: Template, host: str, port: int) -> None:
        quicken()
        self._app = DomainDispatcherApplication(create_backend_app)
        self._turn = threading.Lock()
        self._socket = socket.create_server((host, port))
        self._server: BaseWSGIServer = make_server(
            host, port, self._one_at_a_time, threaded=True, fd=self._socket.fileno()
        )
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        for table in template.tables():
            boto3.client("dynamodb", endpoint_url=self.url).create_table(**table)
        for bucket in template.buckets():
            boto3.client("s3", endpoint_url=self.url).create_bucket(Bucket=bucket)

    def _one_at_a_time(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._turn:
            return list(self._app(environ, start_response))

    def load(self, table: str, items: Iterable[Item]) -> None:
        """Put items into a table without a request each, which would take a newcomer's time."""
        backend = dynamodb_backends[DEFAULT_ACCOUNT_ID][_REGION]
        with self._turn:
            for item in items:
                backend.put_item(table, dict(item))

    def stop(self) -> None:
        """Stop serving; the tables are gone."""
        self._server.shutdown()
        self._server.server_close()
        self._socket.close()
