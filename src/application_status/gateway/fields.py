"""Fields that more than one message has."""

from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from application_status.model.instant import SentMoment, sent_moment


def _moment(value: Any, info: ValidationInfo) -> SentMoment:
    if not isinstance(value, str):
        raise ValueError("Input should be a date-time in a string")  # noqa: TRY004  # pydantic passes on a TypeError
    try:
        return sent_moment(value, info.context["received_at"])  # type: ignore[index]  # message() is given it
    except ValueError as wrong:
        raise ValueError(f"Input {wrong}") from None


PastMoment = Annotated[SentMoment, PlainValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
"""An RFC 3339 date-time with a zone, e.g. 2026-07-29T11:26:11.106Z, not before the year 2000.

The validation context's `received_at` is the present; senders' clocks may be 5 minutes ahead of it.
"""
