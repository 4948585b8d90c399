"""The tables, buckets, queues, keys and functions of the local service, in a moto server inside this process.

moto loses updates under concurrent threads, so it gets one request at a time. Functions run in this process instead:
`Invoke` of Lambda's API calls them. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html

Web pages have no access, even from a browser on this machine (see connection.py): requests with an Origin header, or
with a Host header that names another machine, are refused. Only the upload forms of pages from this machine are
accepted. moto's own paths, which can reset all data, are refused, too.
"""

import io
import json
import re
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, override
from urllib.parse import urlsplit

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from application_status.local.connection import LOOPBACK, ClientConnection, host_name
from application_status.local.event_source_mapping import Invoke
from application_status.local.moto_patch import patch_moto
from application_status.local.request_body import UnreadableBody, read_body
from application_status.local.template import Template
from application_status.platform.dynamodb.client import Item

_REGION = "us-east-1"
_LARGEST_REQUEST_BYTES = 16 * 1024 * 1024
_LARGEST_OBJECT_BYTES = 128 * 1024 * 1024  # several copies are in memory while moto stores it
_INVOKE = re.compile(r"/2015-03-31/functions/(\w+)/invocations")
_HOST_OF_CONTAINERS = "host.docker.internal"

type _StartResponse = Callable[..., Any]
type _Environ = dict[str, Any]


class _TableConnection(ClientConnection, WSGIRequestHandler):
    """A connection that passes a request to moto once its whole body has arrived."""

    @override
    def run_wsgi(self) -> None:
        limit = _LARGEST_REQUEST_BYTES if self.path == "/" else _LARGEST_OBJECT_BYTES
        try:
            content = read_body(self.headers, self.rfile, limit)
        except UnreadableBody as error:
            is_too_large = error.status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            detail = f"The local service accepts at most {limit >> 20} MiB here." if is_too_large else str(error)
            self.send_error(error.status, detail)
            self.drain_request()
            return
        for header in ("Transfer-Encoding", "Content-Length"):
            del self.headers[header]
        self.headers["Content-Length"] = str(len(content))
        received, self.rfile = self.rfile, io.BufferedReader(io.BytesIO(content))
        super().run_wsgi()
        self.rfile = received


class TableServer:
    """A moto server with the template's tables, buckets, queues and keys.

    `functions` are those that it can invoke, by name. A key has the alias alias/<logical id>.
    """

    def __init__(self, template: Template, host: str, port: int) -> None:
        patch_moto()
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()
        self.functions: Mapping[str, Invoke] = {}
        self._buckets = template.buckets()
        self._names = LOOPBACK | {_HOST_OF_CONTAINERS, host.lower()}
        self._socket = socket.create_server((host, port))
        self._server: BaseWSGIServer = make_server(
            host, port, self._answer, threaded=True, request_handler=_TableConnection, fd=self._socket.fileno()
        )
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        for table in template.tables():
            boto3.client("dynamodb", endpoint_url=self.url).create_table(**table)
        create_buckets(template, self.url)
        kms = boto3.client("kms", endpoint_url=self.url)
        for key in template.kms_keys():
            made = kms.create_key()["KeyMetadata"]
            kms.create_alias(AliasName=f"alias/{key}", TargetKeyId=made["KeyId"])

    def _answer(self, environ: _Environ, start_response: _StartResponse) -> Iterable[bytes]:
        wrong = self._wrong(environ)
        if wrong:
            return _refusal(wrong, start_response)
        if invoked := _INVOKE.fullmatch(environ["PATH_INFO"]):
            return _invoke(self.functions[invoked[1]], environ, start_response)
        with self._lock:
            return list(self._app(environ, start_response))

    def _wrong(self, environ: Mapping[str, Any]) -> str | None:
        """Return why a request is refused, or None; the Host header may also have the address connected to."""
        if "HTTP_ORIGIN" in environ and not self._is_upload_form(environ):
            return "Web pages may not use the tables."
        host, (address, *_) = host_name(environ.get("HTTP_HOST", "")), environ["werkzeug.socket"].getsockname()
        if host not in self._names and host != address:
            return "The Host header names another machine."
        path = environ["PATH_INFO"]
        invoked = _INVOKE.fullmatch(path)
        if path.split("/")[1] in {"", *self._buckets} or (invoked and invoked[1] in self.functions):
            return None
        return "Only the tables, at /, and the template's buckets and functions are served."

    def _is_upload_form(self, environ: Mapping[str, Any]) -> bool:
        """Return whether a request is a form that a page of this machine sends to a bucket.

        https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
        """
        to_bucket = environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"][1:] in self._buckets
        return to_bucket and host_name(urlsplit(environ["HTTP_ORIGIN"]).netloc) in LOOPBACK

    def load(self, table: str, items: Iterable[Item]) -> None:
        """Store items in a table without requests, which would slow down the start."""
        backend = dynamodb_backends[DEFAULT_ACCOUNT_ID][_REGION]
        with self._lock:
            for item in items:
                backend.put_item(table, {name: _encoded(value) for name, value in item.items()})

    def stop(self) -> None:
        """Stop the server; its data is lost."""
        self._server.shutdown()
        self._server.server_close()
        self._socket.close()


def create_buckets(template: Template, endpoint: str) -> None:
    """Create the template's queues and buckets, and connect the buckets to the queues that get their events."""
    sqs = boto3.client("sqs", endpoint_url=endpoint)
    for queue in template.queues():
        sqs.create_queue(**queue)
    s3 = boto3.client("s3", endpoint_url=endpoint)
    for bucket in template.buckets():
        s3.create_bucket(Bucket=bucket)
    for uploads in template.uploads():
        s3.put_bucket_notification_configuration(**uploads)


def _encoded(value: Item) -> Item:
    """Return an attribute value as moto stores it: binary content in Base64, as on the wire."""
    return {"B": b64encode(value["B"]).decode()} if "B" in value else value


def _invoke(function: Invoke, environ: _Environ, start_response: _StartResponse) -> Iterable[bytes]:
    """Call a function with the event in the request's body, and answer as Lambda does."""
    failed = []
    try:
        answer = function(json.loads(environ["wsgi.input"].read() or b"{}"))
    except Exception as error:  # noqa: BLE001  # any exception of the function
        failed = [("X-Amz-Function-Error", "Unhandled")]
        answer = {"errorMessage": str(error), "errorType": type(error).__name__}
    content = json.dumps(answer).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content))), *failed]
    start_response("200 OK", headers)
    return [content]


def _refusal(message: str, start_response: _StartResponse) -> Iterable[bytes]:
    """Refuse a request in DynamoDB's format.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    """
    content = json.dumps({"__type": "com.amazon.coral.service#AccessDeniedException", "message": message}).encode()
    headers = [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(content)))]
    start_response(f"{HTTPStatus.FORBIDDEN} {HTTPStatus.FORBIDDEN.phrase}", headers)
    return [content]
