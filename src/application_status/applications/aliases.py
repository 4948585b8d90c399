"""The Aliases table: maps the ids that senders use for an application to the application.

Alias                         Member         attributes
token#<token>                 -              AtsId, AtsiApplicationId, ExpiresAt
profile#<profile id>          -              AtsId, AtsiApplicationId
apply#<ats>#<apply id>        -              AtsId, AtsiApplicationId
position#<ats>#<id>           <application>  AtsId, AtsiApplicationId; one row for each application of the position
position#<ats>#<id>           state          the position's last reported state, see positions.py
native#<account>#<kind>#<id>  -              AtsId, AtsiApplicationId, EndedAt S?; kinds application and, for
                                             applications without one, candidate-job and external-job
native#<account>#<kind>#<id>  <application>  the same, Alone BOOL?, MergedAt S?; kinds that applications can share:
                                             candidate, external and, for applications with an id, the other two. Alone
                                             means that the application has no id and no job of the provider
parked#...                    ...            events without an application, see parked.py
made#<ats>#<day>              -              only in the sandbox, see intake/sandbox/daily_limit.py

An account is a client's account with a provider: <provider>#<ats>#<client>. EndedAt is when the ATS said that it will
report nothing more by this alias, MergedAt when it said that the candidate is now another one. Only the ATS in a row
can use its alias. ExpiresAt N is when the row expires, in seconds since 1970. An expired row is ignored, and its alias
can be given to another application; DynamoDB deletes it some days later. In the sandbox all rows expire, and no row is
a state.

Each row is written when an application gets the alias. Registering a token again does not extend its life. The first
id of the application or the first job of a provider changes the rows of its other ids, which are less specific.

Model: tests/promises/models/erasure.pml
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import NamedTuple

from application_status.applications.items import expiry
from application_status.applications.rules.registration import Aliases, NativeIds, Registration
from application_status.applications.rules.report import NATIVE, Channel
from application_status.platform.dynamodb.client import DynamoDB, Item, batch_get, pages
from application_status.platform.errors import ConditionFailed
from application_status.platform.values import ApplicationId, AtsId, now, to_text

_TOKEN_LIFE = timedelta(days=180)
_IS_FREE_OR_OWN_OR_ENDED = (
    "attribute_not_exists(Alias) OR (AtsId = :ats AND AtsiApplicationId = :application) OR ExpiresAt <= :now"
)
_IS_THE_APPLICATIONS = "AtsiApplicationId = :application"


class Account(NamedTuple):
    """A client's account with the provider of its ATS; the ids of its webhooks are looked up only within it."""

    provider: Channel
    ats_id: AtsId
    client_id: str

    @property
    def key(self) -> str:
        """The account as a part of a key."""
        return f"{self.provider}#{self.ats_id}#{self.client_id}"

    def position(self, job: str) -> str:
        """Return the position id of a job."""
        return f"{self.provider}#{self.client_id}#{job}"

    def unique_aliases(self, ids: NativeIds) -> list[str]:
        """Return the aliases that one application has, the most specific first."""
        return self._aliases(
            ("application", ids.application),
            ("candidate-job", ids.candidate, ids.job),
            ("external-job", ids.external, ids.job),
        )

    def shared_aliases(self, ids: NativeIds) -> list[str]:
        """Return the aliases that several applications may have."""
        return self._aliases(("external", ids.external), ("candidate", ids.candidate))

    def _aliases(self, *kinds_and_ids: tuple[str, ...]) -> list[str]:
        return [f"native#{self.key}#{'#'.join(each)}" for each in kinds_and_ids if all(each)]


