"""An HTTP request, read from API Gateway's proxy event; whatever the event lacks is empty, never an error."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from application_status.errors import BodyTooLarge, MalformedBody, MalformedHeader, MethodNotAllowed


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Header names are lower case, and each keeps its different values."""

    method: str
    request_id: str
    path_parameters: Mapping[str, str]
    headers: Mapping[str, tuple[str, ...]]
    encoded_body: str
    body_is_base64: bool

    @classmethod
    def from_event(cls, event: Any) -> "Request":
        """Read a proxy event.

        https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event
        """
        event = _mapping(event)
        body = event.get("body")
        return cls(
            method=str(event.get("httpMethod") or ""),
            request_id=str(_mapping(event.get("requestContext")).get("requestId") or ""),
            path_parameters={str(k): str(v) for k, v in _mapping(event.get("pathParameters")).items()},
            headers=_headers(event),
            encoded_body=body if isinstance(body, str) else "",
            body_is_base64=event.get("isBase64Encoded") is True,
        )

    def require_method(self, *allowed: str) -> None:
        """Raise MethodNotAllowed for any other method."""
        if self.method not in allowed:
            raise MethodNotAllowed(", ".join(allowed))

    def header(self, name: str) -> str | None:
        """Return a header's value, None without the header; MalformedHeader where it has different ones."""
        values = self.headers.get(name.lower(), ())
        if len(values) > 1:
            raise MalformedHeader(f"{name} is there {len(values)} times with different values; send one.")
        return values[0] if values else None

    def body(self, limit: int) -> bytes:
        """Return the body's bytes; BodyTooLarge above the limit (in bytes), MalformedBody for broken base64."""
        if len(self.encoded_body) > 2 * limit:
            raise _too_large(limit)
        try:
            text = self.encoded_body
            body = base64.b64decode(text, validate=True) if self.body_is_base64 else text.encode()
        except (binascii.Error, ValueError):
            raise MalformedBody("The body can't be decoded; send UTF-8 JSON.") from None
        if len(body) > limit:
            raise _too_large(limit)
        return body


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body may have {limit} bytes.")


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _headers(event: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    headers: dict[str, tuple[str, ...]] = {}
    single = {name: [value] for name, value in _mapping(event.get("headers")).items()}
    for name, values in {**single, **_mapping(event.get("multiValueHeaders"))}.items():
        lower = str(name).lower()
        seen = headers.get(lower, ())
        texts = [str(value) for value in values] if isinstance(values, list) else []
        headers[lower] = tuple(dict.fromkeys((*seen, *texts)))
    return headers
