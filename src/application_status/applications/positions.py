"""The last reported state of each position, stored in the Aliases table and copied to the position's applications.

Alias                Member  attributes
position#<ats>#<id>  state   Head S (sort key of the state), State M (see items.py), RawStatus S, Success S, AtsId S,
                             Version N, NotifiedUpTo S (the last application to which the state was copied)

In the sandbox each position has one application. Its state is written to that application directly, without this row,
because no function reads the stream of the sandbox's Aliases table.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, override

from application_status.applications import items
from application_status.applications.aliases import position_alias, row_key
from application_status.applications.rules.application import PositionReport
from application_status.applications.rules.report import digest, order_time
from application_status.platform.dynamodb.client import DynamoDB, Item
from application_status.platform.errors import ConditionFailed
from application_status.platform.outages import one_by_one
from application_status.platform.values import ApplicationId, AtsId, now, to_text

STATE = "state"
_MEMBERS_PER_PAGE = 25

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IS_NEWER = "(attribute_not_exists(Head) OR Head < :head)"
_RECORD_STATE = (
    "SET Head = :head, #state = :state, RawStatus = :raw, Success = :success, AtsId = :ats "
    "REMOVE NotifiedUpTo ADD Version :one"
)
_STATE_IS_NEWER = (
    "AtsId = :ats AND (attribute_not_exists(Positions.#position) OR Positions.#position.#version < :version)"
)


class Positions:
    """Store the states of positions and copy them to their applications."""

    def __init__(self, dynamodb: DynamoDB, aliases_table: str, applications_table: str) -> None:
        self._dynamodb = dynamodb
        self._aliases = aliases_table
        self._applications = applications_table

    def record_state(self, ats_id: AtsId, position_profile_id: str, report: PositionReport) -> bool:
        """Store the state of an ATS's position; return False if an equally new or newer one is stored.

        Raises:
            LookupError: the ATS has no application for the position.
        """
        alias = position_alias(ats_id, position_profile_id)
        if not self._members(alias, after=None, limit=1):
            raise LookupError(position_profile_id)
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._aliases,
                Key=row_key(alias, STATE),
                ConditionExpression=_IS_NEWER,
                UpdateExpression=_RECORD_STATE,
                ExpressionAttributeNames={"#state": "State"},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                ExpressionAttributeValues={
                    ":head": {"S": report.order},
                    ":state": {"M": items.position_state(report, received_at=now())},
                    ":raw": {"S": report.label},
                    ":success": {"S": report.success or ""},
                    ":ats": {"S": ats_id},
                    ":one": {"N": "1"},
                },
            )
        except ConditionFailed as failed:
            return failed.in_doubt and failed.item is not None and failed.item["Head"]["S"] == report.order
        return True

    def notify(self, changed: Item) -> int:
        """Copy the state of a changed row to its applications; return how many were updated.

        A position's state is copied to one page of its applications per call. The row then stores how far the copying
        is, and this write brings the row to the stream again for the next page. A row that adds an application to a
        position gets the position's current state copied. Copying a state twice changes nothing.

        Raises:
            Exception: the state could not be copied to one of the applications; all others of the page were tried.
        """
        alias, member = changed["Alias"]["S"], changed["Member"]["S"]
        if not alias.startswith("position#") or (member == STATE and "Version" not in changed):
            return 0
        if member != STATE:
            state = self._dynamodb("GetItem", TableName=self._aliases, Key=row_key(alias, STATE), ConsistentRead=True)
            return self._notify_one(ApplicationId(member), state["Item"]) if "Item" in state else 0
        page = self._members(alias, after=changed.get("NotifiedUpTo", {}).get("S"), limit=_MEMBERS_PER_PAGE)
        failures: list[Exception] = []
        results = one_by_one(
            page, lambda each: self._notify_one(each, changed), lambda _, error: failures.append(error)
        )
        updated = sum(was_updated for _, was_updated in results)
        if len(page) == _MEMBERS_PER_PAGE:
            self._save_progress(changed, page[-1])
        if failures:
            raise failures[0]
        return updated

    def _members(self, alias: str, *, after: str | None, limit: int) -> list[ApplicationId]:
        start = {"ExclusiveStartKey": row_key(alias, after)} if after else {}
        reply = self._dynamodb(
            "Query",
            TableName=self._aliases,
            KeyConditionExpression="#alias = :alias AND #member < :state",
            ExpressionAttributeNames={"#alias": "Alias", "#member": "Member"},
            ExpressionAttributeValues={":alias": {"S": alias}, ":state": {"S": STATE}},
            ConsistentRead=True,
            Limit=limit,
            **start,
        )
        return [ApplicationId(item["Member"]["S"]) for item in reply["Items"]]

    def _notify_one(self, application_id: ApplicationId, state: Item) -> bool:
        position_digest = digest(state["Alias"]["S"], length=8)
        value: dict[str, Any] = {**state["State"]["M"], "Version": state["Version"]}
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._applications,
                Key=items.key(application_id),
                ConditionExpression=_STATE_IS_NEWER,
                UpdateExpression="SET Positions.#position = :value, UpdatedAt = :now ADD #version :one",
                ExpressionAttributeNames={"#position": position_digest, "#version": "Version"},
                ExpressionAttributeValues={
                    ":ats": state["AtsId"],
                    ":version": state["Version"],
                    ":value": {"M": value},
                    ":now": {"S": to_text(now())},
                    ":one": {"N": "1"},
                },
            )
        except ConditionFailed:
            return False
        return True

    def _save_progress(self, state: Item, last: ApplicationId) -> None:
        """Store how far a state has been copied, unless a newer state is being copied already."""
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._aliases,
                Key=row_key(state["Alias"]["S"], STATE),
                ConditionExpression="Version = :version",
                UpdateExpression="SET NotifiedUpTo = :last",
                ExpressionAttributeValues={":version": state["Version"], ":last": {"S": last}},
            )
        except ConditionFailed:
            return


class SandboxPositions(Positions):
    """The sandbox's positions: each has one application, which is updated directly."""

    @override
    def record_state(self, ats_id: AtsId, position_profile_id: str, report: PositionReport) -> bool:
        """Update the position's application; return False if an equally new or newer state is stored in it.

        The time at which the state took effect, in milliseconds since 1970, is its version.

        Raises:
            LookupError: the ATS has no application for the position.
        """
        alias = position_alias(ats_id, position_profile_id)
        found = self._members(alias, after=None, limit=1)
        if not found:
            raise LookupError(position_profile_id)
        state: Item = {
            "Alias": {"S": alias},
            "AtsId": {"S": ats_id},
            "State": {"M": items.position_state(report, received_at=now())},
            "Version": {"N": str((order_time(report.order) - _EPOCH) // timedelta(milliseconds=1))},
        }
        return self._notify_one(found[0], state)
