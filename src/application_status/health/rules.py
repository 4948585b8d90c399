"""Groups the results of requests by ATS and day."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from application_status.applications.rules.report import Channel
from application_status.platform.values import AtsId


@dataclass(frozen=True, slots=True)
class RequestResult:
    """The result of a request or of a signal: recorded, unchanged, late, unmapped, or the reason of the refusal."""

    ats_id: AtsId
    channel: Channel
    result: str
    at: datetime


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
        HealthDay(ats_id, day, Counter((each.channel, each.result) for each in of_day), max(each.at for each in of_day))
        for (ats_id, day), of_day in sorted(found.items())
    ]
