"""The Applications table: a report is one conditional UpdateItem, and what it runs into tells the cases apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from application_status.errors import ConditionFailed, UnknownApplication
from application_status.model.application import HISTORY_LIMIT, Application, Receipt
from application_status.model.instant import to_text
from application_status.model.report import Report, Transition
from application_status.model.status import Status
from application_status.settings import UnknownApplications
from application_status.store import items
from application_status.store.dynamodb import DynamoDB, Item

_IS_THE_CALLERS = "attribute_exists(AtsiApplicationId) AND AtsId = :ats"
_IS_UNKNOWN = "attribute_not_exists(Transitions.#key) AND size(Transitions) < :limit"
_IS_NEWER = "(attribute_not_exists(Head) OR Head < :key)"
_IS_NO_RESEND = "NOT contains(ResendKeys, :resend)"
_CHANGES_THE_STATUS = "#status <> :status"
_CHANGES_STATUS_OR_LABEL = "(#status <> :status OR attribute_not_exists(RawStatus) OR RawStatus <> :raw)"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a report, and how the application stands now; `previous` is None at first contact."""

    receipt: Receipt
    status: Status
    version: int
    previous: Status | None


class Applications:
    """Records reports, each write atomic with the checks it depends on."""

    def __init__(
        self, dynamodb: DynamoDB, table: str, unknown: UnknownApplications = UnknownApplications.REJECT
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._unknown = unknown

    def record(self, report: Report) -> Recorded:
        """Record a report: one write; a second for one that is late, or first contact, or meets a head from the future.

        Raises UnknownApplication, HistoryFull, or Unavailable (then nothing is lost by sending again).
        """
        transition = report.transition()
        write = self._take_head if transition.status else self._join_history
        while True:
            try:
                return write(report, transition)
            except ConditionFailed as failed:
                stored = self._stored(failed, report)
                if stored is None:
                    write = self._create
                    continue
                if failed.in_doubt and stored.transitions.get(transition.key) == transition:
                    return _found_own_write(stored, transition)
                receipt, transition = stored.receive(report)
                if len(stored.transitions) >= HISTORY_LIMIT - 1:
                    report = replace(report, previous=None)  # there is room for one more, not for two
                if receipt is Receipt.UNCHANGED:
                    return Recorded(receipt, stored.status, stored.version, stored.status)
                write = self._take_head if receipt is Receipt.RECORDED else self._join_history

    def _stored(self, failed: ConditionFailed, report: Report) -> Application | None:
        """Return the caller's application that the write ran into, None where there is none and it may be created."""
        if failed.item is None and self._unknown is UnknownApplications.ACCEPT:
            return None
        if failed.item is None or items.is_tombstone(failed.item) or failed.item["AtsId"]["S"] != report.ats_id:
            raise UnknownApplication
        return items.application(failed.item)

    def _take_head(self, report: Report, transition: Transition) -> Recorded:
        """Add the transition and make it the head."""
        raw_status = transition.raw_status
        values: dict[str, Item] = {
            ":key": {"S": transition.key},
            ":status": {"S": str(transition.status)},
            ":raw": {"S": raw_status or ""},
        }
        conditions, adds = [_IS_NEWER], []
        if not transition.timed:
            conditions.append(_CHANGES_STATUS_OR_LABEL if raw_status else _CHANGES_THE_STATUS)
        if report.resend_key:
            conditions.append(_IS_NO_RESEND)
            adds.append("ResendKeys :resends")
            values |= {":resend": {"S": report.resend_key}, ":resends": {"SS": [report.resend_key]}}
        sets = ["Head = :key", "#status = :status", "RawStatus = :raw"]
        before = self._add(report, transition, _Change(conditions, sets, adds, {"#status": "Status"}, values))
        return Recorded(Receipt.RECORDED, Status(str(transition.status)), before.version + 1, before.status)

    def _join_history(self, report: Report, transition: Transition) -> Recorded:
        """Add the transition and leave the head; a head is never replaced by an older one, so it needs no condition."""
        before = self._add(report, transition, _Change())
        receipt = Receipt.LATE if transition.status else Receipt.UNMAPPED
        return Recorded(receipt, before.status, before.version + 1, before.status)

    def _add(self, report: Report, transition: Transition, change: "_Change") -> Application:
        """Add the transition, and what the report says came before it; return the application as it was."""
        sets = ["Transitions.#key = :transition", "UpdatedAt = :now", *change.sets]
        names = {"#key": transition.key, **change.names}
        values: dict[str, Item] = {
            ":ats": {"S": report.ats_id},
            ":limit": {"N": str(HISTORY_LIMIT)},
            ":transition": items.transition_value(transition),
            ":now": {"S": to_text(report.received_at)},
            ":one": {"N": "1"},
            **change.values,
        }
        if report.previous and report.previous.key < transition.key:
            values[":limit"] = {"N": str(HISTORY_LIMIT - 1)}
            sets.append("Transitions.#previous = if_not_exists(Transitions.#previous, :previous)")
            names["#previous"] = report.previous.key
            values[":previous"] = items.transition_value(report.previous)
        item = self._dynamodb(
            "UpdateItem",
            TableName=self._table,
            Key=items.key(report.application_id),
            ConditionExpression=" AND ".join([_IS_THE_CALLERS, _IS_UNKNOWN, *change.conditions]),
            UpdateExpression=f"SET {', '.join(sets)} ADD {', '.join(['Version :one', *change.adds])}",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_OLD",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )["Attributes"]
        return items.application(item)

    def _create(self, report: Report, transition: Transition) -> Recorded:
        """Let the first ATS to report own the application."""
        status = Status(str(transition.status))
        application = Application(
            application_id=report.application_id,
            ats_id=report.ats_id,
            status=status,
            version=1,
            raw_status=transition.raw_status,
            head=transition.key,
            transitions={transition.key: transition},
            resend_keys=frozenset({report.resend_key} if report.resend_key else ()),
        )
        self._dynamodb(
            "PutItem",
            TableName=self._table,
            Item=items.application_item(application, updated_at=to_text(report.received_at)),
            ConditionExpression="attribute_not_exists(AtsiApplicationId)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return Recorded(Receipt.RECORDED, status, version=1, previous=None)


@dataclass(frozen=True, slots=True)
class _Change:
    """What a write does beside adding its transition: the parts of its expressions, their names and values."""

    conditions: Sequence[str] = ()
    sets: Sequence[str] = ()
    adds: Sequence[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Item] = field(default_factory=dict)


def _found_own_write(stored: Application, transition: Transition) -> Recorded:
    """Answer a call whose first attempt was written although its reply got lost."""
    if transition.status is None:
        return Recorded(Receipt.UNMAPPED, stored.status, stored.version, stored.status)
    if stored.head != transition.key:
        return Recorded(Receipt.LATE, stored.status, stored.version, stored.status)
    registered = Status.APPLIED if stored.registration else None
    earlier = [other.status for other in stored.in_order() if other.status and other.key < transition.key]
    return Recorded(Receipt.RECORDED, stored.status, stored.version, earlier[-1] if earlier else registered)
