"""Retention: removes applications that are finished for long enough, and keeps what they were counted for.

`retention` makes the handler of the scheduled function, which reads one of 24 parts of the Applications table each
hour, so each application once a day.

An application expires in one transaction: a tombstone replaces it, its aliases are deleted, its marker is emptied, and
what the marker counted joins the archive (`counters/archive.py`). The transaction fails if any of these has changed
since it was read, so nothing is counted twice or lost. The totals, and all reports of them, stay the same. Of more than
about 90 aliases, the rest is deleted in transactions before it, which also require that nothing has changed.

No application expires while a rebuild runs: the transaction requires that no generation is being built. So a rebuild
finds an application either in the table or in the archive, never in both.

Model: tests/promises/models/rebuild.pml
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from typing import Any

from application_status.applications import items
from application_status.applications.aliases import AliasTable
from application_status.applications.rules.application import Application
from application_status.applications.rules.status import Outcome
from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.client import DynamoDB, Item, pages, side_by_side
from application_status.platform.errors import ConditionFailed
from application_status.platform.outages import one_by_one
from application_status.platform.telemetry import (
    add_metric,
    begin,
    flush,
    hiding_error_messages,
    log_unreadable,
    logger,
)
from application_status.platform.values import now, to_text
from application_status.quality.counters.archive import archiving
from application_status.quality.counters.generations import KEY, generations
from application_status.quality.counters.journal import Name
from application_status.quality.counters.write import Change, Counters, counter_update, read_markers

_PARTS, _PART_SECONDS = 24, 3_600
_READING_SECONDS, _STORE_SECONDS = 720.0, 840.0
_ACTIONS_PER_TRANSACTION = 100

_JOB = ("AtsId", "ClientId", "JobId")
_MAY_HAVE_EXPIRED = "attribute_not_exists(ErasedAt) AND (attribute_not_exists(AppliedAt) OR AppliedAt < :limit)"

type Handler = Callable[[Any, Any], dict[str, int]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long applications are kept after their last change, once they have ended and while open; zero: for ever."""

    ended: timedelta
    still_open: timedelta

    def has_expired(self, application: Application, at: datetime) -> bool:
        """Return whether an application has expired at a time."""
        limit = self.still_open if application.outcome[0] is Outcome.OPEN else self.ended
        return bool(limit) and application.changed_at + limit <= at

    @property
    def shortest(self) -> timedelta | None:
        """The shorter limit; None if all applications are kept for ever."""
        return min(filter(None, (self.ended, self.still_open)), default=None)


