"""Record reports in the Applications table, each with one conditional UpdateItem, or two if its condition fails.

The conditions are those in `rules/application.py`, where each stands next to the rule that it implements.

Model: tests/promises/models/erasure.pml
Model: tests/promises/models/files.pml
Model: tests/promises/models/folding.pml
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

from application_status.applications import items
from application_status.applications.rules.application import (
    HISTORY_LIMIT,
    IS_NOT_TOO_EARLY,
    MAY_BE_TOO_EARLY,
    RESEND_KEYS_LIMIT,
    Application,
    Effect,
    ReportResult,
    newest,
)
from application_status.applications.rules.report import Report, Transition, label_key
from application_status.applications.rules.status import Status
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.errors import ConditionFailed, UnknownApplication
from application_status.platform.values import to_text

_IS_THE_CALLERS = "attribute_exists(AtsiApplicationId) AND AtsId = :ats"
_HAS_ROOM_FOR_A_KEY = "(attribute_not_exists(ResendKeys) OR size(ResendKeys) < :keys)"
_KEYS_ARE_AS_SEEN = "ResendKeys = :seen_keys"


class UnknownApplications(StrEnum):
    """Whether reports about unregistered applications are rejected or accepted."""

    REJECT = "reject"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The result of a report, and the application's status and version after it.

    `previous` is the status before the report, None for a new application. `folded` is how many reports were removed
    from the full history.
    """

    result: ReportResult
    status: Status
    version: int
    previous: Status | None
    folded: int = 0


