"""Moments: UTC, whole milliseconds, and written so that text order is time order.

The names of things: each a str that has been checked.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, NewType

CLOCK_SKEW = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""

_RFC_3339 = re.compile(
    r"([0-9]{4})-[0-9]{2}-[0-9]{2}[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_FIRST_YEAR, _LAST_YEAR = 2000, 9999
_UNSET = {
    "0001": "which is how .NET and Go write one",
    "1601": "which is how Windows writes one",
    "1899": "which is how OLE and spreadsheets write one",
    "1900": "which is how SQL databases write one",
    "1969": "which is how Unix time writes one west of Greenwich",
    "1970": "which is how Unix time writes one",
}


class SentMoment(NamedTuple):
    """A moment as a sender wrote it.

    `at` is in UTC, to the millisecond. A time of exactly midnight stands for the whole day: then `day_offset` has the
    minutes by which its zone is ahead of UTC. It is None where the time of day was sent.
    """

    at: datetime
    day_offset: int | None = None


def sent_moment(text: str, received_at: datetime) -> SentMoment:
    """Read a date-time from a sender: RFC 3339, section 5.6, with a zone.

    Raises ValueError with what is wrong, as a sentence that begins with "should": the text is no such date-time, lies
    more than CLOCK_SKEW after `received_at`, or lies before the year 2000, as dates do that were never set.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError(
            "should be an RFC 3339 date-time with a zone, as in 2026-07-29T11:26:11.106Z; "
            "a day without a time is its midnight, as in 2026-07-29T00:00:00+02:00"
        )
    year, time, fraction = match.groups()
    if int(year) < _FIRST_YEAR:
        how = f", {_UNSET[year]}" if year in _UNSET else ""
        raise ValueError(
            f"should not lie before the year {_FIRST_YEAR}: {text} looks like a date that was never set{how}; "
            "send when it happened, or leave it out where it may be left out"
        )
    try:
        written = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise ValueError(f"should be a date-time that exists, but {error}") from None
    offset = written.utcoffset() or timedelta()
    if int(year) == _LAST_YEAR or (at := instant(written)) > received_at + CLOCK_SKEW:
        raise ValueError(
            f"should not lie more than 5 minutes in the future, as {text} does; "
            "a day without a time is its midnight in your own zone"
        )
    is_day = time == "00:00:00" and not (fraction or "").strip("0")
    return SentMoment(at, offset // timedelta(minutes=1) if is_day else None)


def now() -> datetime:
    """Return the present moment."""
    return instant(datetime.now(UTC))


def instant(moment: datetime) -> datetime:
    """Return a zoned datetime in UTC, cut to whole milliseconds; OverflowError outside the years 1 to 9999."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


type DateTimeText = str
"""A moment as `to_text` writes it."""

type DateText = str
"""A day in ISO 8601, e.g. 2022-07-29."""


def to_text(moment: datetime) -> DateTimeText:
    """Return e.g. 2022-07-29T11:26:11.106Z, always 24 characters (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_text(text: DateTimeText) -> datetime:
    """Return what `to_text` wrote."""
    return datetime.fromisoformat(text)


ApplicationId = NewType("ApplicationId", str)
"""An AtsiApplicationId in its one canonical spelling: lower case, five groups."""

AtsId = NewType("AtsId", str)
"""The applicant tracking system, as the board names it."""

_PLACEHOLDER_LENGTH = 64
_PLACEHOLDER_CHARACTERS = r"[A-Za-z ${}<>()\[\]#%:_.-]*"
_PLACEHOLDER_WORDS = (
    "(?:application|apply|atsi|enter|example|from|guid|header|here|id|insert|my|of|placeholder|replace|request|sample"
    "|status|string|text|the|todo|uuid|value|x|your)*"
)
_NO_VALUES = ("nil", "none", "null", "undefined")
_UUID = re.compile(r"([0-9a-f]{8})(-?)([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{4})\2([0-9a-f]{12})")


def application_id(text: str) -> ApplicationId:
    """Return the canonical spelling of a UUID written with or without hyphens, braces, `urn:uuid:` or capitals.

    Raises ValueError for anything else. RFC 9562, section 4, has the canonical form.
    """
    bare = text.lower()
    bare = bare[1:-1] if bare.startswith("{") and bare.endswith("}") else bare.removeprefix("urn:uuid:")
    match = _UUID.fullmatch(bare)
    if match is None:
        reason = why_no_value(text)
        raise ValueError(f"not a UUID: {reason}" if reason else "not a UUID")
    first, _, second, third, fourth, last = match.groups()
    return ApplicationId(f"{first}-{second}-{third}-{fourth}-{last}")


def why_no_value(text: str) -> str | None:
    """Say why a text stands for no value: it is empty, `null`, or a placeholder such as `string`, `<id>`, `{ATSI_ID}`.

    None for any other text. A placeholder is repeated, as it is made of a few known words and so is nobody's name.
    """
    if not text.strip():
        return "it is empty"
    if text.lower() in _NO_VALUES:
        return f'"{text}" stands for no value'
    has_its_form = len(text) <= _PLACEHOLDER_LENGTH and re.fullmatch(_PLACEHOLDER_CHARACTERS, text)
    if has_its_form and re.fullmatch(_PLACEHOLDER_WORDS, re.sub("[^a-z]", "", text.lower())):
        return f'"{text}" looks like a placeholder from documentation'
    return None
