"""An HTTP request, read from API Gateway's proxy event.

What the event lacks, or has in another type than API Gateway sends, is empty and never an error. Half of a surrogate
pair, which JSON can hold and UTF-8 can't, becomes U+FFFD, which is good in no id, token or key.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from application_status.errors import BodyTooLarge, MalformedBody, MalformedHeader, MethodNotAllowed, UnknownPath


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Header names are lower case; headers and query parameters have one value or several different ones.

    `resource` is the path as the API names it, with {parameters}. `claims` are the signed-in user's.
    """

    method: str
    resource: str
    request_id: str
    path_parameters: Mapping[str, str]
    query: Mapping[str, tuple[str, ...]]
    claims: Mapping[str, str]
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
        context = _mapping(event.get("requestContext"))
        claims = _mapping(_mapping(context.get("authorizer")).get("claims"))
        return cls(
            method=_text(event.get("httpMethod")),
            resource=_text(event.get("resource")),
            request_id=_text(context.get("requestId")),
            path_parameters=_texts(event.get("pathParameters")),
            query=_values(event, "queryStringParameters", "multiValueQueryStringParameters"),
            claims=_texts(claims),
            headers=_lower(_values(event, "headers", "multiValueHeaders")),
            encoded_body=body if isinstance(body, str) else "",
            body_is_base64=event.get("isBase64Encoded") is True,
        )

    def require_resource(self) -> None:
        """Raise UnknownPath where the event has none, as those of HTTP APIs and of load balancers."""
        if not self.resource:
            raise UnknownPath

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


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _texts(members: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in _mapping(members).items() if isinstance(value, str)}


def _values(event: Mapping[str, Any], single: str, multiple: str) -> dict[str, tuple[str, ...]]:
    """Return each name's different values, in order; a name without any is left out."""
    values: dict[str, tuple[str, ...]] = {}
    for name, found in _mapping(event.get(multiple)).items():
        if isinstance(found, list):
            texts = tuple([_text(value) for value in found if isinstance(value, str)])
            if texts:
                values[_text(name)] = texts if len(texts) == 1 else tuple(dict.fromkeys(texts))
    for name, value in _mapping(event.get(single)).items():
        if name not in values and isinstance(value, str):
            values.setdefault(_text(name), (_text(value),))
    return values


def _lower(headers: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    lower: dict[str, tuple[str, ...]] = {}
    for name, values in headers.items():
        known = lower.get(name.lower())
        lower[name.lower()] = values if known is None else tuple(dict.fromkeys((*known, *values)))
    return lower
