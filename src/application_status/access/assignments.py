"""The Users table: whom the job board has assigned each user to, and the claims that follow from it.

UserId      S  the key: the user's sub; of a user of the board's own provider, Board_<sub at the provider>
Role        S  client, ats, jobseeker or staff
Id          S  the id of the client, ATS or jobseeker; absent for staff
AssignedAt  S
"""

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from application_status.platform.dynamodb.client import DynamoDB, Item, pages
from application_status.platform.values import now, to_text

CLIENT_CLAIM, ATS_CLAIM, JOBSEEKER_CLAIM = "custom:client_id", "custom:ats_id", "custom:jobseeker_id"
GROUPS_CLAIM, STAFF = "cognito:groups", "staff"
PROVIDER = "Board"
"""The name of the board's own provider in the user pool."""

PROVIDER_PREFIX = f"{PROVIDER}_"


class Role(StrEnum):
    """Whom a user can be assigned to."""

    CLIENT = "client"
    ATS = "ats"
    JOBSEEKER = "jobseeker"
    STAFF = STAFF


_CLAIMS = {Role.CLIENT: CLIENT_CLAIM, Role.ATS: ATS_CLAIM, Role.JOBSEEKER: JOBSEEKER_CLAIM}


class OidcUsers(StrEnum):
    """Who a user of the board's own provider is without an assignment: nobody, or the jobseeker with the same id."""

    ASSIGNED = "assigned"
    JOBSEEKERS = "jobseekers"


class Assignment(NamedTuple):
    """A user's role, and the id of the client, ATS or jobseeker; the id is empty for staff."""

    role: Role
    id: str = ""


class Assignments:
    """The assignments in the Users table."""

    def __init__(self, dynamodb: DynamoDB, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def find(self, user_id: str) -> Assignment | None:
        """Return a user's assignment, or None."""
        reply = self._dynamodb("GetItem", TableName=self._table, Key=_key(user_id), ConsistentRead=True)
        return _assignment(reply["Item"]) if "Item" in reply else None

    def assign(self, user_id: str, to: Assignment) -> None:
        """Assign a user; this replaces a former assignment."""
        own_id = {"Id": {"S": to.id}} if to.id else {}
        item = {**_key(user_id), "Role": {"S": to.role}, **own_id, "AssignedAt": {"S": to_text(now())}}
        self._dynamodb("PutItem", TableName=self._table, Item=item)

    def remove(self, user_id: str) -> None:
        """Remove a user's assignment, if there is one."""
        self._dynamodb("DeleteItem", TableName=self._table, Key=_key(user_id))

    def all(self) -> Iterator[tuple[str, Assignment]]:
        """Yield each user's id and assignment, in any order."""
        for page in pages(self._dynamodb, "Scan", {"TableName": self._table}):
            for item in page:
                yield item["UserId"]["S"], _assignment(item)

    def of_jobseeker(self, jobseeker_id: str) -> list[str]:
        """Return the ids of the users that are assigned to a jobseeker.

        It reads the whole table: about a read unit for 50 users.
        """
        return [user_id for user_id, to in self.all() if to == Assignment(Role.JOBSEEKER, jobseeker_id)]


def _key(user_id: str) -> Item:
    return {"UserId": {"S": user_id}}


def _assignment(item: Item) -> Assignment:
    return Assignment(Role(item["Role"]["S"]), item["Id"]["S"] if "Id" in item else "")


def user_of(event: Mapping[str, Any], assignments: Assignments, oidc_users: OidcUsers) -> Assignment | None:
    """Return the assignment of the user of a pre token generation event.

    Only Cognito sets the attributes that this reads: the sub, the user's status, and the identity at a provider.
    https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
    """
    attributes = event["request"]["userAttributes"]
    if attributes.get("cognito:user_status") != "EXTERNAL_PROVIDER":
        return assignments.find(attributes["sub"])
    identity = json.loads(attributes["identities"])[0]
    provider, own_id = identity["providerName"], identity["userId"]
    found = assignments.find(f"{provider}_{own_id}")
    if found is None and provider == PROVIDER and oidc_users is OidcUsers.JOBSEEKERS:
        return Assignment(Role.JOBSEEKER, own_id)
    return found


def claims_details(of: Assignment | None) -> dict[str, Any]:
    """Return the trigger's `claimsOverrideDetails`: the claim of the assignment, and no other claim of a role.

    It replaces claims that come from attributes and groups, so a token never contains what somebody else wrote there.
    """
    own = {_CLAIMS[of.role]: of.id} if of and of.role in _CLAIMS else {}
    return {
        "claimsToAddOrOverride": own,
        "claimsToSuppress": [claim for claim in _CLAIMS.values() if claim not in own],
        "groupOverrideDetails": {"groupsToOverride": [STAFF] if of and of.role is Role.STAFF else []},
    }
