"""Fields that more than one message has."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ValidationInfo

from application_status.model.instant import CLOCK_SKEW, instant


def _starts_like_a_date(value: Any) -> Any:
    """Keep out the numbers that pydantic would read as seconds since 1970."""
    if not (isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value)):
        raise ValueError("Input should be a date-time in a string")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return instant(value)
    except OverflowError:
        raise ValueError("Input should lie within the years 1 to 9999, in UTC") from None


def _not_in_the_future(moment: datetime, info: ValidationInfo) -> datetime:
    if moment > info.context["received_at"] + CLOCK_SKEW:  # type: ignore[index]  # message() is given it
        raise ValueError("Input should not lie more than 5 minutes in the future")
    return moment


PastMoment = Annotated[
    AwareDatetime, BeforeValidator(_starts_like_a_date), AfterValidator(_in_utc), AfterValidator(_not_in_the_future)
]
"""An RFC 3339 date-time with a zone, e.g. 2022-07-29T11:26:11.106Z; in UTC, to the millisecond.

The validation context's `received_at` is the present; senders' clocks may be 5 minutes ahead of it.
"""
