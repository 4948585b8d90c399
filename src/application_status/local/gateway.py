"""A stand-in for API Gateway: HTTP requests become proxy events for the handlers that the template's routes name."""

import base64
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from application_status.local.sign_in import SIGN_IN_PATHS, claims, sign_in
from application_status.local.template import Route, Template, pattern
from application_status.telemetry import logger

_LARGEST_BODY_BYTES = 10 * 1024 * 1024

type Handler = Callable[[Any, Any], Any]


class Gateway(ThreadingHTTPServer):
    """Serves the template's API on loopback."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, template: Template, handlers: Mapping[str, Handler], port: int) -> None:
        super().__init__(("127.0.0.1", port), _Connection)
        self.template = template
        self.routes = [(pattern(route.path), route) for route in template.routes()]
        self.handlers = dict(handlers)
        for path in SIGN_IN_PATHS:
            self.add(path, sign_in)

    def add(self, path: str, handler: Handler) -> None:
        """Serve a path that only the local service has."""
        self.routes.append((pattern(path), Route(path, path, None)))
        self.handlers[path] = handler


class _Connection(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server_version = "application-status"
    sys_version = ""
    timeout = 30
    server: Gateway

    def _answer(self) -> None:
        event = self._event()
        size = int(self.headers.get("Content-Length") or 0)
        if size > _LARGEST_BODY_BYTES or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._gateway_response("REQUEST_TOO_LARGE", event)
            return
        event |= _body(self.rfile.read(size))
        for expression, route in self.server.routes:
            match = expression.fullmatch(event["path"])
            if match:
                event |= {"resource": route.path, "pathParameters": match.groupdict() or None}
                if route.authorizer == "Users" and not self._sign_in(event):
                    self._gateway_response("UNAUTHORIZED", event)
                    return
                reply = self.server.handlers[route.function](event, None)
                self._send(reply["statusCode"], reply["headers"], reply["body"])
                return
        self._gateway_response("MISSING_AUTHENTICATION_TOKEN", event)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = _answer

    def _event(self) -> dict[str, Any]:
        """Return the proxy event of this request, without body and route.

        https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event
        """
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True)
        headers = {name: self.headers.get_all(name, []) for name in self.headers}
        return {
            "resource": None,
            "path": unquote(url.path),
            "httpMethod": self.command,
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": None,
            "requestContext": {"requestId": str(uuid.uuid4()), "httpMethod": self.command, "stage": "local"},
        }

    def _sign_in(self, event: Mapping[str, Any]) -> bool:
        """Hand the signed-in user's claims to the function, as a Cognito authorizer does."""
        found = claims(self.headers)
        if found is not None:
            event["requestContext"]["authorizer"] = {"claims": found}
        return found is not None

    def _gateway_response(self, kind: str, event: Mapping[str, Any]) -> None:
        response = self.server.template.gateway_response(kind)
        logger.warning("refused", extra={"path": event["path"], "status": response.status})
        body = response.body.replace("$context.requestId", event["requestContext"]["requestId"])
        self._send(response.status, response.headers, body)

    def _send(self, status: int, headers: Mapping[str, str], body: str) -> None:
        content = body.encode()
        self.send_response(status)
        length = {} if status == HTTPStatus.NO_CONTENT else {"Content-Length": str(len(content))}  # RFC 9110, 8.6
        for name, value in {**headers, **length}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the handlers' own lines tell each request."""


def _body(content: bytes) -> dict[str, Any]:
    try:
        return {"body": content.decode() or None, "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}
