"""The Aliases table: maps the ids that signals use for an application to the application.

Alias                       Member         attributes
token#<token>               -              AtsId, AtsiApplicationId, ExpiresAt
profile#<profile id>        -              AtsId, AtsiApplicationId
position#<ats>#<id>         <application>  AtsId, AtsiApplicationId; one row for each application of the position
position#<ats>#<id>         state          the position's last reported state, see positions.py
made#<ats>#<day>            -              only in the sandbox, see intake/sandbox/daily_limit.py

Only the ATS in a row can use its alias. ExpiresAt N is when the row expires, in seconds since 1970. An expired row is
ignored, and its alias can be given to another application; DynamoDB deletes it some days later. In the sandbox all rows
expire, and no row is a state.

Each row is written once, when an application gets the alias. Registering a token again does not extend its life.
"""

from contextlib import suppress
from datetime import timedelta
from itertools import chain
from typing import NamedTuple

from application_status.applications.items import expiry
from application_status.applications.rules.application import Registration
from application_status.platform.dynamodb.client import DynamoDB, Item, batch_get
from application_status.platform.errors import ConditionFailed
from application_status.platform.values import ApplicationId, AtsId, now

_TOKEN_LIFE = timedelta(days=180)
_IS_FREE_OR_OWN_OR_ENDED = (
    "attribute_not_exists(Alias) OR (AtsId = :ats AND AtsiApplicationId = :application) OR ExpiresAt <= :now"
)
_IS_THE_APPLICATIONS = "AtsiApplicationId = :application"


class AliasTable:
    """Look up applications by alias, and remove aliases."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def by_token(self, token: str, ats_id: AtsId) -> ApplicationId | None:
        """Return the ATS's application with this tracking token; None if it is unknown, another ATS's, or expired."""
        return self._find(f"token#{token}", ats_id)

    def by_profile(self, profile_id: str, ats_id: AtsId) -> ApplicationId | None:
        """Return the ATS's application with this candidate profile id; None if it is unknown or another ATS's."""
        return self._find(f"profile#{profile_id}", ats_id)

    def remove(self, application_id: ApplicationId, registration: Registration) -> int:
        """Remove an application's aliases, except expired ones that another application has now; return how many."""
        removed = 0
        for each in chain.from_iterable(_rows(application_id, registration).values()):
            with suppress(ConditionFailed):
                self._dynamodb(
                    "DeleteItem",
                    TableName=self._table,
                    Key=row_key(each["Alias"]["S"], each["Member"]["S"]),
                    ConditionExpression=_IS_THE_APPLICATIONS,
                    ExpressionAttributeValues={":application": {"S": application_id}},
                )
                removed += 1
        return removed

    def rows(self, application_id: ApplicationId, registration: Registration) -> list[Item]:
        """Return an application's aliases as stored."""
        rows = chain.from_iterable(_rows(application_id, registration).values())
        keys = [row_key(each["Alias"]["S"], each["Member"]["S"]) for each in rows]
        stored = batch_get(self._dynamodb, self._table, keys)
        return [row for row in stored if row["AtsiApplicationId"]["S"] == application_id]

    def deletions(self, application_id: ApplicationId, registration: Registration) -> list[Item]:
        """Return the actions that delete an application's aliases in a transaction."""
        return [
            {
                "Delete": {
                    "TableName": self._table,
                    "Key": row_key(row["Alias"]["S"], row["Member"]["S"]),
                    "ConditionExpression": _IS_THE_APPLICATIONS,
                    "ExpressionAttributeValues": {":application": {"S": application_id}},
                }
            }
            for row in self.rows(application_id, registration)
        ]

    def _find(self, alias: str, ats_id: AtsId) -> ApplicationId | None:
        item = self._dynamodb("GetItem", TableName=self._table, Key=row_key(alias, "-"), ConsistentRead=True).get(
            "Item"
        )
        if item is None or item["AtsId"]["S"] != ats_id:
            return None
        if "ExpiresAt" in item and int(item["ExpiresAt"]["N"]) <= now().timestamp():
            return None
        return ApplicationId(item["AtsiApplicationId"]["S"])


class Claim(NamedTuple):
    """The transaction action that gives an application an alias, and the alias's kind."""

    kind: str
    action: Item


def claims(table: str, application_id: ApplicationId, registration: Registration, end: Item) -> list[Claim]:
    """Return the actions that give an application its aliases; an action fails if another application has the alias.

    `end` is the expiry of all aliases. If it is empty, only tokens expire.
    """
    return [
        Claim(kind, _put(table, {**each, **end}))
        for kind, rows in _rows(application_id, registration).items()
        for each in rows
    ]


def position_alias(ats_id: AtsId, position_profile_id: str) -> str:
    """Return the Alias of an ATS's position."""
    return f"position#{ats_id}#{position_profile_id}"


def row_key(alias: str, member: str) -> Item:
    """Return a row's primary key."""
    return {"Alias": {"S": alias}, "Member": {"S": member}}


def _rows(application_id: ApplicationId, registration: Registration) -> dict[str, list[Item]]:
    """Return the rows of an application's aliases by kind."""
    ats_id, aliases = registration.ats_id, registration.aliases
    owner = {"AtsId": {"S": ats_id}, "AtsiApplicationId": {"S": application_id}}
    expires = expiry(now() + _TOKEN_LIFE)
    return {
        "Token": [{**row_key(f"token#{each}", "-"), **owner, **expires} for each in aliases.tokens],
        "CandidateApplicationProfileId": [
            {**row_key(f"profile#{each}", "-"), **owner} for each in aliases.candidate_application_profile_ids
        ],
        "PositionProfileIds": [
            {**row_key(position_alias(ats_id, each), application_id), **owner} for each in aliases.position_profile_ids
        ],
    }


def _put(table: str, item: Item) -> Item:
    return {
        "Put": {
            "TableName": table,
            "Item": item,
            "ConditionExpression": _IS_FREE_OR_OWN_OR_ENDED,
            "ExpressionAttributeValues": {
                ":ats": item["AtsId"],
                ":application": item["AtsiApplicationId"],
                ":now": {"N": str(int(now().timestamp()))},
            },
        }
    }
