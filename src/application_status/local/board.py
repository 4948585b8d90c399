"""What a job board has after three months: seeded applications as they stand today, and what is counted of them."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from application_status.applications import items
from application_status.applications.rules.application import Registration
from application_status.health import counts as health
from application_status.health.rules import by_day
from application_status.local.employers import OPENINGS
from application_status.local.lives import Life, life
from application_status.local.senders import SENDERS
from application_status.platform.dynamodb.client import Item
from application_status.platform.values import application_id, instant, now, to_text
from application_status.quality.counters import items as quality_items
from application_status.quality.counters.write import Change, counter_update, rows_of
from application_status.quality.counting.stream import change
from application_status.quality.rules.contribution import Cell

APPLICATIONS = 2_000

_SEED = 260_000  # jobseeker-1 has lived through much
_DAYS, _JOBSEEKERS = 90, 1_200
_SATURDAY = 5
_FIRST_GENERATION, _FIRST_SHARD = 1, 0

type Load = Callable[[str, Iterable[Item]], None]
"""Puts items into a table."""


def fill(load: Load, zone: ZoneInfo) -> None:
    """Store the board; sending and counting it report by report would keep the stand-in busy for minutes."""
    today = now()
    lived = list(lives(today))
    applications = [each.application for each in lived]
    load("ApplicationsTable", (items.application_item(each, updated_at=to_text(today)) for each in applications))
    load("QualityTable", _counted([change(each, zone) for each in applications]))
    load("QualityTable", health.first_items(by_day((request for each in lived for request in each.requests), zone)))


def lives(today: datetime) -> Iterator[Life]:
    """Yield the lives of the board's applications, as they stand today."""
    shares = [opening.share for opening in OPENINGS]
    for number in range(APPLICATIONS):
        chance = random.Random(_SEED + number)  # noqa: S311  # the same board each time
        (opening,) = chance.choices(OPENINGS, shares)
        registration = Registration(
            ats_id=opening.ats_id,
            client_id=opening.client_id,
            job_id=opening.job_id,
            jobseeker_id=f"jobseeker-{1 + int(_JOBSEEKERS * chance.random() ** 1.3)}",
            job_title=opening.job_title,
            company=opening.company,
            applied_at=_applied_at(chance, today),
        )
        of = application_id(f"00000000-0000-4000-8000-{number:012x}")
        yield life(of, registration, SENDERS[opening.ats_id], chance, today)


def _applied_at(chance: random.Random, today: datetime) -> datetime:
    """Return a moment of the last months; a weekend sees half as many as other days."""
    moment, instead = (today - timedelta(days=chance.uniform(0, _DAYS)) for _ in range(2))
    return instant(instead if moment.weekday() >= _SATURDAY else moment)


def _counted(changes: Iterable[Change]) -> Iterable[Item]:
    """Yield what the analytics would leave of the changes."""
    total: Counter[Cell] = Counter()
    for each in changes:
        total.update(each.contribution)
        marker = counter_update(each, quality_items.NOT_COUNTED).target
        yield quality_items.marker_item(_FIRST_GENERATION, each.application_id, marker)
    for (ats_id, day), amounts in rows_of(total).items():
        key = quality_items.counter_key(_FIRST_GENERATION, ats_id, _FIRST_SHARD, day)
        yield {**key, **{quality_items.attribute(name): {"N": str(amount)} for name, amount in amounts.items()}}
    for ats_id in SENDERS:
        yield {"Scope": {"S": f"ats#{_FIRST_GENERATION}"}, "Part": {"S": ats_id}, "Shards": {"N": "1"}}
