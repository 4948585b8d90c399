"""What a small board has after three months: seeded applications as they stand today, and what is counted of them."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from itertools import batched
from zoneinfo import ZoneInfo

from application_status.analytics.records import change
from application_status.local.demo import ATS_ID
from application_status.local.lives import Board
from application_status.model.application import Application
from application_status.model.instant import now, to_text
from application_status.model.quality import Cell
from application_status.store import items, quality_items
from application_status.store.dynamodb import DynamoDB, Item
from application_status.store.quality_steps import Change, next_step, rows_of

APPLICATIONS = 500

_ATS_IDS = (ATS_ID, "workday", "personio", "greenhouse", "icims")
_DAYS, _CLIENTS = 90, 12
_ITEMS_PER_CALL = 25
_FIRST_GENERATION, _FIRST_SHARD = 1, 0


def fill(dynamodb: DynamoDB, zone: ZoneInfo) -> None:
    """Store the board; counting it record by record would keep the stand-in busy for a minute."""
    applications = list(_applications())
    _put_all(dynamodb, "QualityTable", _counted([change(each, zone) for each in applications]))
    updated_at = to_text(now())
    _put_all(
        dynamodb,
        "ApplicationsTable",
        (items.application_item(each, updated_at=updated_at) for each in applications),
    )


def _applications() -> Iterable[Application]:
    today, chance = now(), random.Random(1)  # noqa: S311  # the same board each time
    board = Board(_ATS_IDS, clients=_CLIENTS, start=today - timedelta(days=_DAYS), days=_DAYS)
    for number in range(APPLICATIONS):
        *_, last = (version for moment, version in board.life(number, chance) if moment <= today)
        yield last


def _counted(changes: Iterable[Change]) -> Iterable[Item]:
    """Yield what the analytics would leave of the changes."""
    total: Counter[Cell] = Counter()
    for each in changes:
        total.update(each.contribution)
        marker = next_step(each, quality_items.NOTHING).target
        yield quality_items.marker_item(_FIRST_GENERATION, each.application_id, marker)
    for (ats_id, day), amounts in rows_of(total).items():
        key = quality_items.counter_key(_FIRST_GENERATION, ats_id, _FIRST_SHARD, day)
        yield {**key, **{quality_items.attribute(name): {"N": str(amount)} for name, amount in amounts.items()}}
    for ats_id in _ATS_IDS:
        yield {"Scope": {"S": f"ats#{_FIRST_GENERATION}"}, "Part": {"S": ats_id}, "Shards": {"N": "1"}}


def _put_all(dynamodb: DynamoDB, table: str, found: Iterable[Item]) -> None:
    for group in batched(found, _ITEMS_PER_CALL, strict=False):
        dynamodb("BatchWriteItem", RequestItems={table: [{"PutRequest": {"Item": item}} for item in group]})
