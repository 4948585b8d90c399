"""Positions, in the Aliases table: what was heard of each, and the way from there to its applications.

Alias                Member  attributes
position#<ats>#<id>  state   Head S (order key), State M (see store.items), RawStatus S, Success S, AtsId S, Version N,
                                 Told S (the last application told)

The sandbox's positions: each has one application, which is told at once, as no function hears of it by a stream.
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
_IS_NEWER = "(attribute_not_exists(Head) OR Head < :head)"
_RECORD_STATE = (
    "SET Head = :head, #state = :state, RawStatus = :raw, Success = :success, AtsId = :ats "
    "REMOVE NotifiedUpTo ADD Version :one"
)
_STATE_IS_NEWER = (
    "AtsId = :ats AND (attribute_not_exists(Positions.#position) OR Positions.#position.#version < :version)"
)


class Positions:
    """Stores the state of positions and copies it to their applications."""

    def __init__(self, dynamodb: DynamoDB, aliases_table: str, applications_table: str) -> None:
        self._dynamodb = dynamodb
        self._aliases = aliases_table
        self._applications = applications_table

    def record_state(self, ats_id: AtsId, position_profile_id: str, report: PositionReport) -> bool:
        """Store how an ATS's position stands; False where a report as new or newer is stored.

        Raises LookupError where the ATS has no application for the position.
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
        """Tell applications what a changed row means for them; return how many learnt something new.

        A state is told a page of applications at a time: the page is noted in the row, whose change then comes by
        again. An application that is new to its position is told the state as it is. Telling twice changes nothing.
        Where one application can't be told, that error is raised after all others were.
        """
        alias, member = changed["Alias"]["S"], changed["Member"]["S"]
        if not alias.startswith("position#") or (member == STATE and "Version" not in changed):
            return 0
        if member != STATE:
            state = self._dynamodb("GetItem", TableName=self._aliases, Key=row_key(alias, STATE), ConsistentRead=True)
            return self._notify_one(ApplicationId(member), state["Item"]) if "Item" in state else 0
        page = self._members(alias, after=changed.get("NotifiedUpTo", {}).get("S"), limit=_MEMBERS_PER_PAGE)
        failures: list[Exception] = []
        told = one_by_one(page, lambda each: self._notify_one(each, changed), lambda _, error: failures.append(error))
        learnt = sum(news for _, news in told)
        if len(page) == _MEMBERS_PER_PAGE:
            self._note(changed, page[-1])
        if failures:
            raise failures[0]
        return learnt

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
        told: dict[str, Any] = {**state["State"]["M"], "Version": state["Version"]}
        try:
            self._dynamodb(
                "UpdateItem",
                TableName=self._applications,
                Key=items.key(application_id),
                ConditionExpression=_STATE_IS_NEWER,
                UpdateExpression="SET Positions.#position = :told, UpdatedAt = :now ADD #version :one",
                ExpressionAttributeNames={"#position": position_digest, "#version": "Version"},
                ExpressionAttributeValues={
                    ":ats": state["AtsId"],
                    ":version": state["Version"],
                    ":told": {"M": told},
                    ":now": {"S": to_text(now())},
                    ":one": {"N": "1"},
                },
            )
        except ConditionFailed:
            return False
        return True

    def _note(self, state: Item, last: ApplicationId) -> None:
        """Note how far a state has been told, unless a newer one is being told already."""
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


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SandboxPositions(Positions):
    """The sandbox's positions: each has one application, which is updated at once, and no state of its own."""

    @override
    def record_state(self, ats_id: AtsId, position_profile_id: str, report: PositionReport) -> bool:
        """Update the position's application at once; False where a report as new or newer is stored in it.

        The moment at which the state took effect, in milliseconds, is its version. Raises LookupError where the ATS has
        no application for the position.
        """
        alias = position_alias(ats_id, position_profile_id)
        found = self._members(alias, after=None, limit=1)
        if not found:
            raise LookupError(position_profile_id)
        told = {
            "Alias": {"S": alias},
            "AtsId": {"S": ats_id},
            "State": {"M": items.position_state(report, received_at=now())},
            "Version": {"N": str((order_time(report.order) - _EPOCH) // timedelta(milliseconds=1))},
        }
        return self._notify_one(found[0], told)
