"""Parse a JSON request body and check its fields with a pydantic model."""

import re
from typing import Annotated, Any

import jiter
from pydantic import BaseModel, PlainValidator, ValidationError, ValidationInfo, WithJsonSchema

from application_status.platform.errors import (
    FieldError,
    InvalidFields,
    MalformedBody,
    UnsupportedCoding,
    UnsupportedMediaType,
)
from application_status.platform.http.endpoint import Request
from application_status.platform.values import SentMoment, sent_moment

_GZIP = b"\x1f\x8b"
_UTF_8_MARK, _UTF_16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")

_CONTENT_TYPE = re.compile(r'\s*application/json\s*(;\s*(charset\s*=\s*("utf-?8"|utf-?8)\s*)?)*', re.IGNORECASE)


def json_object(request: Request, limit: int) -> dict[str, Any]:
    """Return the body as a JSON object; `limit` is in bytes.

    Duplicate keys, lone surrogates, a byte order mark and deep nesting are refused; RFC 8259 leaves them to the
    receiver.

    Raises:
        UnsupportedMediaType: the Content-Type is missing or is not application/json in UTF-8.
        UnsupportedCoding: the body is compressed.
        BodyTooLarge: the body exceeds the limit.
        MalformedBody: the body is not an accepted JSON object.
    """
    content_type = request.header("Content-Type")
    if content_type is None or not _CONTENT_TYPE.fullmatch(content_type):
        raise UnsupportedMediaType(
            "The Content-Type is missing or not application/json in UTF-8; send Content-Type: application/json."
        )
    try:
        return parsed_object(uncompressed(request, limit))
    except ValueError as error:
        raise MalformedBody(f"The body is {error}") from None


def uncompressed(request: Request, limit: int) -> bytes:
    """Return the bytes of a body that is not compressed; `limit` is in bytes.

    Raises:
        UnsupportedCoding: the body is compressed.
        BodyTooLarge: the body exceeds the limit.
        MalformedBody: the body can't be decoded.
    """
    coding = request.header("Content-Encoding") or "identity"
    if coding.strip().lower() != "identity":
        raise UnsupportedCoding("The header Content-Encoding says that the body is compressed; send it uncompressed.")
    content = request.body(limit)
    if content.startswith(_GZIP):
        raise UnsupportedCoding("The body is compressed with gzip; send it uncompressed.")
    return content


def parsed_object(content: bytes) -> dict[str, Any]:
    """Parse a JSON object, with the same refusals as `json_object`.

    Raises:
        ValueError: it is not accepted; the message goes on from "The body is".
    """
    try:
        value = jiter.from_json(content, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        wrong = _encoding(content) or f"not accepted JSON: {error}"
        raise ValueError(f"{wrong}. Send one JSON object in UTF-8.") from None
    if not isinstance(value, dict):
        raise ValueError("JSON, but not an object; send one JSON object, as in {...}.")  # noqa: TRY004  # of the content
    return value


def _encoding(content: bytes) -> str | None:
    """Return how content is encoded that is not UTF-8 without a byte order mark; None if it is."""
    if content.startswith(_UTF_8_MARK):
        return "JSON after a byte order mark, the bytes EF BB BF, which must be left out"
    if content.startswith(_UTF_16_MARKS) or 0 in content[:2]:
        return "in UTF-16 or UTF-32"
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return f"not in UTF-8 from byte {error.start + 1} on"
    return None


def message[Message: BaseModel](kind: type[Message], body: dict[str, Any], **context: Any) -> Message:
    """Return the body as a pydantic model of the given kind.

    Raises:
        InvalidFields: fields are missing or invalid; the error has one entry per field.
    """
    try:
        return kind.model_validate(body, context=context)
    except ValidationError as error:
        raise InvalidFields(tuple(_field_errors(kind, error)), ignored_fields(kind, body)) from None


def ignored_fields(kind: type[BaseModel], body: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the body's fields that the model does not have."""
    known = {field.alias for field in kind.model_fields.values()}
    return tuple(name for name in body if name not in known)


def _field_errors(kind: type[BaseModel], error: ValidationError) -> list[FieldError]:
    expected = {field.alias: field.description or "" for field in kind.model_fields.values()}
    return [
        FieldError(
            pointer="".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in entry["loc"]),
            detail=entry["msg"].removeprefix("Value error, "),
            expected=expected.get(str(entry["loc"][0]), f"one of {', '.join(filter(None, expected))}"),
        )
        for entry in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _moment(value: Any, info: ValidationInfo) -> SentMoment:
    if not isinstance(value, str):
        raise ValueError("Input should be a date-time in a string")  # noqa: TRY004  # pydantic does not convert a TypeError
    try:
        return sent_moment(value, info.context["received_at"])  # type: ignore[index]  # callers of message() pass it
    except ValueError as wrong:
        raise ValueError(f"Input {wrong}") from None


PastMoment = Annotated[SentMoment, PlainValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
"""An RFC 3339 date-time with a zone, e.g. 2026-07-29T11:26:11.106Z, not before the year 2000.

The validation context's `received_at` is the current time; the sender's clock may be 5 minutes ahead of it.
"""
