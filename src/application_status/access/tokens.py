"""The authentication of a request by its token.

calling_ats, ats_of_token  return the ATS to which a request's token belongs
Environments               selects live data or the sandbox's, depending on the token
TokenLookup                reads tokens, with a cache, and stores the day of their last use
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from application_status.access import items
from application_status.access.rules import Token, is_test, key_id
from application_status.platform.deadlines import deadline
from application_status.platform.dynamodb.client import CONNECT_SECONDS, READ_SECONDS, Cache, DynamoDB
from application_status.platform.errors import ConditionFailed, ServiceError, Unauthenticated
from application_status.platform.http.endpoint import Request
from application_status.platform.telemetry import enter_sandbox, logger
from application_status.platform.values import AtsId, now

_CACHE_SECONDS = 60
_ONE_ATTEMPT_SECONDS = CONNECT_SECONDS + READ_SECONDS + 0.01
_IS_FIRST_USE_OF_DAY = f"{items.HAS_DIGEST} AND (attribute_not_exists(LastUsedOn) OR LastUsedOn < :today)"


class TokenLookup:
    """Look up the ATS to which a token belongs.

    Valid tokens are cached for 60 seconds, so a revocation takes effect within that time. When a token is read on its
    first day of use, or on a later day, the day is written to it. A request does not fail if this write fails.
    """

    def __init__(self, dynamodb: DynamoDB, table: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._cache = Cache[str, Token](_CACHE_SECONDS, clock)

    def owner(self, text: str) -> AtsId | None:
        """Return the ATS to which this live token belongs, or None."""
        token = self._find(text)
        return token.ats_id if token and token.matches(text) and token.is_live(now()) else None

    def _find(self, text: str) -> Token | None:
        found = key_id(text)
        if found is None:
            return None
        if token := self._cache.get(found):
            return token
        reply = self._dynamodb("GetItem", TableName=self._table, Key=items.key(found), ConsistentRead=True)
        if "Item" not in reply:
            return None
        token = items.token(reply["Item"])
        if token.matches(text):
            self._cache.keep(found, token)
            self._store_use(token)
        return token

    def _store_use(self, token: Token) -> None:
        """Store that a live token is used today, unless that is stored; make one attempt only."""
        moment = now()
        today = moment.date().isoformat()
        if not token.is_live(moment) or (token.last_used_on or "") >= today:
            return
        try:
            with deadline(_ONE_ATTEMPT_SECONDS):
                self._dynamodb(
                    "UpdateItem",
                    TableName=self._table,
                    Key=items.key(token.key_id),
                    ConditionExpression=_IS_FIRST_USE_OF_DAY,
                    UpdateExpression="SET LastUsedOn = :today",
                    ExpressionAttributeValues={":today": {"S": today}},
                )
        except ConditionFailed:
            return  # another container stored it
        except ServiceError as error:
            logger.warning("last use not stored", error=type(error).__name__)


class CallingAts(NamedTuple):
    """An authenticated ATS; `in_sandbox` is True if its token is a test token."""

    id: AtsId
    in_sandbox: bool


class Environments[Kind](NamedTuple):
    """A pair of the same object: one for live data, one for the sandbox."""

    live: Kind
    sandbox: Kind

    def for_caller(self, ats: CallingAts) -> Kind:
        """Return the one that an ATS may use."""
        return self.sandbox if ats.in_sandbox else self.live


def calling_ats(request: Request, tokens: TokenLookup) -> CallingAts:
    """Return the ATS whose token is in the header `X-AtsiToken`.

    Raises:
        Unauthenticated: there is no valid token, or several different ones.
    """
    presented = request.headers.get("x-atsitoken", ())
    return ats_of_token(presented[0] if len(presented) == 1 else "", tokens)


def ats_of_token(text: str, tokens: TokenLookup) -> CallingAts:
    """Return the ATS to which a token belongs; a test token marks the invocation's telemetry as the sandbox's.

    Raises:
        Unauthenticated: the token is not valid.
    """
    in_sandbox = is_test(text)
    if in_sandbox:
        enter_sandbox()
    ats_id = tokens.owner(text)
    if ats_id is None:
        raise Unauthenticated
    return CallingAts(ats_id, in_sandbox)
