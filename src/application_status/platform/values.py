"""Values that all rooms share: points in time, and the ids of applications and ATSs.

Times are in UTC with whole milliseconds. Written as text they sort in time order. Ids are checked strings.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, NewType
from zoneinfo import ZoneInfo

CLOCK_SKEW = timedelta(minutes=5)
"""How far a sender's clock may be ahead."""

_RFC_3339 = re.compile(
    r"([0-9]{4})-[0-9]{2}-[0-9]{2}[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_DATE = re.compile(r"([0-9]{4})-[0-9]{2}-[0-9]{2}")
_MINUTE = timedelta(minutes=1)
_FIRST_YEAR, _LAST_YEAR = 2000, 9999
_DEFAULTS_BY_YEAR = {
    "0001": "the default of .NET and Go",
    "1601": "the default of Windows",
    "1899": "the default of OLE and spreadsheets",
    "1900": "the default of SQL databases",
    "1969": "the default of Unix time west of Greenwich",
    "1970": "the default of Unix time",
}


class SentMoment(NamedTuple):
    """A date-time as the sender wrote it.

    `at` is in UTC, to the millisecond. A time of exactly midnight means the whole day: `day_offset` then has the
    minutes by which its zone is ahead of UTC. It is None if a time of day was sent.
    """

    at: datetime
    day_offset: int | None = None


def sent_moment(text: str, received_at: datetime) -> SentMoment:
    """Parse a date-time from a sender: RFC 3339, section 5.6, with a zone.

    Raises:
        ValueError: the text is not such a date-time, is more than CLOCK_SKEW after `received_at`, or is before the year
            2000 (probably a date that was never set). The message begins with "should".
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError(
            "should be an RFC 3339 date-time with a zone, as in 2026-07-29T11:26:11.106Z; "
            "send a day without a time as midnight, as in 2026-07-29T00:00:00+02:00"
        )
    year, time_of_day, fraction = match.groups()
    _check_year(year, text)
    try:
        parsed = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise ValueError(f"should be a date-time that exists, but {error}") from None
    offset = parsed.utcoffset() or timedelta()
    if int(year) == _LAST_YEAR or (at := instant(parsed)) > received_at + CLOCK_SKEW:
        raise ValueError(
            f"should not be more than 5 minutes in the future, but is {text}; "
            "send a day without a time as midnight in your own zone"
        )
    is_day = time_of_day == "00:00:00" and not (fraction or "").strip("0")
    return SentMoment(at, offset // _MINUTE if is_day else None)


def sent_date(text: str, received_at: datetime, zone: ZoneInfo) -> SentMoment:
    """Parse a day alone from a sender, e.g. 2026-07-29, as the day in this time zone.

    Raises:
        ValueError: as for `sent_moment`.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("should be a day, as in 2026-07-29")
    year = match[1]
    _check_year(year, text)
    try:
        parsed = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"should be a day that exists, but {error}") from None
    midnight = datetime.combine(parsed, time(), zone)
    if int(year) == _LAST_YEAR or (at := instant(midnight)) > received_at + CLOCK_SKEW:
        raise ValueError(f"should not be in the future, but is {text}")
    return SentMoment(at, (midnight.utcoffset() or timedelta()) // _MINUTE)


def _check_year(year: str, text: str) -> None:
    if int(year) < _FIRST_YEAR:
        default = f" ({_DEFAULTS_BY_YEAR[year]})" if year in _DEFAULTS_BY_YEAR else ""
        raise ValueError(
            f"should not be before the year {_FIRST_YEAR}: {text} looks like a date that was never set{default}; "
            "send the actual date, or omit the field if it is optional"
        )


def now() -> datetime:
    """Return the current time."""
    return instant(datetime.now(UTC))


def instant(moment: datetime) -> datetime:
    """Return a zoned datetime in UTC, truncated to whole milliseconds.

    Raises:
        OverflowError: the time in UTC is outside the years 1 to 9999.
    """
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


type DateTimeText = str
"""A time as written by `to_text`."""

type DateText = str
"""A day in ISO 8601, e.g. 2022-07-29."""


def to_text(moment: datetime) -> DateTimeText:
    """Return the time as RFC 3339 text of 24 characters, e.g. 2022-07-29T11:26:11.106Z."""
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_text(text: DateTimeText) -> datetime:
    """Parse a time written by `to_text` or by AWS; use `sent_moment` for times from senders."""
    return datetime.fromisoformat(text)


ApplicationId = NewType("ApplicationId", str)
"""An AtsiApplicationId in canonical form: lower case, five groups."""

AtsId = NewType("AtsId", str)
"""The job board's id of an applicant tracking system."""

_PLACEHOLDER_LENGTH = 64
_PLACEHOLDER_CHARACTERS = r"[A-Za-z ${}<>()\[\]#%:_.-]*"
_PLACEHOLDER_WORDS = (
    "(?:application|apply|atsi|enter|example|from|guid|header|here|id|insert|my|of|placeholder|replace|request|sample"
    "|status|string|text|the|todo|uuid|value|x|your)*"
)
_NO_VALUES = ("nil", "none", "null", "undefined")
_UUID = re.compile(r"([0-9a-f]{8})(-?)([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{12})")


def application_id(text: str) -> ApplicationId:
    """Return the canonical form of a UUID; it may be written without hyphens, with braces, `urn:uuid:` or capitals.

    Raises:
        ValueError: the text is not a UUID (RFC 9562, section 4).
    """
    bare = text.lower()
    bare = bare[1:-1] if bare.startswith("{") and bare.endswith("}") else bare.removeprefix("urn:uuid:")
    match = _UUID.fullmatch(bare)
    if match is None:
        reason = placeholder_reason(text)
        raise ValueError(f"not a UUID: {reason}" if reason else "not a UUID")
    first, _, second, third, fourth, last = match.groups()
    return ApplicationId(f"{first}-{second}-{third}-{fourth}-{last}")


def placeholder_reason(text: str) -> str | None:
    """Return why a text is empty, `null` or a placeholder such as `string`, `<id>` or `{ATSI_ID}`; None for other text.

    The reason may quote a placeholder, because it has only a few fixed words and so can't be personal data.
    """
    if not text.strip():
        return "it is empty"
    if text.lower() in _NO_VALUES:
        return f'"{text}" means no value'
    has_its_form = len(text) <= _PLACEHOLDER_LENGTH and re.fullmatch(_PLACEHOLDER_CHARACTERS, text)
    if has_its_form and re.fullmatch(_PLACEHOLDER_WORDS, re.sub("[^a-z]", "", text.lower())):
        return f'"{text}" looks like a placeholder from documentation'
    return None
