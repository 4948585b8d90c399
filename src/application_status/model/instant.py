"""Moments: UTC, whole milliseconds, and written so that text order is time order."""

from datetime import UTC, datetime, timedelta

CLOCK_SKEW = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""


def now() -> datetime:
    """Return the present moment."""
    return instant(datetime.now(UTC))


def instant(moment: datetime) -> datetime:
    """Return a zoned datetime in UTC, cut to whole milliseconds; OverflowError outside the years 1 to 9999."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def to_text(moment: datetime) -> str:
    """Return e.g. 2022-07-29T11:26:11.106Z, always 24 characters (RFC 3339)."""
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_text(text: str) -> datetime:
    """Return what `to_text` wrote."""
    return datetime.fromisoformat(text)
