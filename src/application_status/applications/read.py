"""The Applications table, read: one application for the ATS it belongs to.

A jobseeker's applications: found by the index, and read from the table as they are now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched

from application_status.applications import items
from application_status.applications.rules.application import Application, Registration
from application_status.platform.dynamodb.batches import batch_get
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.errors import UnknownApplication
from application_status.platform.outages import one_by_one
from application_status.platform.telemetry import log_unreadable
from application_status.platform.values import ApplicationId, AtsId


class OwnApplications:
    """Reads an ATS its own applications."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def of(self, ats_id: AtsId, application_id: ApplicationId) -> Application:
        """Return the application as it is now; UnknownApplication where it is unknown, another ATS's, or erased."""
        reply = self._dynamodb("GetItem", TableName=self._table, Key=items.key(application_id), ConsistentRead=True)
        item = reply.get("Item")
        if item is None or items.is_tombstone(item) or item["AtsId"]["S"] != ats_id:
            raise UnknownApplication
        return items.application(item)


LIST_LIMIT = 1000
"""The most applications that are listed: those applied for last."""

_INDEX = "ByJobseeker"
_BATCH = 100

type RegisteredApplication = tuple[Application, Registration]


@dataclass(frozen=True, slots=True)
class ApplicationList:
    """A jobseeker's applications, in any order, and whether these are all; those that can't be read are left out."""

    applications: Sequence[RegisteredApplication]
    complete: bool


class JobseekersApplications:
    """Reads the applications of one jobseeker at a time."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def all(self, jobseeker_id: str) -> ApplicationList:
        """Return a jobseeker's applications as they are; one registered just now may be missing for a second."""
        reply = self._dynamodb(
            "Query",
            TableName=self._table,
            IndexName=_INDEX,
            KeyConditionExpression="JobseekerId = :jobseeker",
            ExpressionAttributeValues={":jobseeker": {"S": jobseeker_id}},
            ScanIndexForward=False,
            Limit=LIST_LIMIT + 1,
        )
        keys = [{"AtsiApplicationId": item["AtsiApplicationId"]} for item in reply["Items"][:LIST_LIMIT]]
        read = [
            item
            for batch in batched(keys, _BATCH, strict=False)
            for item in batch_get(self._dynamodb, self._table, batch)
        ]
        own = one_by_one(read, lambda item: _own(item, jobseeker_id), _left_out)
        return ApplicationList([each for _, each in own if each], complete=len(reply["Items"]) <= LIST_LIMIT)

    def one(self, jobseeker_id: str, application_id: ApplicationId) -> RegisteredApplication:
        """Return a jobseeker's application; UnknownApplication for an unknown, foreign or erased one."""
        key = items.key(application_id)
        item = self._dynamodb("GetItem", TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        own = _own(item, jobseeker_id) if item else None
        if own is None:
            raise UnknownApplication
        return own


def _left_out(item: Item, error: Exception) -> None:
    log_unreadable(item["AtsiApplicationId"]["S"], error)


def _own(item: Item, jobseeker_id: str) -> RegisteredApplication | None:
    """Read an item; None where it isn't the jobseeker's, or a tombstone by now."""
    registration = items.registration(item)
    if registration is None or registration.jobseeker_id != jobseeker_id:
        return None
    return items.application(item), registration