class NativeAlias(NamedTuple):
    """An alias of an ATS's webhooks: its row's key and its application.

    `alone` is True if the application has no id and no job of the provider. `ended` is True if the ATS will report
    nothing more by this alias, `merged` if the candidate was merged into another.
    """

    alias: str
    member: str
    application_id: ApplicationId
    alone: bool
    ended: bool
    merged: bool


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

    def by_apply_id(self, apply_id: str, ats_id: AtsId) -> ApplicationId | None:
        """Return the ATS's application with this id of the board; None if it is unknown or another ATS's."""
        return self._find(f"apply#{ats_id}#{apply_id}", ats_id)

    def native(self, account: Account, ids: NativeIds) -> NativeAlias | None:
        """Return the most specific alias of an application's ids; None if it is unknown, or several applications'.

        A candidate may have applied elsewhere, or again. So the candidate's id decides only if the board registered no
        other id, and the candidate and the job decide only if the event or the registration has no application's id.
        """
        unique = account.unique_aliases(ids)
        if ids.application:
            rows = batch_get(self._dynamodb, self._table, [row_key(alias, "-") for alias in unique])
            if rows:
                return native_alias(min(rows, key=lambda row: unique.index(row["Alias"]["S"])))
        else:
            for alias in unique:
                if len(found := self.natives(alias)) == 1:
                    return found[0]
        for alias in account.shared_aliases(ids):
            found = self.natives(alias)
            if len(found) == 1 and found[0].alone:
                return found[0]
        return None

    def natives(self, alias: str) -> list[NativeAlias]:
        """Return the rows of an alias of an ATS's webhooks: one for each application."""
        return [native_alias(row) for row in rows_of(self._dynamodb, self._table, alias)]

    def end(self, native: NativeAlias) -> None:
        """Store that the ATS will report nothing more by this alias, unless the alias was removed."""
        self._mark(native, "EndedAt")

    def merge(self, native: NativeAlias) -> None:
        """Store that the candidate of this alias was merged into another, unless the alias was removed."""
        self._mark(native, "MergedAt")

    def _mark(self, native: NativeAlias, attribute: str) -> None:
        with suppress(ConditionFailed):
            self._dynamodb(
                "UpdateItem",
                TableName=self._table,
                Key=row_key(native.alias, native.member),
                ConditionExpression=_IS_THE_APPLICATIONS,
                UpdateExpression=f"SET {attribute} = if_not_exists({attribute}, :now)",
                ExpressionAttributeValues={
                    ":application": {"S": native.application_id},
                    ":now": {"S": to_text(now())},
                },
            )

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
        return [_delete(self._table, row, application_id) for row in self.rows(application_id, registration)]

    def _find(self, alias: str, ats_id: AtsId) -> ApplicationId | None:
        item = self._dynamodb("GetItem", TableName=self._table, Key=row_key(alias, "-"), ConsistentRead=True).get(
            "Item"
        )
        if item is None or item["AtsId"]["S"] != ats_id:
            return None
        if "ExpiresAt" in item and int(item["ExpiresAt"]["N"]) <= now().timestamp():
            return None
        return ApplicationId(item["AtsiApplicationId"]["S"])


def native_alias(row: Item) -> NativeAlias:
    """Parse a row of an ATS's webhooks."""
    application_id = ApplicationId(row["AtsiApplicationId"]["S"])
    flags = (name in row for name in ("Alone", "EndedAt", "MergedAt"))
    return NativeAlias(row["Alias"]["S"], row["Member"]["S"], application_id, *flags)


class Claim(NamedTuple):
    """The transaction action that gives an application an alias, and the alias's kind."""

    kind: str
    action: Item


def claims(
    table: str, application_id: ApplicationId, registration: Registration, known: Aliases, end: Item
) -> list[Claim]:
    """Return the actions that give an application its aliases; an action fails if another application has the alias.

    The rows of the aliases in `known` stay, unless other aliases change them. `end` is the expiry of all aliases. If it
    is empty, only tokens expire.
    """
    stored = _by_key(application_id, replace(registration, aliases=known))
    wanted = _by_key(application_id, registration)
    tokens_end = expiry(now() + _TOKEN_LIFE)
    return [
        *(
            Claim(kind, _put(table, {**row, **(tokens_end if kind == "Token" else {}), **end}))
            for key, (kind, row) in wanted.items()
            if key not in stored or stored[key][1] != row
        ),
        *(Claim(kind, _delete(table, row, application_id)) for key, (kind, row) in stored.items() if key not in wanted),
    ]


