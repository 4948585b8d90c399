"""A stand-in for API Gateway: turns HTTP requests into proxy events for the handlers of the template's routes.

Each path works at the root, as at a custom domain, and below the stage `/v1`, as at the default endpoint.
"""

import base64
import json
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from typing import Any, override
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from application_status.local.connection import LOOPBACK, ClientConnection, host_name
from application_status.local.request_body import UnreadableBody, read_body
from application_status.local.template import Route, Template, pattern
from application_status.local.user_pool import CLIENT_ID, UserPool
from application_status.platform.telemetry import log_unexpected, logger

_LARGEST_BODY_BYTES = 10 * 1024 * 1024
_LONGEST_DETAIL = 200
_STAGE = "/v1"

type Handler = Callable[[Any, Any], Any]


class Gateway(ThreadingHTTPServer):
    """An HTTP server for the template's API, on loopback."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, template: Template, handlers: Mapping[str, Handler], port: int) -> None:
        super().__init__(("127.0.0.1", port), _GatewayConnection)
        self.template = template
        self.routes = [(pattern(route.path), route) for route in template.routes()]
        self.handlers = dict(handlers)
        self.user_pool: UserPool | None = None

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self.server_port}"

    def sign_in_at(self, user_pool: UserPool) -> None:
        """Add a user pool, whose users may call the paths with the authorizer."""
        self.user_pool = user_pool
        for path, handler in user_pool.handlers.items():
            self.add(path, handler)

    def add(self, path: str, handler: Handler) -> None:
        """Add a path that only the local service has."""
        self.routes.insert(0, (pattern(path), Route(path, "any", path, None)))
        self.handlers[path] = handler

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log an error, unless the client has disconnected."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):
            log_unexpected(error)


class _GatewayConnection(ClientConnection):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server_version = "application-status"
    sys_version = ""
    server: Gateway

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Handle every method alike; the functions refuse those that a path does not have."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        target = urlsplit(self.path)
        if not {host_name(self.headers["Host"]), host_name(target.netloc or "localhost")} <= LOOPBACK:
            self.send_error(HTTPStatus.FORBIDDEN, "The Host header names another machine.")
            return
        event = self._event(target)
        try:
            event |= _body(read_body(self.headers, self.rfile, _LARGEST_BODY_BYTES))
        except UnreadableBody as error:
            self.send_error(error.status, str(error))
            return
        for expression, route in self.server.routes:
            match = expression.fullmatch(event["path"])
            if match and route.takes(self.command):
                event |= {"resource": route.path, "pathParameters": match.groupdict() or None}
                self._invoke(route, event)
                return
        self._gateway_response("MISSING_AUTHENTICATION_TOKEN", event)

    def _invoke(self, route: Route, event: dict[str, Any]) -> None:
        if route.authorizer == "Users" and not self._sign_in(event):
            self._gateway_response("UNAUTHORIZED", event)
            return
        try:
            reply = self.server.handlers[route.function](event, None)
        except Exception as error:  # noqa: BLE001  # any exception of a function is a 5xx of the gateway
            log_unexpected(error)
            self._gateway_response("DEFAULT_5XX", event)
            return
        self._send(reply["statusCode"], reply["headers"], reply["body"], reply.get("multiValueHeaders"))

    @override
    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse a malformed request with a gateway response, and close the connection."""
        self.close_connection = True
        kind = "REQUEST_TOO_LARGE" if code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else "DEFAULT_4XX"
        detail = (message or HTTPStatus(code).description)[:_LONGEST_DETAIL]
        self._gateway_response(kind, {}, code, detail)
        self.drain_request()

    def _event(self, url: SplitResult) -> dict[str, Any]:
        """Return the proxy event of this request, without its body and route.

        https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event
        """
        path, query = unquote(url.path), parse_qs(url.query, keep_blank_values=True)
        stage = _STAGE if f"{path}/".startswith(f"{_STAGE}/") else ""
        path = path.removeprefix(stage) or "/"
        headers = {name: self.headers.get_all(name, []) for name in self.headers}
        return {
            "resource": None,
            "path": path,
            "httpMethod": self.command,
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
            "multiValueQueryStringParameters": query or None,
            "pathParameters": None,
            "stageVariables": {"UserPoolClientId": CLIENT_ID},
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "httpMethod": self.command,
                "stage": "local",
                "path": f"{stage}{path}",
                "domainName": url.netloc or self.headers["Host"],
            },
        }

    def _sign_in(self, event: Mapping[str, Any]) -> bool:
        """Add the signed-in user's claims to the event, as a Cognito authorizer does; return whether there are any."""
        pool, sent = self.server.user_pool, self.headers["Authorization"]
        found = pool.claims(sent) if pool and sent else None
        if found is not None:
            event["requestContext"]["authorizer"] = {"claims": found}
        return found is not None

    def _gateway_response(self, kind: str, event: Mapping[str, Any], status: int = 0, detail: str = "") -> None:
        """Send a gateway response of the template; default responses take status and detail from the arguments."""
        response = self.server.template.gateway_response(kind, status)
        logger.warning("refused", extra={"path": event.get("path", ""), "status": response.status})
        body = response.body.replace("$context.error.messageString", json.dumps(detail))
        self._send(response.status, response.headers, body.replace("$context.requestId", str(uuid.uuid4())))

    def _send(
        self,
        status: int,
        headers: Mapping[str, str],
        body: str,
        repeated: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        content = body.encode()
        self.send_response(status)
        if self.close_connection:
            self.send_header("Connection", "close")
        length = {} if status == HTTPStatus.NO_CONTENT else {"Content-Length": str(len(content))}  # RFC 9110, 8.6
        for name, value in {**headers, **length}.items():
            self.send_header(name, value)
        for name, values in (repeated or {}).items():
            for value in values:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _body(content: bytes) -> dict[str, Any]:
    try:
        return {"body": content.decode() or None, "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(content).decode(), "isBase64Encoded": True}