class Applications:
    """Record reports, each atomically with the checks that it depends on; `in_sandbox` changes only texts of errors."""

    def __init__(
        self,
        dynamodb: DynamoDB,
        table: str,
        unknown: UnknownApplications = UnknownApplications.REJECT,
        *,
        in_sandbox: bool = False,
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._unknown = unknown
        self._in_sandbox = in_sandbox

    def record(self, report: Report, *, in_doubt: bool = False) -> Recorded:
        """Record a report: one write if it is the newest of its application, else two.

        `in_doubt` is true if an earlier call may have recorded exactly this report, without its result being known. If
        it has, its result is returned.

        Raises:
            UnknownApplication: the application is unknown, another ATS's, or erased.
            Unavailable: the store failed; the same report can be sent again.
        """
        effect = Effect.of_newest(report)
        write: Callable[[], Recorded] = partial(self._add, report, effect, None)
        if report.interpretation.status is None and (report.is_snapshot or report.order is None):
            write = partial(self._compare, report)  # no condition can compare it with the newest transition
        while True:
            try:
                return write()
            except ConditionFailed as failed:
                if first := items.first_id(failed.item, report.ats_id):
                    report = replace(report, application_id=first)
                    write = partial(self._add, report, effect, None)
                    continue
                stored = self._stored(failed, report)
                if stored is None:
                    write = partial(self._create, report)
                    continue
                if (failed.in_doubt or in_doubt) and (own := _recorded_earlier(stored, report, effect)):
                    return own
                effect = stored.receive(report)
                write = partial(self._writer_for(effect), report, effect, stored)

    def _compare(self, report: Report) -> Recorded:
        """Fail as if a condition had failed, so that the report is compared with the stored application.

        Raises:
            ConditionFailed: always.
        """
        key = items.key(report.application_id)
        reply = self._dynamodb("GetItem", TableName=self._table, Key=key, ConsistentRead=True)
        raise ConditionFailed(reply.get("Item"), in_doubt=False)

    def _writer_for(self, effect: Effect) -> Callable[[Report, Effect, Application], Recorded]:
        if effect.result is ReportResult.UNCHANGED:
            return self._save_seen
        return self._add if effect.history is None else self._rewrite

    def _stored(self, failed: ConditionFailed, report: Report) -> Application | None:
        """Return the caller's application for which the condition failed; None if there is none and it may be created.

        Raises:
            UnknownApplication: the application is unknown, another ATS's, or erased.
        """
        may_be_created = self._unknown is UnknownApplications.ACCEPT and report.interpretation.status is not None
        if failed.item is None and may_be_created:
            return None
        if failed.item is None or items.is_tombstone(failed.item) or failed.item["AtsId"]["S"] != report.ats_id:
            raise UnknownApplication(in_sandbox=self._in_sandbox)
        return items.application(failed.item)

    def _add(self, report: Report, effect: Effect, stored: Application | None) -> Recorded:
        """Add the transitions; the newest one becomes the head if the effect says so."""
        *earlier, last = effect.added
        key = last.key
        update = Update()
        update.conditions += [Application.IS_UNKNOWN, Application.HAS_ROOM, Application.IS_NOT_FOLDED]
        update.sets += ["Transitions.#key = :transition", "Versions.#made = Version + :one"]
        update.names |= {"#key": key, "#made": items.version_key(key)}
        update.values |= {
            ":transition": items.transition_value(last),
            ":room": {"N": str(HISTORY_LIMIT - len(effect.added))},
        }
        for each in earlier:
            update.sets.append("Transitions.#earlier = if_not_exists(Transitions.#earlier, :earlier)")
            update.names["#earlier"] = each.key
            update.values[":earlier"] = items.transition_value(each)
            becomes_head = effect.head is each  # then it must not replace a stored transition
            update.conditions.append(
                Application.EARLIER_IS_UNKNOWN if becomes_head else Application.EARLIER_IS_NOT_FROM_PREVIOUS
            )
        if effect.head and effect.head is not last:
            update.sets.append("Versions.#made_earlier = Version + :one")
            update.names["#made_earlier"] = items.version_key(effect.head.key)
        if effect.head:
            _set_head(update, report, effect.head, key if effect.head is last else effect.head.key)
        _add_resend_key(update, report, stored)
        update.increment_version(report.received_at)
        previous, version = items.status_and_version(self._write(report, update))
        status = effect.head.status if effect.head else None
        return Recorded(effect.result, status or previous, version + 1, previous)

    def _rewrite(self, report: Report, effect: Effect, stored: Application) -> Recorded:
        """Replace the history, because transitions change or are removed."""
        after = stored.after(effect)
        update = Update()
        update.replace_history(stored, after)
        _add_resend_key(update, report, stored)
        update.increment_version(report.received_at)
        self._write(report, update)
        went = stored.transitions.keys() - after.transitions.keys()
        return Recorded(effect.result, after.status, after.version, stored.status, len(went))

    def _save_seen(self, report: Report, effect: Effect, stored: Application) -> Recorded:
        """Store the Idempotency-Key or time of a report that changes nothing else, without a new version."""
        update = Update()
        if report.resend_key and report.resend_key not in stored.resend_keys:
            _add_resend_key(update, report, stored)
        if effect.seen_until:
            update.conditions.append(Application.IS_NEWER_THAN_SNAPSHOTS)
            update.values[":order"] = {"S": effect.seen_until}
            update.sets.append("SeenUntil = :order")
        if update.sets:
            update.require_version(stored)
            self._write(report, update)
        return Recorded(effect.result, stored.status, stored.version, stored.status)

    def _write(self, report: Report, update: "Update") -> Item:
        """Update the caller's application; return the item as it was before."""
        update.conditions.insert(0, _IS_THE_CALLERS)
        update.values[":ats"] = {"S": report.ats_id}
        reply = self._dynamodb(
            "UpdateItem",
            TableName=self._table,
            Key=items.key(report.application_id),
            ReturnValues="ALL_OLD",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **update.expressions(),
        )
        old: Item = reply["Attributes"]
        return old

    def _create(self, report: Report) -> Recorded:
        """Create the application; it then belongs to the ATS that reports first."""
        transition = replace(report.transition(), version=1)
        status = Status(str(transition.status))
        application = Application(
            application_id=report.application_id,
            ats_id=report.ats_id,
            status=status,
            version=1,
            raw_status=transition.raw_status,
            head=transition.key,
            transitions={transition.key: transition},
            resend_keys=(report.resend_key,) if report.resend_key else (),
        )
        self._dynamodb(
            "PutItem",
            TableName=self._table,
            Item=items.application_item(application, updated_at=to_text(report.received_at)),
            ConditionExpression="attribute_not_exists(AtsiApplicationId)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
        return Recorded(ReportResult.RECORDED, status, version=1, previous=None)


class Update:
    """The conditions, expressions, names and values of an UpdateItem."""

    def __init__(self) -> None:
        self.conditions: list[str] = []
        self.sets: list[str] = []
        self.adds: list[str] = []
        self.removes: list[str] = []
        self.names: dict[str, str] = {}
        self.values: dict[str, Item] = {}

    def increment_version(self, moment: datetime) -> None:
        """Write the next version and the time of the write."""
        self.sets.append("UpdatedAt = :now")
        self.adds.append("Version :one")
        self.values |= {":now": {"S": to_text(moment)}, ":one": {"N": "1"}}

    def replace_history(self, before: Application, after: Application) -> None:
        """Write the history, its head and its status, if the application has not changed since it was read."""
        self.require_version(before)
        self.set(items.history_attributes(after.transitions))
        self.set_status(after)

    def require_version(self, seen: Application) -> None:
        """Require that the application has not changed since it was read."""
        self.conditions.append("Version = :seen")
        self.values[":seen"] = {"N": str(seen.version)}

    def set_status(self, after: Application) -> None:
        """Write the status, its label and the head."""
        self.set({"Status": {"S": after.status}})
        if after.head:
            self.set({"RawStatus": {"S": after.raw_status or ""}, "Head": {"S": after.head}})
        else:
            self.removes += ["RawStatus", "Head"]

    def set(self, attributes: Item) -> None:
        """Set attributes."""
        self.sets += [f"#{name} = :{name}" for name in attributes]
        self.names |= {f"#{name}": name for name in attributes}
        self.values |= {f":{name}": value for name, value in attributes.items()}

    def expressions(self) -> dict[str, Any]:
        """Return the parameters of the UpdateItem request."""
        clauses = {"SET": self.sets, "ADD": self.adds, "REMOVE": self.removes}
        return {
            "ConditionExpression": " AND ".join(self.conditions),
            "UpdateExpression": " ".join(f"{name} {', '.join(each)}" for name, each in clauses.items() if each),
            "ExpressionAttributeValues": self.values,
            **({"ExpressionAttributeNames": self.names} if self.names else {}),
        }


def _set_head(update: Update, report: Report, head: Transition, key: str) -> None:
    """Make the transition with this key the head, if it is the newest."""
    update.conditions.append(Application.IS_NEWEST)
    update.sets += ["Head = :head", "#status = :status", "RawStatus = :raw"]
    update.names["#status"] = "Status"
    update.values |= {
        ":head": {"S": key},
        ":status": {"S": str(head.status)},
        ":raw": {"S": head.raw_status or ""},
    }
    if report.order:
        update.conditions.append(Application.IS_NEWER_THAN_SNAPSHOTS)
        update.values[":order"] = {"S": key}
    if report.is_unchanged_if_repeated:
        if head.raw_status:
            update.conditions.append(Application.CHANGES_STATUS_OR_LABEL)
            update.values[":label"] = {"S": label_key(head.raw_status)}
        else:
            update.conditions.append(Application.CHANGES_STATUS)
        if report.may_precede_end:
            update.conditions.append(Application.HAS_NO_END)
            update.values |= {":hired": {"S": Status.HIRED}, ":rejected": {"S": Status.REJECTED}}
    elif head.has_business_date and head.status in MAY_BE_TOO_EARLY:
        update.conditions.append(IS_NOT_TOO_EARLY)
        update.values[":latest"] = {"S": to_text(head.latest)}


def _add_resend_key(update: Update, report: Report, stored: Application | None) -> None:
    """Store the report's Idempotency-Key, if it is new, and remove the oldest one above the limit."""
    key = report.resend_key
    if key is None:
        return
    keys = stored.resend_keys if stored else ()
    if len(keys) < RESEND_KEYS_LIMIT:
        update.conditions += [Application.RESEND_KEY_IS_UNKNOWN, _HAS_ROOM_FOR_A_KEY]
        update.sets.append("ResendKeys = list_append(if_not_exists(ResendKeys, :no_keys), :resends)")
        update.values |= {
            ":resend": {"S": key},
            ":resends": items.resend_keys_value([key]),
            ":no_keys": items.resend_keys_value([]),
            ":keys": {"N": str(RESEND_KEYS_LIMIT)},
        }
    else:
        update.conditions.append(_KEYS_ARE_AS_SEEN)
        update.sets.append("ResendKeys = :resends")
        update.values |= {
            ":resends": items.resend_keys_value([*keys[1 - RESEND_KEYS_LIMIT :], key]),
            ":seen_keys": items.resend_keys_value(keys),
        }


def _recorded_earlier(stored: Application, report: Report, effect: Effect) -> Recorded | None:
    """Return the result of an earlier attempt of the call that was executed without a reply; None if none was.

    An equal report of the same millisecond has the same transition, but not the Idempotency-Key.
    """
    if not effect.added or (report.resend_key and not stored.has_resend_key(report)):
        return None
    mine = stored.transitions.get(effect.added[-1].key)
    if mine != effect.added[-1] or mine.version is None:
        return None
    earlier = [each for each in stored.transitions.values() if each.version and each.version < mine.version]
    head = newest(earlier, stored.registration)
    registered = Status.APPLIED if stored.registration else None
    previous = (head.status if head else None) or registered
    together = [each for each in stored.transitions.values() if each.version == mine.version]
    last = newest([*earlier, *together], stored.registration)
    if effect.head and last and last.key > effect.head.key:  # it was late
        return Recorded(ReportResult.LATE, previous or stored.status, mine.version, previous)
    status = (effect.head.status if effect.head else None) or previous or stored.status
    return Recorded(effect.result, status, mine.version, previous if effect.head else status)