def position_alias(ats_id: AtsId, position_profile_id: str) -> str:
    """Return the Alias of an ATS's position."""
    return f"position#{ats_id}#{position_profile_id}"


def rows_of(dynamodb: DynamoDB, table: str, alias: str) -> Iterator[Item]:
    """Yield all rows of an alias."""
    request = {
        "TableName": table,
        "KeyConditionExpression": "#alias = :alias",
        "ExpressionAttributeNames": {"#alias": "Alias"},
        "ExpressionAttributeValues": {":alias": {"S": alias}},
        "ConsistentRead": True,
    }
    return chain.from_iterable(pages(dynamodb, "Query", request))


def row_key(alias: str, member: str) -> Item:
    """Return a row's primary key."""
    return {"Alias": {"S": alias}, "Member": {"S": member}}


def _rows(application_id: ApplicationId, registration: Registration) -> dict[str, list[Item]]:
    """Return the rows of an application's aliases by kind."""
    ats_id, aliases = registration.ats_id, registration.aliases
    owner = {"AtsId": {"S": ats_id}, "AtsiApplicationId": {"S": application_id}}
    return {
        "Token": [{**row_key(f"token#{each}", "-"), **owner} for each in aliases.tokens],
        "CandidateApplicationProfileId": [
            {**row_key(f"profile#{each}", "-"), **owner} for each in aliases.candidate_application_profile_ids
        ],
        "PositionProfileIds": [
            {**row_key(position_alias(ats_id, each), application_id), **owner} for each in aliases.position_profile_ids
        ],
        "ApplyId": [{**row_key(f"apply#{ats_id}#{each}", "-"), **owner} for each in aliases.apply_ids],
        **{
            provider.capitalize(): [{**row, **owner} for row in _native_rows(application_id, registration, provider)]
            for provider in NATIVE
        },
    }


def _by_key(application_id: ApplicationId, registration: Registration) -> dict[tuple[str, str], tuple[str, Item]]:
    """Return the rows of an application's aliases, each with its kind, by key."""
    return {
        (row["Alias"]["S"], row["Member"]["S"]): (kind, row)
        for kind, rows in _rows(application_id, registration).items()
        for row in rows
    }


def _native_rows(application_id: ApplicationId, registration: Registration, provider: Channel) -> list[Item]:
    """Return an application's rows for a provider, without the owner."""
    account = Account(provider, registration.ats_id, registration.client_id)
    own = [ids for ids in registration.aliases.native if ids.provider is provider]
    has_id = any(ids.application for ids in own)
    alone = {} if has_id or any(ids.job for ids in own) else {"Alone": {"BOOL": True}}
    rows: dict[tuple[str, str], Item] = {}
    for ids in own:
        exact = account.unique_aliases(NativeIds(provider, ids.application)) if has_id else account.unique_aliases(ids)
        for alias in account.unique_aliases(ids):
            rows[alias, "-" if alias in exact else application_id] = {}
        rows |= {(alias, application_id): alone for alias in account.shared_aliases(ids)}
        if ids.job:
            rows[position_alias(account.ats_id, account.position(ids.job)), application_id] = {}
    return [{**row_key(*key), **more} for key, more in rows.items()]


def _delete(table: str, row: Item, application_id: ApplicationId) -> Item:
    return {
        "Delete": {
            "TableName": table,
            "Key": row_key(row["Alias"]["S"], row["Member"]["S"]),
            "ConditionExpression": _IS_THE_APPLICATIONS,
            "ExpressionAttributeValues": {":application": {"S": application_id}},
        }
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
