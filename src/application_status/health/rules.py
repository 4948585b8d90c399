"""Groups the results of requests by ATS and day, and finds ATSs that have stopped sending requests."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from application_status.applications.rules.application import ReportResult
from application_status.applications.rules.report import Channel
from application_status.platform.values import AtsId


@dataclass(frozen=True, slots=True)
class RequestResult:
    """The result of a request or of a signal: recorded, unchanged, late, unmapped, or the reason of the refusal.

    `amount` is how many reports of a batch or of a file have this result.
    """

    ats_id: AtsId
    channel: Channel
    result: str
    at: datetime
    amount: int = 1


@dataclass(frozen=True, slots=True)
class HealthDay:
    """A day of an ATS in the reporting time zone: results by channel, and the time of the last request."""

    ats_id: AtsId
    day: date
    counts: Mapping[tuple[Channel, str], int]
    last_seen: datetime


def by_day(requests: Iterable[RequestResult], zone: ZoneInfo) -> list[HealthDay]:
    """Count requests by ATS and day, ordered by both; days are cut in the given time zone."""
    found: dict[tuple[AtsId, date], list[RequestResult]] = defaultdict(list)
    for request in requests:
        found[request.ats_id, request.at.astimezone(zone).date()].append(request)
    return [
        HealthDay(ats_id, day, _counts(of_day), max(each.at for each in of_day))
        for (ats_id, day), of_day in sorted(found.items())
    ]


def _counts(requests: Iterable[RequestResult]) -> Counter[tuple[Channel, str]]:
    counts = Counter[tuple[Channel, str]]()
    for each in requests:
        counts[each.channel, each.result] += each.amount
    return counts


_ACCEPTED = {*ReportResult, "parked", "ended", "noted", "ignored", "test"}


def is_accepted(result: str) -> bool:
    """Return whether a report or an event with this result was accepted; others were refused, dropped or failed."""
    return result in _ACCEPTED


PATTERN = timedelta(days=28)
"""How many days of an ATS its pattern is taken from."""

_REGULAR_DAYS = 5
_GRACE = timedelta(days=1)


def is_silent(days: Sequence[HealthDay], now: datetime) -> bool:
    """Return whether an ATS has stopped; `days` are its recent days with requests, oldest first.

    It has stopped if its last request is more than a day older than its longest pause so far: a nightly sender after 48
    hours, one that rests at weekends after four days. With fewer than five days, it has no pattern to depart from.
    """
    if len(days) < _REGULAR_DAYS:
        return False
    longest_pause = max(later.last_seen - earlier.last_seen for earlier, later in pairwise(days))
    return now - days[-1].last_seen > longest_pause + _GRACE
