"""Read applications: any one, one or all of an ATS, or those of a jobseeker."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from application_status.applications import items
from application_status.applications.rules.application import Application
from application_status.applications.rules.registration import Registration
from application_status.platform.dynamodb.client import DynamoDB, Item, batch_get, pages
from application_status.platform.errors import UnknownApplication
from application_status.platform.outages import one_by_one
from application_status.platform.telemetry import log_unreadable
from application_status.platform.values import ApplicationId, AtsId

LIST_LIMIT = 1000
"""The maximum number of applications that are listed, those with the latest application date."""

_INDEX, _BY_ATS = "ByJobseeker", "ByAts"
_BEFORE_ALL = "-"
"""An id that sorts before all others."""


def stored_application(dynamodb: DynamoDB, table: str, application_id: ApplicationId) -> Application | None:
    """Return an application, by one of its ids; None if it does not exist or was erased."""
    item = _stored_item(dynamodb, table, application_id)
    return items.application(item) if item else None


def _stored_item(
    dynamodb: DynamoDB, table: str, application_id: ApplicationId, ats_id: AtsId | None = None
) -> Item | None:
    """Return an application's item, by one of its ids; None if it does not exist or was erased.

    With `ats_id`, also None if it is another ATS's. Then it is not parsed, as the time that takes would show that it
    exists.
    """
    reply = dynamodb("GetItem", TableName=table, Key=items.key(application_id), ConsistentRead=True)
    item: Item | None = reply.get("Item")
    if first := items.first_id(item, ats_id):
        return _stored_item(dynamodb, table, first, ats_id)
    if item is None or items.is_tombstone(item):
        return None
    return item if ats_id in (None, item["AtsId"]["S"]) else None


class ApplicationPage(NamedTuple):
    """A page of an ATS's applications, each with the newest transition alone, and the last id if more follow."""

    applications: Sequence[Application]
    next: ApplicationId | None


class OwnApplications:
    """Read an ATS's own applications; `in_sandbox` changes only texts of errors."""

    def __init__(self, dynamodb: DynamoDB, table: str, *, in_sandbox: bool = False) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._in_sandbox = in_sandbox

    def of(self, ats_id: AtsId, application_id: ApplicationId) -> Application:
        """Return the application.

        Raises:
            UnknownApplication: it does not exist, belongs to another ATS, or was erased.
        """
        item = _stored_item(self._dynamodb, self._table, application_id, ats_id)
        if item is None:
            raise UnknownApplication(in_sandbox=self._in_sandbox)
        return items.application(item)

    def page(self, ats_id: AtsId, after: ApplicationId | None, size: int) -> ApplicationPage:
        """Return up to `size` applications whose ids come after one, or the first ones.

        An application that is new within the last second may be missing. One that can't be read is left out.
        """
        reply = self._dynamodb(
            "Query",
            TableName=self._table,
            IndexName=_BY_ATS,
            KeyConditionExpression="AtsId = :ats AND AtsiApplicationId > :after",
            ExpressionAttributeValues={":ats": {"S": ats_id}, ":after": {"S": after or _BEFORE_ALL}},
            Limit=size + 1,
        )
        ids = [item["AtsiApplicationId"]["S"] for item in reply["Items"]]
        keys = [items.key(ApplicationId(each)) for each in ids[:size]]
        stored = [each for each in batch_get(self._dynamodb, self._table, keys) if not items.is_tombstone(each)]
        read = (each for _, each in one_by_one(stored, items.application_as_it_stands, _left_out))
        ordered = sorted(read, key=lambda each: each.application_id)
        return ApplicationPage(ordered, ApplicationId(ids[size - 1]) if len(ids) > size else None)


type RegisteredApplication = tuple[Application, Registration]


@dataclass(frozen=True, slots=True)
class ApplicationList:
    """A jobseeker's applications in any order, without unreadable ones; `complete` is False above LIST_LIMIT."""

    applications: Sequence[RegisteredApplication]
    complete: bool


class JobseekersApplications:
    """Read the applications of a jobseeker."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def all(self, jobseeker_id: str) -> ApplicationList:
        """Return a jobseeker's applications; one registered within the last second may be missing."""
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
        read = batch_get(self._dynamodb, self._table, keys)
        own = one_by_one(read, lambda item: _own(item, jobseeker_id), _left_out)
        return ApplicationList([each for _, each in own if each], complete=len(reply["Items"]) <= LIST_LIMIT)

    def ids(self, jobseeker_id: str) -> list[ApplicationId]:
        """Return the ids of all applications of a jobseeker, without a limit.

        The index is updated within about a second, so it may lack a new application, and still have an erased one.
        """
        request = {
            "TableName": self._table,
            "IndexName": _INDEX,
            "KeyConditionExpression": "JobseekerId = :jobseeker",
            "ExpressionAttributeValues": {":jobseeker": {"S": jobseeker_id}},
        }
        found = chain.from_iterable(pages(self._dynamodb, "Query", request))
        return [ApplicationId(item["AtsiApplicationId"]["S"]) for item in found]

    def one(self, jobseeker_id: str, application_id: ApplicationId) -> RegisteredApplication:
        """Return an application of a jobseeker.

        Raises:
            UnknownApplication: it does not exist, belongs to another jobseeker, or was erased.
        """
        key = items.key(application_id)
        item = self._dynamodb("GetItem", TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        own = _own(item, jobseeker_id) if item else None
        if own is None:
            raise UnknownApplication
        return own


def _left_out(item: Item, error: Exception) -> None:
    log_unreadable(item["AtsiApplicationId"]["S"], error)


def _own(item: Item, jobseeker_id: str) -> RegisteredApplication | None:
    """Parse an item; None if it is not the jobseeker's, or a tombstone: then it is not parsed, as in `_stored_item`."""
    if item.get("JobseekerId") != {"S": jobseeker_id}:
        return None
    registration = items.registration(item)
    return (items.application(item), registration) if registration else None
