"""The activity of connections in the Connections table, beside their other parts (see access/connections.py).

Part          S  activity
EventTypes    L  of M: Name S, Count N, Last S
Labels        L  of M: Label S, Status S?, Outcome S?, Last S
Parked        L  of M: Ids S, Last S; the newest only
LastTest      S  absent without a test
LastRefusal   M  At S, Reason S; absent without a refusal
Version       N  + 1 with every change
ExpiresAt     N  when DynamoDB deletes it, in seconds since 1970

An execution environment collects what it received and writes it at most once a minute for a connection, but at once if
it is something that it has not written before. Numbers are lost with the environment, so they are approximate.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from application_status.access.connections import part_key
from application_status.applications.items import expiry
from application_status.applications.rules.status import Outcome, Status
from application_status.intake.connect.rules import KEPT_FOR, Activity, EventType, Label, Parked, Refused, refusal
from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.client import CONNECT_SECONDS, READ_SECONDS, DynamoDB, Item
from application_status.platform.errors import AwaitingSecret, BodyTooLarge, ServiceError, WrongSignature
from application_status.platform.telemetry import logger
from application_status.platform.values import from_text, to_text

_PART = "activity"
_SECONDS_BETWEEN_WRITES = 60.0
_ONE_ATTEMPT_SECONDS = 2 * (CONNECT_SECONDS + READ_SECONDS) + 0.02
_MOST_REMEMBERED = 5000


class ActivityLog:
    """Collect and write the activity of connections; `clock` returns seconds and never goes backwards."""

    def __init__(self, dynamodb: DynamoDB, table: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock
        self._pending: dict[str, Activity] = {}
        self._written_at: dict[str, float] = {}
        self._written: set[tuple[str, tuple[str, str]]] = set()

    @contextmanager
    def noting_refusals(self, connection_id: str, at: datetime) -> Iterator[None]:
        """Note why a delivery is refused within the `with` block."""
        try:
            yield
        except (AwaitingSecret, BodyTooLarge, WrongSignature) as refused:
            self.note(connection_id, refusal(at, str(refused)), at)
            raise

    def note(self, connection_id: str, seen: Activity, at: datetime) -> None:
        """Note what a connection has sent; the request goes on if it can't be written."""
        pending = self._pending.get(connection_id, Activity()).with_more(seen)
        self._pending[connection_id] = pending
        now = self._clock()
        is_new = any((connection_id, each) not in self._written for each in seen.names)
        if not is_new and now < self._written_at.get(connection_id, now) + _SECONDS_BETWEEN_WRITES:
            return
        try:
            with deadline(_ONE_ATTEMPT_SECONDS):
                self._add(connection_id, pending, at)
        except ServiceError as error:
            logger.warning("activity not stored", error=type(error).__name__)
            return
        if len(self._written) > _MOST_REMEMBERED:
            self._written.clear()
        self._written |= {(connection_id, each) for each in pending.names}
        self._written_at[connection_id] = now
        del self._pending[connection_id]

    def read(self, connection_id: str, at: datetime) -> Activity:
        """Return the activity of a connection, as of a time."""
        return _activity(self._item(connection_id)).since(at - KEPT_FOR)

    def _item(self, connection_id: str) -> Item:
        key = part_key(connection_id, _PART)
        item: Item = self._dynamodb("GetItem", TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})
        return item

    def _add(self, connection_id: str, pending: Activity, at: datetime) -> None:
        """Add to the stored activity, on condition that no other environment changes it at the same time."""
        stored = self._item(connection_id)
        version = int(stored["Version"]["N"]) if stored else 0
        is_read = "Version = :read" if stored else "attribute_not_exists(Part)"
        self._dynamodb(
            "PutItem",
            TableName=self._table,
            Item={
                **part_key(connection_id, _PART),
                **_attributes(_activity(stored).with_more(pending).since(at - KEPT_FOR)),
                "Version": {"N": str(version + 1)},
                **expiry(at + KEPT_FOR),
            },
            ConditionExpression=is_read,
            **({"ExpressionAttributeValues": {":read": {"N": str(version)}}} if stored else {}),
        )


def _attributes(activity: Activity) -> Item:
    event_types = [
        {"M": {"Name": {"S": name}, "Count": {"N": str(each.received)}, "Last": {"S": to_text(each.last)}}}
        for name, each in activity.event_types.items()
    ]
    refused = activity.last_refusal
    return {
        "EventTypes": {"L": event_types},
        "Labels": {"L": [{"M": _label_attributes(text, each)} for text, each in activity.labels.items()]},
        "Parked": {
            "L": [
                {"M": {"Ids": {"S": ids}, "Last": {"S": to_text(each.last)}}} for ids, each in activity.parked.items()
            ]
        },
        **({"LastTest": {"S": to_text(activity.last_test)}} if activity.last_test else {}),
        **(
            {"LastRefusal": {"M": {"At": {"S": to_text(refused.at)}, "Reason": {"S": refused.reason}}}}
            if refused
            else {}
        ),
    }


def _label_attributes(text: str, label: Label) -> Item:
    return {
        "Label": {"S": text},
        **({"Status": {"S": label.status}} if label.status else {}),
        **({"Outcome": {"S": label.outcome}} if label.outcome else {}),
        "Last": {"S": to_text(label.last)},
    }


def _activity(item: Item) -> Activity:
    if not item:
        return Activity()
    refused = item["LastRefusal"]["M"] if "LastRefusal" in item else None
    return Activity(
        event_types={
            each["M"]["Name"]["S"]: EventType(int(each["M"]["Count"]["N"]), from_text(each["M"]["Last"]["S"]))
            for each in item["EventTypes"]["L"]
        },
        labels={each["M"]["Label"]["S"]: _label(each["M"]) for each in item["Labels"]["L"]},
        parked={each["M"]["Ids"]["S"]: Parked(from_text(each["M"]["Last"]["S"])) for each in item["Parked"]["L"]},
        last_test=from_text(item["LastTest"]["S"]) if "LastTest" in item else None,
        last_refusal=Refused(from_text(refused["At"]["S"]), refused["Reason"]["S"]) if refused else None,
    )


def _label(value: Item) -> Label:
    status = Status(value["Status"]["S"]) if "Status" in value else None
    outcome = Outcome(value["Outcome"]["S"]) if "Outcome" in value else None
    return Label(status, outcome, from_text(value["Last"]["S"]))
