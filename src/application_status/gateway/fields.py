"""Fields that more than one message has."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from application_status.model.instant import instant


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


Moment = Annotated[AwareDatetime, BeforeValidator(_starts_like_a_date), AfterValidator(_in_utc)]
"""An RFC 3339 date-time with a zone, e.g. 2022-07-29T11:26:11.106Z; in UTC, to the millisecond."""
