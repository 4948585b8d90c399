"""The Applications table: a report is one conditional UpdateItem, and what it runs into tells the cases apart."""

from dataclasses import dataclass

from application_status.errors import ConditionFailed, RegistrationConflict, UnknownApplication
from application_status.model.application import (
    HISTORY_LIMIT,
    Application,
    Receipt,
    Registration,
    Report,
    Transition,
)
from application_status.model.identifiers import ApplicationId
from application_status.model.instant import now, to_text
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
    """Records reports and registrations, each write atomic with the checks it depends on."""

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
        write, transition = self._take_head, report.transition()
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
                if receipt is Receipt.UNCHANGED:
                    return Recorded(receipt, stored.status, stored.version, stored.status)
                write = self._add_late if receipt is Receipt.LATE else self._take_head

    def _stored(self, failed: ConditionFailed, report: Report) -> Application | None:
        """Return the caller's application that the write ran into, None where there is none and it may be created."""
        if failed.item is None and self._unknown is UnknownApplications.ACCEPT:
            return None
        if failed.item is None or failed.item["AtsId"]["S"] != report.ats_id:
            raise UnknownApplication
        return items.application(failed.item)

    def _take_head(self, report: Report, transition: Transition) -> Recorded:
        """Add the transition and make it the head."""
        sets = ["Transitions.#key = :transition", "Head = :key", "#status = :status", "UpdatedAt = :now"]
        conditions = [_IS_THE_CALLERS, _IS_UNKNOWN, _IS_NEWER]
        adds, rest = ["Version :one"], "REMOVE RawStatus"
        values: dict[str, Item] = {":status": {"S": transition.status}}
        if transition.raw_status:
            sets, rest = [*sets, "RawStatus = :raw"], ""
            values[":raw"] = {"S": transition.raw_status}
        if not transition.timed:
            conditions.append(_CHANGES_STATUS_OR_LABEL if transition.raw_status else _CHANGES_THE_STATUS)
        if report.resend_key:
            conditions.append(_IS_NO_RESEND)
            adds.append("ResendKeys :resends")
            values |= {":resend": {"S": report.resend_key}, ":resends": {"SS": [report.resend_key]}}
        before = self._dynamodb(
            "UpdateItem",
            TableName=self._table,
            Key=items.key(report.application_id),
            ConditionExpression=" AND ".join(conditions),
            UpdateExpression=f"SET {', '.join(sets)} ADD {', '.join(adds)} {rest}",
            ExpressionAttributeNames={"#key": transition.key, "#status": "Status"},
            ExpressionAttributeValues=values | _transition_values(report, transition),
            ReturnValues="ALL_OLD",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )["Attributes"]
        version = int(before["Version"]["N"]) + 1
        return Recorded(Receipt.RECORDED, transition.status, version, Status(before["Status"]["S"]))

    def _add_late(self, report: Report, transition: Transition) -> Recorded:
        """Add the transition to the history; a head is never replaced by an older one, so it needs no condition."""
        after = self._dynamodb(
            "UpdateItem",
            TableName=self._table,
            Key=items.key(report.application_id),
            ConditionExpression=f"{_IS_THE_CALLERS} AND {_IS_UNKNOWN} AND Head > :key",
            UpdateExpression="SET Transitions.#key = :transition, UpdatedAt = :now ADD Version :one",
            ExpressionAttributeNames={"#key": transition.key},
            ExpressionAttributeValues=_transition_values(report, transition),
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )["Attributes"]
        status = Status(after["Status"]["S"])
        return Recorded(Receipt.LATE, status, int(after["Version"]["N"]), status)

    def _create(self, report: Report, transition: Transition) -> Recorded:
        """Let the first ATS to report own the application."""
        self._put_new(
            Application(
                application_id=report.application_id,
                ats_id=report.ats_id,
                status=transition.status,
                version=1,
                raw_status=transition.raw_status,
                head=transition.key,
                transitions={transition.key: transition},
                resend_keys=frozenset({report.resend_key} if report.resend_key else ()),
            )
        )
        return Recorded(Receipt.RECORDED, transition.status, version=1, previous=None)

    def register(self, application_id: ApplicationId, registration: Registration) -> bool:
        """Register an application, or complete one known by its reports; False when it was registered just so.

        Raises RegistrationConflict when the id is registered with other content or reported by another ATS.
        """
        new = Application(
            application_id=application_id,
            ats_id=registration.ats_id,
            status=Status.APPLIED,
            version=1,
            registration=registration,
        )
        try:
            self._put_new(new)
        except ConditionFailed as failed:
            stored = items.application(failed.item or {})
            if stored.registration == registration:
                return failed.in_doubt
            if stored.registration is not None or stored.ats_id != registration.ats_id:
                raise RegistrationConflict from None
            self._complete(application_id, registration)
        return True

    def _complete(self, application_id: ApplicationId, registration: Registration) -> None:
        attributes = items.registration_attributes(registration)
        sets = ", ".join(f"{name} = :{name}" for name in attributes)
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._table,
                Key=items.key(application_id),
                ConditionExpression=f"{_IS_THE_CALLERS} AND attribute_not_exists(AppliedAt)",
                UpdateExpression=f"SET UpdatedAt = :now, {sets} ADD Version :one",
                ExpressionAttributeValues={
                    ":ats": {"S": registration.ats_id},
                    ":now": {"S": to_text(now())},
                    ":one": {"N": "1"},
                    **{f":{name}": value for name, value in attributes.items()},
                },
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ConditionFailed as failed:
            if items.application(failed.item or {}).registration != registration:
                raise RegistrationConflict from None

    def _put_new(self, application: Application) -> None:
        self._dynamodb(
            "PutItem",
            TableName=self._table,
            Item=items.application_item(application, updated_at=to_text(now())),
            ConditionExpression="attribute_not_exists(AtsiApplicationId)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )


def _transition_values(report: Report, transition: Transition) -> dict[str, Item]:
    return {
        ":ats": {"S": report.ats_id},
        ":key": {"S": transition.key},
        ":limit": {"N": str(HISTORY_LIMIT)},
        ":transition": items.transition_value(transition),
        ":now": {"S": to_text(report.received_at)},
        ":one": {"N": "1"},
    }


def _found_own_write(stored: Application, transition: Transition) -> Recorded:
    """Answer a call whose first attempt was written although its reply got lost."""
    if stored.head != transition.key:
        return Recorded(Receipt.LATE, stored.status, stored.version, stored.status)
    registered = Status.APPLIED if stored.registration else None
    earlier = [other.status for other in stored.in_order() if other.key < transition.key]
    return Recorded(Receipt.RECORDED, stored.status, stored.version, earlier[-1] if earlier else registered)
