"""Erase an application: remove its aliases and replace its item with a tombstone.

Model: tests/promises/models/erasure.pml
Model: tests/promises/models/promotion.pml
"""

from typing import NamedTuple

from application_status.applications import items
from application_status.applications.aliases import AliasTable
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.errors import ConditionFailed
from application_status.platform.values import ApplicationId, now, to_text

_IS_NOT_STORED = "attribute_not_exists(AtsiApplicationId)"
_IS_AS_SEEN = "Version = :seen"


class Erased(NamedTuple):
    """What an erasure found: an application or none, or the tombstone of an earlier erasure or expiry.

    `aliases` is the number of aliases that it removed.
    """

    was_stored: bool
    tombstone: Item | None
    aliases: int


class Erasure:
    """Erase applications permanently."""

    def __init__(self, dynamodb: DynamoDB, applications_table: str, aliases_table: str) -> None:
        self._dynamodb = dynamodb
        self._applications = applications_table
        self._aliases = AliasTable(dynamodb, aliases_table)

    def erase(self, application_id: ApplicationId, former: Item | None = None) -> Erased:
        """Erase an application, by any of its ids, unless it is erased; an unknown one can't be registered afterwards.

        `former` is its tombstone in a table from before a restore, which is put again.

        Raises:
            Unavailable: the store failed; call it again to complete the erasure, as the item still has its aliases.
        """
        seen: Item | None = None
        was_stored, aliases = False, 0
        while True:
            try:
                self._put_tombstone(application_id, seen, former)
            except ConditionFailed as failed:
                seen = failed.item
                if first := items.first_id(seen):
                    return self.erase(first)
                if seen is not None and items.is_tombstone(seen):
                    return Erased(was_stored, None if was_stored else seen, aliases)  # a lost reply was its own
                was_stored = seen is not None
                aliases += self._remove_aliases(application_id, seen)
            else:
                return Erased(was_stored, None, aliases)

    def _put_tombstone(self, application_id: ApplicationId, seen: Item | None, former: Item | None) -> None:
        """Put the tombstone if the item has not changed since it was seen, or if there still is none."""
        version = int(seen["Version"]["N"]) if seen else 0
        as_seen = {"ConditionExpression": _IS_AS_SEEN, "ExpressionAttributeValues": {":seen": {"N": str(version)}}}
        tombstone = items.tombstone(application_id, version=version + 1, erased_at=to_text(now()))
        if former:
            tombstone = {**former, "Version": {"N": str(max(version + 1, int(former["Version"]["N"])))}}
        self._dynamodb(
            "PutItem",
            TableName=self._applications,
            Item=tombstone,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **(as_seen if seen else {"ConditionExpression": _IS_NOT_STORED}),
        )

    def _remove_aliases(self, application_id: ApplicationId, seen: Item | None) -> int:
        registration = items.registration(seen) if seen else None
        return self._aliases.remove(application_id, registration) if registration else 0
