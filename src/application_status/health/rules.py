"""Integration health: what became of each ATS's requests, day by day."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from application_status.applications.rules.report import Channel
from application_status.platform.values import AtsId


@dataclass(frozen=True, slots=True)
class Answered:
    """A request, or one signal of a batch: recorded, unchanged, late, unmapped, or the reason why it was refused."""

    ats_id: AtsId
    channel: Channel
    result: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HealthDay:
    """An ATS's day in the reporting time zone: its results by channel, and when the last request came."""

    ats_id: AtsId
    day: date
    counts: Mapping[tuple[Channel, str], int]
    last_seen: datetime


def by_day(requests: Iterable[Answered], zone: ZoneInfo) -> list[HealthDay]:
    """Count requests by ATS and day, in that order; days are cut in the time zone given."""
    found: dict[tuple[AtsId, date], list[Answered]] = defaultdict(list)
    for request in requests:
        found[request.ats_id, request.at.astimezone(zone).date()].append(request)
    return [
        HealthDay(ats_id, day, Counter((each.channel, each.result) for each in seen), max(each.at for each in seen))
        for (ats_id, day), seen in sorted(found.items())
    ]