class Retention:
    """Expires applications."""

    def __init__(
        self, dynamodb: DynamoDB, applications_table: str, aliases_table: str, quality_table: str, limits: Limits
    ) -> None:
        self._dynamodb = dynamodb
        self._applications = applications_table
        self._aliases = AliasTable(dynamodb, aliases_table)
        self._quality = quality_table
        self._counters = Counters(dynamodb, quality_table)
        self._limits = limits

    def expire(self, item: Item) -> bool:
        """Expire an application if it is due; return whether it expired.

        It does not expire if it has changed since it was read, if its last change is not counted yet, or while a
        rebuild runs.

        Raises:
            Unavailable: the store failed.
            Exception: the item can't be read.
        """
        application = items.application(item)
        if not self._limits.has_expired(application, now()):
            return False
        application_id, version = application.application_id, application.version
        current = generations(self._dynamodb, self._quality)
        marker = read_markers(self._dynamodb, self._quality, current.live, [application_id]).get(application_id)
        if current.building is not None or marker is None or marker.version != version:
            return False
        emptied = counter_update(Change(application_id, version + 1, contribution={}), marker)
        actions = [
            self._require_no_rebuild(current.live),
            self._put_tombstone(application),
            *self._counters.actions(current.live, [emptied]),
            archiving(self._dynamodb, self._quality, marker, _names(application)),
        ]
        deletions = (
            self._aliases.deletions(application_id, application.registration) if application.registration else []
        )
        room = _ACTIONS_PER_TRANSACTION - len(actions)
        try:
            for some in batched(deletions[room:], _ACTIONS_PER_TRANSACTION - 1, strict=False):
                self._dynamodb("TransactWriteItems", TransactItems=[self._require_unchanged(application), *some])
            self._dynamodb("TransactWriteItems", TransactItems=[*actions, *deletions[:room]])
        except ConditionFailed:
            return False
        return True

    def expire_part(self, number: int) -> int:
        """Expire the applications of one of the table's parts; return how many expired.

        It stops after 12 minutes; what is left expires on the following days.
        """
        shortest = self._limits.shortest
        if shortest is None:
            return 0
        until, expired = time.monotonic() + _READING_SECONDS, 0
        request = {
            "TableName": self._applications,
            "FilterExpression": _MAY_HAVE_EXPIRED,
            "ExpressionAttributeValues": {":limit": {"S": to_text(now() - shortest)}},
            "Segment": number,
            "TotalSegments": _PARTS,
        }
        for page in pages(self._dynamodb, "Scan", request):
            jobs: dict[str, list[Item]] = defaultdict(list)  # applications of a job change the same row of the archive
            for item in page:
                jobs[repr([item.get(name) for name in _JOB])].append(item)
            expired += sum(side_by_side([partial(self._expire_each, of_job, until) for of_job in jobs.values()]))
            if time.monotonic() > until:
                logger.warning("part not finished", part=number)
                break
        return expired

    def _expire_each(self, applications: Sequence[Item], until: float) -> int:
        expired = 0
        for item, has_expired in one_by_one(applications, self.expire, _note):
            if has_expired:
                expired += 1
                logger.info("expired", application=item["AtsiApplicationId"]["S"])
            if time.monotonic() > until:
                break
        return expired

    def _require_no_rebuild(self, live: int) -> Item:
        check: dict[str, Any] = {
            "TableName": self._quality,
            "Key": KEY,
            "ConditionExpression": "attribute_not_exists(Building) AND (attribute_not_exists(Live) OR Live = :live)",
            "ExpressionAttributeValues": {":live": {"N": str(live)}},
        }
        return {"ConditionCheck": check}

    def _require_unchanged(self, application: Application) -> Item:
        check = {
            "TableName": self._applications,
            "Key": items.key(application.application_id),
            **_is_as_read(application),
        }
        return {"ConditionCheck": check}

    def _put_tombstone(self, application: Application) -> Item:
        put: dict[str, Any] = {
            "TableName": self._applications,
            "Item": items.tombstone(
                application.application_id, version=application.version + 1, erased_at=to_text(now()), expired=True
            ),
            **_is_as_read(application),
        }
        return {"Put": put}


def retention(expiring: Retention) -> Handler:
    """Return the handler of the scheduled function."""

    def lambda_handler(_event: Any, context: Any) -> dict[str, int]:
        begin(getattr(context, "aws_request_id", None))
        try:
            with hiding_error_messages(), deadline(_STORE_SECONDS):
                expired = expiring.expire_part(int(now().timestamp()) // _PART_SECONDS % _PARTS)
                add_metric("Expired", expired)
        finally:
            flush()
        return {"expired": expired}

    return lambda_handler


def _is_as_read(application: Application) -> dict[str, Any]:
    """Return the condition that an application has not changed since it was read."""
    return {
        "ConditionExpression": "Version = :seen",
        "ExpressionAttributeValues": {":seen": {"N": str(application.version)}},
    }


def _names(application: Application) -> tuple[Name, Name] | None:
    """Return the names of the client and the job, valid from the day of applying, as a rebuild counts them."""
    of = application.registration
    if of is None:
        return None
    applied_on = of.applied_at.date().isoformat()
    return Name(applied_on, of.company), Name(applied_on, of.job_title)


def _note(item: Item, error: Exception) -> None:
    log_unreadable(item["AtsiApplicationId"]["S"], error)
