"""Stores what jobseekers note about their applications, and lists their open feedback for the board.

The notes are attributes of the application's item (`applications/items.py`), so an erasure removes them with it. The
Feedback table has an entry for each open feedback, in the order in which it was sent, without what it says:

Queue      S   "open"
Entry      S   <time of sending>~<application>
ExpiresAt  N   when DynamoDB may delete the entry, in seconds since 1970

An entry whose application was erased since is not listed.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple

from application_status.applications import items
from application_status.applications.read import stored_application
from application_status.applications.record import Update
from application_status.applications.rules.application import Application
from application_status.applications.rules.notes import Feedback
from application_status.applications.rules.registration import Registration
from application_status.platform.dynamodb.client import DynamoDB, Item, batch_get
from application_status.platform.errors import ConditionFailed, UnknownApplication
from application_status.platform.outages import one_by_one
from application_status.platform.telemetry import log_unreadable
from application_status.platform.values import ApplicationId, now, to_text

LIST_PAGE_SIZE = 100

_OPEN = "open"
_LIFE = timedelta(days=180)


class OpenFeedback(NamedTuple):
    """Feedback that the board has not closed; `status` is the one that it is about."""

    application_id: ApplicationId
    registration: Registration
    status: str
    feedback: Feedback


class JobseekersNotes:
    """Store a jobseeker's notes about an application that was read before.

    Each method raises ConditionFailed, and stores nothing, if the application has changed since.
    """

    def __init__(self, dynamodb: DynamoDB, applications_table: str, feedback_table: str) -> None:
        self._dynamodb = dynamodb
        self._applications = applications_table
        self._feedback = feedback_table

    def archive(self, seen: Application, archived_as: str) -> None:
        """Archive an application; `archived_as` identifies its status."""
        update = _update(seen)
        update.set({"ArchivedAs": {"S": archived_as}})
        self._dynamodb("UpdateItem", **self._request(seen, update))

    def take_back(self, seen: Application) -> None:
        """Take an application back from the archive."""
        update = _update(seen)
        update.removes.append("ArchivedAs")
        self._dynamodb("UpdateItem", **self._request(seen, update))

    def send(self, seen: Application, status: str, feedback: Feedback) -> None:
        """Store feedback about a status, and add it to the open feedback."""
        update = _update(seen)
        value = items.feedback_value(feedback)
        if seen.notes.feedback:
            update.sets.append("Feedback.#status = :feedback")
            update.names["#status"] = status
            update.values[":feedback"] = value
        else:
            update.set({"Feedback": {"M": {status: value}}})
        entry = _key(_entry(seen.application_id, feedback))
        put = {"TableName": self._feedback, "Item": {**entry, **items.expiry(feedback.sent_at + _LIFE)}}
        self._dynamodb("TransactWriteItems", TransactItems=[{"Update": self._request(seen, update)}, {"Put": put}])

    def _request(self, seen: Application, update: Update) -> dict[str, Any]:
        return {"TableName": self._applications, "Key": items.key(seen.application_id), **update.expressions()}


class FeedbackList:
    """List and close open feedback."""

    def __init__(self, dynamodb: DynamoDB, applications_table: str, feedback_table: str) -> None:
        self._dynamodb = dynamodb
        self._applications = applications_table
        self._feedback = feedback_table

    def page(self, after: str | None = None) -> tuple[Sequence[OpenFeedback], str | None]:
        """Return the open feedback after an entry, the oldest first, and the entry to continue after, None at the end.

        Unreadable applications are left out.
        """
        names, values = {"#queue": "Queue"}, {":open": {"S": _OPEN}}
        if after:
            names["#entry"], values[":after"] = "Entry", {"S": after}
        reply = self._dynamodb(
            "Query",
            TableName=self._feedback,
            ConsistentRead=True,
            KeyConditionExpression="#queue = :open" + (" AND #entry > :after" if after else ""),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            Limit=LIST_PAGE_SIZE,
        )
        entries = [row["Entry"]["S"] for row in reply["Items"]]
        keys = [items.key(each) for each in dict.fromkeys(_application_of(each) for each in entries)]
        read = {item["AtsiApplicationId"]["S"]: item for item in batch_get(self._dynamodb, self._applications, keys)}
        stored = [(each, read[_application_of(each)]) for each in entries if _application_of(each) in read]
        found = one_by_one(stored, lambda pair: _open(*pair), _left_out)
        return [of for _, of in found if of], reply.get("LastEvaluatedKey", {}).get("Entry", {}).get("S")

    def close(self, application_id: ApplicationId, status: str) -> None:
        """Close the feedback about a status of an application, and delete its text; closing it again changes nothing.

        Raises:
            UnknownApplication: the application is not registered, or was erased.
        """
        while True:
            seen = stored_application(self._dynamodb, self._applications, application_id)
            if seen is None:
                raise UnknownApplication
            feedback = seen.notes.feedback.get(status)
            if feedback is None:
                return
            with suppress(ConditionFailed):  # the application has changed since it was read
                if feedback.closed_at is None:
                    self._close(seen, status, feedback)
                key = _key(_entry(seen.application_id, feedback))
                self._dynamodb("DeleteItem", TableName=self._feedback, Key=key)
                return

    def _close(self, seen: Application, status: str, feedback: Feedback) -> None:
        update = _update(seen)
        update.sets.append("Feedback.#status = :feedback")
        update.names["#status"] = status
        update.values[":feedback"] = items.feedback_value(feedback._replace(text="", closed_at=now()))
        request = {"TableName": self._applications, "Key": items.key(seen.application_id), **update.expressions()}
        self._dynamodb("UpdateItem", **request)


def _update(seen: Application) -> Update:
    update = Update()
    update.require_version(seen)
    update.increment_version(now())
    return update


def _key(entry: str) -> Item:
    return {"Queue": {"S": _OPEN}, "Entry": {"S": entry}}


def _entry(application_id: ApplicationId, feedback: Feedback) -> str:
    return f"{to_text(feedback.sent_at)}~{application_id}"


def _application_of(entry: str) -> ApplicationId:
    return ApplicationId(entry.partition("~")[2])


def _open(entry: str, item: Item) -> OpenFeedback | None:
    """Return the open feedback of an entry; None if it is closed, or the application was erased."""
    if items.is_tombstone(item):
        return None
    application = items.application(item)
    for status, feedback in application.notes.feedback.items():
        is_of_entry = _entry(application.application_id, feedback) == entry
        if is_of_entry and not feedback.closed_at and application.registration:
            return OpenFeedback(application.application_id, application.registration, status, feedback)
    return None


def _left_out(stored: tuple[str, Item], error: Exception) -> None:
    log_unreadable(_application_of(stored[0]), error)
